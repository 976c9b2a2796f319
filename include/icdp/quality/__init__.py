"""Checks that stand between load and scoring: rules here, their parameters in ``include/catalog/quality.yaml``."""

from icdp.quality.rules import YearData
from icdp.quality.run import read_national_totals, run_checks

__all__ = ["YearData", "read_national_totals", "run_checks"]
