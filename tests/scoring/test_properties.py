"""Properties that hold for every tree, every matrix of values and every panel."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icdp.scoring import Judgements, Node, Settings, Tree, score
from icdp.scoring.ahp import principal_eigenvector
from icdp.scoring.entropy import entropy_weights
from icdp.scoring.group import aggregate_judgements, aggregate_priorities, consensus
from icdp.scoring.normalise import normalise

FEW = settings(max_examples=60, deadline=None, derandomize=True)
RATIOS = st.sampled_from([1 / 9, 1 / 5, 1 / 3, 1 / 2, 1.0, 2.0, 3.0, 5.0, 9.0])


@st.composite
def trees(draw):
    """A tree of depth 2-4 whose branches differ in depth and in the way they are weighed."""
    depth = draw(st.integers(2, 4))
    nodes = [Node("n", None, None, draw(st.sampled_from(["ahp", "entropy", "equal"])))]

    def grow(parent, level):
        for i in range(draw(st.integers(1, 3))):
            name = f"{parent}.{i}"
            inner = level < depth and (level == 1 or draw(st.booleans()))
            if inner:
                nodes.append(Node(name, parent, None, draw(st.sampled_from(["ahp", "entropy", "equal"]))))
                grow(name, level + 1)
            else:
                nodes.append(Node(name, parent, draw(st.sampled_from([1, -1]))))

    grow("n", 1)
    return Tree(nodes)


def consistent_panel(tree, random):
    """Two experts whose matrices are consistent, so that the gate passes any of them."""
    panel = {}
    for parent in (node for node in tree.inner if tree[node].weighting == "ahp"):
        items = tree.children(parent)
        panel[parent] = {}
        for expert in ("li", "wu"):
            w = random.uniform(1.0, 5.0, len(items))
            panel[parent][expert] = pd.DataFrame(w[:, None] / w, index=items, columns=items)
    return Judgements.from_matrices(panel)


@st.composite
def problems(draw, missing):
    tree = draw(trees())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = draw(st.integers(3, 8))
    values = random.normal(50.0, 20.0, (units, len(tree.leaves())))
    if missing:
        values[random.random(values.shape) < draw(st.floats(0.0, 0.7))] = np.nan
        values[0] = random.normal(size=values.shape[1])  # two units at least are complete: something can be scored
        values[1] = values[0] + 1.0
    frame = pd.DataFrame(values, index=[f"u{i}" for i in range(units)], columns=tree.leaves())
    return tree, frame, consistent_panel(tree, random), random


@FEW
@given(problems(missing=False))
def test_the_composite_is_normalised_values_times_effective_weights(problem):
    tree, values, panel, _ = problem
    result = score(tree, values, panel)
    weights = result.weights.set_index("node")["effective_weight"].reindex(tree.leaves()).fillna(0.0)
    composite = 100.0 * result.normalized.fillna(0.0).to_numpy() @ weights.to_numpy()
    assert result.scores[tree.root].to_numpy() == pytest.approx(composite, abs=1e-9)


@FEW
@given(problems(missing=True), st.floats(0.0, 1.0))
def test_contributions_sum_to_the_score_whatever_is_missing(problem, min_coverage):
    tree, values, panel, _ = problem
    result = score(tree, values, panel, Settings(min_coverage=min_coverage))
    total = result.scores[tree.root]
    assert result.contributions.sum(axis=1, min_count=1).to_numpy() == pytest.approx(
        total.to_numpy(), abs=1e-9, nan_ok=True
    )
    own = result.effective.sum(axis=1, min_count=1)
    assert own[total.notna()].to_numpy() == pytest.approx(1.0, abs=1e-9)
    assert result.scores.stack().dropna().between(0.0, 100.0).all()
    assert result.coverage.stack().between(0.0, 1.0).all()
    assert (result.ranks.notna() == result.scores.notna()).all(axis=None)


@FEW
@given(problems(missing=True))
def test_a_score_needs_the_coverage_asked_for_on_every_node(problem):
    tree, values, panel, _ = problem
    result = score(tree, values, panel, Settings(min_coverage=0.5))
    covered = result.coverage[tree.inner] >= 0.5 - 1e-9
    assert (covered == result.scores[tree.inner].notna()).all(axis=None)


@FEW
@given(problems(missing=True))
def test_effective_weights_of_indicators_and_local_weights_of_siblings_sum_to_one(problem):
    tree, values, panel, _ = problem
    weights = score(tree, values, panel).weights
    leaves = weights[weights["node"].isin(tree.leaves())]
    assert leaves["effective_weight"].sum() == pytest.approx(1.0, abs=1e-9)
    assert weights.groupby("parent")["local_weight"].sum().to_numpy() == pytest.approx(1.0, abs=1e-9)


@FEW
@given(problems(missing=True))
def test_the_order_of_units_and_indicators_changes_not_one_bit(problem):
    tree, values, panel, random = problem
    shuffled = values.iloc[random.permutation(len(values)), random.permutation(values.shape[1])]
    one, other = score(tree, values, panel), score(tree, shuffled, panel)
    for table in ("scores", "ranks", "coverage", "contributions", "effective", "normalized"):
        pd.testing.assert_frame_equal(
            getattr(one, table), getattr(other, table).reindex(values.index), check_exact=True, obj=table
        )
    for table in ("weights", "entropy", "consistency", "judgements", "groups"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True, obj=table)
    assert one.notes == other.notes


@FEW
@given(problems(missing=True), st.floats(0.01, 1000.0), st.floats(-1000.0, 1000.0))
def test_minmax_does_not_see_units_of_measurement(problem, a, b):
    tree, values, _, _ = problem
    directions = {leaf: tree[leaf].direction for leaf in tree.leaves()}
    z, dropped = normalise(values, directions)
    moved, dropped_too = normalise(a * values + b, directions)
    assert dropped == dropped_too
    assert moved.to_numpy() == pytest.approx(z.to_numpy(), abs=1e-6, nan_ok=True)
    assert (z.min() == 0.0).all()
    assert (z.max() == 1.0).all()


@FEW
@given(problems(missing=True))
def test_turning_direction_and_sign_together_changes_nothing(problem):
    tree, values, _, _ = problem
    directions = {leaf: tree[leaf].direction for leaf in tree.leaves()}
    z, _ = normalise(values, directions)
    turned, _ = normalise(-values, {leaf: -sign for leaf, sign in directions.items()})
    pd.testing.assert_frame_equal(z, turned, check_exact=True)


@FEW
@given(problems(missing=False), st.floats(0.01, 100.0))
def test_entropy_does_not_see_a_common_scale_nor_the_order_of_units(problem, scale):
    _, values, _, random = problem
    z = values.abs()
    weights = entropy_weights(z).weights
    assert entropy_weights(scale * z).weights.to_numpy() == pytest.approx(weights.to_numpy(), abs=1e-9)
    shuffled = entropy_weights(z.iloc[random.permutation(len(z))]).weights
    assert shuffled.to_numpy() == pytest.approx(weights.to_numpy(), abs=1e-9)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)


@FEW
@given(st.lists(st.tuples(RATIOS, RATIOS, RATIOS), min_size=1, max_size=6))
def test_of_three_items_merged_matrices_and_merged_priorities_weigh_the_same(experts):
    matrices = [
        pd.DataFrame([[1, a, b], [1 / a, 1, c], [1 / b, 1 / c, 1]], index=[*"xyz"], columns=[*"xyz"])
        for a, b, c in experts
    ]
    merged = aggregate_judgements(matrices)
    priorities = pd.DataFrame([principal_eigenvector(matrix)[0] for matrix in matrices])
    weights = principal_eigenvector(merged)[0].to_numpy()
    assert weights == pytest.approx(aggregate_priorities(priorities).to_numpy(), abs=1e-9)
    assert 0.0 <= consensus(priorities).s_star <= 1.0


@FEW
@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=9))
def test_a_consistent_matrix_gives_back_its_priorities(given):
    w = np.array(given) / sum(given)
    names = [f"i{i}" for i in range(len(w))]
    weights, lambda_max = principal_eigenvector(pd.DataFrame(w[:, None] / w, index=names, columns=names))
    assert weights.to_numpy() == pytest.approx(w, abs=1e-9)
    assert lambda_max == pytest.approx(len(w), abs=1e-9)
