"""The change of every score and rank between two editions, split into parts that add up to it.

A *mixed state* takes each of six components from one edition or the other and is scored by the engine. The part of
a component is its effect averaged over all orders in which the six can be exchanged (Shapley); a rank is split the
same way, as the rank of the mixed state. What the components are: docs/methodology.md, "Editions
compared".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.comparing.shapley import shapley
from icdp.comparing.state import CELL, State
from icdp.errors import DataError
from icdp.scoring.aggregate import aggregate
from icdp.scoring.normalisations import RELATIVE_NOISE
from icdp.scoring.normalise import normalise
from icdp.scoring.outliers import treat
from icdp.scoring.rank import competition_rank

Array = NDArray[np.float64]

PARTS = ("performance", "data_revision", "coverage", "entropy_weights", "judgements", "method")
PERFORMANCE, REVISION, COVERAGE, ENTROPY, JUDGEMENTS, METHOD = PARTS

_BY_RULE = ("equal", "fixed")
"""Weightings that ask neither data nor experts."""

_NOISE = 1e-10  # points: the last bits of two computations of one score

# What a cell's change is, see `cells_of`.
_MOVED, _REVISED, _EXCHANGED = "moved", "revised", "exchanged"


@dataclass(frozen=True)
class Changes:
    """The changes from one edition to another.

    Attributes:
        table: one row per province and node scored in either: adcode, node, score_before, score_after,
            rank_before, rank_after; for each part ``<part>_points`` (they add up to score_after - score_before) and
            ``<part>_places`` (rank_before - rank_after: places gained). Empty parts where one edition has no score.
        rescored: largest difference (points) between a published score and the one its own tables give today. It
            is in the part ``method``: the code changed, or a rule these tables do not tell.
    """

    table: pd.DataFrame
    rescored: float


def changes(before: State, after: State) -> Changes:
    """Split every change of score and rank from ``before`` to ``after``.

    Raises:
        DataError: the editions are of different indices: no node is scored in both.
    """
    nodes = [node for node in after.tree.inner if node in set(before.tree.inner)]
    if not nodes:
        raise DataError(
            f"{before.edition} and {after.edition} are of different indices: no node is in both; compare others"
        )
    units = sorted({*before.provinces, *after.provinces})
    published = [_grid(state, units, nodes) for state in (before, after)]
    mixture = _Mixture(before, after, units, nodes, published)
    parts = shapley(mixture.active, mixture.worth)
    both = ~np.isnan(published[0]) & ~np.isnan(published[1])
    whole = np.where(both, published[1] - published[0], np.nan)
    told = {part: np.where(both, parts.get(part, np.zeros_like(whole)), np.nan) for part in PARTS}
    # What today's code gives for an edition by its own tables may differ from what stands in it.
    ends = [mixture.worth(frozenset()), mixture.worth(frozenset(PARTS))]
    unexplained = whole - (ends[1] - ends[0])
    told[METHOD] = told[METHOD] + np.where(np.abs(unexplained) < _NOISE, 0.0, unexplained)
    off = [np.nan_to_num(np.abs(published[i][0] - ends[i][0])).max() for i in (0, 1)]
    return Changes(_table(units, nodes, published, told), float(max(off)))


def _grid(state: State, units: list[str], nodes: list[str]) -> Array:
    """Return the published scores and ranks: 2 x units x nodes."""
    wide = [
        state.scores.pivot(index="adcode", columns="node", values=column).reindex(index=units, columns=nodes)
        for column in ("score", "rank")
    ]
    return np.stack([table.to_numpy(dtype=np.float64, na_value=np.nan) for table in wide])


def _table(units: list[str], nodes: list[str], published: list[Array], parts: dict[str, Array]) -> pd.DataFrame:
    columns: dict[str, object] = {
        "adcode": np.repeat(units, len(nodes)),
        "node": nodes * len(units),
        "score_before": published[0][0].ravel(),
        "score_after": published[1][0].ravel(),
        "rank_before": pd.array(published[0][1].ravel(), dtype="Int64"),
        "rank_after": pd.array(published[1][1].ravel(), dtype="Int64"),
    }
    for part in PARTS:
        columns[f"{part}_points"] = parts[part][0].ravel()
        columns[f"{part}_places"] = 0.0 - parts[part][1].ravel()  # 0.0 - x: no negative zero
    table = pd.DataFrame(columns)
    return table[table[["score_before", "score_after"]].notna().any(axis=1)].reset_index(drop=True)


class _Mixture:
    """Scores and ranks of every mixed state of two editions."""

    def __init__(self, before: State, after: State, units: list[str], nodes: list[str], published: list[Array]) -> None:
        self.states = (before, after)
        self.units, self.nodes, self.published = units, nodes, published
        self.cells = cells_of(before, after)
        self.known: dict[frozenset[str], Array] = {}
        self.active = self._differing()
        self.leaves = sorted(set(self.cells["indicator"]))
        self.row = self.cells["adcode"].map({u: i for i, u in enumerate(units)}).to_numpy(dtype=int)
        self.column = self.cells["indicator"].map({leaf: i for i, leaf in enumerate(self.leaves)}).to_numpy(dtype=int)

    def _differing(self) -> list[str]:
        """Return the components in which the two editions differ; the part of any other is 0."""
        before, after = self.states
        differs = {part: bool(cells_with(part, self.cells).any()) for part in (PERFORMANCE, REVISION, COVERAGE)} | {
            ENTROPY: before.computed != after.computed,
            JUDGEMENTS: before.judged != after.judged,
            METHOD: before.rules != after.rules or before.tree.nodes != after.tree.nodes,
        }
        return [part for part in PARTS if differs[part]]

    def worth(self, entered: frozenset[str]) -> Array:
        """Return scores and ranks (2 x units x nodes) with the components ``entered`` from the later edition."""
        entered = entered & frozenset(self.active)
        if entered not in self.known:
            scores = self._scores(entered, gate=True)
            # A mixed state may fall below min_coverage where neither edition does: scored without that bar, and
            # where even then there is nothing, as in the edition the cells are from.
            wanted = ~(np.isnan(self.published[0][0]) | np.isnan(self.published[1][0]))
            if (np.isnan(scores) & wanted).any():
                scores = np.where(np.isnan(scores) & wanted, self._scores(entered, gate=False), scores)
                scores = np.where(np.isnan(scores) & wanted, self.published[COVERAGE in entered][0], scores)
            # Who is scored but not ranked, for too little is known of it, goes with the cells.
            score, rank = self.published[COVERAGE in entered]
            ranked = pd.DataFrame(np.where(~np.isnan(score) & np.isnan(rank), np.nan, scores))
            ranks = ranked.apply(competition_rank).to_numpy(dtype=np.float64, na_value=np.nan)
            self.known[entered] = np.stack([scores, ranks])
        return self.known[entered]

    def _scores(self, entered: frozenset[str], *, gate: bool) -> Array:
        rules = self.states[METHOD in entered]
        tree = rules.tree
        array = np.full((len(self.units), len(self.leaves)), np.nan)
        array[self.row, self.column] = self._values(entered)
        values = pd.DataFrame(array, index=self.units, columns=self.leaves)
        values = values[[leaf for leaf in tree.leaves() if leaf in values]].dropna(axis=1, how="all")
        methods = {leaf: tree[leaf].normalisation or rules.normalisation for leaf in tree.leaves()}
        treated, _ = treat(values, rules.winsorise)
        z, _ = normalise(treated, {leaf: tree[leaf].direction or 0 for leaf in tree.leaves()}, methods)
        if z.empty:
            return np.full((len(self.units), len(self.nodes)), np.nan)

        def weigh(node: str, children: pd.DataFrame) -> pd.Series[float]:
            return self._weights(entered, node, list(children.columns))

        unbounded = [leaf for leaf in z.columns if not methods[leaf].bounded]
        done = aggregate(tree, z, weigh, rules.min_coverage if gate else 0.0, unbounded)
        return done.scores.reindex(columns=self.nodes).to_numpy(dtype=np.float64)

    def _values(self, entered: frozenset[str]) -> Array:
        """Return the value of every cell in a mixed state; NaN where it has none."""
        cells = self.cells
        both, none = {PERFORMANCE, REVISION} <= entered, not {PERFORMANCE, REVISION} & entered
        one = cells["revised"] if REVISION in entered else cells["moved"]
        own = cells["after"] if both else cells["before"] if none else one
        swapped = cells["after"] if COVERAGE in entered else cells["before"]
        return np.where(cells["kind"] == _EXCHANGED, swapped, own).astype(np.float64)

    def _weights(self, entered: frozenset[str], node: str, children: list[str]) -> pd.Series[float]:
        """Return the weights of the children in use in a mixed state; sum 1."""
        rules = self.states[METHOD in entered]
        weighting = rules.tree[node].weighting
        judged = node in rules.judged
        part = METHOD if weighting in _BY_RULE else JUDGEMENTS if judged else ENTROPY
        one, other = self.states[part in entered], self.states[part not in entered]
        # An edition that weighs this node in another way has no weights of this kind.
        sources = [s for s in (one, other) if node in s.tree and s.tree[node].weighting == weighting]
        known = [(s.judged if judged else s.computed).get(node, {}) for s in sources]
        return _blended(children, *known[:2])


def _blended(
    children: list[str], own: Mapping[str, float], other: Mapping[str, float] | None = None
) -> pd.Series[float]:
    """Return one edition's weights for these children, rescaled to sum 1.

    A child it does not know keeps the proportion to the others that it has in the other edition.
    """
    other = other or {}
    common = [child for child in own if child in other]  # in one order: a sum follows it to the last bit
    there, here = sum(other[child] for child in common), sum(own[child] for child in common)
    scale = here / there if there > 0 and here > 0 else 1.0
    weights = pd.Series({child: own.get(child, scale * other.get(child, 0.0)) for child in children}, dtype=float)
    if weights.sum() <= 0:  # nothing known of any of them
        return pd.Series(1.0 / len(children), index=children, dtype=float)
    return weights / weights.sum()


def cells_with(part: str, cells: pd.DataFrame) -> pd.Series[bool]:
    """Tell which cells change by ``performance``, ``data_revision`` or ``coverage``."""
    exchanged = cells["kind"] == _EXCHANGED
    if part == COVERAGE:
        return exchanged & (cells["before"] != cells["after"])
    return ~exchanged & (cells["revised" if part == REVISION else "moved"] != cells["before"])


def cells_of(before: State, after: State) -> pd.DataFrame:
    """Return every cell of the two editions: adcode, indicator, kind of its change, and its value in every mixture.

    kind: ``revised``: both editions describe the same year by the same binding; ``moved``: figures of two years,
    equally old, by the same binding; ``exchanged``: all else, whose value goes with the component ``coverage``.

    ``before`` and ``after`` are the two values; ``revised`` the one with nothing but the revision, ``moved`` the
    one with nothing but the other year's figure (of an exchanged cell they say nothing).
    """
    cells = before.values.merge(after.values, on=CELL, how="outer", suffixes=("_before", "_after"))
    ages, filled = {}, {}
    for state, end in ((before, "before"), (after, "after")):
        ages[end] = state.year - cells[f"value_year_{end}"]
        filled[end] = (cells[f"status_{end}"] == "I") & (ages[end] == 0)
    bound = (
        (cells["expression_before"] == cells["expression_after"])
        & (cells["unit_before"] == cells["unit_after"])
        & (filled["before"] == filled["after"])
    )
    same_year = bound & (cells["value_year_before"] == cells["value_year_after"])
    moved = bound & ~same_year & (ages["before"] == ages["after"])
    old, new = (cells[f"value_{end}"].to_numpy(dtype=np.float64) for end in ("before", "after"))
    restated, other_year = _restated(before, after, cells)
    return cells[CELL].assign(
        before=old,
        after=new,
        kind=np.select([same_year, moved], [_REVISED, _MOVED], _EXCHANGED),
        revised=np.select([same_year, moved], [new, restated], old),
        moved=np.select([same_year, moved], [old, other_year], new),
    )


def _restated(before: State, after: State, cells: pd.DataFrame) -> tuple[Array, Array]:
    """Return each cell with nothing but the revision, and with nothing but the other year's figure.

    The later year's edition may know the earlier year's figure otherwise than the earlier one printed it. The
    difference is added to the earlier figure or taken off the later one.
    """
    forward = before.year <= after.year
    early, late, later = ("before", "after", after) if forward else ("after", "before", before)
    asked = cells[[*CELL, f"value_year_{early}"]].rename(columns={f"value_year_{early}": "value_year"})
    found = asked.merge(later.earlier, on=[*CELL, "value_year"], how="left")["value"].to_numpy(dtype=np.float64)
    printed, last = (cells[f"value_{end}"].to_numpy(dtype=np.float64) for end in (early, late))
    known = np.where(np.isnan(found) | (np.abs(found - printed) <= RELATIVE_NOISE * np.abs(printed)), printed, found)
    # To the bit where nothing else changed, so that a part that is zero is exactly zero.
    unrevised = np.where(last == known, printed, np.where(known == printed, last, last - (known - printed)))
    return (known, unrevised) if forward else (unrevised, known)
