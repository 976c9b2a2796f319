"""What each column of the tables may hold, as pandera schemas: the door of the check step.

The warehouse's own constraints know types and keys; these know the words of the catalogue. They are findings,
not exceptions: a broken column is told with all others that are broken.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from icdp.catalog import Catalog
from icdp.quality.data import YearData
from icdp.quality.index import FIDELITIES
from icdp.sources.observations import BASES
from icdp.warehouse.values import LAYERS

_FINITE = pa.Check(np.isfinite, error="is finite")
_TEXT = pa.Check.str_length(min_value=1, error="is no empty text")
_SHA256 = pa.Check.str_matches(r"^[0-9a-f]{64}$", error="is a SHA-256")


def _one_of(words: object) -> pa.Check:
    return pa.Check.isin(list(words), error="is a word of the catalogue")  # type: ignore[call-overload]


def schemas(catalog: Catalog, year: int) -> dict[str, pa.DataFrameSchema]:
    """Return the schema of each table a year is checked in."""
    until = pa.Check.le(year, error=f"is not after {year}")
    origin = {
        "basis": pa.Column(str, _one_of(BASES)), "layer": pa.Column(str, _one_of(LAYERS)),
        "source": pa.Column(str, _one_of(catalog.sources)), "payload_sha256": pa.Column(str, _SHA256),
    }  # fmt: skip
    return {
        "observations": pa.DataFrameSchema(
            {
                "series": pa.Column(str, _one_of(catalog.series)), "adcode": pa.Column(str, _one_of(catalog.provinces)),
                "year": pa.Column(int, until, coerce=True), "value": pa.Column(float, _FINITE),
                "unit": pa.Column(str, _one_of(catalog.units.table)),
                "publisher": pa.Column(str, _TEXT), "title": pa.Column(str, _TEXT), "address": pa.Column(str, _TEXT),
            } | origin
        ),
        "indicator_values": pa.DataFrameSchema(
            {
                "indicator": pa.Column(str, _one_of(catalog.indicators)),
                "adcode": pa.Column(str, _one_of(catalog.provinces)), "value": pa.Column(float, _FINITE),
                "value_year": pa.Column(int, until, coerce=True), "unit": pa.Column(str, _one_of(catalog.units.table)),
                "status": pa.Column(str, _one_of("AEI")), "fidelity": pa.Column(str, _one_of(FIDELITIES)),
            } | origin
        ),
        "indicator_coverage": pa.DataFrameSchema(
            {
                "indicator": pa.Column(str, _one_of(catalog.indicators), unique=True), "in_use": pa.Column(bool),
                "provinces": pa.Column(int, pa.Check.in_range(0, len(catalog.provinces)), coerce=True),
            }
        ),
        "national_totals": pa.DataFrameSchema(
            {
                "series": pa.Column(str, _TEXT), "value": pa.Column(float, _FINITE),
                "publisher": pa.Column(str, _TEXT), "source_title": pa.Column(str, _TEXT),
            }
        ),
    }  # fmt: skip


def broken(data: YearData) -> dict[str, list[str]]:
    """Return for each table what of it breaks its schema, one sentence a column; none when all is well."""
    tables = {
        "observations": data.observations,
        "indicator_values": data.values,
        "indicator_coverage": data.coverage,
        "national_totals": data.national_totals,
    }
    return {name: _problems(schema, tables[name]) for name, schema in schemas(data.catalog, data.year).items()}


def _problems(schema: pa.DataFrameSchema, table: pd.DataFrame) -> list[str]:
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as exc:
        failures = exc.failure_cases
        return [
            f"{column}: {_words(rows['failure_case'])} ({check})"
            for (column, check), rows in failures.groupby(["column", "check"], dropna=False, sort=True)
        ]
    return []


def _words(cases: Iterable[object]) -> str:
    distinct = sorted({str(case) for case in cases})
    return " ".join(distinct[:3]) + (" …" if len(distinct) > 3 else "")
