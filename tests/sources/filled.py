"""Workbooks as analysts hand them in; the figures are synthetic unless a test says otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

import openpyxl
from openpyxl.workbook.workbook import Workbook

from icdp.catalog import Catalog
from icdp.sources.workbook import COLUMNS, HEADER_ROW
from icdp.sources.workbook_form import empty_workbook

CITED = {
    "basis": "published", "publisher": "虚构统计局", "source_title": "虚构公报（synthetic）", "address": "https://example.org/notice",
    "locator": "表1", "entered_by": "测试员", "note": "测试用虚构数据",
}  # fmt: skip
Edit = Callable[[Workbook], object]


def column(name: str) -> int:
    return list(COLUMNS).index(name) + 1


def enter(book: Workbook, sheet: int, entries: dict[str, object], **cited: object) -> None:
    """Fill in the value and the citation of the rows of ``entries`` (adcode -> value) on the n-th sheet after the first."""
    page = book.worksheets[sheet]
    for row in range(HEADER_ROW + 1, page.max_row + 1):
        adcode = str(page.cell(row, 1).value)
        if adcode in entries:
            for name, text in {**CITED, "value": entries[adcode], **cited}.items():
                page.cell(row, column(name)).value = text  # type: ignore[assignment]


def filled(catalog: Catalog, sheets: Iterable[str], edit: Edit, year: int = 2024, name: str = "main") -> bytes:
    """Return an exported workbook after ``edit``."""
    book = openpyxl.load_workbook(io.BytesIO(empty_workbook(catalog, year, name, list(sheets), {})))
    edit(book)
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
