"""Source ``facts``: the figures with citations that are shipped in ``include/facts/series``.

Each file is CSVY: a YAML head with the citations, then one line a figure that names its
citation. The file is one payload, so the figures and their sources can never part.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pandas as pd
import yaml

from icdp.catalog import Catalog
from icdp.errors import LayoutChanged
from icdp.settings import REPOSITORY, Settings
from icdp.sources.base import Fetched
from icdp.sources.observations import validated

HEADER = ["year", "adcode", "value", "citation", "locator"]
CITATION = ("unit", "basis", "publisher", "title", "address", "note")


def fetch(settings: Settings, catalog: Catalog, year: int) -> Iterator[Fetched]:
    """Yield every series file; each holds all years, so ``year`` does not narrow the choice.

    Raises:
        LayoutChanged: a file has no head, or the head names another series than the file.
    """
    for path in sorted((settings.facts / "series").glob("*.csv")):
        content = path.read_bytes()
        head, _, _ = _split(content, path.name)
        if head["series"] != path.stem:
            raise LayoutChanged(f"{path}: the head names series {head['series']!r}; rename the file or correct the head")
        inside = path.is_relative_to(REPOSITORY)
        yield Fetched(
            item=path.stem,
            content=content,
            media_type="text/csv",
            request=str(path.relative_to(REPOSITORY)) if inside else path.name,
            retrieved_at=f"{head['accepted_on']}T00:00:00+00:00",
            publisher=catalog.sources["facts"].publisher,
        )


def parse(content: bytes, item: str, catalog: Catalog) -> pd.DataFrame:
    """Return the file's figures as observations, each with its citation.

    Raises:
        LayoutChanged: no head, other columns, or a figure names an unknown citation.
        DataError: a figure breaks the contract of ``icdp.sources.observations``.
    """
    where = f"facts/{item}"
    head, body, first_line = _split(content, where)
    reader = csv.reader(io.StringIO(body), strict=True)
    header = next(reader, [])
    if header != HEADER:
        raise LayoutChanged(f"{where}: columns are {header}, expected {HEADER}")
    rows = []
    for number, cells in enumerate(reader, start=first_line + 1):
        if len(cells) != len(HEADER):
            raise LayoutChanged(f"{where}, row {number}: {len(cells)} cells, expected {len(HEADER)}")
        year, adcode, value, citation, locator = cells
        if citation not in head["citations"]:
            raise LayoutChanged(f"{where}, row {number}: citation {citation!r} is not in the head; add it there")
        cited = {key: str(head["citations"][citation].get(key, "")) for key in CITATION}
        rows.append(
            {"series": head["series"], "year": year, "adcode": adcode, "value_text": value, "locator": locator, "row": number}
            | cited
        )
    table = pd.DataFrame(rows, columns=["series", "year", "adcode", "value_text", *CITATION, "locator", "row"])
    return validated(table, catalog, where)


def _split(content: bytes, where: str) -> tuple[dict[str, Any], str, int]:
    """Return head, body and the line of the body's header."""
    try:
        text = content.decode("utf-8")
        _, head, body = text.split("---\n", 2)
        data = yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if not {"series", "accepted_on", "citations"} <= set(data):
            raise ValueError("series, accepted_on and citations are needed")
    except (ValueError, TypeError, yaml.YAMLError) as exc:
        raise LayoutChanged(f"{where}: the head between two `---` lines cannot be read: {exc}") from exc
    return data, body, head.count("\n") + 3
