"""`icdp whatif`, `reach`, `overtake` as people run them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_new_ranks_stand_beside_the_old_and_a_scenario_can_be_used_again(icdp: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    changed = ("--set", "weights.policy=0.4", "--drop", "产业实践", "--normalise", "zscore")
    done = icdp("whatif", "2024", *changed, "--save", str(file), "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == 31
    assert sorted(row["rank_new"] for row in rows) == list(range(1, 32))
    assert all(row["places"] == row["rank"] - row["rank_new"] for row in rows)
    published = json.loads(icdp("rank", "2024", "--format", "json").stdout)
    assert {row["adcode"]: row["rank"] for row in rows} == {row["adcode"]: row["rank"] for row in published}
    again = json.loads(icdp("whatif", "2024", "--scenario", str(file), "--format", "json").stdout)
    assert again == rows
    two = json.loads(icdp("whatif", "2024", "--scenario", str(file), "--drop", "ai_parks", "--format", "json").stdout)
    assert {row["adcode"]: row["rank_new_1"] for row in two} == {row["adcode"]: row["rank_new"] for row in rows}
    shown = icdp("whatif", "2024", *changed).stdout
    assert "假设计算，不是版本" in shown


def test_the_questions_turned_round_have_their_answers(icdp: Run) -> None:
    done = icdp("reach", "2024", "湖北", "green_power", "10", "--format", "json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["value_needed"] is None or row["rank_reached"] <= 10
    order = {r["adcode"]: r["rank"] for r in json.loads(icdp("rank", "2024", "--format", "json").stdout)}
    pair = ("四川", "山东") if order["510000"] > order["370000"] else ("山东", "四川")
    rows = json.loads(icdp("overtake", "2024", *pair, "--format", "json").stdout)
    assert rows
    assert abs(rows[0]["needed"] - rows[0]["judged"]) > 0


def test_what_cannot_be_is_said(icdp: Run) -> None:
    for arguments, message in (
        (("whatif", "2024"), "nothing is changed"),
        (("whatif", "2024", "--set", "policy"), "is not like weights.policy=0.4"),
        (("whatif", "2024", "--drop", "nothing"), "'nothing' is no indicator"),
        (("reach", "2024", "湖北", "gov_websites", "5"), "has no figure of gov_websites"),
    ):
        done = icdp(*arguments)
        assert done.returncode != 0
        assert message in " ".join(done.stderr.split())
