"""What a province without a figure of the year gets, by the indicator's policy. All figures here are synthetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icdp.catalog import Catalog
from icdp.warehouse.values import Values, build_values

Make = Callable[..., Catalog]
Observed = Callable[..., pd.DataFrame]
Built = Callable[..., Values]

BEIJING, TIANJIN, HEBEI, SHANXI, NEIMENG = "110000", "120000", "130000", "140000", "150000"
YEAR = 2024


@pytest.fixture
def built(make_catalog: Make, observed: Observed) -> Built:
    """Build 2024 of one indicator out of year -> {adcode: figure}."""

    def build(missing: str, max_age: int, figures: Mapping[int, Mapping[str, float]]) -> Values:
        catalog = make_catalog(
            {"users": [("lines", "户", "as_defined")]}, {"lines": "户"}, max_age=max_age, missing=missing
        )
        rows = [observed("lines", year, values) for year, values in figures.items()]
        return build_values(catalog, pd.concat(rows, ignore_index=True), YEAR)

    return build


@pytest.fixture
def others(adcodes: list[str]) -> Callable[..., dict[str, float]]:
    """Return a function: the same figure for all provinces but those named."""

    def make(figure: float, *without: str) -> dict[str, float]:
        return {adcode: figure for adcode in adcodes if adcode not in without}

    return make


def cell(values: Values, adcode: str) -> tuple[object, ...] | None:
    rows = values.values[values.values["adcode"] == adcode]
    return None if rows.empty else tuple(rows[["value", "value_year", "status", "fill"]].iloc[0])


def rests_on(values: Values, adcode: str) -> list[tuple[str, int, float]]:
    rows = values.lineage[values.lineage["adcode"] == adcode]
    return list(rows[["of_adcode", "value_year", "value"]].itertuples(index=False, name=None))


def test_a_figure_between_two_known_years_lies_on_the_line_between_the_nearest(
    built: Built, others: Callable[..., dict[str, float]]
) -> None:
    values = built("interpolate", 3, {
        2021: {BEIJING: 1.0}, 2022: {BEIJING: 10.0}, 2024: others(50.0, BEIJING), 2026: {BEIJING: 40.0}, 2027: {BEIJING: 9.0},
    })  # fmt: skip
    assert cell(values, BEIJING) == (25.0, 2024, "I", "interpolated")
    assert rests_on(values, BEIJING) == [(BEIJING, 2022, 10.0), (BEIJING, 2026, 40.0)]
    assert cell(values, TIANJIN) == (50.0, 2024, "A", "none")


def test_years_count_in_the_line_not_figures(built: Built, others: Callable[..., dict[str, float]]) -> None:
    values = built("interpolate", 2, {2023: {BEIJING: 10.0}, 2024: others(50.0, BEIJING), 2026: {BEIJING: 40.0}})
    assert cell(values, BEIJING) == (20.0, 2024, "I", "interpolated")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({2023: 10.0}, (10.0, 2023, "I", "carried")),
        ({2025: 30.0}, None),
        ({2022: 10.0, 2025: 30.0}, None),
        ({2023: 10.0, 2026: 30.0}, (10.0, 2023, "I", "carried")),
        ({2023: 10.0, 2025: 30.0}, (20.0, 2024, "I", "interpolated")),
        ({2023: 10.0, 2024: 11.0, 2025: 30.0}, (11.0, 2024, "A", "none")),
    ],
    ids=["nothing after: carried", "nothing before: missing", "too old before: missing", "too late after: carried",
         "both", "its own figure"],
)  # fmt: skip
def test_nothing_is_drawn_beyond_two_known_years_within_max_age(
    built: Built, others: Callable[..., dict[str, float]], known: dict[int, float], expected: tuple[object, ...] | None
) -> None:
    figures = {year: {BEIJING: figure} for year, figure in known.items()}
    figures[2024] = others(50.0, BEIJING) | figures.get(2024, {})
    assert cell(built("interpolate", 1, figures), BEIJING) == expected


def test_a_group_median_is_that_of_the_region_and_names_the_figures_it_rests_on(
    built: Built, others: Callable[..., dict[str, float]]
) -> None:
    values = built("group_median", 1, {
        2023: {TIANJIN: 4.0},
        2024: others(99.0, BEIJING, TIANJIN) | {HEBEI: 1.0, SHANXI: 9.0, NEIMENG: 2.0},
    })  # fmt: skip
    assert cell(values, BEIJING) == (3.0, 2024, "I", "group_median")  # of 1, 2, 4, 9
    assert cell(values, TIANJIN) == (4.0, 2023, "I", "carried")
    assert rests_on(values, BEIJING) == [
        (TIANJIN, 2023, 4.0), (HEBEI, 2024, 1.0), (SHANXI, 2024, 9.0), (NEIMENG, 2024, 2.0),
    ]  # fmt: skip
    row = values.coverage.iloc[0]
    assert (row["when_missing"], row["provinces"], row["provinces_current"], row["carried"], row["imputed"]) == (
        "group_median", 30, 29, 1, 1,
    )  # fmt: skip
    assert row["missing"] == "北京"


def test_one_province_alone_is_no_group(built: Built, others: Callable[..., dict[str, float]]) -> None:
    values = built("group_median", 0, {2024: others(5.0, BEIJING, TIANJIN, HEBEI, SHANXI)})
    assert [cell(values, adcode) for adcode in (BEIJING, TIANJIN, HEBEI, SHANXI)] == [None] * 4


def test_left_missing_is_not_even_carried(built: Built, others: Callable[..., dict[str, float]]) -> None:
    figures = {2023: others(4.0), 2024: others(5.0, BEIJING)}
    assert cell(built("leave", 1, figures), BEIJING) is None


def test_carried_at_most_max_age_and_missing_beyond(built: Built, others: Callable[..., dict[str, float]]) -> None:
    values = built("carry", 2, {2021: {BEIJING: 1.0}, 2022: {TIANJIN: 2.0}, 2024: others(5.0, BEIJING, TIANJIN)})
    assert cell(values, BEIJING) is None
    assert cell(values, TIANJIN) == (2.0, 2022, "I", "carried")


@pytest.mark.parametrize("missing", ["interpolate", "group_median"])
def test_imputed_values_never_bring_a_series_into_use(
    built: Built, others: Callable[..., dict[str, float]], adcodes: list[str], missing: str
) -> None:
    figures = {2024: dict.fromkeys(adcodes[:24], 5.0), 2025: others(7.0)}
    values = built(missing, 1, figures)
    assert values.values.empty
    assert not values.coverage["in_use"].any()


figure = st.floats(-1e6, 1e6, allow_nan=False)
years = st.integers(2021, 2027)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    missing=st.sampled_from(["carry", "interpolate", "group_median", "leave"]),
    beijing=st.dictionaries(years, figure),
    tianjin=st.dictionaries(years, figure),
)
def test_every_filled_cell_says_how_and_lies_within_what_it_rests_on(
    catalog: Catalog, observed: Observed, missing: str, beijing: dict[int, float], tianjin: dict[int, float]
) -> None:
    node = catalog.nodes["gdp_per_capita"].model_copy(update={"missing": missing, "max_age": 2})
    one = replace(
        catalog,
        nodes={"composite": catalog.nodes["composite"], node.node: node},
        bindings={node.node: catalog.bindings[node.node]},
    )
    rows = [
        observed("gdp_per_capita", YEAR, {a: 5.0 for a in catalog.provinces if a not in (BEIJING, TIANJIN)}, unit="元")
    ]
    for adcode, known in ((BEIJING, beijing), (TIANJIN, tianjin)):
        rows += [observed("gdp_per_capita", year, {adcode: value}, unit="元") for year, value in known.items()]
    values = build_values(one, pd.concat(rows, ignore_index=True), YEAR)
    for row in values.values.itertuples():
        basis = values.lineage[values.lineage["adcode"] == row.adcode]
        low, high = basis["value"].min(), basis["value"].max()
        assert (row.status == "I") == (row.fill != "none")
        assert low - 1e-6 <= row.value <= high + 1e-6
        assert {
            "none": set(basis["value_year"]) == {YEAR} and row.value == low == high,
            "carried": missing != "leave" and set(basis["value_year"]) == {row.value_year} and YEAR - 2 <= row.value_year < YEAR,
            "interpolated": missing == "interpolate" and len(basis) == 2 and basis["value_year"].min() < YEAR < basis["value_year"].max(),
            "group_median": missing == "group_median" and row.adcode not in set(basis["of_adcode"]),
        }[row.fill]  # fmt: skip
    table = values.coverage.iloc[0]
    assert table["provinces"] + table["imputed"] == len(values.values)
