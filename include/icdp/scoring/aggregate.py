"""Scores up the tree, each node by its own aggregation, with the weight of what is missing redistributed.

Every step works on whole columns of units; only nodes are looped over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError
from icdp.scoring.aggregations import RULES, redistributed, undefined
from icdp.scoring.tree import Node, Tree

Array = NDArray[np.float64]
Weigh = Callable[[str, pd.DataFrame], "pd.Series[float]"]
"""(node, units x children in use, normalised) -> local weights of these children, sum 1."""

SLACK = 1e-9  # coverage is a sum of floats: 0.1 + 0.2 + 0.2 reaches a half


@dataclass(frozen=True)
class Note:
    """One thing that was decided while scoring and has to be known to read the result.

    Attributes:
        kind: what happened, one word of :data:`KINDS`.
        node: the node it is about.
        detail: one sentence.
        unit: the unit it is about; empty when it is about all of them.
    """

    kind: str
    node: str
    detail: str
    unit: str = ""


KINDS = {
    "indicator_dropped": "an indicator without any value, or constant, is out",
    "node_without_data": "a node without any indicator in use is out; its weight went to its siblings",
    "normalised_by": "indicators are not normalised by min-max to 0-1",
    "value_capped": "a value beyond its goalposts or reference counts as if it were on it",
    "aggregated_by": "a node is not the arithmetic mean of its children",
    "weights_renormalised": "judged or fixed weights of the children in use were scaled up to 1",
    "equal_weights": "no indicator of the node tells units apart, so they weigh the same",
    "winsorised": "an outlying value was pulled in to the next one before scaling, as the catalogue says",
    "not_winsorised": "an indicator is to be treated, but pulling in the values allowed does not suffice",
    "zero_weight": "an indicator or node in use has a measured weight of 0",
    "entropy_rescaled": "entropy was measured on values brought to 0-1 first",
    "units_left_out": "units without all values had no part in the weights",
    "opposed_child": "a child runs against the first principal component of its siblings",
    "single_nonzero": "one unit alone has a value other than 0, and it decides an entropy weight",
    "weight_redistributed": "a unit lacks children of a scored node; their weight went to the siblings present",
    "node_not_scored": "a unit has too little data for a score on this node",
    "unit_not_ranked": "a unit has values of its own for too few of the indicators in use: scored, not ranked",
    "unit_without_values": "a unit has no value at all: no score and no rank",
    "panel_judgements": "the frozen weights of the panel scale rest on other judgements than the year's own",
    "panel_missing": "an indicator of the panel scale is not made the same way this year: missing on that scale",
    "panel_outside": "a value lies beyond the goalposts of the panel scale; it is not capped",
    "contributions_undefined": "an aggregation by order alone gives no contributions",
    "tiers_undefined": "the scores are not bounded by 0 and 100, so there are no tiers",
}


@dataclass(frozen=True)
class Aggregation:
    """Scores of every unit on every node, and how they came about.

    Attributes:
        scores: units x inner nodes, 0-100 if ``bounded``; missing where not scored.
        coverage: units x nodes, 0-1: share of the node's nominal weight that has values.
        local_weights: node in use (other than the root) -> nominal weight among its siblings in use.
        effective: units x leaves: weight of the leaf in the unit's root score, after redistribution; each
            scored unit's row sums to 1; missing for a unit without a root score.
        contributions: units x leaves, points of the root score, which they sum to: value times slope down the
            tree (Euler's theorem; of arithmetic means, value times weight). Missing where the leaf takes no
            part; all missing where a node has no slope.
        notes: what was redistributed and what was not scored.
        bounded: whether the root's scores lie within 0 and 100 by construction.
    """

    scores: pd.DataFrame
    coverage: pd.DataFrame
    local_weights: dict[str, float]
    effective: pd.DataFrame
    contributions: pd.DataFrame
    notes: list[Note]
    bounded: bool = True


@dataclass
class _State:
    """Arrays over units, by node, filled from the leaves to the root."""

    value: dict[str, Array] = field(default_factory=dict)
    coverage: dict[str, Array] = field(default_factory=dict)
    local: dict[str, float] = field(default_factory=dict)
    share: dict[str, Array] = field(default_factory=dict)
    slope: dict[str, Array] = field(default_factory=dict)
    bounded: dict[str, bool] = field(default_factory=dict)
    without_slope: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def aggregate(
    tree: Tree, z: pd.DataFrame, weigh: Weigh, min_coverage: float, unbounded: Collection[str] = ()
) -> Aggregation:
    """Score every unit on every inner node.

    A leaf is scored where it has a value. A node is scored for a unit when its coverage, the sum over its
    children of local weight x (the child's coverage if the child is scored, else 0), reaches
    ``min_coverage``; then the weights of the children missing for that unit go to the children present, in
    proportion. A node none of whose leaves is in use is out for everybody, and its siblings share its weight.

    Args:
        tree: the index.
        z: units x indicators in use, normalised, NaN where missing; other leaves of the tree are out of use.
        weigh: gives the local weights of a node's children in use; called from the leaves to the root.
        min_coverage: 0-1, smallest coverage with which a node is scored.
        unbounded: the indicators whose values may lie outside 0-1.

    Raises:
        DataError: no indicator in use, a column that is no leaf of the tree, a coverage outside 0-1, or a value
            for which a node's aggregation is not defined; names unit, node and child.
    """
    if not 0.0 <= min_coverage <= 1.0:
        raise DataError(f"min_coverage {min_coverage:g} lies outside 0-1; give a share")
    leaves = tree.leaves()
    if unknown := [name for name in z.columns if name not in set(leaves)]:
        raise DataError(f"{unknown[0]!r} is no indicator of the tree; add it to the tree or remove its values")
    if z.shape[1] == 0 or len(z) == 0:
        raise DataError("no indicator tells units apart, so nothing can be scored; give values of two units at least")
    state = _State()
    for leaf in leaves:
        if leaf in z.columns:
            state.value[leaf] = z[leaf].to_numpy(dtype=float)
            state.coverage[leaf] = (~np.isnan(state.value[leaf])).astype(float)
            state.bounded[leaf] = leaf not in unbounded
    for node in reversed(tree.inner):
        _combine(tree, node, z.index, weigh, min_coverage, state)
    return _result(tree, z, state)


def _combine(tree: Tree, node: str, units: pd.Index[str], weigh: Weigh, min_coverage: float, state: _State) -> None:
    """Score one node from its children, for all units at once."""
    children = [child for child in tree.children(node) if child in state.value]
    if not children:
        return
    values = pd.DataFrame({child: state.value[child] for child in children}, index=units, columns=children)
    weights: Array = np.asarray(weigh(node, values).reindex(children), dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or abs(weights.sum() - 1.0) > SLACK:
        raise DataError(f"{node}: the weights of its children {weights.tolist()} do not sum to 1; correct them")
    matrix = values.to_numpy(dtype=float)
    present = ~np.isnan(matrix)
    covered = np.column_stack([state.coverage[child] for child in children])
    coverage: Array = np.minimum(np.where(present, weights * covered, 0.0).sum(axis=1), 1.0)
    scored = (coverage >= min_coverage - SLACK) & ((weights * present).sum(axis=1) > 0.0)
    state.bounded[node] = RULES[tree[node].aggregation].bounded and all(state.bounded[child] for child in children)
    in_play = values.where(np.broadcast_to(scored[:, np.newaxis], matrix.shape))
    scored, shares, slopes = _value(tree[node], in_play, weights, scored, state)
    state.coverage[node] = coverage
    for position, child in enumerate(children):
        state.local[child] = float(weights[position])
        state.share[child] = shares[:, position]
        state.slope[child] = slopes[:, position]
    state.notes.extend(_missing_notes(node, values, weights, scored, coverage, min_coverage))


def _value(
    node: Node, values: pd.DataFrame, weights: Array, scored: NDArray[np.bool_], state: _State
) -> tuple[NDArray[np.bool_], Array, Array]:
    """Put the node's value into the state; return who has one, own weights and slopes (units x children)."""
    rule, x = RULES[node.aggregation], values.to_numpy(dtype=float)
    _refuse_undefined(node, values, weights)
    value = rule.value(x, weights, node.exponent)
    scored = scored & ~np.isnan(value)  # a unit alone has no rank to be aggregated
    if state.bounded[node.id]:
        value = np.clip(value, 0.0, 1.0)
    state.value[node.id] = np.where(scored, value, np.nan)
    shares = np.where(scored[:, np.newaxis], redistributed(x, weights), np.nan)
    if rule.slope is None:
        state.without_slope.append(node.id)
        return scored, shares, np.full(x.shape, np.nan)
    known, own, f = (np.nan_to_num(part, nan=0.0) for part in (x, shares, state.value[node.id]))
    return scored, shares, rule.slope(own, known, f[:, np.newaxis], node.exponent)


def _refuse_undefined(node: Node, values: pd.DataFrame, weights: Array) -> None:
    x = values.to_numpy(dtype=float)
    cells = np.argwhere(undefined(node.aggregation, x, weights, node.exponent))
    if not len(cells):
        return
    row, column = cells[0]
    name = node.aggregation if node.exponent is None else f"{node.aggregation} (exponent {node.exponent:g})"
    more = f" ({len(cells)} such values)" if len(cells) > 1 else ""
    raise DataError(
        f"{node.id}: unit {values.index[row]!r}, child {values.columns[column]!r}: {100 * x[row, column]:g}{more}; "
        f"{name} is not defined for {'negative values' if x[row, column] < 0 else '0'}. Normalise the indicators "
        f"below {node.id} to positive values, e.g. {{method: minmax, scale: [0.01, 1]}}, or aggregate it by arithmetic"
    )


def _missing_notes(
    node: str, values: pd.DataFrame, weights: Array, scored: NDArray[np.bool_], coverage: Array, min_coverage: float
) -> Iterator[Note]:
    """Yield a note for each unit that a node was scored for on part of its children, or not at all."""
    present = values.notna().to_numpy()
    lacking = ~present & (weights > 0)
    names = np.asarray(values.columns, dtype=object)
    for row in np.flatnonzero(~scored | lacking.any(axis=1)):
        unit = str(values.index[int(row)])
        if scored[row]:
            detail = f"{', '.join(names[lacking[row]])} missing; the weight went to {', '.join(names[present[row]])}"
            yield Note("weight_redistributed", node, detail, unit)
        elif coverage[row] == 0.0:
            yield Note("node_not_scored", node, "no value", unit)
        elif coverage[row] >= min_coverage - SLACK:
            yield Note("node_not_scored", node, "no other unit to compare with", unit)
        else:
            yield Note("node_not_scored", node, f"coverage {coverage[row]:.4g} is below {min_coverage:g}", unit)


def _result(tree: Tree, z: pd.DataFrame, state: _State) -> Aggregation:
    units, inner, leaves = z.index, tree.inner, tree.leaves()
    missing, nothing = np.full(len(units), np.nan), np.zeros(len(units))
    root_scored = ~np.isnan(state.value[tree.root])
    start = np.where(root_scored, 1.0, np.nan)
    path, slope = _down(tree, start, state.share), _down(tree, start, state.slope)
    effective = {leaf: path[leaf] for leaf in leaves}
    takes_part = {leaf: (path[leaf] > 0) & (state.coverage.get(leaf, nothing) > 0) for leaf in leaves}
    points = {
        leaf: np.where(takes_part[leaf], slope[leaf] * state.value.get(leaf, missing) * 100.0, np.nan)
        for leaf in leaves
    }
    if state.without_slope:
        points = dict.fromkeys(leaves, missing)
        detail = "{} goes by order alone: no contributions to the score"
        state.notes.extend(
            Note("contributions_undefined", node, detail.format(tree[node].aggregation)) for node in state.without_slope
        )
    return Aggregation(
        scores=pd.DataFrame({node: state.value.get(node, missing) * 100.0 for node in inner}, index=units),
        coverage=pd.DataFrame({node.id: state.coverage.get(node.id, nothing) for node in tree.nodes}, index=units),
        local_weights={node.id: state.local[node.id] for node in tree.nodes if node.id in state.local},
        effective=pd.DataFrame(effective, index=units),
        contributions=pd.DataFrame(points, index=units),
        notes=state.notes,
        bounded=state.bounded[tree.root],
    )


def _down(tree: Tree, start: Array, factors: dict[str, Array]) -> dict[str, Array]:
    """Multiply the factors down the tree, from the root's ``start`` to every node."""
    path = {tree.root: start}
    for node in tree.nodes:
        if node.parent is not None:
            # A node that takes no part hands 0 down, not a missing one.
            factor = np.nan_to_num(factors.get(node.id, np.zeros(len(start))), nan=0.0)
            path[node.id] = path[node.parent] * factor
    return path
