"""Prove that an edition is as it was published, and that it follows from its inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from icdp.errors import NotFoundError
from icdp.publishing.editions import CHECKSUMS, MANIFEST

COMPARED = ("parquet", "csv", "sdmx", "coin", "*.xlsx", "datapackage.json", "dcat.jsonld")
REPORT = ("report.html", "report-zh.pdf", "report-en.pdf", "figures")


def verify(folder: Path) -> list[str]:
    """Hold every file of an edition against its ``SHA256SUMS``.

    Returns:
        one sentence for each file that is altered, missing or not listed; empty when all is well.

    Raises:
        NotFoundError: the edition has no list of checksums.
    """
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as exc:
        raise NotFoundError(f"{folder / CHECKSUMS}: not found; restore the edition from a backup") from exc
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    there.pop(CHECKSUMS, None)
    problems = [f"{name} is missing" for name in sorted(listed.keys() - there.keys())]
    problems += [f"{name} is not listed" for name in sorted(there.keys() - listed.keys())]
    for name in sorted(listed.keys() & there.keys()):
        if hashlib.sha256(there[name].read_bytes()).hexdigest() != listed[name]:
            problems.append(f"{name} was altered")
    return problems


def differences(stands: Path, again: Path) -> list[str]:
    """Hold an edition against the same one made again, byte for byte.

    Args:
        stands: folder of the edition as published.
        again: folder of the edition made again.

    Returns:
        one sentence for each file that differs, with the first row that does; empty when all bytes are equal. The
        report is held against the other where :func:`report_is_compared` says so.
    """
    problems = []
    roots = (*COMPARED, *(REPORT if report_is_compared(stands, again) else ()))
    for name in sorted({*_compared(stands, roots), *_compared(again, roots)}):
        old, new = stands / name, again / name
        if not (old.exists() and new.exists()):
            problems.append(f"{name} is only in the edition {'made again' if new.exists() else 'as published'}")
        elif old.read_bytes() != new.read_bytes():
            problems.append(f"{name} differs{_where(old, new)}")
    if problems and (other := _other_software(stands, again)):
        problems.append(f"made with other software: {other}")
    return problems


def report_is_compared(stands: Path, again: Path) -> bool:
    """Return whether two reports must be equal to the byte: an edition made again has one if it had one, by the same software.

    A report words figures that the tables hold. Its sentences and the libraries that draw it may change; no figure of an
    edition is less reproduced for it, and its checksums still prove that the report is the one that was published.
    """
    told = [_manifest(folder) for folder in (stands, again)]
    if not any(one.get("report") for one in told):
        return False
    by = [
        {
            k: v
            for k, v in one.get("made_with", {}).items()
            if k not in ("icdp", "duckdb", "pandas", "numpy", "xlsxwriter")
        }
        for one in told
    ]
    return by[0] == by[1]


def _compared(folder: Path, names: Iterable[str]) -> list[str]:
    roots = [path for name in names for path in folder.glob(name)]
    files = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*")) if path.is_file()]
    return [path.relative_to(folder).as_posix() for path in files]


def _where(old: Path, new: Path) -> str:
    if old.suffix == ".csv":
        lines = [path.read_text(encoding="utf-8").splitlines() for path in (old, new)]
        number = next((n for n, (a, b) in enumerate(zip(*lines, strict=False)) if a != b), min(map(len, lines)))
        first, second = (found[number] if number < len(found) else "nothing" for found in lines)
        return f" in line {number + 1}: {first} | {second}"
    if old.suffix == ".parquet":
        with duckdb.connect() as connection:
            rows = [connection.read_parquet(str(path)).fetchall() for path in (old, new)]
        return ", its rows are equal" if rows[0] == rows[1] else ""
    return ""


def _manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def _other_software(stands: Path, again: Path) -> str:
    told = [_manifest(folder).get("made_with", {}) for folder in (stands, again)]
    names = sorted(told[0].keys() | told[1].keys())
    moved = [n for n in names if told[0].get(n) != told[1].get(n)]
    return ", ".join(f"{n} {told[0].get(n, '?')}, here {told[1].get(n, '?')}" for n in moved)
