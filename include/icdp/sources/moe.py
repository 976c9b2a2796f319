"""Source ``moe``: the yearly list of institutions of higher education, counted by province."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import openpyxl
import pandas as pd
import xlrd
from bs4 import BeautifulSoup, Tag

from icdp.catalog import Catalog
from icdp.errors import DataError, FetchRefused, LayoutChanged, NotFoundError
from icdp.sources.base import Errand, Fetched, Payload, source_of
from icdp.sources.observations import validated
from icdp.sources.text import decode, media_type, squeezed, zip_members

SPREADSHEETS = ("application/zip", "application/vnd.ms-office")


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield the list of the errand's year: item ``list/<year>``; before it, as a part, the article that names it.

    Raises:
        LayoutChanged: no article of that year is listed, or it has no attachment of the known name.
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    layout = errand.source.layout
    address = _article(errand)
    page = errand.ask.get(address)
    yield Fetched(f"article/{errand.year}", page.content, page.url, page.retrieved_at, page.headers, part=True)
    soup = BeautifulSoup(decode(page.content, page.url), "lxml")
    links = [
        link for link in soup.find_all("a", href=re.compile(r"\.xlsx?$", re.IGNORECASE))
        if layout["attachment"] in squeezed(link.get_text() or str(link.get("title", "")))
    ]  # fmt: skip
    if len(links) != 1:
        raise LayoutChanged(
            f"moe: {page.url} has {len(links)} attachments called {layout['attachment']}; correct moe.yaml"
        )
    answer = errand.ask.get(
        urljoin(page.url, str(links[0]["href"])),
        check=lambda a: (
            None if media_type(a.content) in SPREADSHEETS else f"{media_type(a.content)} instead of a workbook"
        ),
        Referer=page.url,
    )
    yield Fetched(f"list/{errand.year}", answer.content, answer.url, answer.retrieved_at, answer.headers)


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield the one saved workbook as the list of the errand's year.

    Raises:
        LayoutChanged: not exactly one file.
    """
    if len(files) != 1:
        raise LayoutChanged(f"moe: {len(files)} files, the list of a year is one workbook; give that one")
    yield replace(files[0], item=f"list/{errand.year}")


def _article(errand: Errand) -> str:
    layout = errand.source.layout
    pattern = re.compile(layout["title"])
    seen: list[str] = []
    for number in range(layout["pages"]):
        address = layout["list"] + (layout["further"].format(page=number) if number else "")
        try:
            answer = errand.ask.get(address)
        except FetchRefused as exc:
            if number and exc.status == 404:
                break
            raise
        soup = BeautifulSoup(decode(answer.content, answer.url), "lxml")
        for entry in soup.find_all("li"):
            link = entry.find("a", href=True)
            if not isinstance(link, Tag):
                continue
            title = squeezed(str(link.get("title") or link.get_text()))
            seen.append(title)
            date = re.search(r"\d{4}-\d{2}-\d{2}", entry.get_text())
            if (match := pattern.match(title)) and str(errand.year) == (match["year"] or (date[0][:4] if date else "")):
                return urljoin(answer.url, str(link["href"]))
    raise LayoutChanged(
        f"moe: no article of {errand.year} is called like {layout['title']!r} among {len(seen)} listed "
        f"(e.g. {', '.join(seen[:3]) or 'none'}); it may not be out yet, or correct moe.yaml"
    )


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Count the institutions of each province, held against the counts printed in the province rows.

    Raises:
        LayoutChanged: no workbook, other columns, or a row of unknown form.
        DataError: a province is unknown or twice, a code belongs to another province, or a count is not the printed one.
    """
    source = source_of(payload, catalog)
    layout = source.layout
    year = int(payload.item.rpartition("/")[2])
    rows = _rows(payload.content, payload.name)
    start = _header(rows, layout["columns"], payload.name)
    found: list[dict[str, Any]] = []
    counted = 0
    for number, cells in enumerate(rows[start:], start=start + 1):
        where = f"{payload.name}, row {number}"
        filled = [cell for cell in cells if cell]
        if not filled:
            continue
        if match := re.match(layout["province_row"], filled[0]) if len(set(filled)) == 1 else None:
            _must_add_up(found, counted, payload.name)
            found.append(_observation(payload, catalog, match["name"], match["count"], year, number, where))
            counted = 0
            continue
        if len(filled) < len(layout["columns"]) - 2 or not found:
            raise LayoutChanged(
                f"{where}: {' '.join(filled)!r} is neither a province row nor an institution; look at the payload"
            )
        code = re.match(layout["code"], cells[layout["columns"].index(layout["code_column"])])
        if not code or code["province"] != found[-1]["adcode"][:2]:
            raise DataError(
                f"{where}: code {cells[2]!r} is not one of {found[-1]['adcode']}; a row is in the wrong place"
            )
        counted += 1
    _must_add_up(found, counted, payload.name)
    _must_be_total(found, layout["totals"].get(year), payload.name)
    return validated(pd.DataFrame(found), catalog, payload.name)


def _observation(
    payload: Payload, catalog: Catalog, name: str, count: str, year: int, number: int, where: str
) -> dict[str, Any]:
    source = source_of(payload, catalog)
    try:
        adcode = catalog.province(name).adcode
    except NotFoundError as exc:
        raise DataError(f"{where}: {exc}") from exc
    return {
        "series": source.layout["series"],
        "year": year,
        "adcode": adcode,
        "value_text": count,
        "unit": source.layout["unit"],
        "basis": "published",
        "publisher": source.publisher,
        "title": f"{year}年{source.layout['attachment']}",
        "address": payload.request,
        "locator": f"省份行 {name}（{count}所），逐校核对 counted",
        "note": "",
        "row": number,
    }


def _rows(content: bytes, where: str) -> list[list[str]]:
    """Return the first sheet's cells as text, whatever the file calls itself."""
    kind = media_type(content)
    try:
        if kind == "application/vnd.ms-office":
            sheet = xlrd.open_workbook(file_contents=content).sheet_by_index(0)
            return [[_text(cell.value) for cell in sheet.row(n)] for n in range(sheet.nrows)]
        if kind == "application/zip":
            for _ in zip_members(content, where):
                pass  # what unpacks to more than allowed is refused before the library opens it
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            return [[_text(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    except LayoutChanged:
        raise
    except Exception as exc:
        raise LayoutChanged(f"{where}: the workbook cannot be read ({exc}); look at the payload") from exc
    raise LayoutChanged(f"{where}: is {kind}, expected a workbook; look at the payload")


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return squeezed("" if value is None else str(value))


def _header(rows: Sequence[Sequence[str]], columns: Sequence[str], where: str) -> int:
    for number, cells in enumerate(rows[:20], start=1):
        if columns[1] in cells:
            if list(cells[: len(columns)]) != list(columns):
                raise LayoutChanged(
                    f"{where}, row {number}: columns are {', '.join(cells)}, expected {', '.join(columns)}"
                )
            return number
    raise LayoutChanged(f"{where}: no header row with {columns[1]} among the first 20; look at the payload")


def _must_add_up(found: Sequence[dict[str, Any]], counted: int, where: str) -> None:
    if found and counted != int(found[-1]["value_text"]):
        row = found[-1]
        raise DataError(
            f"{where}, row {row['row']}: {row['adcode']} prints {row['value_text']} institutions, {counted} are listed"
        )


def _must_be_total(found: Sequence[dict[str, Any]], total: int | None, where: str) -> None:
    counted = sum(int(row["value_text"]) for row in found)
    if total is not None and counted != total:
        raise DataError(f"{where}: {counted} institutions are listed, the notice prints {total}")
