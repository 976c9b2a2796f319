"""The files that decide a year besides its payloads: kept when they are used, so that an edition can carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from icdp.archive import Archive
from icdp.settings import REPOSITORY, Settings

# What a reader of an edition needs besides: they decide no figure and are not compared.
PAPERS = ("docs/methodology.md", "DATA-TERMS.md")
NATIONAL_TOTALS = "national_totals.csv"


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """What an edition was made from besides payloads.

    Attributes:
        files: name -> content of catalogue, judgements and printed totals.
        checked_on: the day its checks were run, which waivers were held against.
    """

    files: Mapping[str, bytes]
    checked_on: date


def _files(settings: Settings, step: str) -> dict[str, Path]:
    """Return name -> file of what a step reads: the printed totals, or catalogue and panel."""
    if step == "check":
        totals = settings.facts / NATIONAL_TOTALS
        return {f"facts/{NATIONAL_TOTALS}": totals} if totals.exists() else {}
    roots = {"catalog": settings.catalog, "judgements": settings.judgements}
    found = {f"{name}/{p.relative_to(root).as_posix()}": p for name, root in roots.items() for p in _texts(root)}
    return found | {name: path for name in PAPERS if (path := REPOSITORY / name).exists()}


def _texts(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in (".yaml", ".csv"))


def keep_used_files(connection: duckdb.DuckDBPyConnection, settings: Settings, year: int, step: str) -> None:
    """Archive the files a step (``check`` or ``score``) of the year has read, and list them in the warehouse."""
    archive = Archive(settings.archive)
    rows = [(year, step, name, archive.put(path.read_bytes())) for name, path in _files(settings, step).items()]
    connection.execute("DELETE FROM used_files WHERE year = ? AND step = ?", [year, step])
    if rows:
        connection.executemany("INSERT INTO used_files VALUES (?, ?, ?, ?)", rows)


def read_made_from(connection: duckdb.DuckDBPyConnection, archive: Archive, year: int) -> MadeFrom | None:
    """Return what decided the scores of the year besides payloads; None where a version scored it that kept nothing.

    Raises:
        DataError: a file was altered in the archive.
    """
    rows = connection.execute("SELECT path, payload_sha256 FROM used_files WHERE year = ? ORDER BY path", [year])
    files = {str(path): archive.get(str(digest)) for path, digest in rows.fetchall()}
    checked = connection.execute("SELECT day FROM checked_on WHERE year = ?", [year]).fetchone()
    return MadeFrom(files, checked[0]) if files and checked else None
