"""Workbooks read back: every judgement with its reason, or every problem with its cell, at once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.experts.filling import ABC, ASKED, DEF, Edit, filled, judge, opened, page, question, saved

from icdp.errors import IcdpError
from icdp.experts.layout import ABOUT, EXPERT_CELL, PANEL_CELL, PARENT_CELL
from icdp.experts.reading import read_form


def told(edit: Edit) -> list[str]:
    return [str(problem) for problem in read_form(filled(edit), "w.xlsx", ASKED).problems]


def test_judgements_come_back_as_typed_with_reason_and_cell():
    answers = read_form(filled(lambda b: judge(b, ABC, ["3", "1 ／ 3", 0.5], {1: "  丙更\n要紧 "})), "w.xlsx", ASKED)
    assert answers.problems == []
    assert (answers.expert, answers.panel, answers.open) == ("li", "p", {"root": 0})
    judged = [(a.judgement.row_item, a.judgement.col_item, a.judgement.value, a.text) for a in answers.given]
    assert judged == [("a", "b", 3.0, "3"), ("a", "c", pytest.approx(1 / 3), "1 ／ 3"), ("b", "c", 0.5, "0.5")]
    assert answers.given[1].judgement.reason == "丙更 要紧"
    assert answers.given[1].judgement.where == "w.xlsx 根!E7"


def test_a_pair_may_be_typed_into_the_lower_triangle_instead():
    def edit(book):
        judge(book, ABC, ["3", None, "2"])
        page(book, "root")[ABC.cell(2, 0)] = "4"
        page(book, "root")[ABC.cell(1, 0)] = "1/3"

    answers = read_form(filled(edit), "w.xlsx", ASKED)
    assert answers.problems == []
    assert [(a.judgement.row_item, a.judgement.col_item, a.judgement.value) for a in answers.given] == [
        ("a", "b", 3.0), ("c", "a", 4.0), ("b", "c", 2.0),
    ]  # fmt: skip


def test_open_pairs_are_counted_where_the_rest_connects_and_a_sheet_may_stay_empty():
    answers = read_form(filled(lambda b: judge(b, DEF, ["3", None, "2", "2", None, None])), "w.xlsx", ASKED)
    assert (answers.problems, answers.open) == ([], {"leaf": 3})


def both(edit: Edit) -> Edit:
    def run(book):
        judge(book, ABC, ["3", "5", "2"])
        edit(book)

    return run


def put(cell: str, value: object, parent: str = "root") -> Edit:
    return both(lambda book: page(book, parent).__setitem__(cell, value))


def renamed(book) -> None:
    page(book, "root")[PARENT_CELL] = "environment"


def swapped(book) -> None:
    sheet = page(book, "root")
    sheet["A7"], sheet["A8"] = "b", "a"


def copied(book) -> None:
    book.copy_worksheet(page(book, "root"))


WRONG: dict[str, tuple[Edit, str]] = {
    "a word": (put("D7", "重要"), "w.xlsx 根!D7: '重要' is no judgement; write it like 3, 1/3 or 3/2"),
    "beyond the scale": (put("D7", "12"), "根!D7: '12' is no judgement"),
    "zero": (put("E8", 0), "根!E8: '0' is no judgement"),
    "negative": (put("E8", "-3"), "根!E8: '-3' is no judgement"),
    "true": (put("E8", True), "根!E8: 'True' is no judgement"),
    "a very long text": (put("E8", "9" * 500), "根!E8: '" + "9" * 60 + "…' is no judgement"),
    "a date": (put("D7", datetime(2026, 1, 3)), "根!D7: is a date (a spreadsheet made one of e.g. 1/3); format"),  # noqa: DTZ001
    "a formula": (put("D7", "=1/3"), "根!D7: is a formula; type the judgement itself"),
    "not reciprocal": (put("C8", "1/2"), "根!C8: 1/2 is not the inverse of 3 in D7; clear one of the two"),
    "a diagonal": (put("D8", "2"), "根!D8: 2 on the diagonal; an item against itself is 1"),
    "a reason without a judgement": (
        lambda b: judge(b, ABC, ["3", None, "2"], {1: "why"}), "根!E7: is empty, but a reason is given for it",
    ),
    "a reason as a formula": (put("C20", "=A1"), "根!C20: is a formula; type the reason itself"),
    "an endless reason": (put("C20", "长" * 3000), "根!C20: is longer than 2000 characters"),
    "a node that is none": (both(renamed), "根!B3: 'environment' is no node weighted by judgements; use one of root, leaf"),
    "an item renamed": (put("A8", "bb"), "根!A8: 'bb' stands where b belongs; put the id back"),
    "a column renamed": (put("E5", "z"), "根!E5: 'z' stands where c belongs"),
    "rows swapped": (both(swapped), "根!A7: 'b' stands where a belongs"),
    "a sheet twice": (both(copied), "!B3: root has a sheet already, 根; keep one of them"),
    "rows without end": (put("A50000", "x"), "根!A1001: the sheet goes down to row 50000, more than 1000"),
    "an expert without a name": (both(lambda b: b[ABOUT].__setitem__(EXPERT_CELL, "../x")), f"{ABOUT}!B2: '../x' is no name"),
    "a panel without a name": (both(lambda b: b[ABOUT].__setitem__(PANEL_CELL, None)), f"{ABOUT}!B3: '' is no name"),
    "nothing at all": (lambda b: None, f"{ABOUT}: no judgement is entered anywhere; fill in yellow cells"),
    "partly filled, falling apart": (
        lambda b: judge(b, DEF, ["3", None, None, None, None, "2"]),
        "叶!E7: no judgement connects d, e | f, g, so the open pairs cannot be completed; judge at least 1 more, e.g. this one",
    ),
    "one item left out": (lambda b: judge(b, ABC, ["3", None, None]), "根!E7: no judgement connects a, b | c"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_cell_and_what_to_do(name):
    edit, message = WRONG[name]
    assert any(message in line for line in told(edit)), told(edit)


def test_every_problem_is_told_at_once():
    def edit(book):
        judge(book, ABC, ["x", "3", "y"])
        judge(book, DEF, ["0", "1", "1", "1", "1", "1"])
        page(book, "leaf")[DEF.cell(3, 2)] = "7"

    cells = [line.split(": ")[0] for line in told(edit)]
    assert cells == ["w.xlsx 根!D7", "w.xlsx 根!E8", "w.xlsx 叶!D7", "w.xlsx 叶!E10"]


def with_member(name: str, size: int = 10) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        stream = io.BytesIO(content)
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr(name, b"\0" * size)
        return stream.getvalue()

    return change


def another_kind(content: bytes) -> bytes:
    book = opened(content)
    book[ABOUT]["B1"] = "icdp-workbook 1"
    return saved(book)


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "macros": (with_member("xl/vbaProject.bin"), "w.xlsx: carries macros; save it as .xlsx without them"),
    "oversized": (lambda c: c + b"\0" * 5_000_001, "w.xlsx: is larger than 5 MB; make a fresh workbook"),
    "a zip bomb": (with_member("xl/media/image1.png", 60_000_000), "w.xlsx: unpacks to more than 50 MB"),
    "with a password": (lambda c: b"\xd0\xcf\x11\xe0" + c, "w.xlsx: is no .xlsx workbook (or has a password)"),
    "a table of text": (lambda c: b"parent,row_item\n", "w.xlsx: is no .xlsx workbook"),
    "empty": (lambda c: b"", "w.xlsx: is no .xlsx workbook"),
    "cut in half": (lambda c: c[: len(c) // 2], "w.xlsx: is no zip file that can be read"),
    "an analyst's workbook": (another_kind, "w.xlsx: is no workbook of `icdp judgements template` (icdp-judgements 1)"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_none_of_ours_is_refused_in_one_sentence(name):
    change, message = FILES[name]
    with pytest.raises(IcdpError) as refusal:
        read_form(change(filled(lambda b: judge(b, ABC, ["3", "5", "2"]))), "w.xlsx", ASKED)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=8), st.integers(-3, 12), st.floats(0, 10)), min_size=3, max_size=3)
)
def test_whatever_is_typed_is_a_judgement_or_a_problem_with_its_cell(values):
    try:
        content = filled(lambda b: judge(b, ABC, values))
    except Exception:  # openpyxl writes no control characters
        return
    answers = read_form(content, "w.xlsx", ASKED)
    for answer in answers.given:
        assert answer.judgement.value > 0
    typed = [v for v in values if v is not None and str(v).strip()]
    assert answers.problems or len(answers.given) == len(typed)


def test_a_catalogue_that_changed_since_is_told_item_by_item():
    content = filled(lambda b: judge(b, ABC, ["3", "5", "2"]), [ABC])
    problems = read_form(content, "w.xlsx", [question(3)]).problems
    assert [p.cell for p in problems] == ["根!A7", "根!C5", "根!A8", "根!D5", "根!A9", "根!E5"]


def test_a_workbook_of_many_sheets_is_refused():
    def edit(book):
        for _ in range(250):
            book.create_sheet()

    (problem,) = read_form(filled(edit), "w.xlsx", ASKED).problems
    assert "has 254 sheets" in problem.told
