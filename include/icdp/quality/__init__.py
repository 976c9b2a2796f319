"""Checks between load and scoring: rules here, the checks themselves and their parameters in ``include/catalog/quality``."""

from icdp.quality.data import YearData
from icdp.quality.run import inputs_digest, keep_run, read_national_totals, run_checks, stopping, warned

__all__ = ["YearData", "inputs_digest", "keep_run", "read_national_totals", "run_checks", "stopping", "warned"]
