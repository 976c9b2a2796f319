"""Prove that an edition is as it was published."""

from __future__ import annotations

import hashlib
from pathlib import Path

from icdp.errors import NotFoundError
from icdp.publishing.editions import CHECKSUMS


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
