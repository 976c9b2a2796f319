"""Min-max normalisation over the units of one year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError

# A spread below this share of the largest magnitude is rounding noise of computed values (wage / 12), no information.
RELATIVE_NOISE = 1e-12

CONSTANT = "constant"
NO_VALUE = "no value"


def numeric_values(values: pd.DataFrame) -> pd.DataFrame:
    """Return the values as floats, missing as NaN, or refuse the cell that is no finite number.

    Args:
        values: units x indicators.

    Raises:
        DataError: a unit or an indicator given twice, or a cell that is a text or infinite.
    """
    for axis, labels in (("unit", values.index), ("indicator", values.columns)):
        if not labels.is_unique:
            twice = labels[labels.duplicated()][0]
            raise DataError(f"{axis} {twice!r} is given twice; keep one of them")
    array = np.full(values.shape, np.nan)
    for position in range(values.shape[1]):
        array[:, position] = pd.to_numeric(values.iloc[:, position], errors="coerce").to_numpy(float, na_value=np.nan)
    given = values.notna().to_numpy(dtype=bool)
    _refuse_first(values, np.isnan(array) & given, "is no number; correct it or leave the cell empty")
    _refuse_first(values, np.isinf(array), "is infinite; correct it or leave the cell empty")
    return pd.DataFrame(array, index=values.index, columns=values.columns)


def _refuse_first(values: pd.DataFrame, wrong: NDArray[np.bool_], complaint: str) -> None:
    cells = np.argwhere(wrong)
    if len(cells):
        row, column = cells[0]
        cell = values.iat[row, column]
        shown = repr(cell) if isinstance(cell, str | bytes) else str(cell)
        raise DataError(f"unit {values.index[row]!r}, indicator {values.columns[column]!r}: {shown} {complaint}")


def minmax(values: pd.DataFrame, directions: pd.Series[int] | Mapping[str, int]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Bring every indicator to 0-1 over the units that have a value.

    z = (x - min) / (max - min), and (max - x) / (max - min) for a negative indicator; the ends are exactly
    0 and 1 (OECD Handbook 2008, 5.3). Missing stays missing and enters neither min nor max.

    Args:
        values: units x indicators, in each indicator's own unit.
        directions: +1 or -1 for each indicator.

    Returns:
        units x indicators kept, 0-1; and for each indicator left out the reason: ``constant`` (0/0 is
        never computed) or ``no value``.

    Raises:
        DataError: a text, an infinite value, a duplicate label or an indicator without direction.
    """
    numbers = numeric_values(values)
    signs = _signs(numbers.columns, directions)
    dropped: dict[str, str] = {}
    columns: dict[str, NDArray[np.float64]] = {}
    for position, name in enumerate(numbers.columns):
        column = numbers.iloc[:, position].to_numpy()
        if np.isnan(column).all():
            dropped[name] = NO_VALUE
        elif is_constant(column):
            dropped[name] = CONSTANT
        else:
            columns[name] = _scaled(column, signs[position])
    return pd.DataFrame(columns, index=numbers.index, columns=[*columns], dtype=float), dropped


def is_constant(column: NDArray[np.float64]) -> bool:
    """Tell whether the values present are equal up to rounding noise; at least one must be present."""
    low, high = np.nanmin(column), np.nanmax(column)
    # Halves, because the difference of two huge values of opposite sign overflows.
    return bool(high / 2 - low / 2 <= RELATIVE_NOISE * max(abs(low), abs(high)) / 2)


def _scaled(column: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    low, high = np.nanmin(column), np.nanmax(column)
    if high / 2 - low / 2 > np.finfo(float).max / 2:
        column, low, high = column / 2, low / 2, high / 2
    scaled: NDArray[np.float64] = ((column - low) if sign > 0 else (high - column)) / (high - low)
    return scaled


def _signs(indicators: pd.Index[str], directions: pd.Series[int] | Mapping[str, int]) -> list[int]:
    given = dict(directions.items())
    for name in indicators:
        if given.get(name) not in (1, -1):
            raise DataError(f"indicator {name!r} has the direction {given.get(name)!r}; give 1 or -1")
    return [int(given[name]) for name in indicators]
