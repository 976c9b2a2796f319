"""The shipped figures, for filling replicas and for comparing with what comes back."""

from __future__ import annotations

from functools import cache

import pandas as pd

from icdp.catalog import load_catalog
from icdp.settings import CATALOG, FACTS
from icdp.sources import facts
from icdp.sources.base import Payload


@cache
def figures(series: str) -> pd.DataFrame:
    """Return the observations of a shipped series."""
    path = FACTS / "series" / f"{series}.csv"
    payload = Payload("facts", series, path.read_bytes(), path.name, bytes.fromhex)
    return facts.parse(payload, load_catalog(CATALOG))


def printed(series: str, year: int) -> dict[str, str]:
    """Return adcode -> figure as printed."""
    rows = figures(series)
    rows = rows[rows["year"] == year]
    return dict(zip(rows["adcode"], rows["value_text"], strict=True))


def values(table: pd.DataFrame, series: str, year: int) -> dict[str, float]:
    """Return adcode -> value of a series and year out of observations."""
    rows = table[(table["series"] == series) & (table["year"] == year)]
    return dict(zip(rows["adcode"], rows["value"], strict=True))
