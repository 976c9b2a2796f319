"""Experts' workbooks as they come back. Every judgement here is synthetic unless a test says otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import openpyxl
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from icdp.experts.form import empty_form
from icdp.experts.layout import CALC, FIRST_COLUMN, PARENT_CELL, Question
from icdp.scoring.engine import Settings

Edit = Callable[[Workbook], object]
ABC = Question("root", ("根", "Root"), ("a", "b", "c"), (("甲", "A"), ("乙", "B"), ("丙", "C")))
DEF = Question("leaf", ("叶", "Leaf"), ("d", "e", "f", "g"), (("丁", "D"), ("戊", "E"), ("己", "F"), ("庚", "G")))
ASKED = [ABC, DEF]


def question(items: int, parent: str = "root") -> Question:
    names = [f"i{k}" for k in range(items)]
    return Question(parent, (f"问题{parent}", "Question"), tuple(names), tuple((f"项{n}", n) for n in names))


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def page(book: Workbook, parent: str) -> Worksheet:
    (found,) = [s for s in book.worksheets[1:] if s.title != CALC and s[PARENT_CELL].value == parent]
    return found


def judge(
    book: Workbook, asked: Question, judgements: Sequence[object], reasons: Mapping[int, str] | None = None
) -> None:
    """Fill in the upper triangle row by row; None leaves a pair open."""
    sheet = page(book, asked.parent)
    for k, ((i, j), value) in enumerate(zip(asked.pairs, judgements, strict=True)):
        sheet[asked.cell(i, j)] = value  # type: ignore[assignment]
        sheet.cell(asked.reason_row + k, FIRST_COLUMN, (reasons or {}).get(k))


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def filled(edit: Edit, asked: Sequence[Question] = ASKED, expert: str = "li", panel: str = "p") -> bytes:
    """Return a workbook after ``edit``."""
    book = opened(empty_form(list(asked), panel, expert, Settings()))
    edit(book)
    return saved(book)
