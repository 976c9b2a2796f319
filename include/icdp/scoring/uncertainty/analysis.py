"""The uncertainty and sensitivity of an index as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icdp.scoring.normalisations import Array
from icdp.scoring.rank import competition_rank
from icdp.scoring.tree import Tree
from icdp.scoring.uncertainty.draws import Sample
from icdp.scoring.uncertainty.ensemble import Ensemble
from icdp.scoring.uncertainty.ranks import Tally, competition_ranks
from icdp.scoring.uncertainty.sampling import Memo
from icdp.scoring.uncertainty.sobol import Indices, sobol_indices

INTERVALS = [
    "unit", "node", "rank", "rank_p05", "rank_median", "rank_p95", "rank_mean", "p_scored",
    "next_unit", "p_ahead_of_next",
]  # fmt: skip
SENSITIVITY = ["unit", "factor", "first_order", "first_order_low", "first_order_high",
               "total", "total_low", "total_high"]  # fmt: skip
ONE_AT_A_TIME = ["unit", "factor", "rank", "rank_p05", "rank_median", "rank_p95", "mean_shift"]
LEAVE_ONE_OUT = ["left_out", "unit", "score", "rank", "places_gained"]

DECIMALS = 4
"""Indices are estimates: what is beyond has no meaning and may differ with the processor."""

ALL = ""
"""Instead of a unit: the mean shift of all of them."""


@dataclass(frozen=True)
class Effort:
    """How many numbers to draw.

    Attributes:
        draws: for rank intervals.
        one_at_a_time: for each factor alone.
        sobol: for each of the samples of the Sobol indices.
        resamples: bootstrap resamples for their intervals.
    """

    draws: int = 10_000
    one_at_a_time: int = 2_000
    sobol: int = 1_024
    resamples: int = 200


def published_ranks(ensemble: Ensemble, node: str | None = None) -> Array:
    """Return the published ranks on a node (the root by default) in the plan's order; NaN where none."""
    scores = ensemble.published[node or ensemble.plan.root.node]
    return np.asarray(competition_rank(scores).to_numpy(dtype=float, na_value=np.nan))


def rank_intervals(ensemble: Ensemble, tally: Tally) -> pd.DataFrame:
    """Return one row for each node and unit: where its rank lies when everything uncertain varies.

    The root's rows also hold ``p_tier1`` ... (shares of the draws in which the unit has a score); other nodes have
    no tiers. Units without a published score
    on a node are left out.
    """
    units = np.array(ensemble.plan.units, dtype=object)
    parts = []
    for position, node in enumerate(tally.nodes):
        following, draws = tally.followers[position], tally.draws
        rows = {
            "unit": units,
            "node": node,
            "rank": published_ranks(ensemble, node),
            "rank_p05": tally.percentile(position, 0.05),
            "rank_median": tally.percentile(position, 0.5),
            "rank_p95": tally.percentile(position, 0.95),
            "rank_mean": tally.mean(position),
            "p_scored": tally.ranked(position) / draws,
            "next_unit": np.where(following >= 0, units[following], None),
            "p_ahead_of_next": np.where(following >= 0, tally.ahead[position] / draws, np.nan),
        }
        known = tally.tiers[:, 1:].sum(axis=1) if position == 0 else np.zeros(len(units))
        for tier in range(1, tally.tiers.shape[1]):
            rows[f"p_tier{tier}"] = np.where(known > 0, tally.tiers[:, tier] / np.maximum(known, 1), np.nan)
        table = pd.DataFrame(rows)
        parts.append(table[table["rank"].notna()])
    return pd.concat(parts, ignore_index=True).astype({"rank": int})


def sensitivity(ensemble: Ensemble, size: int, resamples: int) -> pd.DataFrame:
    """Return Sobol indices of the factors for the rank of each unit and for the mean shift of all.

    The mean shift of a draw is the mean over units of the distance between its rank and the published one
    (Saisana, Saltelli & Tarantola 2005). A draw in which a unit is not scored counts as the last rank.
    Where a target does not vary its indices are missing; without any active factor the table is empty.

    Args:
        ensemble: plan and assumptions.
        size: draws of each of the (factors + 2) samples.
        resamples: bootstrap resamples for the 5-95 % intervals.
    """
    factors = ensemble.factors
    if not factors:
        return pd.DataFrame(columns=SENSITIVITY)
    samples: list[Mapping[str, int]] = [dict.fromkeys(factors, 0), dict.fromkeys(factors, 1)]
    samples += [{**samples[0], factor: 1} for factor in factors]
    outcomes = _targets(ensemble, samples, size)
    found = sobol_indices(outcomes[0], outcomes[1], outcomes[2:], resamples=resamples, seed=ensemble.seed)
    targets = [ALL, *ensemble.plan.units]
    kept = [position for position, rank in enumerate([1.0, *published_ranks(ensemble)]) if not np.isnan(rank)]
    table = pd.concat([_indices_of(found, targets, kept, i, name) for i, name in enumerate(factors)], ignore_index=True)
    return table.round(DECIMALS)


def _indices_of(found: Indices, targets: Sequence[str], kept: list[int], position: int, factor: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": [targets[target] for target in kept],
            "factor": factor,
            "first_order": found.first[position, kept],
            "first_order_low": found.first_interval[0, position, kept],
            "first_order_high": found.first_interval[1, position, kept],
            "total": found.total[position, kept],
            "total_low": found.total_interval[0, position, kept],
            "total_high": found.total_interval[1, position, kept],
        }
    )


def _targets(ensemble: Ensemble, samples: Sequence[Mapping[str, int]], size: int) -> Array:
    """Return samples x draws x (1 + units): the mean shift, then every unit's rank."""
    units = len(ensemble.plan.units)
    published = published_ranks(ensemble)
    ranked = ~np.isnan(published)
    outcomes = np.empty((len(samples), size, 1 + units))
    # Each thread has a part, however large the blocks.
    block = min(ensemble.block, -(-size // ensemble.threads))

    def work(start: int) -> None:
        stop, memo = min(start + block, size), Memo()  # most numbers of a sample are those of another one
        for position, streams in enumerate(samples):
            ranks = ensemble.ranks_of(ensemble.draw(start, stop, streams, memo)).astype(float)
            ranks[ranks == 0] = units
            outcomes[position, start:stop, 1:] = ranks
            outcomes[position, start:stop, 0] = np.abs(ranks - published)[:, ranked].mean(axis=1)

    with ThreadPoolExecutor(ensemble.threads) as pool:
        list(pool.map(work, range(0, size, block)))
    return outcomes


def one_at_a_time(ensemble: Ensemble, draws: int) -> pd.DataFrame:
    """Return where each unit's rank on the root lies when one factor alone varies; for :data:`ALL`, the mean shift.

    ``mean_shift`` is the mean over draws of the distance from the published rank.
    """
    root, published = ensemble.plan.root.node, published_ranks(ensemble)
    parts = []
    for factor in ensemble.factors:
        tally = ensemble.run(draws, nodes=[root], factors=[factor])
        shift = tally.shift(0, published)
        table = pd.DataFrame(
            {
                "unit": ensemble.plan.units,
                "factor": factor,
                "rank": published,
                "rank_p05": tally.percentile(0, 0.05),
                "rank_median": tally.percentile(0, 0.5),
                "rank_p95": tally.percentile(0, 0.95),
                "mean_shift": shift,
            }
        )
        parts.append(pd.DataFrame({"unit": [ALL], "factor": factor, "mean_shift": float(np.nanmean(shift))}))
        parts.append(table[table["rank"].notna()])
    return pd.concat(parts, ignore_index=True)[ONE_AT_A_TIME] if parts else pd.DataFrame(columns=ONE_AT_A_TIME)


def leave_one_out(ensemble: Ensemble, tree: Tree) -> pd.DataFrame:
    """Return the root's scores and ranks with each node of the tree left out in turn, at every level.

    Leaving out an inner node leaves out its indicators. A node that holds all indicators in use is skipped.
    ``places_gained`` is the published rank less the new one.
    """
    plan = ensemble.plan
    nodes, uses = [], []
    for node in tree.nodes:
        below = set(tree.leaves(node.id))
        use = np.array([leaf not in below for leaf in plan.leaves])
        if node.parent is not None and use.any() and not use.all():
            nodes.append(node.id)
            uses.append(use)
    if not nodes:
        return pd.DataFrame(columns=LEAVE_ONE_OUT)
    scores = ensemble.evaluate(Sample(size=len(nodes), use=np.stack(uses, axis=1))).scores[plan.root.node]
    ranks = competition_ranks(scores)
    table = pd.DataFrame(
        {
            "left_out": np.repeat(nodes, len(plan.units)),
            "unit": np.tile(plan.units, len(nodes)),
            "score": scores.T.ravel(),
            "rank": ranks.ravel(),
        }
    )
    table = table[table["rank"] > 0].astype({"rank": int})
    before = pd.Series(published_ranks(ensemble), index=list(plan.units))
    table["places_gained"] = table["unit"].map(before) - table["rank"]
    return table.dropna().astype({"places_gained": int}).reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything said about the uncertainty of one scored year.

    Attributes:
        intervals: columns :data:`INTERVALS` and ``p_tier1`` ...
        sensitivity: columns :data:`SENSITIVITY`; ``unit`` is empty for the mean shift of all.
        one_at_a_time: columns :data:`ONE_AT_A_TIME`; ``unit`` as above.
        leave_one_out: columns :data:`LEAVE_ONE_OUT`.
    """

    intervals: pd.DataFrame
    sensitivity: pd.DataFrame
    one_at_a_time: pd.DataFrame
    leave_one_out: pd.DataFrame


def analyse(ensemble: Ensemble, tree: Tree, effort: Effort | None = None) -> Findings:
    """Run the whole analysis."""
    effort = effort or Effort()
    return Findings(
        intervals=rank_intervals(ensemble, ensemble.run(effort.draws)),
        sensitivity=sensitivity(ensemble, effort.sobol, effort.resamples),
        one_at_a_time=one_at_a_time(ensemble, effort.one_at_a_time),
        leave_one_out=leave_one_out(ensemble, tree),
    )
