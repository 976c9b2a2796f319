"""The flat task of the peers: 31 units, 24 indicators, weights drawn, full ranks."""

from __future__ import annotations

import time
from collections.abc import Callable

import baselines
import numpy as np
import pandas as pd
import pytest

from icdp.scoring import Node, Tree
from icdp.scoring.uncertainty import Assumptions, Ensemble, compile_plan
from icdp.scoring.uncertainty.sobol import sobol_indices
from icdp.scoring.uncertainty.streams import uniforms

DRAWS = 10_000
K = 24


@pytest.fixture
def task(random):
    x = np.exp(random.normal(size=(31, K)))
    sign = np.where(np.arange(K) % 4 == 3, -1, 1)
    return x, sign, baselines.shares(random, DRAWS, K)


def ours(x: np.ndarray, sign: np.ndarray) -> Callable[[], object]:
    names = [f"i{i:02d}" for i in range(K)]
    tree = Tree([Node("n", None, weighting="equal"), *(Node(n, "n", int(s)) for n, s in zip(names, sign, strict=True))])
    values = pd.DataFrame(x, columns=names, index=[f"u{i:02d}" for i in range(31)])
    ensemble = Ensemble(compile_plan(tree, values, None), Assumptions(given_weights=0.25), seed=1)
    return lambda: ensemble.run(DRAWS)


def least(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def pymcdm(x: np.ndarray, sign: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    from pymcdm.helpers import rankdata
    from pymcdm.methods import WSM
    from pymcdm.normalizations import minmax_normalization

    method = WSM(minmax_normalization)
    return [rankdata(method(x, w, sign, validation=False), reverse=True) for w in weights]


def pydecision(x: np.ndarray, sign: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    from pyDecision.algorithm import saw_method

    kinds = ["max" if s > 0 else "min" for s in sign]
    return [saw_method(x, kinds, w, graph=False, verbose=False) for w in weights]


def skcriteria(x: np.ndarray, sign: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    import skcriteria
    from skcriteria.agg.simple import WeightedSumModel
    from skcriteria.pipeline import mkpipe
    from skcriteria.preprocessing.invert_objectives import NegateMinimize
    from skcriteria.preprocessing.scalers import MinMaxScaler

    pipe = mkpipe(NegateMinimize(), MinMaxScaler("matrix"), WeightedSumModel())
    objectives = [max if s > 0 else min for s in sign]
    return [pipe.evaluate(skcriteria.mkdm(x, objectives, weights=w)).rank_ for w in weights]


def test_flat_draws_against_numpy(compare, task):
    x, sign, weights = task
    assert compare(ours(x, sign), lambda: baselines.flat(x, sign, weights)) <= 3.0


@pytest.mark.parametrize(
    ("peer", "draws", "times"), [(pymcdm, 2000, 50), (pydecision, 2000, 15), (skcriteria, 300, 50)]
)
def test_flat_draws(benchmark, task, peer, draws, times):
    x, sign, weights = task
    own = ours(x, sign)
    benchmark.pedantic(own, rounds=5, warmup_rounds=1)
    theirs = least(lambda: peer(x, sign, weights[:draws]), 3) * DRAWS / draws
    ratio = theirs / least(own, 9)
    benchmark.extra_info |= {"peer": peer.__name__, "peer_seconds": theirs, "times_faster": ratio}
    print(f"\n{peer.__name__}: {theirs:.2f} s for {DRAWS} draws, ours {theirs / ratio:.4f} s, {ratio:.0f} times faster")
    assert ratio >= times


def test_peers_rank_as_the_baseline_does(task):
    x, sign, weights = task
    expected = baselines.flat(x, sign, weights[:20])
    for peer in (pymcdm, skcriteria):
        assert all((a == b).all() for a, b in zip(peer(x, sign, weights[:20]), expected, strict=True)), peer.__name__
    # pyDecision gives scores; where less is better it takes min / x instead of a complement, so only its shape is held.
    assert len(pydecision(x, sign, weights[:2])[0]) == 31


def test_salib():
    """Same outcomes, same estimators: SALib standardises the outcomes first, we centre them."""
    from SALib.analyze import sobol

    def ishigami(x):
        return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    first, second = (np.pi * (2 * uniforms(5, "x", stream, 0, 4096, 3).T - 1) for stream in (0, 1))
    exchanged = [np.where(np.arange(3) == i, second, first) for i in range(3)]
    a, b, ab = ishigami(first), ishigami(second), np.stack([ishigami(x) for x in exchanged])
    mine = sobol_indices(a[:, np.newaxis], b[:, np.newaxis], ab[:, :, np.newaxis], resamples=500)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
    order = np.stack([a, *ab, b], axis=1).ravel()
    theirs = sobol.analyze(problem, order, calc_second_order=False, conf_level=0.90, num_resamples=500, seed=1)
    np.testing.assert_allclose(mine.first[:, 0], theirs["S1"], atol=0.01)
    np.testing.assert_allclose(mine.total[:, 0], theirs["ST"], atol=0.01)
    half = (mine.first_interval[1] - mine.first_interval[0])[:, 0] / 2
    np.testing.assert_allclose(half, theirs["S1_conf"], rtol=0.25, atol=0.003)
