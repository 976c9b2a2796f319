"""What lies behind the changes between two editions: which figures, indicators, weights and rules differ."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from icdp.comparing.changes import COVERAGE, ENTROPY, JUDGEMENTS, METHOD, PERFORMANCE, REVISION, cells_of, cells_with
from icdp.comparing.state import State

WEIGHT_MOVE = 0.01
"""A computed weight that moved by less than this is not worth a word."""


@dataclass(frozen=True)
class Difference:
    """One way in which two editions differ.

    Attributes:
        part: the part of the changes it belongs to.
        kind: ``moved`` ``revised`` ``entered`` ``left`` ``rebound`` ``other_age`` ``gained`` ``lost`` ``weight``
            ``judged`` ``panel`` ``rule`` ``tree``.
        subject: an indicator, a node, a rule; empty for the edition as a whole.
        count: provinces concerned, 0 where it concerns all alike.
        before: what it was, empty where a count says all.
        after: what it is.
    """

    part: str
    kind: str
    subject: str
    count: int = 0
    before: str = ""
    after: str = ""


def differences(before: State, after: State) -> list[Difference]:
    """Return what differs between two editions, by part and in the order of the tree."""
    return [*_figures(before, after), *_weights(before, after), *_rules(before, after)]


def _figures(before: State, after: State) -> list[Difference]:
    found = {leaf: [] for leaf in [*after.tree.leaves(), *before.tree.leaves()]}  # type: dict[str, list[Difference]]
    for name, rows in cells_of(before, after).groupby("indicator"):
        leaf = str(name)
        first, second = rows["before"].notna(), rows["after"].notna()
        if not first.any() or not second.any():
            found[leaf].append(Difference(COVERAGE, "entered" if second.any() else "left", leaf))
            continue
        old, new = _binding(before, leaf), _binding(after, leaf)
        if old != new:
            found[leaf].append(Difference(COVERAGE, "rebound", leaf, before=old, after=new))
        told = [
            (COVERAGE, "gained", second & ~first),
            (COVERAGE, "lost", first & ~second),
            (REVISION, "revised", cells_with(REVISION, rows)),
            (PERFORMANCE, "moved", cells_with(PERFORMANCE, rows)),
        ]
        if old == new:
            told.append((COVERAGE, "other_age", cells_with(COVERAGE, rows) & first & second))
        found[leaf] += [Difference(part, kind, leaf, int(which.sum())) for part, kind, which in told if which.any()]
    return [difference for told in found.values() for difference in told]


def _binding(state: State, leaf: str) -> str:
    row = state.coverage.loc[leaf]
    return f"{row['expression']} [{row['unit']}]"


def _weights(before: State, after: State) -> list[Difference]:
    told = []
    for part, kind, old, new in (
        (ENTROPY, "weight", before.computed, after.computed),
        (JUDGEMENTS, "judged", before.judged, after.judged),
    ):
        moves = [
            (new[parent][node] - weight, node, weight)
            for parent in old.keys() & new.keys()
            for node, weight in old[parent].items()
            if node in new[parent] and old[parent].keys() == new[parent].keys()
        ]
        told += [
            Difference(part, kind, node, before=f"{weight:.3f}", after=f"{weight + move:.3f}")
            for move, node, weight in sorted(moves, key=lambda m: (-abs(m[0]), m[1]))
            if abs(move) >= (WEIGHT_MOVE if part == ENTROPY else 1e-9)
        ]
    if before.panel != after.panel:
        told.append(Difference(JUDGEMENTS, "panel", "", before=before.panel, after=after.panel))
    return told


def _rules(before: State, after: State) -> list[Difference]:
    names = sorted(before.rules.keys() | after.rules.keys())
    told = [
        Difference(METHOD, "rule", name, before=before.rules.get(name, ""), after=after.rules.get(name, ""))
        for name in names
        if before.rules.get(name) != after.rules.get(name)
    ]
    if [n.id for n in before.tree.nodes] != [n.id for n in after.tree.nodes]:
        told.append(Difference(METHOD, "tree", ""))
    return told


def by_indicator(before: State, after: State, adcode: str) -> pd.DataFrame:
    """Return a province's cells of both editions: indicator, before, after, kind, revised, moved."""
    cells = cells_of(before, after)
    return cells[cells["adcode"] == adcode].drop(columns="adcode").reset_index(drop=True)
