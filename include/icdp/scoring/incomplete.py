"""Incomplete pairwise comparison matrices: when the judgements given say enough, and what the others are then.

Bozóki, S., Fülöp, J., Rónyai, L. (2010). On optimal completion of incomplete pairwise comparison matrices.
Mathematical and Computer Modelling 52(1-2), 318-333: the open cells are those that make lambda_max smallest.
They are unique exactly when the graph of the comparisons given is connected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.perron import perron

Matrix = NDArray[np.float64]

_FLAT = 1e-13  # a gradient below it, against lambda_max, is rounding of the eigen-solver
_STEPS = 100  # Newton needs fewer than ten; the last steps may only move rounding


def components(given: NDArray[np.bool_]) -> list[list[int]]:
    """Return the groups of items that are compared with each other, directly or through others.

    Args:
        given: n x n, symmetric; true where two items are compared.

    Returns:
        the positions of each group's items, in order; one group when the graph is connected.
    """
    left, groups = set(range(len(given))), []
    while left:
        group, edge = set(), {min(left)}
        while edge:
            group |= edge
            edge = {int(j) for i in edge for j in np.flatnonzero(given[i])} - group
        groups.append(sorted(group))
        left -= group
    return groups


def complete(matrix: Matrix) -> Matrix:
    """Fill the open cells of a reciprocal matrix so that its lambda_max is as small as it can be.

    In the logarithms of the open cells lambda_max is strictly convex. Newton's method starts from the
    logarithmic least squares solution, which is exact when the judgements given do not contradict each other.

    Args:
        matrix: n x n, NaN where the pair is open; reciprocal, diagonal 1, graph connected (:func:`components`).

    Returns:
        the full matrix; cells given are unchanged, completed ones may lie beyond 1/9 to 9.
    """
    rows, columns = np.nonzero(np.triu(np.isnan(matrix)))
    full = matrix.copy()
    if not len(rows):
        return full
    weights = _log_least_squares(matrix)
    t = weights[rows] - weights[columns]
    root = _fill(full, rows, columns, t)
    for _ in range(_STEPS):
        gradient, hessian = _derivatives(full, root, rows, columns)
        if np.abs(gradient).max() <= _FLAT * root:
            break
        step = np.linalg.solve(hessian, -gradient)
        share = 1.0
        while share > 1e-6 and (moved := _fill(full, rows, columns, t + share * step)) > root:
            share /= 2.0
        if share <= 1e-6 or moved >= root:
            break  # nothing but rounding is left to gain
        t, root = t + share * step, moved
    _fill(full, rows, columns, t)
    return full


def _log_least_squares(matrix: Matrix) -> Matrix:
    """Return log priorities w minimising sum (log a_ij - w_i + w_j)^2 over the cells given."""
    given = ~np.isnan(matrix)
    np.fill_diagonal(given, False)
    laplacian = np.diag(given.sum(axis=1)) - given
    sums = np.where(given, np.log(np.where(given, matrix, 1.0)), 0.0).sum(axis=1)
    # The ones make the singular Laplacian of a connected graph regular and the logarithms sum to 0.
    return np.asarray(np.linalg.solve(laplacian + 1.0, sums))


def _fill(full: Matrix, rows: NDArray[np.intp], columns: NDArray[np.intp], t: Matrix) -> float:
    full[rows, columns], full[columns, rows] = np.exp(t), np.exp(-t)
    return float(perron(full)[1])


def _derivatives(full: Matrix, root: float, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Matrix, Matrix]:
    """Return gradient and Hessian of lambda_max in the logarithms of the open cells (perturbation theory)."""
    x, y = perron(full)[0], perron(full.T)[0]
    y = y / (x @ y)
    projector = np.outer(x, y)
    resolvent = np.linalg.inv(root * np.eye(len(full)) - full + projector) - projector
    up, down = full[rows, columns], full[columns, rows]
    # E_k = d full / d t_k holds +up at (row, column) and -down at (column, row).
    gradient = y[rows] * up * x[columns] - y[columns] * down * x[rows]
    right = np.zeros((len(full), len(rows)))  # E_k x
    left = np.zeros((len(rows), len(full)))  # y E_k
    k = np.arange(len(rows))
    right[rows, k], right[columns, k] = up * x[columns], -down * x[rows]
    left[k, columns], left[k, rows] = y[rows] * up, -y[columns] * down
    mixed = left @ resolvent @ right
    own = y[rows] * up * x[columns] + y[columns] * down * x[rows]
    return gradient, mixed + mixed.T + np.diag(own)
