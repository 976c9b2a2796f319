"""Provinces in space: a map of one tile a province, and the composite against an indicator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

import altair as alt

from icdp.look import look
from icdp.report.document import Badge, Figure, Table, Text
from icdp.report.figures.theme import cycled, data, finished, on
from icdp.report.language import Say
from icdp.report.naming import roman, tagged
from icdp.report.told import Told

TILE_WIDTH, TILE_HEIGHT = 72, 58
HALO: dict[str, Any] = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}


def tiles(told: Told, say: Say) -> Figure | Text:
    """Return the map, or why there is none."""
    placed = {a: p for a, p in told.provinces.items() if p["tile_column"] is not None and p["tile_row"] is not None}
    if not placed:
        return Text(say.sentence("no_tiles"), "note")
    colours = look().sequential
    scored = {row["adcode"]: row for row in told.composite}
    top = max(row["score"] for row in told.composite)
    left = min(p["tile_column"] for p in placed.values())
    upper = min(p["tile_row"] for p in placed.values())
    rows = []
    for adcode, place in placed.items():
        score = scored.get(adcode)
        step = None if score is None else min(len(colours) - 1, int(len(colours) * score["score"] / (top * 1.0001)))
        ground = look().colours["panel"] if step is None else colours[step]
        rows.append(
            {
                "x": (place["tile_column"] - left) * TILE_WIDTH,
                "y": (place["tile_row"] - upper) * TILE_HEIGHT,
                "ground": ground,
                "ink": on(ground),
                "name": told.province(adcode, say.language).replace(" ", "\n"),
                "score": "–" if score is None else f"{score['score']:.1f}",
                "tier": "" if score is None else f" · {roman(score['tier'])}",
                "edge": look().colours["ink"] if score is not None and score["tier"] == 1 else "transparent",
            }
        )
    width = TILE_WIDTH * (1 + max(p["tile_column"] for p in placed.values()) - left)
    height = TILE_HEIGHT * (1 + max(p["tile_row"] for p in placed.values()) - upper)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
    base = alt.Chart(data(rows)).encode(x=x, y=y)
    squares = (
        base.transform_calculate(x2=f"datum.x+{TILE_WIDTH - 4}", y2=f"datum.y+{TILE_HEIGHT - 4}")
        .mark_rect(cornerRadius=4, strokeWidth=2)
        .encode(x2="x2:Q", y2="y2:Q", color=alt.Color("ground:N", scale=None), stroke=alt.Stroke("edge:N", scale=None))
    )
    ink = alt.Color("ink:N", scale=None)
    middle = TILE_WIDTH // 2 - 2
    size = 14 if say.language == "zh" else 10
    # A name of two lines needs the room of the first.
    names = [
        base.transform_filter(f"indexof(datum.name,'\\n'){'>=0' if two else '<0'}")
        .mark_text(
            dx=middle, dy=11 if two else 17, align="center", baseline="middle", fontSize=size, fontWeight="bold",
            lineBreak="\n", lineHeight=11,
        )
        .encode(text="name:N", color=ink)
        for two in (False, True)
    ]  # fmt: skip
    scores = (
        base.transform_calculate(told="datum.score+datum.tier")
        .mark_text(dx=middle, dy=38, align="center", baseline="middle", fontSize=11)
        .encode(text="told:N", color=ink)
    )
    title = say.phrase("fig_tiles", year=told.year)
    cells = [
        [
            told.province(adcode, say.language), say.word("region", told.provinces[adcode]["region"]),
            told.at("scores", "score", 1, node=told.root, adcode=adcode),
            Badge(say.word("tier", scored[adcode]["tier"]), f"tier-{scored[adcode]['tier']}") if adcode in scored else "–",
        ]
        for adcode in placed
    ]  # fmt: skip
    heads = ["province", "region", "score", "tier_head"]
    between = "、" if say.language == "zh" else ", "
    marked = between.join(f"{roman(k)} {say.word('tier', k)}" for k in range(1, len(told.tiers) + 2))
    counts = [
        (
            say.word("tier", tier),
            [told.province(r["adcode"], say.language) for r in told.composite if r["tier"] == tier],
        )
        for tier in sorted({row["tier"] for row in told.composite})
    ]
    return Figure(
        "tiles", title, say.sentence("alt_tiles", counts=counts).striptags(),
        finished(alt.layer(squares, *names, scores).properties(width=width, height=height)),
        Table(title, [say.phrase(h) for h in heads], cells, left=(0, 1, 3)), say.phrase("note_tiles", tiers=marked),
    )  # fmt: skip


def quadrants(told: Told, say: Say) -> Figure | Text:
    """Return the composite against the indicator that the index names for it, or why it cannot be shown."""
    indicator = told.about["horizontal"]
    if not indicator:
        return Text(say.sentence("no_quadrants"), "note")
    if indicator not in told.used:
        name = told.name(indicator, say.language) if indicator in told.nodes else indicator
        return Text(say.sentence("no_quadrants_values", name=name), "note")
    rows = []
    for row in told.composite:
        value = told.row("indicator_values", indicator=indicator, adcode=row["adcode"])
        if value is not None:
            rows.append(
                {
                    "name": told.province(row["adcode"], say.language),
                    "adcode": row["adcode"],
                    "x": value["value"],
                    "y": row["score"],
                    "tier": say.word("tier", row["tier"]),
                    "unit": value["unit"],
                }
            )
    width, height = 560, 640
    # Incomes spread over multiples, not over differences: on a straight scale half of the provinces would lie in a heap.
    logarithmic = min(row["x"] for row in rows) > 0
    there, back = (math.log, math.exp) if logarithmic else (float, float)
    low, high = _span([there(row["x"]) for row in rows])
    bottom, top = _span([row["y"] for row in rows], floor=0.0)
    spots = [
        ((there(row["x"]) - low) / (high - low) * width, (top - row["y"]) / (top - bottom) * height) for row in rows
    ]
    wide = 12.5 if say.language == "zh" else 6.8
    places = placed_labels(spots, [len(row["name"]) * wide for row in rows], width, height)
    for row, (dx, dy, align) in zip(rows, places, strict=True):
        row |= {"lx": back(low + dx / width * (high - low)), "ly": top - dy / height * (top - bottom), "align": align}
    middles = median(row["x"] for row in rows), median(row["y"] for row in rows)
    name, unit = tagged(told, say, indicator), say.word("unit", rows[0]["unit"])
    if unit:
        name = f"{name}（{unit}）" if say.language == "zh" else f"{name} ({unit})"
    x = alt.X("x:Q", title=name, scale=alt.Scale(domain=[back(low), back(high)], nice=False, type="log" if logarithmic else "linear"),
              axis=alt.Axis(format=",.6~g", tickCount=6))  # fmt: skip
    y = alt.Y("y:Q", title=say.phrase("composite"), scale=alt.Scale(domain=[bottom, top], nice=False),
              axis=alt.Axis(grid=True))  # fmt: skip
    tiers = [say.word("tier", k + 1) for k in range(len(told.tiers) + 1)]
    colours = [cycled(look().tiers, k) for k in range(len(tiers))]
    dots = (
        alt.Chart(data(rows))
        .mark_point(filled=True, size=70, opacity=1, stroke=look().colours["ink"], strokeWidth=0.5)
        .encode(
            x=x,
            y=y,
            color=alt.Color("tier:N", scale=alt.Scale(domain=tiers, range=colours), sort=tiers),
            shape=alt.Shape("tier:N", scale=alt.Scale(domain=tiers), sort=tiers),
        )
    )
    rules = [
        alt.Chart(data([{axis: at}]))
        .mark_rule(strokeDash=[4, 3], color=look().colours["muted"])
        .encode(**{axis: f"{axis}:Q"})
        for axis, at in zip("xy", middles, strict=True)
    ]
    # A halo in the colour of the paper: the lines of the medians do not run through names.
    labels = [
        alt.Chart(data([row for row in rows if row["align"] == align]))
        .mark_text(align=align, baseline="middle", fontSize=12, **halo)
        .encode(x=alt.X("lx:Q"), y=alt.Y("ly:Q"), text="name:N")
        for align in sorted({row["align"] for row in rows})
        for halo in (HALO, {})
    ]
    far = [row for row, spot, place in zip(rows, spots, places, strict=True) if math.dist(spot, place[:2]) > 10]
    leads = (
        alt.Chart(data(far))
        .mark_rule(strokeWidth=0.7, color=look().colours["muted"])
        .encode(x="x:Q", y="y:Q", x2="lx:Q", y2="ly:Q")
    )
    title = say.phrase("fig_quadrants", name=told.name(indicator, say.language), year=told.year)
    cells = [
        [
            row["name"], told.at("indicator_values", "value", 0, indicator=indicator, adcode=row["adcode"]),
            told.at("scores", "score", 1, node=told.root, adcode=row["adcode"]),
            say.phrase(f"quadrant_{'high' if row['x'] >= middles[0] else 'low'}_{'high' if row['y'] >= middles[1] else 'low'}"),
        ]
        for row in rows
    ]  # fmt: skip
    odd = [
        [r["name"] for r in rows if (r["x"] >= middles[0]) == rich and (r["y"] >= middles[1]) != rich]
        for rich in (True, False)
    ]
    return Figure(
        "quadrants", title,
        say.sentence("alt_quadrants", name=told.name(indicator, say.language), rich=odd[0], poor=odd[1], n=len(rows)).striptags(),
        finished(alt.layer(*rules, leads, dots, *labels).properties(width=width, height=height)),
        Table(title, [say.phrase("province"), name, say.phrase("composite"), say.phrase("quadrant")], cells, left=(0, 3)),
        say.phrase("note_quadrants"),
    )  # fmt: skip


def _span(values: Sequence[float], floor: float | None = None) -> tuple[float, float]:
    low, high = min(values), max(values)
    air = (high - low or 1.0) * 0.06
    return (low - air if floor is None else max(floor, low - air)), high + air


def placed_labels(
    spots: Sequence[tuple[float, float]], widths: Sequence[float], width: float, height: float
) -> list[tuple[float, float, str]]:
    """Return for each dot where its label goes: x, y and alignment, in pixels.

    Greedy and without chance: the most crowded dots choose first among places around them, nearest first; a place
    that covers a dot, a label or the edge costs as much as it covers, a farther place a little more.
    """
    high = 13.0
    crowd = [sum(abs(a - x) < 60 and abs(b - y) < 24 for a, b in spots) for x, y in spots]
    taken = [(x - 8, y - 7, x + 8, y + 7) for x, y in spots]
    found: dict[int, tuple[float, float, str]] = {}
    for k in sorted(range(len(spots)), key=lambda k: (-crowd[k], spots[k])):
        x, y = spots[k]
        choices = [
            (x + sign * far, y + dy, align)
            for far, dys in (
                (8, (0, -9, 9)), (0, (-13, 13)), (14, (-17, 17)), (26, (0, -14, 14, -24, 24)), (40, (0, -20, 20, -34, 34)),
                (60, (0, -24, 24, -46, 46)), (84, (0, -28, 28, -60, 60)),
            )
            for dy in dys
            for sign, align in (((1, "left"), (-1, "right")) if far else ((1, "center"),))
        ]  # fmt: skip
        scored = []
        for rank, (left, at, align) in enumerate(choices):
            start = left - {"left": 0.0, "right": 1.0, "center": 0.5}[align] * widths[k]
            box = (start - 2, at - high / 2, start + widths[k] + 2, at + high / 2)
            outside = max(0.0, -box[0], box[2] - width, -box[1], box[3] - height)
            covered = (_overlap(box, other) for j, other in enumerate(taken) if j != k)
            cost = rank + 5 * outside + sum(covered)
            scored.append((cost, rank, (left, at, align), box))
        _, _, found[k], box = min(scored)
        taken.append(box)
    return [found[k] for k in range(len(spots))]


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0
