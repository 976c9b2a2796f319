"""The published database kept open between requests, and left for the new one as soon as it is replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from icdp.errors import DataError, NotFoundError
from icdp.publishing.reader import Published

_STATEMENTS = """SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;
    SET TimeZone = 'UTC'; SET threads = 2; SET enable_external_access = false; SET lock_configuration = true"""
_Identity = tuple[int, int, int]


class Opened:
    """One read-only connection without access to anything else, for as long as the file is the same.

    Opening costs twenty milliseconds, a cursor less than one. DuckDB hands a second connection of one process
    the file it has open under that name, even when another lies there by now: hence an attached database of a
    connection of its own for each file, and not :func:`icdp.publishing.reader.open_published`.

    Args:
        published: the folder readers know.
    """

    def __init__(self, published: Path) -> None:
        self._database = published / "icdp.duckdb"
        self._lock = threading.Lock()
        self._identity: _Identity | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def reading(self) -> Iterator[Published]:
        """Yield the database as it is now; whoever reads keeps one state until the end.

        Raises:
            NotFoundError: nothing is published yet.
            DataError: the file is no database.
        """
        with self._lock:
            cursor = self._current().cursor()
        try:
            cursor.execute("USE published")
            yield Published(cursor)
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._leave()

    def _current(self) -> duckdb.DuckDBPyConnection:
        try:
            found = self._database.stat()
        except FileNotFoundError:
            self._leave()
            raise NotFoundError("nothing is published yet; run `make run YEAR=2024` first") from None
        identity = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._connection is None or identity != self._identity:
            self._leave()
            self._connection, self._identity = _open(self._database), identity
        return self._connection

    def _leave(self) -> None:
        # Requests under way have cursors of their own and read the old file to their end.
        if self._connection is not None:
            self._connection.close()
        self._connection = self._identity = None


def _open(database: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    try:
        name = str(database).replace("'", "''")
        connection.execute(f"ATTACH '{name}' AS published (READ_ONLY)")
        connection.execute(_STATEMENTS)
    except duckdb.Error as exc:
        connection.close()
        reason = str(exc).splitlines()[0].replace(str(database), database.name)
        raise DataError(f"{database.name} cannot be read ({reason}); publish any year again to rebuild it") from exc
    return connection
