"""Local weights of many draws at once, draws last: judged, measured on resampled units, and mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from icdp.errors import JudgementError
from icdp.scoring.normalisations import Array
from icdp.scoring.uncertainty.streams import times_drawn
from icdp.scoring.weights import WEIGHTINGS, mix

_CONVERGED = 1e-14
_MOST_STEPS = 10_000
_NO_DIVERGENCE = 1e-12  # 1 - H below it is rounding noise of a column that is constant in a resample


def judged(logarithms: Array, shares: Array, counts: Array | None, steps: Array | None) -> Array:
    """Return the priorities of merged matrices (AIJ): items x draws (or x 1), sum 1.

    Args:
        logarithms: experts x items x items, ln of the judgements.
        shares: experts, sum 1.
        counts: experts x draws, how often each expert is in the panel; None for once.
        steps: pairs x draws, see :func:`shift_on_scale`; None for none.
    """
    own = shares[:, np.newaxis] if counts is None else shares[:, np.newaxis] * counts
    matrices = merge(logarithms, own / own.sum(axis=0))
    return principal_eigenvectors(matrices if steps is None else shift_on_scale(matrices, steps))


def principal_eigenvectors(matrices: Array) -> Array:
    """Return the priorities of stacked pairwise comparison matrices.

    Up to n = 3 the row geometric mean is the eigenvector exactly (Saaty 1980); beyond, it starts a power
    iteration. A matrix that has converged is left as it is, so its result does not depend on the others.

    Args:
        matrices: items x items x draws, positive and reciprocal.

    Returns:
        items x draws, each column positive with sum 1.

    Raises:
        JudgementError: no convergence, which a positive matrix of sane size never shows.
    """
    priorities: Array = np.exp(np.log(matrices).mean(axis=1))
    priorities /= priorities.sum(axis=0)
    if len(matrices) <= 3:
        return priorities
    for _ in range(_MOST_STEPS):
        better = np.einsum("ijb,jb->ib", matrices, priorities)
        better /= better.sum(axis=0)
        moving = np.abs(better - priorities).max(axis=0) > _CONVERGED
        priorities = np.where(moving, better, priorities)
        if not moving.any():
            return priorities
    raise JudgementError("the eigenvector of a judgement matrix does not converge; check its judgements")


def merge(logarithms: Array, shares: Array) -> Array:
    """Return merged matrices: the experts' weighted geometric mean for each draw (AIJ).

    Args:
        logarithms: experts x items x items.
        shares: experts x draws, each column with sum 1.

    Returns:
        items x items x draws.
    """
    experts, n = logarithms.shape[:2]
    merged = np.exp(logarithms.reshape(experts, n * n).T @ shares)
    return merged.reshape(n, n, shares.shape[1])


def shift_on_scale(matrices: Array, shifts: Array) -> Array:
    """Move judgements along Saaty's scale and keep the matrices reciprocal.

    On the scale ... 1/3, 1/2, 1, 2, 3 ... neighbours are one step apart: a = 1 + t above and 1 / (1 - t)
    below equality. Moving t passes from 2 over 1 to 1/2 without a jump, as in AHP-OS (Goepel 2018, eq. 23).

    Args:
        matrices: items x items x draws (or x 1).
        shifts: pairs x draws, steps by which the upper triangle moves, row by row.
    """
    n = len(matrices)
    rows, columns = np.triu_indices(n, 1)
    upper = matrices[rows, columns]
    steps = np.where(upper >= 1.0, upper - 1.0, 1.0 - 1.0 / upper) + shifts
    moved = np.where(steps >= 0.0, 1.0 + np.abs(steps), 1.0 / (1.0 + np.abs(steps)))
    shifted = np.ones((n, n, shifts.shape[1]))
    shifted[rows, columns] = moved
    shifted[columns, rows] = 1.0 / moved
    return shifted


def measured(
    method: str,
    columns: Sequence[Array],
    present: Sequence[Array],
    units: NDArray[np.int64] | None,
    use: NDArray[np.bool_] | None,
) -> Array:
    """Return how much each child weighs by its values, not yet scaled to 1: children x draws (or x 1).

    Args:
        method: ``entropy``, ``critic``, ``std`` or ``pca``.
        columns: for each child its values, units x draws (or x 1 when all draws share them), NaN where missing.
        present: for each child 1 where a unit has a value, else 0; units x draws (or x 1).
        units: units x draws, the units on which to measure; None for all of them, once.
        use: children x draws, whether the child is in use; None when all are.
    """
    if method == "entropy":
        counts = None if units is None else times_drawn(units, len(units))
        return divergences([np.nan_to_num(column, nan=0.0) for column in columns], present, counts)
    x = np.stack(np.broadcast_arrays(*(column.T for column in columns)), axis=-1)
    draws = max(len(x), 1 if units is None else units.shape[1], 1 if use is None else use.shape[1])
    x = np.broadcast_to(x, (draws, *x.shape[1:])).copy()
    if use is not None:
        # A constant is left out by every method, and hides no unit from the components of the others.
        x[~np.broadcast_to(use.T[:, np.newaxis, :], x.shape)] = 0.0
    resampled = x if units is None else np.take_along_axis(x, units.T[:, :, np.newaxis], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = WEIGHTINGS[method](resampled, None, None)
        undefined = np.isnan(found).any(axis=1)
        if undefined.any():
            # A resample may hold too few different units for a correlation: the weights of all units stand in.
            found[undefined] = WEIGHTINGS[method](x[undefined], None, None)
    return np.nan_to_num(found, nan=0.0).T


def mixed(judgements: Array, measurements: Array, ahp_share: float | None, use: NDArray[np.bool_] | None) -> Array:
    """Mix judged and measured weights, children x draws (or x 1) each, as ``ahp_entropy`` does."""
    one, other = np.broadcast_arrays(judgements, measurements)
    return normalised(mix(one.T, other.T, ahp_share).T, use)


def divergences(columns: Sequence[Array], present: Sequence[Array], counts: Array | None) -> Array:
    """Return 1 - H of each indicator in each draw, H being Shannon's entropy over the units of a resample.

    With a unit counted c times, H = (ln S - (sum c z ln z) / S) / ln m with S = sum c z and m = sum c over
    the units with a value: the formula of :func:`icdp.scoring.entropy.entropy_weights` on repeated units.

    Args:
        columns: for each indicator its values, units x draws (or units x 1 when all draws share them), not
            negative, 0 where missing.
        present: for each indicator 1 where a unit has a value, else 0; units x draws (or x 1).
        counts: units x draws; None when every unit counts once.

    Returns:
        indicators x draws (or x 1), 0 where a column has no value, one value only or no spread.
    """
    if counts is not None and all(z.shape[1] == 1 for z in (*columns, *present)):
        return _shared_divergences(np.hstack(columns), np.hstack(present), counts)
    found = []
    for z, there in zip(columns, present, strict=True):
        terms = z * np.log(np.where(z > 0.0, z, 1.0))
        found.append(_divergence(_sums(z, counts), _sums(there, counts), _sums(terms, counts)))
    return np.stack(np.broadcast_arrays(*found))


def _shared_divergences(z: Array, there: Array, counts: Array) -> Array:
    terms = z * np.log(np.where(z > 0.0, z, 1.0))
    return _divergence(z.T @ counts, there.T @ counts, terms.T @ counts)


def _divergence(total: Array, m: Array, t: Array) -> Array:
    known = (total > 0.0) & (m > 1.0)
    safe = np.where(known, total, 1.0)
    entropy = (np.log(safe) - t / safe) / np.log(np.where(known, m, 2.0))
    spread = 1.0 - np.clip(entropy, 0.0, 1.0)
    return np.where(known & (spread > _NO_DIVERGENCE), spread, 0.0)


def _sums(z: Array, counts: Array | None) -> Array:
    """Return the sums over units, each counted as often as it was drawn."""
    if counts is None:
        return np.asarray(z.sum(axis=0))
    if z.shape[1] == 1:
        return np.asarray(z[:, 0] @ counts)
    return np.asarray(np.einsum("ub,ub->b", z, counts))


def normalised(importance: Array, use: NDArray[np.bool_] | None) -> Array:
    """Return weights with sum 1 over the children in use; equal ones where no child in use has any importance.

    Args:
        importance: children x draws (or x 1), not negative.
        use: children x draws (or x 1), whether the child is in use; None when all are.

    Returns:
        children x draws (or x 1); 0 throughout in a draw in which none is in use.
    """
    taking = np.ones_like(importance) if use is None else use.astype(np.float64)
    importance = importance * taking
    importance = np.where(importance.sum(axis=0) > 0.0, importance, taking)
    total = importance.sum(axis=0)
    return np.asarray(importance / np.where(total > 0.0, total, 1.0))
