import numpy as np
import pandas as pd
import pytest

from icdp.errors import DataError
from icdp.scoring.aggregate import KINDS, aggregate
from icdp.scoring.tree import Node, Tree

NAN = float("nan")
TREE = Tree(
    [
        Node("total", None, None, "equal"),
        Node("left", "total", None, "equal"),
        Node("right", "total", None, "equal"),
        *[Node(leaf, "left", 1) for leaf in ("a", "b", "c")],
        *[Node(leaf, "right", 1) for leaf in ("d", "e")],
    ]
)
WEIGHTS = {
    "total": {"left": 0.6, "right": 0.4},
    "left": {"a": 0.5, "b": 0.3, "c": 0.2},
    "right": {"d": 0.7, "e": 0.3},
}


def fixed(node, values):
    weights = pd.Series(WEIGHTS[node])[list(values.columns)]
    return weights / weights.sum()


def run(min_coverage=0.5, drop=(), **units):
    z = pd.DataFrame.from_dict(units, orient="index", columns=list("abcde")).drop(columns=list(drop))
    return aggregate(TREE, z, fixed, min_coverage)


def kinds(done):
    return [(note.kind, note.node, note.unit) for note in done.notes]


def test_complete_units_get_the_plain_weighted_mean():
    done = run(u=[1.0, 0.5, 0.0, 0.2, 0.8])
    assert done.scores.loc["u"].to_dict() == pytest.approx({"left": 65.0, "right": 38.0, "total": 54.2}, abs=1e-12)
    assert done.coverage.loc["u"].to_dict() == pytest.approx(dict.fromkeys(done.coverage.columns, 1.0), abs=1e-12)
    assert done.effective.loc["u"].to_dict() == pytest.approx(
        {"a": 0.30, "b": 0.18, "c": 0.12, "d": 0.28, "e": 0.12}, abs=1e-15
    )
    assert done.contributions.loc["u"].to_dict() == pytest.approx(
        {"a": 30.0, "b": 9.0, "c": 0.0, "d": 5.6, "e": 9.6}, abs=1e-12
    )
    assert done.notes == []


def test_a_missing_leaf_passes_its_weight_to_its_siblings_only():
    done = run(u=[NAN, 0.5, 0.0, 0.2, 0.8], min_coverage=0.5)
    assert done.scores.loc["u", "left"] == pytest.approx(30.0)  # (0.3 * 0.5) / 0.5
    assert done.scores.loc["u", "right"] == pytest.approx(38.0)
    assert done.coverage.loc["u", "left"] == pytest.approx(0.5)
    assert done.coverage.loc["u", "total"] == pytest.approx(0.7)
    assert done.effective.loc["u"].tolist() == pytest.approx([0.0, 0.36, 0.24, 0.28, 0.12])
    assert np.isnan(done.contributions.loc["u", "a"])
    assert kinds(done) == [("weight_redistributed", "left", "u")]
    assert done.notes[0].detail == "a missing; the weight went to b, c"


def test_a_node_below_the_coverage_is_not_scored_and_its_weight_goes_to_its_siblings():
    done = run(u=[NAN, 0.5, NAN, 0.2, 0.8], min_coverage=0.4)
    assert np.isnan(done.scores.loc["u", "left"])
    assert done.coverage.loc["u", "left"] == pytest.approx(0.3)
    assert done.coverage.loc["u", "total"] == pytest.approx(0.4)  # a node not scored covers nothing
    assert done.scores.loc["u", "total"] == pytest.approx(38.0)
    assert np.isnan(done.contributions.loc["u", "b"])  # has a value but takes no part
    assert done.contributions.loc["u"].sum() == pytest.approx(38.0)
    assert kinds(done) == [("node_not_scored", "left", "u"), ("weight_redistributed", "total", "u")]
    assert done.notes[0].detail == "coverage 0.3 is below 0.4"


def test_coverage_is_nested_and_not_a_share_of_leaves():
    done = run(u=[1.0, NAN, NAN, 1.0, NAN], min_coverage=0.5)
    assert done.coverage.loc["u", ["left", "right"]].tolist() == pytest.approx([0.5, 0.7])
    assert done.coverage.loc["u", "total"] == pytest.approx(0.6 * 0.5 + 0.4 * 0.7)


def test_coverage_on_the_threshold_counts_in_spite_of_float_noise():
    weights = {"x": 0.1, "y": 0.2, "z": 0.3, "w": 0.4}
    tree = Tree([Node("r", None, None, "equal"), *[Node(leaf, "r", 1) for leaf in weights]])
    z = pd.DataFrame([[1.0, 1.0, 1.0, NAN]], index=["u"], columns=list(weights))
    assert 0.1 + 0.2 + 0.3 != 0.6
    done = aggregate(tree, z, lambda node, values: pd.Series(weights), 0.6)
    assert done.scores.loc["u", "r"] == pytest.approx(100.0)
    assert np.isnan(aggregate(tree, z, lambda node, values: pd.Series(weights), 0.61).scores.loc["u", "r"])


def test_a_node_without_any_leaf_in_use_is_out_for_everybody():
    done = run(u=[1.0, 0.5, 0.0, NAN, NAN], v=[0.0, 0.0, 1.0, NAN, NAN], drop="de")
    assert done.local_weights == {"left": 1.0, "a": 0.5, "b": 0.3, "c": 0.2}
    assert done.scores["total"].tolist() == done.scores["left"].tolist()
    assert done.scores["right"].isna().all()
    assert done.coverage["right"].tolist() == [0.0, 0.0]
    assert done.effective["d"].tolist() == [0.0, 0.0]
    assert done.notes == []  # the nominal weights already say so


def test_a_unit_without_values_has_no_score_even_at_coverage_zero():
    done = run(u=[NAN] * 5, v=[1.0] * 5, min_coverage=0.0)
    assert done.scores.loc["u"].isna().all()
    assert done.contributions.loc["u"].isna().all()
    assert done.effective.loc["u"].isna().all()
    assert done.scores.loc["v", "total"] == pytest.approx(100.0)
    assert done.scores.loc["v", "total"] <= 100.0


def test_a_missing_child_of_weight_zero_changes_nothing():
    tree = Tree([Node("r", None, None, "equal"), Node("x", "r", 1), Node("y", "r", 1)])
    z = pd.DataFrame([[0.4, NAN], [NAN, 0.4]], index=["u", "v"], columns=["x", "y"])
    done = aggregate(tree, z, lambda node, values: pd.Series({"x": 1.0, "y": 0.0}), 0.0)
    assert done.scores["r"].tolist() == [40.0, pytest.approx(NAN, nan_ok=True)]
    assert done.coverage["r"].tolist() == [1.0, 0.0]
    assert kinds(done) == [("node_not_scored", "r", "v")]


def test_every_kind_of_note_is_explained():
    done = run(u=[NAN, 0.5, NAN, 0.2, 0.8], v=[NAN] * 5)
    assert {note.kind for note in done.notes} <= set(KINDS)


@pytest.mark.parametrize(
    ("columns", "weigh", "min_coverage", "message"),
    [
        (["a"], fixed, 1.5, "min_coverage 1.5 lies outside 0-1"),
        (["zz"], fixed, 0.5, "'zz' is no indicator of the tree"),
        ([], fixed, 0.5, "nothing can be scored"),
        (["a", "b"], lambda node, values: pd.Series(0.4, index=values.columns), 0.5, "left: the weights of its child"),
    ],
)
def test_what_cannot_be_aggregated_is_refused(columns, weigh, min_coverage, message):
    with pytest.raises(DataError, match=message):
        aggregate(TREE, pd.DataFrame(0.5, index=["u"], columns=columns), weigh, min_coverage)
