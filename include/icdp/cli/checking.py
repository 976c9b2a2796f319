"""quality: what the checks found, in the last run of a year, in an earlier one, or in an edition."""

from __future__ import annotations

import duckdb
import pandas as pd

from icdp.catalog import load_catalog
from icdp.cli.output import Format, rows_of, show
from icdp.errors import DataError, NotFoundError
from icdp.partition import parse_year
from icdp.publishing.names import NAME
from icdp.publishing.reader import open_published
from icdp.settings import Settings
from icdp.warehouse.connection import read

OUTCOME = {
    "passed": "通过 passed",
    "waived": "已豁免 waived",
    "error": "错误 error",
    "warn": "警告 warning",
    "note": "提示 note",
}
COLUMNS = [
    "year", "check_id", "severity", "subject", "passed", "observed", "expected", "message", "waived", "waiver",
]  # fmt: skip
# Gravest first.
_ORDER = ["error", "waived", "warn", "note", "passed"]


def quality(settings: Settings, which: str, failed: bool, run: str | None, form: Format) -> None:
    """Print what the checks found.

    Raises:
        DataError: ``which`` is neither year nor edition, or a task holds the warehouse.
        NotFoundError: the year was never checked, or there is no such edition or run.
    """
    if NAME.fullmatch(which):
        if run is not None:
            raise DataError(f"{which} is an edition; --run names a run of a year, like --run {run} {which[:4]}")
        results, title, notes = _of_edition(settings, which)
    else:
        results, title, notes = _of_year(settings, parse_year(which), run)
    outcome = results["severity"].where(~results["waived"], "waived").where(~results["passed"], "passed")
    told = results.assign(outcome=outcome).sort_values(
        ["outcome", "check_id", "subject"], key=lambda c: c.map(_ORDER.index) if c.name == "outcome" else c
    )
    counts = outcome.value_counts()
    notes = [" · ".join(f"{OUTCOME[name]} {counts[name]}" for name in _ORDER if name in counts), *notes]
    if form is not Format.table:
        show(
            rows_of(told[told["outcome"] != "passed"] if failed else told), form, {name: name for name in told.columns}
        )
        return
    people = [_words(row) for row in rows_of(told[told["outcome"] != "passed"])]
    if not failed:
        people += _passed(settings, told[told["outcome"] == "passed"])
    headings = {
        "outcome": "结果 Outcome", "check_id": "检查 Check", "subject": "对象 Subject", "observed": "观察 Observed",
        "expected": "期望 Expected", "message": "说明 What to think of it",
    }  # fmt: skip
    show(people, form, headings, title, notes)


def _words(row: dict[str, object]) -> dict[str, object]:
    waiver = f"豁免 waiver: {row['waiver']}" if row["waived"] else ""
    return row | {"outcome": OUTCOME[str(row["outcome"])], "message": waiver or row["message"]}


def _passed(settings: Settings, passed: pd.DataFrame) -> list[dict[str, object]]:
    """Return one line for each check: what passed needs no line for every subject."""
    known = load_catalog(settings.catalog).checks
    return [
        {
            "outcome": OUTCOME["passed"], "check_id": check, "subject": f"{count} 项 subjects",
            "message": known[str(check)].reason if check in known else "",
        }
        for check, count in passed["check_id"].value_counts(sort=False).sort_index().items()
    ]  # fmt: skip


def _of_edition(settings: Settings, name: str) -> tuple[pd.DataFrame, str, list[str]]:
    with open_published(settings.published) as db:
        edition = db.edition(name)
        results = db.frame("FROM history.quality_results WHERE edition = $edition", edition=edition)
    # An edition of before there were waivers has none.
    waived = results["waived"].astype("boolean").fillna(False).astype(bool)
    return results.assign(waived=waived, waiver=results["waiver"].fillna(""))[COLUMNS], f"{edition} · 版本 edition", []


def _of_year(settings: Settings, year: int, run: str | None) -> tuple[pd.DataFrame, str, list[str]]:
    try:
        with read(settings.warehouse) as connection:
            runs = connection.execute("FROM quality_runs WHERE year = ? ORDER BY position DESC", [year]).df()
            if runs.empty and run is None:
                raise NotFoundError(f"{year} was never checked")
            chosen = str(runs["run"][0]) if run is None else run
            if chosen not in set(runs["run"]):
                raise DataError(
                    f"{year} has no run {run!r} of the checks; there are {', '.join(runs['run']) or 'none'}"
                )
            results = connection.execute("FROM quality_history WHERE run = ?", [chosen]).df()
    except (NotFoundError, duckdb.CatalogException) as missing:
        if run is not None:
            raise NotFoundError(f"{settings.warehouse} keeps no runs of the checks; leave --run out") from missing
        # Another machine, or a warehouse of before runs were kept: what was published still tells.
        try:
            return _of_edition(settings, str(year))
        except NotFoundError as exc:
            raise NotFoundError(f"{year} was never checked and is not published; run `make run YEAR={year}`") from exc
    earlier = [
        f"{row.run} ({row.errors} errors, {row.warnings} warnings)" for row in runs.itertuples() if row.run != chosen
    ]
    title = f"{year} · 检查运行 run {chosen}{' (最近 the last)' if chosen == runs['run'][0] else ''}"
    notes = [f"其他运行 other runs (--run): {', '.join(earlier)}"] if earlier else []
    return results[COLUMNS], title, notes
