import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from skcriteria.agg.simple import wpm, wsm
from tests.scoring import coinr

from icdp.scoring.aggregations import AGGREGATIONS, RULES, copeland, mpi, outranking, redistributed, undefined
from icdp.scoring.normalisations import percentile

NAN = math.nan
FEW = settings(max_examples=60, deadline=None, derandomize=True)
CASES = [(name, p) for name in AGGREGATIONS for p in ((-3.0, 0.5, 2.0, 40.0) if name == "power" else (None,))]
SMOOTH = [(name, p) for name, p in CASES if RULES[name].slope is not None]
MONOTONE = [(name, p) for name, p in CASES if name != "mpi"]


def table(seed, missing=0.0):
    random = np.random.default_rng(seed)
    x = random.uniform(0.05, 1.0, (31, 4))
    x[random.random(x.shape) < missing] = NAN
    x[0] = 0.5
    return x, random.dirichlet(np.ones(4))


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("name", ["amean", "gmean", "hmean"])
def test_means_are_those_of_coinr_with_the_weight_of_what_is_missing_redistributed(name, missing):
    x, w = table(1, missing)
    x[np.isnan(x).all(axis=1)] = 0.5
    ours = AGGREGATIONS[{"a": "arithmetic", "g": "geometric", "h": "harmonic"}[name[0]]](x, w, None)
    assert ours == pytest.approx([getattr(coinr, f"a_{name}")(row, w) for row in x], abs=1e-14)


@pytest.mark.parametrize("p", [-2.0, -1.0, 0.5, 1.0, 3.0])
def test_power_means_are_those_of_scipy_and_contain_the_others(p):
    x, w = table(2)
    ours = AGGREGATIONS["power"](x, w, p)
    assert ours == pytest.approx(stats.pmean(x, p, axis=1, weights=w), abs=1e-12)
    other = {-1.0: "harmonic", 1.0: "arithmetic"}.get(p)
    if other:
        assert ours == pytest.approx(AGGREGATIONS[other](x, w, None), abs=1e-14)


def test_weighted_sums_and_products_agree_with_scikit_criteria():
    x, w = table(3)
    assert AGGREGATIONS["arithmetic"](x, w, None) == pytest.approx(wsm(x, w)[1], abs=1e-14)
    assert np.log10(AGGREGATIONS["geometric"](x, w, None)) == pytest.approx(wpm(x, w)[1], abs=1e-14)


def test_a_power_mean_is_not_the_constant_that_compind_returns():
    """cran/Compind R/ci_generalized_mean.R: 1 for everybody by default, (mean x^p)^1/p = mean x^p / p otherwise."""
    x, w, p = table(4)[0], np.full(4, 0.25), 2.0
    ours = AGGREGATIONS["power"](x, w, p)
    compind = (x**p).mean(axis=1) ** 1 / p
    assert np.ptp(ours) > 0.1
    assert np.abs(ours - compind).max() > 0.1
    assert ours == pytest.approx(np.sqrt((x**2).mean(axis=1)), abs=1e-14)


def test_mpi_is_the_mean_less_its_penalty():
    """Compind's ci_mpi (R/ci_mpi.R) takes the sample variance: its penalty is k / (k - 1) times that of the paper."""
    x, w = table(5)[0], np.full(4, 0.25)
    mean = x.mean(axis=1)
    assert mpi(x, w) == pytest.approx(mean - x.var(axis=1) / mean, abs=1e-14)
    compind = mean * (1 - (x.std(axis=1, ddof=1) / mean) ** 2)
    assert (mean - mpi(x, w)) * 4 / 3 == pytest.approx(mean - compind, abs=1e-14)
    assert mpi(x, w)[0] == pytest.approx(0.5)  # no imbalance, no penalty


def test_mpi_on_its_own_scale_of_100_and_10():
    """By hand: 90, 100, 110 have mean 100, variance 200/3, so 100 - 2/3."""
    assert mpi(np.array([[0.9, 1.0, 1.1]]), np.ones(3))[0] * 100 == pytest.approx(100 - 2 / 3, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_outranking_is_that_of_coinr_on_complete_values(seed):
    x, w = table(seed)
    x = x.round(1)
    ours, theirs = outranking(x, w), coinr.outrank_matrix(x, w)
    off = ~np.eye(31, dtype=bool)
    assert ours[off] == pytest.approx(theirs[off], abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_what_coinr_calls_copeland_is_the_mean_of_percentile_ranks(seed):
    x, w = table(seed)
    x = x.round(1)
    borda = AGGREGATIONS["arithmetic"](percentile(x, np.ones(4), ties="average"), w, None)
    assert coinr.a_copeland(x, w) / 30 == pytest.approx(borda, abs=1e-12)


def test_copeland_counts_duels_won_whatever_the_margin():
    """The first unit beats every other two to one, though the second has the higher sum of ranks (7 to 6)."""
    x = np.array([[4.0, 4.0, 1.0], [3.0, 3.0, 4.0], [2.0, 2.0, 3.0], [1.0, 1.0, 2.0]])
    assert copeland(x, np.ones(3)) == pytest.approx([1.0, 2 / 3, 1 / 3, 0.0])
    assert (coinr.a_copeland(x, np.ones(3)) * 3).tolist() == pytest.approx([6.0, 7.0, 4.0, 1.0])
    draws = np.array([[1.0, 2.0], [2.0, 1.0], [0.0, 0.0]])
    assert copeland(draws, np.ones(2)).tolist() == [0.75, 0.75, 0.0]


def test_float_noise_decides_no_duel():
    x = np.array([[0.3, 1.0, 0.0], [0.1 + 0.2, 0.0, 1.0]])
    assert copeland(x, np.array([0.4, 0.1 + 0.2, 0.3])).tolist() == [0.5, 0.5]


def test_a_missing_value_is_no_defeat():
    """COINr's matrix counts it against the unit that stands first in the table."""
    x = np.array([[NAN, 2.0], [1.0, 1.0]])
    assert copeland(x, np.array([0.6, 0.4])).tolist() == [1.0, 0.0]
    assert coinr.outrank_matrix(x, np.array([0.6, 0.4]))[0, 1] == pytest.approx(0.4)
    apart = np.array([[NAN, 1.0], [1.0, NAN], [0.0, 0.0]])  # the first two have nothing in common
    assert copeland(apart, np.ones(2)).tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(("name", "p"), [("geometric", None), ("harmonic", None), ("power", -1.0)])
def test_a_zero_that_counts_leaves_a_mean_undefined_and_one_that_does_not_leaves_it_alone(name, p):
    x = np.array([[0.0, 0.5], [0.5, 0.5], [-0.1, 0.5]])
    assert np.isnan(AGGREGATIONS[name](x, np.array([0.5, 0.5]), p)).tolist() == [True, False, True]
    assert AGGREGATIONS[name](x, np.array([0.0, 1.0]), p).tolist() == [0.5, 0.5, 0.5]
    assert undefined(name, x, np.array([0.5, 0.5]), p).tolist() == [[True, False], [False, False], [True, False]]


@pytest.mark.parametrize(("name", "p"), [("power", 0.5), ("power", 2.0), ("mpi", None)])
def test_negative_values_leave_powers_and_mpi_undefined_and_zeros_do_not(name, p):
    x = np.array([[0.0, 0.0], [0.0, 1.0], [-0.1, 1.0]])
    f = AGGREGATIONS[name](x, np.ones(2), p)
    assert f[0] == 0.0
    assert np.isfinite(f[1])
    assert np.isnan(f[2])


def test_an_exponent_of_0_is_no_power_mean():
    with pytest.raises(ValueError, match="the limit at 0 is geometric"):
        AGGREGATIONS["power"](np.ones((1, 2)), np.ones(2), 0.0)


def test_large_exponents_reach_the_extremes_without_overflow():
    x, w = np.array([[1e-9, 0.5, 1.0]]), np.ones(3) / 3
    assert AGGREGATIONS["power"](x, w, 1e4)[0] == pytest.approx(1.0, abs=1e-3)
    assert AGGREGATIONS["power"](x, w, -1e4)[0] == pytest.approx(1e-9, rel=1e-3)


@st.composite
def batches(draw, lowest=0.01, missing=True):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units, k = draw(st.integers(2, 8)), draw(st.integers(1, 5))
    x = random.uniform(lowest, 1.0, (2, 3, units, k)).round(draw(st.integers(1, 4))).clip(lowest)
    if missing:
        x[random.random(x.shape) < draw(st.floats(0.0, 0.5))] = NAN
    w = random.dirichlet(np.ones(k), (2, 3))
    return x, w, random


@FEW
@given(batches(), st.sampled_from(CASES))
def test_a_batch_gives_what_a_loop_gives(batch, case):
    (x, w, _), (name, p) = batch, case
    f = AGGREGATIONS[name](x, w, p)
    shared = AGGREGATIONS[name](x[0, 0], w, p)  # one table, many weights
    for place in np.ndindex(2, 3):
        assert f[place] == pytest.approx(AGGREGATIONS[name](x[place], w[place], p), abs=1e-13, nan_ok=True)
        assert shared[place] == pytest.approx(AGGREGATIONS[name](x[0, 0], w[place], p), abs=1e-13, nan_ok=True)


@FEW
@given(batches(), st.sampled_from(CASES), st.floats(0.1, 10.0))
def test_orders_and_the_size_of_weights_do_not_matter_and_missing_is_as_if_not_there(batch, case, scale):
    (x, w, random), (name, p) = batch, case
    f = AGGREGATIONS[name](x, w, p)
    units, children = random.permutation(x.shape[-2]), random.permutation(x.shape[-1])
    assert AGGREGATIONS[name](x[..., units, :], w, p) == pytest.approx(f[..., units], abs=1e-12, nan_ok=True)
    turned = AGGREGATIONS[name](x[..., children], scale * w[..., children], p)
    assert turned == pytest.approx(f, abs=1e-12, nan_ok=True)
    empty = np.concatenate([x, np.full((*x.shape[:-1], 1), NAN)], axis=-1)
    weights = np.concatenate([w, np.full((2, 3, 1), 0.5)], axis=-1)
    assert AGGREGATIONS[name](empty, weights, p) == pytest.approx(f, abs=1e-12, nan_ok=True)
    if name != "copeland":  # needs somebody to compare with
        assert (np.isnan(f) == np.isnan(x).all(axis=-1)).all()


@FEW
@given(batches())
def test_means_stand_in_their_order_and_the_penalty_is_never_a_bonus(batch):
    x, w, _ = batch
    f = {case: np.nan_to_num(AGGREGATIONS[case[0]](x, w, case[1])) for case in CASES}
    order = [("power", -3.0), ("harmonic", None), ("geometric", None), ("power", 0.5), ("arithmetic", None),
             ("power", 2.0), ("power", 40.0)]  # fmt: skip
    for less, more in pairwise(order):
        assert (f[less] <= f[more] + 1e-12).all(), (less, more)
    assert (f["mpi", None] <= f["arithmetic", None] + 1e-12).all()


@FEW
@given(batches(missing=False), st.sampled_from(MONOTONE), st.floats(0.01, 1.0))
def test_a_better_value_never_lowers_the_score(batch, case, gain):
    (x, w, random), (name, p) = batch, case
    unit, child = random.integers(x.shape[-2]), random.integers(x.shape[-1])
    better = x.copy()
    better[..., unit, child] += gain
    before, after = AGGREGATIONS[name](x, w, p), AGGREGATIONS[name](better, w, p)
    assert (after[..., unit] >= before[..., unit] - 1e-12).all()
    others = np.arange(x.shape[-2]) != unit
    assert (after[..., others] <= before[..., others] + 1e-12).all()


def test_mpi_is_not_monotone_as_its_docstring_says():
    before, after = mpi(np.array([[0.1, 0.1, 0.9]]), np.ones(3)), mpi(np.array([[0.1, 0.1, 1.0]]), np.ones(3))
    assert after < before


@FEW
@given(batches(), st.sampled_from(SMOOTH), st.floats(0.1, 10.0))
def test_smooth_aggregations_are_homogeneous_and_values_times_slopes_sum_to_them(batch, case, scale):
    (x, w, _), (name, p) = batch, case
    f = AGGREGATIONS[name](x, w, p)
    assert AGGREGATIONS[name](scale * x, w, p) == pytest.approx(scale * f, rel=1e-9, abs=1e-12, nan_ok=True)
    parts = [np.nan_to_num(part) for part in (redistributed(x, w), x, f[..., None])]
    slopes = RULES[name].slope(*parts, p)
    assert (slopes * parts[1]).sum(axis=-1) == pytest.approx(np.nan_to_num(f), abs=1e-12)
    step = 1e-6  # and they are the slopes: moved a little, f moves by them
    present = ~np.isnan(x[..., 0])
    moved = x.copy()
    moved[..., 0] += step
    change = (AGGREGATIONS[name](moved, w, p) - f) / step
    assert change[present] == pytest.approx(slopes[..., 0][present], rel=1e-2, abs=1e-4)


@FEW
@given(batches(lowest=0.0, missing=True), st.sampled_from([("power", 0.5), ("power", 2.0), ("mpi", None)]))
def test_zeros_contribute_nothing(batch, case):
    (x, w, _), (name, p) = batch, case
    f = np.nan_to_num(AGGREGATIONS[name](x, w, p))
    parts = [np.nan_to_num(part) for part in (redistributed(x, w), x, f[..., None])]
    slopes = RULES[name].slope(*parts, p)
    assert np.isfinite(slopes).all()
    assert (slopes * parts[1]).sum(axis=-1) == pytest.approx(f, abs=1e-12)


@FEW
@given(batches())
def test_bounded_aggregations_stay_within_0_and_1(batch):
    x, w, _ = batch
    for name, p in CASES:
        f = AGGREGATIONS[name](x, w, p)
        if RULES[name].bounded:
            assert np.nanmin(f, initial=0.0) >= 0.0
            assert np.nanmax(f, initial=1.0) <= 1.0 + 1e-12
    assert mpi(np.array([[0.0, 0.0, 0.0, 1.0]]), np.ones(4))[0] == -0.5
