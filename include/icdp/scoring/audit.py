"""The statistical audit of a scored year: do the children of each node belong together, and does weight mean weight.

What the JRC looks at before it speaks of robustness (OECD Handbook 2008, steps 4 and 7; COINr's ``get_corr_flags``,
``get_cronbach`` and ``get_PCA``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from icdp.scoring.engine import Result
from icdp.scoring.normalisations import Array
from icdp.scoring.tree import Tree
from icdp.scoring.weights import components, correlation

NODES = [
    "node", "children", "units", "mean_correlation", "cronbach_alpha", "eigenvalue", "explained", "components", "flag",
]  # fmt: skip
PAIRS = ["parent", "node", "other", "units", "correlation", "flag"]
IMPORTANCE = [
    "node", "parent", "level", "local_weight", "nominal", "effective", "r_parent", "r_root", "loading", "flag",
]  # fmt: skip

DECIMALS = 6
"""Of published correlations; what is beyond may differ with the processor."""


@dataclass(frozen=True)
class Flags:
    """From where on something is flagged; the defaults are COINr's (``plot_corr``), alpha is Nunnally's (1978).

    Attributes:
        redundant: a correlation of siblings above it.
        opposed: one below it.
        weak: a correlation of a child with its node below it.
        alpha: a Cronbach's alpha below it.
    """

    redundant: float = 0.92
    opposed: float = -0.40
    weak: float = 0.30
    alpha: float = 0.70


@dataclass(frozen=True, eq=False)
class Audit:
    """The audit as tables.

    Attributes:
        nodes: one row for each node with two children or more in use: over the units that have all of them,
            Cronbach's alpha, the largest eigenvalue of their correlations, the share it explains, and how many
            components are retained; and the mean correlation of siblings.
        pairs: one row for each two siblings, over the units that have both.
        importance: one row for each node in use but the root. ``nominal`` is the product of the weights down from
            the root; ``effective`` is the share of the root score's variance that comes from the node: the
            covariance of its points with the root score over the latter's variance (the indicators' sum to 1).
            ``r_parent`` and ``r_root`` are correlations with the scores above, ``loading`` is that on the first
            principal component of the siblings. Empty where an aggregation gives no points.
    """

    nodes: pd.DataFrame
    pairs: pd.DataFrame
    importance: pd.DataFrame


def audit(tree: Tree, result: Result, flags: Flags | None = None) -> Audit:
    """Audit a scored year.

    Args:
        tree: the index.
        result: what :func:`icdp.scoring.engine.score` gave.
        flags: from where on something is flagged.
    """
    flags = flags or Flags()
    values = pd.concat([100.0 * result.normalized, result.scores], axis=1)
    in_use = {*result.weights["node"], tree.root}
    siblings = {node: [child for child in tree.children(node) if child in in_use] for node in tree.inner}
    siblings = {node: children for node, children in siblings.items() if children}
    blocks = {node: values[children].to_numpy(dtype=float) for node, children in siblings.items()}
    nodes = [_node(node, blocks[node], flags) for node in siblings if len(siblings[node]) > 1]
    pairs = [row for node, children in siblings.items() for row in _pairs(node, children, blocks[node], flags)]
    loadings = {
        child: loading
        for node, children in siblings.items()
        for child, loading in zip(children, _loadings(blocks[node]), strict=True)
    }
    return Audit(
        pd.DataFrame(nodes, columns=NODES).round(DECIMALS),
        pd.DataFrame(pairs, columns=PAIRS).round(DECIMALS),
        _importance(tree, result, values, loadings, flags).round(DECIMALS),
    )


def cronbach_alpha(x: Array) -> float:
    """Return Cronbach's alpha, k / (k - 1) (1 - sum of variances / variance of the sum), of units x children.

    Cronbach (1951), Psychometrika 16(3). Over the units without a missing value; NaN when fewer than three are
    left, there is one child, or the sum does not vary.
    """
    whole = x[~np.isnan(x).any(axis=1)]
    k = x.shape[1]
    if k < 2 or len(whole) < 3:
        return float("nan")
    total = float(whole.sum(axis=1).var(ddof=1))
    return float(k / (k - 1) * (1.0 - whole.var(axis=0, ddof=1).sum() / total)) if total > 0 else float("nan")


def _node(node: str, x: Array, flags: Flags) -> tuple[object, ...]:
    r = correlation(x)[np.triu_indices(x.shape[1], 1)]
    alpha, found = cronbach_alpha(x), components(x)
    first, total = float(found.eigenvalues[0]), float(found.eigenvalues.sum())
    known = int((~np.isnan(x).any(axis=1)).sum())
    mean = float(np.nanmean(r)) if not np.isnan(r).all() else float("nan")
    flag = "low_alpha" if alpha < flags.alpha else ""
    explained = first / total if total > 0 else float("nan")
    return node, x.shape[1], known, mean, alpha, first, explained, int(found.retained.sum()), flag


def _pairs(node: str, children: list[str], x: Array, flags: Flags) -> Iterator[tuple[object, ...]]:
    r, known = correlation(x), (~np.isnan(x)).astype(int)
    for one, other in combinations(range(len(children)), 2):
        value = float(r[one, other])
        flag = "redundant" if value > flags.redundant else "opposed" if value < flags.opposed else ""
        yield node, children[one], children[other], int(known[:, one] @ known[:, other]), value, flag


def _loadings(x: Array) -> Array:
    return components(x).loadings[:, 0] if x.shape[1] > 1 else np.array([np.nan])


def _importance(
    tree: Tree, result: Result, values: pd.DataFrame, loadings: dict[str, float], flags: Flags
) -> pd.DataFrame:
    table = result.weights[["node", "parent", "level", "local_weight"]].copy()
    table["nominal"] = result.weights["effective_weight"]
    root = result.scores[tree.root]
    scored = root.notna()
    variance = float(root[scored].var())
    points = result.contributions[scored]
    told = points.notna().any(axis=None)
    table["effective"] = [
        _with(points[tree.leaves(node)].sum(axis=1), root[scored]) / variance if told and variance > 0 else np.nan
        for node in table["node"]
    ]
    for above, column in (("parent", "r_parent"), ("root", "r_root")):
        table[column] = [
            _r(values[node], values[parent if above == "parent" else tree.root])
            for node, parent in table[["node", "parent"]].itertuples(index=False)
        ]
    table["loading"] = table["node"].map(loadings)
    table["flag"] = np.where(table["r_parent"] < flags.weak, "weak", "")
    return table[IMPORTANCE]


def _with(one: pd.Series[float], other: pd.Series[float]) -> float:
    return float(np.cov(one.to_numpy(dtype=float), other.to_numpy(dtype=float))[0, 1])


def _r(one: pd.Series[float], other: pd.Series[float]) -> float:
    return float(correlation(np.column_stack([one.to_numpy(dtype=float), other.to_numpy(dtype=float)]))[0, 1])
