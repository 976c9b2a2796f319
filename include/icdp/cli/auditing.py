"""audit: how sure the ranks of an edition are, on what that depends, and how well the index holds together."""

from __future__ import annotations

import json

import pandas as pd

from icdp.cli.output import Format, rows_of, show
from icdp.cli.reading import headline, nodes_of
from icdp.errors import DataError, NotFoundError
from icdp.publishing.reader import Published, open_published
from icdp.publishing.schema import tables
from icdp.scoring.uncertainty.tables import TABLES
from icdp.settings import Settings

FACTORS = {
    "experts": "专家 experts",
    "rounding": "判断取整 rounded judgements",
    "given_weights": "给定权重 given weights",
    "measured_weights": "数据权重（熵权等） measured weights",
    "values": "数值误差 errors of values",
    "missing": "缺值 missing values",
    "normalisation": "标准化方法 normalisation",
    "aggregation": "合成方法 aggregation",
    "leave_out": "去掉一项指标 an indicator left out",
}
FLAGS = {
    "low_alpha": "α 偏低 low alpha",
    "redundant": "冗余 redundant",
    "opposed": "反向 opposed",
    "weak": "弱 weak",
}
ASSUMPTION = (
    "区间与指数出自 uncertainty_assumptions 所列假定。 Intervals and indices follow from the assumptions listed in "
    "uncertainty_assumptions: `icdp audit {edition} --table uncertainty_assumptions`."
)


def audit(settings: Settings, which: str, table: str | None, form: Format) -> None:
    """Print the audit of an edition: everything on the composite, or one of its tables in full.

    Raises:
        DataError: an unknown table, or none named for CSV, which holds one only.
        NotFoundError: the edition has no audit.
    """
    if table is not None and table not in TABLES:
        raise DataError(f"--table {table!r} is no table of the audit; use one of {', '.join(TABLES)}")
    if table is None and form is Format.csv:
        raise DataError(f"CSV holds one table; name it with --table: {', '.join(TABLES)}")
    with open_published(settings.published) as db:
        edition = db.edition(which)
        found = {name: _rows(db, name, edition) for name in ([table] if table else TABLES)}
        if all(rows.empty for rows in found.values()):
            raise NotFoundError(
                f"{edition} was published without an audit: its catalogue had no uncertainty.yaml, or it is older; "
                "score and publish the year again"
            )
        if table is not None:
            show(rows_of(found[table]), form, title=f"{tables()[table].zh} {table} · {headline(db, edition)}")
        elif form is Format.json:
            print(json.dumps({name: rows_of(rows) for name, rows in found.items()}, ensure_ascii=False, indent=1))
        else:
            _summary(db, edition, found)


def _rows(db: Published, table: str, edition: str) -> pd.DataFrame:
    order = ", ".join(tables()[table].order)
    return db.frame(f"FROM history.{table} WHERE edition = $edition ORDER BY {order}", edition=edition)


def _summary(db: Published, edition: str, found: dict[str, pd.DataFrame]) -> None:
    nodes = nodes_of(db, edition)
    names = {node: f"{zh} {node}" for node, zh in nodes[["node", "name_zh"]].itertuples(index=False)}
    provinces = db.frame("SELECT adcode, short_zh FROM history.provinces WHERE edition = $edition", edition=edition)
    short = {str(adcode): str(name) for adcode, name in provinces.itertuples(index=False)}
    _intervals(found["rank_intervals"], str(nodes["node"].iloc[0]), short, headline(db, edition))
    _factors(found, edition)
    _coherence(found["audit_nodes"], found["audit_pairs"], names)
    _weights(found["audit_importance"], found["rank_leave_one_out"], names)


def _intervals(intervals: pd.DataFrame, root: str, short: dict[str, str], told: str) -> None:
    rows = intervals[intervals["node"] == root].sort_values(["rank", "adcode"])
    rows = rows.assign(province=rows["adcode"].map(short), interval=_span(rows["rank_p05"], rows["rank_p95"], 0))
    headings = {
        "rank": "位次 #", "province": "省份 Province", "rank_median": "中位 Median", "interval": "5–95%",
        "p_tier1": "P 梯队 Tier 1", "p_tier2": "P 2", "p_tier3": "P 3", "p_ahead_of_next": "P 领先下一位 ahead of next",
    }  # fmt: skip
    show(rows_of(rows), Format.table, headings, f"位次区间 Ranks under uncertainty · {told}")


def _factors(found: dict[str, pd.DataFrame], edition: str) -> None:
    every = found["rank_sensitivity"]
    rows = every[every["adcode"] == ""]
    alone = found["rank_one_at_a_time"]
    shift = alone[alone["adcode"] == ""].set_index("factor")["mean_shift"]
    rows = rows.assign(
        title=rows["factor"].map(FACTORS),
        shift=rows["factor"].map(shift),
        first=_estimate(rows, "first_order"),
        all=_estimate(rows, "total"),
    ).sort_values("total", ascending=False)
    headings = {
        "title": "不确定因素 Factor", "first": "一阶 First order", "all": "总 Total", "shift": "单独时平均位移 Places moved alone",
    }  # fmt: skip
    show(rows_of(rows), Format.table, headings, "平均位移的敏感性 Sensitivity of the mean shift in rank (Sobol)",
         [ASSUMPTION.format(edition=edition)])  # fmt: skip


def _coherence(coherence: pd.DataFrame, pairs: pd.DataFrame, names: dict[str, str]) -> None:
    coherence = coherence.sort_values("node", key=lambda column: column.map(list(names).index))
    rows = coherence.assign(title=coherence["node"].map(names), told=coherence["flag"].map(FLAGS).fillna(""))
    headings = {
        "title": "节点 Node", "children": "子项 Children", "mean_correlation": "平均相关 Mean r", "cronbach_alpha": "Cronbach α",
        "explained": "第一主成分 PC 1", "components": "主成分 Comp.", "told": "标记 Flag",
    }  # fmt: skip
    show(rows_of(rows), Format.table, headings, "内部一致性 Internal coherence")
    flagged = pairs[pairs["flag"] != ""]
    rows = flagged.assign(
        one=flagged["node"].map(names), two=flagged["other"].map(names), told=flagged["flag"].map(FLAGS)
    )
    headings = {"one": "节点 Node", "two": "同级 Sibling", "correlation": "相关 r", "told": "标记 Flag"}
    show(rows_of(rows), Format.table, headings, "须留意的同级相关 Correlations to look at")


def _weights(importance: pd.DataFrame, without: pd.DataFrame, names: dict[str, str]) -> None:
    moved = without.assign(moved=without["places_gained"].abs()).groupby("left_out")["moved"].agg(["mean", "max"])
    rows = importance.assign(
        title=importance["node"].map(names),
        told=importance["flag"].map(FLAGS).fillna(""),
        mean=importance["node"].map(moved["mean"]),
        most=importance["node"].map(moved["max"]),
    )
    headings = {
        "title": "节点 Node", "nominal": "名义权重 Nominal", "effective": "有效权重 Effective", "r_parent": "与上级 r parent",
        "r_root": "与综合 r composite", "mean": "去掉后平均位移 Places moved without", "most": "最多 most", "told": "标记 Flag",
    }  # fmt: skip
    show(rows_of(rows), Format.table, headings, "名义与有效权重，逐一去掉 Nominal and effective weights, leave one out")


def _estimate(rows: pd.DataFrame, name: str) -> list[str]:
    spans = _span(rows[f"{name}_low"], rows[f"{name}_high"], 2)
    return [f"{value:.2f} ({span})" for value, span in zip(rows[name], spans, strict=True)]


def _span(low: pd.Series[float], high: pd.Series[float], digits: int) -> list[str]:
    return [f"{a:.{digits}f}–{b:.{digits}f}" for a, b in zip(low, high, strict=True)]
