"""Source ``facts``: the figures with citations that are shipped in ``include/facts/series``.

Each file is CSVY: a YAML head with the citations, then one line a figure that names its
citation. The file is one payload, so the figures and their sources can never part.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import yaml

from icdp.catalog import Catalog
from icdp.catalog.load import parse_yaml
from icdp.errors import LayoutChanged
from icdp.settings import REPOSITORY
from icdp.sources.base import Errand, Fetched, Payload
from icdp.sources.observations import validated

HEADER = ["year", "adcode", "value", "citation", "locator"]
CITATION = ("unit", "basis", "publisher", "title", "address", "note")


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield every series file; each holds all years, so the year does not narrow the choice.

    Raises:
        LayoutChanged: a file has no head, or the head names another series than the file.
    """
    for path in sorted((errand.settings.facts / "series").glob("*.csv")):
        content = path.read_bytes()
        head, _, _ = _split(content, str(path))
        if head["series"] != path.stem:
            raise LayoutChanged(
                f"{path}: the head names series {head['series']!r}; rename the file or correct the head"
            )
        inside = path.is_relative_to(REPOSITORY)
        yield Fetched(
            item=path.stem,
            content=content,
            request=path.relative_to(REPOSITORY).as_posix() if inside else path.name,
            retrieved_at=f"{head['accepted_on']}T00:00:00+00:00",
        )


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the file's figures as observations, each with its citation.

    Raises:
        LayoutChanged: no head, no UTF-8, other columns, or a figure names an unknown citation.
        DataError: a figure breaks the contract of ``icdp.sources.observations``.
    """
    where, content = payload.name, payload.content
    head, body, first_line = _split(content, where)
    cited = {
        name: ["" if citation.get(key) is None else str(citation[key]) for key in CITATION]
        for name, citation in head["citations"].items()
    }
    records = _records(body, where, first_line)
    _, header = next(records, (first_line, []))
    if header != HEADER:
        raise LayoutChanged(
            f"{where}, row {first_line}: columns are {', '.join(header) or 'none'}, expected {', '.join(HEADER)}; "
            "name them so"
        )
    rows = []
    for number, cells in records:
        if len(cells) != len(HEADER):
            raise LayoutChanged(f"{where}, row {number}: {len(cells)} cells, expected {len(HEADER)}; correct the row")
        year, adcode, value, citation, locator = cells
        if citation not in cited:
            raise LayoutChanged(f"{where}, row {number}: citation {citation!r} is not in the head; add it there")
        rows.append((head["series"], year, adcode, value, *cited[citation], locator, number))
    table = pd.DataFrame(rows, columns=["series", "year", "adcode", "value_text", *CITATION, "locator", "row"])
    return validated(table, catalog, where)


def _records(body: str, where: str, first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each record of the table with the line of the file it ends in."""
    reader = csv.reader(io.StringIO(body), strict=True)
    try:
        for cells in reader:
            yield first_line - 1 + reader.line_num, cells
    except csv.Error as exc:
        row = first_line - 1 + reader.line_num
        raise LayoutChanged(f"{where}, row {row}: cannot be read as CSV ({exc}); correct the quotes") from exc


def _split(content: bytes, where: str) -> tuple[dict[str, Any], str, int]:
    """Return head, body and the line of the body's header."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exc:
        row = content.count(b"\n", 0, exc.start) + 1
        raise LayoutChanged(f"{where}, row {row}: is not UTF-8; save the file as UTF-8") from exc
    try:
        before, head, body = text.split("---\n", 2) if text.count("---\n") > 1 else ("", "", "")
        data: dict[str, Any] = parse_yaml("\n" + head) or {}  # so that its errors count lines as the file does
        if before or not {"series", "accepted_on", "citations"} <= set(data):
            raise ValueError("it must be the file's beginning and name series, accepted_on and citations")
        date.fromisoformat(str(data["accepted_on"]))
        if not all(isinstance(citation, dict) for citation in data["citations"].values()):
            raise ValueError("each of the citations must map unit, basis, publisher, title and address")
    except (ValueError, TypeError, AttributeError, yaml.YAMLError) as exc:
        told = " ".join(str(exc).split())
        raise LayoutChanged(f"{where}: the head between two `---` lines cannot be read ({told}); correct it") from exc
    return data, body, head.count("\n") + 3
