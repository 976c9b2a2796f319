"""Everything an installation holds, to be held against another: bytes of files, rows of tables, nothing of moments."""

from __future__ import annotations

from pathlib import Path

import duckdb

from icdp.settings import Settings

# When something was published or checked (``day``) differs from run to run; what it says must not.
MOMENTS = {"published_at", "day"}
Tables = dict[str, list[tuple[object, ...]]]
State = dict[str, object]


def rows(path: Path) -> Tables:
    """Every table of a DuckDB file, rows in order, without moments."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        found = {}
        for (name,) in names:
            columns = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall() if row[0] not in MOMENTS]
            listed = ", ".join(f'"{column}"' for column in columns)
            found[name] = connection.execute(f"SELECT {listed} FROM {name} ORDER BY ALL").fetchall()
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the drafts a killed write left."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(".tmp")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def state(settings: Settings) -> State:
    """Archive and staging as bytes, warehouse and published database as rows, editions as names of their files."""
    editions = settings.published / "editions"
    database = settings.published / "icdp.duckdb"
    return {
        "archive": files(settings.home / "archive"),
        "staging": files(settings.home / "staging"),
        "warehouse": rows(settings.warehouse) if settings.warehouse.exists() else {},
        "published": rows(database) if database.exists() else {},
        "editions": sorted(files(editions)),
    }


def correct(settings: Settings) -> None:
    """Replace 四川's figure of 2024 of one series by a synthetic one: the year gets a second revision."""
    path = settings.facts / "series" / "gdp_per_capita.csv"
    text = path.read_text(encoding="utf-8")
    line = next(x for x in text.splitlines() if x.startswith("2024,510000,"))
    value = line.split(",")[2]
    path.write_text(text.replace(line, line.replace(value, str(float(value) + 1000))), encoding="utf-8")
