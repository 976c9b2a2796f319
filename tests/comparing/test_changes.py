"""Each cause alone moves its own part alone; together the parts add up. The editions are synthetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comparing.conftest import INDICATORS, PROVINCES, edition, figures

from icdp.comparing.behind import Difference, differences
from icdp.comparing.changes import PARTS, changes
from icdp.comparing.state import TABLES, State
from icdp.errors import DataError
from icdp.publishing.schema import tables
from icdp.scoring.tree import Node, Tree

BASE = figures(1)


def moved(seed: int = 2) -> pd.DataFrame:
    return figures(seed)


def with_gap(values: pd.DataFrame) -> pd.DataFrame:
    values = values.copy()
    values.loc["B", "x"] = np.nan
    return values


def only_part(before: State, after: State) -> str:
    """Name the one part that is not zero; it is the whole change."""
    table = changes(before, after).table
    assert len(table) == 3 * len(PROVINCES)
    filled = {p for p in PARTS if table[f"{p}_points"].any() or table[f"{p}_places"].any()}
    assert len(filled) == 1, filled
    (part,) = filled
    change = table["score_after"] - table["score_before"]
    assert change.abs().max() > 0.01
    np.testing.assert_allclose(table[f"{part}_points"], change, atol=1e-12)
    np.testing.assert_array_equal(table[f"{part}_places"], table["rank_before"] - table["rank_after"])
    return part


OLD, OLDER = ({(p, i): age for p in PROVINCES for i in INDICATORS} for age in (0, 1))
FIXED = {"p": {"x": 0.7, "y": 0.3}, "q": {"u": 0.2, "v": 0.8}}
CAUSES = {
    "figures of another year": (
        edition("2023-r1", 2023, BASE), edition("2024-r1", 2024, moved()), "performance",
    ),
    "figures equally old": (
        edition("2023-r1", 2023, BASE, ages={(p, i): 1 for p in PROVINCES for i in INDICATORS}),
        edition("2024-r1", 2024, moved(), ages={(p, i): 1 for p in PROVINCES for i in INDICATORS}),
        "performance",
    ),
    "the same year told otherwise": (
        edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, moved()), "data_revision",
    ),
    "an old figure, carried on, told otherwise": (
        edition("2023-r1", 2023, BASE, ages={(p, i): 1 for p in PROVINCES for i in INDICATORS}),
        edition("2024-r1", 2024, moved(), ages={(p, i): 2 for p in PROVINCES for i in INDICATORS}),
        "data_revision",
    ),
    "last year's figures told otherwise, and no other this year": (
        edition("2023-r1", 2023, BASE),
        edition("2024-r1", 2024, moved(), earlier=[(p, i, 2023, moved().at[p, i]) for p in PROVINCES for i in INDICATORS]),
        "data_revision",
    ),
    "a value of one province less": (edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, with_gap(BASE)), "coverage"),
    "an indicator less": (edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, BASE.drop(columns="u")), "coverage"),
    "an indicator more, that weighs to the others as it does there": (
        edition("2023-r1", 2023, BASE.drop(columns="y"), weighting="entropy", computed={**FIXED, "p": {"x": 1.0}},
                ages=OLD),
        edition("2024-r1", 2024, BASE, weighting="entropy", computed=FIXED, ages=OLDER),
        "coverage",
    ),
    "another binding": (
        edition("2023-r1", 2023, BASE),
        edition("2024-r1", 2024, moved(), expressions={i: f"{i} / 2" for i in INDICATORS}),
        "coverage",
    ),
    "figures grown fresher": (
        edition("2023-r1", 2023, BASE, ages={(p, i): 3 for p in PROVINCES for i in INDICATORS}),
        edition("2024-r1", 2024, moved()),
        "coverage",
    ),
    "judgements": (edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, BASE, judged=(0.1, 0.9)), "judgements"),
    "weights computed from data": (
        edition("2024-r1", 2024, BASE, weighting="entropy"),
        edition("2024-r2", 2024, BASE, weighting="entropy", computed=FIXED),
        "entropy_weights",
    ),
    "the direction of an indicator": (edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, BASE, direction=-1), "method"),
    "how weights are made": (
        edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, BASE, weighting="entropy"), "method",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_one_cause_is_the_whole_change(cause: str) -> None:
    before, after, part = CAUSES[cause]
    assert only_part(before, after) == part
    assert only_part(after, before) == part
    assert part in {d.part for d in differences(before, after)} | ({"method"} if part == "method" else set())


def test_equal_editions_differ_in_nothing() -> None:
    found = changes(edition("2024-r1", 2024, with_gap(BASE)), edition("2024-r2", 2024, with_gap(BASE)))
    assert not found.table[[f"{p}_{u}" for p in PARTS for u in ("points", "places")]].to_numpy().any()
    assert found.rescored < 1e-12
    assert differences(edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, BASE)) == []


def test_a_published_score_that_todays_code_does_not_give_is_method_and_told() -> None:
    before = edition("2024-r1", 2024, BASE)
    other = before.scores.assign(score=before.scores["score"] + 1.0)
    found = changes(replace(before, scores=other), edition("2024-r2", 2024, moved()))
    same = changes(before, edition("2024-r2", 2024, moved()))
    assert found.rescored == pytest.approx(1.0)
    np.testing.assert_allclose(found.table["method_points"], -1.0)
    np.testing.assert_allclose(found.table["data_revision_points"], same.table["data_revision_points"])


def test_revision_and_performance_are_told_apart_by_what_the_later_edition_knows_of_the_earlier_year() -> None:
    # D's x is 5 in 2023, restated to 6, and 8 in 2024; nothing else moves, and D is neither end of x.
    before, after = BASE.copy(), BASE.copy()
    before["x"] = [0.0, 10.0, 2.0, 5.0, 3.0]
    after["x"] = [0.0, 10.0, 2.0, 8.0, 3.0]
    known = [(p, "x", 2023, before.at[p, "x"]) for p in PROVINCES if p != "D"] + [("D", "x", 2023, 6.0)]
    table = changes(edition("2023-r1", 2023, before), edition("2024-r1", 2024, after, earlier=known)).table
    p = table[(table["adcode"] == "D") & (table["node"] == "p")].iloc[0]
    # p weighs x and y alike, and x spans 10: a step of 1 is 5 points.
    assert p["data_revision_points"] == pytest.approx(5.0)
    assert p["performance_points"] == pytest.approx(10.0)
    back = changes(edition("2024-r1", 2024, after, earlier=known), edition("2023-r1", 2023, before)).table
    p = back[(back["adcode"] == "D") & (back["node"] == "p")].iloc[0]
    assert (p["data_revision_points"], p["performance_points"]) == (pytest.approx(-5.0), pytest.approx(-10.0))


def test_a_score_in_one_edition_only_has_no_parts() -> None:
    lone = BASE.copy()
    lone.loc["E", ["x", "y", "u"]] = np.nan  # half of q is left: q is scored, the root (0.2 of it covered) is not
    table = changes(edition("2024-r1", 2024, BASE), edition("2024-r2", 2024, lone)).table.set_index(["adcode", "node"])
    assert table.loc[("E", "root"), "rank_after"] is pd.NA
    assert table.loc[("E", "root"), [f"{p}_points" for p in PARTS]].isna().all()
    assert table.loc[("E", "q"), [f"{p}_points" for p in PARTS]].notna().all()


def test_a_mixed_state_below_min_coverage_is_scored_all_the_same() -> None:
    # E has only p, weighing 0.6, then only q, weighing 0.7. With one's cells and the other's weights it covers 0.3 or 0.4.
    first, second = BASE.copy(), BASE.copy()
    first.loc["E", ["u", "v"]] = np.nan
    second.loc["E", ["x", "y"]] = np.nan
    before = edition("2024-r1", 2024, first, judged=(0.6, 0.4))
    table = changes(before, edition("2024-r2", 2024, second, judged=(0.3, 0.7))).table.set_index(["adcode", "node"])
    row = table.loc[("E", "root")]
    parts = [row[f"{p}_points"] for p in PARTS]
    assert sum(parts) == pytest.approx(row["score_after"] - row["score_before"], abs=1e-12)
    # One child alone gives its own score whatever it weighs: the weights move nothing.
    assert row["judgements_points"] == 0.0


cell = st.one_of(st.none(), st.floats(0, 10).map(lambda x: round(x, 2)))
grid = st.lists(cell, min_size=20, max_size=20).map(
    lambda cells: pd.DataFrame(np.array(cells, dtype=float).reshape(5, 4), index=PROVINCES, columns=INDICATORS)
)
share = st.floats(0.05, 0.95)


@st.composite
def some_edition(draw: st.DrawFn, name: str) -> State:
    values = draw(grid.filter(lambda g: (g.nunique() > 1).any()))
    keys = [(p, i) for p in PROVINCES for i in INDICATORS]
    ages = dict(zip(keys, draw(st.lists(st.integers(0, 2), min_size=20, max_size=20)), strict=True))
    known = draw(st.lists(st.floats(0, 10), min_size=20, max_size=20))
    year = draw(st.sampled_from([2023, 2024]))
    weight = draw(share)
    return edition(
        name, year, values, judged=(weight, 1 - weight), ages=ages,
        weighting=draw(st.sampled_from(["equal", "entropy"])), direction=draw(st.sampled_from([1, -1])),
        min_coverage=draw(st.sampled_from([0.3, 0.5, 0.9])),
        expressions={i: draw(st.sampled_from([i, f"{i} / 2"])) for i in INDICATORS},
        earlier=[(*key, y, value) for key, value in zip(keys, known, strict=True) for y in (2022, 2023)],
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(some_edition("a"), some_edition("b"))
def test_whatever_changed_the_parts_add_up_and_backwards_they_are_the_opposite(one: State, two: State) -> None:
    found = changes(one, two)
    assert found.rescored < 1e-9
    table = found.table
    both = table.dropna(subset=["score_before", "score_after"])
    points, places = (both[[f"{p}_{unit}" for p in PARTS]].to_numpy(float) for unit in ("points", "places"))
    assert not np.isnan(points).any()
    np.testing.assert_allclose(points.sum(axis=1), both["score_after"] - both["score_before"], atol=1e-9)
    np.testing.assert_allclose(places.sum(axis=1), (both["rank_before"] - both["rank_after"]).astype(float), atol=1e-9)
    np.testing.assert_allclose(places * 720, (places * 720).round(), atol=1e-6)
    back = changes(two, one).table.set_index(["adcode", "node"])
    again = back.reindex(pd.MultiIndex.from_frame(both[["adcode", "node"]]))
    np.testing.assert_allclose(again[[f"{p}_points" for p in PARTS]].to_numpy(float), -points, atol=1e-8)


def test_editions_of_different_indices_are_refused() -> None:
    one = edition("2024-r1", 2024, BASE)
    other = Tree([Node("top", weighting="equal"), Node("x", "top", direction=1)])
    with pytest.raises(DataError, match=r"2024-r1 and 2024-r2 are of different indices: no node is in both"):
        changes(one, replace(one, edition="2024-r2", tree=other))


def test_an_edition_that_does_not_tell_its_rules_is_refused() -> None:
    empty = {name: pd.DataFrame(columns=list(tables()[name].columns)) for name in TABLES}
    with pytest.raises(
        DataError, match=r"2020-r1 was published before editions told their own rules; publish its year"
    ):
        State.of("2020-r1", empty)


def test_what_differs_is_named() -> None:
    before = edition("2023-r1", 2023, with_gap(BASE))
    after = edition("2024-r1", 2024, BASE.drop(columns="v"), expressions={"u": "u / 2"}, judged=(0.5, 0.5))
    told = differences(before, replace(after, panel="other", rules={**after.rules, "min_coverage": "0.9"}))
    assert Difference("coverage", "gained", "x", 1) in told
    assert Difference("coverage", "rebound", "u", before="u [1]", after="u / 2 [1]") in told
    assert Difference("coverage", "left", "v") in told
    assert Difference("judgements", "judged", "p", before="0.600", after="0.500") in told
    assert Difference("judgements", "panel", "", before="synthetic", after="other") in told
    assert Difference("method", "rule", "min_coverage", before="0.5", after="0.9") in told
