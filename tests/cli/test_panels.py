"""`icdp judgements template | import | check | list`: from empty workbooks to an edition. Every judgement here is synthetic."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.cli.conftest import Run
from tests.experts.filling import judge, opened, saved

from icdp import road
from icdp.catalog import load_catalog
from icdp.experts.form import empty_form
from icdp.experts.layout import ABOUT, EXPERT_CELL, questions
from icdp.scoring import read_judgements
from icdp.scoring.engine import Settings as Rules
from icdp.settings import CATALOG, Settings

ASKED = questions(load_catalog(CATALOG))


def workbooks(folder: Path, experts: list[str], panel: str = "test", seed: int = 7) -> list[str]:
    """Write one filled workbook for each expert, nearly consistent, each with an opinion of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    book = opened(empty_form(ASKED, panel, "x", Rules()))
    paths = []
    for expert in experts:
        book[ABOUT][EXPERT_CELL] = expert
        for asked in ASKED:
            weights = draw.integers(1, 4, len(asked.items))
            texts = [f"{weights[i]}/{weights[j]}" for i, j in asked.pairs]
            judge(book, asked, texts)
        path = folder / f"{expert}.xlsx"
        path.write_bytes(saved(book))
        paths.append(str(path))
    return paths


def test_a_template_is_written_for_each_expert_and_never_over_another(icdp: Run, tmp_path: Path) -> None:
    asked = ("judgements", "template", "张三", "li", "--panel", "test", "--out", str(tmp_path / "out"))
    assert icdp(*asked).returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["test-li.xlsx", "test-张三.xlsx"]
    again = icdp(*asked)
    assert again.returncode != 0
    assert "exists, and may hold judgements" in " ".join(again.stderr.split())


def test_a_panel_goes_from_workbooks_to_an_edition_that_names_it(icdp: Run, own: Settings, tmp_path: Path) -> None:
    files = workbooks(tmp_path / "w", ["a", "b", "c"])
    done = icdp("judgements", "import", *files, "--panel", "test", "--note", "synthetic", home=own.home)
    assert done.returncode == 0, done.stderr
    assert "test-r1：已导入 taken" in done.stdout
    same = icdp("judgements", "import", *files, "--panel", "test", "--note", "synthetic", home=own.home)
    assert "test-r1：无变化 unchanged" in same.stdout
    merged = icdp("judgements", "import", *files, "--panel", "test", "--merge", "aip", home=own.home)
    assert "test-r2：已导入 taken" in merged.stdout

    settings = replace(own, judgements=own.panels / "test-r1")
    road.score(settings, 2024)
    assert road.publish(settings, 2024) == "2024-r2 published"
    panel = read_judgements(settings.judgements)
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as connection:
        told = connection.execute("SELECT panel, panel_sha256 FROM editions WHERE year = 2024").fetchall()
        groups = connection.execute("SELECT DISTINCT experts, merge FROM consensus WHERE year = 2024").fetchall()
        local = dict(
            connection.execute(
                "SELECT node, weight FROM judged_weights WHERE parent = 'composite' AND year = 2024"
            ).fetchall()
        )
    assert told == [("test-r1", panel.sha256())]
    assert groups == [(3, "aij")]
    checked = icdp("judgements", "check", "test-r1", "--groups", "--format", "json", home=own.home)
    assert checked.returncode == 0, checked.stderr
    (root,) = [row for row in json.loads(checked.stdout) if row["parent"] == "composite"]
    stated = dict(part.rsplit(" ", 1) for part in root["weights"].split(", "))
    assert {node: float(weight) for node, weight in stated.items()} == pytest.approx(local, abs=5e-5)
    listed = json.loads(icdp("judgements", "list", "--format", "json", home=own.home).stdout)
    assert {row["panel"]: row["editions"] for row in listed}["test-r1"] == "2024-r2"


def test_one_wrong_cell_of_one_expert_keeps_everybody_out(icdp: Run, tmp_path: Path) -> None:
    files = workbooks(tmp_path / "w", ["a", "b"])
    book = opened(Path(files[1]).read_bytes())
    judge(book, ASKED[0], ["重要", *["1"] * (len(list(ASKED[0].pairs)) - 1)])
    Path(files[1]).write_bytes(saved(book))
    home = tmp_path / "home"
    done = icdp("judgements", "import", *files, "--panel", "test", home=home)
    assert done.returncode != 0
    assert "b.xlsx" in done.stdout
    assert "is no judgement" in done.stdout
    assert not list((home / "panels").glob("test-*"))


def test_two_workbooks_of_one_expert_and_of_another_panel_are_told(icdp: Run, tmp_path: Path) -> None:
    files = (
        workbooks(tmp_path / "w", ["a"]) + workbooks(tmp_path / "v", ["A"]) + workbooks(tmp_path / "u", ["c"], "other")
    )
    done = icdp("judgements", "import", *files, "--panel", "test", "--format", "json", home=tmp_path / "home")
    assert done.returncode != 0
    told = [(row["file"], row["told"]) for row in json.loads(done.stdout)]
    assert any("A answers in a.xlsx already" in what for _, what in told)
    assert any(name == "c.xlsx" and "was made for panel other" in what for name, what in told)


@pytest.mark.parametrize("number", [1, 15, 200])
def test_panels_of_any_size_are_imported_and_checked(icdp: Run, tmp_path: Path, number: int) -> None:
    experts = [f"e{k:03d}" for k in range(number)]
    files = workbooks(tmp_path / "w", experts)
    home = tmp_path / "home"
    done = icdp("judgements", "import", *files, "--panel", "test", home=home)
    assert done.returncode == 0, done.stderr
    checked = icdp("judgements", "check", "test-r1", "--groups", "--format", "json", home=home)
    assert checked.returncode == 0, checked.stderr
    rows = json.loads(checked.stdout)
    assert [row["parent"] for row in rows] == [asked.parent for asked in ASKED]
    assert {row["experts"] for row in rows} == {number}
    assert all(0.0 <= row["consensus"] <= 1.0 for row in rows)
    if number == 1:
        assert {row["consensus"] for row in rows} == {1.0}


def test_an_expert_who_contradicts_himself_is_named_with_what_would_mend_it(icdp: Run, tmp_path: Path) -> None:
    files = workbooks(tmp_path / "w", ["a"])
    book = opened(Path(files[0]).read_bytes())
    three = next(asked for asked in ASKED if len(asked.items) == 3)
    judge(book, three, ["9", "1/9", "9"])  # the first above the second above the third above the first
    Path(files[0]).write_bytes(saved(book))
    done = icdp("judgements", "check", *files, "--format", "json", home=tmp_path / "home")
    assert done.returncode != 0
    (row,) = [row for row in json.loads(done.stdout) if row["parent"] == three.parent]
    assert not row["accepted"]
    assert row["cr"] > 1
    assert row["most_inconsistent"].count("→") == 3
    assert f"CR above the limit for {three.parent} (a)" in " ".join(done.stderr.split())
