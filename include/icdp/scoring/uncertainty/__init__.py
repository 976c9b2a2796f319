"""Uncertainty of ranks and the sensitivity to its factors: a numpy engine for any tree and any units."""

from __future__ import annotations

from icdp.scoring.uncertainty.analysis import (
    Effort,
    Findings,
    analyse,
    leave_one_out,
    one_at_a_time,
    rank_intervals,
    sensitivity,
)
from icdp.scoring.uncertainty.assumptions import FACTORS, Assumptions
from icdp.scoring.uncertainty.draws import Draws, Sample, evaluate
from icdp.scoring.uncertainty.ensemble import Ensemble
from icdp.scoring.uncertainty.plan import Plan, compile_plan
from icdp.scoring.uncertainty.sobol import sobol_indices

__all__ = [
    "FACTORS",
    "Assumptions",
    "Draws",
    "Effort",
    "Ensemble",
    "Findings",
    "Plan",
    "Sample",
    "analyse",
    "compile_plan",
    "evaluate",
    "leave_one_out",
    "one_at_a_time",
    "rank_intervals",
    "sensitivity",
    "sobol_indices",
]
