"""Everything of an installation in one file, consistent while runs go on, and back into an empty place."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path, PurePosixPath
from typing import IO, cast

from icdp.errors import DataError, NotFoundError
from icdp.files import AnyPath, below, replacing, write_whole
from icdp.publishing.editions import CHECKSUMS, publishing
from icdp.settings import Settings
from icdp.warehouse import connection as warehouse

# Task logs are no state, a lock is none that is copied, and what is being built is half of something.
LEFT_OUT = re.compile(r"airflow/logs/.*|airflow/lock|published/\.lock|(?:.*/)?\.(?:rebuild|building|icdp-replay)-.*")
METADATA = "airflow/airflow.db"
GUARDED = re.compile(r"warehouse\.duckdb(?:\.wal)?$|published/")


def create_backup(settings: Settings, target: Path) -> tuple[int, int]:
    """Write archive, staging, warehouse, editions, panels and Airflow's own SQLite into one tar file.

    No task writes meanwhile: whoever would waits. Airflow's database is copied by SQLite itself, while it is in use; one
    in Postgres is not part of it (``pg_dump``, docs/runbook.md).

    Args:
        settings: the installation.
        target: the file; compressed when it ends in ``.gz``. Only its owner may read it: it holds keys.

    Returns:
        number of files, and their bytes.

    Raises:
        NotFoundError: there is nothing to keep.
        DataError: a task holds the warehouse for too long, or something is no plain file.
    """
    if not settings.home.is_dir() or not any(settings.home.iterdir()):
        raise NotFoundError(f"{settings.home}: nothing is there to be kept; see ICDP_HOME")
    if target.resolve().is_relative_to(settings.home):
        raise DataError(f"{target}: lies in {settings.home} itself; name a file on another disk")
    sums: dict[str, str] = {}
    with replacing(target, mode=0o600) as draft, tarfile.open(draft, "w:gz" if target.suffix == ".gz" else "w") as tar:
        size = 0
        for members in (_guarded(settings), _free(settings)):
            for name, path in members:
                sums[name], length = _add(tar, name, path)
                size += length
        listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode()
        info = tarfile.TarInfo(CHECKSUMS)
        info.size = len(listed)
        tar.addfile(info, io.BytesIO(listed))
    return len(sums), size


def _guarded(settings: Settings) -> Iterator[tuple[str, AnyPath]]:
    """Yield warehouse and editions, which no task may change before the last of them is copied."""
    with ExitStack() as held:
        if settings.warehouse.exists():
            held.enter_context(warehouse.read(settings.warehouse, patience=60.0))
        if settings.published.exists():
            held.enter_context(publishing(settings.published))
        yield from (member for member in _files(settings.home) if GUARDED.match(member[0]))


def _free(settings: Settings) -> Iterator[tuple[str, AnyPath]]:
    """Yield the rest. The archive comes last: nothing in it changes, so it has all that the warehouse speaks of."""
    rest = [member for member in _files(settings.home) if not GUARDED.match(member[0])]
    yield from sorted(rest, key=lambda member: member[0].startswith("archive/"))
    if settings.archive_url is not None:
        yield from _files(settings.archive, "archive/")
    database = settings.home / METADATA
    if database.exists():
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / database.name
            with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as into:
                source.backup(into)
            yield METADATA, copy


def _files(root: AnyPath, prefix: str = "") -> Iterator[tuple[str, AnyPath]]:
    for inner, path in below(root):
        name = prefix + inner
        if LEFT_OUT.fullmatch(name) or name.startswith(METADATA):
            continue
        if isinstance(path, Path) and (path.is_symlink() or not path.is_file()):
            raise DataError(f"{path}: is no plain file; move it out of {root}")
        yield name, path


def _add(tar: tarfile.TarFile, name: str, path: AnyPath) -> tuple[str, int]:
    info = tarfile.TarInfo(name)
    status = path.stat()
    info.size, info.mtime = status.st_size, int(getattr(status, "st_mtime", 0) or 0)
    info.mode = status.st_mode & 0o777 if isinstance(path, Path) else 0o444
    with path.open("rb") as stream:
        reader = _Summing(stream)
        tar.addfile(info, reader)
    return reader.digest.hexdigest(), info.size


class _Summing(io.RawIOBase):
    """A stream that knows the digest of what was read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        content = self.stream.read(size)
        self.digest.update(content)
        return content


def restore_backup(settings: Settings, source: Path) -> int:
    """Put a backup into an empty installation; nothing of it appears before every file was held against its checksum.

    Args:
        settings: the installation; its home, and its archive where that lies elsewhere, must be empty.
        source: the file.

    Returns:
        number of files.

    Raises:
        DataError: the file is no backup or not as it was written, or something stands where it is to go.
    """
    _must_be_empty(settings)
    settings.home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home.parent, prefix=f".{settings.home.name}.restore-") as folder:
        whole = Path(folder) / "home"
        try:
            with tarfile.open(source, "r") as tar:
                count = _verified(tar, source)
                tar.extractall(whole, filter="data")
        except (tarfile.TarError, EOFError, OSError) as exc:
            raise DataError(f"{source}: cannot be read as a backup ({exc}); take another one") from exc
        (whole / CHECKSUMS).unlink()
        if settings.archive_url is not None:
            _upload(whole / "archive", settings.archive)
            shutil.rmtree(whole / "archive", ignore_errors=True)
        if settings.home.exists():
            settings.home.rmdir()
        os.replace(whole, settings.home)  # noqa: PTH105 - a folder is renamed, whole
    return count


def _must_be_empty(settings: Settings) -> None:
    places = [settings.home] + ([settings.archive] if settings.archive_url is not None else [])
    for place in places:
        if place.exists() and any(place.iterdir()):
            raise DataError(f"{place}: is not empty; move what is there away, or set ICDP_HOME to another folder")


def _verified(tar: tarfile.TarFile, source: Path) -> int:
    """Hold every member against the list of checksums; return how many there are.

    Raises:
        DataError: one is altered, missing, not listed, or no plain file with a plain name.
    """
    found: dict[str, str] = {}
    listed: dict[str, str] = {}
    for member in tar:
        name = PurePosixPath(member.name)
        if not member.isfile() or name.is_absolute() or ".." in name.parts or member.name in found:
            raise DataError(
                f"{source}: member {member.name!r} is no plain file with a name of its own; take another backup"
            )
        stream = tar.extractfile(member)
        if member.name == CHECKSUMS and stream:
            lines = stream.read().decode().splitlines()
            listed = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
        elif stream:
            found[member.name] = hashlib.file_digest(cast("io.BufferedReader", stream), "sha256").hexdigest()
    if not listed:
        raise DataError(f"{source}: has no {CHECKSUMS}; it is no backup, or was cut off: take another one")
    wrong = sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))
    if wrong:
        raise DataError(
            f"{source}: {len(wrong)} files are not as they were written, {wrong[0]} first; take another backup"
        )
    return len(found)


def _upload(folder: Path, target: AnyPath) -> None:
    for name, path in below(folder):
        write_whole(target / name, path.read_bytes(), mode=0o444)
