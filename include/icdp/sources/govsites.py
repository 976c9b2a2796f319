"""Source ``govsites``: the register of government websites, counted by province.

The register comes as one or several zip files of CSV: they are kept as they came, and an index of
them is what is parsed.
"""

from __future__ import annotations

import csv
import hashlib
import io
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
from icdp.errors import DataError, LayoutChanged
from icdp.sources.base import Errand, Fetched, Payload, read_index, source_of
from icdp.sources.client import Answer
from icdp.sources.observations import validated
from icdp.sources.text import decode, media_type, squeezed, zip_members


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield the zip files as parts, then their index: item ``register/<year>``.

    Raises:
        LayoutChanged: the address gives neither a zip file nor a page that links to one.
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    first = errand.ask.get(errand.source.layout["download"])
    answers = [first]
    if media_type(first.content) != "application/zip":
        yield Fetched("page", first.content, first.url, first.retrieved_at, first.headers, part=True)
        soup = BeautifulSoup(decode(first.content, first.url), "lxml")
        links = [urljoin(first.url, str(a["href"])) for a in soup.find_all("a", href=re.compile(r"\.zip(\?|$)"))]
        if not links:
            raise LayoutChanged(f"govsites: {first.url} is neither a zip file nor links to one; correct govsites.yaml")
        answers = [errand.ask.get(link, check=_no_zip, Referer=first.url) for link in dict.fromkeys(links)]
    files = []
    for number, answer in enumerate(answers, start=1):
        yield Fetched(f"zip/{number}", answer.content, answer.url, answer.retrieved_at, answer.headers, part=True)
        files.append({"url": answer.url, "sha256": hashlib.sha256(answer.content).hexdigest()})
    yield _index(errand, files, first.url, first.retrieved_at)


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield saved zip files as parts, then their index: together they must be the whole register."""
    yield from (replace(file, part=True) for file in files)
    listed = [{"url": file.request, "sha256": hashlib.sha256(file.content).hexdigest()} for file in files]
    yield _index(errand, listed, files[0].request, files[0].retrieved_at)


def _index(errand: Errand, files: list[dict[str, str]], request: str, retrieved_at: str) -> Fetched:
    index = json.dumps({"year": errand.year, "files": files}, indent=1)
    return Fetched(f"register/{errand.year}", index.encode(), request, retrieved_at)


def _no_zip(answer: Answer) -> str | None:
    kind = media_type(answer.content)
    return None if kind == "application/zip" else f"{kind} instead of a zip file"


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Count the sites of each province; an identifier that stands twice is one site.

    Raises:
        LayoutChanged: other columns, no CSV, or a zip file that cannot be read.
        DataError: an identifier belongs to no province and no ministry.
    """
    source = source_of(payload, catalog)
    layout = source.layout
    index = read_index(payload, "files", ("url", "sha256"))
    identifiers: dict[str, str | None] = {}
    for number, file in enumerate(index["files"], start=1):
        where = f"{payload.name}, file {number}"
        members = zip_members(payload.open_part(file["sha256"]), where, layout["unpacked_megabytes"])
        tables = [(name, data) for name, data in members if name.lower().endswith(".csv")]
        if not tables:
            raise LayoutChanged(f"{where}: holds no CSV; look at the payload")
        for name, data in tables:
            identifiers.update(_identifiers(data, f"{where}, {name}", layout, catalog))
    counted = Counter(adcode for adcode in identifiers.values() if adcode)
    rows = [
        {
            "series": layout["series"],
            "year": int(index["year"]),
            "adcode": adcode,
            "value_text": str(counted[adcode]),
            "unit": layout["unit"],
            "basis": "derived",
            "publisher": source.publisher,
            "title": source.title_zh,
            "address": index["files"][0]["url"],
            "locator": f"{layout['identifier']} {adcode[:2]}…",
            "note": f"counted out of {len(identifiers)} registered sites, ministries' sites in no province",
            "row": number,
        }
        for number, adcode in enumerate((code for code in catalog.provinces if counted[code]), start=1)
    ]
    return validated(pd.DataFrame(rows, columns=None if rows else ["series"]), catalog, payload.name)


def _identifiers(
    data: bytes, where: str, layout: Mapping[str, Any], catalog: Catalog
) -> Iterator[tuple[str, str | None]]:
    """Yield (identifier, province or None for a ministry)."""
    reader = csv.reader(io.StringIO(decode(data, where), newline=""))
    header = [squeezed(cell) for cell in next(reader, [])]
    if missing := [name for name in layout["columns"] if name not in header]:
        raise LayoutChanged(
            f"{where}: columns are {', '.join(header) or 'none'}, {missing[0]} is missing; correct govsites.yaml"
        )
    position = header.index(layout["identifier"])
    provinces = {code[:2]: code for code in catalog.provinces}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        here = f"{where}, row {reader.line_num}"
        if len(cells) != len(header):
            raise LayoutChanged(f"{here}: {len(cells)} cells, expected {len(header)}; look at the payload")
        identifier = cells[position].strip().lower()
        if re.match(layout["not_provinces"], identifier):
            yield identifier, None
            continue
        match = re.match(layout["province"], identifier)
        if not match or match["province"] not in provinces:
            raise DataError(
                f"{here}: identifier {identifier[:40]!r} is of no province and no ministry; look at the payload"
            )
        yield identifier, provinces[match["province"]]
