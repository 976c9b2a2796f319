"""A warehouse that an older DuckDB and an older version of this project wrote is taken up where it was."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.states import rows

from icdp.settings import Settings
from icdp.warehouse import connection as warehouse

FILES = sorted(Path(__file__).parent.glob("warehouse-duckdb-*.gz"))
Run = Callable[[Settings, int], str]


def schema(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY ALL"
        ).fetchall()


def unpacked(file: Path, home: Path) -> Settings:
    home.mkdir(parents=True)
    settings = Settings(home=home)
    settings.warehouse.write_bytes(gzip.decompress(file.read_bytes()))
    return settings


def test_there_are_files_of_the_versions_before() -> None:
    assert [file.name for file in FILES] == ["warehouse-duckdb-1.4.gz", "warehouse-duckdb-1.5.gz"]
    assert not duckdb.__version__.startswith(("1.4", "1.5"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_gets_the_tables_of_today_and_keeps_its_rows(file: Path, tmp_path: Path) -> None:
    settings = unpacked(file, tmp_path / "home")
    with warehouse.write(settings.warehouse):
        pass
    with warehouse.write(tmp_path / "fresh.duckdb"):
        pass
    assert schema(settings.warehouse) == schema(tmp_path / "fresh.duckdb")
    assert rows(settings.warehouse)["main.run_notes"] == [(1999, 1, "synthetic", "composite", "", "kept")]


def test_a_year_made_on_it_is_the_year_made_on_a_fresh_one(made: Settings, tmp_path: Path, run_year: Run) -> None:
    settings = unpacked(FILES[-1], tmp_path / "home")
    assert run_year(settings, 2024) == "2024-r1 published"
    here, there = (
        duckdb.read_parquet(str(s.published / "editions" / "2024-r1" / "parquet" / "scores.parquet")).fetchall()
        for s in (settings, made)
    )
    assert here == there
