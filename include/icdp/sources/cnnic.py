"""Source ``cnnic``: tables by province out of the Statistical Report on China's Internet Development, December of the year.

One PDF holds several tables; each is an item of its own, an index of the PDF, so that one that does not fit leaves the
others be. Some reports have no Chinese text in their PDF: their rows are named by their order.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import pandas as pd
from bs4 import BeautifulSoup

from icdp.catalog import Catalog
from icdp.errors import FetchRefused, LayoutChanged, NothingForYear
from icdp.sources.base import Errand, Fetched, Payload, read_index, source_of
from icdp.sources.client import Answer
from icdp.sources.observations import validated
from icdp.sources.pdf import Line, lines_of, no_pdf
from icdp.sources.province_rows import Row, must_add_up, named_rows, ordered_rows
from icdp.sources.text import decode, squeezed


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield the report's page and PDF as parts, then the index of each table it prints: item ``<table>/<year>``.

    Raises:
        NothingForYear: the report of December is not out, older than those listed, or prints none of the tables.
        LayoutChanged: no report is listed at all, one is left out, or its page has not one PDF.
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    layout = errand.source.layout
    number = _number(layout, errand.year)
    address = _address(errand, number)
    tables = _tables(layout, number)
    if not tables:
        raise NothingForYear(f"cnnic: report {number} prints no table by province any more")
    page = errand.ask.get(address)
    yield Fetched(f"article/{errand.year}", page.content, page.url, page.retrieved_at, page.headers, part=True)
    link, title = _link(page, layout, number)
    answer = errand.ask.get(link, check=no_pdf, Referer=page.url)
    yield Fetched(f"report/{errand.year}", answer.content, answer.url, answer.retrieved_at, answer.headers, part=True)
    file = {"url": answer.url, "sha256": hashlib.sha256(answer.content).hexdigest()}
    for name in tables:
        yield _index(errand, name, title, file, page.url, answer.retrieved_at)


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield the one saved PDF as a part, then the index of each table the errand's year prints.

    Raises:
        LayoutChanged: not exactly one file, or the report of the year prints none of the tables.
    """
    if len(files) != 1:
        raise LayoutChanged(f"cnnic: {len(files)} files, the report of a year is one PDF; give that one")
    layout = errand.source.layout
    number = _number(layout, errand.year)
    tables = _tables(layout, number)
    if not tables:
        raise LayoutChanged(f"cnnic: report {number} (December {errand.year}) prints no table by province any more")
    (saved,) = files
    yield replace(saved, item=f"report/{errand.year}", part=True)
    file = {"url": saved.request, "sha256": hashlib.sha256(saved.content).hexdigest()}
    title = f"第{number}次中国互联网络发展状况统计报告"
    for name in tables:
        yield _index(errand, name, title, file, saved.request, saved.retrieved_at)


def _index(errand: Errand, name: str, title: str, file: Mapping[str, str], request: str, retrieved_at: str) -> Fetched:
    index = {"year": errand.year, "table": name, "title": title, "files": [file]}
    content = json.dumps(index, ensure_ascii=False, indent=1).encode()
    return Fetched(f"{name}/{errand.year}", content, request, retrieved_at)


def _tables(layout: Mapping[str, Any], number: int) -> list[str]:
    """Return the names of the tables that report prints."""
    return [name for name, table in layout["tables"].items() if number <= table.get("until", number)]


def _number(layout: Mapping[str, Any], year: int) -> int:
    """Return the number of the report that prints December of ``year``; there are two a year."""
    known = layout["december"]
    return int(known["number"]) + 2 * (year - int(known["year"]))


def _address(errand: Errand, number: int) -> str:
    layout = errand.source.layout
    listed: dict[int, set[str]] = {}
    for page in range(1, layout["pages"] + 1):
        try:
            answer = errand.ask.get(layout["list"].format(page="" if page == 1 else page))
        except FetchRefused as exc:
            if page > 1 and exc.status == 404:
                break
            raise
        soup = BeautifulSoup(decode(answer.content, answer.url), "lxml")
        for link in soup.find_all("a", href=re.compile(layout["article"])):
            match = re.search(layout["title"], squeezed(str(link.get("title") or link.get_text())))
            if match:
                listed.setdefault(int(match["number"]), set()).add(urljoin(answer.url, str(link["href"])))
        if not listed:
            raise LayoutChanged(f"cnnic: {answer.url} lists no title like {layout['title']!r}; correct cnnic.yaml")
        if number in listed:
            break
    if number in listed and len(listed[number]) == 1:
        return listed[number].pop()
    told = f"{min(listed)} to {max(listed)} are listed"
    if number in listed:
        raise LayoutChanged(f"cnnic: report {number} is listed at {len(listed[number])} addresses; look at the list")
    if min(listed) < number < max(listed):
        raise LayoutChanged(f"cnnic: report {number} is left out, though {told}; look at the list")
    raise NothingForYear(f"cnnic: report {number} (December {errand.year}) is not there, {told}")


def _link(page: Answer, layout: Mapping[str, Any], number: int) -> tuple[str, str]:
    """Return the address of the PDF and the report's title."""
    html = decode(page.content, page.url)
    titles = list(re.finditer(layout["title"], squeezed(BeautifulSoup(html, "lxml").get_text())))
    own = next((match for match in titles if int(match["number"]) == number), None)
    if own is None:
        told = ", ".join(dict.fromkeys(match[0] for match in titles)) or "no report"
        raise LayoutChanged(f"cnnic: {page.url} is about {told}, the list calls it report {number}; look at the page")
    links = list(dict.fromkeys(urljoin(page.url, link) for link in re.findall(layout["pdf"], html)))
    if len(links) != 1:
        raise LayoutChanged(f"cnnic: {page.url} links to {len(links)} PDFs like {layout['pdf']!r}; correct cnnic.yaml")
    return links[0], own[0].replace("《", "")


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the provinces' figures of one table, held against its total or 100 %.

    Raises:
        LayoutChanged: no PDF with text or figures, another report, no such table, other columns or another heading.
        DataError: a row is unknown, missing or twice, or the rows do not add up.
    """
    source = source_of(payload, catalog)
    layout = source.layout
    index = read_index(payload, "files", ("url", "sha256"))
    name, year = str(index.get("table")), int(index["year"])
    if name not in layout["tables"]:
        raise LayoutChanged(f"{payload.name}: no table {name!r} in cnnic.yaml; take the source again")
    table = layout["tables"][name]
    limits = layout["document"]
    lines = lines_of(payload.open_part(index["files"][0]["sha256"]), payload.name, limits["pages"], limits["megabytes"])
    if not lines:
        raise LayoutChanged(f"{payload.name}: the PDF is a picture without any text; enter its figures in the workbook")
    readable = _is_readable(lines, layout)
    if readable:
        _must_be_report(lines, layout, year, payload.name)
        rows = named_rows(lines, table, layout, catalog, payload.name)
    else:
        _must_be_period(lines, layout, year, payload.name)
        rows = ordered_rows(lines, table, layout, catalog, payload.name)
    must_add_up(rows, table, payload.name)
    found = [
        {
            "series": column["series"],
            "year": year,
            "adcode": row.key,
            "value_text": row.figures[position],
            "unit": column["unit"],
            "basis": "published",
            "publisher": source.publisher,
            "title": index["title"],
            "address": index["files"][0]["url"],
            "locator": _locator(name, row, number, readable),
            "note": "" if readable else "no text in the PDF: the province is told by the order of the rows",
            "row": number,
        }
        for number, row in enumerate(rows, start=1)
        for position, column in enumerate(table["columns"])
        if row.key in catalog.provinces and "series" in column
    ]
    return validated(pd.DataFrame(found), catalog, payload.name)


def _locator(name: str, row: Row, number: int, readable: bool) -> str:
    how = "" if readable else "，PDF 无文字，按行序对应 matched by order, no text in the PDF"
    return f"PDF 第{row.page}页，表 {name} 第{number}行{how}"


def _is_readable(lines: Sequence[Line], layout: Mapping[str, Any]) -> bool:
    told = sum(layout["text"]["word"] in squeezed("".join(line.words)) for line in lines)
    return told >= int(layout["text"]["lines"])


def _must_be_report(lines: Sequence[Line], layout: Mapping[str, Any], year: int, where: str) -> None:
    """The number a document calls itself by most often is its own."""
    texts = (squeezed("".join(line.words)) for line in lines)
    told = Counter(int(match["number"]) for text in texts for match in re.finditer(layout["title"], text))
    own = told.most_common(1)[0][0] if told else None
    if own != _number(layout, year):
        raise LayoutChanged(f"{where}: the PDF calls itself report {own}, expected {_number(layout, year)}")


def _must_be_period(lines: Sequence[Line], layout: Mapping[str, Any], year: int, where: str) -> None:
    texts = (" ".join(line.words) for line in lines)
    pattern = layout["period"]["pattern"]
    told = Counter((int(m["year"]), int(m["month"])) for text in texts for m in re.finditer(pattern, text))
    newest = max((period for period, times in told.items() if times >= layout["period"]["times"]), default=None)
    if newest != (year, 12):
        shown = f"{newest[0]}-{newest[1]:02d}" if newest else "none"
        raise LayoutChanged(f"{where}: the newest half-year the PDF speaks of is {shown}, expected {year}-12")
