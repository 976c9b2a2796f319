"""Other normalisations and aggregations that a draw may choose instead of the index's own.

Functions over batches: any leading axes, then units, then indicators (or children). Every normalisation
returns values in 0-1, so that any aggregation may follow. To be fed from the registries of the scoring
room as soon as it has them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.normalise import RELATIVE_NOISE

Array = NDArray[np.float64]
Normalise = Callable[[Array], Array]
"""(..., units, indicators), more is better, NaN where missing -> the same, 0-1."""


def minmax(x: Array) -> Array:
    """(x - min) / (max - min) per indicator; NaN throughout an indicator that is constant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an indicator without any value
        low, high = np.nanmin(x, axis=-2, keepdims=True), np.nanmax(x, axis=-2, keepdims=True)
    span = high - low
    told_apart = span > RELATIVE_NOISE * np.maximum(np.abs(low), np.abs(high))
    return (x - low) / np.where(told_apart, span, np.nan)


def zscore(x: Array) -> Array:
    """Standard scores, brought to 0-1 by one straight line for all indicators of a draw.

    The line is common so that indicators keep equal spread: that is what tells standard scores from min-max.
    """
    mean = np.nanmean(x, axis=-2, keepdims=True)
    deviation = np.nanstd(x, axis=-2, keepdims=True)
    z = (x - mean) / np.where(deviation > 0.0, deviation, np.nan)
    low, high = np.nanmin(z, axis=(-2, -1), keepdims=True), np.nanmax(z, axis=(-2, -1), keepdims=True)
    return np.asarray((z - low) / (high - low))


def percentile(x: Array) -> Array:
    """Share of the other units below, ties counted half: (mid-rank - 1) / (m - 1)."""
    below = np.zeros_like(x)
    for unit in range(x.shape[-2]):
        other = x[..., unit : unit + 1, :]
        below += np.where(other < x, 1.0, np.where(other == x, 0.5, 0.0))
    m = (~np.isnan(x)).sum(axis=-2, keepdims=True)
    # A unit ties with itself: half a place too many.
    return np.where(np.isnan(x), np.nan, (below - 0.5) / np.maximum(m - 1, 1))


NORMALISATIONS: Mapping[str, Normalise] = {"minmax": minmax, "zscore": zscore, "percentile": percentile}

AGGREGATIONS = ("arithmetic", "geometric")


def to_logarithm(score: Array, floor: float) -> Array:
    """Return ln of a score 0-1 moved to [floor, 1]: the geometric mean is undefined at 0."""
    return np.log(floor + (1.0 - floor) * score)


def from_logarithm(mean: Array, floor: float) -> Array:
    """Return the score 0-1 of a mean of logarithms made by :func:`to_logarithm`."""
    return (np.exp(mean) - floor) / (1.0 - floor)
