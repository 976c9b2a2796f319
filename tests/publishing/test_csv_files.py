"""CSV for spreadsheets: a byte order mark, no formulas, the same figures."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from icdp.publishing.csv_files import write_csv
from icdp.publishing.schema import tables
from icdp.settings import Settings


@pytest.mark.parametrize("name", list(tables()))
def test_a_csv_says_what_the_parquet_says(made: Settings, name: str) -> None:
    folder = made.published / "editions" / "2024-r1"
    assert (folder / "csv" / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbfedition,")
    exact = duckdb.sql(f"FROM read_parquet('{folder}/parquet/{name}.parquet')")
    types = dict(zip(exact.columns, map(str, exact.types), strict=True))
    read = duckdb.sql(
        f"SELECT * FROM read_csv('{folder}/csv/{name}.csv', columns = {types!r}, header = true, nullstr = '')"
        if types
        else ""
    )
    told = [tuple(None if cell == "" else cell for cell in row) for row in exact.fetchall()]
    plain = [
        tuple(c[1:] if isinstance(c, str) and c[:2] in ("'=", "'+", "'-", "'@") else c for c in row)
        for row in read.fetchall()
    ]
    assert plain == told


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("数 = 1", "数 = 1"),
        ("", ""),
    ],
)
def test_a_text_like_a_formula_stays_a_text(tmp_path: Path, text: str, written: str) -> None:
    table = tables()["run_notes"]
    with duckdb.connect() as connection:
        table.create(connection, "run_notes")
        connection.execute(
            "INSERT INTO run_notes (edition, year, position, detail) VALUES ('synthetic', 2024, -1, $t)", {"t": text}
        )
        write_csv(connection, "(FROM run_notes)", table, tmp_path / "notes.csv")
    read = pd.read_csv(tmp_path / "notes.csv", keep_default_na=False, dtype=str)
    assert (read["edition"][0], read["position"][0], read["detail"][0]) == ("synthetic", "-1", written)
