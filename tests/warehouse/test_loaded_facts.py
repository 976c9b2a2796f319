"""The shipped figures of 2023 and 2024, loaded: values equal what the files print."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import duckdb
import pytest

from icdp.archive import Archive
from icdp.settings import FACTS, Settings

USED = {
    "ai_enterprises", "ai_industry_scale", "ai_parks", "ai_patents", "ai_policies", "cloud_adoption",
    "dual_carbon_policies", "fiber_users", "g5_stations", "gdp_per_capita", "green_power", "industrial_power_price",
    "ipv4_share", "labor_cost", "llm_filings", "research_institutions", "websites",
}  # fmt: skip


@pytest.fixture(scope="module")
def db(loaded: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(loaded.warehouse), read_only=True) as connection:
        yield connection


def printed(series: str, year: int, adcode: str) -> float:
    """The figure as it stands in the shipped file, read without the package."""
    body = (FACTS / "series" / f"{series}.csv").read_text(encoding="utf-8").split("---\n", 2)[2]
    (row,) = [r for r in csv.DictReader(body.splitlines()) if (r["year"], r["adcode"]) == (str(year), adcode)]
    return float(row["value"])


def value(db: duckdb.DuckDBPyConnection, year: int, adcode: str, indicator: str) -> tuple[object, ...]:
    row = db.execute(
        "SELECT value, unit, status, value_year, fidelity, basis FROM indicator_values "
        "WHERE year = ? AND adcode = ? AND indicator = ?",
        [year, adcode, indicator],
    ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(("year", "used", "cells"), [(2023, USED, 525), (2024, USED | {"idc_racks"}, 556)])
def test_the_indicators_in_use(db: duckdb.DuckDBPyConnection, year: int, used: set[str], cells: int) -> None:
    rows = db.execute("SELECT indicator FROM indicator_coverage WHERE in_use AND year = ?", [year]).fetchall()
    assert {name for (name,) in rows} == used
    assert len(used) == {2023: 17, 2024: 18}[year]
    assert db.execute("SELECT count(*) FROM indicator_values WHERE year = ?", [year]).fetchone() == (cells,)
    missing = db.execute("SELECT count(*) FROM indicator_coverage WHERE NOT in_use AND year = ?", [year]).fetchone()
    assert missing == (24 - len(used),)


def test_green_power_of_sichuan_is_generation_less_thermal(db: duckdb.DuckDBPyConnection) -> None:
    expected = printed("power_generation", 2023, "510000") - printed("thermal_generation", 2023, "510000")
    assert round(expected, 2) == 4083.88
    assert value(db, 2023, "510000", "green_power")[:5] == (expected, "亿千瓦时", "A", 2023, "as_defined")


def test_green_power_of_guangdong_is_also_less_nuclear(db: duckdb.DuckDBPyConnection) -> None:
    expected = (
        printed("power_generation", 2023, "440000")
        - printed("thermal_generation", 2023, "440000")
        - printed("nuclear_generation", 2023, "440000")
    )
    assert round(expected, 2) == 883.71
    assert value(db, 2023, "440000", "green_power")[0] == expected
    # The weakest of three figures: nuclear power is from a secondary source.
    assert value(db, 2023, "440000", "green_power")[5] == "secondary"


def test_gdp_per_capita_of_beijing_is_the_printed_figure(db: duckdb.DuckDBPyConnection) -> None:
    assert printed("gdp_per_capita", 2023, "110000") == 216722
    assert value(db, 2023, "110000", "gdp_per_capita") == (216722.0, "元", "A", 2023, "as_defined", "published")


def test_labour_cost_is_a_twelfth_of_the_yearly_wage(db: duckdb.DuckDBPyConnection, loaded: Settings) -> None:
    rows = db.execute(
        "SELECT adcode, value FROM indicator_values WHERE year = 2023 AND indicator = 'labor_cost'"
    ).fetchall()
    assert len(rows) == 31
    for adcode, monthly in rows:
        assert monthly == printed("avg_wage_urban_nonprivate", 2023, adcode) / 12


def test_a_province_without_a_figure_of_the_year_carries_its_own_of_the_year_before(
    db: duckdb.DuckDBPyConnection,
) -> None:
    assert value(db, 2023, "110000", "g5_stations")[:4] == (
        printed("g5_stations_per_10k", 2022, "110000"), "个/万人", "I", 2022,
    )  # fmt: skip
    assert value(db, 2023, "310000", "g5_stations")[2:4] == ("A", 2023)
    assert db.execute(
        "SELECT provinces, provinces_current, value_year_min, value_year_max FROM indicator_coverage "
        "WHERE year = 2023 AND indicator = 'g5_stations'"
    ).fetchone() == (31, 30, 2022, 2023)


def test_a_price_is_valid_until_it_is_replaced_and_its_year_is_told(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "SELECT DISTINCT status, value_year < year FROM indicator_values WHERE indicator = 'industrial_power_price'"
    ).fetchall()
    assert rows == [("I", True)]
    assert db.execute(
        "SELECT missing, value_year_min FROM indicator_coverage "
        "WHERE year = 2024 AND indicator = 'industrial_power_price'"
    ).fetchone() == ("西藏", 2017)


def test_measured_figures_are_estimates(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "SELECT DISTINCT year, status, basis, fidelity FROM indicator_values WHERE indicator = 'idc_racks'"
    )
    assert rows.fetchall() == [(2024, "E", "estimated", "estimated")]


def test_stand_ins_keep_their_own_unit(db: duckdb.DuckDBPyConnection) -> None:
    units = dict(
        db.execute("SELECT DISTINCT indicator, unit FROM indicator_values WHERE year = 2024 ORDER BY ALL").fetchall()
    )
    assert units["ai_policies"] == "次"
    assert units["ai_industry_scale"] == "亿元", "万元 convert to the indicator's unit"
    assert value(db, 2024, "110000", "ai_industry_scale")[0] == pytest.approx(
        printed("software_revenue", 2024, "110000") / 10_000, rel=1e-15
    )


def test_a_missing_indicator_says_why(db: duckdb.DuckDBPyConnection) -> None:
    notes = dict(
        db.execute("SELECT indicator, note_en FROM indicator_coverage WHERE year = 2024 AND NOT in_use").fetchall()
    )
    assert set(notes) == {
        "aidc_policies", "ipv6_penetration", "total_compute", "aidc_compute", "gov_websites", "digital_city_share",
    }  # fmt: skip
    assert notes["digital_city_share"] == "digital_city_share: 0 provinces in 2023-2024 (at least 25 are needed)"
    assert notes["total_compute"] == "total_compute: 8 provinces in 2023-2024 (at least 25 are needed)"


def test_every_value_leads_back_to_the_line_of_the_bytes_it_was_read_from(
    db: duckdb.DuckDBPyConnection, loaded: Settings
) -> None:
    archive = Archive(loaded.archive)
    lines: dict[str, list[str]] = {}
    rows = db.execute(
        "SELECT l.payload_sha256, l.row, l.value_year, l.adcode, l.value_text, l.source, l.receipt "
        "FROM lineage l JOIN indicator_values v USING (year, adcode, indicator)"
    ).fetchall()
    assert len(rows) == 564 + 595
    for payload, row, year, adcode, text, source, receipt in rows:
        if payload not in lines:
            lines[payload] = archive.get(payload).decode("utf-8").splitlines()
        assert lines[payload][row - 1].split(",")[:3] == [str(year), adcode, text]
        assert archive.receipt(source, receipt).payload_sha256 == payload
    unexplained = db.execute(
        "SELECT count(*) FROM indicator_values v ANTI JOIN lineage l USING (year, adcode, indicator)"
    ).fetchone()
    assert unexplained == (0,)


def test_what_is_unknown_is_null_and_not_a_number(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        "SELECT DISTINCT expression, fidelity, unit, value_year_min, value_year_max "
        "FROM indicator_coverage WHERE NOT in_use"
    ).fetchall()
    assert rows == [(None, None, None, None, None)]
    assert db.execute("SELECT count(*) FROM indicator_values WHERE NOT isfinite(value)").fetchone() == (0,)


def test_moments_are_kept_in_utc(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("SET TimeZone = 'UTC'")
    assert db.execute("SELECT DISTINCT retrieved_at::VARCHAR FROM indicator_values").fetchall() == [
        ("2026-11-23 00:00:00+00",)
    ]
