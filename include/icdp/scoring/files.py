"""The engine on anybody's files: a tidy CSV of values in, CSV tables out."""

from __future__ import annotations

import csv
import io
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from icdp.errors import DataError
from icdp.partition import parse_year
from icdp.scoring.engine import Result

COLUMNS = ("unit", "indicator", "year", "value")


def read_values(path: Path, indicators: set[str], known_unit: Callable[[str], str] | None = None) -> pd.DataFrame:
    """Read a tidy CSV of values.

    Args:
        path: UTF-8 CSV with the columns ``unit,indicator,year,value``; an empty value is missing.
        indicators: the indicators of the tree.
        known_unit: returns the label of a unit, or raises DataError or NotFoundError for a stranger.

    Returns:
        columns unit, indicator, year, value; rows in the order of the file.

    Raises:
        DataError: the file is unreadable or empty, lacks a column, or a row is wrong; names file and row.
    """
    rows = []
    first: dict[tuple[str, str, int], int] = {}
    for number, cells in _rows(path):
        where = f"{path}, row {number}"
        unit, indicator, year_text, value_text = (cells[name].strip() for name in COLUMNS)
        if not unit:
            raise DataError(f"{where}: unit is empty; fill it in or remove the row")
        if indicator not in indicators:
            raise DataError(f"{where}: {indicator!r} is no indicator of tree.yaml; correct the name or remove the row")
        try:
            year = parse_year(year_text)
            label = known_unit(unit) if known_unit else unit
        except Exception as exc:
            raise DataError(f"{where}: {exc}") from exc
        key = (label, indicator, year)
        if key in first:
            raise DataError(f"{where}: {unit}, {indicator}, {year} stands twice (row {first[key]}); keep one of them")
        first[key] = number
        rows.append((*key, _number(value_text, where)))
    if not rows:
        raise DataError(f"{path}: has no row of values; add rows {','.join(COLUMNS)}")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise DataError(f"{path}: cannot be read ({exc}); save it as CSV in UTF-8") from exc
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or []]
        if missing := [name for name in COLUMNS if header.count(name) != 1]:
            raise DataError(
                f"{path}: column {missing[0]!r} is missing or stands twice (columns are {', '.join(header) or 'none'}); "
                f"the columns must be {','.join(COLUMNS)}"
            )
        reader.fieldnames = header
        for row in reader:
            if "" in row or None in row.values():
                raise DataError(
                    f"{path}, row {reader.line_num}: not {len(header)} cells; quote texts that hold a comma"
                )
            yield reader.line_num, row
    except csv.Error as exc:
        raise DataError(f"{path}, row {reader.line_num + 1}: cannot be read as CSV ({exc}); correct the row") from exc


def _number(text: str, where: str) -> float:
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: value {text!r} is no finite number; leave the cell empty if it is unknown")
    return value


def write_results(out: Path, results: dict[int, Result]) -> None:
    """Write the results of every year as tidy CSV tables (see :func:`write_tables`)."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for year, result in sorted(results.items()):
        for name, table in _tables(result).items():
            tables.setdefault(name, []).append(table.assign(year=year)[["year", *table.columns]])
    write_tables(out, {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()})


def write_tables(out: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables as CSV into a new folder, which appears whole or not at all.

    Raises:
        DataError: ``out`` exists and is not empty, or cannot be made.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out}: exists and is not empty; name another folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        for name, table in tables.items():
            table.to_csv(building / f"{name}.csv", index=False)
        building.chmod(0o755)
        building.replace(out)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _tables(result: Result) -> dict[str, pd.DataFrame]:
    def tidy(wide: pd.DataFrame, label: str, value: str) -> pd.DataFrame:
        named = wide.rename_axis(index="unit", columns=label).reset_index()
        return named.melt(id_vars="unit", var_name=label, value_name=value)

    scores = tidy(result.scores, "node", "score")
    scores["rank"] = tidy(result.ranks, "node", "rank")["rank"].astype("Int64")
    scores["coverage"] = tidy(result.coverage[result.scores.columns], "node", "coverage")["coverage"]
    root = result.scores.columns[0]
    scores["tier"] = scores["unit"].map(result.tiers).astype("Int64").where(scores["node"] == root)
    notes = [(n.kind, n.node, n.unit, n.detail) for n in result.notes]
    return {
        "scores": scores,
        "normalized": tidy(result.normalized, "indicator", "normalized"),
        "contributions": tidy(result.contributions, "indicator", "points"),
        "weights": result.weights,
        "entropy": result.entropy,
        "judgements": result.judgements,
        "consistency": result.consistency,
        "consensus": result.groups,
        "notes": pd.DataFrame(notes, columns=["kind", "node", "unit", "detail"]),
    }
