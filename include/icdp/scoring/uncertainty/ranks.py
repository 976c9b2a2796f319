"""Ranks of many draws, and what is counted of them: exact integers that add up in any order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.normalisations import Array
from icdp.scoring.rank import DECIMALS

Ranks = NDArray[np.int16]
Counts = NDArray[np.int64]


def competition_ranks(scores: Array) -> Ranks:
    """Rank every draw as :func:`icdp.scoring.rank.competition_rank` does.

    One sort of integers a draw: the score to 9 decimals in the high bits, the unit in the low ones.

    Args:
        scores: units x draws, NaN where not scored; below 1e5 in magnitude.

    Returns:
        draws x units, 1 for the highest, ties sharing the better rank; 0 where not scored.
    """
    units = len(scores)
    bits = max(1, (units - 1).bit_length())
    unscored = np.isnan(scores)
    last = np.int64(2**62 >> bits)
    keys = np.rint(np.where(unscored, 0.0, scores) * -(10.0**DECIMALS)).astype(np.int64)
    keys[unscored] = last
    ordered = np.ascontiguousarray(((keys << bits) | np.arange(units)[:, np.newaxis]).T)
    ordered.sort(axis=1)
    unit = ordered & ((1 << bits) - 1)
    ordered >>= bits
    place = np.broadcast_to(np.arange(1, units + 1, dtype=np.int16), ordered.shape)
    tied = ordered[:, 1:] == ordered[:, :-1]
    if tied.any():
        starts = np.concatenate([np.ones((len(tied), 1), dtype=bool), ~tied], axis=1)
        place = np.maximum.accumulate(np.where(starts, place, np.int16(0)), axis=1)
    ranks = np.empty(ordered.shape, dtype=np.int16)
    np.put_along_axis(ranks, unit, place, axis=1)
    if unscored.any():
        ranks[np.broadcast_to(unscored, scores.shape).T] = 0
    return ranks


def tiers_of(scores: Array, thresholds: tuple[float, ...]) -> NDArray[np.int64]:
    """Return tiers 1 ... len(thresholds) + 1 as :func:`icdp.scoring.rank.tiers` does; 0 where not scored."""
    rounded = np.round(scores, DECIMALS)
    tier = 1 + sum((rounded <= threshold).astype(np.int64) for threshold in thresholds)
    return np.where(np.isnan(scores), 0, tier)


@dataclass(eq=False)
class Tally:
    """How often each unit had each rank on each node.

    Attributes:
        nodes: the nodes counted.
        draws: number of draws.
        ranks: nodes x units x (units + 1); entry 0 counts draws without a rank.
        ahead: nodes x units, draws in which the unit was ahead of the next (see ``followers``).
        tiers: units x (tiers + 1), of the first node; entry 0 counts draws without a tier.
        followers: nodes x units, the unit that comes next in the published ranking; -1 for none.
    """

    nodes: tuple[str, ...]
    draws: int
    ranks: Counts
    ahead: Counts
    tiers: Counts
    followers: Counts

    @classmethod
    def empty(cls, nodes: tuple[str, ...], followers: Counts, tiers: int) -> Tally:
        """Return a tally of no draws; ``followers`` is nodes x units."""
        units = followers.shape[1]
        ranks = np.zeros((len(nodes), units, units + 1), dtype=np.int64)
        return cls(nodes, 0, ranks, np.zeros_like(followers), np.zeros((units, tiers + 1), dtype=np.int64), followers)

    def count(self, position: int, ranks: Ranks, times: int = 1) -> None:
        """Count the ranks of some draws on the node at ``position``; each draw stands for ``times``."""
        units = ranks.shape[1]
        flat = np.arange(units) * (units + 1) + ranks
        found = np.bincount(flat.ravel(), minlength=units * (units + 1)) * times
        self.ranks[position] += found.reshape(units, units + 1)
        leaders = np.flatnonzero(self.followers[position] >= 0)
        next_ones = self.followers[position][leaders]
        behind = ranks[:, next_ones]
        ahead = (ranks[:, leaders] > 0) & ((ranks[:, leaders] < behind) | (behind == 0))
        self.ahead[position][leaders] += ahead.sum(axis=0) * times

    def count_tiers(self, tiers: NDArray[np.int64], times: int = 1) -> None:
        """Count the tiers (units x draws) of some draws."""
        width = self.tiers.shape[1]
        flat = np.arange(len(tiers))[:, np.newaxis] * width + tiers
        self.tiers += np.bincount(flat.ravel(), minlength=self.tiers.size).reshape(self.tiers.shape) * times

    def add(self, other: Tally) -> None:
        """Add the counts of other draws."""
        self.draws += other.draws
        self.ranks += other.ranks
        self.ahead += other.ahead
        self.tiers += other.tiers

    def ranked(self, position: int) -> Counts:
        """Return by unit the number of draws in which it had a rank on a node."""
        return np.asarray(self.draws - self.ranks[position, :, 0])

    def percentile(self, position: int, share: float) -> Array:
        """Return by unit the smallest rank that at least ``share`` of its ranked draws do not exceed.

        The inverse of the empirical distribution (Hyndman & Fan 1996, type 1): always a rank that occurred.
        NaN for a unit never ranked.
        """
        cumulated = np.cumsum(self.ranks[position, :, 1:], axis=1)
        total = cumulated[:, -1]
        # Integers against integers: 0.05 x 10,000 draws is 500, not 500.0000001.
        needed = np.maximum(np.ceil(np.round(share * total, 6)), 1)
        found = (cumulated < needed[:, np.newaxis]).sum(axis=1) + 1.0
        return np.where(total > 0, found, np.nan)

    def mean(self, position: int) -> Array:
        """Return by unit the mean rank over its ranked draws; NaN for a unit never ranked."""
        return self._average(position, np.arange(1.0, self.ranks.shape[2]))

    def shift(self, position: int, published: Array) -> Array:
        """Return by unit the mean distance of its rank from a published one; NaN without either."""
        distance = np.abs(np.arange(1.0, self.ranks.shape[2]) - published[:, np.newaxis])
        return self._average(position, distance)

    def _average(self, position: int, of: Array) -> Array:
        counts = self.ranks[position, :, 1:]
        total = counts.sum(axis=1)
        return np.where(total > 0, (counts * of).sum(axis=1) / np.maximum(total, 1), np.nan)
