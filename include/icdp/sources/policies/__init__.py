"""Source ``policies``: documents on a topic found on the provincial governments' portals, counted by year.

Every answer is kept as a part, and an index of them for each year is what is parsed. A portal that fails takes no
other down: its province is not in the figures, and the index says why. What a count was made from, title by
title, is told by :func:`counted`; what became of each province by :func:`coverage`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.errors import DataError, FetchFailed, FetchRefused, IcdpError, LayoutChanged, NothingForYear
from icdp.sources.base import Errand, Fetched, Payload, read_index, source_of
from icdp.sources.client import Answer
from icdp.sources.observations import validated
from icdp.sources.policies.counting import Hit, Judged, Results, by_topic, day, document, judged
from icdp.sources.policies.layout import Layout
from icdp.sources.policies.platforms import PLATFORMS, Page, Query
from icdp.sources.text import decode

Entry = dict[str, Any]
Read = tuple[str, list[tuple[Page, str]]]
"""A word asked, and the pages of its answer, each with the SHA-256 of its bytes."""
COUNTED = (
    "series", "adcode", "counted", "reason", "title", "url", "year", "published", "written", "number", "issuer", "level",
    "word", "part",
)  # fmt: skip
COVERAGE = ("adcode", "outcome", "reason")


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield every answer as a part, then their index: item ``titles/<year>``. The portals are asked by turns.

    What a portal answered for the same year and words before is used again when it fails this time.

    Raises:
        CatalogError: the layout is wrong; nobody is asked.
        NothingForYear: the year has not ended; nobody is asked.
        FetchFailed: no portal answered, and at least one of them may at another try.
        FetchRefused: all portals refuse.
        LayoutChanged: no portal gave results, and none of them will.
    """
    layout = Layout.of(errand.source, errand.catalog)
    if (today := errand.ask.clock.now().date()) <= date(errand.year, 12, 31):
        raise NothingForYear(
            f"policies: {errand.year} has not ended on {today}, and the policies of a part are no count"
        )
    running = {adcode: _asked(errand, layout, adcode) for adcode in layout.portals}
    entries: dict[str, Entry] = {}
    failed: dict[str, Exception] = {}
    retrieved_at = ""
    while running:
        for adcode, asking in list(running.items()):
            try:
                fetched = next(asking)
            except StopIteration as done:
                entries[adcode] = done.value
                del running[adcode]
            except (FetchFailed, FetchRefused, LayoutChanged, DataError) as exc:
                failed[adcode] = exc
                del running[adcode]
            else:
                retrieved_at = fetched.retrieved_at
                yield fetched
    if not entries:
        told = "; ".join(str(error) for error in failed.values())
        errors = failed.values()
        if any(isinstance(error, FetchFailed) for error in errors):
            kind: type[IcdpError] = FetchFailed
        else:
            kind = FetchRefused if all(isinstance(error, FetchRefused) for error in errors) else LayoutChanged
        raise kind(f"policies: none of {len(failed)} portals gave results: {told}")
    before = _before(errand)
    for adcode, error in failed.items():
        entries[adcode] = _instead(layout, adcode, before.get(adcode), error)
    index = {
        "year": errand.year,
        "portals": [entries[adcode] for adcode in sorted(entries)],
        "not_covered": layout.not_covered,
    }
    text = json.dumps(index, ensure_ascii=False, indent=1)
    yield Fetched(f"titles/{errand.year}", text.encode(), errand.ask.base_url, retrieved_at)


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterable[Fetched]:
    """Refuse saved pages: a count needs every page of every word, and the control search.

    Raises:
        DataError: always.
    """
    raise DataError(
        f"{errand.source.source}: saved pages make no count, which needs every page of every word; enter the counts "
        "with their citations (`icdp workbook export`)"
    )


def _head(layout: Layout, adcode: str) -> Entry:
    portal = layout.portals[adcode]
    return {"adcode": adcode, "platform": portal.platform, "address": portal.address}


def _asked(errand: Errand, layout: Layout, adcode: str) -> Generator[Fetched, None, Entry]:
    """Ask one portal for the control word and every word; yield its answers, return its entry of the index."""
    portal = layout.portals[adcode]
    platform = PLATFORMS[portal.platform]
    address = errand.ask.at(portal.address, adcode)
    parameters: dict[str, str | int] = dict(portal.parameters)
    for name, stated in portal.read.items():
        page = errand.ask.get(address + stated.page)
        yield _part(f"{adcode}/{name}", page)
        match = stated.pattern.search(decode(page.content, page.url))
        if not match:
            raise LayoutChanged(
                f"policies: {page.url} does not state {name} ({stated.pattern.pattern!r}); look at the page"
            )
        parameters[name] = match[1]
    first, last = layout.span(errand.year)
    queries: list[Entry] = []
    read: list[Read] = []
    for word in layout.asked:
        results = Results(f"policies: {adcode}, {word}")
        pages: list[tuple[Page, str]] = []
        told: list[Entry] = []
        for number in range(1, _pages(layout, word) + 1):
            answer = platform.ask(errand.ask, address, parameters, Query(word, number, layout.page_size, first, last))
            yield _part(f"{adcode}/{word}/{number}", answer)
            digest = hashlib.sha256(answer.content).hexdigest()
            told.append({"url": answer.url, "sha256": digest})
            pages.append((platform.read(answer.content, portal.address, f"{results.where}, page {number}"), digest))
            results.add(pages[-1][0])
            if results.complete or (
                word == layout.control.word and _works(errand.catalog, layout, adcode, errand.year, pages)
            ):
                break
        _must_hold(errand.catalog, layout, adcode, errand.year, word, results, pages)
        queries.append({"word": word, "pages": told})
        read.append((word, pages))
    # What the archive will be read for, before anybody relies on it.
    _judged(read, adcode, layout, errand.catalog, errand.year)
    unfinished = errand.ask.clock.now().date() <= last
    return _head(layout, adcode) | {"queries": queries} | ({"unfinished": last.isoformat()} if unfinished else {})


def _pages(layout: Layout, word: str) -> int:
    return layout.control.pages if word == layout.control.word else layout.pages


def _works(catalog: Catalog, layout: Layout, adcode: str, year: int, pages: Sequence[tuple[Page, str]]) -> bool:
    """Return whether a document of the year is on one of the pages."""
    return any(
        (known := day(found.published))
        and known.year == year
        and document(found, catalog.provinces[adcode], layout).counted
        for page, _ in pages
        for found in page.found
    )


def _must_hold(
    catalog: Catalog,
    layout: Layout,
    adcode: str,
    year: int,
    word: str,
    results: Results,
    pages: Sequence[tuple[Page, str]],
) -> None:
    """Refuse a word of which not every result came, and a control word that brings no document of the year.

    Raises:
        LayoutChanged: see above; what such a search does not find is no 0.
    """
    if word == layout.control.word:
        if not _works(catalog, layout, adcode, year, pages):
            raise LayoutChanged(
                f"policies: {adcode}: the control search for {word} finds no document of {year} among {len(results.found)} "
                "results; the search or its parameters changed, and what it does not find is no 0"
            )
    elif not results.complete:
        many = len(pages) >= layout.pages
        raise LayoutChanged(
            f"{results.where}: {results.total} results are "
            + (
                f"more than {layout.pages} pages; raise `pages` or narrow the word"
                if many
                else f"told, {len(results.found)} came"
            )
        )


def _part(item: str, answer: Answer) -> Fetched:
    return Fetched(item, answer.content, answer.url, answer.retrieved_at, answer.headers, part=True)


def _before(errand: Errand) -> dict[str, Entry]:
    """Return what the portals answered when the year was taken before, by province."""
    archive = Archive(errand.settings.archive)
    listed = archive.accepted(errand.source.source, errand.year)
    entries: dict[str, Entry] = {}
    for receipt in listed.receipts if listed else []:
        index = json.loads(archive.get(receipt.payload_sha256))
        entries |= {entry["adcode"]: entry for entry in index["portals"] if "queries" in entry}
    return entries


def _instead(layout: Layout, adcode: str, before: Entry | None, error: Exception) -> Entry:
    # Addresses of objects in memory would make the same failure a new payload.
    reason = re.sub(r" object at 0x[0-9a-f]+", "", str(error))
    head = _head(layout, adcode)
    if before and head.items() <= before.items() and tuple(q["word"] for q in before["queries"]) == layout.asked:
        return before | {"kept": reason}
    return head | {"failed": reason}


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the number of policies issued in the year for every province whose portal answered; 0 where it has none.

    Raises:
        LayoutChanged: an answer is not the known one, or was taken for other words than today's.
        DataError: a figure breaks the contract.
    """
    source = source_of(payload, catalog)
    layout = Layout.of(source, catalog)
    index = _index(payload, catalog)
    titles = counted(payload, catalog)
    rows: list[dict[str, Any]] = []
    for entry in index["portals"]:
        if "queries" not in entry:
            continue
        adcode, address = entry["adcode"], entry["queries"][0]["pages"][0]["url"]
        for series, topic in layout.topics.items():
            of_topic = titles[(titles["adcode"] == adcode) & (titles["series"] == series)]
            number = int(of_topic["counted"].sum())
            digest = hashlib.sha256(payload.content).hexdigest()[:12]
            rows.append(
                {
                    "series": series,
                    "year": int(index["year"]),
                    "adcode": adcode,
                    "value_text": str(number),
                    "unit": layout.unit,
                    "basis": "derived",
                    "publisher": f"{catalog.provinces[adcode].name_zh}人民政府",
                    "title": f"{source.title_zh}：标题含「{'、'.join(topic.words)}」",
                    "address": address,
                    "locator": f"检索所得 {len(of_topic)} 个标题中计 {number} 个，清单见 titles/{index['year']} ({digest})",
                    "note": f"只计 {layout.level_zh}; counted: {layout.level_en}, issued in the year, by the date of writing where stated"
                    + (f"; a lower bound, asked before {entry['unfinished']}" if "unfinished" in entry else "")
                    + ("; answers of an earlier taking" if "kept" in entry else ""),
                    "row": len(rows) + 1,
                }
            )
    return validated(pd.DataFrame(rows, columns=None if rows else ["series"]), catalog, payload.name)


def counted(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return every title found, counted or with the reason why not, so that a person can check a count.

    Args:
        payload: an accepted index of this source; its parts are opened.
        catalog: the index as data.

    Returns:
        columns ``COUNTED``, all text but ``counted`` (bool) and ``year`` (Int64, only where a date was needed); ``part``
        is the SHA-256 of the answer the title stands in.

    Raises:
        LayoutChanged: an answer is not the known one, or was taken for other words than today's.
    """
    layout = Layout.of(source_of(payload, catalog), catalog)
    index = _index(payload, catalog)
    rows = [
        {
            "series": series, "adcode": entry["adcode"], "counted": row.counted, "reason": row.reason,
            "title": row.hit.found.title, "url": row.hit.found.url, "year": row.year,
            "published": row.hit.found.published, "written": row.hit.found.written, "number": row.hit.found.number,
            "issuer": row.issuer, "level": row.level, "word": row.hit.word, "part": row.hit.part,
        }
        for entry in index["portals"] if "queries" in entry
        for series, found in _of_entry(entry, payload, layout, catalog, int(index["year"])).items()
        for row in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COUNTED)).astype({"year": "Int64", "counted": bool})


def _of_entry(
    entry: Entry, payload: Payload, layout: Layout, catalog: Catalog, year: int
) -> Mapping[str, list[Judged]]:
    read = _read(entry, payload.open_part, layout, catalog, year)
    return _judged(read, entry["adcode"], layout, catalog, year)


def coverage(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return what became of each of the provinces.

    Args:
        payload: an accepted index of this source.
        catalog: the index as data.

    Returns:
        columns ``COVERAGE``, one row a province; outcome ``counted``, ``unfinished`` (asked before all of the year was
        published: a lower bound), ``kept`` (earlier answers, because this time it failed), ``failed`` or
        ``not_covered``, each but the first with its reason.
    """
    index = _index(payload, catalog)
    rows = [{"adcode": code, "outcome": "not_covered", "reason": why} for code, why in index["not_covered"].items()]
    for entry in index["portals"]:
        outcome = next((told for told in ("kept", "failed", "unfinished") if told in entry), "counted")
        reason = entry.get(outcome, "")
        if outcome == "unfinished":
            reason = f"询问早于 asked before {reason}：可能尚有未发布 more may be published"
        rows.append({"adcode": entry["adcode"], "outcome": outcome, "reason": reason})
    table = pd.DataFrame(rows, columns=list(COVERAGE))
    return table[table["adcode"].isin(catalog.provinces)].sort_values("adcode", ignore_index=True)


def _index(payload: Payload, catalog: Catalog) -> Entry:
    index = read_index(payload, "portals", ("adcode", "platform", "address"))
    if not isinstance(index.get("not_covered"), dict):
        raise LayoutChanged(f"{payload.name}: the index does not say what is not covered; take the source again")
    for entry in index["portals"]:
        if entry["adcode"] not in catalog.provinces or entry["platform"] not in PLATFORMS:
            raise LayoutChanged(
                f"{payload.name}: {entry['adcode']} on {entry['platform']!r} is no portal known; take the source again"
            )
    return index


def _read(entry: Entry, open_part: Callable[[str], bytes], layout: Layout, catalog: Catalog, year: int) -> list[Read]:
    """Read a portal's archived answers.

    Raises:
        LayoutChanged: an answer is not the known one, or they are those to other words than today's.
    """
    adcode, platform = entry["adcode"], PLATFORMS[entry["platform"]]
    words = [query["word"] for query in entry["queries"]]
    if words != list(layout.asked):
        other = next((word for word in layout.asked if word not in words), "today's words in today's order")
        raise LayoutChanged(f"policies: {adcode}: was not asked for {other}; take the source again")
    read: list[Read] = []
    for word, query in zip(words, entry["queries"], strict=True):
        results = Results(f"policies: {adcode}, {word}")
        pages: list[tuple[Page, str]] = []
        for number, part in enumerate(query["pages"], start=1):
            content = open_part(part["sha256"])
            pages.append((platform.read(content, entry["address"], f"{results.where}, page {number}"), part["sha256"]))
            results.add(pages[-1][0])
        _must_hold(catalog, layout, adcode, year, word, results, pages)
        read.append((word, pages))
    return read


def _judged(
    read: Sequence[Read], adcode: str, layout: Layout, catalog: Catalog, year: int
) -> Mapping[str, list[Judged]]:
    """Judge what a portal's answers hold, by series.

    Raises:
        LayoutChanged: every word is answered alike, or a policy has no date that can be read.
    """
    where = f"policies: {adcode}"
    if len({pages[0][0].found for _, pages in read}) == 1:
        raise LayoutChanged(f"{where}: every word is answered alike; the site ignores the word")
    hits = [Hit(found, word, part) for word, pages in read for page, part in pages for found in page.found]
    return {
        series: judged(found, layout.topics[series], catalog.provinces[adcode], layout, year, where)
        for series, found in by_topic(hits, layout).items()
    }
