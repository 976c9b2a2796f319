"""The door of the pipeline: what a table of observations must be before anything sees it."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from icdp.catalog import Catalog
from icdp.errors import DataError
from icdp.partition import parse_year

COLUMNS = (
    "series", "year", "adcode", "value", "value_text", "unit", "basis",
    "publisher", "title", "address", "locator", "note", "row",
)  # fmt: skip
BASES = ("published", "secondary", "derived", "estimated")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def validated(table: pd.DataFrame, catalog: Catalog, where: str) -> pd.DataFrame:
    """Check a parsed table and return it with numeric values, sorted by its key.

    Args:
        table: one row per figure; columns ``COLUMNS`` less ``value``, all text;
            ``row`` is the line of the payload the figure stands in.
        catalog: provinces, series and units it is held against.
        where: name of the payload for messages.

    Raises:
        DataError: missing column, unknown province or series, text for a number, year out of
            range, wrong unit, missing citation or a key that stands twice; names row and remedy.
    """
    missing = [c for c in COLUMNS if c not in table.columns and c != "value"]
    if missing:
        has = ", ".join(str(c) for c in table.columns)
        raise DataError(f"{where}: column {missing[0]!r} is missing, there are {has}; add it")
    clean = table.reset_index(drop=True).copy()
    clean["value"] = [_number(text, where, row) for text, row in zip(clean["value_text"], clean["row"], strict=True)]
    clean["year"] = [_year(text, where, row) for text, row in zip(clean["year"], clean["row"], strict=True)]
    for record in clean.itertuples(index=False):
        _check_row(record, catalog, f"{where}, row {record.row}")
    clean = clean.astype({"year": "int64", "value": "float64"})
    keys = ["series", "year", "adcode"]
    twice = clean[clean.duplicated(keys, keep="first")]
    if not twice.empty:
        first = twice.iloc[0]
        raise DataError(
            f"{where}, row {first['row']}: {first['series']} of {first['adcode']} in {first['year']} stands twice; "
            "keep one of the two rows"
        )
    return clean[list(COLUMNS)].sort_values(keys, ignore_index=True)


def _number(text: object, where: str, row: object) -> float:
    written = str(text)
    value = float(written) if _NUMBER.fullmatch(written) else math.nan
    if not math.isfinite(value):
        raise DataError(
            f"{where}, row {row}: value {written!r} is no finite number; leave the row out if the figure is unknown"
        )
    return value


def _year(text: object, where: str, row: object) -> int:
    try:
        return parse_year(str(text))
    except DataError as exc:
        raise DataError(f"{where}, row {row}: {exc}") from exc


def _check_row(record: Any, catalog: Catalog, where: str) -> None:
    series, unit = str(record.series), str(record.unit)
    if series not in catalog.series:
        raise DataError(f"{where}: series {series!r} is not in series.csv; add it there or correct the name")
    adcode = str(record.adcode)
    if adcode not in catalog.provinces:
        raise DataError(f"{where}: adcode {adcode!r} is none of the {len(catalog.provinces)} provinces; correct it")
    wanted = catalog.series[series].unit
    if not catalog.units.convertible(unit, wanted):
        raise DataError(f"{where}: unit {unit!r} of {series} cannot become {wanted}; correct the unit")
    basis = str(record.basis)
    if basis not in BASES:
        raise DataError(f"{where}: basis {basis!r} is not one of {', '.join(BASES)}; use one of them")
    for name in ("publisher", "title", "address"):
        text = getattr(record, name)
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"{where}: {name} is empty; every figure needs a citation")
