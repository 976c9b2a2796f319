"""Each rule passes on a clean year and names what is wrong with a spoilt one (all figures here are synthetic)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from icdp.catalog import Catalog, load_catalog
from icdp.catalog.checks import MODELS, Check
from icdp.errors import CatalogError, DataError
from icdp.quality import YearData, read_national_totals
from icdp.quality.rules import RULES
from icdp.settings import CATALOG, FACTS
from icdp.warehouse.values import Values

YEAR = 2023
SERIES = "fixed_broadband_users"
INDICATOR = "fiber_users"
ORIGIN = {
    "unit": "万户", "basis": "published", "publisher": "synthetic", "title": "synthetic", "address": "synthetic",
    "source": "facts", "layer": "base", "payload_sha256": "0" * 64,
}  # fmt: skip


@pytest.fixture
def catalog() -> Catalog:
    return load_catalog(CATALOG)


def level(position: int) -> float:
    """Provinces of very different size, as they are."""
    return 100.0 * math.exp(0.1 * ((position * 7) % 31))


@pytest.fixture
def clean(catalog: Catalog) -> YearData:
    """One synthetic series of two years that grows by about 5 % everywhere, and the indicator made of it."""
    codes = list(catalog.provinces)
    before = pd.DataFrame({"series": SERIES, "year": YEAR - 1, "adcode": codes})
    before["value"] = [level(i) for i in range(31)]
    now = before.assign(year=YEAR, value=[level(i) * (1.05 + 0.001 * (i % 5)) for i in range(31)])
    figures = pd.concat([before, now], ignore_index=True).assign(**ORIGIN)
    figures["value"] = figures["value"].round(2)
    figures["value_text"] = [repr(v) for v in figures["value"]]
    figures["retrieved_at"] = pd.Timestamp("2026-11-23", tz="UTC")
    own = figures[figures["year"] == YEAR]
    values = pd.DataFrame({"adcode": codes, "indicator": INDICATOR, "value": own["value"].to_numpy()})
    values = values.assign(
        value_year=YEAR, status="A", fidelity="proxy", expression=SERIES, series=SERIES, year=YEAR, **ORIGIN
    )
    coverage = pd.DataFrame(
        {
            "indicator": name, "in_use": position < 12, "provinces": 31, "missing": "", "fidelity": "proxy",
            "expression": SERIES, "value_year_max": YEAR,
        }
        for position, name in enumerate([INDICATOR, *(n for n in catalog.indicators if n != INDICATOR)])
    )  # fmt: skip
    lineage = pd.DataFrame({"series": SERIES, "adcode": codes, "of_adcode": codes, "value_year": YEAR})
    total = {"series": SERIES, "year": YEAR, "value": own["value"].sum(), "unit": "万户"}
    totals = pd.DataFrame([total | {"publisher": "synthetic", "source_title": "synthetic"}])
    return YearData.of(catalog, YEAR, figures, Values(values, lineage, coverage), totals)


def check(rule: str, **parameters: object) -> Check:
    common = {"check": "tested", "rule": rule, "severity": "error", "about": "series", "reason": "test"}
    return MODELS[rule].model_validate(common | {"message_zh": "试", "message_en": "test"} | parameters)


def run(data: YearData, rule: str, **parameters: object) -> list[tuple[str, bool, str]]:
    return [(f.subject, f.passed, f.observed) for f in RULES[rule](data, check(rule, **parameters))]


def change(data: YearData, table: str, row: int, **cells: object) -> YearData:
    """Change cells of one row; of ``figures`` counting from the first of the year."""
    frame = getattr(data, table).copy()
    at = frame.index[frame["year"] == YEAR][row] if table == "figures" else frame.index[row]
    for column, value in cells.items():
        if isinstance(value, str):
            frame[column] = frame[column].astype(object)
        frame.loc[at, column] = value
    return replace(data, **{table: frame})


def scaled(data: YearData, factor: float) -> YearData:
    own = data.figures["year"] == YEAR
    return replace(data, figures=data.figures.assign(value=data.figures["value"].where(~own, lambda v: v * factor)))


def figures(change_values: Callable[[pd.Series], list[float]]) -> Callable[[YearData], YearData]:  # type: ignore[type-arg]
    """Change the figures of the year as a column."""

    def spoil(data: YearData) -> YearData:
        frame = data.figures.copy()
        own = frame["year"] == YEAR
        frame.loc[own, "value"] = change_values(frame.loc[own, "value"])
        return replace(data, figures=frame)

    return spoil


def exchanged(values: pd.Series) -> list[float]:  # type: ignore[type-arg]
    swapped = values.to_list()
    swapped[3], swapped[20] = swapped[20], swapped[3]
    return swapped


BAND = {"k": 6, "floor": 0.15, "cap": 1.6, "count_floor": 4.5, "count_cap": 6}
ROWS = "SELECT 'all' AS subject, count(*) = 31 AS passed, count(*) AS observed, 31 AS expected FROM year_observations WHERE year = $year"
PARAMETERS: dict[str, dict[str, object]] = {
    "sum_between": {"series": SERIES, "min": 10_000, "max": 30_000},
    "national_total": {"series": SERIES, "tolerance": 0.005},
    "ratio_between": {"left": SERIES, "right": f"{SERIES}_before", "min": 1, "max": 1.1},
    "year_on_year": BAND,
    "common_factor": {"limit": 0.6},
    "repeated_year": {"share": 0.05, "apart": [1]},
    "swapped_provinces": {"move": 0.1, "near": 0.05, "k": 4},
    "shifted_rows": {"shifts": [-1, 1], "better": 1.5},
    "repeated_value": {"digits": 5},
    "sources_agree": {"tolerance": 0.01},
    "never_falls": {"series": [SERIES]},
    "outliers": {"skewness": 2, "kurtosis": 3.5},
    "directions": {"negative": ["industrial_power_price"]},
    "fidelity_register": {"claims": {}},
    "sql": {"sql": ROWS},
}


def second_source(data: YearData) -> YearData:
    more = data.figures[data.figures["year"] == YEAR].head(2)
    more = more.assign(value=more["value"] * 1.2, source="nbs", layer="live", payload_sha256="1" * 64)
    return replace(data, figures=pd.concat([data.figures, more], ignore_index=True))


def with_baseline(data: YearData) -> YearData:
    return replace(data, catalog=replace(data.catalog, baseline={(SERIES, YEAR): 32}))


def with_earlier(data: YearData) -> YearData:
    return replace(data, earlier={"2023-r1": data.coverage.assign(provinces=[32] + [31] * (len(data.coverage) - 1))})


SPOILT: dict[str, tuple[str, Callable[[YearData], YearData], tuple[str, str]]] = {
    "an unknown word": (
        "table_contract", lambda d: change(d, "values", 3, status="X"), ("indicator_values", "status: X (is a word of the catalogue)"),
    ),
    "a figure that is infinite": (
        "table_contract", lambda d: change(d, "figures", 3, value=math.inf), ("observations", "value: inf (is finite)"),
    ),
    "an unknown province": (
        "known_provinces", lambda d: change(d, "figures", 3, adcode="990000"), ("observations", "990000"),
    ),
    "a province lost": (
        "known_provinces", lambda d: replace(d, values=d.values[d.values["adcode"] != "510000"]), ("provinces", "四川"),
    ),
    "a province without a value": (
        "province_coverage", lambda d: change(d, "coverage", 0, provinces=30, missing="西藏"), (INDICATOR, "30 provinces"),
    ),
    "a row twice": (
        "unique_keys", lambda d: replace(d, figures=pd.concat([d.figures, d.figures.tail(1)])),
        ("observations", f"{SERIES}, {YEAR}, 650000, {'0' * 64}"),
    ),
    "another kind of unit": (
        "declared_units", lambda d: change(d, "figures", 0, unit="亿千瓦时"), (SERIES, "亿千瓦时"),
    ),
    "a negative count": ("plausible_range", lambda d: change(d, "figures", 0, value=-1.0), (SERIES, "-1 to 2113")),
    "户 passed as 万户": ("plausible_range", lambda d: scaled(d, 1e4), (SERIES, "1.05e+06 to 2.113e+07")),
    "too few indicators": (
        "enough_indicators", lambda d: change(d, "coverage", 0, in_use=False), ("indicators", "11 in use"),
    ),
    "fewer rows than the baseline": ("baseline_rows", with_baseline, (SERIES, "2023: 31 of 32")),
    "fewer provinces than the last revision": ("coverage_kept", with_earlier, (f"{INDICATOR} (2023-r1)", "31 provinces")),
    "a stale value": (
        "not_older_than_max_age", lambda d: change(d, "values", 0, value_year=2021), (INDICATOR, "2021 to 2023"),
    ),
    "a value from the future": (
        "not_older_than_max_age", lambda d: change(d, "values", 0, value_year=2024), (INDICATOR, "2023 to 2024"),
    ),
    "a carried column": (
        "carried_column", lambda d: change(d, "coverage", 0, value_year_max=2022), (INDICATOR, "newest figure of 2022"),
    ),
    "a constant column": (
        "constant_indicator", lambda d: replace(d, values=d.values.assign(value=7.0)), (INDICATOR, "1 distinct values"),
    ),
    "one province alone not zero": (
        "single_nonzero", lambda d: change(replace(d, values=d.values.assign(value=0.0)), "values", 5, value=3.0),
        (INDICATOR, "1 provinces not 0"),
    ),
    "one province far above all": (
        # One value far from n others that lie together: skewness is √n and excess kurtosis n, here of 31.
        "outliers", lambda d: change(d, "values", 0, value=1e6), (INDICATOR, "skewness 5.57, kurtosis 31.00"),
    ),
    "a claim too high": (
        "fidelity_register", lambda d: replace(d, values=d.values.assign(fidelity="as_defined")), (INDICATOR, f"as_defined ({SERIES})"),
    ),
    "a sum beyond its bounds": ("sum_between", lambda d: scaled(d, 2), (SERIES, "42408.1")),
    "a total that is not the printed one": (
        "national_total", lambda d: scaled(d, 1.02), (SERIES, "21628.131 万户 (+2.000%)"),
    ),
    "an identity broken": (
        "ratio_between", lambda d: change(d, "figures", 0, value=300.0), (f"{SERIES}_before", "北京 3"),
    ),
    "another source": ("sources_agree", second_source, (SERIES, "北京 126 (nbs) but 105 (facts), 天津 253.98 (nbs) but 211.65 (facts)")),
    "one province times ten": (
        "year_on_year", lambda d: change(d, "figures", 0, value=1050.0), (SERIES, "北京 100 → 1050"),
    ),
    "all provinces times ten": ("common_factor", lambda d: scaled(d, 10), (SERIES, "×10.5 for all provinces")),
    "last year's figures": (
        "repeated_year", figures(lambda v: [round(level(i), 2) for i in range(31)]), (SERIES, "100% of the figures are those of 2022"),
    ),
    "two provinces exchanged": ("swapped_provinces", figures(exchanged), (SERIES, "山西 ↔ 海南")),
    "rows moved down": (
        "shifted_rows", figures(lambda v: [*v.to_list()[-1:], *v.to_list()[:-1]]), (SERIES, "rows moved by +1 fit better"),
    ),
    "a row copied": (
        "repeated_value", figures(lambda v: [v.to_list()[1], *v.to_list()[1:]]), (SERIES, "北京 天津 = 211.65"),
    ),
    "a cumulative number that falls": (
        "never_falls", lambda d: change(d, "figures", 0, value=90.0), (SERIES, "北京 100 → 90"),
    ),
    "missing written as 0": ("became_zero", lambda d: change(d, "figures", 0, value=0.0), (SERIES, "北京")),
    "a check in SQL": ("sql", lambda d: replace(d, figures=d.figures.iloc[:-1]), ("all", "30")),
}  # fmt: skip


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"coverage_kept", "sources_agree"}))
def test_a_clean_year_passes_every_rule(clean: YearData, rule: str) -> None:
    found = run(clean, rule, **PARAMETERS.get(rule, {}))
    if rule == "baseline_rows":
        found = [entry for entry in found if entry[0] == SERIES]
        clean = replace(clean, catalog=replace(clean.catalog, baseline={(SERIES, YEAR): 31}))
        found = run(clean, rule)
    assert found
    assert all(passed for _, passed, _ in found), found


@pytest.mark.parametrize("rule", ["coverage_kept", "sources_agree"])
def test_what_there_is_nothing_to_hold_against_is_not_judged(clean: YearData, rule: str) -> None:
    assert run(clean, rule, **PARAMETERS.get(rule, {})) == []


@pytest.mark.parametrize("fault", SPOILT)
def test_a_fault_is_found_and_named(clean: YearData, fault: str) -> None:
    rule, spoil, expected = SPOILT[fault]
    found = run(spoil(clean), rule, **PARAMETERS.get(rule, {}))
    assert [(subject, observed) for subject, passed, observed in found if not passed] == [expected]


def test_every_rule_has_a_fault_that_it_finds(clean: YearData) -> None:
    # Directions are held against the tree, which a year's figures cannot spoil: tests/quality/corruptions.py does.
    assert {rule for rule, _, _ in SPOILT.values()} | {"directions"} == set(RULES)


def test_a_total_is_compared_in_the_printed_unit(clean: YearData) -> None:
    printed = clean.national_totals.assign(value=clean.national_totals["value"] * 10_000, unit="户")
    found = run(replace(clean, national_totals=printed), "national_total", **PARAMETERS["national_total"])
    assert [passed for _, passed, _ in found] == [True]


def test_an_incomplete_year_is_not_held_against_a_total(clean: YearData) -> None:
    fewer = replace(clean, figures=clean.figures.iloc[:-1])
    assert run(fewer, "national_total", **PARAMETERS["national_total"]) == []
    assert run(fewer, "sum_between", **PARAMETERS["sum_between"]) == []


def test_a_count_is_judged_by_the_square_root_and_a_quantity_by_the_logarithm(clean: YearData) -> None:
    # 4 to 25 is a change of 6 in 2√x, above the floor of 4.5; as a quantity a factor of 6, above the cap.
    small = figures(lambda v: [4.0] * 31)(clean)
    small = replace(small, figures=small.figures.assign(value=4.0))
    moved = change(small, "figures", 0, value=25.0)
    assert run(moved, "year_on_year", **BAND, counts=[SERIES]) == [(SERIES, False, "北京 4 → 25")]
    little = change(small, "figures", 0, value=16.0)  # a change of 4
    assert run(little, "year_on_year", **BAND, counts=[SERIES]) == [(SERIES, True, "none outside")]
    assert run(little, "year_on_year", **BAND) == [(SERIES, False, "北京 4 → 16")]


def test_a_series_that_rests_is_compared_with_the_last_year_it_has(clean: YearData) -> None:
    """Three years apart the floor is three times as wide."""
    older = clean.figures.assign(year=clean.figures["year"].where(clean.figures["year"] == YEAR, YEAR - 3))
    moved = change(replace(clean, figures=older), "figures", 0, value=100 * 1.05 * math.exp(0.4))
    assert [passed for _, passed, _ in run(moved, "year_on_year", **BAND)] == [True]
    moved = change(moved, "figures", 0, value=100 * 1.05 * math.exp(0.5))
    assert [passed for _, passed, _ in run(moved, "year_on_year", **BAND)] == [False]


def test_a_single_corrected_figure_is_no_other_scale(clean: YearData) -> None:
    many = clean.figures[clean.figures["year"] == YEAR].assign(
        source="workbook", layer="workbook", payload_sha256="1" * 64
    )
    many["value"] *= 2
    for provinces, passed in ((1, []), (31, [False])):
        two = replace(clean, figures=pd.concat([clean.figures, many.head(provinces)], ignore_index=True))
        assert [found[1] for found in run(two, "sources_agree", tolerance=0.3, share=0.2)] == passed
        assert [found[1] for found in run(two, "sources_agree", tolerance=0.01)] == [False]


def test_two_files_of_one_source_are_held_against_each_other(clean: YearData) -> None:
    more = clean.figures[clean.figures["year"] == YEAR].head(1)
    more = more.assign(value=more["value"] * 1.2, payload_sha256="1" * 64)
    twice = replace(clean, figures=pd.concat([clean.figures, more], ignore_index=True))
    assert run(twice, "sources_agree", tolerance=0.01) == [(SERIES, False, "北京 105 (facts) but 126 (facts)")]


def test_a_later_year_is_told_of_only_when_it_is_copied(clean: YearData) -> None:
    """So that figures of 2024 added to a file do not change what was found of 2023."""
    later = clean.figures[clean.figures["year"] == YEAR].assign(year=YEAR + 1)
    apart = {"share": 0.05, "apart": [-1, 1]}
    grown = replace(
        clean, figures=pd.concat([clean.figures, later.assign(value=later["value"] * 1.1)], ignore_index=True)
    )
    assert run(grown, "repeated_year", **apart) == run(clean, "repeated_year", **apart)
    copied = replace(clean, figures=pd.concat([clean.figures, later], ignore_index=True))
    assert run(copied, "repeated_year", **apart) == [(SERIES, False, "100% of the figures are those of 2024")]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT $year; DELETE FROM year_observations", "is not one SELECT; a check only reads"),
        ("DELETE FROM year_observations WHERE year = $year", "is not one SELECT; a check only reads"),
        ("SELEC $year", "syntax error"),
        ("SELECT $year AS subject FROM no_such_table", "no_such_table"),
        ("SELECT $year AS subject, true AS passed", "answers with subject, passed; it must answer with subject, passed, observed"),
    ],
)  # fmt: skip
def test_sql_that_is_no_check_is_refused_with_file_and_check(clean: YearData, sql: str, message: str) -> None:
    with pytest.raises(CatalogError, match=r"quality.*: tested: key 'sql'.*") as caught:
        run(clean, "sql", sql=sql)
    assert message in str(caught.value)


@pytest.mark.parametrize("word", ["INSERT INTO kept VALUES (1)", "DROP TABLE kept"])
def test_a_check_in_sql_cannot_change_the_warehouse(clean: YearData, tmp_path: Path, word: str) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("CREATE TABLE kept (i INTEGER)")
        connection.execute("INSERT INTO kept VALUES (31)")
        data = replace(clean, connection=connection)
        with pytest.raises(CatalogError, match="is not one SELECT"):
            run(data, "sql", sql=f"{word}; SELECT $year")
        seen = "SELECT 'kept' AS subject, i = 31 AS passed, i AS observed, $year AS expected FROM kept"
        assert run(data, "sql", sql=seen) == [("kept", True, "31")]
        assert connection.execute("FROM kept").fetchall() == [(31,)]


def test_a_rule_without_its_parameter_is_refused_when_the_catalogue_is_read() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        check("national_total", series=SERIES)
    assert set(MODELS) == set(RULES) | {"waiver_expired", "waiver_without_use"}


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
    tmp_path: Path, catalog: Catalog, text: str, message: str
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
