"""The engine: a tree, values and judgements in, scores and everything that explains them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from icdp.errors import DataError, JudgementError
from icdp.scoring.aggregate import SLACK, Aggregation, Note, aggregate
from icdp.scoring.group import AhpResult, Thresholds, ahp_weights
from icdp.scoring.judgements import TIDY, Judgements
from icdp.scoring.normalise import Normalisation, beyond, normalise, numeric_values
from icdp.scoring.opinions import GROUPS, OpinionRules, group_row
from icdp.scoring.outliers import treat
from icdp.scoring.rank import competition_rank, tiers
from icdp.scoring.tree import Tree
from icdp.scoring.weighing import ENTROPY, Weigher

WEIGHTS = ["node", "parent", "level", "method", "local_weight", "effective_weight"]
CONSISTENCY = [
    "parent", "expert", "n", "lambda_max", "ci", "cr", "ri_table", "threshold", "accepted", "ri", "missing",
    "expert_weight",
]  # fmt: skip
JUDGED = ["parent", "node", "weight"]


@dataclass(frozen=True)
class Settings:
    """The numeric rules of an index.

    Attributes:
        ri_table: random index table of the CR.
        cr_thresholds: largest CR accepted, by number of items compared, with a ``default``.
        min_coverage: 0-1, share of a node's weight a unit needs for a score on it.
        tier_thresholds: falling; a root score above the first is tier 1.
        normalisation: of the indicators that have none of their own in the tree.
        opinions: when experts are told to think alike, or to stand apart; it decides no weight.
        min_unit_coverage: 0-1, share of the indicators in use a unit needs values of its own for to be ranked at
            all (OECD/JRC: 0.65).
        winsorise: indicators whose outliers are pulled in before scaling (``icdp.scoring.outliers``); none by default.
    """

    ri_table: str = "saaty1980"
    cr_thresholds: Thresholds = field(default_factory=lambda: {"default": 0.10})
    min_coverage: float = 0.5
    tier_thresholds: tuple[float, ...] = (50.0, 25.0)
    normalisation: Normalisation = field(default_factory=Normalisation)
    opinions: OpinionRules = field(default_factory=OpinionRules)
    min_unit_coverage: float = 0.0
    winsorise: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Result:
    """One scored year.

    Attributes:
        normalized: units x all indicators, 0-1 but for unbounded methods; missing where the value is, or where
            the indicator is out.
        scores: units x inner nodes, 100 times the node's value: 0-100 but for unbounded methods.
        ranks: units x inner nodes, competition ranking, NA where there is no score or too little is known of the unit.
        tiers: units, of the root score, NA likewise, and for all when it is not bounded by 0 and 100.
        coverage: units x all nodes, 0-1.
        known: units x inner nodes, 0-1: share of the indicators in use under the node that have a value of their own.
        weights: one row for each node in use other than the root: nominal weight among its siblings in use,
            and their product down from the root (the indicators' sum to 1).
        contributions: units x all indicators, points of the root score, which they sum to.
        effective: units x all indicators, each unit's own weights after redistribution.
        consistency: one row for each parent and expert.
        judged: weight the experts give each child of a judged parent, in use or not.
        groups: one row for each judged parent: how the experts were merged, the CR of the merged matrix, their
            consensus (S*), outlying experts and clusters of opinion.
        judgements: every cell of every expert's full matrix.
        entropy: entropy of each child in use of the nodes weighted by entropy or ahp_entropy.
        notes: what was decided on the way.
    """

    normalized: pd.DataFrame
    scores: pd.DataFrame
    ranks: pd.DataFrame
    tiers: pd.Series[int]
    coverage: pd.DataFrame
    known: pd.DataFrame
    weights: pd.DataFrame
    contributions: pd.DataFrame
    effective: pd.DataFrame
    consistency: pd.DataFrame
    judged: pd.DataFrame
    groups: pd.DataFrame
    judgements: pd.DataFrame
    entropy: pd.DataFrame
    notes: list[Note]


def score(
    tree: Tree,
    values: pd.DataFrame,
    judgements: Judgements | None,
    settings: Settings | None = None,
    imputed: pd.DataFrame | None = None,
) -> Result:
    """Score units on an index.

    Outliers are pulled in where the settings say so; indicators are normalised, weighted and aggregated up the tree
    by the methods that the tree and the settings name; min-max and the weighted arithmetic mean where they name none.
    Units and indicators are put into a fixed order first, so the result does not depend, to the last bit, on theirs.

    Args:
        tree: the index.
        values: units x indicators, in the indicators' own units; NaN is missing. An indicator of the tree
            without a column has no value.
        judgements: the experts' panel; None when no node is weighted by ahp.
        settings: the numeric rules; the defaults of :class:`Settings` when left out.
        imputed: units x indicators, True where a value is imputed: it is scored, and does not count as known.

    Raises:
        DataError: a text, an infinite value, a duplicate or unknown label, nothing to score, or values for which
            a method is not defined.
        JudgementError: a node weighted by ahp that nobody judged, a malformed or an inconsistent matrix.
    """
    rules = settings or Settings()
    leaves = tree.leaves()
    if unknown := [name for name in values.columns if name not in set(leaves)]:
        raise DataError(f"{unknown[0]!r} is no indicator of the tree; add it to the tree or remove its values")
    numbers = numeric_values(values)
    ordered = numbers.reindex(index=sorted(numbers.index, key=str), columns=leaves)
    directions = {leaf: tree[leaf].direction or 0 for leaf in leaves}
    methods = {leaf: tree[leaf].normalisation or rules.normalisation for leaf in leaves}
    treated, pulled_in = treat(ordered, rules.winsorise)
    z, dropped = normalise(treated, directions, methods)
    judged = _judged(tree, judgements, rules)
    shifted = {leaf for leaf in z.columns if methods[leaf].shifted}
    weigher = Weigher(tree, {parent: result.weights for parent, result in judged.items()}, set(z.columns), shifted)
    unbounded = [leaf for leaf in z.columns if not methods[leaf].bounded]
    done = aggregate(tree, z, weigher.weigh, rules.min_coverage, unbounded)
    empty = list(ordered.index[ordered.isna().all(axis=1)])
    capped = [
        Note("value_capped", leaf, what, unit) for unit, leaf, what in beyond(treated[z.columns], directions, methods)
    ]
    notes = [*_method_notes(tree, rules), *pulled_in, *_dropped_notes(tree, dropped), *capped, *weigher.notes]
    notes += _unit_notes(tree, done, empty)
    known = _known(tree, z, imputed)
    unranked, told = _too_little_known(tree.root, known[tree.root], rules.min_unit_coverage)
    notes += told
    place = [node.id for node in tree.nodes].index
    entropy = sorted(weigher.entropy, key=lambda row: place(row[1]))
    units = values.index
    scores = done.scores.reindex(units)
    ranked = scores.mask(unranked.reindex(units), axis=0)
    return Result(
        normalized=z.reindex(index=units, columns=leaves),
        scores=scores,
        ranks=ranked.apply(competition_rank),
        tiers=_tiers(ranked[tree.root], rules, done.bounded, notes),
        coverage=done.coverage.reindex(units),
        known=known.reindex(units),
        weights=_weights_table(tree, done),
        contributions=done.contributions.reindex(units),
        effective=done.effective.reindex(units),
        consistency=_consistency_table(judged),
        judged=_judged_table(tree, judged),
        groups=_groups_table(judged, rules.opinions),
        judgements=_judgement_table(tree, judgements),
        entropy=pd.DataFrame(entropy, columns=ENTROPY),
        notes=sorted(notes, key=lambda note: place(note.node)),
    )


def _judged(tree: Tree, panel: Judgements | None, rules: Settings) -> dict[str, AhpResult]:
    """Weigh the children of every node weighted by ahp, in use or not: a bad matrix never waits for data."""
    parents = [node for node in tree.inner if tree[node].judged]
    if panel is not None:
        panel.check_parents(parents)
    results = {}
    for parent in parents:
        items = tree.children(parent)
        if len(items) == 1:
            continue  # an only child weighs 1, whoever judges
        comparisons = panel.comparisons(parent, items) if panel is not None else None
        if panel is None or comparisons is None:
            raise JudgementError(
                f"{parent}: no expert judged {', '.join(items)}; add rows with parent {parent} to an expert's file, "
                "or weigh that node by entropy or equally"
            )
        results[parent] = ahp_weights(
            parent,
            comparisons,
            ri_table=rules.ri_table,
            thresholds=rules.cr_thresholds,
            expert_weights=panel.expert_weights,
            merge=panel.merge,
        )
    return results


def _consistency_table(judged: Mapping[str, AhpResult]) -> pd.DataFrame:
    rows = [
        (
            parent,
            entry.expert,
            c.n,
            c.lambda_max,
            c.ci,
            c.cr,
            c.ri_table,
            entry.threshold,
            entry.accepted,
            c.ri,
            c.missing,
            entry.weight,
        )
        for parent, result in judged.items()
        for entry in result.consistency
        for c in [entry.consistency]
    ]
    return pd.DataFrame(rows, columns=CONSISTENCY)


def _judged_table(tree: Tree, judged: Mapping[str, AhpResult]) -> pd.DataFrame:
    """One row for each child of a node weighted by judgements; an only child weighs 1."""
    rows = [
        (parent, child, float(judged[parent].weights[child]) if parent in judged else 1.0)
        for parent in tree.inner
        if tree[parent].weighting == "ahp"
        for child in tree.children(parent)
    ]
    return pd.DataFrame(rows, columns=JUDGED)


def _groups_table(judged: Mapping[str, AhpResult], rules: OpinionRules) -> pd.DataFrame:
    rows = [(parent, *group_row(result, rules)) for parent, result in judged.items()]
    return pd.DataFrame(rows, columns=GROUPS)


def _method_notes(tree: Tree, rules: Settings) -> list[Note]:
    """Say which methods are not the usual ones, so that the result can be read without the catalogue."""
    usual, notes = Normalisation(), []
    if rules.normalisation != usual:
        notes.append(
            Note("normalised_by", tree.root, f"every indicator without a method of its own: {rules.normalisation}")
        )
    for node in tree.nodes:
        if node.normalisation is not None and node.normalisation != rules.normalisation:
            notes.append(Note("normalised_by", node.id, str(node.normalisation)))
        if node.aggregation != "arithmetic":
            exponent = "" if node.exponent is None else f" (exponent={node.exponent:g})"
            notes.append(Note("aggregated_by", node.id, f"{node.aggregation}{exponent}"))
    return notes


def _tiers(composite: pd.Series[float], rules: Settings, bounded: bool, notes: list[Note]) -> pd.Series[int]:
    found = tiers(composite, rules.tier_thresholds).rename("tier")
    if bounded:
        return found
    notes.append(
        Note("tiers_undefined", str(composite.name), "its scores are not bounded by 0 and 100: no tiers, ranks stand")
    )
    return found.mask(found.notna())


def _dropped_notes(tree: Tree, dropped: Mapping[str, str]) -> list[Note]:
    return [
        Note("indicator_dropped", leaf, f"{dropped[leaf]}: out, weight 0") for leaf in tree.leaves() if leaf in dropped
    ]


def _unit_notes(tree: Tree, done: Aggregation, empty: list[str]) -> list[Note]:
    """Say once, not for every node, that a unit has no value at all."""
    silent = {str(unit) for unit in empty}
    notes = [note for note in done.notes if note.unit not in silent]
    return notes + [
        Note("unit_without_values", tree.root, "no value at all: no score, no rank", str(unit)) for unit in empty
    ]


def _known(tree: Tree, z: pd.DataFrame, imputed: pd.DataFrame | None) -> pd.DataFrame:
    """Return the share of the indicators in use under each inner node that a unit has values of its own for."""
    own = z.notna()
    if imputed is not None:
        own &= ~imputed.reindex(index=z.index, columns=z.columns, fill_value=False).astype(bool)
    shares = {}
    for node in tree.inner:
        used = [leaf for leaf in tree.leaves(node) if leaf in z.columns]
        shares[node] = own[used].mean(axis=1) if used else pd.Series(0.0, index=z.index)
    return pd.DataFrame(shares, index=z.index)


def _too_little_known(root: str, share: pd.Series[float], least: float) -> tuple[pd.Series[bool], list[Note]]:
    """Return which units have values of their own for too few of the indicators in use, and a note for each."""
    short = share < least - SLACK
    detail = "values of its own for {:.1%} of the indicators in use, {:.0%} are needed: no rank"
    notes = [
        Note("unit_not_ranked", root, detail.format(share[unit], least), str(unit))
        for unit in share.index[short & (share > 0)]
    ]
    return short, notes


def _weights_table(tree: Tree, done: Aggregation) -> pd.DataFrame:
    effective = {tree.root: 1.0}
    rows = []
    for node in tree.nodes:
        if node.parent is None or node.id not in done.local_weights:
            continue
        local = done.local_weights[node.id]
        effective[node.id] = effective[node.parent] * local
        level, method = tree.level(node.id), tree[node.parent].weighting
        rows.append((node.id, node.parent, level, method, local, effective[node.id]))
    return pd.DataFrame(rows, columns=WEIGHTS)


def _judgement_table(tree: Tree, panel: Judgements | None) -> pd.DataFrame:
    if panel is None:
        return pd.DataFrame(columns=TIDY)
    return panel.tidy({parent: tree.children(parent) for parent in tree.inner if tree[parent].judged})
