"""What a score is made of: the sub-dimensions' contributions, and the weights."""

from __future__ import annotations

from typing import Any

import altair as alt

from icdp.look import look
from icdp.report.document import Badge, Cell, Figure, Table, Text
from icdp.report.figures.theme import ROW, cycled, data, finished, shades
from icdp.report.language import Say
from icdp.report.naming import tagged
from icdp.report.told import Number, Told, where


def groups(told: Told) -> list[str]:
    """Return the parents of the indicators in use, in the order of the tree."""
    parents = {told.nodes[name]["parent"] for name in told.used}
    return [node for node in told.nodes if node in parents]


def colours_of(told: Told) -> dict[str, str]:
    """Return group -> colour: the groups of one dimension are shades of its colour."""
    found: dict[str, str] = {}
    for position, dimension in enumerate(told.children(told.root)):
        below = [group for group in groups(told) if dimension in told.lineage_of(group)]
        found |= dict(zip(below, shades(cycled(look().dimensions, position), len(below)), strict=True))
    return {group: found.get(group, look().colours["muted"]) for group in groups(told)}


def points(told: Told, group: str, adcode: str) -> Number:
    """Return the points a group adds to a province's composite."""
    names = [name for name in told.used if told.nodes[name]["parent"] == group]
    rows = [row for name in names if (row := told.row("contributions", indicator=name, adcode=adcode))]
    total = sum(row["points"] for row in rows) if rows else None
    inside = f"indicator IN (SELECT node FROM nodes WHERE {where({'parent': group})})"  # noqa: S608 - shown, not run
    return Number(total, f"sum(points) FROM contributions WHERE {where({'adcode': adcode})} AND {inside}", 1)


def contributions(told: Told, say: Say) -> Figure | Text:
    """Return the composite of every province as a stack of its sub-dimensions' points."""
    if not told.rows("contributions"):
        return Text(say.sentence("no_contributions"), "note")
    order = [told.province(row["adcode"], say.language) for row in told.composite]
    colours = colours_of(told)
    names = [told.name(group, say.language) for group in colours]
    rows: list[dict[str, Any]] = []
    cells: list[list[Cell]] = []
    for name, row in zip(order, told.composite, strict=True):
        added = {group: points(told, group, row["adcode"]) for group in colours}
        rows += [
            {"name": name, "group": told.name(g, say.language), "points": n.value, "position": k}
            for k, (g, n) in enumerate(added.items())
            if n.value is not None
        ]
        cells.append([name, told.at("scores", "score", 1, node=told.root, adcode=row["adcode"]), *added.values()])
    chart = (
        alt.Chart(data(rows))
        .mark_bar(height=ROW - 5, cornerRadiusEnd=0, stroke="white", strokeWidth=0.6)
        .encode(
            y=alt.Y("name:N", sort=order, title=None),
            x=alt.X("points:Q", title=say.phrase("points"), stack="zero"),
            color=alt.Color(
                "group:N",
                scale=alt.Scale(domain=names, range=list(colours.values())),
                sort=names,
                legend=alt.Legend(columns=4),
            ),
            order="position:Q",
        )
        .properties(width=520, height=ROW * len(order))
    )
    title = say.phrase("fig_contributions", year=told.year)
    largest = [
        (name, told.name(group, say.language), points(told, group, row["adcode"]))
        for name, row in zip(order[:3], told.composite[:3], strict=True)
        if (group := max(colours, key=lambda g: points(told, g, row["adcode"]).value or 0.0))
    ]
    return Figure(
        "contributions", title, say.sentence("alt_contributions", largest=largest).striptags(), finished(chart),
        Table(title, [say.phrase("province"), say.phrase("composite"), *names], cells),
    )  # fmt: skip


def weights(told: Told, say: Say) -> Figure:
    """Return the weight of every indicator in use, grouped as in the tree.

    Bars on one scale rather than rings or an icicle: the smallest weights are under one percent, and half of the names
    would not fit into their cells.
    """
    rows: list[dict[str, Any]] = []
    cells: list[list[Cell]] = []
    for name in told.used:
        weight = told.at("weights", "effective_weight", 1, "percent", node=name)
        path = told.lineage_of(name)
        rows.append(
            {
                "name": tagged(told, say, name),
                "weight": weight.value,
                "label": weight.text,
                "dimension": told.name(path[0], say.language),
            }
        )
    for name in told.nodes:
        known = told.row("weights", node=name)
        if known is not None:
            method = say.word("method", known["method"])
            cells.append(
                [
                    ("　" if say.language == "zh" else "  ") * (known["level"] - 1) + told.name(name, say.language),
                    method,
                    told.at("weights", "local_weight", 1, "percent", node=name),
                    told.at("weights", "effective_weight", 1, "percent", node=name),
                ]
            )
    order = [row["name"] for row in rows]
    tops = [name for name in told.children(told.root) if any(name == told.lineage_of(n)[0] for n in told.used)]
    dimensions = [told.name(name, say.language) for name in tops]
    positions = [told.children(told.root).index(name) for name in tops]
    base = alt.Chart(data(rows)).encode(y=alt.Y("name:N", sort=order, title=None))
    bars = base.mark_bar(height=13).encode(
        x=alt.X("weight:Q", title=say.phrase("weight_in_composite"), axis=alt.Axis(format=".0%")),
        color=alt.Color(
            "dimension:N", sort=dimensions,
            scale=alt.Scale(domain=dimensions, range=[cycled(look().dimensions, k) for k in positions]),
        ),
    )  # fmt: skip
    labels = base.mark_text(align="left", dx=4, fontSize=11).encode(x="weight:Q", text="label:N")
    title = say.phrase("fig_weights", year=told.year)
    heavy = sorted(rows, key=lambda row: -row["weight"])[:3]
    width = 430 if say.language == "zh" else 360
    return Figure(
        "weights", title, say.sentence("alt_weights", heavy=heavy, n=len(rows)).striptags(),
        finished(alt.layer(bars, labels).properties(width=width, height=20 * len(rows))),
        Table(title, [say.phrase(h) for h in ("node", "method_head", "local_weight", "effective_weight")], cells, left=(0, 1)),
    )  # fmt: skip


def coverage(told: Told, say: Say) -> Figure:
    """Return which value of every indicator and province is of which fidelity, carried, estimated or missing."""
    provinces = {adcode: told.province(adcode, say.language) for adcode in told.provinces}
    rows: list[dict[str, Any]] = []
    cells: list[list[Cell]] = []
    for indicator in told.indicators:
        known = told.row("indicator_coverage", indicator=indicator) or {}
        name = told.name(indicator, say.language)
        for adcode, province in provinces.items():
            value = told.row("indicator_values", indicator=indicator, adcode=adcode)
            fidelity = "missing" if value is None else value["fidelity"]
            mark = "" if value is None or value["fill"] == "none" else say.word("fill", value["fill"])
            rows.append(
                {"indicator": name, "province": province, "fidelity": say.word("fidelity", fidelity), "fill": mark}
            )
        key: dict[str, Any] = {"indicator": indicator}
        cells.append(
            [
                name,
                Badge(say.word("fidelity", f), f)
                if (f := known.get("fidelity"))
                else Badge(say.word("fidelity", "missing"), "missing"),
                told.at("indicator_coverage", "provinces", **key),
                told.at("indicator_coverage", "provinces_current", **key),
                told.at("indicator_coverage", "carried", **key),
                told.at("indicator_coverage", "imputed", **key),
                str(known.get(f"note_{say.language}") or ""),
            ]
        )
    codes = [code for code in look().fidelity if any(row["fidelity"] == say.word("fidelity", code) for row in rows)]
    names = [say.word("fidelity", code) for code in codes]
    ground = [look().fidelity[c] if c != "missing" else "#e6e9ed" for c in codes]
    order = [told.name(name, say.language) for name in told.indicators]
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "province:N", sort=list(provinces.values()), title=None,
            axis=alt.Axis(labelAngle=-90, orient="top", ticks=False, domain=False, labelFontSize=11),
        ),
        y=alt.Y("indicator:N", sort=order, title=None),
    )  # fmt: skip
    squares = base.mark_rect(stroke="white", strokeWidth=1.5).encode(
        color=alt.Color(
            "fidelity:N", scale=alt.Scale(domain=names, range=ground), sort=names,
            legend=alt.Legend(orient="bottom", symbolType="square"),
        )
    )  # fmt: skip
    marks = (
        base.mark_point(filled=True, color="white", size=16, opacity=1).encode().transform_filter("datum.fill != ''")
    )
    title = say.phrase("fig_coverage", year=told.year)
    heads = ("indicator", "fidelity_head", "with_value", "of_the_year", "carried_head", "imputed_head", "used_or_why")
    counted = [
        (say.word("fidelity", c), sum(1 for r in cells if isinstance(r[1], Badge) and r[1].kind == c)) for c in codes
    ]
    return Figure(
        "coverage", title, say.sentence("alt_coverage", counted=counted, n=len(told.indicators)).striptags(),
        finished(alt.layer(squares, marks).properties(width=450 if say.language == "zh" else 390, height=17 * len(order))),
        Table(title, [say.phrase(h) for h in heads], cells, left=(0, 1, 6)), say.phrase("note_coverage"),
    )  # fmt: skip
