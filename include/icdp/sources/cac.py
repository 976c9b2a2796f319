"""Source ``cac``: the register of filed generative-AI services, counted by province at the end of each year.

Several notices, each with attachments, make one register: they are kept one by one, and an index of
them is what is parsed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urljoin

import pandas as pd
from bs4 import BeautifulSoup

from icdp.catalog import Catalog
from icdp.errors import DataError, FetchRefused, LayoutChanged, NotFoundError, NothingForYear
from icdp.sources.base import Errand, Fetched, Payload, read_index, source_of
from icdp.sources.observations import validated
from icdp.sources.pdf import no_pdf, pages_of
from icdp.sources.text import decode, squeezed

_DATE = re.compile(r"^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?$")


@dataclass(frozen=True, slots=True)
class Filing:
    """One filed service: 国资委 has no province."""

    adcode: str | None
    model: str
    company: str
    identifier: str
    filed_on: date


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield notices and attachments as parts, then their index: item ``register/<year>``.

    Raises:
        NothingForYear: the register had not begun.
        LayoutChanged: no notice is listed, or one has no attachment.
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    if errand.year < (first := min(errand.source.layout["totals"])):
        raise NothingForYear(f"cac: the register begins in {first}")
    notices: list[dict[str, Any]] = []
    for number, address in enumerate(_notices(errand)):
        page = errand.ask.get(address)
        yield Fetched(f"notice/{number}", page.content, page.url, page.retrieved_at, page.headers, part=True)
        soup = BeautifulSoup(decode(page.content, page.url), "lxml")
        links = [
            urljoin(page.url, str(a["href"])) for a in soup.select(f"a[href*='{errand.source.layout['attachment']}']")
        ]
        if not links:
            raise LayoutChanged(
                f"cac: {page.url} has no attachment (`{errand.source.layout['attachment']}`); look at the page"
            )
        files = []
        for link in dict.fromkeys(links):
            # Without a Referer the site answers an empty body or a page, at status 200.
            answer = errand.ask.get(link, check=no_pdf, Referer=page.url)
            yield Fetched(
                f"attachment/{number}", answer.content, answer.url, answer.retrieved_at, answer.headers, part=True
            )
            files.append({"url": answer.url, "sha256": hashlib.sha256(answer.content).hexdigest()})
        notices.append({"url": page.url, "sha256": hashlib.sha256(page.content).hexdigest(), "attachments": files})
    yield _index(errand, notices, errand.ask.base_url, page.retrieved_at)


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield saved attachments as parts, then their index: together they must be the register of the errand's year."""
    notices = []
    for file in files:
        yield replace(file, part=True)
        attachment = {"url": file.request, "sha256": hashlib.sha256(file.content).hexdigest()}
        notices.append({"url": file.request, "attachments": [attachment]})
    yield _index(errand, notices, files[0].request, files[0].retrieved_at)


def _index(errand: Errand, notices: list[dict[str, Any]], request: str, retrieved_at: str) -> Fetched:
    # In a fixed order and without moments: the same notices are the same index.
    notices.sort(key=lambda notice: (str(notice["url"]), str(notice["attachments"])))
    index = json.dumps({"year": errand.year, "notices": notices}, ensure_ascii=False, indent=1)
    return Fetched(f"register/{errand.year}", index.encode(), request, retrieved_at)


def _notices(errand: Errand) -> list[str]:
    layout = errand.source.layout
    pattern = re.compile(layout["title"])
    found: dict[str, None] = {urljoin(errand.ask.base_url, layout["first_notice"]): None}
    listed = 0
    for number in range(1, layout["pages"] + 1):
        try:
            answer = errand.ask.get(layout["list"].format(page=number))
        except FetchRefused as exc:
            if exc.status == 404 and number > 1:
                break
            raise
        links = BeautifulSoup(decode(answer.content, answer.url), "lxml").select(layout["items"])
        if not links:
            raise LayoutChanged(f"cac: {answer.url} has nothing at `{layout['items']}`; correct cac.yaml")
        for link in links:
            if pattern.search(squeezed(link.get_text())):
                listed += 1
                found[urljoin(answer.url, str(link["href"]))] = None
    if not listed:
        raise LayoutChanged(f"cac: no notice is called like {layout['title']!r}; correct cac.yaml")
    return list(found)


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Count the filings of each province until the end of each year; a complete register, so absent is 0.

    Raises:
        LayoutChanged: an attachment has no table of the known columns.
        DataError: rows were lost, a place is unknown, a date is none, or the count is not the printed one.
    """
    source = source_of(payload, catalog)
    layout = source.layout
    index = read_index(payload, "notices", ("url", "attachments"))
    attachments = [(file["url"], file["sha256"]) for n in index["notices"] for file in n["attachments"]]
    year = int(index["year"])
    filings: list[Filing] = []
    for number, (_, digest) in enumerate(attachments, start=1):
        where = f"{payload.name}, attachment {number} ({digest[:8]})"
        filings += _read(payload.open_part(digest), catalog, layout, where)
    distinct = _distinct(filings)
    rows: list[dict[str, Any]] = []
    for until in range(min(layout["totals"]), year + 1):
        counted = [f for f in distinct if f.filed_on <= date(until, 12, 31)]
        printed = layout["totals"].get(until)
        if printed is not None and len(counted) != printed:
            raise DataError(
                f"{payload.name}: {len(counted)} filings until the end of {until}, the notice prints {printed}"
            )
        for adcode in catalog.provinces:
            number = sum(f.adcode == adcode for f in counted)
            rows.append(_observation(source, index, adcode, until, number, len(rows) + 1, len(counted)))
    return validated(pd.DataFrame(rows), catalog, payload.name)


def _observation(
    source: Any, index: Mapping[str, Any], adcode: str, year: int, number: int, row: int, total: int
) -> dict[str, Any]:
    return {
        "series": source.layout["series"],
        "year": year,
        "adcode": adcode,
        "value_text": str(number),
        "unit": source.layout["unit"],
        "basis": "derived",
        "publisher": source.publisher,
        "title": "生成式人工智能服务已备案信息的公告（附件）",
        "address": index["notices"][-1]["url"],
        "locator": f"属地={adcode}，备案时间<={year}-12-31，{len(index['notices'])} 期公告去重计数",
        "note": f"filings counted over {len(index['notices'])} notices, {total} in the country; 登记 not counted; absent counts 0",
        "row": row,
    }


def _read(content: bytes, catalog: Catalog, layout: Mapping[str, Any], where: str) -> list[Filing]:
    """Return the filings of one attachment; the heading of a table holds until the next one, over all pages."""
    filings: list[Filing] = []
    columns: dict[str, int] | None = None
    counting = False
    last = 0
    for page, cells in _cells(content, where):
        here = f"{where}, page {page}"
        heading = _heading(cells, layout)
        if heading is not None:
            counting = heading != {}
            columns, last = heading or None, 0
            continue
        if not counting:
            if columns is None and not filings and _is_number(cells[0]):
                raise LayoutChanged(
                    f"{here}: a row without a heading before it: {' '.join(cells)!r}; look at the payload"
                )
            continue
        if columns is None or not _is_number(cells[columns["number"]]):
            raise LayoutChanged(f"{here}: {' '.join(cells)!r} is no row of the register; look at the payload")
        number = int(cells[columns["number"]])
        if number != last + 1:
            raise DataError(f"{here}: row {number} follows row {last}; rows were lost at a page break")
        last = number
        filing = _filing(cells, columns, catalog, layout, here)
        if re.search(layout["registration_identifier"], filing.identifier):
            raise LayoutChanged(
                f"{here}: {filing.identifier!r} is a registration (登记) among filings; look at the payload"
            )
        filings.append(filing)
    if not filings:
        raise LayoutChanged(f"{where}: no table of filings was found; a picture PDF, or other columns")
    return filings


def _cells(content: bytes, where: str) -> Iterator[tuple[int, list[str]]]:
    for page in pages_of(content, where):
        for table in page.extract_tables():
            for row in table:
                cells = [squeezed(cell or "") for cell in row]
                if any(cells):
                    yield page.page_number, cells


def _heading(cells: Sequence[str], layout: Mapping[str, Any]) -> dict[str, int] | None:
    """Return column positions of a heading of filings, {} for one of registrations, None for a row."""
    if any(word in cell for word in layout["registration_words"] for cell in cells):
        return {}
    found = {
        name: position for name, word in layout["filing"].items() for position, cell in enumerate(cells) if word in cell
    }
    if not {"number", "place"} <= found.keys():
        return None
    if missing := [layout["filing"][n] for n in layout["filing"] if n not in found and n not in layout["optional"]]:
        raise LayoutChanged(
            f"cac: the heading {' '.join(cells)!r} lacks {', '.join(missing)}; correct `filing` in cac.yaml"
        )
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _filing(
    cells: Sequence[str], columns: Mapping[str, int], catalog: Catalog, layout: Mapping[str, Any], where: str
) -> Filing:
    place = cells[columns["place"]]
    when = _DATE.match(cells[columns["date"]])
    row = f"{where}, row {cells[columns['number']]}"
    if not when:
        raise DataError(f"{row}: {cells[columns['date']]!r} is no date; look at the payload")
    try:
        adcode = None if place in layout["not_provinces"] else catalog.province(place).adcode
        filed_on = date(*(int(part) for part in when.groups()))
    except (NotFoundError, ValueError) as exc:
        raise DataError(f"{row}: {exc}") from exc
    model, company = cells[columns["model"]], cells[columns["company"]]
    if not model or not company:
        raise DataError(f"{row}: model or company is empty; look at the payload")
    return Filing(adcode, model, company, cells[columns["identifier"]] if "identifier" in columns else "", filed_on)


def _distinct(filings: Sequence[Filing]) -> list[Filing]:
    """Drop what later notices repeat: the same identifier, or the same service where one of the two has none."""
    identifiers: set[str] = set()
    services: dict[tuple[str, str], set[str]] = {}
    kept = []
    for filing in filings:
        known = services.setdefault((filing.model, filing.company), set())
        repeated = filing.identifier in identifiers if filing.identifier else bool(known)
        if not repeated and not (known and "" in known):
            kept.append(filing)
        known.add(filing.identifier)
        if filing.identifier:
            identifiers.add(filing.identifier)
    return kept
