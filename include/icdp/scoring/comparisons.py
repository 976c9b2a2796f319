"""The matrices of all experts on one parent, stacked: what is computed for one is computed for all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import JudgementError
from icdp.scoring.ratio import check_matrix, completed, given_matrix

Judged = Mapping[tuple[str, str], float]


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Pairwise comparisons of the same items by one or more experts.

    Attributes:
        experts: in alphabetical order.
        items: what is compared, in the order of rows and columns.
        values: experts x items x items, positive and reciprocal; open pairs are completed.
        judged: experts x items x items, symmetric, True on the diagonal and where the expert gave the pair or its
            inverse.
    """

    experts: tuple[str, ...]
    items: tuple[str, ...]
    values: NDArray[np.float64]
    judged: NDArray[np.bool_]

    @classmethod
    def of(cls, matrices: Mapping[str, pd.DataFrame], where: str = "matrix") -> Comparisons:
        """Stack complete matrices.

        Args:
            matrices: expert -> items x items, the same items in the same order.
            where: what they are about, for messages.

        Raises:
            JudgementError: nobody's, different items, or one that is no comparison matrix; names the expert.
        """
        experts = sorted(matrices)
        if not experts:
            raise JudgementError(f"{where}: no expert's judgements; add at least one expert")
        items = list(matrices[experts[0]].index)
        for expert in experts:
            check_matrix(matrices[expert], f"{where}, expert {expert}")
            if list(matrices[expert].index) != items:
                raise JudgementError(
                    f"{where}: the experts' matrices compare different items; give all the same items in one order"
                )
        values = np.stack([matrices[expert].to_numpy(dtype=float) for expert in experts])
        return cls(tuple(experts), tuple(items), values, np.ones(values.shape, dtype=bool))

    @classmethod
    def from_judgements(cls, judgements: Mapping[str, tuple[str, Judged]], items: Sequence[str]) -> Comparisons:
        """Stack what experts judged, each completed where pairs are open.

        Args:
            judgements: expert -> (name of his matrix for messages, (row item, column item) -> value).
            items: every item, in the order wanted.

        Raises:
            JudgementError: an unknown item, two judgements of a pair that are not inverse, or items that no chain
                of judgements connects; names the matrix.
        """
        experts = sorted(judgements)
        given = np.stack([given_matrix(judgements[e][1], items, judgements[e][0]) for e in experts])
        judged = ~np.isnan(given)
        values = given.copy()
        for position in np.flatnonzero(~judged.all(axis=(1, 2))):
            values[position] = completed(given[position], items, judgements[experts[position]][0])
        return cls(tuple(experts), tuple(items), values, judged)

    @property
    def missing(self) -> NDArray[np.int64]:
        """Return how many pairs each expert left open."""
        return np.asarray((~self.judged).sum(axis=(1, 2)) // 2)

    def frame(self, expert: str) -> pd.DataFrame:
        """Return one expert's full matrix, items x items."""
        values = self.values[self.experts.index(expert)]
        return pd.DataFrame(values, index=list(self.items), columns=list(self.items))
