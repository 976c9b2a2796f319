"""The published database kept open between requests, and left for the new one as soon as it is replaced."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from icdp.errors import DataError, NotFoundError
from icdp.publishing.reader import Published

_STATEMENTS = """SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;
    SET TimeZone = 'UTC'; SET threads = 2; SET enable_external_access = false; SET lock_configuration = true"""
_Identity = tuple[int, int, int]


@dataclass(frozen=True)
class Told:
    """An answer that was given.

    Attributes:
        body: its bytes.
        etag: its mark.
    """

    body: bytes
    etag: str


@dataclass
class Memory:
    """Answers given on one state of the database; the next state begins with none.

    Attributes:
        most: answers kept, the newest ones.
        longest: bytes of an answer that is kept.
    """

    most: int = 256
    longest: int = 128 * 1024
    _kept: OrderedDict[str, Told] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, asked: str) -> Told | None:
        """Return what was answered to an address."""
        with self._lock:
            if asked in self._kept:
                self._kept.move_to_end(asked)
            return self._kept.get(asked)

    def keep(self, asked: str, told: Told) -> None:
        """Keep an answer, unless it is too long."""
        if len(told.body) > self.longest:
            return
        with self._lock:
            self._kept[asked] = told
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)


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
        self._memory = Memory()

    @contextmanager
    def reading(self) -> Iterator[tuple[Published, Memory]]:
        """Yield the database as it is now, and what was answered on it; a reader keeps one state until the end.

        Raises:
            NotFoundError: nothing is published yet.
            DataError: the file is no database.
        """
        with self._lock:
            cursor, memory = self._current().cursor(), self._memory
        try:
            cursor.execute("USE published")
            yield Published(cursor), memory
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
        self._memory = Memory()


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
