import importlib
import math
import sys

import numpy as np
import pandas as pd
import pymcdm.weights
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skcriteria.preprocessing.weighters import critic_weights as skcriteria_critic
from skcriteria.preprocessing.weighters import std_weights as skcriteria_std
from tests.scoring import coinr

from icdp.errors import DataError
from icdp.scoring import Judgements, Node, Tree, score
from icdp.scoring.entropy import entropy_weights
from icdp.scoring.normalisations import minmax
from icdp.scoring.weights import (
    WEIGHTINGS,
    ahp_entropy,
    components,
    correlation,
    critic,
    entropy,
    from_given,
    pca,
    standard_deviation,
)

# scikit-criteria 0.9 deletes this attribute of the standard library on import, for the whole process.
importlib.metadata = sys.modules["importlib.metadata"]

NAN = math.nan
FEW = settings(max_examples=60, deadline=None, derandomize=True)
MEASURED = {"entropy": entropy, "std": standard_deviation, "critic": critic, "pca": pca}

# Tus & Adali (2019), Opsearch 56(2) 528-538, doi:10.1007/s12597-019-00371-6; in the tests of kotbaton/pymcdm
# (test/test_weights.py) and energyinpython/pyrepo-mcda (tests/test_weighting_methods.py). All six count as benefits.
TUS = [[5000, 3, 3, 4, 3, 2], [680, 5, 3, 2, 2, 1], [2000, 3, 2, 3, 4, 3], [600, 4, 3, 1, 2, 2], [800, 2, 4, 3, 3, 4]]
# jbytecode/JMcDM test/mcdm/testcritic.jl; the third criterion is a cost.
JMCDM = [
    [12.9918, 0.7264, -1.1009, 1.598139592],
    [4.1201, 5.8824, 3.4483, 1.021563567],
    [4.1039, 0.0, -0.5076, 0.984469444],
]
# Jahan & Edwards (2013), Materials & Design 49, 1000-1008; in pymcdm's tests.
JAHAN = [[0, 0, 0], [0.39, 0.3, 0.77], [0.17, 0.36, 0.8], [0.35, 0.29, 0.93], [0.3, 0.4, 0.94], [0.84, 0.71, 1], [1, 1, 0.99]]  # fmt: skip
# Salabun, Watrobski & Shekhovtsov (2020), Symmetry 12(9) 1549; in pyrepo-mcda's tests.
SALABUN = [[0.619, 0.449, 0.447], [0.862, 0.466, 0.006], [0.458, 0.698, 0.771], [0.777, 0.631, 0.491], [0.567, 0.992, 0.968]]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "matrix", "printed", "digits"),
    [
        (critic, minmax(np.array(TUS, float), np.ones(6)), [0.157, 0.249, 0.168, 0.121, 0.154, 0.151], 3),
        (critic, minmax(np.array(JMCDM), [1, 1, -1, 1]), [0.16883925, 0.418444976, 0.249124763, 0.163591012], 5),
        (standard_deviation, np.array(JAHAN, float), [0.35, 0.31, 0.34], 2),
        (standard_deviation, np.array(SALABUN), [0.217, 0.294, 0.488], 3),
    ],
)
def test_printed_examples_are_reproduced(method, matrix, printed, digits):
    assert method(matrix) == pytest.approx(printed, abs=0.51 * 10**-digits)


@pytest.mark.parametrize("seed", range(3))
def test_peers_agree_on_complete_values(seed):
    random = np.random.default_rng(seed)
    raw, sign = random.normal(50, 20, (31, 5)), np.array([1, -1, 1, 1, -1])
    z = minmax(raw, sign)
    assert critic(z) == pytest.approx(skcriteria_critic(raw, sign), abs=1e-12)
    assert critic(minmax(raw, np.ones(5))) == pytest.approx(pymcdm.weights.critic_weights(raw), abs=1e-12)
    assert standard_deviation(z) == pytest.approx(pymcdm.weights.standard_deviation_weights(z), abs=1e-12)
    assert standard_deviation(z) == pytest.approx(skcriteria_std(z), abs=1e-12)
    positive = np.where(z > 0, z, 0.01)
    assert entropy(positive) == pytest.approx(pymcdm.weights.entropy_weights(positive), abs=1e-12)


def test_a_cost_agrees_with_a_benefit_that_it_falls_with():
    """Two indicators that say the same, one as a cost: no conflict. pymcdm's CRITIC takes no directions and sees one."""
    random = np.random.default_rng(1)
    gain, other = random.random(31), random.random(31)
    raw = np.column_stack([gain, 1.0 - gain, other])
    ours = critic(minmax(raw, [1, -1, 1]))
    assert ours[2] > 0.4
    assert pymcdm.weights.critic_weights(raw)[2] < 0.35
    assert ours == pytest.approx(skcriteria_critic(raw, np.array([1, -1, 1])), abs=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_the_entropy_of_arrays_is_that_of_the_engine(seed, missing):
    random = np.random.default_rng(seed)
    z = random.random((31, 6))
    z[z < 0.2] = 0.0
    z[random.random(z.shape) < missing] = NAN
    z[:, 4], z[:, 5] = 0.7, NAN  # tells nothing; has nothing
    assert entropy(z) == pytest.approx(entropy_weights(pd.DataFrame(z)).weights.to_numpy(), abs=1e-14)


def test_entropy_of_negative_values_is_no_number():
    assert np.isnan(entropy(np.array([[1.0, -1.0], [2.0, 1.0]]))).all()


@pytest.mark.parametrize("seed", range(3))
def test_correlations_are_those_of_the_units_that_have_both_values(seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=(31, 4))
    x[random.random(x.shape) < 0.3] = NAN
    assert correlation(x) == pytest.approx(pd.DataFrame(x).corr().to_numpy(), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_principal_components_are_those_of_coinr_and_weights_the_shares_of_their_squares(seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=(31, 4)) + 2.0 * random.normal(size=(31, 1))
    x[5, 2] = NAN
    found = components(x)
    first = coinr.pca_weights(x)
    assert np.abs(found.loadings[:, 0]) / np.sqrt(found.eigenvalues[0]) == pytest.approx(np.abs(first), abs=1e-10)
    assert found.eigenvalues.sum() == pytest.approx(4.0, abs=1e-12)
    assert found.retained.tolist() == [True, False, False, False]
    assert pca(x) == pytest.approx(first**2, abs=1e-10)  # a unit vector's squares sum to 1


def test_weights_of_components_are_never_negative_where_coinrs_are():
    random = np.random.default_rng(2)
    common = random.normal(size=31)
    x = np.column_stack([common, common, -common]) + 0.3 * random.normal(size=(31, 3))
    raw = coinr.pca_weights(x)
    assert raw.min() < 0 < raw.max()
    assert pca(x).min() > 0.3


def test_a_rotation_of_the_retained_factors_changes_no_weight():
    """The Handbook rotates (varimax) before it squares; communalities are the same for any rotation."""
    random = np.random.default_rng(3)
    x = random.normal(size=(31, 6)) + random.normal(size=(31, 2)) @ random.normal(size=(2, 6))
    found = components(x)
    kept = found.loadings[:, found.retained]
    assert kept.shape[1] >= 2
    turn = np.linalg.qr(random.normal(size=(kept.shape[1], kept.shape[1])))[0]
    squares = ((kept @ turn) ** 2).sum(axis=1)
    assert pca(x) == pytest.approx(squares / squares.sum(), abs=1e-12)


def test_components_are_kept_up_to_60_percent_or_as_many_as_asked_for():
    x = np.random.default_rng(4).normal(size=(200, 8))  # unrelated: eigenvalues near 1
    found = components(x)
    share = found.eigenvalues[found.retained].sum() / 8
    assert share >= 0.6
    assert (found.eigenvalues[~found.retained] < 1.0).all()
    assert components(x, keep=2).retained.sum() == 2


def test_two_indicators_weigh_the_same_by_components():
    assert pca(np.random.default_rng(5).random((31, 2))) == pytest.approx([0.5, 0.5], abs=1e-12)


@st.composite
def batches(draw, missing=True):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units, k = draw(st.integers(8, 15)), draw(st.integers(2, 5))
    x = random.random((2, 3, units, k)) ** draw(st.sampled_from([0.5, 1.0, 3.0]))
    if draw(st.booleans()):
        x[..., 0] = 0.25  # tells nothing
    if missing:
        x[..., 3:, :][random.random((2, 3, units - 3, k)) < draw(st.floats(0.0, 0.2))] = NAN
    return x, random


@FEW
@given(batches(), st.sampled_from(sorted(WEIGHTINGS)), st.sampled_from([None, 0.0, 0.3, 1.0]))
def test_weights_are_shares_and_a_batch_gives_what_a_loop_gives(batch, name, ahp_share):
    x, random = batch
    judged = random.random(x.shape[-1]) + 0.1
    w = WEIGHTINGS[name](x, judged, ahp_share)
    assert w.shape == (2, 3, x.shape[-1])
    assert (w >= 0).all()
    assert w.sum(axis=-1) == pytest.approx(1.0, abs=1e-12)
    for place in np.ndindex(2, 3):
        assert WEIGHTINGS[name](x[place], judged, ahp_share) == pytest.approx(w[place], abs=1e-13)


@FEW
@given(batches(), st.sampled_from(sorted(MEASURED)))
def test_the_order_of_units_and_of_indicators_does_not_matter(batch, name):
    x, random = batch
    w = MEASURED[name](x)
    units, indicators = random.permutation(x.shape[-2]), random.permutation(x.shape[-1])
    assert MEASURED[name](x[..., units, :]) == pytest.approx(w, abs=1e-9)
    assert MEASURED[name](x[..., indicators]) == pytest.approx(w[..., indicators], abs=1e-9)


@FEW
@given(batches(), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_what_does_not_see_a_change_of_scale(batch, a, b):
    """A common scale never matters; a shift matters to entropy alone, each column's own scale to components not."""
    x, random = batch
    own = random.uniform(0.1, 10.0, x.shape[-1])
    for name, method in MEASURED.items():
        assert method(a * x) == pytest.approx(method(x), abs=1e-9), name
    for name in ("std", "critic", "pca"):
        assert MEASURED[name](a * x + b) == pytest.approx(MEASURED[name](x), abs=1e-9), name
    assert entropy(own * x) == pytest.approx(entropy(x), abs=1e-9)
    assert pca(own * x + b) == pytest.approx(pca(x), abs=1e-9)


def test_a_column_that_tells_nothing_weighs_nothing_and_changes_no_other():
    z = np.random.default_rng(6).random((31, 3))
    with_constant = np.column_stack([z, np.full(31, 0.4)])
    for name, method in MEASURED.items():
        assert method(with_constant) == pytest.approx([*method(z), 0.0], abs=1e-12), name
        assert method(np.full((31, 3), 0.4)) == pytest.approx([1 / 3] * 3), name


def test_perfect_agreement_leaves_no_conflict_and_equal_weights():
    z = np.linspace(0, 1, 11)[:, None] * [1.0, 0.5, 0.25] + [0.0, 0.5, 0.1]
    assert critic(z).tolist() == [1 / 3, 1 / 3, 1 / 3]


def test_mixes_of_judged_and_measured_weights():
    z = np.random.default_rng(7).random((31, 3))
    a, e = np.array([0.5, 0.3, 0.2]), entropy(z)
    assert ahp_entropy(z, a) == pytest.approx(a * e / (a * e).sum(), abs=1e-15)
    assert ahp_entropy(z, a, 0.25) == pytest.approx(0.25 * a + 0.75 * e, abs=1e-15)
    assert ahp_entropy(z, a, 1.0) == pytest.approx(from_given(z, a), abs=1e-15)
    assert ahp_entropy(z, a, 0.0) == pytest.approx(e, abs=1e-15)


# In the engine


def tree(weighting, **parameters):
    fixed = {"weight": 1.0} if weighting == "fixed" else {}
    return Tree([Node("r", None, None, weighting, **parameters), *[Node(x, "r", 1, **fixed) for x in "abc"]])


def values(seed=0, units=8):
    table = np.random.default_rng(seed).random((units, 3))
    return pd.DataFrame(table, columns=[*"abc"], index=[f"u{i}" for i in range(units)])


def local(result):
    return result.weights.set_index("node")["local_weight"]


def kinds(result):
    return [(note.kind, note.node) for note in result.notes]


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_the_engine_weighs_by_the_method_of_the_node(name):
    result = score(tree(name), values(), None)
    assert local(result).to_numpy() == pytest.approx(MEASURED[name](minmax(values().to_numpy(), [1, 1, 1])), abs=1e-14)
    assert set(result.weights["method"]) == {name}
    assert {kind for kind, _ in kinds(result)} <= {"opposed_child"}


def test_fixed_weights_are_ratios_and_are_scaled_up_when_a_child_is_out():
    fixed = Tree(
        [Node("r", None, None, "fixed"), *[Node(x, "r", 1, weight=w) for x, w in zip("abc", (2, 1, 1), strict=True)]]
    )
    assert local(score(fixed, values(), None)).tolist() == [0.5, 0.25, 0.25]
    result = score(fixed, values().assign(c=1.0), None)
    assert local(result).tolist() == pytest.approx([2 / 3, 1 / 3])
    assert "fixed weights of a, b scaled up to 1 without c (0.25)" in [note.detail for note in result.notes]


@pytest.mark.parametrize("ahp_share", [None, 0.4])
def test_judged_and_entropy_weights_are_mixed_and_both_are_published(square, ahp_share):
    panel = Judgements.from_matrices({"r": {"li": square([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]], [*"abc"])}})
    result = score(tree("ahp_entropy", ahp_share=ahp_share), values(), panel)
    z = minmax(values().to_numpy(), [1, 1, 1])
    expected = ahp_entropy(z, np.array([4, 2, 1]) / 7, ahp_share)
    assert local(result).to_numpy() == pytest.approx(expected, abs=1e-12)
    assert result.entropy["weight"].to_numpy() == pytest.approx(entropy(z), abs=1e-12)
    assert result.consistency["parent"].tolist() == ["r"]


def test_what_measured_weights_rest_on_is_noted():
    table = values()
    table.loc["u3", "b"] = NAN
    table["c"] = 1.0 - table["a"]  # runs against a, and b with it
    result = score(tree("pca"), table, None)
    assert ("units_left_out", "r") in kinds(result)
    assert {kind for kind, _ in kinds(result)} >= {"units_left_out", "opposed_child", "weight_redistributed"}
    agreed = pd.DataFrame({x: [1.0, 2.0, 4.0] for x in "abc"}, index=["u", "v", "w"])
    assert ("equal_weights", "r") in kinds(score(tree("critic"), agreed, None))


def test_weights_that_are_not_defined_are_refused_by_node():
    sparse = pd.DataFrame(
        {"a": [1, 2, 3, NAN, NAN], "b": [NAN, NAN, 1, 2, 3], "c": [1, 2, 3, 4, 6]}, index=[*"uvwxy"], dtype=float
    )
    with pytest.raises(DataError, match="r: pca needs 3 units with values of all of a, b, c; there are 1; fill"):
        score(tree("pca"), sparse, None)
    with pytest.raises(
        DataError, match="r: critic needs the correlation of a and b, which too few units have together"
    ):
        score(tree("critic"), sparse, None)
    zero = Tree([Node("r", None, None, "fixed"), Node("a", "r", 1, weight=0), Node("b", "r", 1, weight=1)])
    with pytest.raises(DataError, match="r: the fixed weights of a are 0 and no other child is in use"):
        score(zero, pd.DataFrame({"a": [1.0, 2.0]}, index=["u", "v"]), None)
