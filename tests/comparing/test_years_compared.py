"""The years 2019 to 2024 of the shipped figures against each other: all provinces, all nodes, all pairs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.comparing.conftest import PAIRS, YEARS

from icdp.comparing.changes import PARTS, changes
from icdp.comparing.state import State
from icdp.publishing.against import long, rank_changes, read_edition
from icdp.publishing.verify import differences
from icdp.replay import rebuilt
from icdp.settings import INCLUDE, Settings


def published(settings: Settings) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(settings.published / "icdp.duckdb"), read_only=True)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_parts_add_up_to_every_change(states: dict[int, State], first: int, second: int) -> None:
    before, after = states[first], states[second]
    found = changes(before, after)
    # Every published score follows from its own edition's tables.
    assert found.rescored < 1e-9
    wide = {s.year: s.scores.pivot(index="adcode", columns="node", values=["score", "rank"]) for s in (before, after)}
    nodes = after.tree.inner
    assert len(nodes) == 12
    there = [n for n in nodes if wide[first]["score"][n].notna().any() or wide[second]["score"][n].notna().any()]
    assert len(there) >= 11
    assert len(found.table) == 31 * len(there)
    both = found.table.dropna(subset=["score_before", "score_after"])
    once = [n for n in there if wide[first]["score"][n].isna().all() or wide[second]["score"][n].isna().all()]
    assert len(both) == 31 * (len(there) - len(once))
    for row in both.to_dict("records"):
        change = {
            unit: float(wide[second][name][row["node"]][row["adcode"]] - wide[first][name][row["node"]][row["adcode"]])
            for unit, name in (("points", "score"), ("places", "rank"))
        }
        assert abs(sum(row[f"{p}_points"] for p in PARTS) - change["points"]) <= 1e-9
        assert abs(sum(row[f"{p}_places"] for p in PARTS) + change["places"]) <= 1e-9
    # One panel, one set of rules and one set of facts made all these years.
    for part in ("data_revision", "judgements", "method"):
        assert not both[[f"{part}_points", f"{part}_places"]].to_numpy().any()
    assert (both[["performance_points", "entropy_weights_points"]].abs().max() > 0.1).all()


def test_an_indicator_in_use_for_the_first_time_is_coverage(states: dict[int, State]) -> None:
    # 2024 has racks, the only indicator of `compute`: the other dimensions cannot feel it, 河北 and 内蒙古 gain by it.
    table = changes(states[2023], states[2024]).table.set_index(["node", "adcode"])
    assert (table.loc["application", "coverage_points"] == 0.0).all()
    assert table.loc[("composite", "130000"), "coverage_points"] > 10
    assert table.loc[("composite", "150000"), "coverage_places"] > 5


def test_the_published_table_holds_each_year_against_the_year_before(six: Settings, states: dict[int, State]) -> None:
    with published(six) as db:
        table = db.execute("FROM rank_changes").df()
        sums = db.execute(
            """SELECT count(*), max(abs(points - (score_after - score_before))), max(abs(places - (rank_before - rank_after)))
               FROM (SELECT edition, against, adcode, node, any_value(score_before) AS score_before,
                         any_value(score_after) AS score_after, any_value(rank_before) AS rank_before,
                         any_value(rank_after) AS rank_after, sum(score_points) AS points, sum(rank_places) AS places
                     FROM rank_changes GROUP BY ALL) WHERE score_before IS NOT NULL AND score_after IS NOT NULL"""
        ).fetchone()
    assert sums is not None
    assert sums[0] == 5 * 11 * 31
    assert max(sums[1:]) <= 1e-9
    assert set(zip(table["edition"], table["against"], strict=True)) == {(f"{y}-r1", f"{y - 1}-r1") for y in YEARS[1:]}
    again = long(changes(states[2022], states[2023]))
    kept = table[table["year"] == 2023]
    keys = ["adcode", "node", "part"]
    merged = kept.merge(again, on=keys, suffixes=("", "_again"))
    assert len(merged) == len(kept) == len(again) == 6 * 11 * 31
    np.testing.assert_allclose(merged["score_points"], merged["score_points_again"], atol=1e-12)
    assert set(kept["province"]) >= {"四川", "西藏"}


def test_an_older_edition_without_rules_is_left_out_of_the_table(six: Settings, tmp_path: Path) -> None:
    old = tmp_path / "2023-r1"
    (old / "parquet").mkdir(parents=True)
    folder = six.published / "editions"
    for name in ("scores", "editions", "indicator_values", "weights", "nodes"):
        (old / "parquet" / f"{name}.parquet").write_bytes(
            (folder / "2023-r1" / "parquet" / f"{name}.parquet").read_bytes()
        )
    content = read_edition(folder / "2024-r1") | {
        "provinces": pd.DataFrame({"adcode": ["510000"], "short_zh": ["四川"]})
    }
    assert rank_changes(tmp_path, content, "2024-r1", ["2023-r1"]).empty


def test_the_later_edition_knows_what_the_earlier_ones_printed(six: Settings) -> None:
    with published(six) as db:
        told = db.execute(
            """SELECT count(*), count(*) FILTER (abs(e.value - v.value) > 1e-9 * abs(v.value)), count(DISTINCT v.year)
               FROM earlier_values e JOIN indicator_values v ON v.adcode = e.adcode AND v.indicator = e.indicator
                    AND v.value_year = e.value_year AND v.year = e.value_year
               JOIN indicator_values own ON own.edition = e.edition AND own.adcode = e.adcode
                    AND own.indicator = e.indicator AND own.expression = v.expression"""
        ).fetchone()
    assert told is not None
    assert told[0] > 5000
    assert told[1:] == (0, 5)


PROGRAM = """
import hashlib, sys
from pathlib import Path
from icdp.comparing.changes import changes
from icdp.comparing.state import State
from icdp.publishing.against import read_edition
before, after = (State.of(name, read_edition(Path(sys.argv[1]) / name)) for name in ("2022-r1", "2023-r1"))
print(hashlib.sha256(changes(before, after).table.to_csv(index=False).encode()).hexdigest())
"""


def test_the_parts_are_the_same_to_the_bit_in_every_process(six: Settings) -> None:
    """Sets of names come in another order in every process; a sum must not follow it."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(six.published / "editions")],
            env={**os.environ, "PYTHONPATH": str(INCLUDE), "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for seed in ("0", "1", "2", "3", "4")
    }  # fmt: skip
    assert len(digests) == 1


@pytest.mark.parametrize("year", YEARS)
def test_every_year_is_reproduced_to_the_byte(six: Settings, year: int) -> None:
    with rebuilt(six, f"{year}-r1") as again:
        assert differences(six.published / "editions" / f"{year}-r1", again) == []
