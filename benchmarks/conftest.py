"""Ours and theirs on the same data, in turn."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "include"), str(HERE.parent), str(HERE)]


@pytest.fixture
def compare(benchmark) -> Callable[..., float]:
    """Return a function that measures ours against a baseline: least seconds of each, taken in turn."""

    def run(ours: Callable[[], object], baseline: Callable[[], object], rounds: int = 7) -> float:
        ours(), baseline()
        taken: dict[str, list[float]] = {"ours": [], "baseline": []}
        for _ in range(rounds):
            for name, work in (("ours", ours), ("baseline", baseline)):
                start = time.perf_counter()
                work()
                taken[name].append(time.perf_counter() - start)
        benchmark.pedantic(ours, rounds=3)
        least = {name: min(seconds) for name, seconds in taken.items()}
        ratio = least["ours"] / least["baseline"]
        benchmark.extra_info |= least | {"ratio": ratio}
        print(f"\nours {least['ours']:.4f} s, baseline {least['baseline']:.4f} s, ratio {ratio:.3f}")
        return ratio

    return run


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20241224)
