"""Every draw is what the engine gives when the same is changed in its tree, values, panel or settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.scoring.uncertainty.indices import figures, panel, three_levels

from icdp.errors import DataError
from icdp.scoring import Judgements, Node, Settings, Tree, score
from icdp.scoring.aggregations import RULES
from icdp.scoring.normalise import Normalisation
from icdp.scoring.rank import competition_rank
from icdp.scoring.uncertainty import Assumptions, Ensemble, Sample, compile_plan, evaluate
from icdp.scoring.weights import WEIGHTINGS

FEW = settings(max_examples=60, deadline=None, derandomize=True)
ABOVE_ZERO = Normalisation("minmax", {"scale": (0.01, 1.0)})
NORMALISATIONS = [ABOVE_ZERO, Normalisation(), Normalisation("rank"), Normalisation("percentile", {"ties": "average"})]
SAME = {"rtol": 1e-9, "atol": 1e-9}


@st.composite
def problems(draw):
    """Two levels, each node and each indicator with methods of its own, gaps, three experts."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    given_weights = []

    def inner(name, parent):
        aggregation, weighting = draw(st.sampled_from(sorted(RULES))), draw(st.sampled_from(sorted(WEIGHTINGS)))
        weight = float(random.integers(1, 5)) if parent is not None and "n" in given_weights else None
        if weighting == "fixed":
            given_weights.append(name)
        exponent = 0.5 if aggregation == "power" else None
        share = draw(st.sampled_from([None, 0.3])) if weighting == "ahp_entropy" else None
        return Node(name, parent, None, weighting, aggregation, exponent, share, weight)

    nodes = [inner("n", None)]
    for i in range(draw(st.integers(1, 3))):
        nodes.append(inner(f"n{i}", "n"))
        for j in range(draw(st.integers(1, 4))):
            weight = float(random.integers(1, 5)) if f"n{i}" in given_weights else None
            method = draw(st.sampled_from(NORMALISATIONS))
            nodes.append(Node(f"n{i}{j}", f"n{i}", int(random.choice([1, -1])), weight=weight, normalisation=method))
    tree = Tree(nodes)
    values = figures(tree, random, draw(st.integers(5, 9)), draw(st.sampled_from([0.0, 0.15, 0.4])))
    return (
        tree,
        values,
        panel(tree, random),
        Settings(
            min_coverage=draw(st.sampled_from([0.3, 0.5, 1.0])),
            winsorise=frozenset(tree.leaves()[: draw(st.sampled_from([0, 2]))]),
        ),
    )


def same(plan, scores, expected):
    got = pd.DataFrame({node: values[:, 0] for node, values in scores.items()}, index=list(plan.units))
    wanted = expected.scores[list(got.columns)].sort_index()
    np.testing.assert_allclose(got.to_numpy(), wanted.to_numpy(), **SAME)


@FEW
@given(problems())
def test_without_any_change_it_is_the_index_itself(problem):
    tree, values, judges, rules = problem
    try:
        expected = score(tree, values, judges, rules)
    except DataError:
        assume(False)
    plan = compile_plan(tree, values, judges, rules)
    same(plan, evaluate(plan, Sample(1)).scores, expected)


@FEW
@given(problems(), st.data())
def test_an_indicator_left_out_is_one_without_values(problem, data):
    tree, values, judges, rules = problem
    out = data.draw(st.sampled_from(tree.leaves()))
    try:
        expected = score(tree, values.drop(columns=out), judges, rules)
        plan = compile_plan(tree, values, judges, rules)
    except DataError:
        assume(False)
    assume(out in plan.leaves)
    use = np.array([[leaf != out] for leaf in plan.leaves])
    scores = evaluate(plan, Sample(1, use=use)).scores
    missing = [node for node in scores if expected.scores[node].isna().all()]
    same(plan, {node: values for node, values in scores.items() if node not in missing}, expected)
    assert all(np.isnan(scores[node]).all() for node in missing)


@pytest.fixture
def index():
    random = np.random.default_rng(5)
    tree = three_levels()
    values = figures(tree, random)
    values.iloc[[3, 9, 9], [2, 7, 8]] = np.nan
    judges = panel(tree, random, experts=4)
    return tree, values, judges, compile_plan(tree, values, judges)


def test_disturbed_values_are_other_values(index):
    tree, values, judges, plan = index
    other = values * np.exp(np.random.default_rng(1).normal(0.0, 0.3, values.shape))
    own = other.sort_index()[list(plan.leaves)].to_numpy()[:, :, np.newaxis]
    same(plan, evaluate(plan, Sample(1, values=own)).scores, score(tree, other, judges))


def test_an_indicator_that_becomes_constant_in_a_draw_is_out_of_it(index):
    tree, values, judges, plan = index
    other = values.copy()
    other["d0g0i1"] = 7.0
    own = other[list(plan.leaves)].to_numpy()[:, :, np.newaxis]
    same(plan, evaluate(plan, Sample(1, values=own)).scores, score(tree, other, judges))


def test_experts_drawn_twice_are_two_experts(index):
    tree, values, judges, plan = index
    counts = {"root": [2, 0, 1, 1], "d0": [0, 0, 4, 0], "d1": [1, 1, 1, 1], "d2": [0, 3, 0, 1]}
    matrices = {
        node: {
            f"{expert}{copy}": found
            for (expert, found), times in zip(
                judges.matrices(node, tree.children(node)).items(), counts[node], strict=True
            )
            for copy in range(times)
        }
        for node in counts
    }
    sample = Sample(1, experts={node: np.array(times, dtype=float)[:, np.newaxis] for node, times in counts.items()})
    same(plan, evaluate(plan, sample).scores, score(tree, values, Judgements.from_matrices(matrices)))


def test_rounding_moves_the_merged_judgement_along_the_scale():
    tree = Tree([Node("n", None, weighting="ahp"), Node("a", "n", 1), Node("b", "n", 1)])
    values = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [3.0, 1.0, 0.0]}, index=["x", "y", "z"])
    plan = compile_plan(tree, values, Judgements.from_matrices({"n": {"e": frame("ab", 1.25)}}))
    # 1.25 is a quarter step above equality; half a step down is a quarter step below it: 1 / 1.25.
    weights = evaluate(plan, Sample(2, rounding={"n": np.array([[0.5, -0.5]])})).weights["n"]
    np.testing.assert_allclose(weights[0] / weights[1], [1.75, 1.0 / 1.25], rtol=1e-12)


def frame(items, value):
    return pd.DataFrame([[1.0, value], [1.0 / value, 1.0]], index=list(items), columns=list(items))


@pytest.mark.parametrize("weighting", ["entropy", "critic", "std", "pca"])
def test_measured_weights_are_those_of_the_units_drawn(weighting):
    random = np.random.default_rng(2)
    tree = three_levels(weighting)
    # Goalposts do not depend on the units, so the engine normalises a resample as it does the whole.
    posts = Settings(normalisation=Normalisation("goalposts", {"goalposts": (0.0, 20.0), "cap": False}))
    values = figures(tree, random)
    values.iloc[4, 6] = np.nan
    judges = panel(tree, random)
    plan = compile_plan(tree, values, judges, posts)
    chosen = random.integers(0, 31, (31, 3))
    chosen[:, 2] = np.arange(31)
    drawn = evaluate(plan, Sample(3, units=chosen)).weights
    for draw in range(3):
        again = values.iloc[chosen[:, draw]].set_axis([f"v{i}" for i in range(31)])
        local = score(tree, again, judges, posts).weights.set_index("node")["local_weight"]
        for parent in plan.parents:
            if parent.weighting == weighting:
                children = [plan.leaves[slot] for slot in parent.children]
                np.testing.assert_allclose(drawn[parent.node][:, draw], local[children], rtol=1e-8, atol=1e-10)


def test_where_a_resample_leaves_no_correlation_the_weights_of_all_units_stand_in():
    random = np.random.default_rng(3)
    tree = Tree([Node("n", None, weighting="critic"), *(Node(name, "n", 1) for name in "abc")])
    values = figures(tree, random, 10)
    values.loc[values.index[:4], "a"] = np.nan
    values.loc[values.index[6:], "b"] = np.nan
    plan = compile_plan(tree, values, None)
    whole = evaluate(plan, Sample(1)).weights["n"][:, 0]
    apart = np.array([0, 1, 2, 3, 7, 8, 9, 7, 8, 9])  # no unit among them has both a and b
    drawn = evaluate(plan, Sample(2, units=np.stack([apart, np.arange(10)], axis=1))).weights["n"]
    np.testing.assert_allclose(drawn, np.stack([whole, whole], axis=1))


def test_one_unit_drawn_again_and_again_tells_nothing_apart_and_weighs_all_the_same():
    tree = Tree([Node("n", None, weighting="entropy"), *(Node(name, "n", 1) for name in "abc")])
    plan = compile_plan(tree, figures(tree, np.random.default_rng(3), 10), None)
    drawn = evaluate(plan, Sample(1, units=np.full((10, 1), 4))).weights["n"]
    np.testing.assert_allclose(drawn[:, 0], 1.0 / 3.0)


@pytest.mark.parametrize("name", ["zscore", "percentile", "rank"])
def test_another_normalisation_ranks_as_the_engine_does_with_it(index, name):
    tree, values, judges, plan = index
    expected = score(tree, values, judges, Settings(normalisation=Normalisation(name)))
    draws = evaluate(plan, Sample(3, normalisation=np.array(["own", name, "own"])))
    same(plan, {node: values[:, :1] for node, values in draws.scores.items()}, score(tree, values, judges))
    for node, values_drawn in draws.scores.items():
        ranks = competition_rank(pd.Series(values_drawn[:, 1], index=list(plan.units)))
        pd.testing.assert_series_equal(ranks, expected.ranks[node].sort_index(), check_names=False)
    assert draws.other_scale is not None
    assert draws.other_scale.tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["geometric", "harmonic", "copeland", "mpi"])
def test_another_aggregation_is_the_engines_on_a_scale_above_zero(index, name):
    tree, values, judges, plan = index
    nodes = [replace(n, aggregation=name) if n.id in ("root", "d0", "d1", "d2") else n for n in tree.nodes]
    expected = score(Tree(nodes), values, judges, Settings(normalisation=ABOVE_ZERO)).scores.sort_index() / 100.0
    drawn = evaluate(plan, Sample(2, aggregation=np.array(["own", name])), floor=0.01, levels=(0, 1)).scores
    for node in ("root", "d0", "d1", "d2"):
        wanted = (expected[node].to_numpy() - 0.01) / 0.99
        np.testing.assert_allclose(drawn[node][:, 1] / 100.0, np.clip(wanted, 0.0, 1.0), atol=1e-9)


def test_a_weight_off_by_a_share_is_scaled_back_to_one():
    tree = Tree([Node("n", None, weighting="equal"), *(Node(x, "n", 1) for x in "abc")])
    values = figures(tree, np.random.default_rng(0), 6)
    plan = compile_plan(tree, values, None)
    found = evaluate(plan, Sample(1, noise={"n": np.array([[1.2], [0.8], [1.0]])})).weights["n"]
    np.testing.assert_allclose(found[:, 0], [0.4, 0.8 / 3.0, 1.0 / 3.0])
    model = Assumptions(given_weights=0.25)
    weights = Ensemble(plan, model).evaluate(Ensemble(plan, model).draw(0, 4000)).weights["n"] * 3.0
    assert weights.min() > 0.75 / (0.75 + 2.5) * 3.0 - 1e-9
    assert weights.mean() == pytest.approx(1.0)
    assert weights.std() > 0.1


def test_a_missing_value_is_another_units_and_only_where_its_node_has_a_score(index):
    tree, values, judges, _ = index
    values = values.copy()
    values.loc["u20", tree.leaves("d0g0")] = np.nan  # no score on d0g0: nothing is filled in
    plan = compile_plan(tree, values, judges)
    ensemble = Ensemble(plan, Assumptions(missing=True))
    assert ensemble.factors == ("missing",)
    drawn = ensemble.draw(0, 500).values
    unit, leaf = plan.units.index("u03"), plan.leaves.index("d0g0i2")
    seen = set(values["d0g0i2"].dropna())
    assert set(drawn[unit, leaf]) <= seen
    assert len(set(drawn[unit, leaf])) > 25
    assert np.isnan(drawn[plan.units.index("u20"), plan.leaves.index("d0g0i0")]).all()
    there = plan.present > 0
    assert (drawn[there] == plan.values[there][:, np.newaxis]).all()
    scores = ensemble.evaluate(ensemble.draw(0, 500)).scores
    assert np.isnan(scores["d0g0"][plan.units.index("u20")]).all()
    assert np.isfinite(scores["d0g0"][unit]).all()
