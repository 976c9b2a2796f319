"""Opening the warehouse: migrations, one transaction, patience with a foreign lock only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from icdp.errors import DataError, NotFoundError

MIGRATIONS = Path(__file__).parent / "migrations"
REBUILD = "make it again out of the archive with `icdp warehouse rebuild`"


def is_lock(error: BaseException) -> bool:
    """Return whether another process holds the file."""
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


@contextmanager
def write(path: Path, patience: float = 60.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a read-write connection inside one transaction; commit on success, else roll back.

    Args:
        path: the warehouse file; made and migrated when it does not exist.
        patience: seconds to wait while another process holds the file.

    Raises:
        DataError: the file is held for longer, is not a warehouse, or is one of a newer version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _open(path, patience)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("BEGIN")
        _migrate(connection, path)
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        _rollback(connection)
        raise
    finally:
        connection.close()


@contextmanager
def read(path: Path, patience: float = 5.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a read-only connection, for a look that takes no time: while it is open no task can write.

    Raises:
        NotFoundError: there is no warehouse yet.
        DataError: a task holds the file, or it is no warehouse.
    """
    if not path.exists():
        raise NotFoundError(f"{path}: nothing was loaded yet; run `make run YEAR=2024` first")
    with _open(path, patience, read_only=True) as connection:
        yield connection


def _open(path: Path, patience: float, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    waiting = Retrying(
        retry=retry_if_exception(is_lock),
        stop=stop_after_delay(patience),
        wait=wait_exponential(multiplier=0.1, max=5),
        reraise=True,
    )
    try:
        return waiting(duckdb.connect, str(path), read_only=read_only)
    except duckdb.Error as exc:
        remedy = ("wait until it has ended" if read_only else "close that program") if is_lock(exc) else REBUILD
        raise DataError(f"{path}: cannot be opened ({str(exc).splitlines()[0]}); {remedy}") from exc


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:  # COMMIT itself failed: nothing is left to roll back
        return


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    scripts = {script.name: script for script in sorted(MIGRATIONS.glob("*.sql"))}
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name VARCHAR PRIMARY KEY)")
        done = {name for (name,) in connection.execute("FROM schema_migrations").fetchall()}
        for name in sorted(scripts.keys() - done):
            connection.execute(scripts[name].read_text(encoding="utf-8"))
            connection.execute("INSERT INTO schema_migrations VALUES (?)", [name])
    except duckdb.Error as exc:
        raise DataError(f"{path}: is not a warehouse ({str(exc).splitlines()[0]}); {REBUILD}") from exc
    if newer := sorted(done - scripts.keys()):
        raise DataError(f"{path}: was made by a newer version (it has {newer[0]}); install that version, or {REBUILD}")


def replace_year(connection: duckdb.DuckDBPyConnection, table: str, year: int, rows: pd.DataFrame) -> None:
    """Replace the slice of ``year`` in ``table`` by ``rows`` (columns matched by name).

    Runs inside the caller's transaction, so a reader sees the old slice or the new one. ``table``
    is a name of the schema, never text from outside.
    """
    connection.execute(f"DELETE FROM {table} WHERE year = ?", [year])  # noqa: S608 - a name of the schema
    if not rows.empty:
        connection.register("replacement", rows)
        connection.execute(f"INSERT INTO {table} BY NAME FROM replacement")
        connection.unregister("replacement")
