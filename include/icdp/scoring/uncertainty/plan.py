"""A tree with its values and judgements, compiled into arrays: what stays the same in every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError, JudgementError
from icdp.scoring.aggregations import RULES
from icdp.scoring.engine import Settings
from icdp.scoring.judgements import Judgements
from icdp.scoring.normalisations import Array
from icdp.scoring.normalise import Normalisation, normalise, numeric_values
from icdp.scoring.outliers import treat
from icdp.scoring.tree import Node, Tree


@dataclass(frozen=True, eq=False)
class Parent:
    """One inner node in use.

    Attributes:
        node: its id.
        level: its distance from the root.
        slot: its place among all columns of scores; indicators come first.
        children: the slots of its children in use, in the tree's order.
        weighting: a key of :data:`icdp.scoring.weights.WEIGHTINGS`; ``equal`` for an only child.
        ahp_share: of ``ahp_entropy``.
        given: weights of the children, sum 1, of a node weighted by ``fixed`` or ``equal``.
        logarithms: experts x items x items, ln of the judgements on **all** children; None where nobody judges.
        shares: experts' weights, sum 1.
        kept: positions of the children in use among the items judged.
        aggregation: a key of :data:`icdp.scoring.aggregations.RULES`.
        exponent: of ``power``.
        bounded: whether its value lies within 0 and 1 by construction.
        shifted: whether the 0 of an indicator below it was moved by convention.
    """

    node: str
    level: int
    slot: int
    children: tuple[int, ...]
    weighting: str
    ahp_share: float | None
    given: Array
    logarithms: Array | None
    shares: Array
    kept: NDArray[np.int64]
    aggregation: str
    exponent: float | None
    bounded: bool
    shifted: bool


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that no draw changes.

    Attributes:
        units: sorted by name, as in :func:`icdp.scoring.engine.score`.
        leaves: the indicators in use, in the tree's order.
        parents: inner nodes in use, children before parents; the root is last.
        values: units x leaves, in each indicator's own unit, NaN where missing.
        signs: leaves, +1 or -1.
        methods: the leaves' normalisations.
        present: units x leaves, 1 where there is a value.
        gaps: rows of the units that lack a value.
        min_coverage: share of a node's weight a unit needs for a score.
        tier_thresholds: falling; empty where the scores are not bounded by 0 and 100, which leaves no tiers.
    """

    units: tuple[str, ...]
    leaves: tuple[str, ...]
    parents: tuple[Parent, ...]
    values: Array
    signs: Array
    methods: tuple[Normalisation, ...]
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
    def judged(self) -> tuple[Parent, ...]:
        """Return the nodes whose weights rest on judgements."""
        return tuple(parent for parent in self.parents if parent.logarithms is not None)

    @property
    def experts(self) -> int:
        """Return the largest number of experts that judged one parent."""
        return max((len(parent.shares) for parent in self.judged), default=0)

    def refuse_unknown(self, nodes: Sequence[str]) -> None:
        """Refuse names of inner nodes that are not in use.

        Raises:
            DataError: naming the node and what is in use.
        """
        if unknown := [node for node in nodes if node not in self.nodes]:
            raise DataError(f"{unknown[0]!r} is no node in use; in use are {', '.join(self.nodes)}")


def compile_plan(
    tree: Tree, values: pd.DataFrame, judgements: Judgements | None, settings: Settings | None = None
) -> Plan:
    """Compile what :func:`icdp.scoring.engine.score` takes.

    Outliers are treated, and indicators without a value or without spread are out, as there. The gate on the experts' consistency is
    score's own and is not repeated.

    Args:
        tree: the index.
        values: units x indicators, in the indicators' own units; NaN is missing.
        judgements: the experts' panel; None when no node is weighted by judgements.
        settings: the numeric rules.

    Raises:
        DataError: nothing tells units apart, or a value is no number.
        JudgementError: a node weighted by judgements that nobody judged.
    """
    rules = settings or Settings()
    leaves = tree.leaves()
    ordered = numeric_values(values)
    ordered = treat(ordered.reindex(index=sorted(ordered.index, key=str), columns=leaves), rules.winsorise)[0]
    signs = {leaf: tree[leaf].direction or 0 for leaf in leaves}
    methods = {leaf: tree[leaf].normalisation or rules.normalisation for leaf in leaves}
    in_use = [str(name) for name in normalise(ordered, signs, methods)[0].columns]
    if not in_use:
        raise DataError("no indicator tells units apart, so nothing can be scored; give values of two units at least")
    raw = ordered[in_use].to_numpy(dtype=float)
    present = (~np.isnan(raw)).astype(float)
    parents = _parents(tree, in_use, methods, judgements)
    return Plan(
        units=tuple(str(unit) for unit in ordered.index),
        leaves=tuple(in_use),
        parents=parents,
        values=raw,
        signs=np.array([float(signs[leaf]) for leaf in in_use]),
        methods=tuple(methods[leaf] for leaf in in_use),
        present=present,
        gaps=np.flatnonzero((present == 0.0).any(axis=1)),
        min_coverage=rules.min_coverage,
        tier_thresholds=tuple(rules.tier_thresholds) if parents[-1].bounded else (),
    )


def _parents(
    tree: Tree, in_use: Sequence[str], methods: Mapping[str, Normalisation], panel: Judgements | None
) -> tuple[Parent, ...]:
    slots = {leaf: position for position, leaf in enumerate(in_use)}
    bounded = {leaf: methods[leaf].bounded for leaf in in_use}
    shifted = {leaf: methods[leaf].shifted for leaf in in_use}
    parents = []
    for name in reversed(tree.inner):
        node, items = tree[name], tree.children(name)
        used = [item for item in items if item in slots]
        if not used:
            continue
        slots[name] = len(slots)
        bounded[name] = RULES[node.aggregation].bounded and all(bounded[item] for item in used)
        shifted[name] = any(shifted[item] for item in used)
        logarithms, shares = _judged(name, items, panel) if node.judged and len(items) > 1 else (None, np.ones(0))
        weighting = node.weighting or "equal"
        parents.append(
            Parent(
                node=name,
                level=tree.level(name),
                slot=slots[name],
                children=tuple(slots[item] for item in used),
                weighting=weighting if len(used) > 1 else "equal",
                ahp_share=node.ahp_share,
                given=_given(tree, node, used),
                logarithms=logarithms if len(used) > 1 else None,
                shares=shares,
                kept=np.array([items.index(item) for item in used], dtype=np.int64),
                aggregation=node.aggregation,
                exponent=node.exponent,
                bounded=bounded[name],
                shifted=shifted[name],
            )
        )
    return tuple(parents)


def _given(tree: Tree, node: Node, used: Sequence[str]) -> Array:
    given = np.array([(tree[item].weight or 0.0) if node.weighting == "fixed" else 1.0 for item in used])
    if not given.sum() > 0.0:
        raise DataError(f"{node.id}: the fixed weights of {', '.join(used)} are 0 and no other child is in use")
    return np.asarray(given / given.sum())


def _judged(node: str, items: list[str], panel: Judgements | None) -> tuple[Array, Array]:
    matrices = panel.matrices(node, items) if panel is not None else {}
    if not matrices or panel is None:
        raise JudgementError(f"{node}: no expert judged {', '.join(items)}; add rows with parent {node}")
    given = panel.expert_weights or {}
    shares = np.array([given.get(expert, 1.0) for expert in matrices])
    return np.log(np.stack([m.to_numpy(dtype=float) for m in matrices.values()])), shares / shares.sum()
