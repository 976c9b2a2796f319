"""Reading what is published: one read-only connection without access to anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from icdp.errors import DataError, NotFoundError
from icdp.partition import parse_year
from icdp.publishing.names import NAME, SHARED

# Once the file is open the connection can reach no other file, no network, and nobody can change that.
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_VIEWS = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal"
_PUBLISHED_BY = """SELECT * FROM history.editions WHERE CAST(published_at AS DATE) <= {day}
    QUALIFY row_number() OVER (PARTITION BY year ORDER BY revision DESC) = 1"""
# An edition made after the warehouse was lost tells of fewer vintages than one before it: all are asked, the newest first.
_KNOWN_BY = """SELECT o.* FROM history.observations o JOIN history.editions e USING (edition) WHERE o.vintage <= {day}
    QUALIFY rank() OVER (PARTITION BY o.year, o.source, o.item ORDER BY e.revision DESC, o.revision DESC) = 1"""


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

    def as_of(self, day: date) -> None:
        """Let every view show what was known on ``day``; schema ``history`` still holds everything.

        The views of editions show those that were published by the end of that day (UTC), ``observations`` the newest
        vintage of each item that had been taken by then, whichever edition tells of it.
        """
        shown = [name for (name,) in self.connection.execute(_VIEWS).fetchall()]
        until = f"DATE '{day.isoformat()}'"
        self.connection.execute(f"CREATE TEMP VIEW editions AS {_PUBLISHED_BY.format(day=until)}")
        for name in shown:
            if name == "observations":
                view = _KNOWN_BY.format(day=until)
            elif name in SHARED:
                newest = "SELECT edition FROM temp.editions ORDER BY year DESC LIMIT 1"
                view = f"SELECT * EXCLUDE (edition) FROM history.{name} WHERE edition = ({newest})"  # noqa: S608
            else:
                view = f"SELECT * FROM history.{name} WHERE edition IN (SELECT edition FROM temp.editions)"  # noqa: S608
            if name != "editions":
                self.connection.execute(f"CREATE TEMP VIEW {name} AS {view}")

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
