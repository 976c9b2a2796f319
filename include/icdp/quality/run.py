"""Run the checks of the catalogue over one year."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from icdp.catalog import Catalog
from icdp.errors import CatalogError, DataError
from icdp.quality.rules import RULES, YearData

RESULTS = ["year", "check_id", "severity", "subject", "passed", "observed", "expected", "message"]
TOTALS = ["series", "year", "value", "unit", "publisher", "source_title"]


def run_checks(data: YearData) -> pd.DataFrame:
    """Run every check of ``quality.yaml``.

    Returns:
        one row for each check and subject: columns ``RESULTS``; ``message`` is empty where it passed.

    Raises:
        CatalogError: a check names no rule, or lacks a parameter.
    """
    rows = []
    for check in data.catalog.checks.values():
        if check.rule not in RULES:
            raise CatalogError(
                f"{data.catalog.directory / 'quality.yaml'}: {check.check}: rule {check.rule!r} does not exist; "
                f"use one of {', '.join(sorted(RULES))}"
            )
        for found in RULES[check.rule](data, check):
            rows.append(
                (
                    data.year, check.check, check.severity, found.subject, bool(found.passed),
                    found.observed, found.expected, "" if found.passed else found.message,
                )
            )  # fmt: skip
    return pd.DataFrame(rows, columns=RESULTS)


def read_national_totals(path: Path, catalog: Catalog) -> pd.DataFrame:
    """Read the printed national totals.

    Raises:
        DataError: a column is missing, a value is no number, or a series and year stands twice.
    """
    if not path.exists():
        return pd.DataFrame(columns=TOTALS)
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := [name for name in TOTALS if name not in table.columns]:
        raise DataError(f"{path}: column {missing[0]!r} is missing; has {', '.join(table.columns)}")
    for column in ("year", "value"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        if numbers.isna().any():
            number = int(numbers.isna().to_numpy().argmax())
            raise DataError(f"{path}, row {number + 2}: {column} {table[column][number]!r} is no number; correct it")
        table[column] = numbers
    twice = table[table.duplicated(["series", "year"])]
    if not twice.empty:
        row = twice.iloc[0]
        raise DataError(f"{path}, row {twice.index[0] + 2}: {row['series']} of {row['year']} stands twice; keep one")
    return table
