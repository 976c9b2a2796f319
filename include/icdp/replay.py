"""A year made again out of the archive, beside the state of the installation and without a trace in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from icdp import road
from icdp.catalog import load_catalog
from icdp.errors import NotFoundError
from icdp.publishing.gather import gather
from icdp.settings import Settings
from icdp.sources.acquire import known_on, write_problems
from icdp.warehouse import connection as warehouse
from icdp.warehouse.staging import write_receipts


@contextmanager
def elsewhere(settings: Settings) -> Iterator[Settings]:
    """Yield the same installation with the same archive and an empty state, which goes when the block ends."""
    with tempfile.TemporaryDirectory(prefix="icdp-replay-") as folder:
        archive = settings.archive
        yield replace(settings, home=Path(folder), archive_url=str(archive), object_storage=lambda _: archive)


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
