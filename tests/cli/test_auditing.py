"""``icdp audit``: what it prints is what is published."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import Run

from icdp.cli.auditing import FACTORS as NAMES
from icdp.cli.auditing import FLAGS
from icdp.scoring.uncertainty import FACTORS
from icdp.scoring.uncertainty.tables import TABLES


def test_the_audit_tells_of_every_province_factor_and_node(icdp: Run, published: duckdb.DuckDBPyConnection) -> None:
    people = icdp("audit", "2024", COLUMNS="220").stdout
    short = [row[0] for row in published.execute("SELECT short_zh FROM provinces").fetchall()]
    assert all(f" {name} " in people for name in short)
    row = published.execute(
        """SELECT rank_p05, rank_p95 FROM rank_intervals JOIN provinces USING (adcode)
           WHERE year = 2024 AND node = 'composite' AND short_zh = '四川'"""
    ).fetchone()
    assert row is not None
    line = next(line for line in people.splitlines() if " 四川 " in line)
    assert f"{row[0]:.0f}–{row[1]:.0f}" in line
    used = published.execute("SELECT DISTINCT factor FROM rank_sensitivity WHERE year = 2024").fetchall()
    assert all(NAMES[factor] in people for (factor,) in used)
    nodes = published.execute("SELECT node FROM audit_importance WHERE year = 2024").fetchall()
    assert all(f" {node} " in people for (node,) in nodes)
    assert "Internal coherence" in people
    assert "uncertainty_assumptions" in people


@pytest.mark.parametrize("name", TABLES)
def test_each_table_may_be_had_in_full(icdp: Run, published: duckdb.DuckDBPyConnection, name: str) -> None:
    expected = published.execute(f"SELECT count(*) FROM {name} WHERE year = 2023").fetchone()
    answer = icdp("audit", "2023", "--table", name, "--format", "csv")
    assert expected == (len(list(csv.DictReader(io.StringIO(answer.stdout)))),)


def test_json_holds_all_tables_at_once(icdp: Run) -> None:
    found = json.loads(icdp("audit", "2024-r1", "--format", "json").stdout)
    assert set(found) == set(TABLES)
    assert all(rows and rows[0]["edition"] == "2024-r1" for rows in found.values())


def test_refusals_are_one_line(icdp: Run, tmp_path: Path) -> None:
    for arguments, message in (
        (("audit", "2024", "--table", "scores"), "no table of the audit; use one of rank_intervals"),
        (("audit", "2024", "--format", "csv"), "name it with --table: rank_intervals"),
        (("audit", "2001"), "no such edition"),
    ):
        answer = icdp(*arguments)
        assert answer.returncode == 1
        assert message in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_an_edition_without_an_audit_says_so(icdp: Run, own_without_audit: Path) -> None:
    answer = icdp("audit", "2024", home=own_without_audit)
    assert answer.returncode == 1
    assert "2024-r2 was published without an audit" in answer.stderr


@pytest.fixture
def own_without_audit(own, run_year):
    (own.catalog / "uncertainty.yaml").unlink()
    run_year(own, 2024)
    return own.home


def test_every_factor_and_flag_has_a_name_for_people() -> None:
    assert tuple(NAMES) == FACTORS
    assert set(FLAGS) == {"low_alpha", "redundant", "opposed", "weak"}
