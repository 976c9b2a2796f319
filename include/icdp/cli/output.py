"""Tables for people, CSV and JSON for programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

WIDE = 200  # columns of a table that goes into a pipe or a file: nothing is cut there


class Format(StrEnum):
    """How a command answers."""

    table = "table"
    csv = "csv"
    json = "json"


Form = Annotated[Format, typer.Option("--format", help="table for people, csv or json for programs")]


class Merging(StrEnum):
    """How experts become one (:data:`icdp.scoring.group.Merge`)."""

    aij = "aij"
    aip = "aip"


class Scale(StrEnum):
    """Whether scores are on a year's own scale or on the one common to all years."""

    yearly = "yearly"
    panel = "panel"


Rows = Sequence[Mapping[str, object]]


def rows_of(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return a frame's rows with Python's own values, None for what is missing."""
    columns = {name: [_plain(value) for value in frame[name]] for name in frame.columns}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _plain(value: object) -> object:
    # By name: pandas takes a second to load, and `icdp --help` needs none of it.
    if (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and math.isnan(value))
    ):
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def console() -> Console:
    """Return the console for people: as wide as the terminal, or wide enough when there is none."""
    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(highlight=False, width=WIDE)


def show(
    rows: Rows,
    form: Format,
    headings: Mapping[str, str] | None = None,
    title: str = "",
    notes: Iterable[str] = (),
) -> None:
    """Print rows.

    Args:
        rows: all columns go to programs, in their order.
        form: for people or for programs.
        headings: column -> heading of the table for people; the columns left out are not in it.
        title: line above the table.
        notes: lines below it.
    """
    if form is Format.json:
        print(json.dumps(list(rows), ensure_ascii=False, indent=1, default=str))
    elif form is Format.csv:
        _csv(rows, list(headings or {}))
    else:
        _table(rows, headings or {name: name for name in (rows[0] if rows else {})}, title, notes)


def _csv(rows: Rows, otherwise: list[str]) -> None:
    writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else otherwise)
    writer.writeheader()
    writer.writerows(rows)


def _table(rows: Rows, headings: Mapping[str, str], title: str, notes: Iterable[str]) -> None:
    screen = console()
    if title:
        screen.print(title, style="bold", markup=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, heading in headings.items():
        numeric = any(isinstance(row.get(name), int | float) and not isinstance(row.get(name), bool) for row in rows)
        # A figure or a word that is cut is worse than a line that wraps.
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in headings))
    screen.print(table)
    for note in notes:
        screen.print(note, style="dim", markup=False, soft_wrap=True)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    text = number(value) if isinstance(value, float) else str(value)
    return text.replace("[", r"\[")  # nothing from outside is markup


def number(value: float) -> str:
    """Return a number with four significant decimals at most and no exponent."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value)}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.4f}"
