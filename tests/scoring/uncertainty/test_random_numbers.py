"""The same seed gives the same numbers on any number of threads and with any size of blocks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.scoring.uncertainty.indices import figures, panel, three_levels

from icdp.errors import DataError
from icdp.scoring.uncertainty import Assumptions, Ensemble, compile_plan
from icdp.scoring.uncertainty.analysis import Effort, analyse
from icdp.scoring.uncertainty.streams import members, normals, times_drawn, uniforms


def everything(values: pd.DataFrame) -> Assumptions:
    return Assumptions(
        experts=True,
        rounding=0.5,
        measured_weights=True,
        log_sd=pd.DataFrame(0.2, index=values.index, columns=values.columns),
        range_sd=pd.DataFrame(0.02, index=values.index, columns=values.columns),
        missing=True,
        normalisations={"own": 2, "zscore": 1, "percentile": 1},
        aggregations={"own": 1, "geometric": 1},
        leave_out=0.5,
    )


@pytest.fixture(scope="module")
def uncertain():
    random = np.random.default_rng(7)
    tree = three_levels()
    values = figures(tree, random, gaps=0.01)
    return tree, compile_plan(tree, values, panel(tree, random, 5)), everything(values)


def counts(ensemble: Ensemble, draws: int = 1000):
    tally = ensemble.run(draws)
    return tally.draws, tally.ranks, tally.ahead, tally.tiers


def test_neither_blocks_nor_threads_change_a_count(uncertain):
    _, plan, model = uncertain
    one = counts(Ensemble(plan, model, seed=3, block=1000))
    assert one[0] == 1000
    for block, threads in ((1000, 2), (512, 1), (64, 2), (333, 3), (7, 4)):
        other = counts(Ensemble(plan, model, seed=3, block=block, threads=threads))
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True)), (block, threads)


def test_neither_blocks_nor_threads_change_a_table(uncertain):
    tree, plan, model = uncertain
    effort = Effort(draws=300, one_at_a_time=100, sobol=64, resamples=50)
    one = analyse(Ensemble(plan, model, seed=3, block=300), tree, effort)
    other = analyse(Ensemble(plan, model, seed=3, block=41, threads=2), tree, effort)
    for name in ("intervals", "sensitivity", "one_at_a_time", "leave_one_out"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def test_another_seed_gives_other_draws_and_more_draws_begin_with_the_same(uncertain):
    _, plan, model = uncertain
    few, many = counts(Ensemble(plan, model, seed=3), 200), counts(Ensemble(plan, model, seed=3), 300)
    assert (many[1] >= few[1]).all()
    assert not np.array_equal(counts(Ensemble(plan, model, seed=4), 200)[1], few[1])


def test_every_factor_is_active_here_and_alone_it_moves_ranks(uncertain):
    _, plan, model = uncertain
    ensemble = Ensemble(plan, model)
    assert ensemble.factors == (
        "experts", "rounding", "measured_weights", "values", "missing", "normalisation", "aggregation", "leave_out",
    )  # fmt: skip
    for factor in ensemble.factors:
        assert (ensemble.run(200, factors=[factor]).ranks[0] > 0).sum() > 31 * 1.2, factor
    certain = Ensemble(plan, Assumptions())
    assert certain.factors == ()
    assert ((certain.run(50).ranks == 50) | (certain.run(50).ranks == 0)).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 2**40), st.integers(0, 50), st.integers(1, 40), st.integers(1, 9))
def test_numbers_of_a_draw_depend_on_its_number_only(seed, start, length, width):
    whole = uniforms(seed, "x", 1, 0, start + length, width)
    assert np.array_equal(uniforms(seed, "x", 1, start, start + length, width), whole[:, start:])
    assert np.array_equal(
        normals(seed, "x", 1, start, start + length, width), normals(seed, "x", 1, 0, start + length, width)[:, start:]
    )
    assert not np.array_equal(uniforms(seed, "y", 1, 0, start + length, width), whole)
    assert not np.array_equal(uniforms(seed, "x", 0, 0, start + length, width), whole)


def test_numbers_are_uniform_normal_and_independent_of_each_other():
    assert stats.kstest(uniforms(1, "u", 0, 0, 4000, 5).ravel(), "uniform").pvalue > 0.01
    drawn = normals(1, "n", 0, 0, 4000, 5)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(drawn) - np.eye(5)).max() < 0.06
    assert abs(np.corrcoef(drawn[0, 1:], drawn[0, :-1])[0, 1]) < 0.05


def test_a_bootstrap_sample_is_as_large_as_the_original_and_draws_all_alike():
    counted = times_drawn(members(uniforms(1, "u", 0, 0, 20000, 7), 7), 7)
    assert (counted.sum(axis=0) == 7).all()
    np.testing.assert_allclose(counted.mean(axis=1), 1.0, atol=0.03)
    assert counted.var(axis=1).mean() == pytest.approx(6.0 / 7.0, rel=0.03)  # binomial(7, 1/7)


@pytest.mark.parametrize(("block", "threads"), [(0, 1), (64, 0)])
def test_no_draws_in_a_block_or_no_thread_is_refused(uncertain, block, threads):
    with pytest.raises(DataError, match="give at least 1"):
        Ensemble(uncertain[1], Assumptions(), block=block, threads=threads)


def test_a_node_that_is_not_in_use_is_refused_by_name(uncertain):
    with pytest.raises(DataError, match=r"'nowhere' is no node in use; in use are root, d0"):
        Ensemble(uncertain[1], uncertain[2]).run(10, nodes=["nowhere"])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"normalisations": {"own": 1, "goalposts": 1}}, "'goalposts' cannot be drawn"),
        ({"normalisations": {"zscore": 1}}, "give `own` one above 0"),
        ({"aggregations": {"own": 1, "power": 1}}, "'power' cannot be drawn"),
        ({"aggregations": {"own": 1, "geometric": -1}}, "none a negative one"),
        ({"rounding": 0.0}, "rounding 0"),
        ({"given_weights": 1.5}, "given_weights 1.5"),
        ({"floor": 1.0}, "floor 1"),
        ({"leave_out": 1.1}, "leave_out 1.1 is no probability"),
        ({"log_sd": pd.DataFrame({"a": [-0.1]})}, "negative or missing"),
    ],
)
def test_what_is_no_model_is_refused(model, message):
    with pytest.raises(DataError, match=message):
        Assumptions(**model)
