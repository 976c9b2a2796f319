"""COINr's definitions, written anew from its source (bluefoxr/COINr at 0889f05c, R/PCA.R at 27d93431): what ours is held against.

Each function names its file there. A column arrives already times its direction, as ``Normalise.numeric`` does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def n_minmax(x: Array, l_u: tuple[float, float]) -> Array:  # R/normalise.R
    low, high = np.nanmin(x), np.nanmax(x)
    return (x - low) / (high - low) * (l_u[1] - l_u[0]) + l_u[0]


def n_zscore(x: Array, m_sd: tuple[float, float]) -> Array:  # R/normalise.R; R's sd divides by n - 1
    return (x - np.nanmean(x)) / np.nanstd(x, ddof=1) * m_sd[1] + m_sd[0]


def n_rank(x: Array) -> Array:  # R/normalise.R; rank(ties.method = "min", na.last = "keep") whatever is asked for
    return np.array([np.nan if np.isnan(v) else 1.0 + np.sum(x < v) for v in x])


def n_prank(x: Array) -> Array:  # R/normalise.R
    return (n_rank(x) - 1.0) / (np.sum(~np.isnan(x)) - 1.0)


def n_dist2ref(x: Array, iref: int, cap_max: bool = False) -> Array:  # R/normalise.R; iref counts from 0 here
    return n_dist2targ(x, float(x[iref]), cap_max)


def n_dist2targ(x: Array, targ: float, cap_max: bool = False) -> Array:  # R/normalise.R
    y = 1.0 - (targ - x) / (targ - np.nanmin(x))
    return np.where(y > 1.0, 1.0, y) if cap_max else y


def n_goalposts(x: Array, low: float, high: float, direction: int) -> Array:  # R/normalise.R, a = 1, truncated
    if direction == -1:
        low, high = -low, -high
        y = (x - high) / (low - high)
    else:
        y = (x - low) / (high - low)
    return np.where(y > 1, 1.0, np.where(y < 0, 0.0, y))


def a_amean(x: Array, w: Array) -> float:  # R/aggregate.R
    w = w[~np.isnan(x)]
    return float(np.sum(w / w.sum() * x[~np.isnan(x)]))


def a_gmean(x: Array, w: Array) -> float:  # R/aggregate.R
    some = ~np.isnan(x)
    return float(np.exp(np.sum(w[some] * np.log(x[some])) / w[some].sum()))


def a_hmean(x: Array, w: Array) -> float:  # R/aggregate.R
    some = ~np.isnan(x)
    return float(w[some].sum() / np.sum(w[some] / x[some]))


def outrank_matrix(x: Array, w: Array) -> Array:  # R/aggregate.R, outrankMatrix: lower triangle is 1 - upper
    w = w / w.sum()
    support = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            support[i, j] = w[x[i] > x[j]].sum() + w[x[i] == x[j]].sum() / 2
            support[j, i] = 1 - support[i, j]
    return support


def a_copeland(x: Array, w: Array) -> Array:  # R/aggregate.R
    return outrank_matrix(x, w).sum(axis=1)


def pca_weights(x: Array) -> Array:  # R/PCA.R, get_PCA: prcomp(center, scale)$rotation[, 1] of the complete rows
    complete = x[~np.isnan(x).any(axis=1)]
    z = (complete - complete.mean(axis=0)) / complete.std(axis=0, ddof=1)
    return np.linalg.svd(z, full_matrices=False)[2][0]
