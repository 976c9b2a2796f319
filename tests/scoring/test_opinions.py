"""How the opinions of a group lie: pairs, outlying experts, clusters. All priorities are synthetic."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icdp.scoring.group import ahp_weights, consensus
from icdp.scoring.opinions import GROUPS, OpinionRules, group_row, level_of, opinions, similarity

EAST, WEST = [0.6, 0.3, 0.1], [0.1, 0.3, 0.6]


def panel(*rows, names=None):
    return pd.DataFrame(list(rows), index=list(names or "abcdefghij"[: len(rows)]), columns=["x", "y", "z"])


def random_panel(seed, experts, items=4):
    p = np.random.default_rng(seed).dirichlet(np.full(items, 2.0), experts)
    return pd.DataFrame(p, index=[f"e{k:03}" for k in range(experts)])


def test_the_similarity_of_two_experts_is_their_consensus(examples, square):
    case = examples["group"]["three_experts_3x3"]
    p = random_panel(1, 5)
    found = similarity(p.to_numpy())
    assert np.diag(found) == pytest.approx(np.ones(5), abs=1e-12)
    assert found == pytest.approx(found.T, abs=1e-15)
    for i in range(5):
        for j in range(5):
            assert found[i, j] == pytest.approx(consensus(p.iloc[[i, j]]).s_star, abs=1e-12)
    # Printed formula on printed matrices, all three experts at once: the same function.
    matrices = dict(zip("xyz", [square(m) for m in case["matrices"]], strict=True))
    result = ahp_weights("root", matrices, ri_table="saaty1980", thresholds={"default": 0.1})
    row = dict(zip(GROUPS[1:], group_row(result, OpinionRules()), strict=True))
    assert row["consensus"] == pytest.approx(case["goepel_consensus_of_eigenvectors"]["S_star"], abs=1e-9)
    assert row["d_beta"] == pytest.approx(case["goepel_consensus_of_eigenvectors"]["D_beta"], abs=1e-9)
    assert (row["consensus_level"], row["experts"], row["merge"]) == ("very high", 3, "aij")


@pytest.mark.parametrize(
    ("s_star", "word"),
    [(1.0, "very high"), (0.85, "very high"), (0.84, "high"), (0.75, "high"), (0.7, "moderate"), (0.5, "low"), (0.49, "very low")],
)  # fmt: skip
def test_words_are_those_of_goepel_2018(s_star, word):
    assert level_of(s_star) == word


def test_one_who_disagrees_with_all_others_stands_apart():
    told = opinions(panel(EAST, EAST, [0.58, 0.31, 0.11], EAST, WEST))
    assert told.outlying == ("e",)
    assert told.agreement["e"] == told.agreement.min() < 0.65
    assert told.without["e"] == told.without.max() > 0.99
    assert told.clusters == (("a", "b", "c", "d"), ("e",))


def test_the_farthest_of_several_is_named_first():
    told = opinions(panel(*[EAST] * 8, [0.08, 0.17, 0.75], [0.05, 0.1, 0.85]))
    assert told.outlying == ("j", "i")


def test_two_experts_or_one_have_nobody_apart():
    assert opinions(panel(EAST, WEST)).outlying == ()
    alone = opinions(panel(EAST))
    assert (alone.outlying, alone.clusters, alone.agreement["a"], alone.without["a"]) == ((), (("a",),), 1.0, 1.0)


def test_two_camps_are_two_clusters_and_no_outlier_hides_them():
    camps = panel(EAST, WEST, EAST, WEST, EAST, WEST)
    told = opinions(camps)
    assert told.clusters == (("a", "c", "e"), ("b", "d", "f"))
    assert consensus(camps).s_star < 0.65


def test_the_level_asked_for_decides_the_clusters():
    p = panel([0.6, 0.3, 0.1], [0.45, 0.35, 0.2], [0.3, 0.4, 0.3], [0.2, 0.3, 0.5])
    sizes = [len(opinions(p, OpinionRules(same_opinion=level)).clusters) for level in (0.3, 0.85, 0.95, 0.9999)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (1, 4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25), st.floats(0.5, 0.99))
def test_every_expert_is_in_one_cluster_whose_members_all_agree(seed, experts, level):
    p = random_panel(seed, experts)
    clusters = opinions(p, OpinionRules(same_opinion=level)).clusters
    assert sorted(name for cluster in clusters for name in cluster) == sorted(p.index)
    alike = pd.DataFrame(similarity(p.to_numpy()), index=p.index, columns=p.index)
    for cluster in clusters:
        assert alike.loc[list(cluster), list(cluster)].to_numpy().min() >= level - 1e-8
    # No two clusters could be one.
    for k, one in enumerate(clusters):
        for other in clusters[k + 1 :]:
            assert alike.loc[list(one), list(other)].to_numpy().min() < level


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12))
def test_the_order_of_the_experts_changes_nothing(seed, experts):
    p = random_panel(seed, experts)
    other = p.iloc[np.random.default_rng(seed).permutation(experts)]
    one, two = opinions(p), opinions(other)
    assert {frozenset(c) for c in one.clusters} == {frozenset(c) for c in two.clusters}
    assert one.outlying == two.outlying
    assert two.agreement[one.agreement.index].to_numpy() == pytest.approx(one.agreement.to_numpy(), abs=1e-12)
