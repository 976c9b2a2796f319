"""Reading what is published: one read-only connection without access to anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from icdp.errors import DataError, NotFoundError
from icdp.partition import parse_year
from icdp.publishing.editions import NAME

# Once the file is open the connection can reach no other file, no network, and nobody can change that.
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@dataclass(frozen=True, slots=True)
class Published:
    """The published database, opened for reading."""

    connection: duckdb.DuckDBPyConnection

    def frame(self, sql: str, **parameters: object) -> pd.DataFrame:
        """Return the rows of a query with named parameters (``$name``).

        Raises:
            DataError: the database lacks the table: an older version of the software made it.
        """
        try:
            return self.connection.execute(sql, parameters).df()
        except duckdb.CatalogException as exc:
            reason = str(exc).splitlines()[0]
            raise DataError(f"icdp.duckdb was made by an older version ({reason}); publish any year again") from exc

    def edition(self, name: str) -> str:
        """Return the edition a year or an edition's name stands for.

        Args:
            name: ``2024`` (its latest edition) or ``2024-r1``.

        Raises:
            DataError: neither a year nor the name of an edition.
            NotFoundError: no such edition; says which there are.
        """
        if not NAME.fullmatch(name):
            year = _year(name)
            found = self.frame("SELECT edition FROM editions WHERE year = $year", year=year)
        else:
            found = self.frame("SELECT edition FROM history.editions WHERE edition = $name", name=name)
        if found.empty:
            there = self.frame("SELECT edition FROM history.editions ORDER BY year, revision")["edition"]
            raise NotFoundError(f"{name}: no such edition; published are {', '.join(there)}")
        return str(found["edition"][0])


def _year(name: str) -> int:
    try:
        return parse_year(name)
    except DataError as exc:
        raise DataError(f"{name!r} is neither a year nor an edition; write it like 2024 or 2024-r1") from exc


@contextmanager
def open_published(published: Path) -> Iterator[Published]:
    """Yield the published database.

    Raises:
        NotFoundError: nothing is published yet.
        DataError: the file is no database.
    """
    database = published / "icdp.duckdb"
    if not database.exists():
        raise NotFoundError(f"{database}: nothing is published yet; run `make run YEAR=2024` first")
    try:
        connection = duckdb.connect(str(database), read_only=True, config=_LOCKED)
    except duckdb.Error as exc:
        reason = str(exc).splitlines()[0]
        raise DataError(f"{database}: cannot be read ({reason}); publish any year again to rebuild it") from exc
    with connection:
        connection.execute("SET TimeZone = 'UTC'; SET lock_configuration = true")
        yield Published(connection)
