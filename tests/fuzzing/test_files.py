"""Whatever is in a file somebody hands in, its reader gives something sound or a refusal of ours."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.experts.filling import ABC, ASKED, DEF, judge
from tests.experts.filling import filled as judged
from tests.fuzzing.mutating import LIMITS, MUTATIONS, Mutation, lasting, mutated, repacked
from tests.sources.filled import enter
from tests.sources.filled import filled as entered

from icdp.catalog import Catalog, load_catalog
from icdp.errors import CatalogError, IcdpError, JudgementError
from icdp.experts.reading import Answers, read_form
from icdp.scoring.files import read_values
from icdp.scoring.judgements import Judgements, read_judgements
from icdp.settings import CATALOG, JUDGEMENTS
from icdp.sources import workbook
from icdp.whatif.scenario import Scenario

CAT = load_catalog(CATALOG)
SCENARIO = {
    "weights": {"policy": 0.4},
    "drop": ["ai_parks"],
    "normalise": "zscore",
    "aggregate": {"composite": "geometric"},
}


@cache
def of_expert() -> bytes:
    def edit(book: object) -> None:
        judge(book, ABC, ["3", "1/3", 0.5], {0: "因为"})  # type: ignore[arg-type]
        judge(book, DEF, ["3", None, "2", "2", None, None])  # type: ignore[arg-type]

    return judged(edit)


@cache
def of_analyst() -> bytes:
    series = next(iter(workbook.entry_series(CAT)))
    return entered(CAT, [series], lambda book: enter(book, 1, {"110000": 1, "510000": 2.5}))


def sound_answers(content: bytes) -> None:
    found = read_form(content, "w.xlsx", ASKED)
    assert isinstance(found, Answers)
    assert all(1 / 9 <= one.judgement.value <= 9 for one in found.given)


def sound_entries(content: bytes) -> None:
    found = workbook.read(content, "w.xlsx", CAT)
    assert isinstance(found, workbook.Entered)
    assert found.problems or {row["adcode"] for row in found.rows} <= set(CAT.provinces)


WORKBOOKS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], None]]] = {
    "judgements": (of_expert, sound_answers),
    "figures": (of_analyst, sound_entries),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_no_workbook_ends_in_anything_but_entries_problems_or_a_refusal(name: str) -> None:
    make, sound = WORKBOOKS[name]
    sound(make())

    @LIMITS
    @given(st.floats(0, 1), MUTATIONS, st.booleans())
    def holds(member: float, mutations: list[Mutation], whole: bool) -> None:
        try:
            sound(mutated(make(), mutations) if whole else repacked(make(), member, mutations))
        except IcdpError:
            return

    lasting(holds)


def sound_judgements(folder: Path) -> None:
    found = read_judgements(folder)
    assert isinstance(found, Judgements)
    assert all(0 < one.value < float("inf") for one in found.given)


def sound_catalog(folder: Path) -> None:
    found = load_catalog(folder)
    assert isinstance(found, Catalog)
    assert found.provinces
    assert found.indicators


def sound_values(folder: Path) -> None:
    table = read_values(folder / "values.csv", set(CAT.indicators))
    assert isinstance(table, pd.DataFrame)


def sound_scenario(folder: Path) -> None:
    assert isinstance(Scenario.read(folder / "scenario.yaml"), Scenario)


@dataclass(frozen=True)
class Folder:
    """Files read together.

    Attributes:
        write: puts them into a folder that is not there yet.
        sound: reads them and looks at what came out.
    """

    write: Callable[[Path], object]
    sound: Callable[[Path], None]


def values(folder: Path) -> None:
    folder.mkdir()
    lines = [f"{code},{name},2024,{number}" for number, code in enumerate(CAT.provinces) for name in CAT.indicators]
    (folder / "values.csv").write_text("\n".join(["unit,indicator,year,value", *lines]), encoding="utf-8")


def scenario(folder: Path) -> None:
    folder.mkdir()
    (folder / "scenario.yaml").write_text(yaml.safe_dump(SCENARIO), encoding="utf-8")


FOLDERS = {
    "judgements": Folder(lambda folder: shutil.copytree(JUDGEMENTS, folder), sound_judgements),
    "catalogue": Folder(lambda folder: shutil.copytree(CATALOG, folder), sound_catalog),
    "values": Folder(values, sound_values),
    "scenario": Folder(scenario, sound_scenario),
}


def test_a_heading_with_a_broken_quote_is_refused(tmp_path: Path) -> None:
    # Found by the test below, as the next one.
    shutil.copytree(JUDGEMENTS, tmp_path / "panel")
    file = tmp_path / "panel" / "project.csv"
    file.write_bytes(b'"parent"x' + file.read_bytes())
    with pytest.raises(JudgementError, match=r"project.csv, row 1: unreadable .* check its double quotes"):
        read_judgements(tmp_path / "panel")


def test_a_catalogue_whose_provinces_were_emptied_is_refused(tmp_path: Path) -> None:
    shutil.copytree(CATALOG, tmp_path / "catalog")
    (tmp_path / "catalog" / "provinces.csv").write_bytes(b"")
    with pytest.raises(CatalogError, match=r"provinces.csv: has 0 rows, index.yaml says units: 31"):
        load_catalog(tmp_path / "catalog")


@pytest.mark.parametrize("name", FOLDERS)
def test_no_text_file_ends_in_anything_but_what_it_says_or_a_refusal(name: str, tmp_path: Path) -> None:
    folder, kind = tmp_path / "files", FOLDERS[name]
    kind.write(folder)
    kind.sound(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())

    @LIMITS
    @given(st.sampled_from(files), MUTATIONS)
    def holds(path: Path, mutations: list[Mutation]) -> None:
        before = path.read_bytes()
        path.write_bytes(mutated(before, mutations))
        try:
            kind.sound(folder)
        except IcdpError:
            return
        finally:
            path.write_bytes(before)

    lasting(holds)
