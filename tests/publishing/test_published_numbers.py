"""Anyone can recompute the published scores from the published values, and follow each value to its bytes."""

from __future__ import annotations

import csv

import duckdb
import numpy as np
import pandas as pd
import pytest

from icdp.archive import Archive
from icdp.settings import Settings

YEARS = (2023, 2024)


def recomputed(db: duckdb.DuckDBPyConnection, year: int) -> pd.DataFrame:
    """Scores of all inner nodes from values, tree and judgements alone: a dozen lines, sharing nothing with the engine."""
    nodes = db.execute("FROM nodes").df().set_index("node")
    values = db.execute("SELECT adcode, indicator, value FROM indicator_values WHERE year = ?", [year]).df()
    judged = db.execute("SELECT parent, row_item, col_item, value FROM judgements WHERE year = ?", [year]).df()
    x = values.pivot(index="adcode", columns="indicator", values="value")
    z = (x - x.min()) / (x.max() - x.min())
    less_is_better = [c for c in z if nodes.loc[c, "direction"] == -1]
    z[less_is_better] = 1 - z[less_is_better]
    for level in (2, 1, 0):
        for node in nodes.index[nodes["level"] == level]:
            columns = z[[c for c in nodes.index[nodes["parent"] == node] if c in z]]
            if columns.empty:
                continue
            if level == 2:
                p = columns / columns.sum()
                divergence = 1 + (p * np.log(p.where(p > 0, 1))).sum() / np.log(columns.notna().sum())
                w = divergence / divergence.sum()
            else:
                cells = judged[judged["parent"] == node].pivot(index="row_item", columns="col_item", values="value")
                vector = pd.Series(np.linalg.matrix_power(cells.to_numpy(float), 40).sum(axis=1), index=cells.columns)
                w = vector[columns.columns] / vector[columns.columns].sum()
            present = columns.notna() * w
            z[node] = (columns * w).sum(axis=1, min_count=1) / present.sum(axis=1).where(present.sum(axis=1) >= 0.5)
    return 100 * z[[n for n in nodes.index[nodes["level"] < 3] if n in z]]


@pytest.mark.parametrize("year", YEARS)
def test_every_score_follows_from_the_published_values_and_judgements(
    published: duckdb.DuckDBPyConnection, year: int
) -> None:
    scores = published.execute(
        "SELECT adcode, node, score FROM scores WHERE year = ? AND score IS NOT NULL", [year]
    ).df()
    ours = scores.pivot(index="adcode", columns="node", values="score")
    again = recomputed(published, year)
    assert set(ours.columns) == set(again.columns)
    assert len(ours) == 31
    assert (ours - again[ours.columns]).abs().max().max() < 1e-9
    assert (ours.isna() == again[ours.columns].isna()).all().all()


@pytest.mark.parametrize("year", YEARS)
def test_contributions_add_up_to_the_composite(published: duckdb.DuckDBPyConnection, year: int) -> None:
    difference = published.execute(
        """SELECT max(abs(total - score)), count(*) FROM scores JOIN
           (SELECT year, adcode, sum(points) AS total FROM contributions GROUP BY ALL) USING (year, adcode)
           WHERE node = 'composite' AND year = ?""",
        [year],
    ).fetchone()
    assert difference is not None
    assert difference[0] < 1e-9
    assert difference[1] == 31


@pytest.mark.parametrize("year", YEARS)
def test_weights_of_siblings_and_of_all_indicators_add_up_to_one(
    published: duckdb.DuckDBPyConnection, year: int
) -> None:
    rows = published.execute(
        "SELECT parent, sum(local_weight) FROM weights WHERE year = ? GROUP BY parent UNION ALL "
        "SELECT 'indicators', sum(effective_weight) FROM weights WHERE year = ? AND level = 3",
        [year, year],
    ).fetchall()
    assert len(rows) > 8
    assert all(abs(total - 1) < 1e-12 for _, total in rows), rows


@pytest.mark.parametrize(("year", "in_use"), [(2023, 17), (2024, 18)])
def test_indicators_in_use(published: duckdb.DuckDBPyConnection, year: int, in_use: int) -> None:
    told = published.execute(
        "SELECT count(*) FILTER (in_use), count(*), count(*) FILTER (NOT in_use AND note_zh <> '' AND note_en <> '') "
        "FROM indicator_coverage WHERE year = ?",
        [year],
    ).fetchone()
    assert told == (in_use, 24, 24 - in_use)
    shown = published.execute(
        "SELECT count(DISTINCT indicator) FROM indicator_values WHERE year = ?", [year]
    ).fetchone()
    assert shown == (in_use,)


def test_every_value_leads_to_the_line_of_an_archived_payload_and_a_citation(
    made: Settings, published: duckdb.DuckDBPyConnection
) -> None:
    values = published.execute("SELECT year, adcode, indicator FROM indicator_values").fetchall()
    lineage = published.execute("FROM lineage").df()
    assert set(values) == set(lineage[["year", "adcode", "indicator"]].itertuples(index=False, name=None))
    archive = Archive(made.archive)
    lines = {sha: archive.get(sha).decode().splitlines() for sha in set(lineage["payload_sha256"])}
    for used in lineage.itertuples():
        year, adcode, value, _, locator = next(csv.reader([lines[used.payload_sha256][used.row - 1]]))
        assert (int(year), adcode, value, locator) == (used.value_year, used.adcode, used.value_text, used.locator)
        assert float(value) == used.value
        assert used.publisher
        assert used.title
        assert used.source_url
        assert archive.receipt(used.source, used.receipt).payload_sha256 == used.payload_sha256


def test_what_is_carried_estimated_or_stands_in_says_so(published: duckdb.DuckDBPyConnection) -> None:
    assert published.execute(
        "SELECT count(*) FROM indicator_values WHERE (status = 'I') <> (value_year < year)"
    ).fetchone() == (0,)
    assert published.execute(
        "SELECT DISTINCT status FROM indicator_values WHERE basis = 'estimated' AND value_year = year"
    ).fetchall() == [("E",)]
    fidelities = published.execute(
        "SELECT DISTINCT indicator, fidelity FROM indicator_values WHERE year = 2024"
    ).fetchall()
    told = published.execute(
        "SELECT indicator, fidelity FROM indicator_coverage WHERE in_use AND year = 2024"
    ).fetchall()
    assert sorted(fidelities) == sorted(told)
    assert ("idc_racks", "estimated") in told
    assert ("fiber_users", "proxy") in told
    assert ("g5_stations", "as_defined") in told


def test_ranks_are_competition_ranks_of_the_scores(published: duckdb.DuckDBPyConnection) -> None:
    wrong = published.execute(
        "SELECT count(*) FROM (SELECT rank, rank() OVER (PARTITION BY year, node ORDER BY round(score, 9) DESC) AS again "
        "FROM scores WHERE score IS NOT NULL) WHERE rank <> again"
    ).fetchone()
    assert wrong == (0,)
    tiers = published.execute(
        "SELECT count(*) FROM scores WHERE node = 'composite' AND tier <> CASE WHEN score > 50 THEN 1 WHEN score > 25 THEN 2 ELSE 3 END"
    ).fetchone()
    assert tiers == (0,)
