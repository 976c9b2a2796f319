"""Each check passes on the clean year and names what is wrong with a spoilt one (spoilt figures are synthetic)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from icdp.catalog import Catalog, load_catalog
from icdp.catalog.model import Check
from icdp.errors import CatalogError, DataError
from icdp.quality import YearData, read_national_totals, run_checks
from icdp.quality.rules import RULES
from icdp.settings import CATALOG, FACTS

YEAR = 2023
SERIES = "fixed_broadband_users"
INDICATOR = "fiber_users"


@pytest.fixture
def catalog() -> Catalog:
    return load_catalog(CATALOG)


@pytest.fixture
def clean(catalog: Catalog) -> YearData:
    """One synthetic series and indicator: 31 provinces with 1000, 1001, ... 万户; the total printed is their sum."""
    codes = list(catalog.provinces)
    figures = [1000.0 + i for i in range(len(codes))]
    observations = pd.DataFrame(
        {"series": SERIES, "year": YEAR, "adcode": codes, "value": figures, "unit": "万户", "payload_sha256": "0" * 64}
    )
    values = pd.DataFrame({"adcode": codes, "indicator": INDICATOR, "value": figures, "value_year": YEAR})
    coverage = pd.DataFrame(
        [
            {"indicator": name, "in_use": position < 12, "provinces": 31, "missing": ""}
            for position, name in enumerate(catalog.indicators)
        ]
    )
    totals = pd.DataFrame(
        [
            {
                "series": SERIES,
                "year": YEAR,
                "value": sum(figures),
                "unit": "万户",
                "publisher": "synthetic",
                "source_title": "synthetic",
            }
        ]
    )
    return YearData(catalog, YEAR, observations, values, coverage, totals)


def check(rule: str, **parameters: object) -> Check:
    return Check.model_validate({"check": "tested", "rule": rule, "severity": "error", "reason": "test"} | parameters)


def run(data: YearData, rule: str, **parameters: object) -> list[tuple[str, bool, str]]:
    return [(f.subject, f.passed, f.observed) for f in RULES[rule](data, check(rule, **parameters))]


def change(data: YearData, table: str, row: int, **cells: object) -> YearData:
    frame = getattr(data, table).copy()
    for column, value in cells.items():
        if isinstance(value, str):
            frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
    return replace(data, **{table: frame})


PARAMETERS: dict[str, dict[str, object]] = {
    "sum_between": {"series": SERIES, "min": 31000, "max": 32000},
    "national_total": {"series": SERIES, "tolerance": 0.005},
}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_clean_year_passes_every_rule(clean: YearData, rule: str) -> None:
    found = run(clean, rule, **PARAMETERS.get(rule, {}))
    assert found
    assert all(passed for _, passed, _ in found), found


def ten_times(data: YearData) -> YearData:
    return replace(data, observations=data.observations.assign(value=data.observations["value"] * 10_000))


SPOILT: dict[str, tuple[str, Callable[[YearData], YearData], tuple[str, str]]] = {
    "an unknown province": (
        "known_provinces", lambda d: change(d, "observations", 3, adcode="990000"), ("observations", "990000"),
    ),
    "a province lost": (
        "known_provinces", lambda d: replace(d, values=d.values[d.values["adcode"] != "510000"]), ("provinces", "四川"),
    ),
    "a province without a value": (
        "province_coverage", lambda d: change(d, "coverage", 0, provinces=30, missing="西藏"), ("ai_policies", "30 provinces"),
    ),
    "a row twice": (
        "unique_keys", lambda d: replace(d, observations=pd.concat([d.observations, d.observations.tail(1)])),
        ("observations", f"{SERIES}, {YEAR}, 650000, {'0' * 64}"),
    ),
    "another kind of unit": (
        "declared_units", lambda d: change(d, "observations", 0, unit="亿千瓦时"), (SERIES, "亿千瓦时"),
    ),
    "one value ten thousand times as large": (
        "plausible_range", lambda d: change(d, "observations", 0, value=1e7), (SERIES, "1001 to 1e+07"),
    ),
    "户 passed as 万户": ("plausible_range", ten_times, (SERIES, "1e+07 to 1.03e+07")),
    "a negative count": ("plausible_range", lambda d: change(d, "observations", 0, value=-1.0), (SERIES, "-1 to 1030")),
    "too few indicators": (
        "enough_indicators", lambda d: change(d, "coverage", 0, in_use=False), ("indicators", "11 in use"),
    ),
    "a stale value": (
        "not_older_than_max_age", lambda d: change(d, "values", 0, value_year=2021), (INDICATOR, "2021 to 2023"),
    ),
    "a value from the future": (
        "not_older_than_max_age", lambda d: change(d, "values", 0, value_year=2024), (INDICATOR, "2023 to 2024"),
    ),
    "a constant column": (
        "constant_indicator", lambda d: replace(d, values=d.values.assign(value=7.0)), (INDICATOR, "1 distinct values"),
    ),
    "one province alone not zero": (
        "single_nonzero", lambda d: change(replace(d, values=d.values.assign(value=0.0)), "values", 5, value=3.0),
        (INDICATOR, "1 provinces not 0"),
    ),
    "a sum beyond its bounds": (
        "sum_between", lambda d: change(d, "observations", 0, value=2000.0), (SERIES, "32465"),
    ),
    "a total that is not the printed one": (
        "national_total", lambda d: change(d, "observations", 0, value=1500.0), (SERIES, "31965 万户 (+1.589%)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", SPOILT)
def test_a_fault_is_found_and_named(clean: YearData, fault: str) -> None:
    rule, spoil, expected = SPOILT[fault]
    failed = [
        (s, observed) for s, passed, observed in run(spoil(clean), rule, **PARAMETERS.get(rule, {})) if not passed
    ]
    assert failed == [expected]


def test_every_rule_has_a_fault_that_it_finds() -> None:
    assert {rule for rule, _, _ in SPOILT.values()} == set(RULES)


def test_a_total_is_compared_in_the_printed_unit(clean: YearData) -> None:
    printed = clean.national_totals.assign(value=clean.national_totals["value"] * 10_000, unit="户")
    assert [
        p for _, p, _ in run(replace(clean, national_totals=printed), "national_total", **PARAMETERS["national_total"])
    ] == [True]


def test_an_incomplete_year_is_not_held_against_a_total(clean: YearData) -> None:
    fewer = replace(clean, observations=clean.observations.tail(30))
    assert run(fewer, "national_total", **PARAMETERS["national_total"]) == []
    assert run(fewer, "sum_between", **PARAMETERS["sum_between"]) == []


def test_results_are_one_row_a_check_and_subject_and_silent_where_all_is_well(clean: YearData) -> None:
    results = run_checks(clean)
    assert list(results.columns) == [
        "year",
        "check_id",
        "severity",
        "subject",
        "passed",
        "observed",
        "expected",
        "message",
    ]
    assert not results.duplicated(["check_id", "subject"]).any()
    assert set(results.loc[results["passed"], "message"]) == {""}


def test_a_check_with_an_unknown_rule_or_without_its_parameter_is_refused_by_name(clean: YearData) -> None:
    checks = {"tested": check("no_such_rule")}
    with pytest.raises(CatalogError, match=r"quality\.yaml: tested: rule 'no_such_rule' does not exist; use one of"):
        run_checks(replace(clean, catalog=replace(clean.catalog, checks=checks)))
    with pytest.raises(CatalogError, match="tested: rule national_total needs series, tolerance"):
        run(clean, "national_total", series=SERIES)
    with pytest.raises(CatalogError, match=r"series 'none_such' is not in series\.csv"):
        run(clean, "sum_between", series="none_such", min=0, max=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("series,year,value,unit,publisher\na,2020,1,个,x\n", "column 'source_title' is missing"),
        ("series,year,value,unit,publisher,source_title\na,2020,many,个,x,y\n", "row 2: value 'many' is no number"),
        (
            "series,year,value,unit,publisher,source_title\na,2020,1,个,x,y\na,2020,2,个,x,y\n",
            "row 3: a of 2020 stands twice",
        ),
    ],
)
def test_a_broken_list_of_national_totals_is_named_with_its_row(
    tmp_path, catalog: Catalog, text: str, message: str
) -> None:
    path = tmp_path / "national_totals.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_national_totals(path, catalog)


def test_the_shipped_national_totals_are_readable(catalog: Catalog) -> None:
    totals = read_national_totals(FACTS / "national_totals.csv", catalog)
    printed = totals.set_index(["series", "year"])["value"]
    assert printed["fixed_broadband_users", 2022] == 58965
    assert printed["g5_stations_total", 2021] == 142.5
