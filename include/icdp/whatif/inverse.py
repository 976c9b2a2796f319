"""The questions turned round: how much a figure must change for a rank, which judgement would exchange two units.

A year is scored anew at every step, so that scale, entropy weights and the other units' ranks follow. Neither rank nor
order need be monotone in what is changed: what is returned is the smallest change *found* on the grid stated, refined by
halving between the last step that fails and the first that succeeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from icdp.errors import DataError
from icdp.scoring.aggregate import aggregate
from icdp.scoring.engine import Result
from icdp.scoring.group import AhpResult, ahp_weights
from icdp.scoring.judgements import Judgement
from icdp.whatif.scenario import Case

STEP = 1.05
"""Factor between two tries."""
MOST = 100.0
"""Factor at which the search ends."""
HALVINGS = 30
LARGEST_JUDGEMENT = 9.0


@dataclass(frozen=True)
class Reached:
    """The smallest change found of one figure for a rank.

    Attributes:
        value_before: the figure.
        value_after: what it must be at least (at most, where less is better); None when no change up to
            ``MOST`` times suffices.
        rank_before: of the unit on the node.
        rank_after: with the changed figure.
        best: the best rank met in the search.
    """

    value_before: float
    value_after: float | None
    rank_before: int
    rank_after: int | None
    best: int


@dataclass(frozen=True)
class Overtaken:
    """The smallest change found of one judgement that puts one unit ahead of another.

    Attributes:
        parent: the judged node.
        row_item: the item whose importance over ``col_item`` changes.
        col_item: the other item.
        before: importance in the experts' merged matrix (geometric mean).
        after: what it would have to be, within 1/9 to 9.
    """

    parent: str
    row_item: str
    col_item: str
    before: float
    after: float


def reach(case: Case, unit: str, indicator: str, rank: int, node: str | None = None) -> Reached:
    """Return by how much a unit's figure must change for a rank, all else being equal.

    Args:
        case: the edition.
        unit: whose figure.
        indicator: which figure; it grows, or falls where less is better.
        rank: to be reached, 1 or more.
        node: where; the root by default.

    Raises:
        DataError: the unit has no such figure or rank, or the figure is not above 0.
    """
    where = node or case.tree.root
    if indicator not in case.values or math.isnan(value := float(str(case.values.at[unit, indicator]))):
        raise DataError(f"{unit} has no figure of {indicator} in {case.state.edition}; name another indicator")
    if value <= 0:
        raise DataError(f"{indicator} of {unit} is {value:g}, and a factor moves only a figure above 0")
    sign = case.tree[indicator].direction or 1

    def at(factor: float) -> int:
        values = case.values.copy()
        values.at[unit, indicator] = value * factor**sign
        ranks = replace(case, values=values).score().ranks[where]
        if ranks.isna()[unit]:
            raise DataError(f"{unit} has no rank on {where}; name another node")
        return int(str(ranks[unit]))

    before = best = at(1.0)
    if before <= rank:
        return Reached(value, value, before, before, before)
    low, factor = 1.0, 1.0
    while factor < MOST:
        factor = min(factor * STEP, MOST)
        now = at(factor)
        best = min(best, now)
        if now <= rank:
            found = _halved(low, factor, lambda f: at(f) <= rank)
            return Reached(value, value * found**sign, before, at(found), best)
        low = factor
    return Reached(value, None, before, None, best)


def overtake(case: Case, ahead: str, behind: str, node: str | None = None) -> list[Overtaken]:
    """Return the judgements any one of which, changed alone, would put one unit ahead of another; smallest change first.

    The change is by one factor for every expert who judged the pair. Weights measured on the data do not depend on
    judgements, so the normalised values and all other weights stay.

    Args:
        case: the edition.
        ahead: the unit that is to be ahead.
        behind: the other one.
        node: where; the root by default.

    Raises:
        DataError: one of them has no score, or the first is ahead already.
    """
    where = node or case.tree.root
    result = case.score()
    scores = result.scores[where]
    if scores[[ahead, behind]].isna().any():
        raise DataError(f"{ahead} or {behind} has no score on {where}; name others")
    if scores[ahead] > scores[behind]:
        raise DataError(f"{ahead} is ahead of {behind} on {where} already")
    if case.judgements is None:
        return []
    tried = _Trial(case, result, (ahead, behind), where)
    pairs = dict.fromkeys((j.parent, *sorted((j.row_item, j.col_item))) for j in case.judgements.given)
    found = [change for pair in pairs if (change := tried.smallest(*pair)) is not None]
    return sorted(found, key=lambda change: abs(math.log(change.after / change.before)))


class _Trial:
    """Two units under other judgements."""

    def __init__(self, case: Case, result: Result, units: tuple[str, str], where: str) -> None:
        self.case, self.units, self.where = case, units, where
        self.z = result.normalized.dropna(axis=1, how="all")
        self.local = result.weights.set_index("node")["local_weight"].astype(float)
        methods = {leaf: case.tree[leaf].normalisation or case.settings.normalisation for leaf in self.z.columns}
        self.unbounded = [leaf for leaf in self.z.columns if not methods[leaf].bounded]

    def smallest(self, parent: str, row: str, column: str) -> Overtaken | None:
        """Return the smallest change of one judgement, upwards or downwards, or None when none suffices."""
        merged = _weighed(self.case, parent).merged
        before = float(str(merged.at[row, column]))
        found: list[float] = []
        for way in (1.0, -1.0):

            def exchanged(factor: float, way: float = way) -> bool:
                return self._exchanged(Overtaken(parent, row, column, before, before * factor**way))

            low = factor = 1.0
            while 1.0 / LARGEST_JUDGEMENT <= before * (factor := factor * STEP) ** way <= LARGEST_JUDGEMENT:
                if exchanged(factor):
                    found.append(before * _halved(low, factor, exchanged) ** way)
                    break
                low = factor
        if not found:
            return None
        return Overtaken(parent, row, column, before, min(found, key=lambda after: abs(math.log(after / before))))

    def _exchanged(self, change: Overtaken) -> bool:
        own = _weighed(mended(self.case, change), change.parent).weights

        def weigh(node: str, children: pd.DataFrame) -> pd.Series[float]:
            weights = (own if node == change.parent else self.local).reindex(children.columns).astype(float)
            return weights / weights.sum()

        scores = aggregate(self.case.tree, self.z, weigh, self.case.settings.min_coverage, self.unbounded).scores
        column = scores[self.where].astype(float)
        return bool(float(column[self.units[0]]) > float(column[self.units[1]]))


def _weighed(case: Case, parent: str) -> AhpResult:
    """Return what the panel makes of one parent, consistent or not."""
    panel = case.judgements
    comparisons = None if panel is None else panel.comparisons(parent, case.tree.children(parent))
    if panel is None or comparisons is None:
        raise DataError(f"{case.state.edition}: no expert judged {parent}")
    return ahp_weights(
        parent, comparisons, ri_table=case.settings.ri_table, thresholds={"default": math.inf},
        expert_weights=panel.expert_weights, merge=panel.merge,
    )  # fmt: skip


def cr_of(case: Case, change: Overtaken) -> float:
    """Return the consistency ratio of the merged matrix with a changed judgement."""
    return _weighed(mended(case, change), change.parent).merged_consistency.cr


def mended(case: Case, change: Overtaken) -> Case:
    """Return the case in which every expert who judged the pair did so by one factor more or less; no CR refuses it."""
    if case.judgements is None:
        raise DataError(f"{case.state.edition} has no judgements")
    factor = change.after / change.before

    def moved(j: Judgement) -> Judgement:
        if (j.parent, j.row_item, j.col_item) == (change.parent, change.row_item, change.col_item):
            return replace(j, value=j.value * factor)
        if (j.parent, j.col_item, j.row_item) == (change.parent, change.row_item, change.col_item):
            return replace(j, value=j.value / factor)
        return j

    given = tuple(map(moved, case.judgements.given))
    settings = replace(case.settings, cr_thresholds={"default": math.inf})
    return replace(case, judgements=replace(case.judgements, given=given), settings=settings)


def _halved(low: float, high: float, succeeds: Callable[[float], bool]) -> float:
    """Return the smallest factor between one that fails and one that succeeds, by halving; it succeeds."""
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        if succeeds(middle):
            high = middle
        else:
            low = middle
    return high
