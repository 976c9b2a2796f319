"""Peak memory, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WORK = """
import json, resource, sys, time
sys.path[:0] = {paths}
import numpy as np
from test_speed import everything, equal
from icdp.scoring.uncertainty import Assumptions, Ensemble, compile_plan
from tests.scoring.uncertainty.indices import figures, panel, three_levels
random = np.random.default_rng(1)
tree = three_levels() if {every} else equal(three_levels())
values = figures(tree, random, gaps=0.02 if {every} else 0.0)
judges = panel(tree, random, 15) if {every} else None
model = everything(values) if {every} else Assumptions(given_weights=0.25)
ensemble = Ensemble(compile_plan(tree, values, judges), model, seed=1, threads=2)
start = time.perf_counter()
draws = ensemble.run({draws}).draws
print(json.dumps([draws, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.perf_counter() - start]))
"""
HERE = Path(__file__).parent


def peak(draws: int, *, every: bool) -> float:
    """Return the peak in MB of a process that does this many draws."""
    paths = [str(HERE), str(HERE.parent / "include"), str(HERE.parent)]
    code = WORK.format(paths=paths, every=every, draws=draws)
    done, megabytes, seconds = json.loads(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    )
    print(f"\n{draws} draws{' of everything' if every else ''}: {megabytes:.0f} MB, {seconds:.1f} s")
    assert done == draws
    return megabytes


@pytest.mark.parametrize("every", [False, True], ids=["weights", "everything"])
def test_memory(every):
    few = peak(10_000, every=every)
    assert few < 400
    assert peak(100_000, every=every) < 1.1 * few


def test_a_million_draws():
    assert peak(1_000_000, every=False) < 400
