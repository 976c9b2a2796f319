"""The published tables as ``schema.yaml`` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from icdp.errors import DataError

SCHEMA = Path(__file__).parent / "schema.yaml"
EDITION = ("VARCHAR", "版本", "edition, e.g. `2024-r1`")


@dataclass(frozen=True, slots=True)
class Table:
    """One published table: titles, row order, and column -> (type, Chinese, English); ``edition`` first."""

    name: str
    zh: str
    en: str
    order: tuple[str, ...]
    columns: Mapping[str, tuple[str, str, str]]

    def create(self, connection: duckdb.DuckDBPyConnection, qualified: str) -> None:
        """Create the table, with the meaning of each column as its comment."""
        body = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in self.columns.items())
        connection.execute(f"CREATE TABLE {qualified} ({body})")
        connection.execute(f"COMMENT ON TABLE {qualified} IS {_quoted(f'{self.zh} / {self.en}')}")
        for name, (_, zh, en) in self.columns.items():
            connection.execute(f'COMMENT ON COLUMN {qualified}."{name}" IS {_quoted(f"{zh} / {en}")}')

    def checked(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``rows`` with the columns in order.

        Raises:
            DataError: a column is missing or unknown.
        """
        wanted, given = list(self.columns), list(rows.columns)
        if set(wanted) != set(given):
            difference = sorted(set(wanted) ^ set(given))
            raise DataError(f"table {self.name}: columns {difference} differ from schema.yaml; bring the two together")
        return rows[wanted]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@cache
def tables() -> dict[str, Table]:
    """Return every published table by name, in the order of the file."""
    described = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    return {
        name: Table(
            name,
            entry["zh"],
            entry["en"],
            tuple(entry["order"]),
            {"edition": EDITION} | {column: tuple(told) for column, told in entry["columns"].items()},
        )
        for name, entry in described.items()
    }


def dictionary() -> str:
    """Return docs/data-dictionary.md."""
    lines = [
        "# Data dictionary · 数据字典",
        "",
        "Made from `include/icdp/publishing/schema.yaml` by `python -m icdp.publishing.schema`; do not edit by hand.",
        "In `var/published/icdp.duckdb` each table is a view of the latest edition of every year; the same name under schema",
        "`history` keeps every edition. The views `provinces` and `nodes` show the newest year's, without `edition`.",
    ]
    for table in tables().values():
        lines += ["", f"## {table.name}", "", f"{table.zh}。{table.en}", ""]
        lines += ["| column | type | 含义 | meaning |", "|---|---|---|---|"]
        lines += [f"| {name} | {kind} | {zh} | {en} |" for name, (kind, zh, en) in table.columns.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(dictionary(), end="")
