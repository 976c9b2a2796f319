"""`icdp score` and `icdp judgements check` on files of one's own (all figures here are synthetic)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from icdp.cli.app import app
from icdp.errors import IcdpError
from icdp.settings import CATALOG, JUDGEMENTS

INDEX = """\
id: tested
title_zh: 测试
title_en: Test
scoring: {min_coverage: 0.5, tiers: [50, 25], ri_table: saaty1980, cr_threshold: {default: 0.1}}
"""
TREE = """\
- {node: whole, parent: null, weights: ahp, name_zh: 总, name_en: Whole}
- {node: left, parent: whole, weights: equal, name_zh: 左, name_en: Left}
- {node: right, parent: whole, weights: equal, name_zh: 右, name_en: Right}
- {node: height, parent: left, unit: m, direction: 1, max_age: 0, name_zh: 高, name_en: Height}
- {node: cost, parent: right, unit: yuan, direction: -1, max_age: 0, name_zh: 价, name_en: Cost}
"""
VALUES = """\
unit,indicator,year,value
a,height,2024,0
b,height,2024,5
c,height,2024,10
a,cost,2024,1
b,cost,2024,3
c,cost,2024,2
a,height,2025,1
b,height,2025,2
a,cost,2025,2
b,cost,2025,1
c,cost,2025,
"""
PANEL = "id: p\ntitle_zh: 组\ntitle_en: Panel\nnote: synthetic\n"
JUDGED = "parent,row_item,col_item,value\nwhole,left,right,3\n"

Score = Callable[[], tuple[int, str]]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for name, text in {
        "catalog/index.yaml": INDEX, "catalog/tree.yaml": TREE, "values.csv": VALUES,
        "panel/panel.yaml": PANEL, "panel/expert.csv": JUDGED,
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def arguments(work: Path) -> list[str]:
    return [
        "score", "--catalog", str(work / "catalog"), "--values", str(work / "values.csv"),
        "--judgements", str(work / "panel"), "--out", str(work / "out"),
    ]  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def refused(work: Path) -> str:
    """Return the one message of a refusal, having made sure that nothing was written."""
    before = sorted(path.name for path in work.iterdir())
    result = CliRunner().invoke(app, arguments(work))
    assert isinstance(result.exception, IcdpError), result.output
    assert sorted(path.name for path in work.iterdir()) == before
    return str(result.exception)


def test_every_year_of_the_file_is_scored_on_its_own(work: Path) -> None:
    result = CliRunner().invoke(app, arguments(work))
    assert result.exit_code == 0, result.output
    whole = {
        (r["year"], r["unit"]): (float(r["score"]), r["rank"], r["tier"])
        for r in read(work / "out" / "scores.csv")
        if r["node"] == "whole" and r["score"]
    }
    # 2024: height 0, .5, 1; cost 1, 0, .5 (less is better); weights 3/4 and 1/4.
    assert whole["2024", "a"] == (pytest.approx(25), "3", "3")
    assert whole["2024", "b"] == (pytest.approx(37.5), "2", "2")
    assert whole["2024", "c"] == (pytest.approx(87.5), "1", "1")
    assert whole["2025", "b"] == (pytest.approx(100), "1", "1")
    assert ("2025", "c") not in whole
    weights = {(r["year"], r["node"]): float(r["effective_weight"]) for r in read(work / "out" / "weights.csv")}
    assert weights["2024", "height"] == pytest.approx(0.75)
    assert {path.name for path in (work / "out").iterdir()} == {
        "scores.csv", "normalized.csv", "contributions.csv", "weights.csv", "entropy.csv", "judgements.csv", "consistency.csv", "consensus.csv", "notes.csv",
    }  # fmt: skip


BAD_VALUES = {
    "a missing column": (VALUES.replace("year,", "", 1), r"values\.csv: column 'year' is missing"),
    "a text in a value": (
        VALUES.replace("2024,5", "2024,many"),
        r"values\.csv, row 3: value 'many' is no finite number",
    ),
    "an infinite value": (VALUES.replace("2024,5", "2024,inf"), r"row 3: value 'inf' is no finite number"),
    "a row twice": (VALUES + "b,height,2024,5\n", r"row 13: b, height, 2024 stands twice \(row 3\)"),
    "a year out of range": (
        VALUES.replace("a,height,2024", "a,height,1999"),
        r"row 2: year 1999 lies outside 2000-2100",
    ),
    "a year that is none": (
        VALUES.replace("a,height,2024", "a,height,20x4"),
        r"row 2: year '20x4' is not a year of four digits",
    ),
    "an unknown indicator": (
        VALUES.replace("a,height,2024", "a,width,2024"),
        r"row 2: 'width' is no indicator of tree\.yaml",
    ),
    "an empty unit": (VALUES.replace("a,height,2024", ",height,2024"), r"row 2: unit is empty"),
    "too many cells": (VALUES.replace("2024,5", "2024,5,6"), r"row 3: not 4 cells"),
    "an empty file": ("unit,indicator,year,value\n", r"values\.csv: has no row of values"),
}


@pytest.mark.parametrize("fault", BAD_VALUES)
def test_bad_values_get_one_message_with_file_and_row(work: Path, fault: str) -> None:
    text, message = BAD_VALUES[fault]
    (work / "values.csv").write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(refused(work))


def test_values_that_are_no_text_are_refused(work: Path) -> None:
    (work / "values.csv").write_bytes("单位,indicator".encode("gb18030"))
    assert "save it as CSV in UTF-8" in refused(work)


def test_a_matrix_that_is_not_reciprocal_or_inconsistent_is_refused(work: Path) -> None:
    (work / "panel" / "expert.csv").write_text(JUDGED + "whole,right,left,3\n", encoding="utf-8")
    assert "not reciprocal" in refused(work)
    (work / "catalog" / "tree.yaml").write_text(
        TREE + "- {node: mid, parent: whole, weights: equal, name_zh: 中, name_en: Mid}\n"
        "- {node: depth, parent: mid, unit: m, direction: 1, max_age: 0, name_zh: 深, name_en: Depth}\n",
        encoding="utf-8",
    )
    (work / "panel" / "expert.csv").write_text(JUDGED + "whole,right,mid,3\nwhole,mid,left,3\n", encoding="utf-8")
    message = refused(work)
    assert "whole, expert expert: CR" in message
    assert "is above the threshold 0.1 for n = 3" in message


def test_an_unreadable_catalogue_is_refused_by_file(work: Path) -> None:
    (work / "catalog" / "tree.yaml").write_text("- {node: whole", encoding="utf-8")
    assert "tree.yaml: cannot be read as UTF-8 YAML" in refused(work)


def test_a_folder_with_something_in_it_is_not_overwritten(work: Path) -> None:
    (work / "out").mkdir()
    (work / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    assert "exists and is not empty; name another folder with --out" in refused(work)
    assert (work / "out" / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_units_are_held_against_the_provinces_of_the_catalogue(work: Path) -> None:
    for path in CATALOG.glob("*"):
        if path.is_file():
            (work / "catalog" / path.name).write_bytes(path.read_bytes())
    rows = "unit,indicator,year,value\n四川,gdp_per_capita,2024,1\nSichuan,gdp_per_capita,2024,2\n"
    (work / "values.csv").write_text(rows, encoding="utf-8")
    assert "row 3: Sichuan, gdp_per_capita, 2024 stands twice (row 2)" in refused(work)
    (work / "values.csv").write_text(rows.replace("Sichuan", "Atlantis"), encoding="utf-8")
    assert "row 3: 'Atlantis' is none of the 31 provinces" in refused(work)


def test_judgements_check_shows_the_baseline_and_refuses_a_spoilt_panel(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["judgements", "check"])
    assert shown.exit_code == 0, shown.output
    assert "The project's own baseline (no expert panel)" in shown.output
    for path in JUDGEMENTS.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    expert = tmp_path / "project.csv"
    text = expert.read_text(encoding="utf-8")
    expert.write_text(
        text.replace("composite,application,environment,1", "composite,environment,application,9"), encoding="utf-8"
    )
    spoilt = CliRunner().invoke(app, ["judgements", "check", str(tmp_path)])
    assert isinstance(spoilt.exception, IcdpError)
    assert str(spoilt.exception).startswith("baseline-1: CR above the limit for composite (project)")
    assert "否 no" in spoilt.output
