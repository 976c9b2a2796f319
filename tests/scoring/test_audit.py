"""The statistical audit against definitions written out otherwise, and on indices whose structure is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.scoring.uncertainty.indices import figures, panel, three_levels

from icdp.scoring import Node, Tree, score
from icdp.scoring.audit import Flags, audit, cronbach_alpha


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(4, 40))
def test_alpha_is_that_of_mean_covariance_over_mean_variance(seed, k, units):
    """K c / (v + (k - 1) c) with mean variance v and mean covariance c: the same coefficient, written otherwise."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(units, 1)) + random.normal(size=(units, k))
    covariance = np.cov(x.T)
    v, c = np.diag(covariance).mean(), covariance[np.triu_indices(k, 1)].mean()
    assert cronbach_alpha(x) == pytest.approx(k * c / (v + (k - 1) * c))
    gap = np.vstack([x, np.full(k, np.nan)])
    assert cronbach_alpha(gap) == pytest.approx(cronbach_alpha(x))


def test_alpha_of_equal_children_is_1_and_of_one_child_or_two_units_is_unknown():
    column = np.arange(5.0)[:, np.newaxis]
    assert cronbach_alpha(np.hstack([column, column, column])) == pytest.approx(1.0)
    assert np.isnan(cronbach_alpha(column))
    assert np.isnan(cronbach_alpha(np.hstack([column, column])[:2]))
    assert np.isnan(cronbach_alpha(np.hstack([column, -column])))  # their sum does not vary


@pytest.fixture(scope="module")
def audited():
    random = np.random.default_rng(4)
    tree = three_levels()
    values = figures(tree, random, gaps=0.02)
    values["d0g0i1"] = values["d0g0i0"] * 2.0  # says the same; both run the same way, see below
    values["d1g0i0"] = -values["d1g0i1"]
    result = score(tree, values, panel(tree, random))
    return tree, result, audit(tree, result)


def test_pairs_are_pearson_correlations_of_siblings_over_common_units(audited):
    tree, result, found = audited
    columns = pd.concat([result.normalized, result.scores], axis=1)
    sizes = {node: len(tree.children(node)) for node in tree.inner}
    assert len(found.pairs) == sum(k * (k - 1) // 2 for k in sizes.values())
    for row in found.pairs.itertuples():
        both = columns[[row.node, row.other]].dropna()
        assert row.units == len(both)
        assert row.correlation == pytest.approx(stats.pearsonr(both[row.node], both[row.other]).statistic, abs=2e-6)


def test_what_says_the_same_twice_and_what_pulls_apart_is_flagged(audited):
    tree, _, found = audited
    flags = found.pairs.set_index(["node", "other"])["flag"]
    alike = 1 if tree["d0g0i0"].direction == tree["d0g0i1"].direction else -1
    assert flags["d0g0i0", "d0g0i1"] == ("redundant" if alike > 0 else "opposed")
    opposite = tree["d1g0i0"].direction == tree["d1g0i1"].direction
    assert flags["d1g0i0", "d1g0i1"] == ("opposed" if opposite else "redundant")
    assert (found.pairs.loc[found.pairs["flag"] == "redundant", "correlation"] > 0.92).all()
    assert (found.pairs.loc[found.pairs["flag"] == "", "correlation"].between(-0.40, 0.92)).all()


def test_effective_weights_of_the_children_sum_to_the_parents_and_to_one(audited):
    tree, result, found = audited
    effective = found.importance.set_index("node")["effective"]
    for node in tree.inner:
        wanted = 1.0 if node == tree.root else effective[node]
        assert effective[tree.children(node)].sum() == pytest.approx(wanted, abs=1e-5)
    root = result.scores["root"]
    points = result.contributions["d0g0i0"].fillna(0.0)
    slope = stats.linregress(root, points).slope  # regression of the points on the score: cov / var
    assert effective["d0g0i0"] == pytest.approx(slope, abs=2e-6)
    nominal = found.importance.set_index("node")["nominal"]
    assert nominal[tree.leaves()].sum() == pytest.approx(1.0, abs=1e-5)


def test_independent_indicators_of_equal_weight_count_equally_and_one_that_varies_more_counts_more():
    random = np.random.default_rng(0)
    names = list("abcd")
    tree = Tree([Node("n", None, weighting="equal"), *(Node(x, "n", 1) for x in names)])
    values = pd.DataFrame(random.uniform(size=(4000, 4)), columns=names)
    values["d"] = (values["d"] > 0.5) * 1.0  # the ends only: the variance is three times the uniform one's
    found = audit(tree, score(tree, values, None)).importance.set_index("node")
    np.testing.assert_allclose(found["nominal"], 0.25)
    np.testing.assert_allclose(found["effective"], [1 / 6, 1 / 6, 1 / 6, 1 / 2], atol=0.02)
    np.testing.assert_allclose(found["r_root"] ** 2, [1 / 6, 1 / 6, 1 / 6, 1 / 2], atol=0.04)


def test_components_and_alpha_of_one_factor_and_of_none(audited):
    random = np.random.default_rng(1)
    common = random.normal(size=(500, 1))
    names = list("abcxyz")
    tree = Tree(
        [Node("n", None, weighting="equal"), Node("one", "n", weighting="equal"), Node("none", "n", weighting="equal")]
        + [Node(x, "one", 1) for x in "abc"]
        + [Node(x, "none", 1) for x in "xyz"]
    )
    values = np.hstack([common + 0.3 * random.normal(size=(500, 3)), random.normal(size=(500, 3))])
    found = audit(tree, score(tree, pd.DataFrame(values, columns=names), None)).nodes.set_index("node")
    assert found.loc["one", "components"] == 1
    assert found.loc["one", "cronbach_alpha"] > 0.95
    assert found.loc["one", "flag"] == ""
    assert found.loc["one", "explained"] > 0.9
    assert found.loc["none", "components"] > 1
    assert found.loc["none", "flag"] == "low_alpha"
    assert found.loc["none", "explained"] < 0.4


def test_an_indicator_that_hardly_counts_is_weak_and_one_that_is_out_is_not_told_of():
    random = np.random.default_rng(2)
    tree = Tree([Node("n", None, weighting="equal"), *(Node(x, "n", 1) for x in ("a", "b", "c", "gone"))])
    a = random.normal(size=50)
    values = pd.DataFrame({"a": a, "b": a + 0.01 * random.normal(size=50), "c": -a + 0.5 * random.normal(size=50)})
    found = audit(tree, score(tree, values.assign(gone=1.0), None), Flags(weak=0.3)).importance.set_index("node")
    assert found["flag"].to_dict() == {"a": "", "b": "", "c": "weak"}


def test_an_order_without_points_has_no_effective_weights():
    tree = Tree([Node("n", None, weighting="equal", aggregation="copeland"), Node("a", "n", 1), Node("b", "n", 1)])
    found = audit(tree, score(tree, figures(tree, np.random.default_rng(0), 8), None)).importance
    assert found["effective"].isna().all()
    assert found["r_root"].notna().all()
