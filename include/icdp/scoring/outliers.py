"""Outliers by the JRC's rule, and their treatment: a few values are pulled in to the next one.

OECD/JRC, Handbook on Constructing Composite Indicators (2008), step 4; the thresholds, the number of points and the
estimators are those of COINr (Becker et al., J. Open Source Software 7(78), 2022, function ``winsorise``).
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from icdp.scoring.aggregate import Note

SKEWNESS, KURTOSIS = 2.0, 3.5
MOST_POINTS = 5


def is_outlying(skewness: float, kurtosis: float, limits: tuple[float, float] = (SKEWNESS, KURTOSIS)) -> bool:
    """Tell whether a distribution needs treatment: its skewness and its excess kurtosis are both beyond the limits."""
    return abs(skewness) > limits[0] and kurtosis > limits[1]


def shape(values: pd.Series[float]) -> tuple[float, float]:
    """Return skewness and excess kurtosis, bias-corrected (Excel's SKEW and KURT); NaN below 3 and 4 values."""
    return float(str(values.skew())), float(str(values.kurt()))


def winsorise(values: pd.Series[float], most: int = MOST_POINTS) -> pd.Series[float] | None:
    """Pull in as few outermost values as the rule asks for, on the side of the skew.

    Args:
        values: one indicator; NaN is missing and stays.
        most: largest number of values that may change.

    Returns:
        the treated values, the same ones where nothing is outlying; None when ``most`` do not suffice.
    """
    treated = values.astype(float)
    ordered = values.dropna().sort_values(kind="stable")
    for points in range(min(most, len(ordered) - 1) + 1):
        skewness, kurtosis = shape(treated.dropna())
        if not is_outlying(skewness, kurtosis):
            return treated
        if points == most or points + 1 >= len(ordered):
            return None
        if skewness > 0:
            treated = treated.clip(upper=float(ordered.iloc[-points - 2]))
        else:
            treated = treated.clip(lower=float(ordered.iloc[points + 1]))
    return None


def treat(values: pd.DataFrame, indicators: Collection[str]) -> tuple[pd.DataFrame, list[Note]]:
    """Winsorise the indicators named, and tell of every value that changed.

    Args:
        values: units x indicators; NaN is missing.
        indicators: those to treat where they are outlying; the others stay as they are.
    """
    treated, notes = values.copy(), []
    for name in (column for column in values.columns if column in indicators):
        pulled = winsorise(values[name])
        if pulled is None:
            notes.append(Note("not_winsorised", name, f"{MOST_POINTS} values pulled in do not suffice: left as it is"))
            continue
        changed = values[name].notna() & (pulled != values[name])
        treated[name] = pulled
        notes += [
            Note("winsorised", name, f"{values[name][unit]:.10g} counted as {pulled[unit]:.10g}", str(unit))
            for unit in values.index[changed]
        ]
    return treated, notes
