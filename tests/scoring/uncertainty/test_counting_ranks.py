"""Ranks of many draws and what is counted of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scoring.uncertainty.indices import figures, panel, three_levels

from icdp.scoring import Node, Tree
from icdp.scoring.rank import competition_rank, tiers
from icdp.scoring.uncertainty import Assumptions, Ensemble, compile_plan, leave_one_out, one_at_a_time, rank_intervals
from icdp.scoring.uncertainty.ensemble import equated, followers
from icdp.scoring.uncertainty.ranks import Tally, competition_ranks, tiers_of

SCORES = st.one_of(st.floats(-150, 150), st.sampled_from([0.0, 25.0, 50.0, 50.0 + 1e-10, np.nan]))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(arrays(float, st.tuples(st.integers(1, 40), st.integers(1, 5)), elements=SCORES))
def test_every_draw_is_ranked_and_tiered_as_one_is(scores):
    ranks, found = competition_ranks(scores), tiers_of(scores, (50.0, 25.0))
    for draw in range(scores.shape[1]):
        column = pd.Series(scores[:, draw])
        assert ranks[draw].tolist() == competition_rank(column).fillna(0).tolist()
        assert found[:, draw].tolist() == tiers(column).fillna(0).tolist()


def test_percentiles_are_ranks_that_occurred_and_shifts_are_means_of_distances():
    tally = Tally.empty(("n",), np.array([[1, -1]]), 2)
    # unit 0: rank 1 in 90 draws, 2 in 6, none in 4; unit 1: rank 2 in 90, 1 in 10
    for ranks, times in (([1, 2], 90), ([2, 1], 6), ([0, 1], 4)):
        tally.count(0, np.array([ranks], dtype=np.int16), times)
        tally.draws += times
    assert tally.percentile(0, 0.05).tolist() == [1.0, 1.0]
    assert tally.percentile(0, 0.5).tolist() == [1.0, 2.0]
    assert tally.percentile(0, 90 / 96).tolist() == [1.0, 2.0]
    assert tally.percentile(0, 0.95).tolist() == [2.0, 2.0]
    np.testing.assert_allclose(tally.mean(0), [(90 + 12) / 96, 1.9])
    np.testing.assert_allclose(tally.shift(0, np.array([1.0, 2.0])), [6 / 96, 0.1])
    assert tally.ranked(0).tolist() == [96, 100]
    assert tally.ahead[0].tolist() == [90, 0]


def test_the_next_one_follows_in_the_published_order_and_the_unscored_are_not_in_it():
    scores = pd.Series([10.0, np.nan, 30.0, 30.0, 20.0])
    assert followers(scores).tolist() == [-1, -1, 3, 4, 0]


def test_a_unit_is_ahead_of_the_next_only_when_its_rank_is_better():
    tally = Tally.empty(("n",), np.array([[1, -1]]), 1)
    tally.count(0, np.array([[1, 2], [1, 1], [2, 1], [1, 0], [0, 1]], dtype=np.int16))
    assert tally.ahead[0].tolist() == [2, 0]  # ahead once, and once the other has no score; a tie is not ahead


def test_another_scale_is_brought_to_the_published_mean_and_spread_and_keeps_its_order():
    published = pd.Series([10.0, 20.0, 60.0])
    scores = np.array([[10.0, 0.1], [20.0, 0.4], [60.0, 0.3]])
    moved = equated(scores, np.array([False, True]), published)
    np.testing.assert_allclose(moved[:, 0], scores[:, 0])
    assert moved[:, 1].mean() == pytest.approx(30.0)
    assert moved[:, 1].std() == pytest.approx(published.to_numpy().std())
    assert np.argsort(moved[:, 1]).tolist() == [0, 2, 1]


@pytest.fixture(scope="module")
def analysed():
    random = np.random.default_rng(11)
    tree = three_levels()
    values = figures(tree, random)
    values.iloc[30] = np.nan  # a unit without any value
    plan = compile_plan(tree, values, panel(tree, random))
    model = Assumptions(experts=True, log_sd=pd.DataFrame(0.3, index=values.index, columns=values.columns))
    return tree, values, Ensemble(plan, model, seed=1)


def test_intervals_tell_of_every_node_and_scored_unit_and_hang_together(analysed):
    tree, _, ensemble = analysed
    table = rank_intervals(ensemble, ensemble.run(500))
    assert set(table["node"]) == set(tree.inner)
    assert (table.groupby("node").size() == 30).all()
    assert "u30" not in set(table["unit"])
    assert (table["rank_p05"] <= table["rank_median"]).all()
    assert (table["rank_median"] <= table["rank_p95"]).all()
    root = table[table["node"] == "root"]
    np.testing.assert_allclose(root[["p_tier1", "p_tier2", "p_tier3"]].sum(axis=1), 1.0)
    assert table.loc[table["node"] != "root", "p_tier1"].isna().all()
    last = root["rank"].idxmax()
    assert root.loc[root.index != last, "p_ahead_of_next"].between(0, 1).all()
    assert pd.isna(root.loc[last, "next_unit"])
    assert root["rank_mean"].mean() == pytest.approx(15.5)  # ranks of 30 units without ties, in every draw


def test_one_factor_at_a_time_moves_ranks_less_than_all_together(analysed):
    _, _, ensemble = analysed
    table = one_at_a_time(ensemble, 300)
    mean = table[table["unit"] == ""].set_index("factor")["mean_shift"]
    assert set(mean.index) == {"experts", "values"}
    assert 0 < mean["experts"] < mean["values"]
    assert len(table) == 2 * 31


def test_leaving_a_node_out_is_leaving_its_indicators_out(analysed):
    tree, _, ensemble = analysed
    table = leave_one_out(ensemble, tree)
    assert set(table["left_out"]) == {node.id for node in tree.nodes if node.parent is not None}
    before = ensemble.published["root"].rank(ascending=False)
    one = table[table["left_out"] == "d1g0"].set_index("unit")
    assert (before[one.index] - one["rank"]).astype(int).tolist() == one["places_gained"].tolist()
    # Without all but one dimension the composite would be that dimension; here: without d0 it rests on d1 and d2.
    shares = ensemble.evaluate(ensemble.draw(0, 1, {})).weights["root"][:, 0]
    scores = ensemble.published
    wanted = (scores["d1"] * shares[1] + scores["d2"] * shares[2]) / (shares[1] + shares[2])
    got = table[table["left_out"] == "d0"].set_index("unit")["score"]
    np.testing.assert_allclose(got, wanted[got.index])


def test_scores_without_bounds_have_no_tiers():
    tree = Tree([Node("n", None, weighting="equal", aggregation="mpi"), Node("a", "n", 1), Node("b", "n", -1)])
    values = figures(tree, np.random.default_rng(0), 6)
    ensemble = Ensemble(compile_plan(tree, values, None), Assumptions(given_weights=0.2))
    table = rank_intervals(ensemble, ensemble.run(20))
    assert table.filter(like="p_tier").isna().all(axis=None)
