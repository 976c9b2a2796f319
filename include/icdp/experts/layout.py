"""Where things stand in an expert's workbook: one sheet a question, the same places for writing and reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from openpyxl.utils import get_column_letter

from icdp.catalog import Catalog
from icdp.scoring.from_catalog import tree_of

FORMAT = "icdp-judgements 1"
ABOUT = "说明 About"
# Cells of the first sheet that say what the workbook is.
FORMAT_CELL, EXPERT_CELL, PANEL_CELL = "B1", "B2", "B3"
CALC = "计算 Calc"  # hidden: the numbers behind the live CR; never read back
PARENT_CELL = "B3"  # of every other sheet; the sheet's own name is for people
ID_ROW, NAME_ROW, FIRST_ROW = 5, 6, 7  # ids and names of the columns, first row of the matrix
ID_COLUMN, NAME_COLUMN, FIRST_COLUMN = 1, 2, 3
NAME = re.compile(r"[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿_-]{0,40}")
REVISION = re.compile(r"(?P<name>[0-9A-Za-z一-鿿][0-9A-Za-z一-鿿_-]{0,40})-r(?P<revision>[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Question:
    """One comparison an expert makes.

    Attributes:
        parent: the node whose children are compared.
        title: its Chinese and English name.
        items: its children's ids.
        names: their Chinese and English names.
    """

    parent: str
    title: tuple[str, str]
    items: tuple[str, ...]
    names: tuple[tuple[str, str], ...]

    @property
    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the positions of every pair, row by row of the upper triangle."""
        return combinations(range(len(self.items)), 2)

    @property
    def status_row(self) -> int:
        """Return the row of the first line about consistency."""
        return FIRST_ROW + len(self.items) + 1

    @property
    def reason_row(self) -> int:
        """Return the row of the first pair's reason."""
        return self.status_row + 9

    def cell(self, row: int, column: int) -> str:
        """Return the address of the matrix cell at two positions."""
        return f"{get_column_letter(FIRST_COLUMN + column)}{FIRST_ROW + row}"


def questions(catalog: Catalog) -> list[Question]:
    """Return what a panel judges: every node weighted by judgements that has two children or more."""
    tree = tree_of(catalog)
    asked = []
    for parent in tree.inner:
        items = tree.children(parent)
        if tree[parent].judged and len(items) > 1:
            nodes = [catalog.nodes[item] for item in items]
            title = (catalog.nodes[parent].name_zh, catalog.nodes[parent].name_en)
            asked.append(Question(parent, title, tuple(items), tuple((n.name_zh, n.name_en) for n in nodes)))
    return asked
