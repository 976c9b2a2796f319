"""Scores on a scale common to all years: frozen goalposts and frozen weights instead of a year's own.

The yearly scale ranks the units of one year. On this one the same value gives the same score in every year, so
that progress can be seen. A value beyond a goalpost is neither capped nor hidden: it gives less than 0 or more
than 1 on its indicator, and :attr:`PanelResult.outside` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icdp.errors import DataError
from icdp.scoring.aggregate import aggregate
from icdp.scoring.normalisations import RELATIVE_NOISE
from icdp.scoring.normalise import numeric_values
from icdp.scoring.rank import competition_rank
from icdp.scoring.tree import Tree


@dataclass(frozen=True)
class Scale:
    """A frozen scale.

    Attributes:
        goalposts: indicator -> (lowest, highest) value of the span, in the indicator's unit; lowest < highest.
        weights: node other than the root -> weight among its siblings on the scale (sum 1).
    """

    goalposts: Mapping[str, tuple[float, float]]
    weights: Mapping[str, float]


@dataclass(frozen=True)
class PanelResult:
    """One year on a frozen scale.

    Attributes:
        scores: units x inner nodes. The values of the span lie between 0 and 100, later ones may lie outside.
        ranks: units x inner nodes, competition ranking, NA where there is no score.
        coverage: units x inner nodes, 0-1: share of the node's frozen weight that has values.
        outside: one row for each value beyond the goalposts: indicator, unit, value, low, high.
    """

    scores: pd.DataFrame
    ranks: pd.DataFrame
    coverage: pd.DataFrame
    outside: pd.DataFrame


def score_on_scale(tree: Tree, values: pd.DataFrame, scale: Scale, min_coverage: float) -> PanelResult:
    """Score units on a frozen scale: z = (x - low) / (high - low), or its complement, and the frozen weights.

    An indicator of the scale without a column in ``values`` is missing for every unit: its weight counts as not
    covered, so that a year with other indicators does not pass for a comparable one.

    Args:
        tree: the index.
        values: units x indicators; NaN is missing. Indicators that are not on the scale are ignored.
        scale: the frozen scale.
        min_coverage: 0-1, share of a node's frozen weight a unit needs for a score on it.

    Raises:
        DataError: a text or an infinite value, a duplicate label, goalposts of no indicator of the tree.
    """
    on_scale = [leaf for leaf in tree.leaves() if leaf in scale.goalposts]
    if unknown := sorted(scale.goalposts.keys() - set(on_scale)):
        raise DataError(f"{unknown[0]!r} has goalposts but is no indicator of the tree; freeze the scale anew")
    numbers = numeric_values(values).reindex(columns=on_scale)
    low, high = (pd.Series({leaf: scale.goalposts[leaf][end] for leaf in on_scale}) for end in (0, 1))
    z = (numbers - low) / (high - low)
    negative = [leaf for leaf in on_scale if tree[leaf].direction == -1]
    z[negative] = 1.0 - z[negative]

    def weigh(_: str, children: pd.DataFrame) -> pd.Series[float]:
        weights = pd.Series({child: scale.weights[child] for child in children.columns}, dtype=float)
        return weights / weights.sum()

    done = aggregate(tree, z, weigh, min_coverage, unbounded=on_scale)
    ranks = done.scores.apply(competition_rank)
    return PanelResult(done.scores, ranks, done.coverage[tree.inner], _outside(numbers, low, high))


def _outside(values: pd.DataFrame, low: pd.Series[float], high: pd.Series[float]) -> pd.DataFrame:
    # The ends themselves, computed anew, may differ in the last bit.
    noise = RELATIVE_NOISE * np.maximum(low.abs(), high.abs())
    beyond = (values < low - noise) | (values > high + noise)
    cells = [
        (leaf, unit, values.at[unit, leaf], low[leaf], high[leaf])
        for leaf in values.columns
        for unit in values.index[beyond[leaf]]
    ]
    return pd.DataFrame(cells, columns=["indicator", "unit", "value", "low", "high"])


def frozen_weights(tree: Tree, on_scale: Sequence[str], yearly: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean over years of the weights of the nodes on the scale, each year's rescaled among them.

    Args:
        tree: the index.
        on_scale: the indicators on the scale, in use in every year.
        yearly: for each year: node -> weight among its siblings in use.

    Raises:
        DataError: a node on the scale that has no weight in some year.
    """
    within = {node.id for node in tree.nodes if set(tree.leaves(node.id)).intersection(on_scale)}
    frozen: dict[str, float] = {}
    for parent in tree.inner:
        children = [child for child in tree.children(parent) if child in within]
        shares = []
        for weights in yearly:
            if missing := [child for child in children if child not in weights]:
                raise DataError(f"{missing[0]} has no weight in one of the years; only what is in use always is frozen")
            total = sum(weights[child] for child in children)
            if total > 0:  # in a year in which none of them tells units apart they say nothing about each other
                shares.append([weights[child] / total for child in children])
        mean = np.mean(shares, axis=0) if shares else np.full(len(children), 1.0 / max(len(children), 1))
        frozen |= {child: float(weight) for child, weight in zip(children, mean, strict=True)}
    return frozen
