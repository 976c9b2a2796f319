"""Other methods than the index's own, through the engine."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icdp.errors import CatalogError, DataError
from icdp.scoring import Node, Settings, Tree, score
from icdp.scoring.aggregate import KINDS
from icdp.scoring.aggregations import RULES
from icdp.scoring.normalisations import minmax
from icdp.scoring.normalise import Normalisation
from icdp.scoring.weights import WEIGHTINGS, entropy

NAN = math.nan
FEW = settings(max_examples=60, deadline=None, derandomize=True)
POSITIVE = Settings(normalisation=Normalisation("minmax", {"scale": (0.01, 1.0)}))
SMOOTH = [name for name, rule in RULES.items() if rule.slope is not None]


def exponent(name):
    return {"exponent": 0.5} if name == "power" else {}


@st.composite
def problems(draw, aggregations=tuple(SMOOTH), missing=True):
    """Two levels, every node with its own aggregation and weighting, values with gaps."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def inner(name, parent):
        aggregation = draw(st.sampled_from(aggregations))
        weighting = draw(st.sampled_from(["entropy", "equal", "std"]))
        return Node(name, parent, None, weighting, aggregation, **exponent(aggregation))

    nodes = [inner("n", None)]
    for i in range(draw(st.integers(1, 3))):
        nodes.append(inner(f"n{i}", "n"))
        nodes += [Node(f"n{i}{j}", f"n{i}", int(random.choice([1, -1]))) for j in range(draw(st.integers(1, 3)))]
    tree = Tree(nodes)
    values = random.normal(50.0, 20.0, (draw(st.integers(4, 8)), len(tree.leaves())))
    if missing:
        values[2:][random.random((len(values) - 2, values.shape[1])) < draw(st.floats(0.0, 0.6))] = NAN
    return tree, pd.DataFrame(values, columns=tree.leaves(), index=[f"u{i}" for i in range(len(values))]), random


def positive_below_mpi(tree):
    """An MPI may be negative, where no geometric, harmonic, power mean or MPI is defined."""
    return not any(
        tree[n].aggregation == "mpi" and n != tree.root and tree[tree.root].aggregation != "arithmetic"
        for n in tree.inner
    )


@FEW
@given(problems(), st.floats(0.0, 1.0))
def test_contributions_sum_to_the_score_for_every_smooth_aggregation(problem, min_coverage):
    tree, values, _ = problem
    if not positive_below_mpi(tree):
        return
    rules = Settings(min_coverage=min_coverage, normalisation=POSITIVE.normalisation)
    result = score(tree, values, None, rules)
    total = result.scores[tree.root].to_numpy()
    assert result.contributions.sum(axis=1, min_count=1).to_numpy() == pytest.approx(total, abs=1e-9, nan_ok=True)
    own = result.effective.sum(axis=1, min_count=1).to_numpy()
    assert own[~np.isnan(total)] == pytest.approx(1.0, abs=1e-9)
    assert {note.kind for note in result.notes} <= set(KINDS)


@FEW
@given(problems(aggregations=tuple(RULES)))
def test_the_order_of_units_and_indicators_changes_nothing(problem):
    tree, values, random = problem
    if not positive_below_mpi(tree) or "copeland" in {tree[n].aggregation for n in tree.inner if n != tree.root}:
        return  # the worst of a Copeland node has 0
    shuffled = values.iloc[random.permutation(len(values)), random.permutation(values.shape[1])]
    one, other = score(tree, values, None, POSITIVE), score(tree, shuffled, None, POSITIVE)
    for name in ("scores", "ranks", "contributions", "effective"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name).reindex(values.index), check_exact=True, obj=name
        )
    assert one.notes == other.notes


def flat(aggregation, weighting="equal", **parameters):
    inner = Node("r", None, None, weighting, aggregation, **exponent(aggregation), **parameters)
    return Tree([inner, *[Node(x, "r", 1) for x in "abc"]])


VALUES = pd.DataFrame(
    {"a": [0.0, 2.0, 5.0, 10.0], "b": [10.0, 5.0, 0.0, 7.0], "c": [3.0, 0.0, 10.0, 4.0]}, index=[*"uvwx"]
)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_missing_child_leaves_the_score_of_the_children_present(name):
    values = VALUES.astype(float)
    values.loc["x", "b"] = NAN
    found = score(flat(name), values, None, POSITIVE)
    pair = Tree([Node("r", None, None, "equal", name, **exponent(name)), Node("a", "r", 1), Node("c", "r", 1)])
    alone = score(pair, values[["a", "c"]], None, POSITIVE)
    if name == "copeland":  # by what both have, x beats u (a, c) and v (a, c) and splits with w (a against c)
        assert found.scores.loc["x", "r"] == pytest.approx(100 * 2.5 / 3)
    else:
        assert found.scores.loc["x", "r"] == pytest.approx(alone.scores.loc["x", "r"], abs=1e-12)
    assert ("weight_redistributed", "x") in [(n.kind, n.unit) for n in found.notes]
    assert {n.detail for n in found.notes if n.kind == "weight_redistributed"} == {"b missing; the weight went to a, c"}


@pytest.mark.parametrize(
    ("name", "unit", "child"), [("geometric", "u", "a"), ("harmonic", "u", "a"), ("power", "u", "a")]
)
def test_a_mean_that_zeros_leave_undefined_is_refused_by_unit_node_and_child(name, unit, child):
    tree = flat(name)
    if name == "power":
        tree = Tree([Node("r", None, None, "equal", "power", exponent=-2.0), *[Node(x, "r", 1) for x in "abc"]])
    shown = r"power \(exponent -2\)" if name == "power" else name
    with pytest.raises(
        DataError,
        match=rf"r: unit '{unit}', child '{child}': 0 \(3 such values\); {shown} is not defined for 0. Normalise the "
        r"indicators below r to positive values, e.g. {method: minmax, scale: \[0.01, 1\]}, or aggregate it by arithmetic",
    ):
        score(tree, VALUES, None)
    assert score(tree, VALUES, None, POSITIVE).scores["r"].notna().all()


def test_negative_values_are_refused_where_powers_or_the_mpi_are_taken():
    plain = Settings(normalisation=Normalisation("zscore", {"mean": 0.0, "sd": 1.0}))
    for name in ("power", "mpi"):
        with pytest.raises(DataError, match=r"is not defined for negative values\. Normalise"):
            score(flat(name), VALUES, None, plain)


def test_a_positive_scale_is_noted_and_moves_no_entropy():
    usual, moved = (score(flat("arithmetic", "entropy"), VALUES, None, rules) for rules in (Settings(), POSITIVE))
    pd.testing.assert_frame_equal(usual.weights, moved.weights, atol=1e-14)
    assert usual.notes == []
    told = {(n.kind, n.node): n.detail for n in moved.notes}
    assert told["normalised_by", "r"] == "every indicator without a method of its own: minmax (scale=(0.01, 1.0))"
    assert told["entropy_rescaled", "a"] == "its entropy is that of its values brought to 0-1"
    assert len(told) == 4


def test_entropy_above_shifted_indicators_is_measured_from_0_as_well():
    tree = Tree(
        [
            Node("r", None, None, "entropy"),
            Node("p", "r", None, "equal"),
            *[Node(x, p, 1) for x, p in (("a", "p"), ("b", "p"), ("c", "r"))],
        ]
    )
    half = Settings(normalisation=Normalisation("minmax", {"scale": (0.5, 1.0)}))
    one, other = score(tree, VALUES, None, POSITIVE), score(tree, VALUES, None, half)
    pd.testing.assert_frame_equal(one.weights, other.weights, atol=1e-12)
    assert ("entropy_rescaled", "p") in [(n.kind, n.node) for n in one.notes]


def test_standard_scores_have_ranks_and_no_tiers_and_say_so():
    t, plain = (
        score(flat("arithmetic", "entropy"), VALUES, None, Settings(normalisation=Normalisation("zscore", parameters)))
        for parameters in ({}, {"mean": 0.0, "sd": 1.0})
    )
    assert t.tiers.isna().all()
    assert ("tiers_undefined", "r") in [(n.kind, n.node) for n in t.notes]
    assert t.ranks["r"].tolist() == plain.ranks["r"].tolist()
    assert t.scores["r"].to_numpy() == pytest.approx(50.0 + plain.scores["r"].to_numpy() / 10.0, abs=1e-12)
    assert t.scores["r"].mean() == pytest.approx(50.0)
    assert plain.scores["r"].min() < 0.0  # not cut off
    local = plain.weights["local_weight"].to_numpy()  # negative values have no entropy; brought to 0-1 they have
    assert local == pytest.approx(entropy(minmax(VALUES.to_numpy(), [1, 1, 1])), abs=1e-12)


def test_one_unbounded_indicator_takes_the_tiers_away_and_an_mpi_does():
    nodes = [
        Node("r", None, None, "equal"),
        Node("a", "r", 1),
        Node("b", "r", 1, normalisation=Normalisation("zscore")),
    ]
    assert score(Tree(nodes), VALUES[["a", "b"]], None).tiers.isna().all()
    assert score(flat("mpi"), VALUES, None).tiers.isna().all()
    for name in ("arithmetic", "copeland"):
        assert score(flat(name), VALUES, None).tiers.notna().all()


def test_copeland_gives_scores_and_ranks_and_no_contributions():
    result = score(flat("copeland"), VALUES, None)
    # u beats v (b, c), loses to w (a, c) and x (a, c); v loses to w and x (a, c and a, b, c); w and x split: w c, x a b.
    assert result.scores["r"].tolist() == pytest.approx([100 / 3, 0.0, 200 / 3, 100.0])
    assert result.ranks["r"].tolist() == [3, 4, 2, 1]
    assert result.contributions.isna().all(axis=None)
    assert result.effective.sum(axis=1).tolist() == pytest.approx([1.0] * 4)
    told = {(n.kind, n.node): n.detail for n in result.notes}
    assert told["contributions_undefined", "r"] == "copeland goes by order alone: no contributions to the score"
    assert told["aggregated_by", "r"] == "copeland"


def test_a_unit_without_anyone_to_be_compared_with_has_no_score():
    tree = Tree([Node("r", None, None, "equal", "copeland"), Node("a", "r", 1), Node("b", "r", 1)])
    values = pd.DataFrame(
        {
            "a": [1.0, 2.0, NAN],
            "b": [NAN, NAN, 1.0],
        },
        index=[*"uvw"],
    )
    goalposts = Settings(min_coverage=0.5, normalisation=Normalisation("goalposts", {"goalposts": (0, 10)}))
    result = score(tree, values, None, goalposts)
    assert result.scores["r"].tolist() == pytest.approx([0.0, 100.0, NAN], nan_ok=True)
    assert [(n.unit, n.detail) for n in result.notes if n.kind == "node_not_scored"] == [
        ("w", "no other unit to compare with")
    ]


def test_a_geometric_node_above_arithmetic_ones_by_hand():
    tree = Tree(
        [
            Node("r", None, None, "equal", "geometric"),
            Node("p", "r", None, "equal"),
            Node("q", "r", None, "equal"),
            *[Node(x, p, 1) for x, p in (("a", "p"), ("b", "p"), ("c", "q"))],
        ]
    )
    values = pd.DataFrame({"a": [0.0, 10.0], "b": [10.0, 0.0], "c": [10.0, 0.0]}, index=["u", "v"])
    with pytest.raises(DataError, match="r: unit 'v', child 'q': 0; geometric is not defined for 0"):
        score(tree, values, None)
    result = score(tree, values, None, Settings(normalisation=Normalisation("minmax", {"scale": (0.25, 1.0)})))
    u = math.sqrt(0.625 * 1.0)
    assert result.scores.loc["u", "r"] == pytest.approx(100 * u)
    assert result.scores.loc["v", "r"] == pytest.approx(100 * math.sqrt(0.625 * 0.25))
    # each half of the geometric mean is one child's; p's half is shared as its values are, 0.25 to 1
    assert result.contributions.loc["u"].tolist() == pytest.approx([100 * u * 0.5 * 0.2, 100 * u * 0.5 * 0.8, 50 * u])


def test_goalposts_of_an_indicator_are_kept_and_what_lies_outside_is_told():
    posts = Normalisation("goalposts", {"goalposts": (2.0, 8.0)})
    tree = Tree([Node("r", None, None, "equal"), Node("a", "r", 1, normalisation=posts), Node("b", "r", 1)])
    result = score(tree, VALUES[["a", "b"]], None)
    assert result.normalized["a"].tolist() == [0.0, 0.0, 0.5, 1.0]
    assert [(n.unit, n.detail) for n in result.notes if n.kind == "value_capped"] == [
        ("u", "0 lies outside the goalposts 2 and 8"),
        ("x", "10 lies outside the goalposts 2 and 8"),
    ]
    assert result.tiers.notna().all()


LEAVES = [Node("a", "r", 1), Node("b", "r", 1)]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            [Node("r", None, None, "equal", "median"), *LEAVES],
            "'r' has the unknown aggregation 'median'; give one of ari",
        ),
        ([Node("r", None, None, "equal", "power"), *LEAVES], "aggregation power needs an `exponent`"),
        ([Node("r", None, None, "equal", exponent=2.0), *LEAVES], "needs an `exponent`, and no other one has it"),
        (
            [Node("r", None, None, "equal", "power", exponent=0.0), *LEAVES],
            "a number other than 0, whose limit is geom",
        ),
        ([Node("r", None, None, "equal", "power", exponent=NAN), *LEAVES], "the exponent nan; give a number"),
        ([Node("r", None, None, "equal", ahp_share=0.5), *LEAVES], "`ahp_share` belongs to the weighting ahp_entropy"),
        ([Node("r", None, None, "ahp_entropy", ahp_share=1.5), *LEAVES], "the ahp_share 1.5; give a share, 0 to 1"),
        ([Node("r", None, None, "fixed"), *LEAVES], "weighted by fixed; give each of its children a, b a `weight`"),
        (
            [Node("r", None, None, "equal"), Node("a", "r", 1, weight=1)],
            "'a' has a weight but its parent is not weighted",
        ),
        (
            [Node("r", None, None, "fixed"), Node("a", "r", 1, weight=-1)],
            "has the weight -1; give a number not below 0",
        ),
        ([Node("r", None, None, "fixed"), Node("a", "r", 1, weight=0)], "a `weight`, one of them above 0"),
        ([Node("r", None, None, "equal", normalisation=Normalisation()), *LEAVES], "children and a normalisation"),
        ([Node("r", None, None, "equal"), Node("a", "r", 1, None, "mpi")], "indicator 'a' aggregates nothing"),
    ],
)
def test_a_method_that_contradicts_the_tree_is_refused_with_the_node_named(nodes, message):
    with pytest.raises(CatalogError, match=message):
        Tree(nodes)


def test_every_weighting_of_the_registry_can_be_given_to_a_node():
    for name in WEIGHTINGS:
        weight = {"weight": 1.0} if name == "fixed" else {}
        assert Tree([Node("r", None, None, name), Node("a", "r", 1, **weight)])["r"].judged == name.startswith("ahp")
