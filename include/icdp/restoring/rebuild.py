"""The warehouse made again: from the editions what they stand for, from the archive every other year that was taken."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from icdp import road
from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.errors import DataError, IcdpError
from icdp.files import alone
from icdp.publishing.editions import Edition, list_editions
from icdp.replay import elsewhere, replay
from icdp.settings import Settings
from icdp.warehouse import connection as warehouse
from icdp.warehouse.staging import write_receipts


class Rebuilt(NamedTuple):
    """What became of a year.

    Attributes:
        year: the statistical year.
        made_from: the edition it was made from, or ``archive``.
        outcome: what its last step said, or why it ended before.
    """

    year: int
    made_from: str
    outcome: str


def rebuild_warehouse(
    settings: Settings, told: Callable[[str], None] = lambda _: None
) -> tuple[list[Rebuilt], Path | None]:
    """Make the warehouse again beside the one that stands, and put it in its place when all of it is there.

    Every edition is replayed in the order of publication with its own catalogue and judgements; years that were taken
    but have no edition are loaded, checked and scored by today's. What neither archive nor editions know is lost:
    decisions about scores that were never published, and the history of check runs that led to none.

    Args:
        settings: the installation.
        told: is told what is begun.

    Returns:
        what became of each year, and where the former file lies now; None when there was none.

    Raises:
        DataError: a task is at work on the warehouse.
        IcdpError: an edition cannot be replayed; the warehouse stands as it was.
    """
    _nobody_writes(settings.warehouse)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.warehouse.parent, prefix=".rebuild-") as folder:
        draft = Path(folder) / settings.warehouse.name
        done = [_replayed(settings, draft, edition, told) for edition in _in_order(settings)]
        latest = {row.year: row for row in done}
        for year in sorted(_taken(settings) - latest.keys()):
            told(f"{year}: archive")
            latest[year] = _loaded(settings, draft, year)
        if not latest:
            raise DataError(
                f"neither {settings.archive} nor {settings.published} holds anything; restore them from a backup first"
            )
        with warehouse.write(draft) as connection:
            road.keep_editions(connection, list_editions(settings.published / "editions"))
        with alone(settings.published / ".lock"):
            _nobody_writes(settings.warehouse)
            aside = _put_aside(settings.warehouse)
            draft.replace(settings.warehouse)
    return [latest[year] for year in sorted(latest)], aside


def _in_order(settings: Settings) -> list[Edition]:
    return sorted(list_editions(settings.published / "editions"), key=lambda edition: edition.moment)


def _taken(settings: Settings) -> set[int]:
    """Return the years for which a required source was accepted: only they can be made."""
    archive, catalog = Archive(settings.archive), load_catalog(settings.catalog)
    return {y for s in catalog.sources.values() if s.required for y in archive.taken_years(s.source)}


@contextmanager
def _upon(settings: Settings, draft: Path) -> Iterator[Settings]:
    """Yield an empty state with the warehouse made so far; what is there of it afterwards is the draft again."""
    with elsewhere(settings, draft.parent) as own:
        if draft.exists():
            draft.replace(own.warehouse)
        yield own
        if own.warehouse.exists():
            own.warehouse.replace(draft)


def _replayed(settings: Settings, draft: Path, edition: Edition, told: Callable[[str], None]) -> Rebuilt:
    told(f"{edition.year}: {edition.name}")
    with _upon(settings, draft) as own:
        return Rebuilt(edition.year, edition.name, replay(settings, own, edition.name).outcome)


def _loaded(settings: Settings, draft: Path, year: int) -> Rebuilt:
    """Load, check and score a year that has no edition; a year that is refused stays as far as it came."""
    archive = Archive(settings.archive)
    with _upon(settings, draft) as own:
        try:
            known = {
                source: archive.known(source, year, date.max).receipts for source in load_catalog(own.catalog).sources
            }
            asked = [source for source, receipts in known.items() if receipts]
            for source in asked:
                write_receipts(own.staging / str(year) / f"{source}.receipts.json", known[source])
                road.stage(own, source, year)
            road.load(own, year, asked)
            road.check(own, year)
            return Rebuilt(year, "archive", road.score(own, year))
        except IcdpError as exc:
            return Rebuilt(year, "archive", str(exc))


def _nobody_writes(path: Path) -> None:
    """Make sure that no process holds the file; one that is spoilt, or not there, is held by none.

    Raises:
        DataError: it is held.
    """
    try:
        if path.exists():
            duckdb.connect(str(path)).close()
    except duckdb.Error as exc:
        if warehouse.is_lock(exc):
            raise DataError(f"{path}: a task is at work on it; wait until it has ended, or stop Airflow") from exc


def _put_aside(path: Path) -> Path | None:
    """Move what stands there, and its log of writes, out of the way under a name that is free."""
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        log.replace(aside.with_name(f"{aside.name}.wal"))
    return path.replace(aside)
