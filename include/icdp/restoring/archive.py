"""Hold every object of the archive against its name, and every list against the objects it names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from icdp.archive import Archive
from icdp.errors import DataError, NotFoundError
from icdp.files import AnyPath, below

SHA256 = re.compile(r"[0-9a-f]{64}")
# Lies in an archive on object storage and is not part of it.
STAGING = "staging/"


class Problem(NamedTuple):
    """An object that is not as it was archived.

    Attributes:
        path: where it lies, relative to the archive.
        problem: what is wrong with it.
    """

    path: str
    problem: str


def verify_archive(archive: Archive) -> tuple[int, list[Problem]]:
    """Read the whole archive.

    Returns:
        number of objects held against their names, and one entry for each that is altered, missing or in no place of
        the archive; empty when all is well.
    """
    files = {n: path for n, path in below(archive.root) if path.is_file() and not n.startswith(STAGING)}
    problems = [problem for name, path in files.items() for problem in _of(archive, name, path)]
    return len(files), sorted(problems)


def _of(archive: Archive, name: str, path: AnyPath) -> Iterator[Problem]:
    for pattern, check in _CHECKS:
        if match := re.fullmatch(pattern, name):
            for problem in check(archive, path, match):
                yield Problem(name, problem)
            return
    yield Problem(name, "belongs to nothing in the archive; move it away")


def _payload(archive: Archive, path: AnyPath, match: re.Match[str]) -> Iterator[str]:
    digest = match["digest"]
    if match["folder"] != digest[:2]:
        yield f"lies in the wrong folder; move it to {digest[:2]}/"
    elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        yield "the bytes were altered; restore it from a backup, or delete it and acquire its source again"


def _receipt(archive: Archive, path: AnyPath, match: re.Match[str]) -> Iterator[str]:
    try:
        receipt = archive.receipt(match["source"], match["id"])
    except (DataError, TypeError, ValueError):
        yield "the receipt was altered; restore it from a backup"
        return
    if not archive.payload_path(receipt.payload_sha256).exists():
        yield f"its payload {receipt.payload_sha256[:12]}… is missing; restore it, or acquire {receipt.source} again"


def _taking(archive: Archive, path: AnyPath, match: re.Match[str]) -> Iterator[str]:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest()[:16] != match["digest"]:
        yield "the list was altered; restore it from a backup"
    else:
        yield from _listed(archive, content, match["source"])


def _list(archive: Archive, path: AnyPath, match: re.Match[str]) -> Iterator[str]:
    yield from _listed(archive, path.read_bytes(), match["source"])


def _quarantined(archive: Archive, path: AnyPath, match: re.Match[str]) -> Iterator[str]:
    try:
        named = str(json.loads(path.read_bytes())["receipt"])
    except (ValueError, KeyError, TypeError):
        yield "cannot be read; restore it from a backup"
        return
    yield from _missing(archive, match["source"], [named])


def _listed(archive: Archive, content: bytes, source: str) -> Iterator[str]:
    try:
        named = [str(identifier) for identifier in json.loads(content)["receipts"]]
    except (ValueError, KeyError, TypeError):
        yield "cannot be read; restore it from a backup"
        return
    yield from _missing(archive, source, named)


def _missing(archive: Archive, source: str, named: list[str]) -> Iterator[str]:
    for identifier in named:
        try:
            archive.receipt(source, identifier)
        except NotFoundError:
            yield f"names receipt {identifier[:12]}…, which is missing; restore it from a backup"
        except (DataError, TypeError, ValueError):
            continue  # told with the receipt itself


_Check = Callable[[Archive, AnyPath, "re.Match[str]"], Iterator[str]]
_CHECKS: tuple[tuple[str, _Check], ...] = (
    (rf"payloads/(?P<folder>[0-9a-f]{{2}})/(?P<digest>{SHA256.pattern})", _payload),
    (rf"receipts/(?P<source>[^/]+)/(?P<id>{SHA256.pattern})\.json", _receipt),
    (r"accepted/(?P<source>[^/]+)/\d{4}/\d{6}-(?P<digest>[0-9a-f]{16})\.json", _taking),
    (r"accepted/(?P<source>[^/]+)/\d{4}\.json", _list),
    (r"quarantine/(?P<source>[^/]+)/[^/]+\.json", _quarantined),
)
