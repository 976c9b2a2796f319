"""Checks written in SQL: one SELECT a check, evaluated where it can change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import duckdb

from icdp.catalog.checks import Sql
from icdp.errors import CatalogError
from icdp.quality.data import Finding, YearData

ANSWER = ("subject", "passed", "observed", "expected")


def sql(data: YearData, check: Sql) -> Iterator[Finding]:
    """Ask the check's SELECT; its rows are the findings.

    Beside the warehouse it sees the tables of this year: ``year_observations``, ``year_values``,
    ``year_coverage`` and ``national_totals``. It runs in a transaction that may only read.

    Raises:
        CatalogError: the text is no single SELECT, is wrong, or answers with other columns.
    """
    where = f"{data.catalog.directory / 'quality' / check.file}: {check.check}: key 'sql'"
    try:
        statements = duckdb.extract_statements(check.sql)
    except duckdb.Error as exc:
        raise CatalogError(f"{where}: {_line(exc)}; correct it") from exc
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise CatalogError(f"{where}: is not one SELECT; a check only reads")
    with closing(data.connection.cursor() if data.connection else duckdb.connect()) as cursor:
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        for name, table in _tables(data).items():
            cursor.register(name, table)
        try:
            answer = cursor.execute(check.sql, {"year": data.year})
            columns = tuple(column[0] for column in answer.description or ())
            rows = answer.fetchall()
        except duckdb.Error as exc:
            raise CatalogError(f"{where}: {_line(exc)}; correct it") from exc
    if columns != ANSWER:
        raise CatalogError(f"{where}: answers with {', '.join(columns)}; it must answer with {', '.join(ANSWER)}")
    for subject, passed, observed, expected in rows:
        yield Finding(str(subject), bool(passed), str(observed), str(expected))


def _tables(data: YearData) -> dict[str, object]:
    return {
        "year_observations": data.observations,
        "year_values": data.values,
        "year_coverage": data.coverage,
        "national_totals": data.national_totals,
    }


def _line(error: duckdb.Error) -> str:
    return " ".join(str(error).split())
