"""Scores of many draws at once: a few products of arrays a node, no object a draw.

Arrays have the draws last, so that every operation runs along them; an array with one draw stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.aggregate import SLACK
from icdp.scoring.aggregations import AGGREGATIONS
from icdp.scoring.normalisations import Array
from icdp.scoring.uncertainty.columns import OWN, from_zero, is_shifted, other_columns, own_columns
from icdp.scoring.uncertainty.plan import Parent, Plan
from icdp.scoring.uncertainty.weights import judged, measured, mixed, normalised

MEASURED = ("entropy", "ahp_entropy", "critic", "std", "pca")
"""Weightings that are measured on the units' values."""


@dataclass(eq=False)
class Sample:
    """What some draws do differently from the index as published; None: nothing.

    Attributes:
        size: number of draws.
        values: units x leaves x draws, NaN where missing.
        present: units x leaves, 1 where ``values`` has a value.
        experts: parent -> experts x draws, how often each expert is in the panel.
        rounding: parent -> pairs x draws, steps on Saaty's scale by which merged judgements are off.
        noise: parent -> children x draws, factors on equal and fixed weights.
        units: units x draws, the units on which weights are measured.
        normalisation: draws, ``own`` or the name of each draw's method.
        aggregation: draws, ``own`` or the name of each draw's method.
        use: leaves x draws, whether the indicator is in use.
        weights: parent -> children x draws, weights to take instead of any the plan makes.
    """

    size: int
    values: Array | None = None
    present: Array | None = None
    experts: Mapping[str, Array] | None = None
    rounding: Mapping[str, Array] | None = None
    noise: Mapping[str, Array] | None = None
    units: NDArray[np.int64] | None = None
    normalisation: NDArray[np.str_] | None = None
    aggregation: NDArray[np.str_] | None = None
    use: NDArray[np.bool_] | None = None
    weights: Mapping[str, Array] | None = None


@dataclass(frozen=True, eq=False)
class Draws:
    """Scores of some draws.

    Attributes:
        scores: inner node in use -> units x draws, 0-100 if bounded, NaN where not scored.
        weights: inner node in use -> children in use x draws (or x 1), sum 1.
        other_scale: draws with another normalisation or aggregation than the index's own; None for none.
    """

    scores: dict[str, Array]
    weights: dict[str, Array]
    other_scale: NDArray[np.bool_] | None


@dataclass(eq=False)
class _State:
    """Columns by slot; of coverage only the rows of ``plan.gaps``, and use only where something is out.

    ``value`` is 0 where a unit is not scored; ``basis`` holds what the weights of a leaf are measured on.
    """

    plan: Plan
    sample: Sample
    floor: float
    levels: Collection[int]
    value: dict[int, Array] = field(default_factory=dict)
    basis: dict[int, Array] = field(default_factory=dict)
    scored: dict[int, Array] = field(default_factory=dict)
    coverage: dict[int, Array] = field(default_factory=dict)
    use: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    scores: dict[str, Array] = field(default_factory=dict)
    weights: dict[str, Array] = field(default_factory=dict)


def evaluate(plan: Plan, sample: Sample, floor: float = 0.01, levels: Collection[int] = (0, 1)) -> Draws:
    """Score a sample of draws as :func:`icdp.scoring.engine.score` scores one.

    Args:
        plan: what no draw changes.
        sample: what the draws change.
        floor: lower end of the scale on which another aggregation works.
        levels: where another aggregation applies.
    """
    if sample.present is not None:
        plan = replace(plan, present=sample.present, gaps=np.flatnonzero((sample.present == 0.0).any(axis=1)))
    state = _State(plan, sample, floor, levels)
    _leaves(state)
    for parent in plan.parents:
        _combine(state, parent)
    return Draws(state.scores, state.weights, _other_scale(sample))


def _other_scale(sample: Sample) -> NDArray[np.bool_] | None:
    chosen = [names != OWN for names in (sample.normalisation, sample.aggregation) if names is not None]
    return np.logical_or.reduce(chosen) if chosen else None


def _leaves(state: _State) -> None:
    """Normalise the indicators, and take out of a draw what became constant in it, as score does."""
    plan, chosen = state.plan, state.sample.normalisation
    values = plan.values[:, :, np.newaxis] if state.sample.values is None else state.sample.values
    z = own_columns(plan, values)
    constant: NDArray[np.bool_] = np.any(np.isnan(z) & (plan.present > 0.0)[:, :, np.newaxis], axis=0)
    use = state.sample.use
    if constant.any():
        use = ~constant if use is None else use & ~constant
    if chosen is not None and (chosen != OWN).any():
        z = np.broadcast_to(z, (*z.shape[:2], len(chosen))).copy()
        for name in np.unique(chosen[chosen != OWN]):
            draws = np.flatnonzero(chosen == name)
            z[:, :, draws] = other_columns(plan, values if values.shape[2] == 1 else values[:, :, draws], str(name))
    filled = np.nan_to_num(z, nan=0.0) if len(plan.gaps) or constant.any() else z
    for slot in range(len(plan.leaves)):
        state.value[slot] = filled[:, slot]
        state.basis[slot] = z[:, slot]
        state.scored[slot] = state.coverage[slot] = plan.present[plan.gaps, slot, np.newaxis]
        if use is not None:
            state.use[slot] = use[slot]


def _shifted(state: _State, own: bool) -> NDArray[np.bool_]:
    """Return in which draws the 0 of a column is a convention; (1,) when in all or none."""
    chosen = state.sample.normalisation
    if chosen is None or own:
        return np.array([own])
    names, which = np.unique(chosen, return_inverse=True)
    return np.array([name != OWN and is_shifted(str(name)) for name in names])[which]


def _combine(state: _State, parent: Parent) -> None:
    """Weigh and merge the children of one node in every draw."""
    plan, sample = state.plan, state.sample
    use = np.stack([state.use[child] for child in parent.children]) if state.use else None
    weights = _weights(state, parent, use)
    available, coverage = _covered(state, parent, weights)
    scored = ((coverage >= plan.min_coverage - SLACK) & (available > 0.0)).astype(float)
    if parent.aggregation == "arithmetic":
        score = _arithmetic(state, parent, weights, available)
    else:
        score = _by_rule(state, parent, weights, scored, None)
    if sample.aggregation is not None and parent.level in state.levels:
        score = np.broadcast_to(score, (len(plan.units), sample.size)).copy()
        for name in np.unique(sample.aggregation[sample.aggregation != OWN]):
            draws = sample.aggregation == name
            score[:, draws] = _by_rule(state, parent, weights, scored, draws, str(name))
    if parent.bounded:
        score = np.clip(score, 0.0, 1.0)
    if use is not None:
        score = np.where(use.any(axis=0), score, 0.0)
    points = _published(score * 100.0, plan, scored, use)
    if len(plan.gaps):
        score = _with_rows(score, plan.gaps, scored, 0.0)
    state.value[parent.slot] = score
    state.scored[parent.slot], state.coverage[parent.slot] = scored, coverage
    state.weights[parent.node], state.scores[parent.node] = weights, points
    if use is not None:
        state.use[parent.slot] = np.asarray(use.any(axis=0))


def _weights(state: _State, parent: Parent, use: NDArray[np.bool_] | None) -> Array:
    """Return the children's weights: children x draws (or x 1)."""
    sample = state.sample
    if sample.weights is not None and parent.node in sample.weights:
        return sample.weights[parent.node]
    if parent.weighting not in MEASURED:
        if parent.logarithms is not None:
            return normalised(_judged(parent, sample), use)
        noise = None if sample.noise is None else sample.noise.get(parent.node)
        given = parent.given[:, np.newaxis]
        return normalised(given if noise is None else given * noise, use)
    columns, present = _basis(state, parent)
    method = "entropy" if parent.weighting == "ahp_entropy" else parent.weighting
    found = normalised(measured(method, columns, present, sample.units, use), use)
    if parent.weighting == "ahp_entropy":
        found = mixed(normalised(_judged(parent, sample), use), found, parent.ahp_share, use)
    return found


def _judged(parent: Parent, sample: Sample) -> Array:
    assert parent.logarithms is not None  # noqa: S101
    counts = None if sample.experts is None else sample.experts.get(parent.node)
    steps = None if sample.rounding is None else sample.rounding.get(parent.node)
    return judged(parent.logarithms, parent.shares, counts, steps)[parent.kept]


def _basis(state: _State, parent: Parent) -> tuple[list[Array], list[Array]]:
    """Return the children's columns on which weights are measured (NaN where missing), and 1 where not missing."""
    plan, columns, present = state.plan, [], []
    shifted = {p.slot: p.shifted for p in plan.parents}
    for child in parent.children:
        if child in state.basis:
            column, there, moved = state.basis[child], plan.present[:, child, np.newaxis], plan.methods[child].shifted
        else:
            there = np.ones((len(plan.units), state.scored[child].shape[1]))
            there[plan.gaps] = state.scored[child]
            column, moved = np.where(there > 0.0, state.value[child], np.nan), shifted[child]
        columns.append(from_zero(column, _shifted(state, moved)) if "entropy" in parent.weighting else column)
        present.append(there)
    return columns, present


def _covered(state: _State, parent: Parent, weights: Array) -> tuple[Array, Array]:
    """Return the weight available and the coverage of the units that lack a value: gaps x draws (or x 1) each."""
    present = [state.scored[child] for child in parent.children]
    covered = [state.coverage[child] * state.scored[child] for child in parent.children]
    return _mean(present, weights), np.minimum(_mean(covered, weights), 1.0)


def _arithmetic(state: _State, parent: Parent, weights: Array, available: Array) -> Array:
    """Return the weighted mean; the weight of what a unit lacks goes to what it has, in proportion."""
    plan = state.plan
    score = _mean([state.value[child] for child in parent.children], weights)
    if not len(plan.gaps):
        return score
    # Missing values are 0, so that the sum over all children is that over those present.
    known = np.where(available > 0.0, available, 1.0)
    score = np.broadcast_to(score, (len(score), max(score.shape[1], known.shape[1]))).copy()
    score[plan.gaps] /= known
    return score


def _by_rule(
    state: _State,
    parent: Parent,
    weights: Array,
    scored: Array,
    draws: NDArray[np.bool_] | None,
    other: str | None = None,
) -> Array:
    """Merge by the node's own rule, or in the chosen ``draws`` by another one, which works on the scale (floor, 1]."""
    plan = state.plan
    low = 0.0 if draws is None else state.floor
    columns = []
    for child in parent.children:
        column = _some(state.value[child], draws)
        column = low + (1.0 - low) * (column if draws is None else np.clip(column, 0.0, 1.0))
        # Units that the node does not score must be out of any comparison between units.
        lacking = _some(state.scored[child], draws) * _some(scored, draws) == 0.0
        if lacking.any():
            column = np.broadcast_to(column, (len(column), max(column.shape[1], lacking.shape[1]))).copy()
            column[plan.gaps] = np.where(lacking, np.nan, column[plan.gaps])
        columns.append(column.T)
    x = np.stack(np.broadcast_arrays(*columns), axis=-1)
    rule, exponent = (parent.aggregation, parent.exponent) if other is None else (other, None)
    merged = AGGREGATIONS[rule](x, _some(weights, draws).T, exponent).T
    return np.asarray((merged - low) / (1.0 - low))


def _published(points: Array, plan: Plan, scored: Array, use: NDArray[np.bool_] | None) -> Array:
    if len(plan.gaps) and not scored.all():
        points = _with_rows(points, plan.gaps, scored, np.nan)
    if use is not None and not use.any(axis=0).all():
        points = np.where(use.any(axis=0), points, np.nan)
    return points


def _with_rows(array: Array, rows: NDArray[np.int64], keep: Array, otherwise: float) -> Array:
    """Return the array with ``otherwise`` in the rows in question where ``keep`` is 0."""
    array = np.broadcast_to(array, (len(array), max(array.shape[1], keep.shape[1]))).copy()
    array[rows] = np.where(keep > 0.0, array[rows], otherwise)
    return array


def _mean(columns: list[Array], weights: Array) -> Array:
    """Return the weighted sum of children; columns that all draws share go through one matrix product."""
    if weights.shape[1] > 1 and all(column.shape[1] == 1 for column in columns):
        return np.asarray(np.concatenate(columns, axis=1) @ weights)
    total = columns[0] * weights[0]
    for column, weight in zip(columns[1:], weights[1:], strict=True):
        total = total + column * weight
    return np.asarray(total)


def _some(array: Array, draws: NDArray[np.bool_] | None) -> Array:
    return array if draws is None or array.shape[-1] == 1 else array[..., draws]
