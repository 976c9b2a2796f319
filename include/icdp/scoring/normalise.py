"""Bringing the indicators of one table to one scale, each by its own method where the catalogue says so."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import CatalogError, DataError
from icdp.scoring.normalisations import NORMALISATIONS as NORMALISATIONS
from icdp.scoring.normalisations import TIES, Array, constant

CONSTANT = "constant"
NO_VALUE = "no value"


@dataclass(frozen=True)
class Normalisation:
    """A method of :data:`NORMALISATIONS` and its parameters.

    ``reference`` may be the label of a unit, whose value is then the reference.

    Raises:
        CatalogError: an unknown method or parameter, a parameter missing or out of its range.
    """

    method: str = "minmax"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in NORMALISATIONS:
            raise CatalogError(f"unknown normalisation {self.method!r}; give one of {', '.join(NORMALISATIONS)}")
        known = parameters_of(self.method)
        for name in self.parameters:
            if name not in known:
                takes = f"takes {', '.join(known)}" if known else "takes no parameter"
                raise CatalogError(f"normalisation {self.method} has no parameter {name!r}; it {takes}")
        for name, required in known.items():
            if required and name not in self.parameters:
                raise CatalogError(f"normalisation {self.method} needs `{name}`; give it")
        for name, value in self.parameters.items():
            if complaint := _complaint(name, value):
                raise CatalogError(f"normalisation {self.method}: {name} {value!r} {complaint}")

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in sorted(self.parameters.items()))
        return f"{self.method} ({given})" if given else self.method

    @property
    def bounded(self) -> bool:
        """Tell whether values always lie within 0 and 1."""
        caps = {"reference": False, "goalposts": True}
        if self.method in caps:
            return bool(self.parameters.get("cap", caps[self.method]))
        return self.method != "zscore"

    @property
    def shifted(self) -> bool:
        """Tell whether 0 was moved by convention, so that shares of a sum have no meaning."""
        scale = tuple(self.parameters.get("scale", (0.0, 1.0)))
        return self.method == "zscore" or scale != (0.0, 1.0)


def parameters_of(method: str) -> dict[str, bool]:
    """Return the parameters of a normalisation, and whether each must be given."""
    signature = inspect.signature(NORMALISATIONS[method]).parameters
    return {name: entry.default is entry.empty for name, entry in signature.items() if entry.kind is entry.KEYWORD_ONLY}


def _complaint(name: str, value: Any) -> str | None:
    """Return what is wrong with a parameter, and what to write instead."""
    match name, value:
        case "scale" | "goalposts", (low, high) if _number(low) and _number(high):
            if name == "goalposts":
                return None if low < high else "must be [low, high] with low below high"
            # Scores are times 100: [0.01, 1] is what others call [1, 100].
            return None if 0.0 <= low < high <= 1.0 else "must be [low, high] within 0 and 1, like [0.01, 1]"
        case "scale" | "goalposts", _:
            return "must be two numbers, [low, high]"
        case "sd", _:
            return None if _number(value) and value > 0 else "must be a number above 0"
        case "mean", _:
            return None if _number(value) else "must be a number"
        case "reference", _:
            return None if _number(value) or isinstance(value, str) else "must be a number or the label of a unit"
        case "ties", _:
            return None if value in TIES else f"must be one of {', '.join(TIES)}"
        case "cap", _:
            return None if isinstance(value, bool) else "must be true or false"
    return None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


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
    if all(isinstance(dtype, np.dtype) and dtype.kind == "f" for dtype in values.dtypes):
        array = values.to_numpy(dtype=float, copy=True)
    else:
        array = np.full(values.shape, np.nan)
        for position in range(values.shape[1]):
            column = pd.to_numeric(values.iloc[:, position], errors="coerce")
            array[:, position] = column.to_numpy(float, na_value=np.nan)
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


def normalise(
    values: pd.DataFrame,
    directions: pd.Series[int] | Mapping[str, int],
    methods: Normalisation | Mapping[str, Normalisation] | None = None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Bring every indicator to one scale over the units that have a value.

    Missing stays missing and has no part in any minimum, mean or rank.

    Args:
        values: units x indicators, in each indicator's own unit.
        directions: +1 or -1 for each indicator.
        methods: one for all, or by indicator; min-max where nothing is given.

    Returns:
        units x indicators kept; and for each indicator left out the reason: ``constant`` (0/0 is never
        computed; goalposts alone keep such a column, as their scale does not come from it) or ``no value``.

    Raises:
        DataError: a text, an infinite value, a duplicate label, an indicator without direction, or a
            reference that is unknown, missing or not better than the worst unit.
    """
    numbers = numeric_values(values)
    signs = _signs(numbers.columns, directions)
    dropped: dict[str, str] = {}
    columns: dict[str, Array] = {}
    for position, name in enumerate(numbers.columns):
        column = numbers.iloc[:, [position]].to_numpy()
        method = method_of(str(name), methods)
        if np.isnan(column).all():
            dropped[name] = NO_VALUE
        elif method.method != "goalposts" and is_constant(column):
            dropped[name] = CONSTANT
        else:
            columns[name] = _normalised(method, column, signs[position], numbers.iloc[:, position])
    return pd.DataFrame(columns, index=numbers.index, columns=[*columns], dtype=float), dropped


def method_of(indicator: str, methods: Normalisation | Mapping[str, Normalisation] | None) -> Normalisation:
    """Return the normalisation of an indicator; min-max where nothing is given."""
    if isinstance(methods, Normalisation):
        return methods
    return (methods or {}).get(indicator, Normalisation())


def _normalised(method: Normalisation, column: Array, sign: int, labelled: pd.Series[float]) -> Array:
    parameters = dict(method.parameters)
    if method.method == "reference":
        parameters["reference"] = target = _target(method.parameters["reference"], labelled)
        worst = np.nanmin(column) if sign > 0 else np.nanmax(column)
        if not sign * target > sign * worst:
            raise DataError(
                f"indicator {labelled.name!r}: the reference {target:g} is not better than the worst value {worst:g}; "
                "give a better one or normalise it by another method"
            )
    z: Array = NORMALISATIONS[method.method](column, np.array([sign]), **parameters)[:, 0]
    return z


def _target(reference: Any, labelled: pd.Series[float]) -> float:
    """Return a reference as a number: given as one, or the value of the unit of that label."""
    if not isinstance(reference, str):
        return float(reference)
    if reference not in labelled.index or np.isnan(labelled[reference]):
        state = "has no value" if reference in labelled.index else "is no unit"
        raise DataError(
            f"indicator {labelled.name!r}: its reference, unit {reference!r}, {state}; name a unit that has one"
        )
    return float(labelled[reference])


def beyond(
    values: pd.DataFrame, directions: Mapping[str, int], methods: Normalisation | Mapping[str, Normalisation] | None
) -> list[tuple[str, str, str]]:
    """Return (unit, indicator, what) for every value that a normalisation with ``cap`` cut off.

    Args:
        values: units x indicators as :func:`numeric_values` gives them.
        directions: +1 or -1 for each indicator.
        methods: as for :func:`normalise`.
    """
    found = []
    for name in values.columns:
        column, method = values[name], method_of(str(name), methods)
        if method.method not in ("goalposts", "reference") or not method.bounded or column.isna().all():
            continue
        if method.method == "goalposts":
            low, high = (float(post) for post in method.parameters["goalposts"])
            outside = (column < low) | (column > high)
            what = f"lies outside the goalposts {low:g} and {high:g}"
        else:
            target = _target(method.parameters["reference"], column)
            outside = column * directions[name] > target * directions[name]
            what = f"is better than the reference {target:g}"
        found += [(str(unit), str(name), f"{value:g} {what}") for unit, value in column[outside].items()]
    return found


def is_constant(column: Array) -> bool:
    """Tell whether the values present are equal up to rounding noise; at least one must be present."""
    return bool(constant(np.asarray(np.nanmin(column)), np.asarray(np.nanmax(column))))


def _signs(indicators: pd.Index[str], directions: pd.Series[int] | Mapping[str, int]) -> list[int]:
    given = dict(directions.items())
    for name in indicators:
        if given.get(name) not in (1, -1):
            raise DataError(f"indicator {name!r} has the direction {given.get(name)!r}; give 1 or -1")
    return [int(given[name]) for name in indicators]
