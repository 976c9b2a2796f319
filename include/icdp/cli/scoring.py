"""score: the engine on anybody's catalogue, values and judgements; rescore: a year as it was known on a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from icdp.catalog import load_catalog
from icdp.cli.output import Format, rows_of, show
from icdp.errors import DataError
from icdp.partition import parse_year
from icdp.replay import score_as_of
from icdp.scoring import Result, read_judgements
from icdp.scoring import score as score_units
from icdp.scoring.files import read_values, write_results, write_tables
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.settings import Settings


def score(catalog_directory: Path, values: Path, judgements: Path | None, out: Path, form: Format) -> None:
    """Score every year of a file of values and write the tables.

    Raises:
        IcdpError: the catalogue, the values or the judgements are refused; nothing is written.
    """
    catalog = load_catalog(catalog_directory)
    tree, rules = tree_of(catalog), settings_of(catalog)
    panel = read_judgements(judgements) if judgements else None
    known = (lambda name: catalog.province(name).adcode) if catalog.provinces else None
    table = read_values(values, set(tree.leaves()), known)
    results: dict[int, Result] = {}
    for year, rows in table.groupby("year"):
        wide = rows.pivot(index="unit", columns="indicator", values="value")
        wide = wide.reindex(list(dict.fromkeys(rows["unit"])))
        try:
            results[int(str(year))] = score_units(tree, wide, panel, rules)
        except DataError as exc:
            raise DataError(f"{values}, year {year}: {exc}") from exc
    write_results(out, results)
    summary = [_summary(year, result, tree.root) for year, result in results.items()]
    headings = {
        "year": "年 Year",
        "units": "对象 Units",
        "scored": "有得分 Scored",
        "indicators": "指标 Indicators",
        "first": "第一 First",
    }
    show(summary, form, headings, notes=[f"结果 results: {out}"])


def as_of(settings: Settings, year_text: str, day: date, out: Path | None, form: Format) -> None:
    """Score a year from what was known on a day and print the ranking; no edition is made.

    Raises:
        IcdpError: too little was known on that day, or it does not pass the checks; nothing is written.
    """
    year = parse_year(year_text)
    tables = score_as_of(settings, year, day)
    if out is not None:
        write_tables(out, tables)
    ranking = tables["scores"][tables["scores"]["level"] == 0].sort_values(["rank", "adcode"]).assign(as_of=str(day))
    columns = ["as_of", "year", "rank", "adcode", "province", "score", "tier", "known"]
    headings = {"rank": "位次 #", "province": "省份 Province", "score": "得分 Score", "tier": "梯队 Tier"}
    coverage = tables["indicator_coverage"]
    notes = [
        f"{int(coverage['in_use'].sum())}/{len(coverage)} 项指标 indicators · 目录与判断为今日所用 catalogue and judgements are "
        "today's · 不是版本，不发布 no edition, not published"
    ]
    if out is not None:
        notes.append(f"结果 results: {out}")
    show(rows_of(ranking[columns]), form, headings, f"{year}，截至 as known on {day}", notes)


def _summary(year: int, result: Result, root: str) -> dict[str, object]:
    scores = result.scores[root]
    return {
        "year": year,
        "units": len(scores),
        "scored": int(scores.notna().sum()),
        "indicators": int((result.weights["node"].isin(result.normalized.columns)).sum()),
        "first": None if scores.isna().all() else str(scores.idxmax()),
    }
