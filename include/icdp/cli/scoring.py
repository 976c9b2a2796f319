"""score: the engine on anybody's catalogue, values and judgements."""

from __future__ import annotations

from pathlib import Path

from icdp.catalog import load_catalog
from icdp.cli.output import Format, show
from icdp.errors import DataError
from icdp.scoring import Result, read_judgements
from icdp.scoring import score as score_units
from icdp.scoring.files import read_values, write_results
from icdp.scoring.from_catalog import settings_of, tree_of


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


def _summary(year: int, result: Result, root: str) -> dict[str, object]:
    scores = result.scores[root]
    return {
        "year": year,
        "units": len(scores),
        "scored": int(scores.notna().sum()),
        "indicators": int((result.weights["node"].isin(result.normalized.columns)).sum()),
        "first": None if scores.isna().all() else str(scores.idxmax()),
    }
