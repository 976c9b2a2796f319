"""Every edition carries intervals, sensitivities, assumptions and the audit, and they fit its figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from icdp import road
from icdp.scoring.uncertainty.tables import TABLES
from icdp.settings import REPOSITORY, Settings

YEARS = (2023, 2024)


def table(db: duckdb.DuckDBPyConnection, sql: str, *parameters: object) -> pd.DataFrame:
    return db.execute(sql, list(parameters)).df()


@pytest.mark.parametrize("year", YEARS)
def test_every_scored_province_has_an_interval_on_every_node(published: duckdb.DuckDBPyConnection, year: int) -> None:
    scores = table(published, "SELECT adcode, node, rank FROM scores WHERE year = ? AND rank IS NOT NULL", year)
    intervals = table(published, "SELECT adcode, node, rank FROM rank_intervals WHERE year = ?", year)
    key = ["node", "adcode"]
    pd.testing.assert_frame_equal(
        scores.sort_values(key, ignore_index=True)[[*key, "rank"]],
        intervals.sort_values(key, ignore_index=True)[[*key, "rank"]],
    )


@pytest.mark.parametrize("year", YEARS)
def test_intervals_are_ordered_and_probabilities_sum_to_one(published: duckdb.DuckDBPyConnection, year: int) -> None:
    root = table(published, "FROM rank_intervals WHERE year = ? AND node = 'composite' ORDER BY rank", year)
    assert (root["rank_p05"] <= root["rank_median"]).all()
    assert (root["rank_median"] <= root["rank_p95"]).all()
    assert root["rank_p95"].max() <= 31
    np.testing.assert_allclose(root[["p_tier1", "p_tier2", "p_tier3"]].sum(axis=1), 1.0)
    assert root["next_adcode"].tolist()[:-1] == root["adcode"].tolist()[1:]
    assert pd.isna(root["next_adcode"].iloc[-1])
    width = root["rank_p95"] - root["rank_p05"]
    assert 2 <= width.mean() <= 16  # neither certain nor anything goes


@pytest.mark.parametrize("year", YEARS)
def test_sensitivities_are_of_the_factors_in_use(published: duckdb.DuckDBPyConnection, year: int) -> None:
    in_use = set(
        table(published, "FROM uncertainty_assumptions WHERE year = ? AND in_use AND factor <> ''", year)["factor"]
    )
    assert {"rounding", "measured_weights", "values", "normalisation", "aggregation", "leave_out"} <= in_use
    assert not in_use & {"experts", "given_weights"}  # one expert; no node weighted equally
    every = table(published, "FROM rank_sensitivity WHERE year = ?", year)
    assert set(every["factor"]) == in_use
    assert (every.groupby("factor").size() == 32).all()
    shift = every[every["adcode"] == ""]
    assert (shift["total_low"] <= shift["total"]).all()
    assert (shift["total"] <= shift["total_high"]).all()
    assert 0.4 < shift["first_order"].sum() < 1.1
    alone = table(published, "FROM rank_one_at_a_time WHERE year = ? AND adcode = ''", year)
    assert set(alone["factor"]) == in_use
    assert (alone["mean_shift"] > 0).all()


@pytest.mark.parametrize("year", YEARS)
def test_leaving_out_and_auditing_concern_exactly_the_nodes_in_use(
    published: duckdb.DuckDBPyConnection, year: int
) -> None:
    weights = table(published, "FROM weights WHERE year = ?", year).set_index("node")
    importance = table(published, "FROM audit_importance WHERE year = ?", year).set_index("node")
    assert set(importance.index) == set(weights.index)
    np.testing.assert_allclose(importance["nominal"], weights["effective_weight"][importance.index], atol=1e-6)
    leaves = importance["level"] == 3
    assert importance.loc[leaves, "effective"].sum() == pytest.approx(1.0, abs=1e-4)
    left = table(published, "FROM rank_leave_one_out WHERE year = ?", year)
    assert set(left["left_out"]) == set(weights.index)
    nodes = table(published, "FROM audit_nodes WHERE year = ?", year).set_index("node")["children"]
    used = weights.groupby("parent").size()
    assert nodes.to_dict() == used[used > 1].to_dict()


def test_an_effective_weight_follows_from_published_points_and_scores(published: duckdb.DuckDBPyConnection) -> None:
    again = table(
        published,
        """SELECT indicator, covar_samp(coalesce(points, 0), score) / var_samp(score) AS effective
           FROM contributions JOIN scores USING (year, adcode) WHERE year = 2024 AND node = 'composite' GROUP BY ALL
           HAVING count(*) = 31 ORDER BY 1""",
    )
    ours = table(published, "SELECT node, effective FROM audit_importance WHERE year = 2024").set_index("node")
    assert len(again) > 10
    np.testing.assert_allclose(ours["effective"][again["indicator"]], again["effective"], atol=1e-6)


def test_assumptions_of_its_own_make_another_edition_and_none_make_empty_tables(
    own: Settings, run_year: Callable[[Settings, int], str]
) -> None:
    rules = own.catalog / "uncertainty.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(
        text.replace("draws: 10000 ", "draws: 500 ").replace("seed: 20241224", "seed: 1"), encoding="utf-8"
    )
    assert run_year(own, 2024) == "2024-r2 published"
    assert run_year(own, 2024) == "2024-r2 unchanged"
    rules.unlink()
    assert run_year(own, 2024) == "2024-r3 published"
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as db:
        for name in TABLES:
            assert table(db, f"FROM {name} WHERE year = 2024").empty, name
            assert not table(db, f"FROM history.{name} WHERE edition = '2024-r2'").empty, name


def test_values_that_are_replaced_take_their_intervals_with_them(own: Settings, tmp_path: Path) -> None:
    road.load(own, 2024)
    with duckdb.connect(str(own.warehouse), read_only=True) as db:
        for name in TABLES:
            assert table(db, f"FROM {name} WHERE year = 2024").empty, name
            assert not table(db, f"FROM {name} WHERE year = 2023").empty, name


@pytest.mark.parametrize(
    ("readme", "told"),
    [
        ("README.md", r"spans (\d+) ranks on average, and (\d+) of (\d+) provinces are ahead"),
        ("README.zh-CN.md", r"区间平均跨 (\d+) 位；(?P<of>\d+) 省中有 (\d+) 省领先"),
    ],
)
def test_what_the_readme_tells_of_the_intervals_is_so(
    published: duckdb.DuckDBPyConnection, readme: str, told: str
) -> None:
    root = table(published, "FROM rank_intervals WHERE year = 2024 AND node = 'composite'")
    found = re.search(told, (REPOSITORY / readme).read_text(encoding="utf-8"))
    assert found is not None
    width = round((root["rank_p95"] - root["rank_p05"]).mean())
    unsure, all_of_them = int((root["p_ahead_of_next"] < 0.75).sum()), int(root["p_ahead_of_next"].notna().sum())
    assert sorted(int(number) for number in found.groups()) == sorted([width, unsure, all_of_them])
