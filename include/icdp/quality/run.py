"""Run the checks of the catalogue over one year."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from icdp import __version__
from icdp.catalog import Catalog
from icdp.catalog.checks import Check
from icdp.errors import DataError
from icdp.quality.data import Finding, YearData
from icdp.quality.rules import RULES
from icdp.quality.waivers import EXPIRED, WITHOUT_USE, Waivers

RESULTS = [
    "year", "check_id", "severity", "subject", "passed", "observed", "expected", "message", "waived", "waiver",
]  # fmt: skip
TOTALS = ["series", "year", "value", "unit", "publisher", "source_title"]
_WAIVER_RULES = (EXPIRED, WITHOUT_USE)


def run_checks(data: YearData, day: date) -> pd.DataFrame:
    """Run every check of ``include/catalog/quality``.

    Args:
        data: what they look at.
        day: the day of the run, which waivers are held against.

    Returns:
        one row for each check and subject: columns ``RESULTS``; ``message`` is empty where it passed. A failure that
        is waived has ``waived``, and who answers for it in ``waiver``.

    Raises:
        CatalogError: a check in SQL is wrong.
    """
    waivers = Waivers.of(data.catalog, data.year, day)
    rows: list[tuple[object, ...]] = []
    failed: set[tuple[str, str]] = set()
    for check in data.catalog.checks.values():
        if check.rule in _WAIVER_RULES:
            continue
        for found in RULES[check.rule](data, check):
            waiver = "" if found.passed else waivers.text(check.check, found.subject)
            rows.append(_row(data.year, check, found, waiver))
            if not found.passed:
                failed.add((check.check, found.subject))
    told = {EXPIRED: waivers.expired(), WITHOUT_USE: waivers.without_use(failed)}
    for check in data.catalog.checks.values():
        if check.rule in _WAIVER_RULES:
            rows += [_row(data.year, check, found, "") for found in told[check.rule]]
    return pd.DataFrame(rows, columns=RESULTS)


def _row(year: int, check: Check, found: Finding, waiver: str) -> tuple[object, ...]:
    detail = f" ({found.detail})" if found.detail else ""
    message = "" if found.passed else f"{check.message_zh} {check.message_en}{detail}"
    return (
        year, check.check, check.severity, found.subject, bool(found.passed), found.observed, found.expected, message,
        bool(waiver), waiver,
    )  # fmt: skip


def stopping(results: pd.DataFrame) -> pd.DataFrame:
    """Return the results that stop the year: errors that failed and that nobody waived."""
    return _open(results, "error")


def warned(results: pd.DataFrame) -> pd.DataFrame:
    """Return the warnings that travel with the edition: those that nobody waived."""
    return _open(results, "warn")


def _open(results: pd.DataFrame, severity: str) -> pd.DataFrame:
    return results[(results["severity"] == severity) & ~results["passed"] & ~results["waived"]]


def keep_run(connection: duckdb.DuckDBPyConnection, results: pd.DataFrame, year: int, inputs: str, catalog: str) -> str:
    """Add the results to the history of runs and return the run's id.

    A run is what it looked at and what it found: the same again is the same run and is only moved to the end, so that
    what failed before stays. No clock is in it.

    Args:
        connection: the warehouse, inside a transaction.
        results: of :func:`run_checks`.
        year: the statistical year.
        inputs: digest of the payloads accepted for the year.
        catalog: digest of the catalogue.
    """
    told = f"{year}\n{inputs}\n{catalog}\n{__version__}\n{results.to_csv(index=False)}"
    run = hashlib.sha256(told.encode()).hexdigest()[:16]
    runs = connection.execute(
        "SELECT run, position FROM quality_runs WHERE year = ? ORDER BY position", [year]
    ).fetchall()
    place = runs[-1][1] + (runs[-1][0] != run) if runs else 1
    connection.execute("DELETE FROM quality_runs WHERE run = ?", [run])
    connection.execute("DELETE FROM quality_history WHERE run = ?", [run])
    counts = [len(results), len(stopping(results)), len(warned(results)), int(results["waived"].sum())]
    connection.execute(
        "INSERT INTO quality_runs BY NAME SELECT ? AS run, ? AS year, ? AS position, ? AS inputs_sha256, "
        "? AS catalog_sha256, ? AS code_version, ? AS results, ? AS errors, ? AS warnings, ? AS waived",
        [run, year, place, inputs, catalog, __version__, *counts],
    )
    connection.register("found", results.assign(run=run))
    connection.execute("INSERT INTO quality_history BY NAME FROM found")
    connection.unregister("found")
    return run


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


def inputs_digest(payloads: Iterable[str]) -> str:
    """Return one digest for a set of payloads, given by their SHA-256, whatever their order."""
    return hashlib.sha256("".join(sorted(payloads)).encode()).hexdigest()
