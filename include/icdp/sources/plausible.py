"""A publisher's figures against those known before: slips that move every province, and rows that changed places."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd

from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.errors import DataError, IcdpError
from icdp.settings import Settings
from icdp.sources.base import Payload, adapter

# How far a publisher's figures may lie from those known before, as a common factor of all provinces: a slip of
# unit or of the decimal point moves everybody, a real change does not.
COMMON_FACTOR = 2.0
NEIGHBOURS = 2
# Spearman's coefficient below which the provinces stand in another order, and what a series must have shown of itself
# for that to mean anything. Of the shipped series that are fetched none falls below 0.77 within two years, names
# shifted by one row or given to rows sorted by size do (tests/sources/test_plausible.py).
SAME_ORDER = 0.7
SETTLED = 0.75


def check_plausible(payload: Payload, table: pd.DataFrame, catalog: Catalog, settings: Settings) -> None:
    """Hold each series and year of a parsed payload against the nearest year known, and the series it is `like`.

    Known are the shipped figures, or else what was accepted of the same source for the years beside it.

    Raises:
        DataError: all provinces moved by a common factor, one moved that is `steady`, or their order is another.
    """
    expected = {e.series: e for e in catalog.sources[payload.source].expects}
    for (name, when), rows in table.groupby(["series", "year"]):
        series, year = str(name), int(str(when))
        where = f"{payload.name}: {series} of {year}"
        value = in_own_unit(rows, catalog)
        known = shipped(series, catalog, settings)
        if known.empty:
            known = _accepted_beside(payload, series, year, catalog, settings)
        before = nearest(known, year)
        if before is not None:
            _check_common_factor(value, *before, where, len(catalog.provinces))
            _check_steady(value, *before, expected[series].steady, where, catalog)
            if is_settled(known, len(catalog.provinces)):
                _check_order(value, *before, "those of", where, len(catalog.provinces))
        if (like := expected[series].like) is not None:
            other = nearest(shipped(like, catalog, settings), year)
            if other is not None:
                _check_order(value, *other, f"{like} of", where, len(catalog.provinces))
            elif before is None:
                raise DataError(
                    f"{where}: nothing is known to hold it against, neither a year beside it nor {like}; "
                    "take a year beside it first"
                )


def in_own_unit(rows: pd.DataFrame, catalog: Catalog) -> pd.Series:
    """Return the values of one series and year by adcode, in the unit of series.csv."""
    factors = [
        catalog.units.factor(unit, catalog.series[series].unit)
        for series, unit in zip(rows["series"], rows["unit"], strict=True)
    ]
    return pd.Series(rows["value"].to_numpy() * factors, index=rows["adcode"].to_numpy())


def shipped(series: str, catalog: Catalog, settings: Settings) -> pd.DataFrame:
    """Return the shipped figures of a series in its own unit: a row a province, a column a year."""
    path = settings.facts / "series" / f"{series}.csv"
    if not path.exists():
        return pd.DataFrame()
    payload = Payload("facts", series, path.read_bytes(), path.name, lambda _: b"")
    return _by_year(adapter("facts", catalog).parse(payload, catalog), catalog)


def _accepted_beside(payload: Payload, series: str, year: int, catalog: Catalog, settings: Settings) -> pd.DataFrame:
    """Return what was accepted of the same item for the years beside ``year``, as :func:`shipped`."""
    archive = Archive(settings.archive)
    kind = payload.item.partition("/")[0]
    found: dict[int, pd.Series] = {}
    for other in range(year - NEIGHBOURS, year + NEIGHBOURS + 1):
        listed = archive.accepted(payload.source, other) if other != year else None
        for receipt in listed.receipts if listed else []:
            if receipt.item.partition("/")[0] != kind:
                continue
            content = archive.get(receipt.payload_sha256)
            old = Payload(receipt.source, receipt.item, content, receipt.request, archive.get)
            try:
                table = adapter(payload.source, catalog).parse(old, catalog)
            except IcdpError:  # today's parser does not read it: then it says nothing
                continue
            own = table[(table["series"] == series) & (table["year"] == other)]
            if not own.empty:
                found[other] = in_own_unit(own, catalog)
    return pd.DataFrame(found)


def _by_year(table: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    return pd.DataFrame({int(str(year)): in_own_unit(rows, catalog) for year, rows in table.groupby("year")})


def nearest(known: pd.DataFrame, year: int) -> tuple[int, pd.Series] | None:
    """Return (year, values) of the known year nearest to ``year``, if it is near enough."""
    years = [int(str(other)) for other in known.columns]
    near = [other for other in years if abs(other - year) <= NEIGHBOURS]
    if not near:
        return None
    found = min(near, key=lambda other: abs(other - year))
    return found, known[found].dropna()


def moves(value: pd.Series, known: pd.Series) -> pd.Series:
    """Return value / known by province; nothing where one of them is missing or 0."""
    return (value / known).replace([math.inf, 0.0], math.nan).dropna()


def rank_correlation(value: pd.Series, known: pd.Series, provinces: int) -> float | None:
    """Return Spearman's coefficient, ties at their mean rank; None unless every province has both figures."""
    both = pd.concat([value, known], axis=1, join="inner").dropna()
    if len(both) < provinces or (both.nunique() == 1).any():
        return None
    ranks = both.rank()
    return float(ranks.iloc[:, 0].corr(ranks.iloc[:, 1]))


def is_settled(known: pd.DataFrame, provinces: int) -> bool:
    """Return whether the known years of a series rank the provinces alike, so that another order is a slip."""
    told = [
        rank_correlation(known[a], known[b], provinces)
        for a, b in combinations(known.columns, 2)
        if abs(int(str(a)) - int(str(b))) <= NEIGHBOURS
    ]
    found = [coefficient for coefficient in told if coefficient is not None]
    return bool(found) and min(found) >= SETTLED


def _check_common_factor(value: pd.Series, near: int, known: pd.Series, where: str, provinces: int) -> None:
    ratio = moves(value, known)
    factor = float(ratio.median()) if len(ratio) >= provinces // 2 else 1.0
    if not 1 / COMMON_FACTOR <= factor <= COMMON_FACTOR:
        raise DataError(
            f"{where} is {factor:.4g} times the figures known of {near} in the median province; "
            "a unit or a decimal point has moved"
        )


def _check_steady(
    value: pd.Series, near: int, known: pd.Series, steady: float | None, where: str, catalog: Catalog
) -> None:
    ratio = moves(value, known)
    if steady is None or ratio.empty:
        return
    relative = np.exp(np.log(ratio / ratio.median()).abs())
    if (moved := relative[relative > steady]).empty:
        return
    names = ", ".join(f"{catalog.provinces[str(c)].short_zh} ({ratio[c]:.3g} times)" for c in moved.index)
    raise DataError(
        f"{where}: {names} moved against {near} by more than a factor of {steady:g} relative to the others; "
        "rows have changed places, or digits; raise `steady` if the figures are right"
    )


def _check_order(value: pd.Series, near: int, known: pd.Series, of: str, where: str, provinces: int) -> None:
    coefficient = rank_correlation(value, known, provinces)
    if coefficient is not None and coefficient < SAME_ORDER:
        raise DataError(
            f"{where}: the provinces are ranked unlike {of} {near} (Spearman {coefficient:.2f}, at least {SAME_ORDER}); "
            "the figures stand beside the wrong names"
        )
