"""Atomic files: a reader sees the old content or the new, never half of either."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"
"""A folder or file on this machine, or on object storage."""


@contextmanager
def replacing(target: Path, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; move it onto ``target`` if the block succeeds.

    A kill at any moment leaves ``target`` as it was. Two writers cannot mix: each has its own
    temporary file, the later rename wins whole.
    """
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
