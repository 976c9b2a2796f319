"""Rows by province out of the lines of a PDF: by their names, or by their order where no name can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from icdp.catalog import Catalog
from icdp.errors import DataError, LayoutChanged, NotFoundError
from icdp.sources.pdf import Line
from icdp.sources.text import squeezed

# A name may touch its figure; it never has a digit.
_FIGURE = re.compile(r"(?P<name>[^\d+\-.]*)(?P<figure>[+-]?\d[\d,]*(?:\.\d+)?%?)")
TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row.

    Attributes:
        key: an adcode, ``total``, or the name of what is no province.
        figures: one text a numeric column, without thousands' commas and ``%``.
        page: where it stands.
        name: as printed; empty where it cannot be read.
    """

    key: str
    figures: tuple[str, ...]
    page: int
    name: str = ""


@dataclass(slots=True)
class _Printed:
    """A table as it is being read."""

    heading: str = ""
    rows: dict[str, Row] = field(default_factory=dict)


def named_rows(
    lines: Sequence[Line], table: Mapping[str, Any], layout: Mapping[str, Any], catalog: Catalog, where: str
) -> list[Row]:
    """Return the rows below the caption of a table, over page breaks with or without its heading.

    Args:
        lines: the document.
        table: ``caption`` and ``heading`` (patterns of squeezed text), ``columns`` with a pattern ``figure`` each.
        layout: ``caption`` (how any caption begins), ``totals`` and ``others`` (names of rows).
        catalog: the provinces.
        where: name of the payload for messages.

    Raises:
        LayoutChanged: no such caption with rows, two of them, another heading, or another number of columns.
        DataError: a row is unknown, twice or missing.
    """
    found: list[_Printed] = []
    current: _Printed | None = None
    for line in lines:
        text = squeezed("".join(line.words))
        if re.match(layout["caption"], text):
            if not re.search(table["caption"], text):
                current = None
            # A caption that is repeated before the table is whole stands at a page break.
            elif current is None or not current.rows or _is_whole(current, catalog):
                current = _Printed()
                found.append(current)
            continue
        if current is None:
            continue
        begun = bool(current.rows)
        inside = begun and not _is_whole(current, catalog)
        rows = list(_rows(line, inside, table, layout, catalog, f"{where}, page {line.page}"))
        for row in rows:
            if row.key in current.rows:
                raise DataError(f"{where}, page {line.page}: {row.name} stands twice; look at the payload")
            current.rows[row.key] = row
        if not rows and not begun:
            current.heading += text
        elif TOTAL in current.rows and _is_whole(current, catalog):
            current = None
    return list(_only(found, table, catalog, where).rows.values())


def _is_whole(printed: _Printed, catalog: Catalog) -> bool:
    return set(catalog.provinces) <= printed.rows.keys()


def _only(found: Sequence[_Printed], table: Mapping[str, Any], catalog: Catalog, where: str) -> _Printed:
    tables = [printed for printed in found if printed.rows]
    if len(tables) != 1:
        raise LayoutChanged(
            f"{where}: {len(tables)} tables are called like {table['caption']!r}, expected one; correct `caption`"
        )
    (printed,) = tables
    if not re.search(table["heading"], printed.heading):
        raise LayoutChanged(
            f"{where}: the heading is {printed.heading[-60:]!r}, expected {table['heading']!r}; correct `heading`"
        )
    if missing := [p.short_zh for code, p in catalog.provinces.items() if code not in printed.rows]:
        raise DataError(f"{where}: the table lacks {', '.join(missing)}; look at the payload")
    return printed


def _rows(
    line: Line, inside: bool, table: Mapping[str, Any], layout: Mapping[str, Any], catalog: Catalog, where: str
) -> Iterator[Row]:
    """Yield the rows of a line: one, or several where the table is printed in columns side by side."""
    columns = table["columns"]
    for name, figures in _entries(line.words):
        key = _key(name, layout, catalog)
        fits = _fit(figures, columns)
        if key is None and not (inside and fits):
            continue  # a heading, a note, the foot of a page
        if key is None:
            raise DataError(f"{where}: {name!r} is no province and no other row known; look at the payload")
        if len(figures) != len(columns):
            raise LayoutChanged(
                f"{where}: {name} has {len(figures)} figures ({' '.join(figures)}), expected {len(columns)}; "
                "a column was added or lost"
            )
        if not fits:
            raise DataError(f"{where}: {name} has {' '.join(figures)}, not like its columns; look at the payload")
        yield Row(key, tuple(_plain(figure) for figure in figures), line.page, name)


def _entries(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (name, figures): a name is all text up to the first figure."""
    name, figures = "", list[str]()
    for word in words:
        plain = squeezed(word)
        match = _FIGURE.fullmatch(plain)
        text = match["name"] if match else plain
        if text and figures:
            yield name, figures
            name, figures = "", []
        name += text
        if match:
            figures.append(match["figure"])
    if figures:
        yield name, figures


def _key(name: str, layout: Mapping[str, Any], catalog: Catalog) -> str | None:
    if name in layout["totals"]:
        return TOTAL
    if name in layout["others"]:
        return name
    try:
        return catalog.province(name).adcode
    except NotFoundError:
        return None


def _fit(figures: Sequence[str], columns: Sequence[Mapping[str, Any]]) -> bool:
    return len(figures) == len(columns) and all(
        re.fullmatch(column["figure"], figure.replace(",", "")) for figure, column in zip(figures, columns, strict=True)
    )


def _plain(figure: str) -> str:
    return figure.replace(",", "").removesuffix("%")


def ordered_rows(
    lines: Sequence[Line], table: Mapping[str, Any], layout: Mapping[str, Any], catalog: Catalog, where: str
) -> list[Row]:
    """Return the rows of the one table that has the known number of rows and columns and adds up.

    Nothing but figures is read. The provinces are named by the catalogue's order, after them come at most
    ``layout["tail"]`` further rows. What changed places within the table cannot be seen here.

    Raises:
        LayoutChanged: no table fits, several do, or its rows are sorted by size, so that no fixed order holds.
    """
    blocks = list(_blocks(lines, table))
    first, last = len(catalog.provinces), len(catalog.provinces) + layout["tail"]
    fitting: dict[int, list[Row]] = {}  # by the block it begins with: its total may stand on the next page
    for start in range(len(blocks)):
        rows: list[Row] = []
        for block in blocks[start:]:
            if rows and block[0].page != rows[-1].page + 1:
                break
            rows = rows + block
            if first <= len(rows) <= last and not _difference(keyed := _keyed(rows, table, catalog), table):
                fitting[start] = keyed
    if len(fitting) != 1:
        told = ", ".join(str(len(block)) for block in blocks) or "none"
        raise LayoutChanged(
            f"{where}: there is no text in the PDF, and {len(fitting)} tables of {first} to {last} rows with "
            f"{len(table['columns'])} figures add up, expected one (rows in a block: {told}); look at the payload"
        )
    (found,) = fitting.values()
    for position in range(len(table["columns"])):
        own = [Decimal(row.figures[position]) for row in found[:first]]
        if own == sorted(own, reverse=True):
            raise LayoutChanged(
                f"{where}: there is no text in the PDF, and its rows are sorted by size: their order names no province"
            )
    return found


def _blocks(lines: Sequence[Line], table: Mapping[str, Any]) -> Iterator[list[Row]]:
    """Yield rows that stand directly below each other on one page."""
    block: list[Row] = []
    for line in lines:
        figures = [figure for _, own in _entries(line.words) for figure in own]
        fits = _fit(figures, table["columns"])
        if block and (not fits or block[-1].page != line.page):
            yield block
            block = []
        if fits:
            block.append(Row("", tuple(_plain(figure) for figure in figures), line.page))
    if block:
        yield block


def _keyed(rows: Sequence[Row], table: Mapping[str, Any], catalog: Catalog) -> list[Row]:
    keys = list(catalog.provinces)
    tail = [f"row {number}" for number in range(len(keys) + 1, len(rows) + 1)]
    position, column = next((n, c) for n, c in enumerate(table["columns"]) if "adds_up_to" in c)
    last = Decimal(rows[-1].figures[position])
    if tail and (column["adds_up_to"] == TOTAL or last == column["adds_up_to"]):
        tail[-1] = TOTAL
    return [Row(key, row.figures, row.page) for key, row in zip(keys + tail, rows, strict=True)]


def must_add_up(rows: Sequence[Row], table: Mapping[str, Any], where: str) -> None:
    """Hold the rows of each column against what it adds up to.

    Raises:
        DataError: they do not, or there is no row to hold them against.
    """
    if told := _difference(rows, table):
        raise DataError(f"{where}: {told}; look at the payload")


def _difference(rows: Sequence[Row], table: Mapping[str, Any]) -> str:
    """Return by how much a column does not add up, or nothing."""
    for position, column in enumerate(table["columns"]):
        if "adds_up_to" not in column:
            continue
        texts = [row.figures[position] for row in rows if row.key != TOTAL]
        printed = next((row.figures[position] for row in rows if row.key == TOTAL), None)
        if column["adds_up_to"] != TOTAL:
            wanted = Decimal(column["adds_up_to"])
        elif printed is None:
            return "no row with the total to hold the provinces against"
        else:
            wanted = Decimal(printed)
        total = sum(Decimal(text) for text in texts)
        if abs(total - wanted) > _rounding([*texts, *([printed] if printed else [])]):
            return f"column {position + 1} adds up to {total}, expected {wanted}"
    return ""


def _rounding(texts: Sequence[str]) -> Decimal:
    """Return what rounding to the printed decimals may add up to; whole numbers are not rounded."""
    decimals = max(len(text.partition(".")[2]) for text in texts)
    return Decimal(len(texts)) * Decimal("0.5").scaleb(-decimals) if decimals else Decimal(0)
