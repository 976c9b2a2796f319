"""All draws of an index: in blocks, on a few threads, counted and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError
from icdp.scoring.normalisations import Array
from icdp.scoring.rank import DECIMALS
from icdp.scoring.uncertainty.assumptions import Assumptions
from icdp.scoring.uncertainty.draws import Draws, Sample, evaluate
from icdp.scoring.uncertainty.plan import Plan
from icdp.scoring.uncertainty.ranks import Ranks, Tally, competition_ranks, tiers_of
from icdp.scoring.uncertainty.sampling import Memo, Sampler

BLOCK = 1024
"""Draws evaluated together: small enough for the processor's cache, large enough to hide Python."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A plan under assumptions.

    Attributes:
        plan: what no draw changes.
        assumptions: what is uncertain.
        seed: of all random numbers.
        block: draws evaluated together; bounds the memory, changes no number.
        threads: blocks evaluated at a time; changes no number.
    """

    plan: Plan
    assumptions: Assumptions
    seed: int = 0
    block: int = BLOCK
    threads: int = 1
    sampler: Sampler = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the sampler.

        Raises:
            DataError: no draw in a block, or no thread.
        """
        if self.block < 1 or self.threads < 1:
            raise DataError(f"block {self.block}, threads {self.threads}: give at least 1 of each")
        object.__setattr__(self, "sampler", Sampler(self.plan, self.assumptions, self.seed))

    @property
    def factors(self) -> tuple[str, ...]:
        """Return the factors that can make a difference."""
        return self.sampler.active

    @cached_property
    def published(self) -> pd.DataFrame:
        """Scores of the index itself: units x inner nodes in use, 0-100."""
        scores = self.evaluate(Sample(size=1)).scores
        return pd.DataFrame({node: scores[node][:, 0] for node in self.plan.nodes}, index=list(self.plan.units))

    def ranks_of(self, sample: Sample, node: str | None = None) -> Ranks:
        """Return the ranks of a sample on a node (the root by default), draws x units; 0 where not scored."""
        scores = self.evaluate(sample).scores[node or self.plan.root.node]
        ranks = competition_ranks(scores)
        return np.asarray(np.broadcast_to(ranks, (sample.size, ranks.shape[1])))

    def evaluate(self, sample: Sample) -> Draws:
        """Score a sample under the assumptions about other aggregations."""
        model = self.assumptions
        return evaluate(self.plan, sample, model.floor, model.levels)

    def draw(self, start: int, stop: int, streams: Mapping[str, int] | None = None, memo: Memo | None = None) -> Sample:
        """Return the draws ``start`` ... ``stop`` - 1; all factors from their first sample by default."""
        return self.sampler.sample(start, stop, dict.fromkeys(self.factors, 0) if streams is None else streams, memo)

    def run(self, draws: int, nodes: Sequence[str] | None = None, factors: Sequence[str] | None = None) -> Tally:
        """Rank every draw and count.

        Args:
            draws: how many.
            nodes: inner nodes in use to rank on; all by default. The first one's tiers are counted when it
                is the root.
            factors: what is uncertain; all by default.

        Raises:
            DataError: a node is not in use.
        """
        wanted = tuple(self.plan.nodes if nodes is None else nodes)
        self.plan.refuse_unknown(wanted)
        streams = dict.fromkeys(self.factors if factors is None else factors, 0)
        total = self._tally(wanted)

        def work(first: int) -> Tally:
            tally = self._tally(wanted)
            for start, stop in self._blocks(draws, first):
                self._count(tally, self.evaluate(self.draw(start, stop, streams)), stop - start)
            return tally

        for part in self.each(work, range(self.threads)):
            total.add(part)
        return total

    def each(self, work: Callable[[int], Tally], shares: range) -> Iterator[Tally]:
        """Yield the result of each share of the work, in order."""
        if self.threads == 1:
            yield from map(work, shares)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(work, shares)

    def _blocks(self, draws: int, first: int) -> Iterator[tuple[int, int]]:
        """Yield every ``threads``-th block of draws from the ``first`` on."""
        for start in range(first * self.block, draws, self.block * self.threads):
            yield start, min(start + self.block, draws)

    def _tally(self, nodes: tuple[str, ...]) -> Tally:
        tiers = len(self.plan.tier_thresholds) + 1
        return Tally.empty(nodes, np.stack([followers(self.published[node]) for node in nodes]), tiers)

    def _count(self, tally: Tally, draws: Draws, size: int) -> None:
        for position, node in enumerate(tally.nodes):
            scores = draws.scores[node]
            tally.count(position, competition_ranks(scores), size // scores.shape[1])
        if tally.nodes[0] == self.plan.root.node and self.plan.tier_thresholds:
            scores = equated(draws.scores[tally.nodes[0]], draws.other_scale, self.published[tally.nodes[0]])
            tally.count_tiers(tiers_of(scores, self.plan.tier_thresholds), size // scores.shape[1])
        tally.draws += size


def followers(scores: pd.Series[float]) -> NDArray[np.int64]:
    """Return for each unit the position of the one that comes next in the ranking; -1 for the last.

    Ties are in the units' order, as tables show them; a unit without score follows and is followed by none.
    """
    rounded = scores.round(DECIMALS).to_numpy(dtype=float)
    order = np.argsort(np.where(np.isnan(rounded), np.inf, -rounded), kind="stable")
    order = order[: int((~np.isnan(rounded)).sum())]
    following = np.full(len(scores), -1, dtype=np.int64)
    following[order[:-1]] = order[1:]
    return following


def equated(scores: Array, other_scale: NDArray[np.bool_] | None, published: pd.Series[float]) -> Array:
    """Bring draws of another scale to the mean and spread of the published scores.

    Tier thresholds are points of the published scale. Scores of another normalisation or aggregation have
    no points in common with it until they are equated (linear equating; Kolen & Brennan 2014, ch. 2).

    Args:
        scores: units x draws.
        other_scale: draws to equate.
        published: scores of the index, by unit.
    """
    if other_scale is None or not other_scale.any():
        return scores
    moved = scores.copy() if scores.shape[1] > 1 else np.repeat(scores, len(other_scale), axis=1)
    some = moved[:, other_scale]
    deviation = np.nanstd(some, axis=0)
    target = published.to_numpy(dtype=float)
    standard = (some - np.nanmean(some, axis=0)) / np.where(deviation > 0.0, deviation, 1.0)
    moved[:, other_scale] = np.nanmean(target) + np.nanstd(target) * standard
    return moved
