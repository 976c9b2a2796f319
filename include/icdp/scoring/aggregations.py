"""Aggregations on arrays: children on the last axis, units before it, any leading (batch) dimensions before that.

A missing child's weight goes to the children present, in proportion. Where an aggregation is undefined it gives
NaN, never a number that looks right; :func:`undefined` tells where, for a refusal by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.normalisations import Array

TIE = 1e-9
"""Support within this of one another is a draw: weights are sums of floats."""

DIGITS = 11
"""Children's values equal to this many decimals are equal: their scores, times 100, tie in the ranks."""


def redistributed(x: Array, w: Array) -> Array:
    """Return each unit's own weights (..., units, k): those of the children present, scaled to sum 1.

    Args:
        x: (..., units, k); NaN is missing.
        w: (..., k), not negative.

    Returns:
        0 for a missing child; NaN for a unit without any child of a weight above 0.
    """
    present = ~np.isnan(x)
    kept = w[..., np.newaxis, :] * present
    available = kept.sum(axis=-1, keepdims=True)
    return np.where(available > 0.0, kept / np.where(available > 0.0, available, 1.0), np.nan)


def arithmetic(x: Array, w: Array, exponent: float | None = None) -> Array:
    """Weighted arithmetic mean: full compensation (OECD Handbook 2008, 6.8)."""
    mean: Array = (redistributed(x, w) * np.where(np.isnan(x), 0.0, x)).sum(axis=-1)
    return mean


def geometric(x: Array, w: Array, exponent: float | None = None) -> Array:
    """Weighted geometric mean, exp(sum w ln x): less compensation; needs values above 0 (``a_gmean`` of COINr)."""
    own, values, wrong = _parts("geometric", x, w, None)
    mean = np.exp((own * np.log(np.where(own > 0, values, 1.0))).sum(axis=-1))
    return np.where(wrong, np.nan, mean)


def harmonic(x: Array, w: Array, exponent: float | None = None) -> Array:
    """Weighted harmonic mean, 1 / sum(w / x): least compensation; needs values above 0 (``a_hmean`` of COINr)."""
    own, values, wrong = _parts("harmonic", x, w, None)
    inverse = (own / np.where(own > 0, values, 1.0)).sum(axis=-1)
    return np.where(wrong, np.nan, 1.0 / np.where(wrong, 1.0, inverse))


def power(x: Array, w: Array, exponent: float | None = None) -> Array:
    """Weighted power mean, (sum w x^p)^(1/p): 1 is arithmetic, -1 harmonic; values of 0 need p above 0.

    Args:
        x: (..., units, k), not negative; NaN is missing.
        w: (..., k).
        exponent: p, not 0 (that limit is ``geometric``).
    """
    if not exponent:
        raise ValueError("a power mean needs an exponent other than 0; the limit at 0 is geometric")
    own, values, wrong = _parts("power", x, w, exponent)
    used = np.where(own > 0, values, np.nan)
    # Shares of the extreme value cannot overflow, whatever the exponent.
    scale = (np.fmax if exponent > 0 else np.fmin).reduce(used, axis=-1)
    safe = np.where(scale > 0, scale, 1.0)
    top = safe[..., np.newaxis]
    raised = np.where(used > 0, (np.where(used > 0, used, top) / top) ** exponent, 0.0)
    total = (own * raised).sum(axis=-1)
    mean = np.where(scale > 0, safe * np.where(total > 0, total, 1.0) ** (1.0 / exponent), 0.0)
    return np.where(wrong, np.nan, mean)


def mpi(x: Array, w: Array, exponent: float | None = None) -> Array:
    """Mazziotta-Pareto index with the penalty taken off: M - S^2 / M, M the mean and S the deviation of the children.

    Mazziotta & Pareto (2016), Social Indicators Research 127, for a positive phenomenon. S^2 = sum w (x - M)^2,
    the population variance, here with the weights of the mean (theirs are equal); ``ci_mpi`` of Compind
    divides by k - 1 instead. Needs values that are not negative; 0 where all are 0. Unbalanced children can
    make it negative, and a better value can lower it.
    """
    own, values, wrong = _parts("mpi", x, w, None)
    mean = (own * values).sum(axis=-1)
    squares = (own * values**2).sum(axis=-1)
    index = np.where(mean > 0, 2.0 * mean - squares / np.where(mean > 0, mean, 1.0), 0.0)
    return np.where(wrong, np.nan, index)


def copeland(x: Array, w: Array, exponent: float | None = None) -> Array:
    """Copeland's rule: the share of the other units that a unit beats, a draw counting one half.

    One unit beats another when the weight of the children in which it is higher exceeds the weight of those in
    which it is lower (Copeland 1951; Munda & Nardo 2009 on such outranking in indices). Only children that
    both units have are compared; units without a common child are not compared. Only order counts, not by
    how much. (``a_copeland`` of COINr adds up the weights instead of counting the duels; that is the
    arithmetic mean of percentile ranks with averaged ties.)

    Returns:
        (..., units), 0-1; NaN for a unit that is compared with none.
    """
    support = outranking(x, w)
    against = np.swapaxes(support, -1, -2)
    compared = ~np.isnan(support)
    margin = np.where(compared, support - against, 0.0)
    won = np.where(compared, np.where(np.abs(margin) <= TIE, 0.5, margin > 0), 0.0).sum(axis=-1)
    duels = compared.sum(axis=-1)
    return np.where(duels > 0, won / np.where(duels > 0, duels, 1), np.nan)


def outranking(x: Array, w: Array) -> Array:
    """Return how much weight speaks for the row unit over the column unit, (..., units, units), ties one half.

    ``outrankMatrix`` of COINr (R/aggregate.R), but over the children that both units have, scaled to sum 1
    (there, a missing value counts against the unit that stands first in the table); the diagonal is NaN.

    Args:
        x: (..., units, k); NaN is missing.
        w: (..., k), not negative.
    """
    rounded = np.round(x, DIGITS)
    units, k = x.shape[-2:]
    shape = (*np.broadcast_shapes(x.shape[:-2], w.shape[:-1]), units, units)
    support, common = np.zeros(shape), np.zeros(shape)
    for child in range(k):
        weight = w[..., child, np.newaxis, np.newaxis]
        row, column = rounded[..., :, np.newaxis, child], rounded[..., np.newaxis, :, child]
        support += weight * ((row > column) + 0.5 * (row == column))
        common += weight * ~(np.isnan(row) | np.isnan(column))
    compared = (common > 0) & ~np.eye(units, dtype=bool)
    return np.where(compared, support / np.where(compared, common, 1.0), np.nan)


def _parts(name: str, x: Array, w: Array, exponent: float | None) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return own weights, values (0 where missing), and the units for which the mean is undefined."""
    own = redistributed(x, w)
    wrong = np.asarray(undefined(name, x, w, exponent).any(axis=-1) | np.isnan(own).any(axis=-1), dtype=np.bool_)
    return np.where(wrong[..., np.newaxis], 0.0, own), np.where(np.isnan(x), 0.0, x), wrong


def undefined(name: str, x: Array, w: Array, exponent: float | None = None) -> NDArray[np.bool_]:
    """Tell which values (..., units, k) an aggregation is not defined for; children of weight 0 do not matter."""
    counts = (w > 0)[..., np.newaxis, :] & ~np.isnan(x)
    if name in ("geometric", "harmonic") or (name == "power" and exponent is not None and exponent < 0):
        return np.asarray(counts & (x <= 0), dtype=np.bool_)
    if name in ("power", "mpi"):
        return np.asarray(counts & (x < 0), dtype=np.bool_)
    return np.zeros(counts.shape, dtype=np.bool_)


def _arithmetic_slope(own: Array, x: Array, f: Array, exponent: float | None) -> Array:
    return own


def _power_slope(own: Array, x: Array, f: Array, exponent: float | None) -> Array:
    # Where a value is 0 the slope may be infinite; what is 0 contributes 0 all the same.
    safe = np.where((x > 0) & (f > 0), x, 1.0) / np.where(f > 0, f, 1.0)
    slope: Array = np.where((x > 0) & (f > 0), own * safe ** ((exponent or 0.0) - 1.0), 0.0)
    return slope


def _mpi_slope(own: Array, x: Array, f: Array, exponent: float | None) -> Array:
    mean = (own * x).sum(axis=-1, keepdims=True)
    squares = (own * x**2).sum(axis=-1, keepdims=True)
    safe = np.where(mean > 0, mean, 1.0)
    return np.where(mean > 0, own * (2.0 + squares / safe**2 - 2.0 * x / safe), own)


@dataclass(frozen=True)
class Rule:
    """One way to make a node's value of its children's.

    Attributes:
        value: f(x (..., units, k), w (..., k), exponent) -> (..., units).
        slope: the derivative by each child, from the unit's own weights, its values (0 where missing) and
            f (..., units, 1). The functions are homogeneous of degree one, so children's values times slopes
            sum to the value (Euler). None where there is none.
        bounded: whether values within 0 and 1 give a value within 0 and 1.
    """

    value: Callable[[Array, Array, float | None], Array]
    slope: Callable[[Array, Array, Array, float | None], Array] | None
    bounded: bool = True


RULES: dict[str, Rule] = {
    "arithmetic": Rule(arithmetic, _arithmetic_slope),
    "geometric": Rule(geometric, lambda own, x, f, _: _power_slope(own, x, f, 0.0)),
    "harmonic": Rule(harmonic, lambda own, x, f, _: _power_slope(own, x, f, -1.0)),
    "power": Rule(power, _power_slope),
    "mpi": Rule(mpi, _mpi_slope, bounded=False),
    "copeland": Rule(copeland, None),
}

AGGREGATIONS: dict[str, Callable[[Array, Array, float | None], Array]] = {
    name: rule.value for name, rule in RULES.items()
}
"""f(x (..., units, k), w (..., k), exponent or None) -> (..., units); NaN where undefined or nothing is present."""
