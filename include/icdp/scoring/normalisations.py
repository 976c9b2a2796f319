"""Normalisations on arrays: units on the last axis but one, any leading (batch) dimensions before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Ties = Literal["min", "average", "max"]
TIES: tuple[str, ...] = ("min", "average", "max")

# A spread below this share of the largest magnitude is rounding noise of computed values (wage / 12), no information.
RELATIVE_NOISE = 1e-12


def _ends(x: Array) -> tuple[Array, Array]:
    """Return the lowest and the highest value present of each column, kept as an axis of one unit."""
    return np.fmin.reduce(x, axis=-2, keepdims=True), np.fmax.reduce(x, axis=-2, keepdims=True)


def constant(low: Array, high: Array) -> NDArray[np.bool_]:
    """Tell which columns are equal up to rounding noise, given their lowest and highest values."""
    # Halves, because the difference of two huge values of opposite sign overflows.
    flat = high / 2 - low / 2 <= RELATIVE_NOISE * np.maximum(np.abs(low), np.abs(high)) / 2
    return np.asarray(flat, dtype=np.bool_)


def minmax(x: Array, sign: ArrayLike, *, scale: tuple[float, float] = (0.0, 1.0)) -> Array:
    """Min-max: (x - min) / (max - min), and (max - x) / (max - min) for a negative indicator.

    The ends are exactly 0 and 1 (OECD Handbook 2008, 5.3; ``n_minmax`` of COINr R/normalise.R). A constant
    column has no such value and is NaN.

    Args:
        x: (..., units, indicators); NaN is missing and stays so.
        sign: (indicators,), +1 or -1.
        scale: ends put in the place of 0 and 1, for aggregations that need positive values: an assumption.
    """
    low, high = _ends(x)
    wide = high / 2 - low / 2 > np.finfo(float).max / 2
    if wide.any():
        x, low, high = (np.where(wide, part / 2, part) for part in (x, low, high))
    distance = np.where(np.asarray(sign) > 0, x - low, high - x)
    return _to_scale(distance / np.where(constant(low, high), np.nan, high - low), scale)


def _to_scale(z: Array, scale: tuple[float, float]) -> Array:
    return z if scale == (0.0, 1.0) else scale[0] + (scale[1] - scale[0]) * z


def zscore(x: Array, sign: ArrayLike, *, mean: float = 0.5, sd: float = 0.1) -> Array:
    """Standard scores: mean + sd (x - m) / s, m and s the mean and the sample standard deviation (n - 1).

    ``n_zscore`` of COINr (R/normalise.R) with ``m_sd = c(mean, sd)``. The default is the T score of McCall
    (1922), whose published form, times 100, is 50 for the mean and 10 points for a standard deviation. It is
    **not** bounded by 0 and 1. A constant column is NaN.

    Args:
        x: (..., units, indicators); NaN is missing.
        sign: (indicators,), +1 or -1.
        mean: put in the place of the mean.
        sd: put in the place of the standard deviation.
    """
    z = minmax(x, sign)  # standard scores do not see an affine change, and this one cannot overflow
    present = ~np.isnan(z)
    count = present.sum(axis=-2, keepdims=True)
    centred = z - np.where(present, z, 0.0).sum(axis=-2, keepdims=True) / np.where(count > 0, count, 1)
    squares = np.where(present, centred, 0.0) ** 2
    deviation = np.sqrt(squares.sum(axis=-2, keepdims=True) / np.where(count > 1, count - 1, 1))
    scores: Array = mean + sd * centred / np.where(deviation > 0, deviation, np.nan)
    return scores


def rank(x: Array, sign: ArrayLike, *, ties: Ties = "min") -> Array:
    """Rank from the worst (1) to the best (m), over m, the number of units with a value: always above 0.

    m times this is ``n_rank`` of COINr (R/normalise.R), whose argument ``ties.method`` has no effect.

    Args:
        x: (..., units, indicators); NaN is missing.
        sign: (indicators,), +1 or -1.
        ties: which rank units of one value share: the lowest, the mean or the highest of theirs.
    """
    ranks, count = _ranks(x, sign, ties)
    return ranks / count


def percentile(x: Array, sign: ArrayLike, *, ties: Ties = "min", scale: tuple[float, float] = (0.0, 1.0)) -> Array:
    """Percentile rank: (rank - 1) / (m - 1), 0 for the worst of m units with a value and 1 for the best.

    ``n_prank`` of COINr (R/normalise.R). With ``ties="average"`` it is the share of the other units that a
    unit is better than, ties counting one half.

    Args:
        x: (..., units, indicators); NaN is missing.
        sign: (indicators,), +1 or -1.
        ties: which rank units of one value share.
        scale: ends put in the place of 0 and 1.
    """
    ranks, count = _ranks(x, sign, ties)
    return _to_scale((ranks - 1.0) / np.where(count > 1, count - 1.0, np.nan), scale)


def _ranks(x: Array, sign: ArrayLike, ties: Ties) -> tuple[Array, Array]:
    """Return ranks from 1 (worst), NaN where missing or constant, and the number of units with a value."""
    d = np.moveaxis(x * np.asarray(sign), -2, -1)
    units = d.shape[-1]
    order = np.argsort(d, axis=-1, kind="stable")  # NaN last
    ordered = np.take_along_axis(d, order, axis=-1)
    before, after = ordered[..., :-1], ordered[..., 1:]
    apart = np.ones(d.shape, dtype=bool)
    apart[..., 1:] = ~(after - before <= RELATIVE_NOISE * np.maximum(np.abs(before), np.abs(after)))
    place = np.broadcast_to(np.arange(units), d.shape)
    first = np.maximum.accumulate(np.where(apart, place, 0), axis=-1)
    ends = np.ones(d.shape, dtype=bool)
    ends[..., :-1] = apart[..., 1:]
    last = np.flip(np.minimum.accumulate(np.flip(np.where(ends, place, units), axis=-1), axis=-1), axis=-1)
    shared = {"min": first, "average": (first + last) / 2.0, "max": last}[ties] + 1.0
    ranks = np.empty(d.shape)
    np.put_along_axis(ranks, order, shared, axis=-1)
    flat = constant(*_ends(x))
    ranked = np.where(np.isnan(x) | flat, np.nan, np.moveaxis(ranks, -1, -2))
    return ranked, (~np.isnan(x)).sum(axis=-2, keepdims=True).astype(float)


def reference(x: Array, sign: ArrayLike, *, reference: ArrayLike, cap: bool = False) -> Array:
    """Distance to a reference: (x - worst) / (reference - worst); 1 is the reference, the worst unit 0.

    ``n_dist2ref`` and ``n_dist2targ`` of COINr (R/normalise.R); there, a target of a negative indicator has
    to be given with its sign turned, here it is given as it is. NaN where the reference is not better than
    the worst unit. Better than the reference is above 1 unless ``cap``.

    Args:
        x: (..., units, indicators); NaN is missing.
        sign: (indicators,), +1 or -1.
        reference: a number, or (..., indicators), in the indicator's own unit.
        cap: give 1 to what is better than the reference.
    """
    given = np.asarray(reference, dtype=float)
    turned = np.asarray(sign)
    target = (given[..., np.newaxis, :] if given.ndim else given) * turned
    d = x * turned
    low, high = _ends(d)
    usable = (target > low) & ~constant(low, high)
    z = (d - low) / np.where(usable, target - low, np.nan)
    return np.where(z > 1.0, 1.0, z) if cap else z


def goalposts(
    x: Array,
    sign: ArrayLike,
    *,
    goalposts: tuple[float, float],
    cap: bool = True,
    scale: tuple[float, float] = (0.0, 1.0),
) -> Array:
    """Goalposts: (x - low) / (high - low), and (high - x) / (high - low) for a negative indicator.

    ``n_goalposts`` of COINr (R/normalise.R) and UNDP's human development index. The scale does not depend on
    the units, so a constant column keeps its value, and years with the same posts can be compared.

    Args:
        x: (..., units, indicators); NaN is missing.
        sign: (indicators,), +1 or -1.
        goalposts: low and high, low < high whatever the sign, in the indicator's own unit.
        cap: give 0 or 1 to what lies outside.
        scale: ends put in the place of 0 and 1.
    """
    low, high = goalposts
    z = np.where(np.asarray(sign) > 0, x - low, high - x) / (high - low)
    return _to_scale(np.clip(z, 0.0, 1.0) if cap else z, scale)


NORMALISATIONS: dict[str, Callable[..., Array]] = {
    "minmax": minmax,
    "zscore": zscore,
    "rank": rank,
    "percentile": percentile,
    "reference": reference,
    "goalposts": goalposts,
}
"""f(x (..., units, k), sign (k,), **parameters) -> (..., units, k), 1 or more being better; NaN stays NaN."""
