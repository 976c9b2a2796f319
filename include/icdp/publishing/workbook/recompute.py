"""The two sheets by which a reader checks the scores: formulas on the sheet of values, beside what is published.

Starts from the values where an indicator is scaled by its minimum and maximum over the provinces, from its published
normalised value where it is not; takes as published the score of a node that is no weighted mean. Weights are those in
effect (sheet of weights); what a province lacks hands its weight to its siblings in proportion (docs/methodology.md,
section 5). The results that stand in the file are the engine's own (:func:`icdp.scoring.aggregate.aggregate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from icdp.look import look
from icdp.publishing.workbook.book import Book
from icdp.publishing.workbook.wide import Year
from icdp.scoring.aggregate import SLACK, Aggregation, aggregate
from icdp.scoring.engine import Settings
from icdp.scoring.normalise import Normalisation

DIFFERENCE = "0.0E+00"


@dataclass(frozen=True)
class Recomputed:
    """What a reader recomputes.

    Attributes:
        year: the tables.
        rules: the numeric rules.
    """

    year: Year
    rules: Settings

    def by_hand(self, leaf: str) -> bool:
        """Tell whether an indicator's normalised value follows from the values by minimum and maximum."""
        method = self.year.tree[leaf].normalisation or self.rules.normalisation
        return method == Normalisation() and leaf not in self.rules.winsorise

    def mean(self, node: str) -> bool:
        """Tell whether a node is the weighted arithmetic mean of its children."""
        return self.year.tree[node].aggregation == "arithmetic"

    @property
    def adds_up(self) -> bool:
        """Tell whether every node is a mean, so that points add up to the composite."""
        return all(self.mean(node) for node in self.year.inner)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Weight of each node in use among its siblings in use."""
        told = self.year.content["weights"]
        return {self.year.tree.root: 1.0, **dict(zip(told["node"], told["local_weight"].astype(float), strict=True))}

    @cached_property
    def z(self) -> pd.DataFrame:
        """Provinces x indicators in use, 0-1, computed from the values where that can be done by hand."""
        year = self.year
        values = year.wide("indicator_values", "indicator", "value", year.used).astype(float)
        published = year.wide("indicator_values", "indicator", "normalized", year.used).astype(float)
        columns = {}
        for leaf in year.used:
            column = values[leaf]
            rising = column - column.min() if int(year.nodes["direction"][leaf]) > 0 else column.max() - column
            columns[leaf] = rising / (column.max() - column.min()) if self.by_hand(leaf) else published[leaf]
        return pd.DataFrame(columns, index=values.index, columns=year.used)

    @cached_property
    def result(self) -> Aggregation:
        """Everything the formulas show."""

        def weigh(_: str, children: pd.DataFrame) -> pd.Series[float]:
            return pd.Series({child: self.weights[child] for child in children.columns})

        return aggregate(self.year.tree, self.z, weigh, self.rules.min_coverage)

    @cached_property
    def published(self) -> pd.DataFrame:
        """Provinces x nodes: the published scores."""
        return self.year.wide("scores", "node", "score", self.year.inner).astype(float)

    def score(self, adcode: str, node: str) -> float:
        """Return the score the formulas give a node, 0-100; NaN where there is none."""
        return number(self.result.scores if self.mean(node) else self.published, adcode, node)

    def remarks(self) -> list[str]:
        """Return what cannot be checked by hand in this edition, in words."""
        year, told = self.year, []
        taken = [year.nodes["name_zh"][leaf] + " " + leaf for leaf in year.used if not self.by_hand(leaf)]
        if taken:
            told.append(
                f"以下指标不按最小、最大值标准化，从已发布的标准化值算起 These are not scaled by minimum and maximum; the sheets start from their "
                f"published normalised values: {'、'.join(taken)}"
            )
        other = [f"{year.nodes['name_zh'][n]} {n} ({year.tree[n].aggregation})" for n in year.inner if not self.mean(n)]
        if other:
            told.append(
                f"以下节点不是加权算术平均，照已发布得分 These nodes are no weighted mean; their scores are taken as published: {'、'.join(other)}"
            )
        return told


def mean_of(children: list[tuple[str, str, int]], coverage: str, least: str) -> str:
    """Return the formula of a node's score: the mean of the children that have one, if enough is covered.

    Args:
        children: cell of the score, cell of the weight, points of a full score, of each.
        coverage: cell of the node's coverage.
        least: cell of the smallest coverage with a score.
    """
    weights = "+".join(f"ISNUMBER({value})*{weight}" for value, weight, _ in children)
    total = "+".join(f"{100 // full}*N({value})*{weight}" for value, weight, full in children)
    return f'=IF(AND({coverage}>={least}-{SLACK:.9f},({weights})>0),({total})/({weights}),"")'


def coverage_of(children: list[tuple[str, str, str]]) -> str:
    """Return the formula of a node's coverage out of score, weight and coverage of each child."""
    return "=" + "+".join(f"ISNUMBER({value})*{weight}*{covered}" for value, weight, covered in children)


def scaled(value: str, direction: str, least: str, most: str) -> str:
    """Return the formula of a normalised value (methodology, section 2)."""
    return f'=IF(ISNUMBER({value}),IF({direction}>0,{value}-{least},{most}-{value})/({most}-{least}),"")'


def difference(own: str, published: str) -> str:
    """Return the formula of a difference; ≠ where only one of the two has a score."""
    return (
        f"=IF(AND(ISNUMBER({own}),ISNUMBER({published})),{own}-{published},"
        f'IF(ISNUMBER({own})=ISNUMBER({published}),"","≠"))'
    )


def gap(own: float, published: float) -> float | str:
    """Return what :func:`difference` comes to."""
    if np.isnan(own) and np.isnan(published):
        return ""
    return "≠" if np.isnan(own) or np.isnan(published) else own - published


def number(table: pd.DataFrame, adcode: str, node: str) -> float:
    """Return a cell of a table of floats."""
    return float(cast("float", table.loc[adcode, node]))


def shown(number: float) -> float | str:
    """Return what a formula's cell shows: an empty text where there is nothing."""
    return "" if np.isnan(number) else number


def cell_of(sheet: str, column: int, row: int, *, fixed: bool = True) -> str:
    """Return the address of a cell of another sheet."""
    return f"'{sheet}'!{xl_rowcol_to_cell(row, column, fixed, fixed)}"


def picked(sheet: str, column: int, top: int, count: int, place: str) -> str:
    """Return the formula of the cell of the chosen province in a column of another sheet; empty where that is."""
    cells = f"'{sheet}'!{xl_range_abs(top, column, top + count - 1, column)}"
    return f'IF(ISNUMBER(INDEX({cells},{place})),INDEX({cells},{place}),"")'


def line(book: Book, number: str = "", *, bold: bool = False) -> Format:
    """Return the format of a cell of a table."""
    more = {"num_format": number} if number else {}
    return book.style(bold=bold, bottom=1, bottom_color=look().colours["line"], **more)
