"""Source ``workbook``: figures analysts enter by hand, one sheet an indicator, each with its citation.

Reading only; ``icdp.sources.workbook_form`` writes the empty workbook. The file an analyst hands in
is the payload, so every entry leads back to its cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from icdp.catalog import Catalog
from icdp.errors import CatalogError, DataError, NotFoundError
from icdp.partition import parse_year
from icdp.sources.base import Errand, Fetched, Payload
from icdp.sources.observations import BASES, validated
from icdp.sources.workbook_file import Problem, cell_text, open_workbook

FORMAT = "icdp-workbook 1"
ABOUT = "说明 About"
# Cells of the first sheet that say what the workbook is.
FORMAT_CELL, YEAR_CELL, NAME_CELL = "B1", "B2", "B3"
# The cell of every other sheet that names the series it is about; the sheet's own name is for people.
SERIES_CELL = "B3"
HEADER_ROW = 4
# What an analyst fills in; the first two are given.
COLUMNS = {
    "adcode": "代码 Code",
    "province": "省份 Province",
    "value": "数值 Value",
    "unit": "单位 Unit",
    "describes_year": "数据年份 Describes year",
    "basis": "性质 Basis",
    "publisher": "发布机构 Publisher",
    "source_title": "来源标题 Source title",
    "address": "来源地址 Address",
    "locator": "位置 Locator",
    "entered_by": "录入人 Entered by",
    "note": "理由或说明 Reason or note",
}
REQUIRED = ("unit", "describes_year", "basis", "publisher", "source_title", "address", "locator", "entered_by", "note")
NAME = re.compile(r"^[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿_-]{0,40}$")
LONGEST = 2000
# One row a province and year; more is no workbook of ours, and would take hours to look through.
MOST_ROWS = 2000
_Cell = Cell | MergedCell


@dataclass(frozen=True, slots=True)
class Entered:
    """A read workbook: its year, its name, its entries (columns of observations) and every problem found."""

    year: int
    name: str
    rows: list[dict[str, Any]]
    problems: list[Problem]


def entry_series(catalog: Catalog) -> dict[str, str]:
    """Return indicator -> the series an entry of it becomes: that of its first binding which is one series alone."""
    found = {}
    for indicator, bindings in catalog.bindings.items():
        alone = [b.expression.text for b in bindings if b.expression.series == (b.expression.text,)]
        if alone:
            found[indicator] = alone[0]
    return found


def oldest_year(catalog: Catalog, series: str, year: int) -> int:
    """Return the earliest year whose figure of ``series`` an index of ``year`` may still use."""
    ages = [
        catalog.indicators[indicator].max_age or 0
        for indicator, bindings in catalog.bindings.items()
        if any(series in b.expression.series for b in bindings)
    ]
    return year - max(ages, default=0)


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Workbooks come in through ``icdp workbook import`` only; nobody is asked.

    Raises:
        CatalogError: always.
    """
    raise CatalogError(f"{errand.source.source} is not fetched; use `icdp workbook import FILE`")


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the entries as observations.

    Raises:
        DataError: anything is wrong with any cell.
    """
    entered = read(payload.content, payload.name, catalog)
    if entered.problems:
        raise DataError("; ".join(map(str, entered.problems)))
    return validated(pd.DataFrame(entered.rows), catalog, payload.name)


def read(content: bytes, file: str, catalog: Catalog) -> Entered:
    """Read a workbook and collect every problem of every cell.

    Args:
        content: the file.
        file: its name for messages.
        catalog: provinces, series, units and indicators it is held against.

    Raises:
        DataError: it is no workbook of ours at all, so that no cell can be spoken of.
    """
    book = _open(content, file, catalog)
    problems: list[Problem] = []
    year, name = _about(book[ABOUT], file, problems)
    if not year:
        return Entered(year, name, [], problems)  # no cell can be judged without it
    rows: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for sheet in book.worksheets:
        if sheet.title == ABOUT:
            continue
        series, cell = cell_text(sheet[SERIES_CELL])[:LONGEST], f"{sheet.title}!{SERIES_CELL}"
        if series not in catalog.series:
            problems.append(Problem(file, cell, f"{series!r} is no series of the index; remove the sheet"))
        elif series in seen:
            problems.append(Problem(file, cell, f"{series} has a sheet already, {seen[series]}; keep one of them"))
        else:
            seen[series] = sheet.title
            rows += _sheet(sheet, series, year, file, catalog, problems)
    if not rows and not problems:
        problems.append(Problem(file, ABOUT, "no value is entered anywhere; fill in a cell of the value column"))
    return Entered(year, name, rows, problems)


def _about(about: Worksheet, file: str, problems: list[Problem]) -> tuple[int, str]:
    """Return the year and the name on the first sheet; year 0 when it is none."""
    year = 0
    try:
        year = parse_year(cell_text(about[YEAR_CELL]))
    except DataError as exc:
        problems.append(Problem(file, f"{ABOUT}!{YEAR_CELL}", str(exc)))
    name = cell_text(about[NAME_CELL])
    if not NAME.match(name):
        problems.append(Problem(file, f"{ABOUT}!{NAME_CELL}", f"{name!r} is no name; use letters, digits, - and _"))
    return year, name


def _open(content: bytes, file: str, catalog: Catalog) -> Workbook:
    limits = catalog.sources["workbook"].layout
    book = open_workbook(content, file, limits["max_megabytes"], limits["unpacked_megabytes"], "icdp workbook export")
    if ABOUT not in book.sheetnames or cell_text(book[ABOUT][FORMAT_CELL]) != FORMAT:
        raise DataError(f"{file}: is no workbook of `icdp workbook export` ({FORMAT}); export one and copy the entries")
    return book


def _sheet(
    sheet: Worksheet, series: str, year: int, file: str, catalog: Catalog, problems: list[Problem]
) -> Iterator[dict[str, Any]]:
    """Yield the entries of a sheet; what is wrong goes into ``problems``."""
    heading = [cell_text(sheet.cell(HEADER_ROW, c)) for c in range(1, len(COLUMNS) + 1)]
    if heading != list(COLUMNS.values()):
        wrong = next(n for n, (a, b) in enumerate(zip(heading, COLUMNS.values(), strict=True), 1) if a != b)
        told = f"the heading is {heading[wrong - 1]!r}, expected {list(COLUMNS.values())[wrong - 1]!r}; export a fresh workbook"
        problems.append(Problem(file, f"{sheet.title}!{sheet.cell(HEADER_ROW, wrong).coordinate}", told))
        return
    if sheet.max_row > MOST_ROWS:
        told = f"the sheet goes down to row {sheet.max_row}, more than {MOST_ROWS}; export a fresh workbook and copy the entries"
        problems.append(Problem(file, f"{sheet.title}!A{MOST_ROWS + 1}", told))
        return
    oldest = oldest_year(catalog, series, year)
    seen: dict[tuple[str, str], str] = {}
    for number in range(HEADER_ROW + 1, sheet.max_row + 1):
        cells = {name: sheet.cell(number, c) for c, name in enumerate(COLUMNS, start=1)}
        typed = {name: cell_text(cell) for name, cell in cells.items()}
        if not any(typed[name] for name in ("value", "publisher", "source_title", "address", "locator", "note")):
            continue
        at = {name: f"{sheet.title}!{cell.coordinate}" for name, cell in cells.items()}
        found = [Problem(file, at[name], told) for name, told in _wrong(cells, typed, series, oldest, year, catalog)]
        key = (typed["adcode"], typed["describes_year"])
        if key in seen:
            found.append(Problem(file, at["adcode"], f"{key[0]} of {key[1]} stands in {seen[key]} already; keep one"))
        seen.setdefault(key, at["adcode"])
        problems += found
        if not found:
            yield _observation(typed, series, number, at["value"])


def _wrong(
    cells: Mapping[str, _Cell], typed: Mapping[str, str], series: str, oldest: int, year: int, catalog: Catalog
) -> Iterator[tuple[str, str]]:
    """Yield (column, what is wrong with the cell)."""
    for name, cell in cells.items():
        if cell.data_type == "f":
            yield name, "is a formula; type what it gives"
        elif len(typed[name]) > LONGEST:
            yield name, f"is longer than {LONGEST} characters; shorten it"
    for name in REQUIRED:
        if not typed[name]:
            yield name, f"is empty; every figure needs {COLUMNS[name]}"
    try:
        province = catalog.province(typed["province"] or typed["adcode"])
        if province.adcode != typed["adcode"]:
            yield "adcode", f"{typed['adcode']!r} is not {province.short_zh}, which is {province.adcode}; correct it"
    except NotFoundError as exc:
        yield "province", str(exc)
    told = typed["describes_year"]
    if told and not (told.isascii() and told.isdigit() and oldest <= int(told) <= year):
        yield "describes_year", f"{told[:40]!r} is not a year from {oldest} to {year}; correct it"
    if typed["basis"] and typed["basis"] not in BASES:
        yield "basis", f"{typed['basis']!r} is not one of {', '.join(BASES)}; choose one"
    yield from _wrong_figure(cells["value"], typed, series, catalog)


def _wrong_figure(cell: _Cell, typed: Mapping[str, str], series: str, catalog: Catalog) -> Iterator[tuple[str, str]]:
    known, unit = catalog.series[series], typed["unit"]
    if unit and not catalog.units.convertible(unit, known.unit):
        yield "unit", f"{unit!r} cannot become {known.unit}; choose a unit of the list"
        return
    if cell.data_type == "f":
        return
    if "%" in str(cell.number_format):
        yield "value", "is formatted as a percentage; format it as a number and type 95 for 95 %"
        return
    if not typed["value"]:
        yield "value", "is empty; leave the whole row empty when the figure is unknown"
        return
    try:
        value = Decimal(typed["value"])
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not typed["value"].isascii():
        yield "value", f"{typed['value'][:40]!r} is no number; type digits only"
        return
    own = float(value) * (catalog.units.factor(unit, known.unit) if unit else 1.0)
    if not known.min <= own <= known.max:
        bounds = f"{known.min:g} to {known.max:g} {known.unit}"
        yield "value", f"{typed['value']} {unit} is outside {bounds}; a slip of unit or digits"


def _observation(typed: Mapping[str, str], series: str, row: int, cell: str) -> dict[str, Any]:
    return {
        "series": series,
        "year": typed["describes_year"],
        "adcode": typed["adcode"],
        "value_text": typed["value"],
        "unit": typed["unit"],
        "basis": typed["basis"],
        "publisher": typed["publisher"],
        "title": typed["source_title"],
        "address": typed["address"],
        "locator": f"{typed['locator']}（工作簿 {cell}）",
        "note": f"{typed['note']}（录入 entered by {typed['entered_by']}）",
        "row": row,
    }
