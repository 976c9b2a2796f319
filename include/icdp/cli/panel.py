"""trend, panel freeze: the scale common to all years."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from icdp.catalog import load_catalog
from icdp.cli.comparing import signed
from icdp.cli.output import Format, rows_of, show
from icdp.cli.reading import find_node, nodes_of
from icdp.comparing.freeze import as_yaml, freeze
from icdp.errors import DataError, NotFoundError
from icdp.files import write_whole
from icdp.partition import parse_year
from icdp.publishing.reader import Published, open_published
from icdp.scoring.from_catalog import tree_of
from icdp.settings import Settings


def trend(settings: Settings, province: str, node: str | None, form: Format) -> None:
    """Print a province's scores of all published years on the scale common to them.

    Raises:
        NotFoundError: no year was scored on such a scale.
    """
    place = load_catalog(settings.catalog).province(province)
    with open_published(settings.published) as db:
        newest = str(db.frame("SELECT edition FROM editions ORDER BY year DESC LIMIT 1")["edition"][0])
        nodes = nodes_of(db, newest)
        chosen = str(nodes["node"].iloc[0]) if node is None else find_node(nodes, node, indicators=False)
        table, notes = series(db, place.adcode, chosen)
        if table["score"].isna().all():
            raise NotFoundError(
                f"{chosen}: {place.short_zh} has no score on it on a panel scale: choose another node, or freeze a scale "
                "(icdp panel freeze) that has it and publish anew"
            )
        notes += outside(db, list(table["edition"]), place.adcode)
        titles = nodes.set_index("node")
    people = [{**row, "change": None if row["change"] is None else signed(row["change"])} for row in rows_of(table)]
    headings = {
        "year": "年度 Year", "score": "得分 Score", "change": "比上年 Change", "rank": "位次 #", "coverage": "覆盖 Cov.",
        "yearly_rank": "逐年标尺位次 # on the yearly scale", "edition": "版本 Edition",
    }  # fmt: skip
    version = table["scale_version"].iloc[-1]
    title = f"{place.name_zh} {place.name_en} · {titles['name_zh'][chosen]} {titles['name_en'][chosen]} · 共同标尺 panel scale {version}"
    show(people if form is Format.table else rows_of(table), form, headings, title, notes)


def series(db: Published, adcode: str, node: str) -> tuple[pd.DataFrame, list[str]]:
    """Return a province's scores on the newest scale in use, by year, and what has to be known to read them."""
    table = db.frame(
        """SELECT p.year, p.edition, p.adcode, p.province, p.node, p.score, p.rank, p.coverage, p.scale_version,
               p.span_first, p.span_last, s.rank AS yearly_rank
           FROM scores_panel p LEFT JOIN scores s USING (edition, adcode, node)
           WHERE adcode = $adcode AND node = $node ORDER BY p.year""",
        adcode=adcode,
        node=node,
    )
    notes = []
    if not table.empty:
        version = table["scale_version"].iloc[-1]
        others = table[table["scale_version"] != version]
        if not others.empty:
            years = "、".join(map(str, others["year"]))
            notes.append(
                f"{years}：标尺版本不同，不可比，未列；请重新计分并发布。 {years}: on another version of the scale, not comparable and not "
                "shown; score and publish these years again."
            )
        table = table[table["scale_version"] == version].reset_index(drop=True)
        before = table.set_index("year")["score"].reindex(table["year"] - 1).to_numpy()
        table.insert(6, "change", table["score"] - before)
        first = table.iloc[0]
        notes.append(span(int(first["span_first"]), int(first["span_last"])))
    return table, notes


def span(first: int, last: int) -> str:
    """Return a line about a scale's span."""
    return (
        f"共同标尺：{first}–{last} 年各省的最小、最大值与平均权重，已冻结；各年可比，但只含口径始终一致的指标，与逐年得分不可混用。 "
        f"Goalposts of all provinces over {first}-{last} and mean weights, frozen: years compare; only indicators made the same "
        "way in all these years; never to be mixed with yearly scores."
    )


def outside(db: Published, editions: list[str], adcode: str | None = None) -> list[str]:
    """Return lines about what is missing on the scale or beyond its goalposts in these editions."""
    found = db.frame(
        """SELECT r.year, r.kind, n.name_zh, r.node, r.adcode, p.short_zh, r.detail
           FROM history.run_notes r JOIN history.nodes n ON n.edition = r.edition AND n.node = r.node
           LEFT JOIN history.provinces p ON p.edition = r.edition AND p.adcode = r.adcode
           WHERE list_contains($editions, r.edition) AND r.kind IN ('panel_missing', 'panel_outside', 'panel_judgements')
             AND ($adcode IS NULL OR r.adcode IN ('', $adcode)) ORDER BY r.year, r.position""",
        editions=editions,
        adcode=adcode,
    )
    lines = []
    for (year, kind), rows in found.groupby(["year", "kind"], sort=True):
        if kind == "panel_missing":
            named = "、".join(f"{r.name_zh} {r.node}" for r in rows.itertuples())
            lines.append(f"{year}：无同口径数值 no figures made the same way: {named}")
        elif kind == "panel_judgements":
            lines.append(
                f"{year}：标尺权重所用判断矩阵与该年不同 other judgements than the year's: {rows['detail'].iloc[0]}"
            )
        else:
            named = "、".join(f"{r.short_zh} {r.name_zh} {r.node}" for r in rows.itertuples())
            lines.append(f"{year}：超出冻结区间，不截断 beyond the goalposts, not capped: {named}")
    return lines


def freeze_scale(settings: Settings, first: str, last: str, version: str | None, out: Path) -> None:
    """Freeze the published years into a panel scale and write it to ``out``.

    Raises:
        NotFoundError: a year of the span is not published.
        DataError: the span is no span, or no indicator can be on the scale.
    """
    start, end = parse_year(first), parse_year(last)
    if start > end:
        raise DataError(f"--from {start} --to {end}: ends before it begins; swap them")
    tree = tree_of(load_catalog(settings.catalog))
    with open_published(settings.published) as db:
        span_of = {"first": start, "last": end}
        known = db.frame(
            "SELECT year, panel FROM editions WHERE year BETWEEN $first AND $last ORDER BY year", **span_of
        )
        if missing := sorted(set(range(start, end + 1)) - set(known["year"])):
            raise NotFoundError(f"{', '.join(map(str, missing))}: not published; publish every year of the span first")
        coverage, values, weights = (
            db.frame(f"FROM {table} WHERE year BETWEEN $first AND $last", **span_of)
            for table in ("indicator_coverage", "indicator_values", "weights")
        )
    panels = ", ".join(dict.fromkeys(known["panel"]))
    scale = freeze(tree, coverage, values, weights, panels, version or f"{start}-{end}-1")
    named = f" --version {version}" if version else ""
    text = as_yaml(scale, f"icdp panel freeze --from {start} --to {end}{named} --out {out.name}")
    write_whole(out, text.encode())
    rows = [{"indicator": g.indicator, "expression": g.expression, "unit": g.unit, "min": g.min, "max": g.max,
             "weight": scale.weights[g.indicator], "reason": ""} for g in scale.goalposts]  # fmt: skip
    rows += [{"indicator": name, "reason": reason} for name, reason in scale.left_out.items()]
    headings = {
        "indicator": "指标 Indicator", "expression": "计算式 Expression", "unit": "单位", "min": "最小 Min", "max": "最大 Max",
        "weight": "同级权重 Weight", "reason": "不在标尺上 Left out",
    }  # fmt: skip
    show(rows, Format.table, headings, f"{scale.version} → {out}")
