"""The composite of every province beside the interval of its rank; the same on one dimension."""

from __future__ import annotations

from typing import Any

import altair as alt

from icdp.look import look
from icdp.report.document import Badge, Cell, Figure, Table
from icdp.report.figures.theme import ROW, cycled, data, finished
from icdp.report.language import Say
from icdp.report.told import Number, Told


def composite(told: Told, say: Say) -> Figure:
    """Return scores with the thresholds of the tiers, and published ranks with their 5-95 % intervals."""
    order = [told.province(row["adcode"], say.language) for row in told.composite]
    rows = []
    for row in told.composite:
        interval = told.row("rank_intervals", node=told.root, adcode=row["adcode"]) or {}
        rows.append(
            {
                "name": told.province(row["adcode"], say.language),
                "score": row["score"],
                "rank": row["rank"],
                "tier": say.word("tier", row["tier"]),
                "label": f"{row['score']:.1f}",
                "low": interval.get("rank_p05"),
                "high": interval.get("rank_p95"),
                "median": interval.get("rank_median"),
            }
        )
    parts = [_scores(told, say, rows, order)]
    if has := any(row["low"] is not None for row in rows):
        parts.append(_intervals(told, say, rows, order))
    return Figure(
        "composite", say.phrase("fig_composite", year=told.year),
        say.sentence("alt_composite", rows=_mentioned(told, say), tiers=told.tiers, intervals=has, n=len(rows)).striptags(),
        finished(alt.hconcat(*parts, spacing=12)), _table(told, say), say.phrase("note_composite") if has else "",
    )  # fmt: skip


def _scores(told: Told, say: Say, rows: list[dict[str, object]], order: list[str]) -> Any:
    tiers = list(dict.fromkeys(str(row["tier"]) for row in rows))
    colours = [cycled(look().tiers, k) for k in range(len(told.tiers) + 1)]
    names = [say.word("tier", k + 1) for k in range(len(told.tiers) + 1)]
    y = alt.Y("name:N", sort=order, title=None)
    base = alt.Chart(data(rows)).encode(y=y)
    bars = base.mark_bar(height=ROW - 5).encode(
        x=alt.X("score:Q", title=say.phrase("score"), scale=alt.Scale(domainMin=0, nice=True)),
        color=alt.Color(
            "tier:N", scale=alt.Scale(domain=names, range=colours), sort=tiers, legend=alt.Legend(title=None)
        ),
    )
    labels = base.mark_text(align="left", dx=4, fontSize=11).encode(x="score:Q", text="label:N")
    halo = base.mark_text(align="left", dx=4, fontSize=11, stroke="white", strokeWidth=4, strokeJoin="round").encode(
        x="score:Q", text="label:N"
    )
    lines = (
        alt.Chart(data([{"at": t, "told": f"{t:g}"} for t in told.tiers]))
        .mark_rule(strokeDash=[4, 3], color=look().colours["muted"])
        .encode(x="at:Q")
    )
    return alt.layer(bars, lines, halo, labels).properties(width=300, height=ROW * len(rows))


def _intervals(told: Told, say: Say, rows: list[dict[str, object]], order: list[str]) -> Any:
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labels=False))
    base = alt.Chart(data([row for row in rows if row["low"] is not None])).encode(y=y)
    scale = alt.Scale(domain=[1, len(told.provinces)], nice=False, padding=6)
    axis = alt.Axis(values=[1, *range(5, len(told.provinces) + 1, 5)], grid=True)
    span = base.mark_rule(strokeWidth=5, color=look().sequential[1]).encode(
        x=alt.X("low:Q", title=say.phrase("rank_interval"), scale=scale, axis=axis), x2="high:Q"
    )
    middle = base.mark_tick(thickness=2, height=10, color=look().colours["muted"]).encode(x=alt.X("median:Q"))
    rank = base.mark_point(filled=True, size=46, opacity=1, color=look().colours["ink"]).encode(x="rank:Q")
    return alt.layer(span, middle, rank).properties(width=215, height=ROW * len(rows))


def _mentioned(told: Told, say: Say) -> list[tuple[str, Number]]:
    rows = told.composite
    return [
        (told.province(r["adcode"], say.language), told.at("scores", "score", 1, node=told.root, adcode=r["adcode"]))
        for r in ([*rows[:3], rows[-1]] if len(rows) > 3 else rows)
    ]


def _table(told: Told, say: Say) -> Table:
    rows: list[list[Cell]] = []
    for row in told.composite:
        key: dict[str, Any] = {"node": told.root, "adcode": row["adcode"]}
        rows.append(
            [
                told.province(row["adcode"], say.language),
                told.at("scores", "rank", **key),
                told.at("scores", "score", 2, **key),
                Badge(say.word("tier", row["tier"]), f"tier-{row['tier']}"),
                *(told.at("rank_intervals", name, **key) for name in ("rank_p05", "rank_median", "rank_p95")),
                told.at("rank_intervals", "p_ahead_of_next", 0, "percent", **key),
            ]
        )
    heads = ("province", "rank", "score", "tier_head", "p05", "median_rank", "p95", "ahead")
    return Table(say.phrase("fig_composite", year=told.year), [say.phrase(h) for h in heads], rows, left=(0, 3))


def dimension(told: Told, say: Say, node: str) -> Figure:
    """Return the scores of all provinces on one dimension."""
    ranked = told.ranked(node)
    colour = cycled(look().dimensions, told.dimensions.index(node))
    order = [told.province(row["adcode"], say.language) for row in ranked]
    rows = [
        {"name": name, "score": row["score"], "label": f"{row['score']:.1f}"}
        for name, row in zip(order, ranked, strict=True)
    ]
    base = alt.Chart(data(rows)).encode(y=alt.Y("name:N", sort=order, title=None))
    bars = base.mark_bar(height=ROW - 6, color=colour).encode(
        x=alt.X("score:Q", title=say.phrase("score"), scale=alt.Scale(domain=[0, 100]))
    )
    labels = base.mark_text(align="left", dx=4, fontSize=11).encode(x="score:Q", text="label:N")
    below = told.children(node)
    cells: list[list[Cell]] = [
        [
            told.province(row["adcode"], say.language),
            *(told.at("scores", column, digits, node=node, adcode=row["adcode"])
              for column, digits in (("rank", 0), ("score", 2))),
            *(told.at("scores", "score", 1, node=child, adcode=row["adcode"]) for child in below if told.ranked(child)),
        ]
        for row in ranked
    ]  # fmt: skip
    heads = [say.phrase(h) for h in ("province", "rank", "score")]
    heads += [told.name(child, say.language) for child in below if told.ranked(child)]
    title = say.phrase("fig_dimension", name=told.name(node, say.language), year=told.year)
    ends = [
        (told.province(r["adcode"], say.language), told.at("scores", "score", 1, node=node, adcode=r["adcode"]))
        for r in (*ranked[:3], ranked[-1])
    ]
    return Figure(
        f"dimension-{told.dimensions.index(node) + 1}", title,
        say.sentence("alt_dimension", name=told.name(node, say.language), ends=ends, n=len(ranked)).striptags(),
        finished(alt.layer(bars, labels).properties(width=520, height=(ROW - 2) * len(rows))),
        Table(title, heads, cells),
    )  # fmt: skip


def leaders(told: Told, say: Say, count: int = 10) -> Figure:
    """Return the first provinces over the dimensions as a dot plot.

    A radar distorts: its area grows with the square of the scores and with the order of the axes. On a common straight
    scale positions are read most exactly (Cleveland & McGill 1984).
    """
    best = told.composite[:count]
    order = [told.province(row["adcode"], say.language) for row in best]
    names = [told.name(node, say.language) for node in told.dimensions]
    rows = [
        {"name": name, "dimension": told.name(node, say.language), "score": score.value}
        for name, row in zip(order, best, strict=True)
        for node in told.dimensions
        if (score := told.at("scores", "score", 1, node=node, adcode=row["adcode"])).value is not None
    ]
    colours = [cycled(look().dimensions, k) for k in range(len(names))]
    y = alt.Y("name:N", sort=order, title=None)
    span = (
        alt.Chart(data(rows))
        .mark_rule(strokeWidth=3, color=look().colours["line"])
        .encode(y=y, x=alt.X("min(score):Q", title=say.phrase("score")), x2="max(score):Q")
    )
    dots = (
        alt.Chart(data(rows))
        .mark_point(filled=True, size=130, opacity=1)
        .encode(
            y=y,
            x=alt.X("score:Q", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color("dimension:N", scale=alt.Scale(domain=names, range=colours), sort=names),
            shape=alt.Shape("dimension:N", scale=alt.Scale(domain=names), sort=names),
        )
    )
    title = say.phrase("fig_leaders", count=len(best), year=told.year)
    cells: list[list[Cell]] = [
        [
            name,
            *(told.at("scores", "score", 1, node=node, adcode=row["adcode"]) for node in (told.root, *told.dimensions)),
        ]
        for name, row in zip(order, best, strict=True)
    ]
    return Figure(
        "leaders", title, say.sentence("alt_leaders", rows=cells, names=names).striptags(),
        finished(alt.layer(span, dots).properties(width=520, height=30 * len(best))),
        Table(title, [say.phrase("province"), say.phrase("composite"), *names], cells), say.phrase("note_leaders"),
    )  # fmt: skip
