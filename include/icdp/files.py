"""Atomic files: a reader sees the old content or the new, never half of either."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"
"""A folder or file on this machine, or on object storage."""
DRAFT = re.compile(r"\..+\.tmp")
"""Name of what :func:`replacing` writes first, and a killed writer leaves behind."""


@contextmanager
def replacing(target: AnyPath, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; move it onto ``target`` if the block succeeds.

    A kill at any moment leaves ``target`` as it was. Two writers cannot mix: each has its own
    temporary file, the later rename wins whole. For object storage the file is written here and uploaded.
    """
    if not isinstance(target, Path):
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / target.name
            yield draft
            write_whole(target, draft.read_bytes())
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold ``lock`` while the block runs; another process on this machine waits for it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def write_whole(target: AnyPath, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader sees all of it or nothing, here or on object storage."""
    if isinstance(target, Path):
        with replacing(target, mode=mode) as temporary:
            temporary.write_bytes(content)
    else:
        target.write_bytes(content)  # an object appears when its upload is complete, and has no mode


@contextmanager
def nearby(path: AnyPath) -> Iterator[Path]:
    """Yield the file itself, or a copy on this machine of one on object storage, for libraries that open files by name."""
    if isinstance(path, Path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(path.read_bytes())
        yield copy


def below(root: AnyPath) -> Iterator[tuple[str, AnyPath]]:
    """Yield (name below ``root``, path) of everything in a folder but folders and drafts, in the order of names."""
    found: list[AnyPath] = list(root.rglob("*")) if root.exists() else []
    for path in sorted(found, key=str):
        if not (path.is_dir() or DRAFT.fullmatch(path.name)):
            yield str(path)[len(str(root)) :].lstrip("/"), path
