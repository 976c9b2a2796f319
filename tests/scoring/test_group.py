import numpy as np
import pandas as pd
import pytest

from icdp.errors import JudgementError
from icdp.scoring.ahp import RANDOM_INDEX, consistency, principal_eigenvector
from icdp.scoring.group import (
    aggregate_judgements,
    aggregate_priorities,
    ahp_weights,
    assess,
    consensus,
    threshold_for,
)

DEFAULT = {"default": 0.10}
INCONSISTENT = [[1, 7, 0.2], [1 / 7, 1, 0.125], [5, 8, 1]]  # Saaty 1990, Table 3: CR 0.213


@pytest.fixture(scope="module")
def case(examples):
    return examples["group"]["three_experts_3x3"]


@pytest.fixture
def matrices(case, square):
    return [square(matrix) for matrix in case["matrices"]]


@pytest.fixture
def priorities(matrices):
    return pd.DataFrame([principal_eigenvector(matrix)[0] for matrix in matrices])


def test_each_expert_alone(case, matrices):
    for matrix, expected in zip(matrices, case["individual"], strict=True):
        assert principal_eigenvector(matrix)[0].tolist() == pytest.approx(expected["eigenvector"], abs=1e-9)
        for table in RANDOM_INDEX:
            measured = consistency(matrix, table)
            assert measured.lambda_max == pytest.approx(expected["lambda_max"], abs=1e-9)
            assert measured.ci == pytest.approx(expected["CI"], abs=1e-9)
            assert measured.cr == pytest.approx(expected["CR"][table], abs=1e-9)


def test_matrices_merge_by_the_geometric_mean_and_stay_reciprocal(case, matrices):
    merged = aggregate_judgements(matrices)
    assert merged.to_numpy() == pytest.approx(np.array(case["AIJ_matrix_geometric"]), abs=1e-12)
    assert (merged * merged.T.to_numpy()).to_numpy() == pytest.approx(np.ones((3, 3)), abs=1e-12)
    weights, lambda_max = principal_eigenvector(merged)
    assert weights.tolist() == pytest.approx(case["AIJ_eigenvector"], abs=1e-9)
    assert lambda_max == pytest.approx(case["AIJ_lambda_max"], abs=1e-9)
    for table, cr in case["AIJ_CR"].items():
        assert consistency(merged, table).cr == pytest.approx(cr, abs=1e-9)


def test_experts_may_weigh_differently(case, matrices):
    expected = case["weighted_experts"]
    for scale in (1, 10):  # weights are rescaled
        merged = aggregate_judgements(matrices, [scale * weight for weight in expected["expert_weights"]])
        assert merged.to_numpy() == pytest.approx(np.array(expected["AIJ_matrix"]), abs=1e-12)
    assert principal_eigenvector(merged)[0].tolist() == pytest.approx(expected["AIJ_eigenvector"], abs=1e-9)


def test_priorities_merge_by_either_mean(case, priorities):
    geometric, arithmetic = aggregate_priorities(priorities), aggregate_priorities(priorities, mean="arithmetic")
    assert geometric.tolist() == pytest.approx(case["AIP_eigen_geometric"], abs=1e-9)
    assert arithmetic.tolist() == pytest.approx(case["AIP_eigen_arithmetic"], abs=1e-9)


def test_with_three_items_merging_matrices_or_priorities_is_the_same(matrices, priorities):
    merged = principal_eigenvector(aggregate_judgements(matrices))[0]
    assert merged.tolist() == pytest.approx(aggregate_priorities(priorities).tolist(), abs=1e-12)


def test_consensus_of_the_printed_formula(case, priorities):
    expected, found = case["goepel_consensus_of_eigenvectors"], consensus(priorities)
    assert found.h_gamma == pytest.approx(expected["H_gamma"], abs=1e-9)
    assert found.h_alpha == pytest.approx(expected["H_alpha"], abs=1e-9)
    assert found.d_beta == pytest.approx(expected["D_beta"], abs=1e-9)
    assert found.s_star == pytest.approx(expected["S_star"], abs=1e-9)


def test_identical_experts_agree_fully_and_opposite_extremes_not_at_all(examples, priorities):
    cases = examples["group"]["consensus_edge_cases"]
    same = consensus(pd.DataFrame([priorities.iloc[0]] * 3))
    assert same.h_gamma == pytest.approx(cases["identical_experts"]["H_gamma"], abs=1e-9)
    assert same.s_star == pytest.approx(1.0, abs=1e-12)
    assert same.s_star <= 1.0
    opposite = consensus(pd.DataFrame([[0.9, 0.1], [0.1, 0.9]]))
    expected = cases["opposite_two_criteria (9 vs 1/9)"]
    assert opposite.d_beta == pytest.approx(expected["D_beta"], abs=1e-12)
    assert opposite.s_star == pytest.approx(0.0, abs=1e-12)
    assert opposite.s_star >= 0.0


def test_one_item_or_one_expert_is_full_consensus():
    assert consensus(pd.DataFrame([[1.0], [1.0]])).s_star == 1.0
    assert consensus(pd.DataFrame([[0.7, 0.3]])).s_star == pytest.approx(1.0, abs=1e-12)


def test_weights_of_a_group_come_with_all_that_explains_them(case, matrices):
    result = ahp_weights(
        "root", dict(zip("zyx", matrices, strict=True)), ri_table="alonso_lamata2006", thresholds=DEFAULT
    )
    assert result.weights.tolist() == pytest.approx(case["AIJ_eigenvector"], abs=1e-9)
    assert [entry.expert for entry in result.consistency] == ["x", "y", "z"]
    assert result.accepted
    assert result.consistency[2].consistency.cr == pytest.approx(
        case["individual"][0]["CR"]["alonso_lamata2006"], abs=1e-9
    )
    assert result.merged_consistency.cr == pytest.approx(case["AIJ_CR"]["alonso_lamata2006"], abs=1e-9)
    assert result.consensus.s_star == pytest.approx(case["goepel_consensus_of_eigenvectors"]["S_star"], abs=1e-9)
    assert list(result.priorities.index) == ["x", "y", "z"]


def test_named_expert_weights_follow_their_expert(case, matrices):
    weights = dict(zip("zyx", case["weighted_experts"]["expert_weights"], strict=True))
    result = ahp_weights(
        "root",
        dict(zip("zyx", matrices, strict=True)),
        ri_table="saaty1980",
        thresholds=DEFAULT,
        expert_weights=weights,
    )
    assert result.weights.tolist() == pytest.approx(case["weighted_experts"]["AIJ_eigenvector"], abs=1e-9)


def test_an_inconsistent_expert_is_refused_with_what_spoils_it_and_a_proposal(square):
    bad = square(INCONSISTENT, ["policy", "economy", "energy"])
    with pytest.raises(JudgementError) as refusal:
        ahp_weights("environment", {"wang": bad}, ri_table="saaty1980", thresholds=DEFAULT)
    message = str(refusal.value)
    for part in (
        "environment, expert wang: CR 0.2129 (table saaty1980) is above the threshold 0.1 for n = 3",
        "policy over economy = 7 (fits: 4.28)",
        "Ask the expert to reconsider policy over economy, e.g. 4",
    ):
        assert part in message
    assert "\n" not in message


def test_the_gate_is_before_merging_though_the_merged_matrix_would_pass(square):
    bad = square(INCONSISTENT)
    inverse = square(np.array(INCONSISTENT).T)
    assert consistency(aggregate_judgements([bad, inverse]), "saaty1980").cr == 0.0
    with pytest.raises(JudgementError, match=r"expert a: .*expert b: "):
        ahp_weights("root", {"a": bad, "b": inverse}, ri_table="saaty1980", thresholds=DEFAULT)


def test_thresholds_depend_on_the_number_of_items(square):
    bad = square(INCONSISTENT)
    assert assess({"a": bad}, "saaty1980", {3: 0.22, "default": 0.1})[0].accepted
    assert not assess({"a": bad}, "saaty1980", {4: 0.22, "default": 0.1})[0].accepted
    assert threshold_for(4, {3: 0.05, 4: 0.08, "default": 0.1}) == 0.08
    with pytest.raises(JudgementError, match="no CR threshold for 5 items; give one for 5 or a `default`"):
        threshold_for(5, {3: 0.05})


def test_the_table_can_decide_the_gate(square):
    car = {"a": square([[1, 3, 7, 3], [1 / 3, 1, 9, 1], [1 / 7, 1 / 9, 1, 1 / 7], [1 / 3, 1, 7, 1]])}
    assert assess(car, "saaty1980", {4: 0.08})[0].accepted
    assert not assess(car, "donegan_dodd1991", {4: 0.08})[0].accepted


@pytest.mark.parametrize("weights", [[1, 2], [1, -1, 1], [0, 0, 0], [1, float("nan"), 1]])
def test_expert_weights_that_do_not_fit_are_refused(matrices, weights):
    with pytest.raises(JudgementError, match="do not fit 3 experts"):
        aggregate_judgements(matrices, weights)


def test_nobody_and_different_items_are_refused(square):
    with pytest.raises(JudgementError, match="root: no expert's judgements; add at least one"):
        ahp_weights("root", {}, ri_table="saaty1980", thresholds=DEFAULT)
    with pytest.raises(JudgementError, match="no expert's judgements"):
        aggregate_judgements([])
    with pytest.raises(JudgementError, match="compare different items"):
        aggregate_judgements([square([[1, 2], [0.5, 1]], "ab"), square([[1, 2], [0.5, 1]], "ba")])
    with pytest.raises(JudgementError, match="root, expert li: a over b is 3 but b over a is 3"):
        ahp_weights("root", {"li": square([[1, 3], [3, 1]])}, ri_table="saaty1980", thresholds=DEFAULT)


CAR = [[1, 3, 7, 3], [1 / 3, 1, 9, 1], [1 / 7, 1 / 9, 1, 1 / 7], [1 / 3, 1, 7, 1]]
OTHER = [[1, 1, 5, 2], [1, 1, 3, 4], [1 / 5, 1 / 3, 1, 3 / 4], [1 / 2, 1 / 4, 4 / 3, 1]]


def test_priorities_may_be_merged_instead_of_judgements(square, case, matrices):
    four = {"a": square(CAR), "b": square(OTHER)}
    own = [principal_eigenvector(matrix)[0].to_numpy() for matrix in four.values()]
    mean = np.sqrt(own[0] * own[1])
    kwargs = {"ri_table": "saaty1980", "thresholds": DEFAULT}
    aip, aij = (ahp_weights("root", four, merge=merge, **kwargs) for merge in ("aip", "aij"))
    assert aip.weights.to_numpy() == pytest.approx(mean / mean.sum(), abs=1e-12)
    assert (aip.merge, aij.merge) == ("aip", "aij")
    # From four items on the two differ; the CR of the merged matrix is told with both.
    assert np.abs(aip.weights - aij.weights).max() > 1e-4
    assert aip.merged_consistency == aij.merged_consistency
    printed = ahp_weights("root", dict(zip("xyz", matrices, strict=True)), merge="aip", **kwargs)
    assert printed.weights.tolist() == pytest.approx(case["AIP_eigen_geometric"], abs=1e-9)


def test_weights_of_experts_count_in_either_merge_and_are_told(square):
    four = {"a": square(CAR), "b": square(OTHER)}
    for merge in ("aij", "aip"):
        result = ahp_weights(
            "root", four, ri_table="saaty1980", thresholds=DEFAULT, expert_weights={"a": 3.0, "b": 1.0}, merge=merge
        )
        assert [entry.weight for entry in result.consistency] == [0.75, 0.25]
        alone = ahp_weights(
            "root", four, ri_table="saaty1980", thresholds=DEFAULT, expert_weights={"a": 1.0, "b": 0.0}, merge=merge
        )
        assert alone.weights.tolist() == pytest.approx(principal_eigenvector(square(CAR))[0].tolist(), abs=1e-12)


@pytest.mark.parametrize("experts", [1, 3, 15, 200])
def test_a_stack_of_experts_gives_each_what_he_has_alone(square, experts):
    rng = np.random.default_rng(experts)
    matrices = {}
    for k in range(experts):
        w = rng.dirichlet(np.full(5, 3.0))
        noise = np.triu(rng.normal(0, 0.1, (5, 5)), 1)
        matrices[f"e{k:03}"] = square((w[:, None] / w) * np.exp(noise - noise.T))
    result = ahp_weights("root", matrices, ri_table="saaty1980", thresholds=DEFAULT)
    assert len(result.consistency) == experts
    for entry in (result.consistency[0], result.consistency[-1]):
        assert entry.consistency == consistency(matrices[entry.expert], "saaty1980")
        assert result.priorities.loc[entry.expert].tolist() == pytest.approx(
            principal_eigenvector(matrices[entry.expert])[0].tolist(), abs=1e-14
        )
    assert result.weights.sum() == pytest.approx(1.0, abs=1e-12)
