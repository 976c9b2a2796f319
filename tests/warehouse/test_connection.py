"""Opening the warehouse: migrated once, one transaction, patient with a lock, plain about a broken file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest

from icdp.errors import DataError
from icdp.warehouse import replace_year, write
from icdp.warehouse.connection import MIGRATIONS

REBUILD = "make it again out of the archive with `icdp warehouse rebuild`"
NOTE = {"position": 0, "kind": "synthetic", "node": "n", "adcode": "110000", "detail": "d"}


def notes(*details: str) -> pd.DataFrame:
    return pd.DataFrame([{**NOTE, "year": 2024, "position": i, "detail": d} for i, d in enumerate(details)])


def read(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the file until its input is closed."""
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            release(process)


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    if not process.stdin.closed:
        process.stdin.close()
    process.wait(timeout=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "warehouse.duckdb"


def test_a_new_file_gets_every_migration_once(path: Path) -> None:
    for _ in range(3):
        with write(path):
            pass
    assert read(path, "FROM schema_migrations ORDER BY name") == [(p.name,) for p in sorted(MIGRATIONS.glob("*.sql"))]
    tables = {name for (name,) in read(path, "SELECT table_name FROM duckdb_tables()")}
    assert {"payloads", "receipts", "observations", "year_inputs", "indicator_values", "lineage"} <= tables


def test_a_migration_that_was_applied_is_not_applied_again(path: Path) -> None:
    with write(path) as connection:
        replace_year(connection, "run_notes", 2024, notes("kept"))
    with write(path):
        pass
    assert read(path, "SELECT detail FROM run_notes") == [("kept",)]


def test_a_later_migration_is_applied_to_a_file_that_lacks_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with write(path) as connection:
        replace_year(connection, "run_notes", 2024, notes("kept"))
    later = tmp_path / "migrations"
    later.mkdir()
    for script in MIGRATIONS.glob("*.sql"):
        (later / script.name).write_bytes(script.read_bytes())
    (later / "9999_synthetic.sql").write_text("ALTER TABLE run_notes ADD COLUMN more VARCHAR", encoding="utf-8")
    monkeypatch.setattr("icdp.warehouse.connection.MIGRATIONS", later)
    for _ in range(2):
        with write(path):
            pass
    assert read(path, "SELECT detail, more FROM run_notes") == [("kept", None)]
    monkeypatch.undo()
    with pytest.raises(DataError) as caught, write(path):
        pass
    assert str(caught.value) == (
        f"{path}: was made by a newer version (it has 9999_synthetic.sql); install that version, or {REBUILD}"
    )


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_everything_as_it_was(path: Path, error: type[BaseException]) -> None:
    with write(path) as connection:
        replace_year(connection, "run_notes", 2024, notes("old"))

    def half() -> None:
        with write(path) as connection:
            replace_year(connection, "run_notes", 2024, notes("new", "newer"))
            connection.execute("DROP TABLE scores")
            raise error

    with pytest.raises(error):
        half()
    assert read(path, "SELECT detail FROM run_notes") == [("old",)]
    assert read(path, "SELECT count(*) FROM scores") == [(0,)]


def test_an_exception_in_the_first_transaction_leaves_no_half_schema(path: Path) -> None:
    with pytest.raises(ValueError, match="synthetic"), write(path):
        raise ValueError("synthetic")
    assert read(path, "SELECT table_name FROM duckdb_tables()") == []
    with write(path):
        pass
    assert read(path, "SELECT count(*) FROM scores") == [(0,)]


def test_a_year_is_replaced_and_the_others_stay(path: Path) -> None:
    with write(path) as connection:
        replace_year(connection, "run_notes", 2023, notes("of 2023").assign(year=2023))
        replace_year(connection, "run_notes", 2024, notes("a", "b", "c"))
    with write(path) as connection:
        replace_year(connection, "run_notes", 2024, notes("d"))
    assert read(path, "SELECT year, detail FROM run_notes ORDER BY ALL") == [(2023, "of 2023"), (2024, "d")]
    with write(path) as connection:
        replace_year(connection, "run_notes", 2024, pd.DataFrame())
    assert read(path, "SELECT year, detail FROM run_notes") == [(2023, "of 2023")]


def test_columns_are_matched_by_name(path: Path) -> None:
    with write(path) as connection:
        replace_year(
            connection, "run_notes", 2024, notes("d")[["detail", "node", "year", "adcode", "kind", "position"]]
        )
    assert read(path, "SELECT kind, node, adcode, detail FROM run_notes") == [("synthetic", "n", "110000", "d")]


@pytest.mark.parametrize("content", [b"", b"figures of 2024\n" * 1000], ids=["empty", "text"])
def test_a_file_that_is_no_database_is_said_to_be_none(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DataError) as caught, write(path):
        pass
    assert str(caught.value) == (
        f'{path}: cannot be opened (IO Error: The file "{path}" exists, but it is not a valid DuckDB database file!); '
        + REBUILD
    )
    assert path.read_bytes() == content, "what is there is not overwritten"


def test_a_database_cut_short_is_said_to_be_broken(path: Path) -> None:
    with write(path) as connection:
        replace_year(connection, "run_notes", 2024, notes(*map(str, range(1000))))
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(DataError, match=r"warehouse\.duckdb: cannot be opened \(.*\); make it again"), write(path):
        pass


def test_another_database_is_said_to_be_no_warehouse(path: Path) -> None:
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE scores AS SELECT 1 AS x")
    with pytest.raises(DataError) as caught, write(path):
        pass
    assert str(caught.value).startswith(f"{path}: is not a warehouse (")
    assert str(caught.value).endswith(f"); {REBUILD}")
    assert read(path, "FROM scores") == [(1,)]


def test_a_file_held_for_too_long_is_reported_with_its_holder(path: Path) -> None:
    with write(path):
        pass
    began = time.monotonic()
    with holder(path) as process:
        with pytest.raises(DataError) as caught, write(path, patience=0.3):
            pass
        assert f"(PID {process.pid})" in str(caught.value)
    waited = time.monotonic() - began
    assert str(caught.value).startswith(f"{path}: cannot be opened (IO Error: Could not set lock on file")
    assert str(caught.value).endswith("; close that program")
    assert waited >= 0.3, "it gave the holder the time it was told to"


def test_a_file_that_is_released_in_time_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with write(path):
        pass
    with holder(path) as process:
        waits: list[float] = []

        def instead_of_waiting(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                release(process)

        monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=instead_of_waiting))
        with write(path) as connection:
            replace_year(connection, "run_notes", 2024, notes("after"))
    assert len(waits) == 3
    assert all(0 < seconds <= 5 for seconds in waits)
    assert read(path, "SELECT detail FROM run_notes") == [("after",)]
