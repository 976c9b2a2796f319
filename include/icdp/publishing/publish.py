"""Publish a scored year: a new edition when its content is new, nothing when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from icdp.catalog import Catalog
from icdp.errors import NotFoundError
from icdp.publishing.against import rank_changes
from icdp.publishing.database import is_current, rebuild
from icdp.publishing.editions import Edition, add_edition, list_editions, publishing
from icdp.publishing.gather import beside, digest, gather


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
    used: Mapping[str, bytes],
) -> Outcome:
    """Make the year's next edition unless the latest one has the same content.

    Killed at any point and started again it ends the same: the edition's folder appears by one
    rename, and the database is held against the folders every time.

    Args:
        connection: the warehouse.
        catalog: the index as data.
        published: the folder readers know.
        year: the statistical year.
        moment: what ``published_at`` will say.
        used: the files besides payloads that decided the scores; the edition carries them.

    Raises:
        NotFoundError: the year was not scored, or the files that decided it were not kept.
        DataError: the catalogue changed since, or an older edition is unreadable.
    """
    content = gather(connection, catalog, year)
    sha256 = digest(content)
    with publishing(published) as folder:
        editions = list_editions(folder)
        last = max((e for e in editions if e.year == year), default=None)
        is_new = last is None or last.content_sha256 != sha256
        if last is None or is_new:
            if not used:
                raise NotFoundError(
                    f"year {year} was scored by a version that did not keep the catalogue; run refresh_statistics and "
                    "score_index for it again"
                )
            revision = 1 if last is None else last.revision + 1
            edition = Edition(year, revision, sha256, moment.isoformat())
            content |= beside(connection, catalog, content, year)
            compared = [e.name for e in (last, max((e for e in editions if e.year == year - 1), default=None)) if e]
            content |= {"rank_changes": rank_changes(folder, content, edition.name, compared)}
            add_edition(folder, content, edition, None if last is None else last.name, used)
            editions = sorted([*editions, edition])
            last = edition
        database = published / "icdp.duckdb"
        if is_new or not is_current(database, editions):
            rebuild(database, folder, editions)
    return Outcome(last.name, is_new, tuple(editions))
