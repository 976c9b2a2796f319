"""Judgements on the ratio scale: from text to a complete, reciprocal matrix."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import JudgementError
from icdp.scoring.incomplete import complete, components

LARGEST = 9.0
RECIPROCITY = 1e-6
_RATIO = re.compile(r"(\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?", re.ASCII)
_REMEDY = "write it like 3, 1/3 or 3/2, both parts above 0 and at most 9"


def parse_judgement(value: object) -> float:
    """Return one judgement as a number.

    Args:
        value: a ratio l/m with l and m in (0, 9], as text (``3``, ``1/3``, ``3/2``; full-width digits and
            slash are understood) or as a number in (0, 9].

    Raises:
        JudgementError: anything else, with what to write instead.
    """
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        parts = [float(value)]
    else:
        text = unicodedata.normalize("NFKC", str(value)).strip().replace("\u2044", "/")
        match = _RATIO.fullmatch(text)
        parts = [float(part) for part in match.groups() if part is not None] if match else []
    if not parts or not all(0.0 < part <= LARGEST for part in parts):
        raise JudgementError(f"{value!r} is no judgement; {_REMEDY}")
    return parts[0] if len(parts) == 1 else parts[0] / parts[1]


def reciprocal(value: float, inverse: float) -> bool:
    """Tell whether two opposite judgements are each other's inverse to 1e-6."""
    return abs(value * inverse - 1.0) <= RECIPROCITY


def complete_matrix(
    judgements: Mapping[tuple[str, str], float], items: Sequence[str], where: str = "matrix"
) -> pd.DataFrame:
    """Make a full matrix: 1 on the diagonal, the inverse of its opposite in each missing cell.

    Pairs judged by neither cell are completed so that lambda_max is smallest (:mod:`icdp.scoring.incomplete`).

    Args:
        judgements: (row item, column item) -> how much more important the row is than the column.
        items: every item of the matrix, in the order wanted.
        where: name of the matrix, for messages.

    Returns:
        items x items, positive and reciprocal.

    Raises:
        JudgementError: an unknown item, two judgements of a pair that are not inverse, or items that no chain
            of judgements connects; the message names the groups that fall apart.
    """
    given = given_matrix(judgements, items, where)
    return pd.DataFrame(completed(given, items, where), index=list(items), columns=list(items))


def completed(given: NDArray[np.float64], items: Sequence[str], where: str) -> NDArray[np.float64]:
    """Fill the open cells of a matrix so that lambda_max is smallest (:mod:`icdp.scoring.incomplete`).

    Args:
        given: items x items, NaN where a pair is open.
        items: their names.
        where: name of the matrix, for messages.

    Raises:
        JudgementError: no chain of judgements connects all items; names the groups that fall apart.
    """
    groups = components(~np.isnan(given))
    if len(groups) > 1:
        apart = " | ".join(", ".join(items[i] for i in group) for group in groups)
        raise JudgementError(
            f"{where}: no judgement connects {apart}; judge at least {len(groups) - 1} more "
            f"pair{'s' if len(groups) > 2 else ''} between these groups"
        )
    return complete(given)


def given_matrix(
    judgements: Mapping[tuple[str, str], float], items: Sequence[str], where: str = "matrix"
) -> NDArray[np.float64]:
    """Return the matrix of what was judged and its inverses, NaN where a pair is open.

    Args:
        judgements: (row item, column item) -> how much more important the row is than the column.
        items: every item of the matrix, in the order wanted.
        where: name of the matrix, for messages.

    Raises:
        JudgementError: an unknown item, or two judgements of a pair that are not inverse.
    """
    place = {item: position for position, item in enumerate(items)}
    matrix = np.full((len(items), len(items)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    judged = np.eye(len(items), dtype=bool)
    for (row, column), value in judgements.items():
        if unknown := [item for item in (row, column) if item not in place]:
            raise JudgementError(f"{where}: unknown item {unknown[0]!r}; the items are {', '.join(items)}")
        matrix[place[row], place[column]] = value
        judged[place[row], place[column]] = judged[place[column], place[row]] = True
        if row != column and (column, row) not in judgements:
            matrix[place[column], place[row]] = 1.0 / value if value else np.inf
    _check(np.where(judged, matrix, 1.0), items, where)
    return matrix


def check_matrix(matrix: pd.DataFrame, where: str = "matrix") -> None:
    """Refuse what is no pairwise comparison matrix.

    Any positive number is accepted, so that merged matrices pass as well as an expert's.

    Args:
        matrix: items x items.
        where: name of the matrix, for messages.

    Raises:
        JudgementError: not square, not positive, diagonal other than 1, or a_ij a_ji other than 1 (to 1e-6);
            the message names the cell by its items.
    """
    items = list(matrix.index)
    if not items or matrix.shape[0] != matrix.shape[1] or items != list(matrix.columns):
        raise JudgementError(
            f"{where}: {matrix.shape[0]} rows and {matrix.shape[1]} columns are no comparison of the same items; "
            "give the same items, in the same order, as rows and as columns"
        )
    _check(matrix.to_numpy(dtype=float), items, where)


def _check(a: NDArray[np.float64], items: Sequence[str], where: str) -> None:
    wrong = np.argwhere(~(np.isfinite(a) & (a > 0)))
    if len(wrong):
        i, j = wrong[0]
        raise JudgementError(f"{where}: {items[i]} over {items[j]} is {a[i, j]:g}; a judgement is a positive number")
    off = np.argwhere(np.abs(np.diag(a) - 1.0) > RECIPROCITY)
    if len(off):
        i = off[0][0]
        raise JudgementError(f"{where}: {items[i]} over itself is {a[i, i]:g}; the diagonal is 1")
    skew = np.argwhere(np.triu(np.abs(a * a.T - 1.0) > RECIPROCITY, 1))
    if len(skew):
        i, j = skew[0]
        raise JudgementError(
            f"{where}: {items[i]} over {items[j]} is {a[i, j]:g} but {items[j]} over {items[i]} is {a[j, i]:g}; "
            "they must be each other's inverse, so leave one of them out"
        )
