"""Analytic hierarchy process: priorities and consistency of one pairwise comparison matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import JudgementError
from icdp.scoring.incomplete import complete
from icdp.scoring.perron import perron
from icdp.scoring.ratio import LARGEST, check_matrix, complete_matrix, parse_judgement

__all__ = [
    "RANDOM_INDEX",
    "Consistency",
    "Inconsistency",
    "check_matrix",
    "complete_matrix",
    "consistency",
    "consistency_of",
    "cr_if_mended",
    "most_inconsistent",
    "parse_judgement",
    "principal_eigenvector",
    "random_index",
    "worst_pairs",
]


def _table(*values: float) -> dict[int, float]:
    return dict(enumerate(values, start=3))


# Mean consistency index of random matrices, n = 3 ... 15. Authors differ, and the author can decide pass or
# fail, so every CR carries its table's name. n = 12 of Saaty (1980) is printed 1.48, below its neighbours.
RANDOM_INDEX: dict[str, dict[int, float]] = {
    "saaty1980": _table(0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59),
    "saaty2005": _table(0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49, 1.52, 1.54, 1.56, 1.58, 1.59),
    "alonso_lamata2006": _table(
        0.5247, 0.8816, 1.1086, 1.2479, 1.3417, 1.4057, 1.4499, 1.4854, 1.5140, 1.5365, 1.5551, 1.5713, 1.5838
    ),
    "donegan_dodd1991": _table(
        0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733, 1.4055, 1.4213, 1.4497, 1.4643, 1.4822, 1.4969
    ),
    "tummala_ling1998": _table(
        0.5799, 0.8921, 1.1159, 1.2358, 1.3322, 1.3952, 1.4537, 1.4882, 1.5117, 1.5356, 1.5571, 1.5714, 1.5831
    ),
}

_NOISE = 1e-12  # a consistency index below it is rounding noise of the eigen-solver


@dataclass(frozen=True)
class Consistency:
    """Consistency of one matrix (Saaty 1980), with the table that its CR rests on.

    Attributes:
        n: items compared.
        lambda_max: the principal eigenvalue.
        ci: (lambda_max - n) / (n - 1).
        cr: ci / ri, 0 where nothing can contradict.
        ri_table: the table that ri comes from.
        ri: the random index used; of an incomplete matrix the smaller one of :func:`random_index`.
        missing: pairs without a judgement, completed.
    """

    n: int
    lambda_max: float
    ci: float
    cr: float
    ri_table: str
    ri: float = 0.0
    missing: int = 0


@dataclass(frozen=True)
class Inconsistency:
    """One judgement against what all the others imply.

    Attributes:
        row: the row item.
        col: the column item.
        given: the expert's judgement, row over column.
        implied: w_row / w_col, what the priorities of the whole matrix say.
        factor: how far the two are apart, at least 1.
    """

    row: str
    col: str
    given: float
    implied: float
    factor: float

    @property
    def proposal(self) -> str:
        """Return the implied value rounded to Saaty's scale, as it is written in a file (``4``, ``1/3``)."""
        steps = int(min(LARGEST, round(max(self.implied, 1.0 / self.implied))))
        return str(steps) if self.implied >= 1.0 or steps == 1 else f"1/{steps}"


def principal_eigenvector(matrix: pd.DataFrame) -> tuple[pd.Series[float], float]:
    """Return the priorities of a pairwise comparison matrix and its largest eigenvalue.

    The row geometric mean and the normalised column mean are other answers from n = 4 on.

    Args:
        matrix: items x items, checked by :func:`check_matrix`.

    Returns:
        priorities (positive, sum 1) by item, and lambda_max.
    """
    check_matrix(matrix)
    vector, root = perron(matrix.to_numpy(dtype=float))
    return pd.Series(vector, index=matrix.index, dtype=float), float(root)


def random_index(n: int, ri_table: str, missing: int = 0) -> float:
    """Return the random index of a matrix of size n; 0 for n = 1 and 2.

    With open pairs the CI of random matrices, completed for the smallest lambda_max, is smaller, and nearly
    linear in their number (Ágoston & Csató 2022, Omega 108, 102576). It is 0 where the judgements form a tree,
    with (n - 1)(n - 2) / 2 pairs open: then nothing can contradict. The line between the two ends is taken.
    1500 random matrices for each of n = 4 to 7 and 20 numbers of open pairs lie within 3 % of it, once within 8 %
    (n = 4, two open); the index of complete matrices would pass too much.

    Args:
        n: items compared.
        ri_table: a key of :data:`RANDOM_INDEX`.
        missing: pairs without a judgement.

    Raises:
        JudgementError: an unknown table, or more items than it covers.
    """
    if ri_table not in RANDOM_INDEX:
        raise JudgementError(f"unknown random index table {ri_table!r}; choose one of {', '.join(RANDOM_INDEX)}")
    if n <= 2:
        return 0.0
    table = RANDOM_INDEX[ri_table]
    if n not in table:
        raise JudgementError(
            f"{n} items are compared, but table {ri_table} ends at n = {max(table)}; group the items under more nodes"
        )
    cycles = (n - 1) * (n - 2) // 2
    return table[n] * (cycles - missing) / cycles


def consistency_of(lambda_max: float, n: int, ri_table: str, missing: int = 0) -> Consistency:
    """Return the consistency that belongs to a principal eigenvalue.

    One or two items cannot contradict each other, nor can judgements that form a tree: CI and CR are 0 by
    definition. Rounding noise of a consistent matrix (CR = -7e-16) is 0 as well.

    Args:
        lambda_max: the principal eigenvalue.
        n: items compared.
        ri_table: a key of :data:`RANDOM_INDEX`.
        missing: pairs without a judgement.

    Raises:
        JudgementError: unknown table, or more items than the table covers.
    """
    ri = random_index(n, ri_table, missing)
    ci = (lambda_max - n) / (n - 1) if ri else 0.0
    if ci < _NOISE:
        ci = 0.0
    return Consistency(n, lambda_max, ci, ci / ri if ci else 0.0, ri_table, ri, missing)


def consistency(matrix: pd.DataFrame, ri_table: str = "saaty1980", missing: int = 0) -> Consistency:
    """Measure how consistent a matrix is: CI = (lambda_max - n) / (n - 1), CR = CI / RI.

    Args:
        matrix: items x items, checked by :func:`check_matrix`.
        ri_table: a key of :data:`RANDOM_INDEX`.
        missing: pairs without a judgement, completed.

    Raises:
        JudgementError: no pairwise comparison matrix, unknown table, or more items than the table covers.
    """
    return consistency_of(principal_eigenvector(matrix)[1], len(matrix), ri_table, missing)


def most_inconsistent(matrix: pd.DataFrame, items: Sequence[str] | None = None, top: int = 3) -> list[Inconsistency]:
    """Return the judgements that spoil a matrix most, worst first (Saaty 2003).

    The measure is the larger of a_ij w_j / w_i and its inverse; the value that would fit is w_i / w_j. It is
    a proposal for the expert to confirm, never applied here.

    Args:
        matrix: items x items, checked by :func:`check_matrix`.
        items: names to use instead of the matrix's own, in the same order.
        top: how many at most.
    """
    values = matrix.to_numpy(dtype=float)
    names = list(matrix.index) if items is None else list(items)
    return worst_pairs(values, perron(values)[0], np.ones(values.shape, bool), names, top)


def worst_pairs(
    values: NDArray[np.float64], weights: NDArray[np.float64], judged: NDArray[np.bool_], items: Sequence[str], top: int
) -> list[Inconsistency]:
    """Return :func:`most_inconsistent` of a matrix whose priorities are known already.

    Args:
        values: items x items.
        weights: its priorities.
        judged: items x items, False where the pair was open and is completed: that is no one's inconsistency.
        items: their names.
        top: how many at most.
    """
    rows, columns = np.nonzero(np.triu(judged, 1))
    given, implied = values[rows, columns], weights[rows] / weights[columns]
    factor = np.maximum(given / implied, implied / given)
    # Rounded so that equal factors (all three of a 3 x 3 matrix) keep the order of the matrix.
    order = np.argsort(-factor.round(9), kind="stable")[:top]
    return [
        Inconsistency(items[rows[k]], items[columns[k]], float(given[k]), float(implied[k]), float(factor[k]))
        for k in order
    ]


def cr_if_mended(
    values: NDArray[np.float64],
    judged: NDArray[np.bool_],
    items: Sequence[str],
    pairs: Sequence[Inconsistency],
    ri_table: str,
) -> list[float]:
    """Return for each pair the CR that the matrix would have if that one judgement were the value proposed for it.

    Args:
        values: items x items; left as it is.
        judged: items x items, False where the pair was open; it is completed anew.
        items: their names.
        pairs: judgements of the matrix.
        ri_table: a key of :data:`RANDOM_INDEX`.
    """
    if not pairs:
        return []
    mended = np.repeat(np.where(judged, values, np.nan)[np.newaxis], len(pairs), axis=0)
    for matrix, pair in zip(mended, pairs, strict=True):
        i, j, value = items.index(pair.row), items.index(pair.col), parse_judgement(pair.proposal)
        matrix[i, j], matrix[j, i] = value, 1.0 / value
    if not judged.all():
        mended = np.stack([complete(matrix) for matrix in mended])
    missing = int((~judged).sum()) // 2
    return [consistency_of(float(root), len(items), ri_table, missing).cr for root in perron(mended)[1]]
