"""Entropy weights: an indicator that tells units apart more weighs more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from icdp.errors import DataError
from icdp.scoring.normalise import is_constant


@dataclass(frozen=True)
class EntropyResult:
    """Entropy weights of one group of indicators.

    Attributes:
        entropy: H of each indicator, 0 (one unit has everything) to 1 (all units alike).
        divergence: 1 - H.
        weights: sum 1.
        single_nonzero: indicators with one non-zero value only. Their entropy is 0 and their weight the
            largest of the group, though it rests on one unit: the analyst is to be warned.
        uninformative: indicator -> why its weight is 0 (``no value``, ``constant``, ``all zero``).
        equal_fallback: True when no indicator of the group tells units apart: the weights are equal, and
            the caller records it. (The alternative is 0/0.)
    """

    entropy: pd.Series[float]
    divergence: pd.Series[float]
    weights: pd.Series[float]
    single_nonzero: list[str]
    uninformative: dict[str, str]
    equal_fallback: bool


def entropy_weights(z: pd.DataFrame, node: str = "group") -> EntropyResult:
    """Weigh indicators by Shannon entropy over the units.

    p = z / sum z, H = -(1 / ln m) sum p ln p with 0 ln 0 = 0, w = (1 - H) / sum(1 - H); m is the number of
    units **with a value** of that indicator. Zeros are never shifted. (Shannon 1948; Zeleny 1982; the
    convention is that of Zavadskas & Podvezko 2016.)

    Args:
        z: units x indicators, not negative; NaN is missing.
        node: the group's name, for messages.

    Raises:
        DataError: no indicator at all, a negative or an infinite value.
    """
    if z.shape[1] == 0:
        raise DataError(f"{node}: no indicator to weigh; give at least one with values")
    _refuse_bad(z, node)
    names = list(z.columns)
    values: dict[str, float] = {}
    uninformative: dict[str, str] = {}
    single: list[str] = []
    for position, name in enumerate(names):
        column = z.iloc[:, position].dropna().to_numpy(dtype=float)
        if reason := _without_information(column):
            uninformative[name], values[name] = reason, 1.0
            continue
        positive = column[column > 0]
        if len(positive) == 1:
            single.append(name)
        share = positive / positive.sum()
        values[name] = min(1.0, max(0.0, float(-(share * np.log(share)).sum() / np.log(len(column)))))
    entropy = pd.Series(values, index=names, dtype=float)
    divergence = 1.0 - entropy
    total = float(divergence.sum())
    fallback = total <= 0.0
    weights = pd.Series(1.0 / len(names), index=names, dtype=float) if fallback else divergence / total
    # One indicator weighs 1 whatever its entropy: that is no fallback.
    return EntropyResult(entropy, divergence, weights, single, uninformative, fallback and len(names) > 1)


def _without_information(column: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str | None:
    if len(column) == 0:
        return "no value"
    if not column.any():
        return "all zero"
    return "constant" if is_constant(column) else None


def _refuse_bad(z: pd.DataFrame, node: str) -> None:
    array = z.to_numpy(dtype=float)
    for wrong, what in ((array < 0, "negative"), (np.isinf(array), "infinite")):
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise DataError(
                f"{node}: unit {z.index[row]!r}, indicator {z.columns[column]!r}: {array[row, column]:g} is {what}; "
                "normalise the values to 0-1 before weighing them by entropy"
            )
