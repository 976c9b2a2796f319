"""What the checks of one year look at: the figures of its slice, its values, and what stood before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd

from icdp.catalog import Catalog
from icdp.warehouse.values import Values, current_observations

# A year is compared with the newest earlier one that has figures, not further back than this.
FARTHEST = 4
# Fewer provinces than this say nothing about how all of them move.
LEAST_PROVINCES = 8
# The year after is looked at only for copies: its figures filed under this year.
AHEAD = 1
# The year before is built anew from the same inputs, and its figures may be a year older than this one's.
BEHIND = 1


class Pair(NamedTuple):
    """A series in a year and in the year before that has figures; NaN where a province has none."""

    subject: str
    series: str
    year: int
    gap: int
    now: pd.Series[float]
    before: pd.Series[float]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw of one subject; ``detail`` is added to the check's message where it did not pass."""

    subject: str
    passed: bool
    observed: str
    expected: str
    detail: str = ""


@dataclass(frozen=True)
class YearData:
    """What the checks of one year look at.

    Attributes:
        catalog: the index as data.
        year: the statistical year.
        figures: every observation of the year's slice, of the year before it and of the year after, from every source:
            series, year, adcode, value, unit, layer, source, payload_sha256, retrieved_at.
        values: table ``indicator_values`` of the year.
        coverage: table ``indicator_coverage`` of the year.
        lineage: table ``lineage`` of the year.
        national_totals: printed totals (series, year, value, unit, publisher, source_title).
        earlier: the coverage tables the year is held against, by what they are called.
        connection: where checks in SQL are evaluated; by default a database of their own.
    """

    catalog: Catalog
    year: int
    figures: pd.DataFrame
    values: pd.DataFrame
    coverage: pd.DataFrame
    lineage: pd.DataFrame
    national_totals: pd.DataFrame
    earlier: dict[str, pd.DataFrame] = field(default_factory=dict)
    connection: duckdb.DuckDBPyConnection | None = None

    @classmethod
    def of(cls, catalog: Catalog, year: int, figures: pd.DataFrame, built: Values, totals: pd.DataFrame) -> YearData:
        """Return the data of a year whose values were just built."""
        return cls(catalog, year, figures, built.values, built.coverage, built.lineage, totals)

    @cached_property
    def current(self) -> pd.DataFrame:
        """The one observation of each series, year and province that counts; ``own`` is its value in the series' unit.

        ``own`` is NaN where the unit is of another kind.
        """
        return self._in_own_unit(current_observations(self.figures))

    @cached_property
    def observations(self) -> pd.DataFrame:
        """The current observations of the year itself, and those its values were made from."""
        rows = self.current[self.current["year"] <= self.year]
        used = pd.MultiIndex.from_frame(self.lineage[["series", "of_adcode", "value_year"]].drop_duplicates())
        key = pd.MultiIndex.from_frame(rows[["series", "adcode", "year"]])
        return rows[((rows["year"] == self.year) | key.isin(used)).to_numpy()]

    @cached_property
    def wide(self) -> pd.DataFrame:
        """Current figures in own units: (series, year) x all provinces; NaN where there is none."""
        table = self.current.pivot(index=["series", "year"], columns="adcode", values="own")
        return table.reindex(columns=list(self.catalog.provinces)).astype(float)

    @cached_property
    def _rows(self) -> dict[tuple[str, int], pd.Series[float]]:
        table = self.wide.to_numpy()
        keys = [(str(series), int(year)) for series, year in self.wide.index]
        return {key: pd.Series(row, index=self.wide.columns) for key, row in zip(keys, table, strict=True)}

    @cached_property
    def counted(self) -> dict[tuple[str, int], int]:
        """Return how many provinces the index of this year takes of each series and year."""
        held = self.observations[["series", "year"]].value_counts(sort=False).sort_index()
        return {(str(key[0]), int(key[1])): int(n) for key, n in zip(held.index.to_list(), held, strict=True)}

    def row(self, series: str, year: int) -> pd.Series[float]:
        """Return a series in a year over all provinces, NaN where there is no figure."""
        return self._rows.get((series, year), pd.Series(np.nan, index=self.wide.columns))

    def years_of(self, series: str) -> list[int]:
        """Return the years of which the slice has figures of a series, oldest first."""
        return sorted(year for name, year in self._rows if name == series)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every series and year the index of this year rests on, with the year before that has figures."""
        return tuple(self._pairs())

    def _pairs(self) -> Iterator[Pair]:
        for (series, year), provinces in self.counted.items():
            earlier = [y for y in self.years_of(series) if year - FARTHEST <= y < year]
            if provinces < LEAST_PROVINCES or not earlier:
                continue
            now, before = self.row(series, year), self.row(series, earlier[-1])
            if int((now.notna() & before.notna()).sum()) >= LEAST_PROVINCES:
                yield Pair(self.subject(series, year), series, year, year - earlier[-1], now, before)

    def subject(self, name: str, year: int) -> str:
        """Return what a finding about a year speaks of: the name alone when it is the statistical year."""
        return name if year == self.year else f"{name} {year}"

    def short(self, adcode: object) -> str:
        """Return a province's short name, or the code where it is none."""
        province = self.catalog.provinces.get(str(adcode))
        return province.short_zh if province else str(adcode)

    def _in_own_unit(self, rows: pd.DataFrame) -> pd.DataFrame:
        kinds = rows[["series", "unit"]].drop_duplicates()
        units, series = self.catalog.units, self.catalog.series
        factors = {
            (name, unit): units.factor(unit, series[name].unit)
            if units.convertible(unit, series[name].unit)
            else np.nan
            for name, unit in kinds.itertuples(index=False)
        }
        pairs = zip(rows["series"], rows["unit"], strict=True)
        return rows.assign(own=rows["value"].to_numpy() * np.array([factors[pair] for pair in pairs], dtype=float))


def told(parts: list[str], most: int = 4) -> str:
    """Return a list in words, the first few in full."""
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more
