"""Scores of many draws at once: a few products of arrays a node, no object a draw.

Arrays have the draws last, so that every operation runs along them; an array with one draw stands for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.aggregate import SLACK
from icdp.scoring.uncertainty.alternatives import NORMALISATIONS, from_logarithm, minmax, to_logarithm
from icdp.scoring.uncertainty.plan import Parent, Plan
from icdp.scoring.uncertainty.weights import (
    divergences,
    merge,
    normalised,
    principal_eigenvectors,
    shift_on_scale,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """What some draws do differently from the index as published; None: nothing.

    Attributes:
        size: number of draws.
        values: units x leaves x draws, negated where less is better, NaN where missing.
        experts: parent -> experts x draws, how often each expert is in the panel.
        rounding: parent -> pairs x draws, steps on Saaty's scale by which merged judgements are off.
        units: units x draws, how often each unit counts in entropy weights.
        normalisation: draws, the name of each draw's method.
        geometric: draws, whether scores are merged by the geometric mean.
        use: leaves x draws, whether the indicator is in use.
        weights: parent -> children x draws, weights to take instead of any the plan makes.
    """

    size: int
    values: Array | None = None
    experts: Mapping[str, Array] | None = None
    rounding: Mapping[str, Array] | None = None
    units: Array | None = None
    normalisation: NDArray[np.str_] | None = None
    geometric: NDArray[np.bool_] | None = None
    use: NDArray[np.bool_] | None = None
    weights: Mapping[str, Array] | None = None


@dataclass(frozen=True, eq=False)
class Draws:
    """Scores of some draws.

    Attributes:
        scores: inner node in use -> units x draws, 0-100, NaN where not scored.
        weights: inner node in use -> children in use x draws (or x 1), sum 1.
        other_scale: draws with another normalisation or aggregation than the index's own; None for none.
    """

    scores: dict[str, Array]
    weights: dict[str, Array]
    other_scale: NDArray[np.bool_] | None


@dataclass
class _State:
    """Columns by slot; of missing values and use only what there is."""

    value: dict[int, Array] = field(default_factory=dict)
    scored: dict[int, Array] = field(default_factory=dict)
    coverage: dict[int, Array] = field(default_factory=dict)
    use: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    scores: dict[str, Array] = field(default_factory=dict)
    weights: dict[str, Array] = field(default_factory=dict)


def evaluate(plan: Plan, sample: Sample, floor: float = 0.01, levels: frozenset[int] = frozenset({0, 1})) -> Draws:
    """Score a sample of draws as :func:`icdp.scoring.engine.score` scores one.

    Entropy weights rest on min-max values whatever normalisation is drawn: entropy is defined on shares.

    Args:
        plan: what no draw changes.
        sample: what the draws change.
        floor: of the geometric mean.
        levels: where the geometric mean applies.
    """
    values = plan.values[:, :, np.newaxis] if sample.values is None else sample.values
    own = _moved(minmax, values)
    use = _use(sample.use, own, plan.present)
    shares = np.nan_to_num(own, nan=0.0)
    state = _State()
    for slot, column in enumerate(np.moveaxis(_normalise(values, shares, sample.normalisation), 1, 0)):
        state.value[slot] = column
        state.scored[slot] = state.coverage[slot] = plan.present[plan.gaps, slot, np.newaxis]
        if use is not None:
            state.use[slot] = use[slot]
    for parent in plan.parents:
        _combine(plan, parent, sample, shares, state, floor if parent.level in levels else None)
    other = None
    if sample.normalisation is not None or sample.geometric is not None:
        other = np.zeros(sample.size, dtype=bool)
        if sample.normalisation is not None:
            other |= sample.normalisation != "minmax"
        if sample.geometric is not None:
            other |= sample.geometric
    return Draws(state.scores, state.weights, other)


def _moved(normalise: object, values: Array) -> Array:
    """Normalise with the draws last; the functions take them first."""
    assert callable(normalise)  # noqa: S101
    return np.asarray(np.moveaxis(normalise(np.moveaxis(values, -1, 0)), 0, -1))


def _use(use: NDArray[np.bool_] | None, own: Array, present: Array) -> NDArray[np.bool_] | None:
    """Take an indicator that became constant out of its draw, as score does."""
    constant = (np.isnan(own) & (present > 0.0)[:, :, np.newaxis]).any(axis=0)
    if not constant.any():
        return use
    return ~constant if use is None else use & ~constant


def _normalise(values: Array, shares: Array, chosen: NDArray[np.str_] | None) -> Array:
    if chosen is None:
        return shares
    z = np.broadcast_to(shares, (*shares.shape[:2], len(chosen))).copy()
    for name in np.unique(chosen):
        if name != "minmax":
            draws = np.flatnonzero(chosen == name)
            own = values if values.shape[2] == 1 else values[:, :, draws]
            z[:, :, draws] = np.nan_to_num(_moved(NORMALISATIONS[str(name)], own), nan=0.0)
    return z


def _combine(plan: Plan, parent: Parent, sample: Sample, shares: Array, state: _State, floor: float | None) -> None:
    """Weigh and merge the children of one node in every draw."""
    use = np.stack([state.use[child] for child in parent.children]) if state.use else None
    if sample.weights is not None and parent.node in sample.weights:
        weights = sample.weights[parent.node]
    else:
        weights = normalised(_importance(plan, parent, sample, shares, state), use)
    columns = [state.value[child] for child in parent.children]
    score = _mean(columns, weights)
    geometric = sample.geometric if floor is not None else None
    if geometric is not None and floor is not None and geometric.any():
        score = np.broadcast_to(score, (len(plan.units), sample.size)).copy()
        score[:, geometric] = from_logarithm(
            _mean([to_logarithm(_some(c, geometric), floor) for c in columns], _some(weights, geometric)), floor
        )
    present = [state.scored[child] for child in parent.children]
    covered = [state.coverage[child] for child in parent.children]
    scored: Array = np.ones((0, 1))
    coverage: Array = np.ones((0, 1))
    if len(plan.gaps):
        available, coverage = _mean(present, weights), np.minimum(
            _mean([p * c for p, c in zip(present, covered, strict=True)], weights), 1.0
        )
        scored = ((coverage >= plan.min_coverage - SLACK) & (available > 0.0)).astype(float)
        score = _fill_gaps(score, plan, columns, present, weights, available, geometric, floor)
    state.value[parent.slot] = np.clip(score, 0.0, 1.0)
    state.scored[parent.slot], state.coverage[parent.slot] = scored, coverage
    state.weights[parent.node] = weights
    state.scores[parent.node] = _published(state.value[parent.slot], plan, scored, use)
    if use is not None:
        state.use[parent.slot] = use.any(axis=0)


def _fill_gaps(
    score: Array,
    plan: Plan,
    columns: list[Array],
    present: list[Array],
    weights: Array,
    available: Array,
    geometric: NDArray[np.bool_] | None,
    floor: float | None,
) -> Array:
    """Score the units that lack a value on the children they have, whose weights take the rest in proportion."""
    known = np.where(available > 0.0, available, 1.0)
    rows = [column[plan.gaps] for column in columns]
    filled = _mean([r * p for r, p in zip(rows, present, strict=True)], weights) / known
    if geometric is not None and floor is not None and geometric.any():
        terms = [to_logarithm(r, floor) * p for r, p in zip(rows, present, strict=True)]
        filled = np.where(geometric, from_logarithm(_mean(terms, weights) / known, floor), filled)
    score = np.broadcast_to(score, (len(score), max(score.shape[1], filled.shape[1]))).copy()
    score[plan.gaps] = np.where(available > 0.0, filled, 0.0)
    return score


def _published(value: Array, plan: Plan, scored: Array, use: NDArray[np.bool_] | None) -> Array:
    points = value * 100.0
    if len(plan.gaps) and not scored.all():
        points = np.broadcast_to(points, (len(points), max(points.shape[1], scored.shape[1]))).copy()
        points[plan.gaps] = np.where(scored > 0.0, points[plan.gaps], np.nan)
    if use is not None and not use.any(axis=0).all():
        points = np.where(use.any(axis=0), points, np.nan)
    return points


def _mean(columns: list[Array], weights: Array) -> Array:
    """Return the weighted sum of children; columns that all draws share go through one matrix product."""
    if weights.shape[1] > 1 and all(column.shape[1] == 1 for column in columns):
        return np.asarray(np.concatenate(columns, axis=1) @ weights)
    total = columns[0] * weights[0]
    for column, weight in zip(columns[1:], weights[1:], strict=True):
        total = total + column * weight
    return np.asarray(total)


def _some(array: Array, draws: NDArray[np.bool_]) -> Array:
    return array if array.shape[-1] == 1 else array[..., draws]


def _importance(plan: Plan, parent: Parent, sample: Sample, shares: Array, state: _State) -> Array:
    """Return the children's weights before they are scaled to 1: children x draws (or x 1)."""
    if parent.logarithms is not None:
        return _judged(parent, sample)
    if parent.method != "entropy":
        return parent.fixed[:, np.newaxis]
    columns, present = [], []
    for child in parent.children:
        leaf = child < len(plan.leaves)
        columns.append(shares[:, child] if leaf else state.value[child])
        there = np.ones((len(plan.units), 1)) if not leaf else plan.present[:, child, np.newaxis]
        if not leaf and len(plan.gaps):
            there = np.broadcast_to(there, (len(there), state.scored[child].shape[1])).copy()
            there[plan.gaps] = state.scored[child]
            columns[-1] = columns[-1] * there
        present.append(there)
    return divergences(columns, present, sample.units)


def _judged(parent: Parent, sample: Sample) -> Array:
    assert parent.logarithms is not None  # noqa: S101
    shares = parent.shares[:, np.newaxis]
    if sample.experts is not None and parent.node in sample.experts:
        shares = shares * sample.experts[parent.node]
        shares = shares / shares.sum(axis=0)
    matrices = merge(parent.logarithms, shares)
    if sample.rounding is not None and parent.node in sample.rounding:
        matrices = shift_on_scale(matrices, sample.rounding[parent.node])
    return principal_eigenvectors(matrices)[parent.kept]
