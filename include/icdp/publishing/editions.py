"""Editions as folders: ``published/editions/2024-r1``, built beside, renamed into place, never changed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import pandas as pd

from icdp import __version__
from icdp.catalog import Catalog
from icdp.errors import DataError
from icdp.files import alone
from icdp.publishing import coin, sdmx
from icdp.publishing.coin import write_coin
from icdp.publishing.csv_files import write_csv
from icdp.publishing.datapackage import datapackage
from icdp.publishing.dcat import dcat
from icdp.publishing.names import NAME
from icdp.publishing.schema import tables
from icdp.publishing.workbook import write_workbook
from icdp.scoring.from_catalog import tree_of
from icdp.warehouse.used_files import MadeFrom

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

    @property
    def moment(self) -> datetime:
        """Return when it was published."""
        return datetime.fromisoformat(self.published_at)


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
    """Return the editions in ``folder`` by year and revision; none where nothing was published yet.

    Raises:
        DataError: an edition's manifest is unreadable.
    """
    found: list[Edition] = []
    if not folder.is_dir():
        return found
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


def latest(editions: Iterable[Edition], year: int) -> Edition | None:
    """Return the newest edition of a year, if there is one."""
    return max((edition for edition in editions if edition.year == year), default=None)


def published_before(folder: Path, edition: Edition) -> list[Edition]:
    """Return the other editions in ``folder`` that were published before one."""
    return [e for e in list_editions(folder) if e.name != edition.name and e.moment < edition.moment]


def next_revision(last: Edition | None) -> int:
    """Return the revision that follows a year's newest edition."""
    return 1 if last is None else last.revision + 1


def add_edition(
    folder: Path,
    catalog: Catalog,
    content: Mapping[str, pd.DataFrame],
    edition: Edition,
    supersedes: str | None,
    made_from: MadeFrom,
    report: Callable[[Path], dict[str, str]] | None = None,
) -> Path:
    """Write an edition into ``folder``; it appears there whole or not at all.

    Args:
        folder: the folder of editions.
        catalog: the index as data.
        content: the tables (see ``icdp.publishing.gather``).
        edition: its name, digest and moment.
        supersedes: name of the edition it replaces.
        made_from: what it was made from besides payloads.
        report: writes the report into the folder, which has everything else, and returns the versions it was made
            with; None for an edition without one.
    """
    building = Path(tempfile.mkdtemp(prefix=BUILDING, dir=folder))
    try:
        own = content["editions"].assign(
            revision=edition.revision,
            published_at=pd.Timestamp(edition.published_at),
            supersedes=supersedes,
            content_sha256=edition.content_sha256,
        )
        whole = {
            name: table.checked({**content, "editions": own}[name].assign(edition=edition.name))
            for name, table in tables().items()
        }
        _write_tables(building, whole, edition.name)
        _write_described(building, catalog, whole, supersedes)
        for name, text in made_from.files.items():
            path = building / MADE_FROM / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        made_by = made_with() | (report(building) if report is not None else {})
        manifest = {
            "edition": asdict(edition), "supersedes": supersedes, "tables": list(tables()),
            "checked_on": made_from.checked_on.isoformat(), "made_with": made_by, "report": report is not None,
        }  # fmt: skip
        _write_json(building / MANIFEST, manifest)
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
    libraries = {name: version(name) for name in ("duckdb", "pandas", "numpy", "xlsxwriter")}
    return {"icdp": __version__, **libraries, "machine": platform.machine()}


def _write_tables(folder: Path, content: Mapping[str, pd.DataFrame], name: str) -> None:
    for kind in ("parquet", "csv"):
        (folder / kind).mkdir()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{folder / name}.duckdb' AS own (STORAGE_VERSION '{STORAGE_VERSION}')")
        for table in tables().values():
            table.create(connection, f"own.{table.name}")
            connection.register("rows", content[table.name])
            order = ", ".join(table.order)
            connection.execute(f"INSERT INTO own.{table.name} BY NAME FROM rows ORDER BY {order}")
            connection.unregister("rows")
            ordered = f"(FROM own.{table.name} ORDER BY {order})"
            connection.execute(f"COPY {ordered} TO '{folder}/parquet/{table.name}.parquet' (FORMAT parquet)")
            write_csv(connection, ordered, table, folder / "csv" / f"{table.name}.csv")
        connection.execute("DETACH own")


def _write_described(
    folder: Path, catalog: Catalog, content: Mapping[str, pd.DataFrame], supersedes: str | None
) -> None:
    """Write what other systems read: Frictionless, DCAT, SDMX, COINr, Excel."""
    _write_json(folder / "datapackage.json", datapackage(folder, catalog, content))
    _write_json(folder / "dcat.jsonld", dcat(folder, catalog, content, supersedes))
    (folder / "sdmx").mkdir()
    _write_json(folder / "sdmx" / "structure.json", sdmx.structure(catalog, content["editions"].iloc[0]))
    for name, message in (("values", sdmx.values), ("scores", sdmx.scores)):
        message(catalog, content).to_csv(folder / "sdmx" / f"{name}.csv", index=False)
    (folder / coin.FOLDER).mkdir()
    write_coin(folder / coin.FOLDER, tree_of(catalog), content)
    write_workbook(folder / f"{content['editions'].iloc[0]['edition']}.xlsx", catalog, content)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


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
