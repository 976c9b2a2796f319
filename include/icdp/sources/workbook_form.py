"""The empty workbook: one sheet an open indicator or a series asked for, what is known already in grey beside it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from icdp.catalog import Catalog
from icdp.catalog.model import Series
from icdp.errors import DataError, NotFoundError
from icdp.sources.observations import BASES
from icdp.sources.workbook import ABOUT, COLUMNS, FORMAT, HEADER_ROW, NAME, SERIES_CELL, entry_series, oldest_year

# What is known already: shown, never read back.
KNOWN = {
    "known_value": "已知数值 Known",
    "known_unit": "单位 Unit",
    "known_year": "年份 Year",
    "known_source": "来源 Source",
}
GREY = Font(color="808080", italic=True)
BOLD = Font(bold=True)
TO_FILL = PatternFill("solid", fgColor="FFF9E5")
# Excel allows no longer name and none of these signs in one.
LONGEST_TITLE = 31
NOT_IN_TITLE = re.compile(r"[\[\]:*?/\\']")
GUIDE = (
    "每个指标一张表；只填能注明出处的数值，不知道的整行留空。黄色单元格由您填写，灰色为已知数值，仅供参考。",
    "One sheet per indicator; enter only figures you can cite, leave the whole row empty otherwise. Yellow cells are yours; grey ones are known already and only shown.",
    "「理由或说明」必填：为何采用此数、如何换算。录入值优先于抓取值和随产品发布的值，并随版本公布录入人与理由。",
    "The reason is required: why this figure, how it was converted. An entry goes before fetched and shipped figures, and is published with its reason and the name of who entered it.",
    "同一年份、同一名称的工作簿再次导入，即取代前一次的全部录入。 Importing the same year and name again replaces all its former entries.",
    "指标要有至少 {least} 个省份的数值才进入指数。 An indicator enters the index only with figures for at least {least} provinces.",
    "填好后 Then: icdp workbook import FILE",
)


def empty_workbook(
    catalog: Catalog,
    year: int,
    name: str,
    sheets: Sequence[str],
    known: Mapping[str, pd.DataFrame],
    entered_by: str = "",
) -> bytes:
    """Return the workbook for ``year``.

    Args:
        catalog: provinces, indicators and series.
        year: the statistical year.
        name: distinguishes the workbooks of one year; importing a name again replaces its former entries.
        sheets: indicators, or series where one figure of a series is to be corrected.
        known: indicator or series -> what is used now (columns adcode, value, unit, value_year, source).
        entered_by: filled into every row.

    Raises:
        NotFoundError: neither an indicator nor a series, or an indicator none of whose bindings is one series alone.
        DataError: the name is none, or two of ``sheets`` are the same series.
    """
    if not NAME.match(name):
        raise DataError(f"{name!r} is no name of a workbook; use letters, digits, - and _")
    book = Workbook()
    book.remove(book.worksheets[0])
    _describe(book.create_sheet(ABOUT), catalog, year, name)
    given: dict[str, str] = {}
    for wanted in sheets:
        series = series_of(catalog, wanted)
        if series in given:
            raise DataError(f"{wanted} and {given[series]} are both the series {series}; name one of them")
        given[series] = wanted
        sheet = book.create_sheet(_title(catalog, wanted, book.sheetnames))
        _fill(sheet, catalog, catalog.series[series], year, known.get(wanted), entered_by)
        _validate(sheet, catalog, catalog.series[series], oldest_year(catalog, series, year), year)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def series_of(catalog: Catalog, wanted: str) -> str:
    """Return the series that an entry for an indicator, or for a series itself, becomes.

    Raises:
        NotFoundError: neither, or an indicator that is computed from several series.
    """
    entries = entry_series(catalog)
    if wanted in entries:
        return entries[wanted]
    if wanted in catalog.series:
        return wanted
    if wanted in catalog.indicators:
        parts = ", ".join(s for b in catalog.bindings[wanted] for s in b.expression.series)
        raise NotFoundError(f"{wanted} is computed from several series; name them instead: {parts}")
    raise NotFoundError(f"{wanted!r} is neither an indicator nor a series; use one of {', '.join(entries)}")


def _title(catalog: Catalog, wanted: str, taken: Sequence[str]) -> str:
    node = catalog.indicators.get(wanted)
    title = NOT_IN_TITLE.sub(" ", node.name_zh if node else catalog.series[wanted].name_zh)[:LONGEST_TITLE]
    return title if title not in taken else f"{title[: LONGEST_TITLE - 4]} {len(taken)}"


def _describe(about: Worksheet, catalog: Catalog, year: int, name: str) -> None:
    told: list[tuple[str, str | int]] = [
        ("格式 Format", FORMAT), ("年份 Year", year), ("名称 Name", name), ("", ""),
        *(("", line.format(least=catalog.rules.values.min_provinces)) for line in GUIDE),
    ]  # fmt: skip
    for row in told:
        about.append(list(row))
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 16, 110


def _fill(
    sheet: Worksheet, catalog: Catalog, series: Series, year: int, known: pd.DataFrame | None, entered_by: str
) -> None:
    sheet["A1"] = f"{sheet.title} · {year}"
    sheet["A1"].font = BOLD
    sheet["A2"] = f"{series.name_zh} {series.name_en}，{series.unit}，{series.min:g}–{series.max:g}"
    sheet["A3"], sheet[SERIES_CELL] = "序列（勿改）Series (keep)", series.series
    for c, heading in enumerate([*COLUMNS.values(), *KNOWN.values()], start=1):
        cell = sheet.cell(HEADER_ROW, c, heading)
        cell.font = BOLD if c <= len(COLUMNS) else GREY
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(c)].width = 18
    shown = {} if known is None else known.set_index("adcode").to_dict("index")
    for r, province in enumerate(catalog.provinces.values(), start=HEADER_ROW + 1):
        given: dict[str, str | int] = {
            "adcode": province.adcode, "province": province.short_zh, "unit": series.unit, "describes_year": year,
            "entered_by": entered_by,
        }  # fmt: skip
        for c, name in enumerate(COLUMNS, start=1):
            entry = sheet.cell(r, c, given.get(name) or None)
            if name not in ("adcode", "province"):
                entry.fill = TO_FILL
        if province.adcode in shown:
            used = shown[province.adcode]
            for c, name in enumerate(("value", "unit", "value_year", "source"), start=len(COLUMNS) + 1):
                sheet.cell(r, c, used[name]).font = GREY
    sheet.freeze_panes = f"C{HEADER_ROW + 1}"  # what a row is about stays in view


def _validate(sheet: Worksheet, catalog: Catalog, series: Series, oldest: int, year: int) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(catalog.provinces)
    units = [unit for unit in catalog.units.table if catalog.units.convertible(unit, series.unit)]
    # Other units of the list have other bounds, so the program warns; the import is exact.
    rules = {
        "value": DataValidation(
            type="decimal", operator="between", formula1=f"{series.min:g}", formula2=f"{series.max:g}",
            errorStyle="warning", error=f"{series.min:g}–{series.max:g} {series.unit}?", showErrorMessage=True,
        ),
        "unit": DataValidation(type="list", formula1=f'"{",".join(units)}"', showErrorMessage=True),
        "basis": DataValidation(type="list", formula1=f'"{",".join(BASES)}"', showErrorMessage=True),
        "describes_year": DataValidation(
            type="whole", operator="between", formula1=str(oldest), formula2=str(year), showErrorMessage=True
        ),
    }  # fmt: skip
    for name, rule in rules.items():
        letter = get_column_letter(list(COLUMNS).index(name) + 1)
        rule.add(f"{letter}{first}:{letter}{last}")
        sheet.add_data_validation(rule)
