"""HTML tables as grids of text: a merged cell stands in every place it covers."""

from __future__ import annotations

from bs4 import Tag

from icdp.errors import LayoutChanged
from icdp.sources.text import squeezed

# What a merged cell may cover; a page that says more wants to fill the memory.
LARGEST = 200


def grid(table: Tag, where: str) -> list[list[str]]:
    """Return the rows of a table, each as wide as the widest, cells without white space (``icdp.sources.text.squeezed``).

    Raises:
        LayoutChanged: a span is no number, or larger than any printed table needs.
    """
    cells: dict[tuple[int, int], str] = {}
    own = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    for r, row in enumerate(own):
        c = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            while (r, c) in cells:
                c += 1
            down, across = (_span(cell, name, where) for name in ("rowspan", "colspan"))
            text = squeezed(cell.get_text())
            cells |= {
                (r + i, c + j): text
                for i in range(min(down, len(own) - r))
                for j in range(across)
                if (r + i, c + j) not in cells
            }
            c += across
    width = max((c for _, c in cells), default=-1) + 1
    return [[cells.get((r, c), "") for c in range(width)] for r in range(len(own))]


def _span(cell: Tag, name: str, where: str) -> int:
    told = str(cell.get(name) or "1").strip()
    if not (told.isascii() and told.isdigit()) or int(told) > LARGEST:
        raise LayoutChanged(f"{where}: a cell has {name}={told[:20]!r}; look at the payload")
    return max(1, int(told))
