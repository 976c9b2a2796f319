"""Source ``policies``: documents on a topic found on the provincial governments' portals, counted by year.

Every answer is kept as a part, and an index of them for each year is what is parsed. A portal that fails takes no
other down: its province is not in the figures, and the index says why. What a count was made from, title by
title, is told by :func:`counted`; what became of each province by :func:`coverage`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import pandas as pd

from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.errors import DataError, FetchFailed, FetchRefused, IcdpError, LayoutChanged
from icdp.sources.base import Errand, Fetched, Payload, read_index
from icdp.sources.client import Answer
from icdp.sources.observations import validated
from icdp.sources.policies.counting import Hit, Judged, Results, by_topic, day, document, judged
from icdp.sources.policies.layout import Layout
from icdp.sources.policies.platforms import PLATFORMS, Found, Query
from icdp.sources.text import decode

Entry = dict[str, Any]
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
        FetchFailed: no portal answered, and at least one of them may at another try.
        FetchRefused: all portals refuse.
        LayoutChanged: no portal gave results, and none of them will.
    """
    layout = Layout.of(errand.source, errand.catalog)
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


def _head(layout: Layout, adcode: str) -> Entry:
    portal = layout.portals[adcode]
    return {"adcode": adcode, "platform": portal.platform, "address": portal.address}


def _asked(errand: Errand, layout: Layout, adcode: str) -> Generator[Fetched, None, Entry]:
    """Ask one portal for the control word and every word; yield its answers, return its entry of the index."""
    portal = layout.portals[adcode]
    platform = PLATFORMS[portal.platform]
    address = errand.ask.at(portal.address, adcode)
    parameters: dict[str, str | int] = dict(portal.parameters)
    for name, read in portal.read.items():
        page = errand.ask.get(address + read.page)
        yield _part(f"{adcode}/{name}", page)
        match = read.pattern.search(decode(page.content, page.url))
        if not match:
            raise LayoutChanged(
                f"policies: {page.url} does not state {name} ({read.pattern.pattern!r}); look at the page"
            )
        parameters[name] = match[1]
    first, last = layout.span(errand.year)
    parts: dict[str, bytes] = {}
    queries: list[Entry] = []
    for word in (layout.control.word, *layout.words):
        results = Results(f"policies: {adcode}, {word}")
        query: Entry = {"word": word, "pages": []}
        queries.append(query)
        for number in range(1, layout.pages + 1):
            question = Query(word, number, layout.page_size, first, last)
            answer = platform.ask(errand.ask, address, parameters, question)
            yield _part(f"{adcode}/{word}/{number}", answer)
            digest = hashlib.sha256(answer.content).hexdigest()
            parts[digest] = answer.content
            query["pages"].append({"url": answer.url, "sha256": digest})
            results.add(platform.read(answer.content, portal.address, f"{results.where}, page {number}"))
            if results.complete or (word == layout.control.word and number == layout.control.pages):
                break
        else:
            raise LayoutChanged(
                f"{results.where}: {results.total} results are more than {layout.pages} pages; raise `pages` or narrow the word"
            )
    entry = _head(layout, adcode) | {"queries": queries}
    # What the archive will be read for, before anybody relies on it.
    _judged(entry, parts.__getitem__, layout, errand.catalog, errand.year)
    return entry


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
    words = [layout.control.word, *layout.words]
    if before and head.items() <= before.items() and [query["word"] for query in before["queries"]] == words:
        return before | {"kept": reason}
    return head | {"failed": reason}


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the number of policies issued in the year for every province whose portal answered; 0 where it has none.

    Raises:
        LayoutChanged: an answer is not the known one, or was taken for other words than today's.
        DataError: a figure breaks the contract.
    """
    source = catalog.sources[payload.source]
    layout = Layout.of(source, catalog)
    index = _index(payload)
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
    layout = Layout.of(catalog.sources[payload.source], catalog)
    index = _index(payload)
    rows = [
        {
            "series": series, "adcode": entry["adcode"], "counted": row.counted, "reason": row.reason,
            "title": row.hit.found.title, "url": row.hit.found.url, "year": row.year,
            "published": row.hit.found.published, "written": row.hit.found.written, "number": row.hit.found.number,
            "issuer": row.issuer, "level": row.level, "word": row.hit.word, "part": row.hit.part,
        }
        for entry in index["portals"] if "queries" in entry
        for series, found in _judged(entry, payload.open_part, layout, catalog, int(index["year"])).items()
        for row in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COUNTED)).astype({"year": "Int64", "counted": bool})


def coverage(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return what became of each of the provinces.

    Args:
        payload: an accepted index of this source.
        catalog: the index as data.

    Returns:
        columns ``COVERAGE``, one row a province; outcome ``counted``, ``kept`` (earlier answers, because this time it
        failed), ``failed`` or ``not_covered``, each but the first with its reason.
    """
    index = _index(payload)
    rows = [{"adcode": code, "outcome": "not_covered", "reason": why} for code, why in index["not_covered"].items()]
    for entry in index["portals"]:
        outcome = next((told for told in ("kept", "failed") if told in entry), "counted")
        rows.append({"adcode": entry["adcode"], "outcome": outcome, "reason": entry.get(outcome, "")})
    table = pd.DataFrame(rows, columns=list(COVERAGE))
    return table[table["adcode"].isin(catalog.provinces)].sort_values("adcode", ignore_index=True)


def _index(payload: Payload) -> Entry:
    index = read_index(payload, "portals", ("adcode", "platform", "address"))
    if not isinstance(index.get("not_covered"), dict):
        raise LayoutChanged(f"{payload.name}: the index does not say what is not covered; take the source again")
    return index


def _judged(entry: Entry, open_part: Any, layout: Layout, catalog: Catalog, year: int) -> Mapping[str, list[Judged]]:
    """Read a portal's answers and judge what they hold, by series.

    Raises:
        LayoutChanged: the search does not work: see :func:`_must_work`.
    """
    where = f"policies: {entry['adcode']}"
    province = catalog.provinces[entry["adcode"]]
    asked = {query["word"]: query for query in entry["queries"]}
    if missing := [word for word in (layout.control.word, *layout.words) if word not in asked]:
        raise LayoutChanged(f"{where}: was not asked for {missing[0]}; take the source again")
    hits: list[Hit] = []
    first_pages: dict[str, tuple[Found, ...]] = {}
    for word, query in asked.items():
        results = Results(f"{where}, {word}")
        for number, part in enumerate(query["pages"], start=1):
            page = PLATFORMS[entry["platform"]].read(
                open_part(part["sha256"]), entry["address"], f"{results.where}, page {number}"
            )
            results.add(page)
            hits += [Hit(found, word, part["sha256"]) for found in page.found]
            first_pages.setdefault(word, page.found)
        if not (results.complete or word == layout.control.word):
            raise LayoutChanged(f"{results.where}: {results.total} results are told, {len(results.found)} came")
    control = [hit.found for hit in hits if hit.word == layout.control.word]
    # Of all years in one list, those of the year may stand far down.
    of_year = PLATFORMS[entry["platform"]].by_date
    if not any(
        document(found, province, layout).counted
        and (known := day(found.published))
        and (known.year == year or not of_year)
        for found in control
    ):
        raise LayoutChanged(
            f"{where}: the control search for {layout.control.word} finds no document{f' of {year}' if of_year else ''} "
            f"among {len(control)} "
            "results; the search or its parameters changed, and what it does not find is no 0"
        )
    if len(set(first_pages.values())) == 1:
        raise LayoutChanged(f"{where}: every word is answered alike; the site ignores the word")
    return {
        series: judged(found, layout.topics[series], province, layout, year, where)
        for series, found in by_topic(hits, layout).items()
    }
