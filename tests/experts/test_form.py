"""The empty workbook: what it asks, what may be typed, and the consistency its formulas show."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.experts.excel import Sheets
from tests.experts.filling import ABC, ASKED, judge, opened, page, question

from icdp.catalog import Catalog
from icdp.errors import DataError, JudgementError
from icdp.experts.form import empty_form
from icdp.experts.layout import ABOUT, CALC, FIRST_COLUMN, FIRST_ROW, questions
from icdp.scoring.ahp import consistency, principal_eigenvector
from icdp.scoring.engine import Settings
from icdp.scoring.from_catalog import settings_of

RULES = Settings(ri_table="saaty1980", cr_thresholds={"default": 0.10, 4: 0.09})
CASES = [
    "saaty_school_6x6", "saaty_house_8x8", "saaty2008_drinks_7x7", "saaty1990_transportation_3x3", "two_by_two", "consistent_4x4",
]  # fmt: skip


def written(value: float, k: int) -> object:
    """Return a judgement as different people type it: text, with a full-width slash and blanks, as a number."""
    ratio = Fraction(value).limit_denominator(9)
    text = str(ratio.numerator) if ratio.denominator == 1 else f"{ratio.numerator}/{ratio.denominator}"
    return [text, text.replace("/", " ／ "), float(ratio)][k % 3]


def shown(matrix: list[list[float]]) -> tuple[dict[str, object], list[object]]:
    asked = question(len(matrix))
    book = opened(empty_form([asked], "p", "li", RULES))
    judge(book, asked, [written(matrix[i][j], k) for k, (i, j) in enumerate(asked.pairs)])
    sheets, title = Sheets(book), page(book, "root").title
    names = ("open", "bad", "lambda_max", "ci", "cr", "limit", "verdict")
    status = {name: sheets.show(title, f"C{asked.status_row + k}") for k, name in enumerate(names)}
    last = FIRST_COLUMN + len(matrix)
    weights = [sheets.show(title, page(book, "root").cell(FIRST_ROW + i, last).coordinate) for i in range(len(matrix))]
    return status, weights


@pytest.mark.parametrize("name", CASES)
def test_the_live_consistency_is_that_of_the_printed_examples(examples, square, name):
    case = examples["ahp"][name]
    status, weights = shown(case["matrix"])
    measured = consistency(square(case["matrix"]), "saaty1980")
    assert status["lambda_max"] == pytest.approx(case["reference"]["lambda_max"], abs=1e-9)
    assert status["ci"] == pytest.approx(measured.ci, abs=1e-9)
    assert status["cr"] == pytest.approx(measured.cr, abs=1e-9)
    assert weights == pytest.approx(case["reference"]["eigenvector"], abs=1e-9)
    assert status["limit"] == (0.09 if len(case["matrix"]) == 4 else 0.10)
    assert ("consistent" in str(status["verdict"])) == (measured.cr <= status["limit"])


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 7).flatmap(lambda n: st.lists(st.sampled_from([*range(1, 10), *(1 / k for k in range(2, 10))]), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2)))  # fmt: skip
def test_the_power_method_converges_for_whatever_is_typed(values):
    n = next(k for k in range(3, 8) if k * (k - 1) // 2 == len(values))
    matrix = [[1.0] * n for _ in range(n)]
    for (i, j), value in zip(question(n).pairs, values, strict=True):
        matrix[i][j], matrix[j][i] = float(value), 1.0 / value
    import pandas as pd

    weights, root = principal_eigenvector(pd.DataFrame(matrix))
    status, live = shown(matrix)
    assert status["lambda_max"] == pytest.approx(root, rel=1e-4)
    assert live == pytest.approx(weights.tolist(), abs=1e-3)


@pytest.mark.parametrize(
    ("values", "opened_pairs", "bad", "verdict"),
    [
        ([None, None, None], 3, 0, "pairs are open"),
        (["3", None, "1/2"], 1, 0, "pairs are open"),
        (["3", "strong", "2"], 1, 1, "no judgement"),
        (["3", "1/2/3", "2"], 1, 1, "no judgement"),
        (["3", "12", "1/0"], 2, 2, "no judgement"),
        (["3", "/", "0"], 2, 2, "no judgement"),
        (["2", "4", "2"], 0, 0, "consistent"),
        (["9", "1/9", "9"], 0, 0, "reconsider"),
    ],
)
def test_the_verdict_follows_what_is_typed(values, opened_pairs, bad, verdict):
    book = opened(empty_form([ABC], "p", "li", RULES))
    judge(book, ABC, values)
    sheets, title, top = Sheets(book), page(book, "root").title, ABC.status_row
    assert [sheets.show(title, f"C{top + k}") for k in (0, 1)] == [opened_pairs, bad]
    assert verdict in str(sheets.show(title, f"C{top + 6}"))
    if opened_pairs:
        assert [sheets.show(title, f"C{top + k}") for k in (2, 3, 4)] == ["", "", ""]


def test_the_lower_triangle_shows_the_inverse():
    book = opened(empty_form([ABC], "p", "li", RULES))
    judge(book, ABC, ["3", "1/4", None])
    sheets, title = Sheets(book), page(book, "root").title
    assert sheets.show(title, ABC.cell(1, 0)) == pytest.approx(1 / 3)
    assert sheets.show(title, ABC.cell(2, 0)) == pytest.approx(4.0)
    assert sheets.show(title, ABC.cell(2, 1)) == ""


def test_only_judgements_and_reasons_can_be_typed_in_and_as_text():
    book = opened(empty_form([ABC], "p", "li", RULES))
    sheet = page(book, "root")
    assert sheet.protection.sheet
    unlocked = {c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked}
    upper = {ABC.cell(i, j) for i, j in ABC.pairs}
    assert unlocked == upper | {f"C{ABC.reason_row + k}" for k in range(3)}
    # In a cell of numbers 1/3 becomes the third of January.
    assert {sheet[cell].number_format for cell in unlocked} == {"@"}
    (rule,) = sheet.data_validations.dataValidation
    assert {
        c for block in rule.sqref.ranges for row in block.rows for c in [sheet.cell(*at).coordinate for at in row]
    } == upper
    assert (rule.type, rule.errorStyle) == ("list", "warning")
    assert set(rule.formula1.strip('"').split(",")) == {*"123456789", *(f"1/{k}" for k in range(2, 10))}
    assert max(len(rule.error), len(rule.prompt)) <= 225  # Excel cuts longer ones, or calls the file damaged
    assert book[CALC].sheet_state == "hidden"


def test_the_shipped_index_asks_for_every_judged_node_by_name(catalog: Catalog):
    asked = questions(catalog)
    assert [q.parent for q in asked] == ["composite", "environment", "infrastructure", "application"]
    book = opened(empty_form(asked, "institute-2025", "专家01", settings_of(catalog)))
    assert book.sheetnames == [ABOUT, *(q.title[0] for q in asked), CALC]
    sheet = page(book, "environment")
    assert [sheet.cell(FIRST_ROW + k, 1).value for k in range(3)] == ["policy", "economy", "energy"]
    text = "\n".join(str(c.value) for row in book[ABOUT].iter_rows() for c in row if c.value)
    for word in ("只填黄色格", "yellow cells", "同等重要 equal", "3/2", "nobody changes", "will do"):
        assert word in text
    assert "RI = 0.58（saaty1980，n = 3）" in str(sheet[f"A{asked[1].status_row + 4}"].value)


def test_nodes_of_one_name_have_sheets_of_their_own():
    again = question(3, "other")
    named = type(again)(again.parent, ABC.title, again.items, again.names)
    titles = opened(empty_form([ABC, named], "p", "li", RULES)).sheetnames
    assert len(set(titles)) == 4


@pytest.mark.parametrize(
    ("panel", "expert", "told"),
    [("p", "../li", "'../li' is no name of expert"), ("p q", "li", "'p q' is no name of panel"), ("p", "", "'' is no name")],
)  # fmt: skip
def test_a_name_that_can_be_no_files_name_is_refused(panel, expert, told):
    with pytest.raises(DataError, match=told):
        empty_form(ASKED, panel, expert, RULES)


def test_nothing_to_ask_and_too_many_items_are_refused():
    with pytest.raises(DataError, match="there is nothing to ask experts"):
        empty_form([], "p", "li", RULES)
    with pytest.raises(JudgementError, match="16 items are compared, but table saaty1980 ends at n = 15"):
        empty_form([question(16)], "p", "li", RULES)
