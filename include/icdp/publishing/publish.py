"""Publish a scored year: a new edition when its content is new, nothing when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from icdp.catalog import Catalog
from icdp.errors import DataError, NotFoundError
from icdp.publishing.against import rank_changes
from icdp.publishing.approval import decided, is_approved
from icdp.publishing.database import is_current, rebuild
from icdp.publishing.editions import Edition, add_edition, latest, list_editions, next_revision, publishing
from icdp.publishing.gather import beside, digest, gather
from icdp.warehouse.used_files import MadeFrom


@dataclass(frozen=True, slots=True)
class Outcome:
    """What publishing did: the year's edition that now stands, and whether it is new."""

    edition: str
    is_new: bool
    editions: tuple[Edition, ...]


def publish_year(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    published: Path,
    year: int,
    moment: datetime,
    made_from: MadeFrom | None,
    *,
    report: bool = False,
    needs_approval: bool = False,
) -> Outcome:
    """Make the year's next edition unless the latest one has the same content.

    Killed at any point and started again it ends the same: the edition's folder appears by one
    rename, and the database is held against the folders every time.

    Args:
        connection: the warehouse.
        catalog: the index as data.
        published: the folder readers know.
        year: the statistical year.
        moment: what ``published_at`` will say; one second after the newest edition when the clock was put back behind it.
        made_from: what decided the scores besides payloads; the edition carries it. None when it was not kept.
        report: whether a new edition gets its yearly report.
        needs_approval: refuse new content that no person approved.

    Raises:
        NotFoundError: the year was not scored, or the files that decided it were not kept.
        DataError: the catalogue changed since, an older edition is unreadable, or an approval is missing.
    """
    content = gather(connection, catalog, year)
    sha256 = digest(content)
    with publishing(published) as folder:
        editions = list_editions(folder)
        last = latest(editions, year)
        is_new = last is None or last.content_sha256 != sha256
        if last is None or is_new:
            if needs_approval and not is_approved(connection, year, sha256):
                raise DataError(
                    f"year {year}: nobody approved these scores (content {sha256[:12]}…); start publish_index for the year "
                    "again and answer its request, or unset ICDP_REQUIRE_APPROVAL"
                )
            if made_from is None:
                raise NotFoundError(
                    f"year {year} was scored by a version that did not keep the catalogue; run refresh_statistics and "
                    "score_index for it again"
                )
            edition = Edition(year, next_revision(last), sha256, _after(editions, moment).isoformat())
            content |= {"approvals": decided(connection, year, last)}
            content |= beside(connection, catalog, content, year)
            compared = [e.name for e in (last, latest(editions, year - 1)) if e]
            content |= {"rank_changes": rank_changes(folder, content, edition.name, compared)}
            reporting = partial(_report, earlier=[folder / e.name for e in editions]) if report else None
            add_edition(folder, catalog, content, edition, None if last is None else last.name, made_from, reporting)
            editions = sorted([*editions, edition])
            last = edition
        database = published / "icdp.duckdb"
        if is_new or not is_current(database, editions):
            rebuild(database, folder, editions)
    return Outcome(last.name, is_new, tuple(editions))


def _after(editions: list[Edition], moment: datetime) -> datetime:
    """Return the moment, or the first after all editions: their order is what an edition is held against."""
    newest = max((edition.moment for edition in editions), default=moment)
    return moment if moment >= newest else newest + timedelta(seconds=1)


def _report(building: Path, earlier: list[Path]) -> dict[str, str]:
    # Not at the top: charts and fonts take half a second to load, and only a new edition with a report needs them.
    from icdp.report import made_with, write_report

    write_report(building, earlier, building)
    return made_with()
