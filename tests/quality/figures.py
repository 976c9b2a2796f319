"""Years of the shipped figures in memory, spoilt and checked without a warehouse: the fast way of the road."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

import pandas as pd

from icdp.catalog import Catalog
from icdp.quality import YearData, read_national_totals, run_checks
from icdp.quality.data import AHEAD, BEHIND
from icdp.settings import FACTS
from icdp.sources import facts
from icdp.sources.base import Payload
from icdp.warehouse.values import build_values

DAY = date(2026, 11, 23)
HEADER = "year,adcode,value,citation,locator\n"


@cache
def text_of(series: str) -> str:
    """The shipped file of a series."""
    return (FACTS / "series" / f"{series}.csv").read_text(encoding="utf-8")


def all_series() -> list[str]:
    return sorted(path.stem for path in (FACTS / "series").glob("*.csv"))


def split(text: str) -> tuple[str, pd.DataFrame]:
    """Head and rows of a facts file."""
    head, body = text.split(HEADER)
    return head, pd.read_csv(io.StringIO(HEADER + body), dtype=str, keep_default_na=False)


def join(head: str, rows: pd.DataFrame) -> str:
    return head + rows.to_csv(index=False)


def parsed(catalog: Catalog, series: str, text: str) -> pd.DataFrame:
    """The file through the real door, with what the warehouse adds to each figure."""
    payload = Payload("facts", series, text.encode(), f"{series}.csv", lambda _: b"")
    return facts.parse(payload, catalog).assign(
        payload_sha256=hashlib.sha256(text.encode()).hexdigest(), source="facts", layer="base", receipt=series,
        retrieved_at=pd.Timestamp("2026-11-23", tz="UTC"),
    )  # fmt: skip


@cache
def _shipped(catalog: Catalog) -> dict[str, pd.DataFrame]:
    return {series: parsed(catalog, series, text_of(series)) for series in all_series()}


def figures_of(
    catalog: Catalog, year: int, changed: Mapping[str, str] | None = None, more: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The slice of a year: the shipped figures, files of ``changed`` instead of theirs, and rows of ``more``."""
    tables = _shipped(catalog) | {name: parsed(catalog, name, text) for name, text in (changed or {}).items()}
    table = pd.concat([*tables.values(), *([] if more is None else [more])], ignore_index=True)
    return table[table["year"].between(year - catalog.lookback - BEHIND, year + AHEAD)].reset_index(drop=True)


def data_of(catalog: Catalog, year: int, figures: pd.DataFrame) -> YearData:
    built = build_values(catalog, figures[figures["year"] <= year], year)
    totals = read_national_totals(FACTS / "national_totals.csv", catalog)
    return replace(YearData.of(catalog, year, figures, built, totals), earlier={str(year - 1): _before(catalog, year)})


@cache
def _before(catalog: Catalog, year: int) -> pd.DataFrame:
    figures = figures_of(catalog, year - 1)
    return build_values(catalog, figures[figures["year"] < year], year - 1).coverage


def checked(catalog: Catalog, year: int, figures: pd.DataFrame, day: date = DAY) -> pd.DataFrame:
    return run_checks(data_of(catalog, year, figures), day)


def failures(results: pd.DataFrame) -> set[tuple[str, str, str]]:
    """(check, subject, what was seen) of what did not pass; notes report and judge nothing."""
    failed = results[~results["passed"] & (results["severity"] != "note")]
    return set(zip(failed["check_id"], failed["subject"], failed["observed"], strict=True))


@cache
def clean(catalog: Catalog, year: int) -> frozenset[tuple[str, str, str]]:
    """What the shipped figures of a year are warned of."""
    return frozenset(failures(checked(catalog, year, figures_of(catalog, year))))
