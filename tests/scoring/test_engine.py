import math

import numpy as np
import pandas as pd
import pytest

from icdp.errors import DataError, JudgementError
from icdp.scoring import Judgements, Node, Settings, Tree, read_judgements, score

NAN = float("nan")
TREE = Tree(
    [
        Node("total", None, None, "ahp"),
        Node("wealth", "total", None, "entropy"),
        Node("cost", "total", None, "entropy"),
        Node("green", "total", None, "equal"),
        Node("gdp", "wealth", 1),
        Node("pay", "wealth", 1),
        Node("power", "cost", -1),
        Node("wind", "green", 1),
        Node("sun", "green", 1),
    ]
)
VALUES = pd.DataFrame(
    {
        "gdp": [10.0, 20.0, 30.0, 50.0],
        "pay": [4.0, 4.0, 8.0, 6.0],
        "power": [0.5, 0.4, 0.3, 0.4],
        "wind": [0.0, 5.0, 10.0, 2.0],
        "sun": [1.0, 0.0, 0.5, 1.0],
    },
    index=["u", "v", "w", "x"],
)
CONSISTENT = [[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]  # weights 4/7, 2/7, 1/7


@pytest.fixture
def panel(square):
    return Judgements.from_matrices({"total": {"li": square(CONSISTENT, ["wealth", "cost", "green"])}})


def kinds(result):
    return [(note.kind, note.node, note.unit) for note in result.notes]


def test_scores_by_hand(panel):
    result = score(TREE, VALUES, panel)
    gdp, pay = np.array([0, 0.25, 0.5, 1]), np.array([0, 0, 1, 0.5])

    def divergence(z):
        p = z[z > 0] / z.sum()
        return 1 + (p * np.log(p)).sum() / math.log(4)

    share = divergence(gdp) / (divergence(gdp) + divergence(pay))
    wealth, cost = share * gdp + (1 - share) * pay, np.array([0, 0.5, 1, 0.5])
    green = (np.array([0, 0.5, 1, 0.2]) + np.array([1, 0, 0.5, 1])) / 2
    total = 100 * (4 * wealth + 2 * cost + green) / 7
    assert result.scores["wealth"].tolist() == pytest.approx(100 * wealth, abs=1e-12)
    assert result.scores["cost"].tolist() == pytest.approx(100 * cost, abs=1e-12)
    assert result.scores["total"].tolist() == pytest.approx(total, abs=1e-12)
    assert result.ranks["total"].tolist() == [4, 3, 1, 2]
    assert result.ranks["cost"].tolist() == [4, 2, 1, 2]
    assert result.tiers.tolist() == [3, 3, 1, 1]
    assert kinds(result) == []


def test_weights_of_every_node_in_use_are_published(panel):
    weights = score(TREE, VALUES, panel).weights.set_index("node")
    assert list(weights.index) == ["wealth", "gdp", "pay", "cost", "power", "green", "wind", "sun"]
    assert weights["level"].tolist() == [1, 2, 2, 1, 2, 1, 2, 2]
    assert weights["method"].tolist() == ["ahp", "entropy", "entropy", "ahp", "entropy", "ahp", "equal", "equal"]
    assert weights.loc[["wealth", "cost", "green"], "local_weight"].tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    assert weights.loc["wind", ["local_weight", "effective_weight"]].tolist() == pytest.approx([0.5, 1 / 14])
    assert weights.loc[TREE.leaves(), "effective_weight"].sum() == pytest.approx(1.0, abs=1e-12)


def test_consistency_judgements_and_entropy_are_published(panel):
    result = score(TREE, VALUES, panel, Settings(ri_table="saaty2005", cr_thresholds={3: 0.05, "default": 0.1}))
    row = result.consistency.iloc[0]
    assert list(result.consistency.columns) == [
        "parent", "expert", "n", "lambda_max", "ci", "cr", "ri_table", "threshold", "accepted", "ri", "missing",
        "expert_weight",
    ]  # fmt: skip
    assert row[["parent", "expert", "n", "cr", "ri_table", "threshold"]].tolist() == [
        "total", "li", 3, 0.0, "saaty2005", 0.05,
    ]  # fmt: skip
    assert bool(row["accepted"])
    assert len(result.judgements) == 9
    assert result.groups[["parent", "experts", "cr"]].to_numpy().tolist() == [["total", 1, 0.0]]
    assert result.entropy["node"].tolist() == ["gdp", "pay", "power"]
    assert result.entropy["units"].tolist() == [4, 4, 4]


def test_an_indicator_without_information_is_out_and_said_so(panel):
    values = VALUES.assign(gdp=7.0, wind=NAN)
    result = score(TREE, values, panel)
    notes = {(note.kind, note.node): note.detail for note in result.notes}
    assert notes == {
        ("indicator_dropped", "gdp"): "constant: out, weight 0",
        ("indicator_dropped", "wind"): "no value: out, weight 0",
    }
    assert result.normalized[["gdp", "wind"]].isna().all(axis=None)
    weights = result.weights.set_index("node")["local_weight"]
    assert weights[["pay", "sun"]].tolist() == [1.0, 1.0]
    assert "gdp" not in weights


def test_a_column_left_out_is_an_indicator_without_value(panel):
    absent = score(TREE, VALUES.drop(columns="wind"), panel)
    empty = score(TREE, VALUES.assign(wind=NAN), panel)
    pd.testing.assert_frame_equal(absent.scores, empty.scores)
    assert absent.notes == empty.notes


def test_a_node_without_data_passes_its_judged_weight_on_and_the_matrix_stays_whole(panel):
    result = score(TREE, VALUES.drop(columns="power"), panel)
    weights = result.weights.set_index("node")["local_weight"]
    assert weights[["wealth", "green"]].tolist() == pytest.approx([4 / 5, 1 / 5])
    assert "cost" not in weights
    assert result.scores["cost"].isna().all()
    assert len(result.judgements) == 9
    assert result.consistency["n"].tolist() == [3]
    notes = {(note.kind, note.node): note.detail for note in result.notes}
    assert (
        notes["node_without_data", "cost"] == "none of its indicators is in use: out, its weight went to wealth, green"
    )
    assert notes["weights_renormalised", "total"] == (
        "judged weights of wealth, green scaled up to 1 without cost (0.2857)"
    )
    assert result.weights.set_index("node").loc[["gdp", "pay", "wind", "sun"], "effective_weight"].sum() == (
        pytest.approx(1.0, abs=1e-12)
    )


def test_a_unit_without_any_value_is_unscored_unranked_and_named(panel):
    values = pd.concat([VALUES, pd.DataFrame(NAN, index=["empty"], columns=VALUES.columns)])
    result = score(TREE, values, panel)
    assert result.scores.loc["empty"].isna().all()
    assert result.ranks.loc["empty"].isna().all()
    assert pd.isna(result.tiers["empty"])
    assert kinds(result) == [("unit_without_values", "total", "empty")]
    others = score(TREE, VALUES, panel)
    pd.testing.assert_frame_equal(result.scores.drop(index="empty"), others.scores)


def test_missing_values_are_redistributed_and_contributions_still_sum_to_the_score(panel):
    values = VALUES.copy()
    values.loc["u", ["pay", "power"]] = NAN
    values.loc["v", "wind"] = NAN
    result = score(TREE, values, panel, Settings(min_coverage=0.2))
    assert result.contributions.sum(axis=1).tolist() == pytest.approx(result.scores["total"].tolist(), abs=1e-9)
    assert np.isnan(result.contributions.loc["u", "power"])
    assert {("weight_redistributed", "total", "u"), ("weight_redistributed", "green", "v")} <= set(kinds(result))


def test_min_coverage_decides_who_is_scored(panel):
    values = VALUES.copy()
    values.loc["u", ["gdp", "pay", "power"]] = NAN  # green alone: 1/7 of the weight
    assert np.isnan(score(TREE, values, panel, Settings(min_coverage=0.15)).scores.loc["u", "total"])
    assert score(TREE, values, panel, Settings(min_coverage=0.14)).scores.loc["u", "total"] == pytest.approx(50.0)


def test_a_value_of_one_unit_alone_is_warned_about(panel):
    result = score(TREE, VALUES.assign(gdp=[0.0, 0.0, 0.0, 9.0]), panel)
    note = next(note for note in result.notes if note.kind == "single_nonzero")
    assert note.node == "gdp"
    weight = result.weights.set_index("node").loc["gdp", "local_weight"]
    assert f"entropy weight {weight:.4g}" in note.detail


def test_tiers_are_those_of_the_settings(panel):
    result = score(TREE, VALUES, panel, Settings(tier_thresholds=(30.0, 20.0, 10.0)))
    assert result.tiers.tolist() == [4, 2, 1, 1]


def test_a_tree_without_judgements_needs_no_panel():
    tree = Tree([Node("r", None, None, "equal"), Node("a", "r", 1), Node("b", "r", -1)])
    result = score(tree, pd.DataFrame({"a": [1, 2], "b": [1, 2]}, index=["u", "v"]), None)
    assert result.scores["r"].tolist() == [50.0, 50.0]
    assert result.ranks["r"].tolist() == [1, 1]
    assert result.consistency.empty
    assert result.judgements.empty


def test_entropy_may_weigh_nodes_by_their_scores():
    tree = Tree(
        [
            Node("r", None, None, "entropy"),
            Node("p", "r", None, "equal"),
            Node("q", "r", None, "equal"),
            Node("a", "p", 1),
            Node("b", "q", 1),
        ]
    )
    values = pd.DataFrame({"a": [0.0, 1.0, 10.0], "b": [0.0, 5.0, 10.0]}, index=["u", "v", "w"])
    weights = score(tree, values, None).weights.set_index("node")["local_weight"]
    assert weights["p"] > weights["q"]
    assert weights[["p", "q"]].sum() == pytest.approx(1.0)


def test_an_only_child_weighs_one_without_judgement():
    tree = Tree([Node("r", None, None, "ahp"), Node("p", "r", None, "equal"), Node("a", "p", 1)])
    result = score(tree, pd.DataFrame({"a": [1.0, 2.0]}, index=["u", "v"]), None)
    assert result.weights["effective_weight"].tolist() == [1.0, 1.0]


def test_a_panel_read_from_files_scores(write_panel):
    panel = read_judgements(write_panel({"li": "total,wealth,cost,2,\ntotal,wealth,green,4,\ntotal,cost,green,2,\n"}))
    weights = score(TREE, VALUES, panel).weights.set_index("node")["local_weight"]
    assert weights[["wealth", "cost", "green"]].tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7], abs=1e-12)


def test_judgements_are_checked_even_for_a_node_without_data(square):
    tree = Tree(
        [
            Node("r", None, None, "equal"),
            Node("p", "r", None, "ahp"),
            Node("a", "r", 1),
            *[Node(leaf, "p", 1) for leaf in "xyz"],
        ]
    )
    bad = Judgements.from_matrices({"p": {"li": square([[1, 7, 0.2], [1 / 7, 1, 0.125], [5, 8, 1]], "xyz")}})
    with pytest.raises(JudgementError, match=r"p, expert li: CR 0\.2129 \(table saaty1980\)"):
        score(tree, pd.DataFrame({"a": [1.0, 2.0]}, index=["u", "v"]), bad)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (VALUES.assign(extra=1.0), DataError, "'extra' is no indicator of the tree; add it to the tree or remove"),
        (VALUES.assign(wealth=1.0), DataError, "'wealth' is no indicator of the tree"),
        (VALUES.astype(object).replace(30.0, "n/a"), DataError, "unit 'w', indicator 'gdp': 'n/a' is no number"),
        (VALUES.replace(30.0, math.inf), DataError, "unit 'w', indicator 'gdp': inf is infinite"),
        (pd.concat([VALUES, VALUES.loc[["u"]]]), DataError, "unit 'u' is given twice"),
        (VALUES * NAN, DataError, "nothing can be scored"),
        (VALUES.loc[["u"]], DataError, "nothing can be scored"),
        (VALUES.iloc[:0], DataError, "nothing can be scored"),
    ],
)
def test_values_that_cannot_be_scored_are_refused(panel, values, error, message):
    with pytest.raises(error, match=message):
        score(TREE, values, panel)


def test_missing_and_misplaced_judgements_are_refused(panel, square):
    with pytest.raises(JudgementError, match="total: no expert judged wealth, cost, green; add rows with parent total"):
        score(TREE, VALUES, None)
    misplaced = Judgements.from_matrices({"wealth": {"li": square([[1, 2], [0.5, 1]], ["gdp", "pay"])}})
    with pytest.raises(JudgementError, match="'wealth' is no node weighted by ahp; use one of total"):
        score(TREE, VALUES, misplaced)
