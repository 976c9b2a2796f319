"""Ranks and tiers of scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from icdp.errors import DataError

DECIMALS = 9
"""Scores equal to this many decimals tie: 0.1 + 0.2 is 0.3."""


def competition_rank(scores: pd.Series[float]) -> pd.Series[int]:
    """Rank scores from the highest, ties sharing the better rank (1, 2, 2, 4).

    Args:
        scores: by unit; NaN is missing.

    Returns:
        ``Int64``, NA where the score is missing.
    """
    return scores.round(DECIMALS).rank(method="min", ascending=False).astype("Int64")


def tiers(scores: pd.Series[float], thresholds: Sequence[float] = (50.0, 25.0)) -> pd.Series[int]:
    """Sort scores into tiers: 1 above the first threshold, 2 above the second, and so on.

    A score on a threshold (to 9 decimals) is not above it.

    Args:
        scores: by unit, 0-100; NaN is missing.
        thresholds: falling.

    Returns:
        ``Int64``, 1 ... len(thresholds) + 1, NA where the score is missing.

    Raises:
        DataError: thresholds that do not fall.
    """
    if any(lower >= upper for upper, lower in pairwise(thresholds)):
        raise DataError(f"tier thresholds {list(thresholds)} do not fall; write them from high to low, like [50, 25]")
    rounded = scores.round(DECIMALS).to_numpy(dtype=float)
    tier = 1 + (rounded[:, np.newaxis] <= np.asarray(thresholds, dtype=float)).sum(axis=1)
    return pd.Series(tier, index=scores.index, dtype="Int64").mask(scores.isna())
