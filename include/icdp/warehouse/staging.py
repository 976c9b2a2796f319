"""Staging: parsed tables as Parquet, one file a source and year, each written atomically."""

from __future__ import annotations

import json

import duckdb
import pandas as pd

from icdp.archive import Archive, Receipt
from icdp.errors import NotFoundError
from icdp.files import AnyPath, nearby, replacing, write_whole


def write_receipts(path: AnyPath, receipts: list[Receipt]) -> None:
    """Write the list of receipts a source gave for a year."""
    entries = [{"item": r.item, "receipt": r.id} for r in receipts]
    write_whole(path, json.dumps(entries, indent=1).encode())


def read_receipts(path: AnyPath, archive: Archive, source: str) -> list[Receipt]:
    """Return the receipts listed in ``path``.

    Raises:
        NotFoundError: the source was not acquired for that year.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise NotFoundError(f"{path}: {source} has no receipts for this year; acquire it first") from exc
    return [archive.receipt(source, entry["receipt"]) for entry in entries]


def write_parquet(table: pd.DataFrame, path: AnyPath, order: str) -> None:
    """Write ``table`` as Parquet in a fixed row order, so that equal content has equal bytes."""
    with replacing(path) as temporary, duckdb.connect() as connection:
        connection.from_df(table).order(order).write_parquet(str(temporary))


def read_parquet(path: AnyPath) -> pd.DataFrame:
    """Return a staged table.

    Raises:
        NotFoundError: the source was not staged for that year.
    """
    if not path.exists():
        raise NotFoundError(f"{path}: nothing is staged there; stage this source and year first")
    with nearby(path) as file, duckdb.connect() as connection:
        return connection.execute("FROM read_parquet(?)", [str(file)]).df()
