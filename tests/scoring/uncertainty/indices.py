"""Indices made up for tests: any methods, gaps, several experts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from icdp.scoring import Judgements, Node, Tree

Random = np.random.Generator


def matrix(items: list[str], random: Random, scatter: float = 0.1) -> pd.DataFrame:
    """A reciprocal comparison matrix around random weights."""
    weights = random.dirichlet(np.full(len(items), 5.0))
    noise = np.triu(random.normal(0.0, scatter, (len(items), len(items))), 1)
    return pd.DataFrame(np.outer(weights, 1.0 / weights) * np.exp(noise - noise.T), index=items, columns=items)


def panel(tree: Tree, random: Random, experts: int = 3) -> Judgements:
    """Experts e0, e1, ... on every node weighted by judgements."""
    return Judgements.from_matrices(
        {
            node: {f"e{number}": matrix(tree.children(node), random) for number in range(experts)}
            for node in tree.inner
            if tree[node].judged and len(tree.children(node)) > 1
        }
    )


def three_levels(
    weighting: str = "entropy", groups: tuple[tuple[int, ...], ...] = ((3, 2, 2), (4, 3), (5, 3, 2))
) -> Tree:
    """The shape of the ICDP: 24 indicators in 8 groups in 3 dimensions; judged above, ``weighting`` below."""
    nodes = [Node("root", None, weighting="ahp")]
    for d, sizes in enumerate(groups):
        nodes.append(Node(f"d{d}", "root", weighting="ahp"))
        for g, size in enumerate(sizes):
            nodes.append(Node(f"d{d}g{g}", f"d{d}", weighting=weighting))
            nodes += [Node(f"d{d}g{g}i{i}", f"d{d}g{g}", 1 if (g + i) % 4 else -1) for i in range(size)]
    return Tree(nodes)


def figures(tree: Tree, random: Random, units: int = 31, gaps: float = 0.0) -> pd.DataFrame:
    """Skewed positive values with a common factor; a share of them missing."""
    leaves = tree.leaves()
    values = np.exp(0.7 * random.normal(size=(units, 1)) + 0.7 * random.normal(size=(units, len(leaves))))
    values[random.random(values.shape) < gaps] = np.nan
    return pd.DataFrame(values, index=[f"u{i:02d}" for i in range(units)], columns=leaves)
