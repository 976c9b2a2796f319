"""How the opinions of a group of experts lie: who thinks alike, who stands apart. It decides no weight.

Goepel, K. D. (2018). Implementation of an online software tool for the analytic hierarchy process (AHP-OS).
International Journal of the AHP 10(3), 469-487; its group consensus cluster analysis (2022) measures two experts
by their S* as well. Clusters here are those of complete linkage: any two experts of a cluster agree at the level asked
for, where AHP-OS asks it of the cluster's centre and its members only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.scoring.group import AhpResult, agreement

GROUPS = [
    "parent", "experts", "merge", "lambda_max", "ci", "cr", "ri_table", "consensus", "consensus_level", "d_beta",
    "outlying", "clusters",
]  # fmt: skip

# Goepel (2018): S* from which a group's consensus is called low, moderate, high, very high.
LEVELS = ((0.85, "very high"), (0.75, "high"), (0.65, "moderate"), (0.5, "low"))
_SAME = 1e-9  # similarities closer than this are equal; then the earlier pair merges first


@dataclass(frozen=True)
class OpinionRules:
    """When experts think alike, and when one stands apart; both are values of S*.

    Attributes:
        same_opinion: what any two experts of one cluster agree at least.
        outlying: an expert who agrees less than this with the mean of all others stands apart.
    """

    same_opinion: float = 0.85
    outlying: float = 0.65


@dataclass(frozen=True)
class Opinions:
    """The opinions of a group on one parent.

    Attributes:
        agreement: by expert, S* of the expert and the mean of all others; 1 for a single expert.
        without: by expert, S* of the group without the expert.
        outlying: the experts who stand apart, the farthest first; of two experts neither does.
        clusters: experts who think alike, the largest cluster first; every expert is in one.
    """

    agreement: pd.Series[float]
    without: pd.Series[float]
    outlying: tuple[str, ...]
    clusters: tuple[tuple[str, ...], ...]


def level_of(s_star: float) -> str:
    """Return Goepel's (2018) word for a consensus."""
    return next((word for least, word in LEVELS if s_star >= least), "very low")


def opinions(priorities: pd.DataFrame, rules: OpinionRules | None = None) -> Opinions:
    """Describe how the opinions of a group lie.

    Args:
        priorities: experts x items, each row positive with sum 1.
        rules: the levels asked for.
    """
    rules = rules or OpinionRules()
    p = priorities.to_numpy(dtype=float)
    names = [str(expert) for expert in priorities.index]
    with_others, without = _leaving_one_out(p)
    apart = [k for k in np.argsort(with_others, kind="stable") if len(p) > 2 and with_others[k] < rules.outlying]
    groups = _clusters(similarity(p), rules.same_opinion)
    return Opinions(
        agreement=pd.Series(with_others, index=names),
        without=pd.Series(without, index=names),
        outlying=tuple(names[k] for k in apart),
        clusters=tuple(tuple(names[k] for k in group) for group in groups),
    )


def group_row(result: AhpResult, rules: OpinionRules) -> tuple[object, ...]:
    """Return the columns of :data:`GROUPS` after the first."""
    merged, lie = result.merged_consistency, opinions(result.priorities, rules)
    return (
        len(result.priorities), result.merge, merged.lambda_max, merged.ci, merged.cr, merged.ri_table,
        result.consensus.s_star, level_of(result.consensus.s_star), result.consensus.d_beta,
        ", ".join(lie.outlying), len(lie.clusters),
    )  # fmt: skip


def similarity(priorities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return S* of every two experts, experts x experts.

    Args:
        priorities: experts x items, each row positive with sum 1.
    """
    pairs = np.broadcast_arrays(priorities[:, np.newaxis], priorities[np.newaxis])
    return agreement(np.stack(pairs, axis=-2))


def _leaving_one_out(p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    experts = len(p)
    if experts == 1:
        return np.ones(1), np.ones(1)
    others = (p.sum(axis=0) - p) / (experts - 1)
    with_others = agreement(np.stack([p, others], axis=-2))
    kept = ~np.eye(experts, dtype=bool)
    without = np.array([agreement(p[row]) for row in kept])
    return with_others, without


def _clusters(alike: NDArray[np.float64], level: float) -> list[list[int]]:
    """Merge the two clusters whose least similar members are most alike, while these agree at ``level``."""
    near = alike.copy()
    np.fill_diagonal(near, -np.inf)
    members = {k: [k] for k in range(len(near))}
    while True:
        best = near.max()
        if best < level - _SAME:
            break
        first, second = np.argwhere(near >= best - _SAME)[0]
        members[int(first)] += members.pop(int(second))
        least = np.minimum(near[first], near[second])
        near[first], near[:, first] = least, least
        near[first, first] = -np.inf
        near[second], near[:, second] = -np.inf, -np.inf
    return sorted((sorted(group) for group in members.values()), key=lambda group: (-len(group), group))
