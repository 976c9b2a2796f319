"""An Excel file in the look of the index: one way to write a heading, a table, a text, a figure."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from icdp.look import look

# A text from outside stays a text: it becomes neither a formula nor a link nor a number.
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "Microsoft YaHei", "font_size": 10},
}
LONGEST_TEXT = 32_767  # Excel's own limit of a cell
LONGEST_ADDRESS = 2_079
CUT = "…（全文见 full text: csv/）"
NARROWEST, WIDEST = 7.0, 56.0
TOP = 2
"""Rows above the headings of a table: the title, and a line about it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people.

    Attributes:
        zh: Chinese heading.
        en: English heading.
        form: Excel's number format; empty for texts.
        link: whether its texts are addresses.
    """

    zh: str
    en: str
    form: str = ""
    link: bool = False

    @property
    def heading(self) -> str:
        """Return both headings, Chinese above."""
        return f"{self.zh}\n{self.en}" if self.en else self.zh


class Book:
    """A workbook being written; closes, and so appears, at the end of a ``with`` block."""

    def __init__(self, path: Path, created: datetime, about: dict[str, str]) -> None:
        """Begin a workbook.

        Args:
            path: the file.
            created: what the file says of its making (UTC); no other moment stands in it.
            about: title, author, subject and the like, as XlsxWriter names them.
        """
        self._book = xlsxwriter.Workbook(str(path), deepcopy(_OPTIONS))  # it changes what it is given
        self._book.set_properties({**about, "created": created.replace(tzinfo=None)})
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._book.close()

    def style(self, **properties: Any) -> Format:
        """Return a format; an equal one is made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def heading(self) -> Format:
        """Return the format of column headings."""
        colours = look().colours
        return self.style(
            bold=True, font_color=colours["paper"], bg_color=colours["accent"], text_wrap=True, valign="vcenter",
            align="center", bottom=1, bottom_color=colours["line"],
        )  # fmt: skip

    def label(self) -> Format:
        """Return the format of what stands above or beside figures."""
        colours = look().colours
        return self.style(font_color=colours["ink"], bg_color=colours["panel"], text_wrap=True)

    def muted(self) -> Format:
        """Return the format of a remark."""
        return self.style(font_color=look().colours["muted"])

    def sheet(self, name: str, title: str, remark: str, colour: str | None = None) -> Worksheet:
        """Begin a sheet with its title and a line about it."""
        sheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_tab_color(colour or look().colours["accent"])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, title, self.style(bold=True, font_size=14, font_color=look().colours["accent"]))
        sheet.write_string(1, 0, remark, self.muted())
        sheet.set_row(0, 24)
        return sheet

    def cell(self, sheet: Worksheet, row: int, column: int, value: object, form: Format, *, link: bool = False) -> None:
        """Write a figure or a text; what is missing stays an empty cell."""
        value = value.item() if isinstance(value, np.generic) else value
        if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
            sheet.write_blank(row, column, None, form)
        elif isinstance(value, bool):
            sheet.write_string(row, column, "是 yes" if value else "否 no", form)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, form)
        else:
            text = str(value)
            if link and text.startswith(("http://", "https://")) and len(text) <= LONGEST_ADDRESS:
                sheet.write_url(row, column, text, form, string=text)
            else:
                sheet.write_string(row, column, shortened(text), form)

    def table(
        self,
        sheet: Worksheet,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        fixed: int = 0,
        top: int = TOP,
    ) -> None:
        """Write a table with headings that stay in sight, filters and widths that fit.

        Args:
            sheet: where.
            columns: its columns.
            rows: its cells.
            fixed: columns at the left that stay in sight.
            top: row of the headings, from 0.
        """
        kept = [list(row) for row in rows]
        colours = look().colours
        for place, column in enumerate(columns):
            sheet.write_string(top, place, column.heading, self.heading())
            more = {"num_format": column.form} if column.form else {"text_wrap": True}
            form = self.style(bottom=1, bottom_color=colours["line"], **more)
            for row, cells in enumerate(kept, start=top + 1):
                self.cell(sheet, row, place, cells[place], form, link=column.link)
            sheet.set_column(place, place, width(column, [cells[place] for cells in kept]))
        sheet.set_row(top, 15 * max(c.heading.count("\n") + 1 for c in columns) + 6)
        sheet.freeze_panes(top + 1, fixed)
        if kept:
            sheet.autofilter(top, 0, top + len(kept), len(columns) - 1)
        sheet.repeat_rows(top)


def shortened(text: str) -> str:
    """Return a text as long as a cell can hold, saying so where it is cut."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(CUT)] + CUT


def width(column: Column, cells: Iterable[object]) -> float:
    """Return a width in which headings and most cells fit."""
    heading = max(_across(line) for line in column.heading.split("\n"))
    if column.form:
        return max(heading + 3.0, 9.0)
    longest = max((_across(line) for cell in cells for line in str(cell).split("\n")), default=0.0)
    return min(max(heading + 3.0, longest + 1.5, NARROWEST), WIDEST)


def _across(text: str) -> float:
    """Return the width of a text in digits; a Chinese character takes two."""
    return sum(2.0 if unicodedata.east_asian_width(c) in "WF" else 1.0 for c in text)
