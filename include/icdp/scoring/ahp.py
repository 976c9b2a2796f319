"""Analytic hierarchy process: priorities and consistency of one pairwise comparison matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import JudgementError
from icdp.scoring.ratio import LARGEST, check_matrix, complete_matrix, parse_judgement

__all__ = [
    "RANDOM_INDEX",
    "Consistency",
    "Inconsistency",
    "check_matrix",
    "complete_matrix",
    "consistency",
    "most_inconsistent",
    "parse_judgement",
    "principal_eigenvector",
    "random_index",
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
    """Consistency of one matrix (Saaty 1980), with the table that its CR rests on."""

    n: int
    lambda_max: float
    ci: float
    cr: float
    ri_table: str


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

    A dense eigen-solver, not a power iteration with a fixed number of steps. The row geometric mean and the
    normalised column mean are other answers from n = 4 on.

    Args:
        matrix: items x items, checked by :func:`check_matrix`.

    Returns:
        priorities (positive, sum 1) by item, and lambda_max.
    """
    check_matrix(matrix)
    eigenvalues, eigenvectors = np.linalg.eig(matrix.to_numpy(dtype=float))
    largest = int(np.argmax(eigenvalues.real))
    # Perron-Frobenius: this vector is real and of one sign; the solver may return it complex and negative.
    vector: NDArray[np.float64] = np.abs(eigenvectors[:, largest].real)
    return pd.Series(vector / vector.sum(), index=matrix.index, dtype=float), float(eigenvalues[largest].real)


def random_index(n: int, ri_table: str) -> float:
    """Return the random index of a matrix of size n; 0 for n = 1 and 2.

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
    return table[n]


def consistency(matrix: pd.DataFrame, ri_table: str = "saaty1980") -> Consistency:
    """Measure how consistent a matrix is: CI = (lambda_max - n) / (n - 1), CR = CI / RI(n).

    One or two items cannot contradict each other: CI and CR are 0 by definition. Rounding noise of a
    consistent matrix (CR = -7e-16) is 0 as well.

    Args:
        matrix: items x items, checked by :func:`check_matrix`.
        ri_table: a key of :data:`RANDOM_INDEX`.

    Raises:
        JudgementError: no pairwise comparison matrix, unknown table, or more items than the table covers.
    """
    n = len(matrix)
    ri = random_index(n, ri_table)
    lambda_max = principal_eigenvector(matrix)[1]
    ci = (lambda_max - n) / (n - 1) if n > 2 else 0.0
    if ci < _NOISE:
        ci = 0.0
    return Consistency(n, lambda_max, ci, ci / ri if ci else 0.0, ri_table)


def most_inconsistent(matrix: pd.DataFrame, items: Sequence[str] | None = None, top: int = 3) -> list[Inconsistency]:
    """Return the judgements that spoil a matrix most, worst first (Saaty 2003).

    The measure is the larger of a_ij w_j / w_i and its inverse; the value that would fit is w_i / w_j. It is
    a proposal for the expert to confirm, never applied here.

    Args:
        matrix: items x items, checked by :func:`check_matrix`.
        items: names to use instead of the matrix's own, in the same order.
        top: how many at most.
    """
    weights = principal_eigenvector(matrix)[0].to_numpy()
    names = list(matrix.index) if items is None else list(items)
    a = matrix.to_numpy(dtype=float)
    found = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            implied = float(weights[i] / weights[j])
            ratio = float(a[i, j] / implied)
            found.append(Inconsistency(names[i], names[j], float(a[i, j]), implied, max(ratio, 1.0 / ratio)))
    # Rounded so that equal factors (all three of a 3 x 3 matrix) keep the order of the matrix.
    return sorted(found, key=lambda pair: -round(pair.factor, 9))[:top]
