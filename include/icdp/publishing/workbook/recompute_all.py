"""The sheet on which every province's composite is recomputed, a column a node, beside what is published."""

from __future__ import annotations

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from icdp.look import look
from icdp.publishing.workbook.book import TOP, Book, Column
from icdp.publishing.workbook.recompute import (
    DIFFERENCE,
    Recomputed,
    cell_of,
    coverage_of,
    difference,
    gap,
    line,
    mean_of,
    number,
    scaled,
    shown,
)  # fmt: skip
from icdp.publishing.workbook.wide import DIRECTION, HEADINGS, LEAST, MOST, OWN, PROVINCE, SCORES, VALUES

ALL = "复算全部 Recompute all"
LEAST_ROW, WEIGHT_ROW, ALL_HEADINGS = 2, 3, 4
"""Rows from 0: least coverage, weights, headings."""


class AllSheet:
    """The sheet of all provinces: where each node stands on it, and how it is written.

    Args:
        done: what is recomputed.
    """

    def __init__(self, done: Recomputed) -> None:
        self.done, self.year = done, done.year
        self.upward = [*reversed(done.year.inner)]
        self.leaf = {leaf: OWN + n for n, leaf in enumerate(done.year.used)}
        self.inner = {node: OWN + len(self.leaf) + 2 * n for n, node in enumerate(self.upward)}
        self.at = self.leaf | self.inner
        self.last = OWN + len(self.leaf) + 2 * len(self.inner)

    def write(self, book: Book) -> None:
        """Write every province's way from the values to the composite, and its difference from what is published."""
        year = self.year
        sheet = book.sheet(
            ALL, "全部省份复算 All provinces recomputed",
            "各列都是公式，可点开看：标准化值 0–1 → 各节点得分 0–100 → 与已发布得分之差。 Every column is a formula: normalised 0-1, then scores "
            "0-100, then the difference from what is published.",
        )  # fmt: skip
        columns = [*PROVINCE, *(year.column(leaf, "0.0000") for leaf in year.used)]
        for node in self.upward:
            columns += [year.column(node, "0.00"), Column("有值权重占比", "coverage", "0%")]
        columns += [Column("已发布综合得分", "Published composite", "0.00"), Column("差", "Difference", DIFFERENCE)]
        empty: list[object] = [None] * (len(columns) - OWN)
        book.table(sheet, columns, [[*own, *empty] for own in year.own()], fixed=1, top=ALL_HEADINGS)
        label, panel = book.label(), look().colours["panel"]
        sheet.write_string(LEAST_ROW, 0, "计分所需有值权重占比 Least coverage", label)
        sheet.write_number(LEAST_ROW, 1, self.done.rules.min_coverage, book.style(bg_color=panel))
        sheet.write_string(WEIGHT_ROW, 0, "同级权重 Weight among siblings", label)
        for node, place in self.at.items():
            form = book.style(num_format="0.0000", bg_color=panel)
            sheet.write_number(WEIGHT_ROW, place, self.done.weights[node], form)
        for row, adcode in enumerate(year.provinces["adcode"], start=ALL_HEADINGS + 1):
            self._leaves(book, sheet, row, adcode)
            for node in self.upward:
                self._node(book, sheet, row, adcode, node)
            self._end(book, sheet, row, adcode)

    def _leaves(self, book: Book, sheet: Worksheet, row: int, adcode: str) -> None:
        form = line(book, "0.0000")
        for leaf, place in self.leaf.items():
            z = number(self.done.z, adcode, leaf)
            if self.done.by_hand(leaf):
                value = cell_of(VALUES, place, row - ALL_HEADINGS + HEADINGS, fixed=False)
                told = [cell_of(VALUES, place, label) for label in (DIRECTION, LEAST, MOST)]
                sheet.write_formula(row, place, scaled(value, *told), form, shown(z))
            else:
                book.cell(sheet, row, place, z, form)

    def _node(self, book: Book, sheet: Worksheet, row: int, adcode: str, node: str) -> None:
        place, root = self.inner[node], self.year.tree.root
        children = [child for child in self.year.tree.children(node) if child in self.at]
        cells = {child: xl_rowcol_to_cell(row, self.at[child]) for child in children}
        weight = {child: xl_rowcol_to_cell(WEIGHT_ROW, self.at[child], row_abs=True) for child in children}
        covered = [
            (cells[c], weight[c], "1" if c in self.leaf else xl_rowcol_to_cell(row, self.at[c] + 1)) for c in children
        ]
        share = number(self.done.result.coverage, adcode, node)
        sheet.write_formula(row, place + 1, coverage_of(covered), line(book, "0%"), share)
        form, score = line(book, "0.00", bold=node == root), self.done.score(adcode, node)
        if self.done.mean(node):
            parts = [(cells[c], weight[c], 1 if c in self.leaf else 100) for c in children]
            least = xl_rowcol_to_cell(LEAST_ROW, 1, True, True)
            formula = mean_of(parts, xl_rowcol_to_cell(row, place + 1), least)
            sheet.write_formula(row, place, formula, form, shown(score))
        else:
            book.cell(sheet, row, place, score, form)

    def _end(self, book: Book, sheet: Worksheet, row: int, adcode: str) -> None:
        root = self.year.tree.root
        published = number(self.done.published, adcode, root)
        column = OWN + self.year.inner.index(root)
        cell = cell_of(SCORES, column, row - ALL_HEADINGS + TOP, fixed=False)
        form = line(book, "0.00")
        sheet.write_formula(row, self.last, f'=IF(ISNUMBER({cell}),{cell},"")', form, shown(published))
        formula = difference(xl_rowcol_to_cell(row, self.inner[root]), xl_rowcol_to_cell(row, self.last))
        apart = gap(self.done.score(adcode, root), published)
        sheet.write_formula(row, self.last + 1, formula, line(book, DIFFERENCE), apart)
