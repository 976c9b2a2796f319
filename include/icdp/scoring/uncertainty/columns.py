"""Normalised columns of many draws, by the index's own methods or by another that a draw has chosen.

Arrays have the draws last; the functions of the scoring room take them first, on a view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.normalisations import NORMALISATIONS, Array, minmax
from icdp.scoring.normalise import Normalisation
from icdp.scoring.uncertainty.plan import Plan

OWN = "own"
"""Instead of a method: the index's own."""


def own_columns(plan: Plan, values: Array) -> Array:
    """Normalise values (units x leaves x draws) by each indicator's own method; NaN where missing or constant."""
    first = plan.methods[0]
    if all(method == first for method in plan.methods) and not isinstance(first.parameters.get("reference"), str):
        return _draws_last(NORMALISATIONS[first.method], values, plan.signs, first.parameters)
    z = np.empty_like(values)
    for position, method in enumerate(plan.methods):
        parameters = dict(method.parameters)
        if isinstance(parameters.get("reference"), str):
            parameters["reference"] = values[plan.units.index(parameters["reference"]), position, :, np.newaxis]
        column, sign = values[:, position : position + 1], plan.signs[position : position + 1]
        z[:, position : position + 1] = _draws_last(NORMALISATIONS[method.method], column, sign, parameters)
    return z


def other_columns(plan: Plan, values: Array, name: str) -> Array:
    """Normalise values (units x leaves x draws) by another method, with its default parameters, for all indicators.

    What is not bounded is brought to 0-1 by one straight line for all indicators of a draw: in common, so that
    standard scores keep equal spread. An indicator with a scale of its own then gets its ends, so that whatever
    aggregation is defined for the index is defined here.
    """
    z = _draws_last(NORMALISATIONS[name], values, plan.signs, {})
    if not Normalisation(name).bounded:
        low, high = (end.reduce(end.reduce(z, axis=0), axis=0) for end in (np.fmin, np.fmax))
        z = (z - low) / np.where(high > low, high - low, np.nan)
    for position, method in enumerate(plan.methods):
        low, high = method.parameters.get("scale", (0.0, 1.0))
        if (low, high) != (0.0, 1.0):
            z[:, position] = low + (high - low) * z[:, position]
    return z


def is_shifted(name: str) -> bool:
    """Tell whether entropy of values normalised by this method, by default, is that of values brought to 0-1."""
    return Normalisation(name).shifted


def from_zero(columns: Array, shifted: NDArray[np.bool_]) -> Array:
    """Bring columns (units x draws) to 0-1 in the draws in which their 0 is a convention, or they are negative.

    Entropy would measure the convention otherwise (:class:`icdp.scoring.weighing.Weigher` does the same).
    """
    with np.errstate(invalid="ignore"):
        moved = shifted | (columns < 0.0).any(axis=0)
    if not moved.any():
        return columns
    moved = np.broadcast_to(moved, columns.shape[1:])
    rescaled = np.nan_to_num(minmax(columns.T[moved][:, :, np.newaxis], [1])[:, :, 0].T, nan=0.0)
    columns = columns.copy()
    columns[:, moved] = np.where(np.isnan(columns[:, moved]), np.nan, rescaled)
    return columns


def _draws_last(normalise: Callable[..., Array], values: Array, signs: Array, parameters: Any) -> Array:
    return np.moveaxis(normalise(np.moveaxis(values, -1, 0), signs, **parameters), 0, -1)
