"""What a year's coverage is held against: the year before out of the same inputs, and the last other revision."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from icdp.errors import NotFoundError
from icdp.publishing.reader import open_published
from icdp.quality.data import YearData
from icdp.warehouse.values import build_values


def earlier_coverage(data: YearData, published: Path, inputs_sha256: str) -> dict[str, pd.DataFrame]:
    """Return the coverage tables by name: e.g. ``2023`` and ``2024-r1``.

    The year before is built anew from the inputs of this one, so that the result does not depend on which years
    were made before. Of this year's editions the last one made from other inputs or another catalogue counts: the
    same year made again is not held against itself, and finds what it found.

    Args:
        data: the year.
        published: the folder readers know.
        inputs_sha256: digest of the payloads its values were made from.
    """
    before = data.year - 1
    known = data.figures[data.figures["year"] <= before]
    found = {str(before): build_values(data.catalog, known, before).coverage}
    try:
        with open_published(published) as db:
            last = db.frame(
                """SELECT edition FROM history.editions
                   WHERE year = $year AND (inputs_sha256 <> $inputs OR catalog_sha256 <> $catalog)
                   ORDER BY revision DESC LIMIT 1""",
                year=data.year,
                inputs=inputs_sha256,
                catalog=data.catalog.sha256(),
            )
            for edition in last["edition"]:
                found[str(edition)] = db.frame(
                    "FROM history.indicator_coverage WHERE edition = $edition", edition=edition
                )
    except NotFoundError:
        return found
    return found
