import re

import pandas as pd
import pytest

from icdp.errors import JudgementError
from icdp.scoring.judgements import Judgements, read_judgements

UPPER = "root,a,b,3,because\nroot,a,c,5,\nroot,b,c,3/2,\n"


def test_an_upper_triangle_becomes_a_full_matrix(write_panel):
    panel = read_judgements(write_panel({"li": UPPER}))
    assert (panel.id, panel.title_zh, panel.title_en, panel.note) == ("test", "测试", "Test", "made for a test")
    assert panel.experts == ["li"]
    assert panel.parents == ["root"]
    assert panel.given[0].reason == "because"
    matrix = panel.matrices("root", ["a", "b", "c"])["li"]
    assert matrix.to_numpy().tolist() == [[1, 3, 5], [1 / 3, 1, 1.5], [1 / 5, 2 / 3, 1]]


def test_a_full_matrix_and_an_upper_triangle_say_the_same(write_panel):
    full = UPPER + "root,b,a,1/3,\nroot,c,a,1/5,\nroot,c,b,2/3,\nroot,a,a,1,\nroot,b,b,1,\nroot,c,c,1,\n"
    panel = read_judgements(write_panel({"li": UPPER, "wu": full}))
    matrices = panel.matrices("root", ["a", "b", "c"])
    assert list(matrices) == ["li", "wu"]
    pd.testing.assert_frame_equal(matrices["li"], matrices["wu"])


def test_items_come_in_the_order_asked_for(write_panel):
    matrix = read_judgements(write_panel({"li": UPPER})).matrices("root", ["c", "a", "b"])["li"]
    assert list(matrix.index) == ["c", "a", "b"]
    assert matrix.loc["a", "b"] == 3.0


def test_an_expert_may_judge_some_parents_only(write_panel):
    panel = read_judgements(write_panel({"li": UPPER, "wu": "env,x,y,2,\n"}))
    assert list(panel.matrices("env", ["x", "y"])) == ["wu"]
    assert panel.matrices("app", ["p", "q"]) == {}


def test_every_cell_is_published_tidy(write_panel):
    tidy = read_judgements(write_panel({"li": UPPER})).tidy({"root": ["a", "b", "c"]})
    assert list(tidy.columns) == ["parent", "expert", "row_item", "col_item", "value", "completed"]
    assert len(tidy) == 9
    assert tidy.set_index(["row_item", "col_item"])["value"].loc[("b", "a")] == 1 / 3


def test_matrices_in_memory_make_a_panel(square):
    matrix = square([[1, 2], [0.5, 1]])
    panel = Judgements.from_matrices({"root": {"li": matrix}})
    pd.testing.assert_frame_equal(panel.matrices("root", ["a", "b"])["li"], matrix)


def test_excel_byte_order_mark_blank_lines_and_quoted_commas_are_understood(write_panel):
    folder = write_panel({})
    text = '\ufeffparent,row_item,col_item,value,reason\n\nroot,a,b,3,"x, y\nz"\n,,,,\n'
    (folder / "li.csv").write_text(text, encoding="utf-8")
    given = read_judgements(folder).given
    assert [(j.row_item, j.value, j.reason) for j in given] == [("a", 3.0, "x, y\nz")]


def test_the_reason_column_may_be_left_out(write_panel):
    folder = write_panel({"li": "root,a,b,3\n"}, header="parent,row_item,col_item,value")
    assert read_judgements(folder).given[0].reason == ""


def test_expert_weights_are_read_from_the_panel(write_panel):
    folder = write_panel({"li": UPPER, "wu": UPPER}, panel="id: t\nexpert_weights: {li: 2, wu: 1}\n")
    assert read_judgements(folder).expert_weights == {"li": 2.0, "wu": 1.0}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "root,a,b,strong,\n",
            "li.csv, row 2: root, a against b: 'strong' is no judgement; write it like 3, 1/3 or 3/2",
        ),
        ("root,a,b,3,\nroot,a,c,12,\n", "li.csv, row 3: root, a against c: '12' is no judgement"),
        ("root,a,b,3,\nroot,a,c,,\n", "li.csv, row 3: root, a against c: '' is no judgement"),
        ("root,a,b,3,\nroot,b,a,1/2,\n", "li.csv, row 3: root, b against a is 0.5, not reciprocal to 3 at"),
        ("root,a,b,3,\nroot,b,a,0.33,\n", "row 3: root, b against a is 0.33, not reciprocal to 3"),
        ("root,a,b,3,\nroot,a,b,4,\n", "li.csv, row 3: root, a against b is 4 here and 3 at"),
        ("root,a,a,2,\n", "li.csv, row 2: root, a against a is 2; an item against itself is 1"),
        ("root,,b,2,\n", "li.csv, row 2: parent, row_item or col_item is empty; fill it in"),
        ("root,a,b,3,why, not\n", "li.csv, row 2: not 5 cells; put a text with commas in double quotes"),
        ("root,a\n", "li.csv, row 2: not 5 cells"),
        ('root,a,b,3,"open\n', "li.csv, row 2: unreadable"),
        ("", "li.csv: no judgement in it"),
    ],
)
def test_a_bad_row_is_refused_with_file_row_and_remedy(write_panel, rows, message):
    folder = write_panel({"li": rows})
    with pytest.raises(JudgementError, match=re.escape(message)) as refusal:
        read_judgements(folder)
    assert "\n" not in str(refusal.value)


def test_the_same_judgement_twice_is_harmless(write_panel):
    panel = read_judgements(write_panel({"li": UPPER + UPPER}))
    assert len(panel.given) == 3


def test_an_unknown_item_is_refused_with_file_row_and_the_items_known(write_panel):
    panel = read_judgements(write_panel({"li": UPPER}))
    with pytest.raises(JudgementError, match=r"li\.csv, row 3: unknown item 'c' under root; use one of a, b, d"):
        panel.matrices("root", ["a", "b", "d"])


def test_an_open_pair_is_completed_and_published_as_such(write_panel):
    panel = read_judgements(write_panel({"li": "root,a,b,3,\nroot,a,c,6,\n"}))
    assert panel.matrices("root", ["a", "b", "c"])["li"].loc["b", "c"] == pytest.approx(2.0, abs=1e-12)
    tidy = panel.tidy({"root": ["a", "b", "c"]}).set_index(["row_item", "col_item"])["completed"]
    assert sorted(tidy.index[tidy]) == [("b", "c"), ("c", "b")]


def test_judgements_that_connect_not_all_items_are_refused_with_file_and_groups(write_panel):
    panel = read_judgements(write_panel({"li": "root,a,b,3,\n"}))
    message = (
        r"li\.csv: root, expert li: no judgement connects a, b \| c \| d; judge at least 2 more pairs between these"
    )
    with pytest.raises(JudgementError, match=message):
        panel.matrices("root", ["a", "b", "c", "d"])


def test_the_digest_follows_all_that_decides_weights_and_nothing_else(write_panel):
    one = read_judgements(write_panel({"li": UPPER, "wu": UPPER})).sha256()
    shuffled = "\n".join(reversed(UPPER.strip().splitlines())) + "\n"
    titled = "id: other\ntitle_zh: 别名\nnote: x\n"
    assert read_judgements(write_panel({"li": shuffled.replace("because", "")}, panel=titled)).sha256() == one
    for experts, panel in (
        ({"li": UPPER.replace("3,because", "4,because")}, "id: t\n"),
        ({"li": UPPER}, "id: t\nmerge: aip\n"),
        ({"li": UPPER}, "id: t\nexpert_weights: {li: 2, wu: 1}\n"),
    ):
        assert read_judgements(write_panel(experts, panel=panel)).sha256() != one


def test_an_imported_panel_changed_by_hand_is_refused(write_panel):
    panel = read_judgements(write_panel({"li": UPPER}))
    imported = f"id: t-r1\nsha256: {panel.sha256()}\nimported_at: 2026-01-01\n"
    assert read_judgements(write_panel({}, panel=imported)).id == "t-r1"
    with pytest.raises(
        JudgementError, match=r"was changed since it was imported as t-r1; import the corrected workbooks"
    ):
        read_judgements(write_panel({"li": UPPER.replace("5", "6")}, panel=imported))


def test_an_unknown_parent_is_refused_with_file_and_row(write_panel):
    panel = read_judgements(write_panel({"li": UPPER}))
    with pytest.raises(JudgementError, match=r"li\.csv, row 2: 'root' is no node weighted by ahp; use one of env, top"):
        panel.check_parents(["top", "env"])


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (None, "panel.yaml: not found; a panel directory holds"),
        ("id: [", "panel.yaml: unreadable"),
        ("title_en: x\n", "panel.yaml: no panel id; give the keys id, title_zh, title_en, note"),
        ("- a\n", "panel.yaml: no panel id"),
        ("id: x\ntitel: y\n", "panel.yaml: unknown key 'titel'"),
        ("id: x\nexpert_weights: {wu: 1}\n", "expert_weights must give a number above 0 for each of li"),
        ("id: x\nexpert_weights: {li: 0}\n", "expert_weights must give a number above 0 for each of li"),
        ("id: x\nmerge: mean\n", "panel.yaml: merge 'mean' is not one of aij, aip; use one of them"),
        ("id: x\nexpert_weights: {li: .inf}\n", "expert_weights must give a number above 0 for each of li"),
        ("id: x\nexpert_weights: 3\n", "expert_weights must give a number above 0 for each of li"),
    ],
)
def test_a_bad_panel_file_is_refused(write_panel, panel, message):
    with pytest.raises(JudgementError, match=re.escape(message)):
        read_judgements(write_panel({"li": UPPER}, panel=panel))


def test_a_panel_without_experts_is_refused(write_panel):
    with pytest.raises(JudgementError, match=r"no expert's file; add one <expert>\.csv"):
        read_judgements(write_panel({}))


def test_wrong_columns_are_refused_with_those_found(write_panel):
    with pytest.raises(
        JudgementError, match=r"li\.csv: the columns are parent,a,b,value; they must be parent,row_item"
    ):
        read_judgements(write_panel({"li": "root,a,b,3\n"}, header="parent,a,b,value"))


def test_a_file_in_another_encoding_is_refused(write_panel):
    folder = write_panel({"li": UPPER})
    (folder / "li.csv").write_bytes("parent,row_item,col_item,value\n根,a,b,3\n".encode("gbk"))
    with pytest.raises(JudgementError, match=r"li\.csv: unreadable .* save it as CSV in UTF-8"):
        read_judgements(folder)
