"""Speed of draws and of panels, as ratios; see README.md."""

from __future__ import annotations

import os
import time

import baselines
import numpy as np
import pandas as pd
import pytest
from tests.scoring.uncertainty.indices import figures, panel, three_levels

from icdp.scoring import Node, Tree
from icdp.scoring.many import score_many
from icdp.scoring.uncertainty import Assumptions, Effort, Ensemble, analyse, compile_plan, evaluate
from icdp.scoring.uncertainty.draws import Sample

DRAWS = 10_000
THREADS = min(2, os.cpu_count() or 1)
NODES = ["root", "d0", "d1", "d2"]


def equal(tree: Tree) -> Tree:
    return Tree([Node(n.id, n.parent, n.direction, n.weighting and "equal") for n in tree.nodes])


def everything(values: pd.DataFrame) -> Assumptions:
    return Assumptions(
        experts=True,
        rounding=0.5,
        measured_weights=True,
        log_sd=pd.DataFrame(0.2, index=values.index, columns=values.columns),
        missing=True,
        normalisations={"own": 2, "zscore": 1, "percentile": 1},
        aggregations={"own": 1, "geometric": 1},
        leave_out=0.5,
    )


def test_weight_draws(compare, random):
    tree = equal(three_levels())
    values = figures(tree, random)
    plan, model = compile_plan(tree, values, None), Assumptions(given_weights=0.25)
    x, sign = values.to_numpy(), plan.signs
    ratio = compare(
        lambda: Ensemble(plan, model, seed=1, threads=THREADS).run(DRAWS, nodes=NODES),
        lambda: baselines.three_levels(x, sign, DRAWS, 1),
    )
    assert ratio <= 3.0


def test_panel_and_entropy_draws(compare, random):
    tree = three_levels()
    values, judges = figures(tree, random), panel(tree, random, 15)
    plan, model = compile_plan(tree, values, judges), Assumptions(experts=True, measured_weights=True)
    x, sign = values.to_numpy(), plan.signs
    logarithms = [next(p.logarithms for p in plan.parents if p.node == node) for node in ("d0", "d1", "d2", "root")]
    ratio = compare(
        lambda: Ensemble(plan, model, seed=1, threads=THREADS).run(DRAWS, nodes=NODES),
        lambda: baselines.judged_and_measured(x, sign, logarithms, DRAWS, 1),
        rounds=3,
    )
    assert ratio <= 3.0


def test_baseline_and_ours_do_the_same(random):
    """The comparison is worth nothing otherwise: the same weights give the same ranks."""
    tree = three_levels()
    values, judges = figures(tree, random), panel(tree, random, 3)
    plan = compile_plan(tree, values, judges)
    weights = {node: found[:, 0] for node, found in evaluate(plan, Sample(1)).weights.items()}
    theirs = baselines.panel_of_years(
        values.to_numpy()[np.newaxis], plan.signs, [weights[n] for n in ("d0", "d1", "d2", "root")]
    )
    ours = score_many(tree, {0: values}, judges)[0].ranks
    for node, found in zip(NODES, theirs, strict=False):
        assert found[0].tolist() == ours[node].tolist()
    counted = Ensemble(plan, Assumptions(experts=True, measured_weights=True)).run(4000, nodes=["root"]).mean(0)
    logarithms = [next(p.logarithms for p in plan.parents if p.node == node) for node in ("d0", "d1", "d2", "root")]
    drawn = baselines.judged_and_measured(values.to_numpy(), plan.signs, logarithms, 4000, 2)[0].mean(axis=0)
    np.testing.assert_allclose(counted, drawn, atol=0.25)


def test_counties(compare, random):
    tree = three_levels()
    years = {year: figures(tree, random, 2844) for year in range(2005, 2025)}
    judges = panel(tree, random)
    plan = compile_plan(tree, years[2005], judges)
    weights = {node: found[:, 0] for node, found in evaluate(plan, Sample(1)).weights.items()}
    upper = [weights[node] for node in ("d0", "d1", "d2", "root")]
    ratio = compare(
        lambda: score_many(tree, years, judges),
        lambda: baselines.panel_of_years(np.stack([v.to_numpy() for v in years.values()]), plan.signs, upper),
    )
    assert ratio <= 3.0


@pytest.mark.parametrize("shape", ["complete", "with gaps"])
def test_complete_set(benchmark, random, shape):
    tree = three_levels()
    values = figures(tree, random, gaps=0.0 if shape == "complete" else 0.02)
    plan = compile_plan(tree, values, panel(tree, random, 15))
    ensemble = Ensemble(plan, everything(values), seed=1, threads=THREADS)
    taken = []
    for _ in range(3):
        start, busy = time.perf_counter(), time.process_time()
        analyse(ensemble, tree, Effort())
        taken.append((time.perf_counter() - start, time.process_time() - busy))
    benchmark.pedantic(lambda: analyse(ensemble, tree, Effort()), rounds=1)
    wall, cpu = min(taken)
    print(f"\ncomplete set, {shape}: {wall:.2f} s ({cpu:.2f} s of processor), factors {', '.join(ensemble.factors)}")
    assert wall < 5.0
