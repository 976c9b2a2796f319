"""Scores and ranks of many tables of one index at once: the years of a panel, the scenarios of a study."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError
from icdp.scoring.engine import Settings
from icdp.scoring.judgements import Judgements
from icdp.scoring.normalisations import Array
from icdp.scoring.normalise import numeric_values
from icdp.scoring.outliers import treat
from icdp.scoring.tree import Tree
from icdp.scoring.uncertainty.draws import Sample, evaluate
from icdp.scoring.uncertainty.plan import compile_plan
from icdp.scoring.uncertainty.ranks import competition_ranks

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scores and ranks of one table: units x inner nodes, missing where not scored; ranks are 0 there."""

    scores: pd.DataFrame
    ranks: pd.DataFrame


def score_many(
    tree: Tree, tables: Mapping[Key, pd.DataFrame], judgements: Judgements | None, settings: Settings | None = None
) -> dict[Key, Ranking]:
    """Score and rank each table as :func:`icdp.scoring.engine.score` does, without what explains the scores.

    Tables of the same units with the same gaps are scored together. The gate on the experts' consistency is
    score's own and is not repeated.

    Args:
        tree: the index.
        tables: key -> units x indicators; NaN is missing.
        judgements: the experts' panel; None when no node is weighted by judgements.
        settings: the numeric rules.

    Raises:
        DataError: as for score; and a table without any indicator that tells units apart.
        JudgementError: a node weighted by judgements that nobody judged.
    """
    leaves = tree.leaves()
    sorted_tables: dict[Key, _Sorted] = {}
    alike: dict[tuple[object, ...], list[Key]] = {}
    own: _Sorted | None = None
    for key, table in tables.items():
        if unknown := [name for name in table.columns if name not in set(leaves)]:
            raise DataError(
                f"{key}: {unknown[0]!r} is no indicator of the tree; add it to the tree or remove its values"
            )
        own = sorted_tables[key] = _sort(table, leaves, settings or Settings(), own)
        gaps = np.packbits(np.isnan(own.numbers)).tobytes()
        alike.setdefault((own.labels, gaps), []).append(key)
    done: dict[Key, Ranking] = {}
    for keys in alike.values():
        rankings = _together(tree, [sorted_tables[key] for key in keys], judgements, settings)
        done |= dict(zip(keys, rankings, strict=True))
    return {key: done[key] for key in tables}


@dataclass(frozen=True, eq=False)
class _Sorted:
    """A table as numbers, units x all indicators, its units in a fixed order; ``back`` undoes the order."""

    numbers: Array
    labels: tuple[str, ...]
    index: pd.Index[str]
    order: NDArray[np.int64]
    back: NDArray[np.int64]


def _sort(table: pd.DataFrame, leaves: list[str], rules: Settings, before: _Sorted | None) -> _Sorted:
    numbers = treat(numeric_values(table).reindex(columns=leaves), rules.winsorise)[0].to_numpy(dtype=float)
    if before is not None and table.index.equals(before.index):  # the years of a panel: sorted once
        return replace(before, numbers=numbers[before.order], index=table.index)
    labels = [str(label) for label in table.index.to_numpy(dtype=object)]
    order = np.array(sorted(range(len(labels)), key=labels.__getitem__), dtype=np.int64)
    return _Sorted(numbers[order], tuple(labels[row] for row in order), table.index, order, np.argsort(order))


def _together(
    tree: Tree, tables: list[_Sorted], judgements: Judgements | None, settings: Settings | None
) -> list[Ranking]:
    leaves, labels = tree.leaves(), list(tables[0].labels)
    stacked = np.stack([table.numbers for table in tables], axis=2)
    # An indicator is compiled in when it tells units apart in any of the tables; where it does not, it is out.
    low, high = (end.reduce(stacked, axis=0) for end in (np.fmin, np.fmax))
    widest = np.nanargmax(np.where(np.isnan(high), 0.0, high - low), axis=1)
    telling = {name: stacked[:, leaf, widest[leaf]] for leaf, name in enumerate(leaves)}
    plan = compile_plan(tree, pd.DataFrame(telling, index=labels), judgements, settings)
    used = [leaves.index(leaf) for leaf in plan.leaves]
    found = evaluate(plan, Sample(len(tables), values=stacked[:, used])).scores
    nothing = np.full((len(labels), 1), np.nan)
    scores = {n: np.broadcast_to(found.get(n, nothing), (len(labels), len(tables))) for n in tree.inner}
    ranks = {node: competition_ranks(values) for node, values in scores.items()}
    return [
        Ranking(
            pd.DataFrame({node: values[table.back, place] for node, values in scores.items()}, index=table.index),
            pd.DataFrame({node: values[place, table.back] for node, values in ranks.items()}, index=table.index),
        )
        for place, table in enumerate(tables)
    ]
