import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymcdm.normalizations import minmax_normalization
from tests.scoring import coinr

from icdp.errors import CatalogError, DataError
from icdp.scoring.normalisations import NORMALISATIONS
from icdp.scoring.normalise import Normalisation, beyond, normalise, parameters_of

NAN = math.nan
FEW = settings(max_examples=60, deadline=None, derandomize=True)
VARIANTS = {
    "minmax": {},
    "minmax scaled": {"scale": (0.01, 1.0)},
    "zscore": {},
    "zscore plain": {"mean": 0.0, "sd": 1.0},
    "rank": {},
    "rank average": {"ties": "average"},
    "percentile": {},
    "percentile max": {"ties": "max", "scale": (0.1, 0.9)},
    "reference": {"reference": 60.0},
    "reference capped": {"reference": 60.0, "cap": True},
    "goalposts": {"goalposts": (20.0, 80.0)},
    "goalposts open": {"goalposts": (20.0, 80.0), "cap": False},
}


def run(variant, x, sign):
    return NORMALISATIONS[variant.split()[0]](np.asarray(x, dtype=float), np.asarray(sign), **VARIANTS[variant])


def column(seed, units=31):
    x = np.random.default_rng(seed).normal(50.0, 20.0, units).round(0)  # rounded, so that there are ties
    x[[3, 17]] = NAN
    x[0], x[1] = 5.0, 95.0
    return x


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("seed", range(3))
def test_definitions_are_those_of_coinr(seed, direction):
    x = column(seed)
    d = x * direction
    ours = {name: run(name, x[:, None], [direction])[:, 0] for name in VARIANTS}
    theirs = {
        "minmax": coinr.n_minmax(d, (0.0, 100.0)) / 100.0,
        "minmax scaled": coinr.n_minmax(d, (1.0, 100.0)) / 100.0,
        "zscore": coinr.n_zscore(d, (50.0, 10.0)) / 100.0,
        "zscore plain": coinr.n_zscore(d, (0.0, 1.0)),
        "rank": coinr.n_rank(d) / 29.0,
        "percentile": coinr.n_prank(d),
        "reference": coinr.n_dist2targ(d, direction * 60.0),
        "reference capped": coinr.n_dist2targ(d, direction * 60.0, cap_max=True),
        "goalposts": coinr.n_goalposts(d, 20.0, 80.0, direction),
    }
    for name, expected in theirs.items():
        assert ours[name] == pytest.approx(expected, abs=1e-12, nan_ok=True), name
    of_unit = NORMALISATIONS["reference"](x[:, None], [direction], reference=x[5])[:, 0]
    assert of_unit == pytest.approx(coinr.n_dist2ref(d, 5), abs=1e-12, nan_ok=True)


def test_a_target_of_a_negative_indicator_is_given_as_it_is():
    """COINr turns the column's sign but not the target's: the target 60 of a cost is then out of reach."""
    cost = np.array([100.0, 80.0, 60.0, 50.0])
    assert run("reference", cost[:, None], [-1])[:, 0].tolist() == [0.0, 0.5, 1.0, 1.25]
    assert coinr.n_dist2targ(-cost, 60.0).max() < 0.5


@pytest.mark.parametrize(("sign", "cost"), [(1, False), (-1, True)])
def test_minmax_agrees_with_pymcdm(sign, cost):
    x = np.random.default_rng(8).normal(size=31)
    assert run("minmax", x[:, None], [sign])[:, 0] == pytest.approx(minmax_normalization(x, cost), abs=1e-15)


def test_ties_share_the_rank_asked_for_and_noise_splits_none():
    x = [[0.3], [0.1 + 0.2], [0.1], [NAN], [0.9]]
    expected = {"min": [2, 2, 1, NAN, 4], "average": [2.5, 2.5, 1, NAN, 4], "max": [3, 3, 1, NAN, 4]}
    for ties, ranks in expected.items():
        found = NORMALISATIONS["rank"](np.array(x), [1], ties=ties)[:, 0] * 4
        assert found == pytest.approx(ranks, abs=1e-12, nan_ok=True)


def test_ranks_tell_apart_what_an_outlier_would_hide():
    assert run("percentile", [[1.0], [2.0], [3.0], [1e15]], [1])[:, 0].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_standard_scores_of_huge_values_do_not_overflow():
    z = run("zscore plain", [[-1e308], [0.0], [1e308]], [1])[:, 0]
    assert z.tolist() == pytest.approx([-1.0, 0.0, 1.0])


def test_a_goalpost_scale_does_not_depend_on_the_units():
    assert run("goalposts", [[50.0], [50.0]], [1])[:, 0].tolist() == [0.5, 0.5]
    assert run("goalposts", [[50.0], [90.0]], [-1])[:, 0].tolist() == [0.5, 0.0]


@pytest.mark.parametrize("variant", [name for name in VARIANTS if not name.startswith("goalposts")])
def test_a_constant_or_empty_column_has_no_value_on_a_scale_made_of_it(variant):
    z = run(variant, [[5.0, NAN, 0.3], [5.0, NAN, 0.1 + 0.2], [NAN, NAN, 0.3]], [1, 1, 1])
    assert np.isnan(z).all()


@st.composite
def batches(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units, k = draw(st.integers(2, 9)), draw(st.integers(1, 4))
    x = random.normal(50.0, 20.0, (2, 3, units, k)).round(draw(st.integers(-1, 3)))
    x[random.random(x.shape) < draw(st.floats(0.0, 0.5))] = NAN
    return x, random.choice([1, -1], k), random


@FEW
@given(batches(), st.sampled_from(sorted(VARIANTS)))
def test_a_batch_gives_what_a_loop_gives(batch, variant):
    x, sign, _ = batch
    z = run(variant, x, sign)
    for place in np.ndindex(x.shape[:2]):
        for j in range(x.shape[-1]):
            alone = run(variant, x[place][:, [j]], sign[[j]])
            np.testing.assert_array_equal(z[place][:, j], alone[:, 0])


@FEW
@given(batches(), st.sampled_from(sorted(VARIANTS)), st.floats(0.1, 100.0), st.floats(-100.0, 100.0))
def test_what_does_not_see_units_of_measurement(batch, variant, a, b):
    x, sign, _ = batch
    method = variant.split()[0]
    moved = dict(VARIANTS[variant])
    if method == "reference":
        moved["reference"] = a * moved["reference"] + b
    if method == "goalposts":
        moved["goalposts"] = tuple(a * post + b for post in moved["goalposts"])
    z = NORMALISATIONS[method](a * x + b, sign, **moved)
    assert z == pytest.approx(run(variant, x, sign), abs=1e-6, nan_ok=True)


@FEW
@given(batches(), st.sampled_from(sorted(VARIANTS)))
def test_order_is_kept_and_missing_stays_missing(batch, variant):
    x, sign, random = batch
    z = run(variant, x, sign)
    shuffle = random.permutation(x.shape[-2])
    assert run(variant, x[..., shuffle, :], sign) == pytest.approx(z[..., shuffle, :], abs=1e-12, nan_ok=True)
    assert np.isnan(z[np.isnan(x)]).all()
    d, z = np.moveaxis(x * sign, -2, -1), np.moveaxis(z, -2, -1)
    higher = d[..., :, None] > d[..., None, :]
    falls = z[..., :, None] < z[..., None, :] - 1e-12
    assert not (higher & falls).any()


@FEW
@given(batches(), st.sampled_from(sorted(VARIANTS)))
def test_bounded_methods_stay_within_0_and_1(batch, variant):
    x, sign, _ = batch
    method = Normalisation(variant.split()[0], VARIANTS[variant])
    z = run(variant, x, sign)
    if method.bounded:
        assert np.nanmin(z, initial=0.0) >= 0.0
        assert np.nanmax(z, initial=1.0) <= 1.0
    else:
        assert variant in ("zscore", "zscore plain", "reference", "goalposts open")


def test_each_indicator_may_have_its_own_method_and_goalposts_keep_a_constant():
    values = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [5.0, 5.0, 5.0], "c": [5.0, 5.0, 5.0]}, index=["u", "v", "w"])
    z, dropped = normalise(
        values,
        {"a": -1, "b": 1, "c": 1},
        {"a": Normalisation("reference", {"reference": "v"}), "b": Normalisation("goalposts", {"goalposts": (0, 10)})},
    )
    assert z["a"].tolist() == [1.5, 1.0, 0.0]
    assert z["b"].tolist() == [0.5, 0.5, 0.5]
    assert dropped == {"c": "constant"}


def test_what_a_cap_cuts_off_is_told():
    values = pd.DataFrame({"a": [1.0, 5.0, 12.0], "b": [1.0, 5.0, 12.0]}, index=["u", "v", "w"])
    methods = {
        "a": Normalisation("goalposts", {"goalposts": (2, 10)}),
        "b": Normalisation("reference", {"reference": "v", "cap": True}),
    }
    assert beyond(values, {"a": 1, "b": -1}, methods) == [
        ("u", "a", "1 lies outside the goalposts 2 and 10"),
        ("w", "a", "12 lies outside the goalposts 2 and 10"),
        ("u", "b", "1 is better than the reference 5"),
    ]
    open_ended = Normalisation("goalposts", {"goalposts": (2, 10), "cap": False})
    assert beyond(values, {"a": 1, "b": -1}, open_ended) == []


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("zz", "indicator 'a': its reference, unit 'zz', is no unit; name a unit that has one"),
        ("w", "indicator 'a': its reference, unit 'w', has no value"),
        (1.0, "indicator 'a': the reference 1 is not better than the worst value 1; give a better one"),
        ("u", "the reference 1 is not better than the worst value 1"),
    ],
)
def test_a_reference_that_cannot_serve_is_refused(reference, message):
    values = pd.DataFrame({"a": [1.0, 2.0, NAN]}, index=["u", "v", "w"])
    with pytest.raises(DataError, match=message):
        normalise(values, {"a": 1}, Normalisation("reference", {"reference": reference}))


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("softmax", {}, "unknown normalisation 'softmax'; give one of minmax, zscore, rank, percentile"),
        ("minmax", {"goalposts": (0, 1)}, "minmax has no parameter 'goalposts'; it takes scale"),
        ("goalposts", {}, "goalposts needs `goalposts`; give it"),
        ("reference", {"cap": True}, "reference needs `reference`; give it"),
        ("minmax", {"scale": (1, 100)}, r"scale \(1, 100\) must be \[low, high\] within 0 and 1, like \[0.01, 1\]"),
        ("minmax", {"scale": (0.5, 0.5)}, "must be .* within 0 and 1"),
        ("minmax", {"scale": 0.5}, "must be two numbers"),
        ("goalposts", {"goalposts": (5, 3)}, "with low below high"),
        ("goalposts", {"goalposts": ("a", 3)}, "must be two numbers"),
        ("goalposts", {"goalposts": (0, math.inf)}, "must be two numbers"),
        ("goalposts", {"goalposts": (0, 1), "cap": "no"}, "cap 'no' must be true or false"),
        ("zscore", {"sd": 0}, "sd 0 must be a number above 0"),
        ("zscore", {"mean": "half"}, "mean 'half' must be a number"),
        ("rank", {"ties": "first"}, "ties 'first' must be one of min, average, max"),
        ("reference", {"reference": NAN}, "reference nan must be a number or the label of a unit"),
    ],
)
def test_a_method_or_parameter_that_does_not_exist_is_refused(method, parameters, message):
    with pytest.raises(CatalogError, match=message):
        Normalisation(method, parameters)


def test_what_must_be_given_is_read_off_the_functions():
    assert parameters_of("goalposts") == {"goalposts": True, "cap": False, "scale": False}
    assert parameters_of("minmax") == {"scale": False}
