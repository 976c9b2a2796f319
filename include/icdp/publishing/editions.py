"""Editions as folders: ``published/editions/2024-r1``, built beside, renamed into place, never changed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb
import pandas as pd

from icdp import __version__
from icdp.errors import DataError
from icdp.files import alone
from icdp.publishing.schema import tables

NAME = re.compile(r"(?P<year>[0-9]{4})-r(?P<revision>[1-9][0-9]*)")
MANIFEST = "edition.json"
CHECKSUMS = "SHA256SUMS"
MADE_FROM = "made_from"
BUILDING = ".building-"

# Readable by DuckDB from 1.2 on; the default of 2.0 is not.
STORAGE_VERSION = "v1.2.0"


@dataclass(frozen=True, slots=True, order=True)
class Edition:
    """One published edition."""

    year: int
    revision: int
    content_sha256: str
    published_at: str

    @property
    def name(self) -> str:
        """Return e.g. ``2024-r1``."""
        return f"{self.year}-r{self.revision}"


@contextmanager
def publishing(published: Path) -> Iterator[Path]:
    """Hold the one place of a publisher; yield the folder of editions, free of half-built ones."""
    folder = published / "editions"
    folder.mkdir(parents=True, exist_ok=True)
    with alone(published / ".lock"):
        for leftover in folder.glob(f"{BUILDING}*"):
            _remove(leftover)
        yield folder


def list_editions(folder: Path) -> list[Edition]:
    """Return the editions in ``folder`` by year and revision.

    Raises:
        DataError: an edition's manifest is unreadable.
    """
    found = []
    for path in folder.iterdir():
        if NAME.fullmatch(path.name):
            try:
                manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
                found.append(Edition(**manifest["edition"]))
            except (OSError, ValueError, KeyError, TypeError) as exc:
                raise DataError(
                    f"{path / MANIFEST}: cannot be read ({exc}); restore the edition from a backup"
                ) from exc
    return sorted(found)


def add_edition(
    folder: Path,
    content: Mapping[str, pd.DataFrame],
    edition: Edition,
    supersedes: str | None,
    used: Mapping[str, bytes],
) -> Path:
    """Write an edition into ``folder``; it appears there whole or not at all.

    Args:
        folder: the folder of editions.
        content: the tables (see ``icdp.publishing.gather``).
        edition: its name, digest and moment.
        supersedes: name of the edition it replaces.
        used: name -> content of the files besides payloads that decided its figures.
    """
    building = Path(tempfile.mkdtemp(prefix=BUILDING, dir=folder))
    try:
        own = content["editions"].assign(
            revision=edition.revision,
            published_at=pd.Timestamp(edition.published_at),
            supersedes=supersedes,
            content_sha256=edition.content_sha256,
        )
        _write_tables(building, {**content, "editions": own}, edition.name)
        for name, content_of_file in used.items():
            path = building / MADE_FROM / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content_of_file)
        manifest = {
            "edition": asdict(edition), "supersedes": supersedes, "tables": list(tables()), "made_with": made_with(),
        }  # fmt: skip
        (building / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        _write_checksums(building)
        _seal(building)
        target = folder / edition.name
        building.rename(target)
        _sync(folder)
    except BaseException:
        _remove(building)
        raise
    return target


def made_with() -> dict[str, str]:
    """Return the versions that may move the last bit of a figure, or the bytes of a file."""
    libraries = {name: version(name) for name in ("duckdb", "pandas", "numpy")}
    return {"icdp": __version__, **libraries, "machine": platform.machine()}


def _write_tables(folder: Path, content: Mapping[str, pd.DataFrame], name: str) -> None:
    for kind in ("parquet", "csv"):
        (folder / kind).mkdir()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{folder / name}.duckdb' AS own (STORAGE_VERSION '{STORAGE_VERSION}')")
        for table in tables().values():
            rows = table.checked(content[table.name].assign(edition=name))
            table.create(connection, f"own.{table.name}")
            connection.register("rows", rows)
            order = ", ".join(table.order)
            connection.execute(f"INSERT INTO own.{table.name} BY NAME FROM rows ORDER BY {order}")
            connection.unregister("rows")
            ordered = f"(FROM own.{table.name} ORDER BY {order})"
            connection.execute(f"COPY {ordered} TO '{folder}/parquet/{table.name}.parquet' (FORMAT parquet)")
            connection.execute(f"COPY {ordered} TO '{folder}/csv/{table.name}.csv' (FORMAT csv, HEADER)")
        connection.execute("DETACH own")


def _write_checksums(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _seal(folder: Path) -> None:
    """Make every file read-only and safe on disk; readers of other accounts may look."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        else:
            path.chmod(0o444)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    folder.chmod(0o755)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
