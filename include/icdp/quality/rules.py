"""The named rules by name. Each yields one finding for each subject it looked at; what it cannot look at, it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from icdp.quality.agreement import national_total, ratio_between, sources_agree, sum_between
from icdp.quality.data import Finding, YearData
from icdp.quality.index import (
    carried_column,
    constant_indicator,
    directions,
    fidelity_register,
    outliers,
    single_nonzero,
)
from icdp.quality.movement import (
    became_zero,
    common_factor,
    never_falls,
    repeated_value,
    repeated_year,
    shifted_rows,
    swapped_provinces,
    year_on_year,
)
from icdp.quality.sql import sql
from icdp.quality.tables import (
    baseline_rows,
    coverage_kept,
    declared_units,
    enough_indicators,
    known_provinces,
    not_older_than_max_age,
    plausible_range,
    province_coverage,
    table_contract,
    unique_keys,
)

# The second argument is the model the rule's entries are read with (icdp.catalog.checks.MODELS).
Rule = Callable[[YearData, Any], Iterator[Finding]]

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        table_contract, known_provinces, province_coverage, unique_keys, declared_units, plausible_range,
        enough_indicators, baseline_rows, coverage_kept, not_older_than_max_age,
        sum_between, national_total, ratio_between, sources_agree,
        year_on_year, common_factor, repeated_year, swapped_provinces, shifted_rows, repeated_value, never_falls,
        became_zero, constant_indicator, single_nonzero, carried_column, outliers, directions, fidelity_register, sql,
    )
}  # fmt: skip
