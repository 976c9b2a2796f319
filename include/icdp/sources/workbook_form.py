"""The empty workbook: one sheet an open indicator, what is known already in grey beside it."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from icdp.catalog import Catalog
from icdp.catalog.model import Node, Series
from icdp.errors import NotFoundError
from icdp.sources.observations import BASES
from icdp.sources.workbook import ABOUT, COLUMNS, FORMAT, HEADER_ROW, entry_series

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
GUIDE = (
    "每个指标一张表；只填能注明出处的数值，不知道的整行留空。黄色单元格由您填写，灰色为已知数值，仅供参考。",
    "One sheet per indicator; enter only figures you can cite, leave the whole row empty otherwise. Yellow cells are yours; grey ones are known already and only shown.",
    "「理由或说明」必填：为何采用此数、如何换算。录入值优先于抓取值和随产品发布的值，并随版本公布录入人与理由。",
    "The reason is required: why this figure, how it was converted. An entry goes before fetched and shipped figures, and is published with its reason and the name of who entered it.",
    "指标要有至少 {least} 个省份的数值才进入指数。 An indicator enters the index only with figures for at least {least} provinces.",
    "填好后 Then: icdp workbook import FILE",
)


def empty_workbook(
    catalog: Catalog, year: int, name: str, indicators: list[str], known: Mapping[str, pd.DataFrame]
) -> bytes:
    """Return the workbook for ``year``.

    Args:
        catalog: provinces, indicators and series.
        year: the statistical year.
        name: distinguishes the workbooks of one year; importing a name again replaces its former entries.
        indicators: those that get a sheet.
        known: indicator -> what is used now (columns adcode, value, unit, value_year, source).

    Raises:
        NotFoundError: an indicator does not exist, or none of its bindings is one series alone.
    """
    series = entry_series(catalog)
    book = Workbook()
    book.remove(book.worksheets[0])
    about = book.create_sheet(ABOUT)
    guide = [line.format(least=catalog.rules.values.min_provinces) for line in GUIDE]
    told: list[tuple[str, str | int]] = [
        ("格式 Format", FORMAT),
        ("年份 Year", year),
        ("名称 Name", name),
        ("", ""),
        *(("", line) for line in guide),
    ]
    for row in told:
        about.append(list(row))
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 16, 110
    for indicator in indicators:
        if indicator not in series:
            raise NotFoundError(f"{indicator!r} takes no entries; use one of {', '.join(series)}")
        sheet = book.create_sheet(indicator)
        node, entered = catalog.indicators[indicator], catalog.series[series[indicator]]
        _fill(sheet, catalog, node, entered, year, known.get(indicator))
        _validate(sheet, catalog, entered, year - (node.max_age or 0), year)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _fill(
    sheet: Worksheet, catalog: Catalog, node: Node, series: Series, year: int, known: pd.DataFrame | None
) -> None:
    sheet["A1"] = f"{node.name_zh} {node.name_en} · {year}"
    sheet["A1"].font = BOLD
    sheet["A2"] = f"{series.name_zh} {series.name_en}，{series.unit}，{series.min:g}–{series.max:g}"
    for c, heading in enumerate([*COLUMNS.values(), *KNOWN.values()], start=1):
        cell = sheet.cell(HEADER_ROW, c, heading)
        cell.font = BOLD if c <= len(COLUMNS) else GREY
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(c)].width = 18
    shown = {} if known is None else known.set_index("adcode").to_dict("index")
    for r, province in enumerate(catalog.provinces.values(), start=HEADER_ROW + 1):
        given: dict[str, str | int] = {
            "adcode": province.adcode,
            "province": province.short_zh,
            "unit": series.unit,
            "describes_year": year,
        }
        for c, name in enumerate(COLUMNS, start=1):
            entry = sheet.cell(r, c, given.get(name))
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
