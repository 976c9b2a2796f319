"""An expert's workbook read back: every judgement, or every problem with its cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import numpy as np
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from icdp.errors import DataError, JudgementError
from icdp.experts.layout import (
    ABOUT,
    CALC,
    EXPERT_CELL,
    FIRST_COLUMN,
    FIRST_ROW,
    FORMAT,
    FORMAT_CELL,
    ID_COLUMN,
    ID_ROW,
    NAME,
    PANEL_CELL,
    PARENT_CELL,
    Question,
)
from icdp.scoring.incomplete import components
from icdp.scoring.judgements import Judgement
from icdp.scoring.ratio import parse_judgement, reciprocal
from icdp.sources.workbook_file import Problem, cell_text, open_workbook

FRESH = "icdp judgements template"
# A workbook of ours has some 30 kB, and unpacks to less than 1 MB.
MAX_MEGABYTES = 5.0
UNPACKED_MEGABYTES = 50.0
MOST_SHEETS = 200
MOST_ROWS = 1000
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """One judgement as typed, with its cell."""

    judgement: Judgement
    text: str


@dataclass(slots=True)
class Answers:
    """A read workbook.

    Attributes:
        file: its name.
        expert: who filled it in.
        panel: the panel it was made for.
        given: every judgement.
        open: parent -> pairs left open, of the parents judged.
        problems: everything that is wrong.
    """

    file: str
    expert: str = ""
    panel: str = ""
    given: list[Answer] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, cell: str, told: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, cell, told))


def read_form(content: bytes, file: str, asked: Sequence[Question]) -> Answers:
    """Read an expert's workbook and collect every problem of every cell.

    Args:
        content: the file.
        file: its name for messages.
        asked: what the panel judges.

    Raises:
        DataError: it is no workbook of ours at all, so that no cell can be spoken of.
        LayoutChanged: it unpacks to more than allowed.
    """
    book = open_workbook(content, file, MAX_MEGABYTES, UNPACKED_MEGABYTES, FRESH)
    if ABOUT not in book.sheetnames or cell_text(book[ABOUT][FORMAT_CELL]) != FORMAT:
        raise DataError(f"{file}: is no workbook of `{FRESH}` ({FORMAT}); make one and copy the judgements")
    answers = Answers(file, cell_text(book[ABOUT][EXPERT_CELL]), cell_text(book[ABOUT][PANEL_CELL]))
    for cell, name in ((EXPERT_CELL, answers.expert), (PANEL_CELL, answers.panel)):
        if not NAME.fullmatch(name):
            answers.wrong(f"{ABOUT}!{cell}", f"{name[:60]!r} is no name; use letters, digits, - and _, 41 at most")
    for sheet, question in _sheets(book, asked, answers):
        _read_sheet(sheet, question, answers)
    if not answers.given and not answers.problems:
        answers.wrong(ABOUT, "no judgement is entered anywhere; fill in yellow cells")
    return answers


def _sheets(book: Workbook, asked: Sequence[Question], answers: Answers) -> Iterator[tuple[Worksheet, Question]]:
    known = {question.parent: question for question in asked}
    seen: dict[str, str] = {}
    if len(book.sheetnames) > MOST_SHEETS:
        answers.wrong(ABOUT, f"the workbook has {len(book.sheetnames)} sheets; make a fresh one ({FRESH})")
        return
    for sheet in book.worksheets:
        if sheet.title in (ABOUT, CALC):
            continue
        parent, cell = cell_text(sheet[PARENT_CELL])[:LONGEST], f"{sheet.title}!{PARENT_CELL}"
        if parent not in known:
            answers.wrong(
                cell,
                f"{parent[:60]!r} is no node weighted by judgements; use one of {', '.join(known)} or remove the sheet",
            )
        elif parent in seen:
            answers.wrong(cell, f"{parent} has a sheet already, {seen[parent]}; keep one of them")
        elif sheet.max_row > MOST_ROWS:
            told = f"the sheet goes down to row {sheet.max_row}, more than {MOST_ROWS}; make a fresh workbook ({FRESH})"
            answers.wrong(f"{sheet.title}!A{MOST_ROWS + 1}", told)
        else:
            seen[parent] = sheet.title
            yield sheet, known[parent]


def _read_sheet(sheet: Worksheet, question: Question, answers: Answers) -> None:
    """Add the judgements of a sheet, or what is wrong with it."""
    if not _same_items(sheet, question, answers):
        return  # a cell cannot be judged while it is unknown what it compares
    before = len(answers.problems)
    for k in range(len(question.items)):
        own = _typed(sheet, question, k, k, answers)
        if own is not None and own[1] != 1.0:
            answers.wrong(
                f"{sheet.title}!{question.cell(k, k)}", f"{own[0]} on the diagonal; an item against itself is 1"
            )
    given = np.eye(len(question.items), dtype=bool)
    reasons = _reasons(sheet, question, answers)
    for i, j in question.pairs:
        found = _pair(sheet, question, i, j, answers)
        if found is None:
            if (i, j) in reasons and len(answers.problems) == before:
                where = f"{sheet.title}!{question.cell(i, j)}"
                answers.wrong(where, "is empty, but a reason is given for it; fill it in or clear the reason")
            continue
        row, column, text, value = found
        given[i, j] = given[j, i] = True
        where = f"{answers.file} {sheet.title}!{question.cell(i, j)}"
        judgement = Judgement(
            question.parent, answers.expert, question.items[row], question.items[column], value,
            reasons.get((i, j), ""), where,
        )  # fmt: skip
        answers.given.append(Answer(judgement, text))
    if len(answers.problems) == before and given.sum() > len(given):
        answers.open[question.parent] = int((~given).sum()) // 2
        _refuse_apart(sheet, question, given, answers)


def _same_items(sheet: Worksheet, question: Question, answers: Answers) -> bool:
    fits = True
    for k, item in enumerate(question.items):
        for row, column in ((FIRST_ROW + k, ID_COLUMN), (ID_ROW, FIRST_COLUMN + k)):
            cell = sheet.cell(row, column)
            if (text := cell_text(cell)) != item:
                fits = False
                told = f"{text[:60]!r} stands where {item} belongs; put the id back, or make a fresh workbook ({FRESH})"
                answers.wrong(f"{sheet.title}!{cell.coordinate}", told)
    return fits


def _pair(sheet: Worksheet, question: Question, i: int, j: int, answers: Answers) -> tuple[int, int, str, float] | None:
    """Return (row, column, text, value) of a pair, from whichever of its two cells was filled in."""
    upper, lower = _typed(sheet, question, i, j, answers), _typed(sheet, question, j, i, answers)
    if upper is not None and lower is not None and not reciprocal(upper[1], lower[1]):
        cell = f"{sheet.title}!{question.cell(j, i)}"
        told = f"{lower[0]} is not the inverse of {upper[0]} in {question.cell(i, j)}; clear one of the two"
        answers.wrong(cell, told)
        return None
    if upper is not None:
        return i, j, *upper
    return None if lower is None else (j, i, *lower)


def _typed(sheet: Worksheet, question: Question, row: int, column: int, answers: Answers) -> tuple[str, float] | None:
    """Return a judgement as text and number; None where the cell is empty, computed, or wrong (then it is noted)."""
    address = question.cell(row, column)
    cell = sheet[address]
    where = f"{sheet.title}!{address}"
    if cell.data_type == "f":
        if column > row:
            answers.wrong(where, "is a formula; type the judgement itself")
        return None  # the lower triangle computes the inverse
    if isinstance(cell.value, date | datetime | time):
        answers.wrong(
            where, "is a date (a spreadsheet made one of e.g. 1/3); format the cell as text and type it again"
        )
        return None
    text = cell_text(cell)
    if not text:
        return None
    try:
        return text, parse_judgement(text)
    except JudgementError as error:
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        answers.wrong(where, str(error) if shown == text else f"{shown!r} is no judgement; write it like 3, 1/3 or 3/2")
        return None


def _reasons(sheet: Worksheet, question: Question, answers: Answers) -> Mapping[tuple[int, int], str]:
    found = {}
    for row, pair in enumerate(question.pairs, start=question.reason_row):
        cell = sheet.cell(row, FIRST_COLUMN)
        text = cell_text(cell)
        where = f"{sheet.title}!{cell.coordinate}"
        if cell.data_type == "f":
            answers.wrong(where, "is a formula; type the reason itself")
        elif len(text) > LONGEST:
            answers.wrong(where, f"is longer than {LONGEST} characters; shorten it")
        elif text:
            found[pair] = " ".join(text.split())
    return found


def _refuse_apart(sheet: Worksheet, question: Question, given: np.ndarray, answers: Answers) -> None:
    groups = components(given)
    if len(groups) > 1:
        apart = " | ".join(", ".join(question.items[k] for k in group) for group in groups)
        first, other = sorted((groups[0][0], groups[1][0]))
        told = (
            f"no judgement connects {apart}, so the open pairs cannot be completed; judge at least "
            f"{len(groups) - 1} more, e.g. this one"
        )
        answers.wrong(f"{sheet.title}!{question.cell(first, other)}", told)
