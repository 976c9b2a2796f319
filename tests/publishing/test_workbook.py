"""The workbook of an edition: opened, recalculated and held against what is published."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook

from icdp.catalog import Catalog
from icdp.publishing.schema import tables
from icdp.publishing.workbook import ABOUT, write_workbook
from icdp.publishing.workbook.recompute_all import ALL, ALL_HEADINGS
from icdp.publishing.workbook.recompute_one import CHOICE_ROW, ONE, ONE_HEADINGS
from icdp.publishing.workbook.shown import SHOWN
from icdp.settings import Settings

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
needs_office = pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on the PATH: apt-get install libreoffice-calc")


def recalculated(path: Path, folder: Path, **cells: str) -> Workbook:
    """Return a workbook as LibreOffice calculates it: results that the file brings along are taken out before."""
    bare = openpyxl.load_workbook(path)
    for cell, value in cells.items():
        bare[ONE][cell] = value
    folder.mkdir()
    bare.save(folder / "bare.xlsx")
    command = [str(OFFICE), f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to",
               "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), str(folder / "bare.xlsx")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return openpyxl.load_workbook(folder / "out" / "bare.xlsx", data_only=True)


@pytest.fixture(scope="module")
def path(made: Settings) -> Path:
    return made.published / "editions" / "2024-r1" / "2024-r1.xlsx"


@pytest.fixture(scope="module")
def office(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return recalculated(path, tmp_path_factory.mktemp("office") / "first")


@pytest.fixture(scope="module")
def composite(made: Settings) -> dict[str, float]:
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT short_zh, score FROM scores JOIN provinces USING (adcode) WHERE year = 2024 AND node = 'composite'"
        ).fetchall()
    return dict(rows)


def recomputed(book: Workbook) -> dict[str, float]:
    sheet = book[ALL]
    headings = [cell.value for cell in sheet[ALL_HEADINGS + 1]]
    column = headings.index("智算发展潜力综合指数\nComposite index")
    return {row[0]: row[column] for row in sheet.iter_rows(min_row=ALL_HEADINGS + 2, values_only=True) if row[0]}


@needs_office
def test_formulas_give_the_published_composite_of_every_province(office: Workbook, composite: dict[str, float]) -> None:
    assert recomputed(office) == pytest.approx(composite, abs=1e-6)
    assert len(composite) == 31


@needs_office
def test_no_cell_is_an_error(office: Workbook) -> None:
    wrong = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in office
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith(("#", "Err:"))
    ]
    assert wrong == []


@needs_office
@pytest.mark.parametrize("province", ["西藏", "四川"])
def test_a_reader_chooses_a_province_and_sees_its_composite(
    path: Path, tmp_path: Path, composite: dict[str, float], province: str
) -> None:
    sheet = recalculated(path, tmp_path / "chosen", **{f"B{CHOICE_ROW + 1}": province})[ONE]
    first = [cell.value for cell in sheet[ONE_HEADINGS + 2]]
    assert first[8] == pytest.approx(composite[province], abs=1e-6)
    assert first[9] == pytest.approx(composite[province], abs=1e-6)
    apart = [row[10] for row in sheet.iter_rows(min_row=ONE_HEADINGS + 2, values_only=True)]
    assert all(abs(gap) < 1e-6 for gap in apart if isinstance(gap, float | int))
    assert "≠" not in apart


def test_what_stands_in_the_file_is_what_its_formulas_give(path: Path, composite: dict[str, float]) -> None:
    assert recomputed(openpyxl.load_workbook(path, data_only=True)) == pytest.approx(composite, abs=1e-9)
    formulas = recomputed(openpyxl.load_workbook(path))
    assert all(str(formula).startswith("=IF(") for formula in formulas.values())


def test_a_missing_value_is_an_empty_cell(path: Path, made: Settings) -> None:
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = book["数值 Values"]
    figures = [row[3:] for row in sheet.iter_rows(min_row=9, values_only=True) if row[0]]
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as connection:
        asked = "SELECT count(value) FROM indicator_values JOIN indicator_coverage USING (year, indicator) WHERE year = 2024 AND in_use"
        (known,) = connection.execute(asked).fetchone() or (0,)
    assert sum(cell is not None for row in figures for cell in row) == known


def test_every_table_shown_has_its_rows(path: Path, made: Settings) -> None:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    assert book.sheetnames[0] == ABOUT
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as connection:
        for shown in SHOWN:
            asked = f"SELECT count(*) FROM history.{shown.table} WHERE edition = '2024-r1'"
            (count,) = connection.execute(asked).fetchone() or (0,)
            assert sum(1 for _ in book[shown.sheet].iter_rows(min_row=4)) == count, shown.sheet


def content_of(made: Settings) -> dict[str, pd.DataFrame]:
    folder = made.published / "editions" / "2024-r1" / "parquet"
    return {name: duckdb.sql(f"FROM '{folder / name}.parquet'").df() for name in tables()}


def test_equal_tables_give_equal_bytes(made: Settings, catalog: Catalog, path: Path, tmp_path: Path) -> None:
    write_workbook(tmp_path / "again.xlsx", catalog, content_of(made))
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://x")', "+1", "@SUM(A1)", "-2+3", "\t=1", "{=1}", "https://e/?a=1"]
)
def test_a_text_from_outside_is_never_a_formula(made: Settings, catalog: Catalog, tmp_path: Path, text: str) -> None:
    content = content_of(made)
    notes = content["run_notes"].assign(detail=text)
    write_workbook(tmp_path / "hostile.xlsx", catalog, {**content, "run_notes": notes})
    sheet = openpyxl.load_workbook(tmp_path / "hostile.xlsx")["计算说明 Notes"]
    cells = [cell for row in sheet.iter_rows(min_row=4) for cell in row if cell.value == text]
    assert len(cells) == len(notes)
    assert {cell.data_type for cell in cells} == {"s"}


def unlike(content: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """A published composite that the values do not give."""
    scores = content["scores"].copy()
    scores.loc[(scores["node"] == "composite") & (scores["adcode"] == "110000"), "score"] += 1
    return {**content, "scores": scores}


@needs_office
def test_a_score_that_does_not_follow_from_the_values_is_seen(made: Settings, catalog: Catalog, tmp_path: Path) -> None:
    write_workbook(tmp_path / "unlike.xlsx", catalog, unlike(content_of(made)))
    sheet = recalculated(tmp_path / "unlike.xlsx", tmp_path / "office")[ALL]
    gaps = [row[-1] for row in sheet.iter_rows(min_row=ALL_HEADINGS + 2, values_only=True) if row[0]]
    assert gaps[0] == pytest.approx(-1, abs=1e-6)
    assert all(abs(gap) < 1e-6 for gap in gaps[1:])
