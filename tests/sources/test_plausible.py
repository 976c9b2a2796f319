"""Figures against those known before: silent on every shipped year, loud when figures stand beside the wrong names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest
from tests.replica.figures import figures

from icdp.catalog import Catalog, load_catalog
from icdp.errors import DataError
from icdp.settings import CATALOG, FACTS, Settings
from icdp.sources import plausible
from icdp.sources.base import Payload

LIVE = [
    (source.source, expected.series)
    for source in load_catalog(CATALOG).sources.values()
    for expected in source.expects
    if (FACTS / "series" / f"{expected.series}.csv").exists()
]
STEADY = [
    (source.source, expected.series, expected.steady)
    for source in load_catalog(CATALOG).sources.values()
    for expected in source.expects
    if expected.steady and (source.source, expected.series) in LIVE
]


@contextmanager
def unknown(series: str, year: int) -> Iterator[None]:
    """The shipped figures of a series as they were before ``year`` was known."""
    shipped = plausible.shipped

    def before(asked: str, catalog: Catalog, settings: Settings) -> pd.DataFrame:
        known = shipped(asked, catalog, settings)
        return known.drop(columns=year, errors="ignore") if asked == series else known

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plausible, "shipped", before)
        yield


def check(source: str, series: str, table: pd.DataFrame, year: int, catalog: Catalog, home: object) -> None:
    payload = Payload(source, "item/1", b"", "https://site.example", bytes.fromhex)
    with unknown(series, year):
        plausible.check_plausible(payload, table, catalog, Settings(home=home))  # type: ignore[arg-type]


def of_year(series: str, year: int) -> pd.DataFrame:
    table = figures(series)
    return table[table["year"] == year].reset_index(drop=True)


@pytest.mark.parametrize(("source", "series"), LIVE)
def test_no_shipped_year_would_have_been_refused(source: str, series: str, catalog: Catalog, tmp_path: object) -> None:
    years = sorted(figures(series)["year"].unique())
    for year in years:
        check(source, series, of_year(series, year), year, catalog, tmp_path)
    assert years


def test_no_series_that_is_settled_ever_ranked_the_provinces_otherwise(catalog: Catalog, tmp_path: object) -> None:
    """Of all shipped series, fetched or not: left out one by one, no year contradicts those that stay."""
    compared = 0
    for series in catalog.series:
        known = plausible.shipped(series, catalog, Settings(home=tmp_path))  # type: ignore[arg-type]
        for year in known.columns:
            rest = known.drop(columns=year)
            near = plausible.nearest(rest, year)
            if near is None or not plausible.is_settled(rest, len(catalog.provinces)):
                continue
            coefficient = plausible.rank_correlation(known[year], near[1], len(catalog.provinces))
            if coefficient is not None:
                compared += 1
                assert coefficient >= plausible.SAME_ORDER, (series, year, near[0])
    assert compared > 250


@pytest.mark.parametrize(("source", "series", "steady"), STEADY)
def test_a_steady_series_keeps_well_within_its_bound(
    source: str, series: str, steady: float, catalog: Catalog, tmp_path: object
) -> None:
    known = plausible.shipped(series, catalog, Settings(home=tmp_path))  # type: ignore[arg-type]
    largest = 1.0
    for year in known.columns:
        for other in known.columns:
            if 0 < other - year <= plausible.NEIGHBOURS:
                ratio = plausible.moves(known[other], known[year])
                largest = max(largest, float((ratio / ratio.median()).max()), float((ratio.median() / ratio).max()))
    assert largest * 1.15 <= steady, f"{series} moved by {largest:.3f}"


def test_figures_one_row_off_are_refused_wherever_the_order_means_something(catalog: Catalog, tmp_path: object) -> None:
    refused = []
    for source, series in LIVE:
        known = plausible.shipped(series, catalog, Settings(home=tmp_path))  # type: ignore[arg-type]
        year = int(known.columns.max())
        table = of_year(series, year)
        if len(table) < 31 or not plausible.is_settled(known.drop(columns=year), len(catalog.provinces)):
            continue
        table["value"] = table["value"].to_numpy()[[-1, *range(len(table) - 1)]]
        with pytest.raises(DataError, match=r"ranked unlike|relative to the others|times the figures known"):
            check(source, series, table, year, catalog, tmp_path)
        refused.append(series)
    assert len(refused) >= 18


def test_two_provinces_that_changed_places_are_named(catalog: Catalog, tmp_path: object) -> None:
    table = of_year("gdp", 2024).set_index("adcode")
    table.loc[["320000", "310000"], "value"] = table.loc[["310000", "320000"], "value"].to_numpy()
    with pytest.raises(DataError, match=r"gdp of 2024: 上海 \(2\.\d+ times\), 江苏 .* moved against 2023"):
        check("nbs", "gdp", table.reset_index(), 2024, catalog, tmp_path)


def test_where_nothing_is_known_a_series_that_must_be_held_against_something_waits(
    catalog: Catalog, tmp_path: object
) -> None:
    table = of_year("ipv4_share", 2024).assign(series="ipv4_share_registered", year=2031)
    with pytest.raises(DataError, match="nothing is known to hold it against, neither a year beside it nor ipv4_share"):
        check("cnnic", "ipv4_share_registered", table, 2031, catalog, tmp_path)


def test_a_kindred_series_tells_an_order_that_is_wrong(catalog: Catalog, tmp_path: object) -> None:
    table = of_year("ipv4_share", 2024).assign(series="ipv4_share_registered")
    check("cnnic", "ipv4_share_registered", table, 2024, catalog, tmp_path)
    table["value"] = sorted(table["value"], reverse=True)  # a table sorted by size, read in the provinces' order
    with pytest.raises(DataError, match=r"ranked unlike ipv4_share of 2024 \(Spearman 0\.5"):
        check("cnnic", "ipv4_share_registered", table, 2024, catalog, tmp_path)
