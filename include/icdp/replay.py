"""A year made again out of the archive, beside the state of the installation and without a trace in it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd

from icdp import road
from icdp.archive import Archive
from icdp.catalog import Catalog, load_catalog
from icdp.errors import DataError, NotFoundError
from icdp.publishing.database import rebuild as rebuild_database
from icdp.publishing.editions import MADE_FROM, MANIFEST, Edition, published_before
from icdp.publishing.gather import gather
from icdp.publishing.publish import publish_year
from icdp.settings import Settings
from icdp.sources.acquire import known_on, write_problems
from icdp.warehouse import connection as warehouse
from icdp.warehouse.load import keep_vintages
from icdp.warehouse.staging import read_parquet, write_receipts
from icdp.warehouse.used_files import read_made_from


@contextmanager
def elsewhere(settings: Settings, where: Path | None = None) -> Iterator[Settings]:
    """Yield the same installation with the same archive and an empty state, which goes when the block ends.

    Args:
        settings: the installation.
        where: folder in which the state lies meanwhile; by default that of temporary files.
    """
    with tempfile.TemporaryDirectory(prefix=".icdp-replay-", dir=where) as folder:
        archive = settings.archive
        yield replace(
            settings, home=Path(folder), archive_url=str(archive), staging_url=None, object_storage=lambda _: archive
        )


def score_as_of(settings: Settings, year: int, day: date) -> dict[str, pd.DataFrame]:
    """Score a year from what was known on ``day``, by today's catalogue and judgements.

    The way is that of every year (stage, load, check, score); only the list of payloads is another one. Nothing is
    published and nothing in the warehouse changes.

    Args:
        settings: the installation whose archive is read.
        year: the statistical year.
        day: payloads retrieved by its end (UTC) are known.

    Returns:
        the tables an edition would have, without what only an edition knows.

    Raises:
        NotFoundError: nothing of a required source was known on that day.
        QualityError: what was known does not pass the checks.
        DataError: what was known does not suffice for an index.
    """
    catalog = load_catalog(settings.catalog)
    with elsewhere(settings) as own:
        asked = road.plan(own, year)
        for source in (catalog.sources[name] for name in asked):
            taken = known_on(own, catalog, source, year, day)
            if source.required and not taken.receipts:
                raise NotFoundError(f"{year} as of {day}: {taken.absent}; name a later day")
            write_receipts(own.staging / str(year) / f"{source.source}.receipts.json", list(taken.receipts))
            write_problems(own, source.source, year, (), taken.absent)
            road.stage(own, source.source, year)
        road.load(own, year, asked)
        road.check(own, year)
        road.score(own, year)
        with warehouse.write(own.warehouse) as connection:
            return gather(connection, catalog, year)


class Replayed(NamedTuple):
    """An edition that was made again up to its scores.

    Attributes:
        catalog: its own.
        edition: what its manifest tells.
        report: whether it has a report.
        outcome: what scoring said.
    """

    catalog: Catalog
    edition: Edition
    report: bool
    outcome: str


def replay(settings: Settings, own: Settings, edition: str) -> Replayed:
    """Load, check and score an edition's year into the warehouse of ``own``: archived payloads, its catalogue and judgements.

    What a computation cannot give is taken from the edition as it stands: the day of its checks, what the sources had
    answered (``source_results``), in which order its vintages had been accepted, and what persons had decided.

    Args:
        settings: the installation whose archive and editions are read.
        own: the state it is made in (:func:`elsewhere`); of what stands there only the warehouse may be of others.
        edition: name of the edition.

    Raises:
        NotFoundError: the edition does not carry what it was made from, the archive lacks a payload, or an edition
            before it is gone.
        IcdpError: a step refuses what once passed it.
    """
    folder = settings.published / "editions" / edition
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if "checked_on" not in manifest:
        raise NotFoundError(
            f"{edition} was published by a version whose editions do not carry their catalogue; it cannot be rebuilt"
        )
    wanted = Edition(**manifest["edition"])
    year = wanted.year
    own = _with_files(own, folder / MADE_FROM)
    catalog, archive = load_catalog(own.catalog), Archive(own.archive)
    _lay_out_earlier(settings, own, wanted)
    inputs, results, vintages = (
        read_parquet(folder / "parquet" / f"{table}.parquet") for table in ("inputs", "source_results", "observations")
    )
    for source, rows in inputs.groupby("source"):
        receipts = [archive.receipt(str(source), receipt) for receipt in rows["receipt"]]
        write_receipts(own.staging / str(year) / f"{source}.receipts.json", receipts)
        road.stage(own, str(source), year)
    road.load(own, year, list(inputs["source"].unique()))
    with warehouse.write(own.warehouse) as connection:
        warehouse.replace_year(connection, "source_results", year, results.drop(columns="edition"))
        keep_vintages(connection, catalog, archive, year, vintages)
        _keep_decisions(connection, folder / "parquet" / "approvals.parquet")
    road.check(own, year, date.fromisoformat(manifest["checked_on"]))
    return Replayed(catalog, wanted, bool(manifest.get("report")), road.score(own, year))


@contextmanager
def rebuilt(settings: Settings, edition: str) -> Iterator[Path]:
    """Yield the folder of an edition made again, as :func:`replay` does, and published at its own moment.

    Args:
        settings: the installation whose archive and editions are read.
        edition: name of the edition.

    Raises:
        NotFoundError: what it was made from is not all there (see :func:`replay`).
        IcdpError: a step refuses what once passed it.
    """
    with elsewhere(settings) as own:
        catalog, wanted, report, _ = replay(settings, own, edition)
        with warehouse.write(own.warehouse) as connection:
            made_from = read_made_from(connection, Archive(own.archive), wanted.year)
            made = publish_year(
                connection, catalog, own.published, wanted.year, wanted.moment, made_from, report=report
            )
        if made.edition != edition or not made.is_new:
            raise DataError(
                f"{edition}: made again it has the content of {made.edition}; the editions do not fit together"
            )
        yield own.published / "editions" / edition


def _keep_decisions(connection: duckdb.DuckDBPyConnection, told: Path) -> None:
    """Take over what persons had decided; an edition of an older version tells nothing of it."""
    if told.exists():
        connection.execute(
            "INSERT OR IGNORE INTO decisions BY NAME SELECT * EXCLUDE (edition) FROM read_parquet(?)", [str(told)]
        )


def _with_files(settings: Settings, made_from: Path) -> Settings:
    """Return the settings with the files an edition carries, copied into their home."""
    root = settings.home / "made_from"
    shutil.copytree(made_from, root)
    (root / "facts").mkdir(exist_ok=True)
    return replace(settings, catalog=root / "catalog", judgements=root / "judgements", facts=root / "facts")


def _lay_out_earlier(settings: Settings, own: Settings, wanted: Edition) -> None:
    """Show the editions there were when this one was published, as readers saw them."""
    there = settings.published / "editions"
    earlier = published_before(there, wanted)
    known = {e.revision for e in earlier if e.year == wanted.year}
    if gone := set(range(1, wanted.revision)) - known:
        raise NotFoundError(
            f"{wanted.name} was held against {wanted.year}-r{min(gone)}, which is not in {there}; restore it from a backup"
        )
    here = own.published / "editions"
    here.mkdir(parents=True)
    for edition in earlier:
        (here / edition.name).symlink_to((there / edition.name).resolve(), target_is_directory=True)
    if earlier:
        rebuild_database(own.published / "icdp.duckdb", here, earlier)
