"""Several experts: merging their matrices, the gate before it, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import JudgementError
from icdp.scoring.ahp import Consistency, Inconsistency, consistency, consistency_of, principal_eigenvector, worst_pairs
from icdp.scoring.comparisons import Comparisons
from icdp.scoring.perron import perron
from icdp.scoring.ratio import LARGEST

Merge = Literal["aij", "aip"]
"""How experts become one: their judgements merged (AIJ), or their priorities (AIP), both by the geometric mean."""

Thresholds = Mapping[int | Literal["default"], float]
"""Largest CR accepted, by the number of items compared; ``default`` for every other size."""


@dataclass(frozen=True)
class ExpertConsistency:
    """One expert's matrix before the gate: its consistency, the threshold and what spoils it.

    Attributes:
        expert: who.
        consistency: of his matrix.
        threshold: largest CR accepted.
        accepted: whether it passed.
        worst: the most inconsistent judgements, worst first.
        weight: the expert's share in the merged result; the shares of a parent sum to 1.
    """

    expert: str
    consistency: Consistency
    threshold: float
    accepted: bool
    worst: tuple[Inconsistency, ...]
    weight: float


@dataclass(frozen=True)
class Consensus:
    """Agreement of a group of experts (Goepel 2018, eqs 11-21).

    Attributes:
        h_gamma: Shannon entropy of the mean priorities.
        h_alpha: mean of the experts' Shannon entropies.
        d_beta: exp(h_gamma - h_alpha), the effective number of differing experts.
        s_star: 0 (opposite extremes) to 1 (identical priorities).
    """

    h_gamma: float
    h_alpha: float
    d_beta: float
    s_star: float


@dataclass(frozen=True)
class AhpResult:
    """Weights of one parent's children out of its experts' judgements.

    Attributes:
        weights: by item, sum 1: the principal eigenvector of the merged matrix (AIJ), or the geometric mean of
            the experts' own (AIP).
        merge: which of the two.
        merged: items x items, the experts' (weighted) geometric mean.
        consistency: one entry for each expert, in the order of their names.
        merged_consistency: of the merged matrix, whichever merge was asked for. It falls with the number of
            experts whatever they think, so it is reported and decides nothing.
        priorities: experts x items, each expert's own eigenvector.
        consensus: how far the experts agree.
    """

    weights: pd.Series[float]
    merge: Merge
    merged: pd.DataFrame
    consistency: list[ExpertConsistency]
    merged_consistency: Consistency
    priorities: pd.DataFrame
    consensus: Consensus

    @property
    def accepted(self) -> bool:
        """Tell whether every expert's matrix passed the gate."""
        return all(entry.accepted for entry in self.consistency)


def aggregate_judgements(
    matrices: Sequence[pd.DataFrame], expert_weights: Sequence[float] | None = None
) -> pd.DataFrame:
    """Merge matrices by the element-wise weighted geometric mean (AIJ).

    The only aggregation that keeps reciprocity (Aczel & Saaty 1983); an arithmetic mean does not.

    Args:
        matrices: one items x items matrix for each expert, the same items in the same order.
        expert_weights: not negative, rescaled to sum 1; equal by default.

    Raises:
        JudgementError: no matrix, different items, or weights that do not fit.
    """
    shares = _shares(len(matrices), expert_weights)
    # Names that sort as the experts are given: their weights come in that order.
    return _merged(Comparisons.of({f"{position:09}": m for position, m in enumerate(matrices)}), shares)


def _merged(comparisons: Comparisons, shares: NDArray[np.float64]) -> pd.DataFrame:
    merged = np.exp(np.tensordot(shares, np.log(comparisons.values), axes=1))
    return pd.DataFrame(merged, index=list(comparisons.items), columns=list(comparisons.items))


def aggregate_priorities(
    priorities: pd.DataFrame,
    expert_weights: Sequence[float] | None = None,
    mean: Literal["geometric", "arithmetic"] = "geometric",
) -> pd.Series[float]:
    """Merge the experts' priority vectors (AIP), the alternative to merging their matrices.

    Args:
        priorities: experts x items, each row positive with sum 1.
        expert_weights: not negative, rescaled to sum 1; equal by default.
        mean: geometric (rescaled to sum 1) or arithmetic.
    """
    shares = _shares(len(priorities), expert_weights)
    p = priorities.to_numpy(dtype=float)
    merged: NDArray[np.float64] = np.exp(shares @ np.log(p)) if mean == "geometric" else shares @ p
    return pd.Series(merged / merged.sum(), index=priorities.columns, dtype=float)


def _shares(experts: int, weights: Sequence[float] | None) -> NDArray[np.float64]:
    if experts == 0:
        raise JudgementError("no expert's judgements; add at least one expert")
    if weights is None:
        return np.full(experts, 1.0 / experts)
    shares = np.asarray(weights, dtype=float)
    if shares.shape != (experts,) or not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() <= 0:
        raise JudgementError(
            f"expert weights {list(weights)} do not fit {experts} experts; "
            "give one number for each, none negative, at least one above 0"
        )
    return np.asarray(shares / shares.sum())


def consensus(priorities: pd.DataFrame, scale: float = LARGEST) -> Consensus:
    """Measure how far experts agree: S* of Goepel (2018), IJAHP 10(3), eqs 11-21.

    Args:
        priorities: experts x items, each row positive with sum 1.
        scale: M, the largest judgement possible; it bounds how far one expert can set an item apart.
    """
    p = priorities.to_numpy(dtype=float)
    h_gamma, h_alpha = _entropies(p)
    return Consensus(float(h_gamma), float(h_alpha), float(np.exp(h_gamma - h_alpha)), float(agreement(p, scale)))


def agreement(priorities: NDArray[np.float64], scale: float = LARGEST) -> NDArray[np.float64]:
    """Return S* of any number of groups at once.

    Args:
        priorities: ... x experts x items, each row positive with sum 1.
        scale: M of :func:`consensus`.
    """
    n = priorities.shape[-1]
    h_gamma, h_alpha = _entropies(priorities)
    if n == 1:
        return np.ones_like(h_gamma)
    q = n + scale - 1.0
    h_alpha_min = -(scale / q) * np.log(scale / q) - ((n - 1.0) / q) * np.log(1.0 / q)
    bound = np.exp(h_alpha_min) / n
    return np.asarray(np.clip((np.exp(h_alpha - h_gamma) - bound) / (1.0 - bound), 0.0, 1.0))


def _entropies(p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the entropy of the mean priorities, and the mean of the experts' entropies."""
    return _entropy(p.mean(axis=-2)), _entropy(p).mean(axis=-1)


def _entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithms = np.log(np.where(p > 0, p, 1.0))
    entropy: NDArray[np.float64] = -(p * logarithms).sum(axis=-1)
    return entropy


def threshold_for(n: int, thresholds: Thresholds) -> float:
    """Return the largest CR accepted for a matrix of n items.

    Raises:
        JudgementError: neither this size nor a default is given.
    """
    found = thresholds.get(n, thresholds.get("default"))
    if found is None:
        raise JudgementError(f"no CR threshold for {n} items; give one for {n} or a `default`")
    return found


def assess(
    matrices: Comparisons | Mapping[str, pd.DataFrame],
    ri_table: str,
    thresholds: Thresholds,
    top: int = 3,
    expert_weights: Mapping[str, float] | None = None,
) -> list[ExpertConsistency]:
    """Hold each expert's matrix against the threshold, without refusing any.

    Args:
        matrices: of one parent; complete ones may come as expert -> items x items.
        ri_table: a key of :data:`icdp.scoring.ahp.RANDOM_INDEX`.
        thresholds: largest CR accepted, by number of items.
        top: how many of the worst judgements to name.
        expert_weights: expert -> weight; equal by default, and 1 for an expert not named.
    """
    comparisons = _stacked(matrices)
    return _assessed(comparisons, *perron(comparisons.values), ri_table, thresholds, top, expert_weights)


def _stacked(matrices: Comparisons | Mapping[str, pd.DataFrame], where: str = "matrix") -> Comparisons:
    return matrices if isinstance(matrices, Comparisons) else Comparisons.of(matrices, where)


def _assessed(
    comparisons: Comparisons,
    vectors: NDArray[np.float64],
    roots: NDArray[np.float64],
    ri_table: str,
    thresholds: Thresholds,
    top: int,
    expert_weights: Mapping[str, float] | None,
) -> list[ExpertConsistency]:
    n, missing = len(comparisons.items), comparisons.missing
    limit = threshold_for(n, thresholds)
    shares = _shares_of(comparisons.experts, expert_weights)
    entries = []
    for k, expert in enumerate(comparisons.experts):
        measured = consistency_of(float(roots[k]), n, ri_table, int(missing[k]))
        pairs = worst_pairs(comparisons.values[k], vectors[k], comparisons.judged[k], comparisons.items, top)
        passed = measured.cr <= limit
        entries.append(ExpertConsistency(expert, measured, limit, passed, tuple(pairs), float(shares[k])))
    return entries


def _shares_of(experts: Sequence[str], weights: Mapping[str, float] | None) -> NDArray[np.float64]:
    return _shares(len(experts), None if weights is None else [weights.get(expert, 1.0) for expert in experts])


def ahp_weights(
    parent: str,
    matrices: Comparisons | Mapping[str, pd.DataFrame],
    *,
    ri_table: str,
    thresholds: Thresholds,
    expert_weights: Mapping[str, float] | None = None,
    merge: Merge = "aij",
) -> AhpResult:
    """Return the weights of a parent's children: gate each expert, then merge.

    Each expert's CR is held against the threshold **before** merging, because merging hides inconsistency.

    Args:
        parent: the node whose children are compared, for messages.
        matrices: of that parent; complete ones may come as expert -> items x items.
        ri_table: a key of :data:`icdp.scoring.ahp.RANDOM_INDEX`.
        thresholds: largest CR accepted, by number of items.
        expert_weights: expert -> weight; equal by default, and 1 for an expert not named.
        merge: ``aij`` takes the eigenvector of the merged matrix, ``aip`` merges the experts' eigenvectors.

    Raises:
        JudgementError: no expert, a malformed matrix, or an inconsistent one; then with the judgements that
            spoil it and a proposal for the worst.
    """
    comparisons = _stacked(matrices, parent)
    vectors, roots = perron(comparisons.values)
    entries = _assessed(comparisons, vectors, roots, ri_table, thresholds, 3, expert_weights)
    if refused := [entry for entry in entries if not entry.accepted]:
        raise JudgementError("; ".join(_refusal(parent, entry) for entry in refused))
    shares = [entry.weight for entry in entries]
    merged = _merged(comparisons, np.array(shares))
    priorities = pd.DataFrame(vectors, index=list(comparisons.experts), columns=list(comparisons.items))
    own = principal_eigenvector(merged)[0] if merge == "aij" else aggregate_priorities(priorities, shares)
    return AhpResult(
        weights=own,
        merge=merge,
        merged=merged,
        consistency=entries,
        merged_consistency=consistency(merged, ri_table),
        priorities=priorities,
        consensus=consensus(priorities),
    )


def _refusal(parent: str, entry: ExpertConsistency) -> str:
    measured, worst = entry.consistency, entry.worst
    spoilers = ", ".join(f"{pair.row} over {pair.col} = {pair.given:.4g} (fits: {pair.implied:.4g})" for pair in worst)
    return (
        f"{parent}, expert {entry.expert}: CR {measured.cr:.4f} (table {measured.ri_table}) is above the threshold "
        f"{entry.threshold:g} for n = {measured.n}. Most inconsistent: {spoilers}. Ask the expert to reconsider "
        f"{worst[0].row} over {worst[0].col}, e.g. {worst[0].proposal}"
    )
