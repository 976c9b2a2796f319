"""Everything said about the robustness of a scored year, as the warehouse's tables (without the year)."""

from __future__ import annotations

import os

import pandas as pd

from icdp.catalog import Catalog
from icdp.scoring.audit import Flags, audit
from icdp.scoring.engine import Result
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.scoring.judgements import Judgements
from icdp.scoring.uncertainty.analysis import analyse
from icdp.scoring.uncertainty.ensemble import Ensemble
from icdp.scoring.uncertainty.from_catalog import assumed, assumptions_of, effort_of
from icdp.scoring.uncertainty.plan import compile_plan

TABLES = (
    "rank_intervals", "rank_sensitivity", "rank_one_at_a_time", "rank_leave_one_out", "uncertainty_assumptions",
    "audit_nodes", "audit_pairs", "audit_importance",
)  # fmt: skip

TIERS = 3
"""Tiers that table ``rank_intervals`` has a column for."""


def robustness_tables(
    catalog: Catalog, values: pd.DataFrame, wide: pd.DataFrame, panel: Judgements, result: Result
) -> dict[str, pd.DataFrame]:
    """Return the tables :data:`TABLES` of a year; all empty when the catalogue has no uncertainty rules.

    They follow from the figures, the judgements and the catalogue alone: its seed, and not the clock, makes the
    random numbers, and neither threads nor the size of blocks change them.

    Args:
        catalog: the index as data.
        values: the year's ``indicator_values``.
        wide: the same as units x indicators.
        panel: the experts' judgements.
        result: the year's scores.
    """
    rules = catalog.uncertainty
    if rules is None:
        return {name: pd.DataFrame() for name in TABLES}
    tree = tree_of(catalog)
    ensemble = Ensemble(
        compile_plan(tree, wide, panel, settings_of(catalog)),
        assumptions_of(rules, values),
        seed=rules.seed,
        threads=min(4, os.cpu_count() or 1),
    )
    found = analyse(ensemble, tree, effort_of(rules))
    intervals = found.intervals.rename(columns={"next_unit": "next_adcode"})
    wanted = [c for c in intervals.columns if not c.startswith("p_tier")] + [f"p_tier{n}" for n in range(1, TIERS + 1)]
    audited = audit(tree, result, Flags(**rules.audit.model_dump()))
    tables = {
        "rank_intervals": intervals.reindex(columns=wanted),
        "rank_sensitivity": found.sensitivity,
        "rank_one_at_a_time": found.one_at_a_time,
        "rank_leave_one_out": found.leave_one_out,
        "uncertainty_assumptions": assumed(rules, ensemble.factors),
        "audit_nodes": audited.nodes,
        "audit_pairs": audited.pairs,
        "audit_importance": audited.importance,
    }
    return {name: table.rename(columns={"unit": "adcode"}) for name, table in tables.items()}
