"""A tree with its values and judgements, compiled into arrays: what stays the same in every draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError, JudgementError
from icdp.scoring.engine import Settings
from icdp.scoring.judgements import Judgements
from icdp.scoring.normalise import minmax, numeric_values
from icdp.scoring.tree import Tree

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Parent:
    """One inner node in use.

    Attributes:
        node: its id.
        level: its distance from the root.
        slot: its place among all columns of scores; indicators come first.
        children: the slots of its children in use, in the tree's order.
        method: how the children are weighed: ``ahp``, ``entropy``, or anything else for certain weights.
        fixed: the weights of the children, sum 1, for a method that is neither.
        logarithms: experts x items x items, ln of the judgements on **all** children; None unless ``ahp``.
        shares: experts' weights, sum 1.
        kept: positions of the children in use among the items judged.
    """

    node: str
    level: int
    slot: int
    children: tuple[int, ...]
    method: str
    fixed: Array
    logarithms: Array | None
    shares: Array
    kept: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that no draw changes.

    Attributes:
        units: sorted by name, as in :func:`icdp.scoring.engine.score`.
        leaves: the indicators in use, in the tree's order.
        parents: inner nodes in use, children before parents; the root is last.
        values: units x leaves, negated where less is better, NaN where missing.
        present: units x leaves, 1 where there is a value.
        gaps: rows of the units that lack a value.
        min_coverage: share of a node's weight a unit needs for a score.
        tier_thresholds: falling.
    """

    units: tuple[str, ...]
    leaves: tuple[str, ...]
    parents: tuple[Parent, ...]
    values: Array
    present: Array
    gaps: NDArray[np.int64]
    min_coverage: float
    tier_thresholds: tuple[float, ...]

    @property
    def root(self) -> Parent:
        """Return the root of the tree."""
        return self.parents[-1]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the inner nodes in use, the root first."""
        return tuple(parent.node for parent in reversed(self.parents))

    @property
    def experts(self) -> int:
        """Return the largest number of experts that judged one parent."""
        return max((len(parent.shares) for parent in self.parents), default=0)

    def slot(self, node: str) -> int:
        """Return the place of a node's scores.

        Raises:
            DataError: the node is not in use.
        """
        names = (*self.leaves, *(parent.node for parent in self.parents))
        if node not in names:
            raise DataError(f"{node!r} is not in use; in use are {', '.join(names)}")
        return names.index(node)


def compile_plan(
    tree: Tree,
    values: pd.DataFrame,
    judgements: Judgements | None,
    settings: Settings | None = None,
    weights: pd.Series[float] | None = None,
) -> Plan:
    """Compile what :func:`icdp.scoring.engine.score` takes.

    Indicators without a value or without spread are out, as there. The gate on the experts' consistency is
    score's own and is not repeated.

    Args:
        tree: the index.
        values: units x indicators, in the indicators' own units; NaN is missing.
        judgements: the experts' panel; None when no node is weighted by ahp.
        settings: the numeric rules.
        weights: node -> local weight, for nodes weighted by a method without an uncertainty model of its own.

    Raises:
        DataError: nothing tells units apart, or a value is no number.
        JudgementError: a node weighted by ahp that nobody judged.
    """
    rules = settings or Settings()
    leaves = tree.leaves()
    ordered = numeric_values(values)
    ordered = ordered.reindex(index=sorted(ordered.index, key=str), columns=leaves)
    signs = {leaf: tree[leaf].direction or 0 for leaf in leaves}
    in_use = list(minmax(ordered, signs)[0].columns)
    if not in_use:
        raise DataError("no indicator tells units apart, so nothing can be uncertain; give values of two units at least")
    signed = ordered[in_use].to_numpy(dtype=float) * np.array([signs[leaf] for leaf in in_use])
    present = (~np.isnan(signed)).astype(float)
    return Plan(
        units=tuple(str(unit) for unit in ordered.index),
        leaves=tuple(in_use),
        parents=_parents(tree, in_use, judgements, weights),
        values=signed,
        present=present,
        gaps=np.flatnonzero((present == 0.0).any(axis=1)),
        min_coverage=rules.min_coverage,
        tier_thresholds=tuple(rules.tier_thresholds),
    )


def _parents(
    tree: Tree, in_use: Sequence[str], panel: Judgements | None, weights: pd.Series[float] | None
) -> tuple[Parent, ...]:
    slots = {leaf: position for position, leaf in enumerate(in_use)}
    parents = []
    for node in reversed(tree.inner):
        items = tree.children(node)
        used = [item for item in items if item in slots]
        if not used:
            continue
        method = tree[node].weighting or "equal"
        logarithms, shares = _judged(node, items, panel) if method == "ahp" and len(items) > 1 else (None, np.ones(0))
        slots[node] = len(slots)
        parents.append(
            Parent(
                node=node,
                level=tree.level(node),
                slot=slots[node],
                children=tuple(slots[item] for item in used),
                method=method if logarithms is not None or method == "entropy" else "fixed",
                fixed=_fixed(node, used, method, weights),
                logarithms=logarithms,
                shares=shares,
                kept=np.array([items.index(item) for item in used], dtype=np.int64),
            )
        )
    return tuple(parents)


def _fixed(node: str, used: Sequence[str], method: str, weights: pd.Series[float] | None) -> Array:
    if method in ("ahp", "entropy", "equal"):
        return np.full(len(used), 1.0 / len(used))
    if weights is None or not set(used) <= set(weights.index):
        raise DataError(f"{node}: weighting {method!r} has no uncertainty model; give the weights of its children")
    local = weights[list(used)].to_numpy(dtype=float)
    return np.asarray(local / local.sum())


def _judged(node: str, items: list[str], panel: Judgements | None) -> tuple[Array, Array]:
    matrices = panel.matrices(node, items) if panel is not None else {}
    if not matrices or panel is None:
        raise JudgementError(f"{node}: no expert judged {', '.join(items)}; add rows with parent {node}")
    given = panel.expert_weights or {}
    shares = np.array([given.get(expert, 1.0) for expert in matrices])
    return np.log(np.stack([m.to_numpy(dtype=float) for m in matrices.values()])), shares / shares.sum()
