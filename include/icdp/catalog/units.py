"""Units of measurement and the exact factors between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from icdp.errors import DataError


@dataclass(frozen=True, slots=True)
class Units:
    """The units of ``units.yaml``: each has a kind and a factor to the base unit of that kind."""

    table: Mapping[str, tuple[str, float]]

    def __contains__(self, unit: object) -> bool:
        return unit in self.table

    def convertible(self, source: str, target: str) -> bool:
        """Tell whether both units are known and of one kind."""
        return source in self.table and target in self.table and self.table[source][0] == self.table[target][0]

    def factor(self, source: str, target: str) -> float:
        """Return the number by which a figure in ``source`` is multiplied to be in ``target``.

        Raises:
            DataError: a unit is unknown, or the two are of different kinds.
        """
        if source == target:
            return 1.0
        if not self.convertible(source, target):
            raise DataError(
                f"unit {source!r} cannot be converted to {target!r}; "
                "correct the unit or add both to units.yaml with one kind"
            )
        return self.table[source][1] / self.table[target][1]
