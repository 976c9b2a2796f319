"""Sobol indices of independent factors, each of which may be many numbers (a group)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icdp.scoring.normalisations import Array
from icdp.scoring.uncertainty.streams import members, times_drawn, uniforms


@dataclass(frozen=True, eq=False)
class Indices:
    """First-order and total indices.

    Attributes:
        first: factors x targets; NaN for a target that does not vary.
        total: factors x targets.
        first_interval: 2 x factors x targets, lower and upper end of the bootstrap interval.
        total_interval: 2 x factors x targets.
    """

    first: Array
    total: Array
    first_interval: Array
    total_interval: Array


def sobol_indices(a: Array, b: Array, ab: Array, *, resamples: int = 0, level: float = 0.90, seed: int = 0) -> Indices:
    """Estimate the share of the variance of each target that each factor explains.

    First order: mean(f_B (f_ABi - f_A)) / V (Saltelli et al. 2010, table 2 b); total: mean((f_A - f_ABi)^2) / 2V
    (Jansen 1999; table 2 f). V is the variance over both samples; outputs are centred first, which takes
    the mean out of the sampling error of the first order. Estimates near 0 may be negative.

    Args:
        a: draws x targets, all factors from the first sample.
        b: draws x targets, all factors from the second, independent sample.
        ab: factors x draws x targets, the first sample with that one factor from the second.
        resamples: bootstrap resamples of the draws; 0 for no intervals (NaN).
        level: of the intervals, ends at equal probability.
        seed: of the resamples.
    """
    centre = (a.sum(axis=0) + b.sum(axis=0) + ab.sum(axis=(0, 1))) / (len(a) * (2 + len(ab)))
    a, b, ab = a - centre, b - centre, ab - centre
    terms = np.stack([*(b * (ab - a)), *((a - ab) ** 2 / 2.0), (a**2 + b**2) / 2.0, (a + b) / 2.0])
    first, total = _ratios(terms.mean(axis=1), len(ab))
    if not resamples:
        nothing = np.full((2, *first.shape), np.nan)
        return Indices(first, total, nothing, nothing)
    numbers = uniforms(seed, "bootstrap", 0, 0, resamples, len(a))
    counts = times_drawn(members(numbers, len(a)), len(a))  # draws x resamples
    means = np.tensordot(counts / len(a), terms, axes=(0, 1))  # resamples x terms x targets
    again = [_ratios(mean, len(ab)) for mean in means]
    ends = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    return Indices(
        first,
        total,
        np.quantile(np.stack([one for one, _ in again]), ends, axis=0),
        np.quantile(np.stack([two for _, two in again]), ends, axis=0),
    )


def _ratios(means: Array, factors: int) -> tuple[Array, Array]:
    variance = means[-2] - means[-1] ** 2
    known = np.where(variance > 1e-12, variance, np.nan)
    return means[:factors] / known, means[factors : 2 * factors] / known
