"""``published/icdp.duckdb``: every edition in one file, built beside and moved into place."""

from __future__ import annotations

from pathlib import Path

import duckdb

from icdp.files import replacing
from icdp.publishing.editions import STORAGE_VERSION, Edition
from icdp.publishing.names import SHARED
from icdp.publishing.schema import tables

_LATEST = """CREATE VIEW editions AS SELECT * FROM history.editions
    QUALIFY row_number() OVER (PARTITION BY year ORDER BY revision DESC) = 1"""
_NEWEST = "(SELECT edition FROM editions ORDER BY year DESC LIMIT 1)"


def is_current(database: Path, editions: list[Edition]) -> bool:
    """Tell whether the database holds exactly these editions, in the tables of today."""
    if not database.exists():
        return False
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            held = connection.execute("SELECT edition, content_sha256 FROM history.editions").fetchall()
            made = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'history'").fetchall()
    except duckdb.Error:
        return False
    same = sorted(held) == sorted((e.name, e.content_sha256) for e in editions)
    return same and {name for (name,) in made} == set(tables())


def rebuild(database: Path, folder: Path, editions: list[Edition]) -> None:
    """Build the database anew from the editions' Parquet files and move it into place.

    A reader keeps the file it has opened; the next one to open it gets the new one. An older
    edition may lack a column of today: it is empty there.
    """
    with replacing(database, mode=0o444) as temporary:
        temporary.unlink()
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"ATTACH '{temporary}' AS built (STORAGE_VERSION '{STORAGE_VERSION}')")
            connection.execute("USE built")
            connection.execute("CREATE SCHEMA history")
            for table in tables().values():
                table.create(connection, f"history.{table.name}")
                files = [p for e in editions if (p := folder / e.name / "parquet" / f"{table.name}.parquet").exists()]
                if files:
                    connection.execute(
                        f"INSERT INTO history.{table.name} BY NAME "
                        "FROM read_parquet($files, union_by_name = true, hive_partitioning = false)",
                        {"files": [str(path) for path in files]},
                    )
            _create_views(connection)
            connection.execute("USE memory")
            connection.execute("DETACH built")


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_LATEST)
    for table in tables().values():
        if table.name in SHARED:
            order = ", ".join(table.order)
            connection.execute(
                f"CREATE VIEW {table.name} AS SELECT * EXCLUDE (edition) FROM history.{table.name} "  # noqa: S608
                f"WHERE edition = {_NEWEST} ORDER BY {order}"
            )
        elif table.name != "editions":
            connection.execute(
                f"CREATE VIEW {table.name} AS SELECT * FROM history.{table.name} "  # noqa: S608
                "WHERE edition IN (SELECT edition FROM editions)"
            )
        view = "editions" if table.name == "editions" else table.name
        text = f"{table.zh} / {table.en}".replace("'", "''")
        connection.execute(f"COMMENT ON VIEW {view} IS '{text}'")
