"""The shipped figures: complete, cited, and equal to the registers and totals they can be held against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.catalog.load import parse_yaml
from icdp.settings import FACTS, Settings
from icdp.sources import Fetched, adapter
from icdp.sources.base import Errand, Payload
from icdp.sources.observations import BASES, COLUMNS
from icdp.sources.workbook import entry_series

SETTINGS = Settings(home=Path("/nowhere"))


@pytest.fixture(scope="module")
def fetched(catalog: Catalog) -> list[Fetched]:
    return list(adapter("facts", catalog).fetch(Errand(SETTINGS, catalog, catalog.sources["facts"], 2024)))


@pytest.fixture(scope="module")
def figures(catalog: Catalog, fetched: list[Fetched]) -> pd.DataFrame:
    parse = adapter("facts", catalog).parse
    return pd.concat(
        [parse(Payload("facts", f.item, f.content, f.request, bytes.fromhex), catalog) for f in fetched],
        ignore_index=True,
    )


def of(figures: pd.DataFrame, series: str, year: int) -> pd.Series[float]:
    rows = figures[(figures["series"] == series) & (figures["year"] == year)]
    return rows.set_index("adcode")["value"]


def test_every_file_parses_and_no_figure_is_lost(figures: pd.DataFrame, fetched: list[Fetched]) -> None:
    assert len(figures) == 12_146
    assert figures["series"].nunique() == len(fetched) == 69
    lines = sum(len(f.content.decode("utf-8").split("---\n", 2)[2].splitlines()) - 1 for f in fetched)
    assert lines == 12_146, "one line a figure"
    assert tuple(figures.columns) == COLUMNS
    assert not figures.isna().any().any()


def test_every_file_is_a_series_of_the_catalogue(catalog: Catalog, figures: pd.DataFrame) -> None:
    shipped = set(figures["series"])
    fetched = {expected.series for source in catalog.sources.values() for expected in source.expects}
    assert shipped | fetched | set(entry_series(catalog).values()) == set(catalog.series)
    # Only live sites have these, and only analysts enter the others.
    assert set(catalog.series) - shipped == {
        "fixed_phone_users", "mobile_phone_users", "digital_city_share", "fiber_users", "industrial_power_price",
        "ipv4_share_registered", "labor_cost", "research_institutions", "ai_policies_issued", "aidc_policies_issued",
        "dual_carbon_policies_issued",
    }  # fmt: skip


def test_only_the_31_provinces_occur(catalog: Catalog, figures: pd.DataFrame) -> None:
    assert set(figures["adcode"]) == set(catalog.provinces)


def test_every_figure_names_publisher_title_and_address(figures: pd.DataFrame) -> None:
    for column in ("publisher", "title", "address", "basis", "unit"):
        assert (figures[column].str.strip() != "").all(), column
    assert set(figures["basis"]) == set(BASES)


def test_every_citation_is_one_that_figures_name(fetched: list[Fetched]) -> None:
    for payload in fetched:
        _, head, body = payload.content.decode("utf-8").split("---\n", 2)
        named = {line.split(",")[3] for line in body.splitlines()[1:]}
        assert named == set(parse_yaml(head)["citations"]), payload.item


def test_a_figure_keeps_its_text_and_the_line_it_stands_in(fetched: list[Fetched], figures: pd.DataFrame) -> None:
    lines = {f.item: f.content.decode("utf-8").splitlines() for f in fetched}
    for figure in figures.itertuples():
        cells = lines[str(figure.series)][int(figure.row) - 1].split(",")
        assert cells[:3] == [str(figure.year), figure.adcode, figure.value_text]
        assert float(str(figure.value_text)) == figure.value


def test_a_figure_spot_checked_by_hand(figures: pd.DataFrame) -> None:
    row = figures[(figures["series"] == "gdp_per_capita") & (figures["adcode"] == "110000") & (figures["year"] == 2023)]
    assert row[["value", "unit", "basis"]].to_numpy().tolist() == [[216722.0, "元", "published"]]


def test_the_payload_is_the_file_and_its_request_the_path_in_the_repository(fetched: list[Fetched]) -> None:
    gdp = next(f for f in fetched if f.item == "gdp")
    assert gdp.content == (FACTS / "series" / "gdp.csv").read_bytes()
    assert gdp.request == "include/facts/series/gdp.csv"
    assert pd.Timestamp(gdp.retrieved_at).tzinfo is not None


def test_every_year_takes_the_same_payloads(catalog: Catalog, fetched: list[Fetched], tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    of_2024 = {archive.put(f.content) for f in fetched}
    of_2015 = {
        archive.put(f.content)
        for f in adapter("facts", catalog).fetch(Errand(SETTINGS, catalog, catalog.sources["facts"], 2015))
    }
    assert of_2015 == of_2024


@pytest.mark.parametrize(("year", "filed", "without_province"), [(2023, 61, 0), (2024, 302, 8)])
def test_llm_filings_are_the_counts_of_the_register(
    catalog: Catalog, figures: pd.DataFrame, year: int, filed: int, without_province: int
) -> None:
    register = pd.read_csv(FACTS / "registers" / "llm_filings.csv", dtype=str, keep_default_na=False)
    by_then = register[register["filed_on"] <= f"{year}-12-31"]
    assert len(by_then) == filed
    central = by_then[by_then["adcode"] == ""]
    assert len(central) == without_province
    assert set(central["province"]) <= {"国资委"}, "filed by central state-owned enterprises, of no province"
    counted = by_then.groupby("adcode").size().reindex(list(catalog.provinces), fill_value=0).astype(float)
    shipped = of(figures, "llm_filings", year).reindex(list(catalog.provinces))
    assert shipped.to_dict() == counted.to_dict()
    assert shipped.sum() == filed - without_province


def test_the_register_of_filings_is_complete_and_in_order() -> None:
    register = pd.read_csv(FACTS / "registers" / "llm_filings.csv", dtype=str, keep_default_na=False)
    assert register["seq"].astype(int).tolist() == list(range(1, 303))
    assert register["filed_on"].max() <= "2024-12-31"


@pytest.mark.parametrize("year", range(2019, 2025))
def test_pilot_zones_are_the_counts_of_the_register(catalog: Catalog, figures: pd.DataFrame, year: int) -> None:
    register = pd.read_csv(FACTS / "registers" / "ai_pilot_zones.csv", dtype=str, keep_default_na=False)
    approved = register[register["approved_on"].str[:4].astype(int) <= year]
    counted = approved.groupby("adcode").size().reindex(list(catalog.provinces), fill_value=0).astype(float)
    shipped = of(figures, "ai_pilot_zones", year).reindex(list(catalog.provinces))
    assert shipped.to_dict() == counted.to_dict()


@pytest.mark.parametrize(
    ("series", "year", "printed", "summed"),
    [
        ("fixed_broadband_users", 2022, 58965, 58964.9),
        ("g5_stations_total", 2021, 142.5, 142.3),
        ("g5_stations_total", 2022, 231.2, 231.4),
        ("gov_websites", 2018, 16882, 16736),
        ("gov_websites", 2019, 13562, 13511),
    ],
)
def test_complete_years_add_up_to_the_printed_national_total(
    figures: pd.DataFrame, series: str, year: int, printed: float, summed: float
) -> None:
    totals = pd.read_csv(FACTS / "national_totals.csv").set_index(["series", "year"])
    assert totals.loc[(series, year), "value"] == printed
    provinces = of(figures, series, year)
    assert len(provinces) == 31
    assert round(provinces.sum(), 6) == summed
    # gov_websites: those of ministries belong to no province.
    assert abs(summed / printed - 1) < (0.009 if series == "gov_websites" else 0.0015)


def test_shares_of_addresses_leave_only_the_unlocated(figures: pd.DataFrame) -> None:
    sums = figures[figures["series"] == "ipv4_share"].groupby("year")["value"].sum()
    assert sums.between(93, 100).all()


def test_units_are_those_of_the_series_but_where_a_publisher_writes_another_name(
    catalog: Catalog, figures: pd.DataFrame
) -> None:
    pairs = figures[["series", "unit"]].drop_duplicates()
    others = {(s, u) for s, u in pairs.itertuples(index=False) if u != catalog.series[s].unit}
    assert others == {("idc_racks", "万标准机架"), ("power_consumption", "亿千瓦小时")}
    assert all(catalog.units.factor(u, catalog.series[s].unit) == 1 for s, u in others)
