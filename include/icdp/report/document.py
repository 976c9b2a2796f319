"""The report as blocks, in one language: written once, laid out as HTML and as PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from icdp.report.told import Number


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to an address, if the address is one of the web."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Text that leads to a section of the report."""

    text: str
    section: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A code with its colour: how faithful a value is, its tier."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A number with a bar, and a mark where the others' middle is.

    Attributes:
        number: what the bar shows.
        share: its length, 0-1.
        mark: place of the mark, 0-1; None for none.
        colour: name of a colour of the style sheet.
    """

    number: Number
    share: float | None
    mark: float | None = None
    colour: str = "accent"


Atom = str | Markup | Number | Link | Reference | Badge | Bar
Cell = Atom | list[Atom]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row is its heading.

    Attributes:
        caption: what it shows.
        columns: headings.
        rows: cells, as many as columns.
        left: columns whose cells are text.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left: Sequence[int] = (0,)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with the numbers it shows and what it says in words.

    Attributes:
        name: of its files and anchor.
        title: one line.
        alternative: what a reader who cannot see it needs.
        spec: Vega-Lite.
        table: its data.
        note: how to read it.
    """

    name: str
    title: str
    alternative: str
    spec: Mapping[str, Any]
    table: Table
    note: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; ``kind`` is empty, ``lead`` or ``note``."""

    text: Markup
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[Markup]


@dataclass(frozen=True, slots=True)
class Facts:
    """A few figures shown large, each with its label."""

    items: Sequence[tuple[str, Cell]]


Block = Text | Bullets | Facts | Table | Figure


@dataclass(slots=True)
class Section:
    """A section with a heading.

    Attributes:
        name: its anchor, without the language.
        title: heading.
        blocks: content before the sections below it.
        sections: below it.
        page: whether it begins a page on paper.
        badge: shown beside the heading.
    """

    name: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    page: bool = False
    badge: Badge | None = None

    def figures(self) -> list[Figure]:
        """Return the figures in their order."""
        own = [block for block in self.blocks if isinstance(block, Figure)]
        return own + [figure for section in self.sections for figure in section.figures()]


def web_address(text: str | None) -> str | None:
    """Return an address a reader may follow; None for anything but http and https."""
    try:
        parts = urlsplit(str(text or "").strip())
    except ValueError:
        return None
    return parts.geturl() if parts.scheme in ("http", "https") and parts.netloc else None
