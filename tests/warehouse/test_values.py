"""Which figure becomes the value of an indicator, and what is said about it. All figures here are synthetic."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from icdp.catalog import Catalog
from icdp.warehouse.values import Values, build_values, current_observations

Make = Callable[..., Catalog]
Observed = Callable[..., pd.DataFrame]

DEFINED = ("lines", "户", "as_defined")
PROXY = ("homes", "户", "proxy")
SERIES = {"lines": "户", "homes": "户"}
YEAR = 2024


@pytest.fixture
def two(make_catalog: Make) -> Catalog:
    """One indicator, defined by ``lines``; ``homes`` may stand in."""
    return make_catalog({"users": [DEFINED, PROXY]}, SERIES)


def built(catalog: Catalog, *observations: pd.DataFrame, year: int = YEAR) -> Values:
    return build_values(catalog, pd.concat(observations, ignore_index=True), year)


def coverage(values: Values, indicator: str = "users") -> pd.Series[object]:
    return values.coverage.set_index("indicator").loc[indicator]


def column(values: Values, name: str) -> dict[str, object]:
    return dict(zip(values.values["adcode"], values.values[name], strict=True))


def test_a_binding_needs_25_provinces_and_24_are_too_few(two: Catalog, observed: Observed) -> None:
    homes = observed("homes", YEAR, [7] * 31)
    enough = built(two, observed("lines", YEAR, [5] * 25), homes)
    assert set(enough.values["fidelity"]) == {"as_defined"}
    assert enough.values["value"].tolist() == [5.0] * 25
    short = built(two, observed("lines", YEAR, [5] * 24), homes)
    assert set(short.values["fidelity"]) == {"proxy"}
    assert short.values["value"].tolist() == [7.0] * 31, "figures of two bindings are never mixed"


def test_the_defined_series_is_used_although_the_stand_in_has_more_provinces(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", YEAR, [5] * 30), observed("homes", YEAR, [7] * 31))
    row = coverage(values)
    assert (row["expression"], row["fidelity"], row["provinces"], row["provinces_current"]) == (
        "lines", "as_defined", 30, 30,
    )  # fmt: skip
    assert row["missing"] == two.provinces["650000"].short_zh
    assert (row["note_zh"], row["note_en"]) == ("注 lines", "note lines")


def test_figures_of_the_year_are_published_values(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", YEAR, range(1, 32)))
    first = values.values.iloc[0].to_dict()
    assert first == {
        "adcode": "110000", "value": 1.0, "indicator": "users", "unit": "户", "status": "A", "value_year": 2024,
        "fill": "none", "fidelity": "as_defined", "basis": "published", "expression": "lines", "series": "lines", "source": "facts",
        "layer": "base", "source_url": "https://facts.example/lines", "payload_sha256": "p1",
        "retrieved_at": pd.Timestamp("2026-01-01", tz="UTC"), "year": 2024,
    }  # fmt: skip
    assert values.values["value"].tolist() == [float(v) for v in range(1, 32)]


def test_a_year_without_figures_takes_those_of_the_year_before_and_says_so(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", 2023, [5] * 31), observed("lines", 2022, [4] * 31))
    assert set(values.values["status"]) == {"I"}
    assert set(values.values["value_year"]) == {2023}
    assert set(values.values["value"]) == {5.0}
    row = coverage(values)
    assert (row["provinces"], row["provinces_current"], row["value_year_min"], row["value_year_max"]) == (
        31, 0, 2023, 2023,
    )  # fmt: skip


def test_a_province_without_a_figure_takes_its_own_of_the_year_before(
    two: Catalog, observed: Observed, adcodes: list[str]
) -> None:
    values = built(two, observed("lines", YEAR, [5] * 30), observed("lines", 2023, [4] * 31))
    assert column(values, "value") == dict.fromkeys(adcodes[:30], 5.0) | {adcodes[30]: 4.0}
    assert column(values, "status") == dict.fromkeys(adcodes[:30], "A") | {adcodes[30]: "I"}
    assert column(values, "value_year") == dict.fromkeys(adcodes[:30], 2024) | {adcodes[30]: 2023}
    assert coverage(values)["missing"] == ""


def test_figures_older_than_max_age_are_missing_with_the_reason(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", 2022, [5] * 31), observed("homes", YEAR, [7] * 24))
    assert values.values.empty
    assert values.lineage.empty
    row = coverage(values)
    assert (row["in_use"], row["provinces"], row["missing"]) == (False, 24, "all 31")
    assert row["note_en"] == (
        "lines: 0 provinces in 2023-2024; homes: 24 provinces in 2023-2024 (at least 25 are needed)"
    )
    assert row["note_zh"] == "lines：2023-2024 年 0 省；homes：2023-2024 年 24 省（至少需要 25 省）"
    assert row[["expression", "fidelity", "unit", "value_year_min", "value_year_max"]].isna().all()


def test_max_age_0_allows_the_year_itself_alone(make_catalog: Make, observed: Observed) -> None:
    catalog = make_catalog({"users": [DEFINED]}, SERIES, max_age=0)
    values = built(catalog, observed("lines", 2023, [5] * 31))
    assert values.values.empty
    assert coverage(values)["note_en"] == "lines: 0 provinces in 2024 (at least 25 are needed)"


def test_figures_of_a_later_year_are_never_used(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", 2025, [9] * 31), observed("lines", YEAR, [5] * 25))
    assert values.values["value"].tolist() == [5.0] * 25


def test_an_indicator_without_bindings_is_missing_with_the_reason(make_catalog: Make, observed: Observed) -> None:
    values = built(make_catalog({"users": [DEFINED], "other": []}, SERIES), observed("lines", YEAR, [5] * 31))
    row = coverage(values, "other")
    assert (row["in_use"], row["provinces"], row["missing"]) == (False, 0, "all 31")
    assert row["note_en"] == "no provincial figures are known, and no stand-in fits"
    assert row["note_zh"] == "没有可用的省级数据，也没有合适的替代"


def test_a_stand_in_of_the_year_goes_before_carried_figures(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", 2023, [5] * 31), observed("homes", YEAR, [7] * 31))
    assert set(values.values["series"]) == {"homes"}
    carried = built(two, observed("lines", 2023, [5] * 31), observed("homes", 2023, [7] * 31))
    assert set(carried.values["series"]) == {"lines"}


@pytest.mark.parametrize(
    ("year", "basis", "fidelity", "status"),
    [
        (2024, "published", "as_defined", "A"),
        (2024, "secondary", "as_defined", "A"),
        (2024, "derived", "as_defined", "A"),
        (2024, "estimated", "as_defined", "E"),
        (2024, "published", "estimated", "E"),
        (2023, "published", "as_defined", "I"),
        (2023, "estimated", "estimated", "I"),
    ],
)
def test_the_status_tells_estimated_and_carried_values(
    make_catalog: Make, observed: Observed, year: int, basis: str, fidelity: str, status: str
) -> None:
    catalog = make_catalog({"users": [("lines", "户", fidelity)]}, SERIES)
    values = built(catalog, observed("lines", year, [5] * 31, basis=basis))
    assert set(values.values["status"]) == {status}
    assert set(values.values["basis"]) == {basis}


def test_a_value_is_as_weak_as_its_weakest_figure(make_catalog: Make, observed: Observed, adcodes: list[str]) -> None:
    catalog = make_catalog({"users": [("lines + homes", "户", "as_defined")]}, SERIES)
    values = built(
        catalog,
        observed("lines", YEAR, [5] * 31),
        observed("homes", YEAR, dict.fromkeys(adcodes[1:], 2), basis="secondary"),
        observed("homes", YEAR, {adcodes[0]: 2}, basis="estimated"),
    )
    assert column(values, "basis") == dict.fromkeys(adcodes, "secondary") | {adcodes[0]: "estimated"}
    assert column(values, "status") == dict.fromkeys(adcodes, "A") | {adcodes[0]: "E"}
    assert set(values.values["value"]) == {7.0}


def test_figures_in_another_unit_of_the_kind_are_converted(
    make_catalog: Make, observed: Observed, adcodes: list[str]
) -> None:
    catalog = make_catalog({"users": [("lines", "户", "as_defined")]}, {"lines": "万户"}, unit="万户")
    values = built(
        catalog,
        observed("lines", YEAR, dict.fromkeys(adcodes[:15], 12.5), unit="万户"),
        observed("lines", YEAR, dict.fromkeys(adcodes[15:], 125_000), unit="户"),
    )
    assert values.values["value"].tolist() == pytest.approx([12.5] * 31, rel=1e-15)
    assert set(values.values["unit"]) == {"万户"}
    assert coverage(values)["unit"] == "万户"
    raw = dict(
        zip(values.lineage["adcode"], zip(values.lineage["value"], values.lineage["unit"], strict=True), strict=True)
    )
    assert (raw[adcodes[0]], raw[adcodes[30]]) == ((12.5, "万户"), (125_000.0, "户")), "lineage keeps what was printed"


def test_a_sum_of_series_in_two_units_is_made_in_the_unit_of_the_binding(
    make_catalog: Make, observed: Observed
) -> None:
    catalog = make_catalog(
        {"users": [("lines - homes", "万户", "as_defined")]}, {"lines": "万户", "homes": "户"}, unit="户"
    )
    values = built(catalog, observed("lines", YEAR, [5] * 31, unit="万户"), observed("homes", YEAR, [20_000] * 31))
    assert values.values["value"].tolist() == [30_000.0] * 31
    assert set(values.values["unit"]) == {"户"}


def test_a_product_is_made_in_the_unit_each_series_declares(make_catalog: Make, observed: Observed) -> None:
    catalog = make_catalog({"users": [("lines / 4", "户", "as_defined")]}, {"lines": "万户"}, unit="户")
    values = built(catalog, observed("lines", YEAR, [80_000] * 31, unit="户"))
    assert values.values["value"].tolist() == [2.0] * 31, (
        "80,000 户 are 8 万户; the binding says what a quarter of it is"
    )


def test_a_stand_in_of_another_kind_keeps_its_own_unit(make_catalog: Make, observed: Observed) -> None:
    catalog = make_catalog({"users": [("sales", "亿元", "proxy")]}, {"sales": "亿元"})
    values = built(catalog, observed("sales", YEAR, [3] * 31, unit="万元"))
    assert values.values["value"].tolist() == pytest.approx([0.0003] * 31)
    assert set(values.values["unit"]) == {"亿元"}
    assert coverage(values)["unit"] == "亿元"


def test_the_workbook_goes_before_live_figures_and_those_before_the_shipped_ones(
    two: Catalog, observed: Observed, adcodes: list[str]
) -> None:
    # The moments fall the other way, so that the layer alone decides.
    base = observed("lines", YEAR, [1] * 31, payload="p1", retrieved_at="2026-03-03")
    live = observed("lines", YEAR, [2] * 20, layer="live", source="nbs", payload="p2", retrieved_at="2026-02-02")
    workbook = observed(
        "lines", YEAR, [3] * 10, layer="workbook", source="workbook", payload="p3", retrieved_at="2026-01-01"
    )
    values = built(two, base, workbook, live)
    assert values.values["value"].tolist() == [3.0] * 10 + [2.0] * 10 + [1.0] * 11
    expected = ["workbook"] * 10 + ["live"] * 10 + ["base"] * 11
    assert values.values["layer"].tolist() == values.lineage["layer"].tolist() == expected
    assert values.values["source"].tolist() == ["workbook"] * 10 + ["nbs"] * 10 + ["facts"] * 11
    assert values.values["payload_sha256"].tolist() == ["p3"] * 10 + ["p2"] * 10 + ["p1"] * 11


def test_the_layer_decides_between_figures_of_one_year_not_between_years(two: Catalog, observed: Observed) -> None:
    values = built(
        two,
        observed("lines", YEAR, [1] * 31),
        observed("lines", 2023, [3] * 31, layer="workbook", source="workbook", payload="p3"),
    )
    assert set(values.values["value"]) == {1.0}


def test_within_a_layer_the_figure_taken_last_is_current(observed: Observed) -> None:
    old = observed("lines", YEAR, [1, 1], payload="p9", retrieved_at="2026-01-01")
    new = observed("lines", YEAR, [2], payload="p1", retrieved_at="2026-01-02")
    for order in ([old, new], [new, old]):
        current = current_observations(pd.concat(order, ignore_index=True))
        assert current["value"].tolist() == [2.0, 1.0]


def test_zero_is_a_value(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", YEAR, [0] * 31))
    assert values.values["value"].tolist() == [0.0] * 31
    assert coverage(values)["provinces"] == 31


def test_operands_of_a_value_are_all_of_one_year(make_catalog: Make, observed: Observed, adcodes: list[str]) -> None:
    catalog = make_catalog({"users": [("lines - homes", "户", "as_defined")]}, SERIES)
    values = built(
        catalog,
        observed("lines", YEAR, [9] * 31),
        observed("homes", YEAR, [1] * 30),
        observed("lines", 2023, [5] * 31),
        observed("homes", 2023, [2] * 31),
    )
    assert column(values, "value") == dict.fromkeys(adcodes[:30], 8.0) | {adcodes[30]: 3.0}
    assert column(values, "value_year")[adcodes[30]] == 2023
    used = values.lineage[values.lineage["adcode"] == adcodes[30]]
    assert used[["series", "value_year", "value"]].to_numpy().tolist() == [["homes", 2023, 2.0], ["lines", 2023, 5.0]]


def test_a_province_absent_from_a_table_counts_as_zero_only_in_a_year_that_has_the_table(
    make_catalog: Make, observed: Observed, adcodes: list[str]
) -> None:
    catalog = make_catalog({"users": [("lines - absent_as_zero(homes)", "户", "as_defined")]}, SERIES)
    lines, homes = observed("lines", YEAR, [9] * 31), observed("homes", YEAR, {adcodes[3]: 4})
    values = built(catalog, lines, homes)
    assert column(values, "value") == dict.fromkeys(adcodes, 9.0) | {adcodes[3]: 5.0}
    assert len(values.lineage) == 32
    before = [observed("lines", 2023, [6] * 31), observed("homes", 2023, {adcodes[3]: 4})]
    not_published = built(catalog, lines, *before)
    assert column(not_published, "value") == dict.fromkeys(adcodes, 6.0) | {adcodes[3]: 2.0}
    assert set(not_published.values["status"]) == {"I"}


def test_the_source_of_a_value_is_that_of_its_first_series_that_has_the_province(
    make_catalog: Make, observed: Observed, adcodes: list[str]
) -> None:
    catalog = make_catalog({"users": [("absent_as_zero(homes) + lines", "户", "as_defined")]}, SERIES)
    values = built(catalog, observed("lines", YEAR, [9] * 31), observed("homes", YEAR, {adcodes[3]: 4}, payload="p2"))
    assert set(values.values["series"]) == {"homes lines"}
    assert column(values, "payload_sha256") == dict.fromkeys(adcodes, "p1") | {adcodes[3]: "p2"}
    assert column(values, "value") == dict.fromkeys(adcodes, 9.0) | {adcodes[3]: 13.0}


def test_division_by_zero_is_no_value(make_catalog: Make, observed: Observed, adcodes: list[str]) -> None:
    catalog = make_catalog({"users": [("lines / homes", "户", "as_defined")]}, SERIES)
    values = built(catalog, observed("lines", YEAR, [8] * 31), observed("homes", YEAR, [0] + [2] * 30))
    assert column(values, "value") == dict.fromkeys(adcodes[1:], 4.0)
    assert coverage(values)["missing"] == "北京"


def test_lineage_tells_every_figure_a_value_was_made_from(two: Catalog, observed: Observed) -> None:
    values = built(two, observed("lines", YEAR, range(1, 32)), observed("homes", YEAR, [7] * 31))
    assert len(values.lineage) == 31, "the binding that was not used left no trace"
    assert values.lineage.iloc[1].to_dict() == {
        "adcode": "120000", "series": "lines", "value_year": 2024, "of_adcode": "120000", "value": 2.0, "value_text": "2", "unit": "户",
        "basis": "published", "source": "facts", "layer": "base", "publisher": "某统计局", "title": "某年鉴",
        "source_url": "https://facts.example/lines", "locator": "行2", "note": "", "row": 2, "payload_sha256": "p1",
        "receipt": "r-p1", "retrieved_at": pd.Timestamp("2026-01-01", tz="UTC"), "indicator": "users", "year": 2024,
    }  # fmt: skip


def test_the_order_of_observations_does_not_matter(two: Catalog, observed: Observed) -> None:
    table = pd.concat(
        [
            observed("lines", YEAR, range(1, 31)),
            observed("lines", YEAR, [9] * 10, layer="live", source="nbs", payload="p2"),
            observed("lines", 2023, [4] * 31),
            observed("homes", YEAR, [7] * 31),
        ],
        ignore_index=True,
    )
    expected = build_values(two, table, YEAR)
    for seed in range(5):
        got = build_values(two, table.sample(frac=1, random_state=seed, ignore_index=True), YEAR)
        pd.testing.assert_frame_equal(got.values, expected.values)
        pd.testing.assert_frame_equal(got.lineage, expected.lineage)
        pd.testing.assert_frame_equal(got.coverage, expected.coverage)
