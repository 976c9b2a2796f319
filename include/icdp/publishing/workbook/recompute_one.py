"""The sheet on which the composite of a province that the reader chooses is recomputed, a line a node."""

from __future__ import annotations

import numpy as np
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
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
    picked,
    scaled,
    shown,
)  # fmt: skip
from icdp.publishing.workbook.recompute_all import ALL, ALL_HEADINGS, LEAST_ROW, WEIGHT_ROW, AllSheet
from icdp.publishing.workbook.wide import DIRECTION, HEADINGS, LEAST, MOST, OWN, SCORES, VALUES

ONE = "逐省复算 Recompute one"
CHOICE_ROW, ONE_HEADINGS = 2, 4
"""Rows from 0: the choice, headings."""
INDENT = "　"
COLUMNS = (
    Column("节点", "Node"), Column("英文名", "English name"), Column("数值", "Value", "General"), Column("单位", "Unit"),
    Column("最小值", "Minimum", "General"), Column("最大值", "Maximum", "General"),
    Column("同级权重", "Weight among siblings", "0.0000"), Column("有值权重占比", "Coverage", "0%"),
    Column("标准化值 0–1 或得分 0–100", "Normalised 0-1, or score 0-100", "0.0000"),
    Column("已发布得分", "Published score", "0.0000"), Column("差", "Difference", DIFFERENCE),
)  # fmt: skip
_VALUE, _UNIT, _LEAST, _MOST, _WEIGHT, _COVERED, _RESULT, _PUBLISHED, _DIFFERENCE = range(2, 11)


class OneSheet:
    """The tree, depth first, in formulas throughout; it opens on the leading province.

    Args:
        done: what is recomputed.
    """

    def __init__(self, done: Recomputed) -> None:
        self.done, self.year, self.all = done, done.year, AllSheet(done)
        nodes = [node.id for node in done.year.tree.nodes if node.id in self.all.at]
        self.row = {node: row for row, node in enumerate(nodes, start=ONE_HEADINGS + 1)}
        self.count = len(self.year.provinces)
        self.first = int(np.nanargmax(done.published[done.year.tree.root].to_numpy()))
        self.adcode = str(self.year.provinces["adcode"][self.first])

    def write(self, book: Book) -> None:
        """Write it."""
        sheet = book.sheet(
            ONE, "逐省复算 A province recomputed",
            "在 B3 选择省份。表中全是公式，从数值算到综合得分；末列为与已发布得分之差。 Choose a province in B3. All below are formulas, from its "
            "values to its composite; the last column is the difference from what is published.",
        )  # fmt: skip
        book.table(sheet, COLUMNS, [[None] * len(COLUMNS) for _ in self.row], fixed=1, top=ONE_HEADINGS)
        names = f"'{ALL}'!{xl_range_abs(ALL_HEADINGS + 1, 0, ALL_HEADINGS + self.count, 0)}"
        colours = look().colours
        choice = book.style(bold=True, bg_color=colours["panel"], border=2, border_color=colours["accent"])
        sheet.write_string(CHOICE_ROW, 0, "省份 Province", book.label())
        sheet.write_string(CHOICE_ROW, 1, str(self.year.provinces["short_zh"][self.first]), choice)
        sheet.data_validation(CHOICE_ROW, 1, CHOICE_ROW, 1, {"validate": "list", "source": f"={names}"})
        sheet.write_string(CHOICE_ROW, 2, "序号 Row", book.label())
        chosen = xl_rowcol_to_cell(CHOICE_ROW, 1, True, True)
        sheet.write_formula(CHOICE_ROW, 3, f"=MATCH({chosen},{names},0)", book.label(), self.first + 1)
        for node in self.row:
            self._names(book, sheet, node)
            self._inner(book, sheet, node) if node in self.all.inner else self._leaf(book, sheet, node)
        for column, wide in ((0, 34), (1, 42), (3, 12)):
            sheet.set_column(column, column, wide)

    def _names(self, book: Book, sheet: Worksheet, node: str) -> None:
        row, text = self.row[node], line(book, bold=node in self.all.inner)
        sheet.write_string(row, 0, INDENT * self.year.tree.level(node) + str(self.year.nodes["name_zh"][node]), text)
        sheet.write_string(row, 1, str(self.year.nodes["name_en"][node]), text)
        weight = cell_of(ALL, self.all.at[node], WEIGHT_ROW)
        sheet.write_formula(row, _WEIGHT, f"={weight}", line(book, "0.0000"), self.done.weights[node])

    def _picked(self, sheet: str, column: int, headings: int) -> str:
        return picked(sheet, column, headings + 1, self.count, xl_rowcol_to_cell(CHOICE_ROW, 3, True, True))

    def _leaf(self, book: Book, sheet: Worksheet, leaf: str) -> None:
        row, place, plain = self.row[leaf], self.all.leaf[leaf], line(book, "General")
        column = self.year.wide("indicator_values", "indicator", "value", [leaf])[leaf].astype(float)
        value = float(column[self.adcode])
        sheet.write_formula(row, _VALUE, f"={self._picked(VALUES, place, HEADINGS)}", plain, shown(value))
        sheet.write_string(row, _UNIT, self.year.unit(leaf), line(book))
        for at, label, extreme in ((_LEAST, LEAST, column.min()), (_MOST, MOST, column.max())):
            sheet.write_formula(row, at, f"={cell_of(VALUES, place, label)}", plain, float(extreme))
        cells = [xl_rowcol_to_cell(row, at) for at in (_VALUE, _LEAST, _MOST)]
        by_hand = scaled(cells[0], cell_of(VALUES, place, DIRECTION), cells[1], cells[2])
        formula = by_hand if self.done.by_hand(leaf) else f"={self._picked(ALL, place, ALL_HEADINGS)}"
        z = number(self.done.z, self.adcode, leaf)
        sheet.write_formula(row, _RESULT, formula, line(book, "0.0000"), shown(z))

    def _inner(self, book: Book, sheet: Worksheet, node: str) -> None:
        row, bold = self.row[node], line(book, "0.0000", bold=True)
        children = [child for child in self.year.tree.children(node) if child in self.row]
        cells = {c: [xl_rowcol_to_cell(self.row[c], at) for at in (_RESULT, _WEIGHT, _COVERED)] for c in children}
        covered = [(cells[c][0], cells[c][1], "1" if c in self.all.leaf else cells[c][2]) for c in children]
        share = number(self.done.result.coverage, self.adcode, node)
        sheet.write_formula(row, _COVERED, coverage_of(covered), line(book, "0%"), share)
        published = self._picked(SCORES, OWN + self.year.inner.index(node), TOP)
        stated, own = number(self.done.published, self.adcode, node), self.done.score(self.adcode, node)
        sheet.write_formula(row, _PUBLISHED, f"={published}", line(book, "0.0000"), shown(stated))
        parts = [(cells[c][0], cells[c][1], 1 if c in self.all.leaf else 100) for c in children]
        least = cell_of(ALL, 1, LEAST_ROW)
        mean = mean_of(parts, xl_rowcol_to_cell(row, _COVERED), least)
        formula = mean if self.done.mean(node) else f"={xl_rowcol_to_cell(row, _PUBLISHED)}"
        sheet.write_formula(row, _RESULT, formula, bold, shown(own))
        apart = difference(*(xl_rowcol_to_cell(row, at) for at in (_RESULT, _PUBLISHED)))
        sheet.write_formula(row, _DIFFERENCE, apart, line(book, DIFFERENCE), gap(own, stated))
