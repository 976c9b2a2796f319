"""CSV that a spreadsheet opens as it is meant: UTF-8 with a byte order mark, and no text that would become a formula."""

from __future__ import annotations

from pathlib import Path

import duckdb

from icdp.publishing.schema import Table

FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet would calculate (https://owasp.org/www-community/attacks/CSV_Injection)."""
BOM = b"\xef\xbb\xbf"


def write_csv(connection: duckdb.DuckDBPyConnection, ordered: str, table: Table, path: Path) -> None:
    """Write a table; a text like a formula gets an apostrophe before it. Its exact form is in the Parquet file.

    Args:
        connection: has the table.
        ordered: query for its rows.
        table: its columns.
        path: the file.
    """
    texts = [name for name, (kind, _, _) in table.columns.items() if kind == "VARCHAR"]
    told = ", ".join(
        f"CASE WHEN regexp_matches({name}, '{FORMULA}') THEN '''' || {name} ELSE {name} END AS {name}" for name in texts
    )
    replaced = f"SELECT * {f'REPLACE ({told})' if told else ''} FROM {ordered}"  # noqa: S608 - our own names
    connection.execute(f"COPY ({replaced}) TO '{path}' (FORMAT csv, HEADER)")
    path.write_bytes(BOM + path.read_bytes())
