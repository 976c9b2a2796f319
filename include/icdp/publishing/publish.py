"""Publish a scored year: a new edition when its content is new, nothing when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from icdp.catalog import Catalog
from icdp.errors import DataError, NotFoundError
from icdp.publishing.against import rank_changes
from icdp.publishing.approval import decided, is_approved
from icdp.publishing.database import is_current, rebuild
from icdp.publishing.editions import Edition, add_edition, list_editions, publishing
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
        moment: what ``published_at`` will say.
        made_from: what decided the scores besides payloads; the edition carries it. None when it was not kept.
        needs_approval: refuse new content that no person approved.

    Raises:
        NotFoundError: the year was not scored, or the files that decided it were not kept.
        DataError: the catalogue changed since, an older edition is unreadable, or an approval is missing.
    """
    content = gather(connection, catalog, year)
    sha256 = digest(content)
    with publishing(published) as folder:
        editions = list_editions(folder)
        last = max((e for e in editions if e.year == year), default=None)
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
            revision = 1 if last is None else last.revision + 1
            edition = Edition(year, revision, sha256, moment.isoformat())
            content |= {"approvals": decided(connection, year, last)}
            content |= beside(connection, catalog, content, year)
            compared = [e.name for e in (last, max((e for e in editions if e.year == year - 1), default=None)) if e]
            content |= {"rank_changes": rank_changes(folder, content, edition.name, compared)}
            add_edition(folder, catalog, content, edition, None if last is None else last.name, made_from)
            editions = sorted([*editions, edition])
            last = edition
        database = published / "icdp.duckdb"
        if is_new or not is_current(database, editions):
            rebuild(database, folder, editions)
    return Outcome(last.name, is_new, tuple(editions))
