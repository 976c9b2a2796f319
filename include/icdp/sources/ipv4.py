"""Source ``ipv4``: each province's share of the country's IPv4 addresses, by where they are used.

One file a province makes one figure each, and only together a share: the files are kept one by one,
and an index of them is what is parsed.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from icdp.catalog import Catalog
from icdp.errors import DataError, LayoutChanged
from icdp.sources.base import Errand, Fetched, Payload, read_index, source_of
from icdp.sources.client import Answer
from icdp.sources.observations import validated
from icdp.sources.text import media_type


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield each province's file as a part, then their index: item ``shares/<year>``.

    Raises:
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    layout = errand.source.layout
    files = []
    for code in (*sorted(errand.catalog.provinces), layout["without_province"]):
        answer = errand.ask.get(layout["file"].format(code=code), check=_no_list)
        yield Fetched(f"blocks/{code}", answer.content, answer.url, answer.retrieved_at, answer.headers, part=True)
        files.append({"code": code, "url": answer.url, "sha256": hashlib.sha256(answer.content).hexdigest()})
    yield _index(errand, files, errand.ask.base_url, answer.retrieved_at)


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield saved lists as parts, each called after its code (``510000.txt``), then their index."""
    listed = []
    for file in files:
        code = file.item.rpartition("/")[2].removesuffix(".txt")
        yield replace(file, part=True)
        listed.append({"code": code, "url": file.request, "sha256": hashlib.sha256(file.content).hexdigest()})
    yield _index(errand, sorted(listed, key=lambda file: file["code"]), files[0].request, files[0].retrieved_at)


def _index(errand: Errand, files: list[dict[str, str]], request: str, retrieved_at: str) -> Fetched:
    index = json.dumps({"year": errand.year, "files": files}, indent=1)
    return Fetched(f"shares/{errand.year}", index.encode(), request, retrieved_at)


def _no_list(answer: Answer) -> str | None:
    kind = media_type(answer.content)
    return None if kind == "text/plain" else f"{kind} instead of a list of blocks"


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the shares in percent of all addresses of the 31 provinces and of those without a province.

    Raises:
        LayoutChanged: a line is no block, or a file is missing.
        DataError: two blocks overlap, or too much lies in no province.
    """
    source = source_of(payload, catalog)
    layout = source.layout
    index = read_index(payload, "files", ("code", "url", "sha256"))
    wanted = {*catalog.provinces, layout["without_province"]}
    if {file["code"] for file in index["files"]} != wanted or len(index["files"]) != len(wanted):
        raise LayoutChanged(
            f"{payload.name}: the index does not name each of the {len(wanted)} files once; take it again"
        )
    blocks = {file["code"]: _blocks(payload, file) for file in index["files"]}
    _must_be_apart(blocks, payload.name)
    addresses = {code: sum(block.num_addresses for block in own) for code, own in blocks.items()}
    total = sum(addresses.values())
    nowhere = 100 * addresses[layout["without_province"]] / total
    if nowhere > layout["without_province_at_most"]:
        raise DataError(f"{payload.name}: {nowhere:.1f} % of the addresses are in no province; another classification")
    rows = [
        {
            "series": layout["series"],
            "year": int(index["year"]),
            "adcode": file["code"],
            "value_text": f"{100 * addresses[file['code']] / total:.{layout['decimals']}f}",
            "unit": layout["unit"],
            "basis": "derived",
            "publisher": source.publisher,
            "title": source.title_zh,
            "address": file["url"],
            "locator": f"{addresses[file['code']]} / {total} 个地址",
            "note": "located by use, not the registrants' table of CNNIC; the whole includes addresses in no province",
            "row": number,
        }
        for number, file in enumerate(index["files"], start=1)
        if file["code"] in catalog.provinces
    ]
    return validated(pd.DataFrame(rows), catalog, payload.name)


def _blocks(payload: Payload, file: Mapping[str, Any]) -> list[ipaddress.IPv4Network]:
    found = []
    lines = payload.open_part(file["sha256"]).decode("ascii", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(ipaddress.IPv4Network(line.strip()))
        except ValueError as exc:
            raise LayoutChanged(
                f"{payload.name}, {file['code']}, line {number}: {line[:60]!r} is no block ({exc})"
            ) from exc
    if not found:
        raise LayoutChanged(f"{payload.name}, {file['code']}: the file names no block; look at the payload")
    return found


def _must_be_apart(blocks: Mapping[str, list[ipaddress.IPv4Network]], where: str) -> None:
    """An address counted twice would move every share."""
    ordered = sorted((int(b[0]), int(b[-1]), code, str(b)) for code, own in blocks.items() for b in own)
    for (_, end, first, one), (start, _, second, other) in itertools.pairwise(ordered):
        if start <= end:
            raise DataError(f"{where}: {one} of {first} and {other} of {second} overlap; an address would count twice")
