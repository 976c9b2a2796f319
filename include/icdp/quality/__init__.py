"""Checks that stand between load and scoring: rules here, their parameters in ``include/catalog/quality.yaml``."""

from icdp.quality.run import YearData, read_national_totals, run_checks

__all__ = ["YearData", "read_national_totals", "run_checks"]
