"""How ranks moved: over the editions so far, and since the last one, with the causes."""

from __future__ import annotations

import altair as alt

from icdp.comparing.changes import PARTS
from icdp.look import look
from icdp.report.document import Cell, Figure, Table, Text
from icdp.report.figures.theme import ROW, cycled, data, finished
from icdp.report.language import Say
from icdp.report.told import Number, Told

PART_COLOURS = ("#0072b2", "#a85400", "#8a6d00", "#00795c", "#8a4f7d", "#59636e")


def history(told: Told, say: Say) -> Figure | Text:
    """Return the rank of every province over the editions so far, or why there is nothing to show."""
    years = list(told.history)
    if len(years) < 2:
        return Text(say.sentence("no_history", edition=told.edition), "note")
    tier_of = {row["adcode"]: row["tier"] for row in told.composite}
    rows = [
        {
            "name": told.province(adcode, say.language), "year": str(year), "rank": rank.value,
            "tier": say.word("tier", tier_of[adcode]) if adcode in tier_of else say.phrase("unranked"),
            "label": f"{rank.text} {told.province(adcode, say.language)}",
        }
        for adcode in told.provinces
        for year in years
        if (rank := told.in_year("scores", "rank", adcode, year)).value is not None
    ]  # fmt: skip
    tiers = [say.word("tier", k + 1) for k in range(len(told.tiers) + 1)]
    colours = [cycled((look().tiers[0], "#a85400", look().fidelity["missing"]), k) for k in range(len(tiers))]
    if any(row["tier"] not in tiers for row in rows):
        tiers, colours = [*tiers, say.phrase("unranked")], [*colours, look().colours["line"]]
    x = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False))
    y = alt.Y("rank:Q", title=None, scale=alt.Scale(domain=[len(told.provinces), 1], padding=8, nice=False), axis=None)
    color = alt.Color(
        "tier:N", scale=alt.Scale(domain=tiers, range=colours), sort=tiers, legend=alt.Legend(symbolType="stroke")
    )
    base = alt.Chart(data(rows)).encode(x=x, y=y, color=color, detail="name:N")
    lines = base.mark_line(strokeWidth=2, interpolate="monotone")
    dots = base.mark_point(filled=True, size=34, opacity=1)
    ink = alt.value(look().colours["ink"])
    last = (
        base.transform_filter(f"datum.year=='{years[-1]}'")
        .mark_text(align="left", dx=8, fontSize=11)
        .encode(text="label:N", color=ink)
    )
    first = (
        base.transform_filter(f"datum.year=='{years[0]}'")
        .mark_text(align="right", dx=-8, fontSize=11)
        .encode(text="label:N", color=ink)
    )
    title = say.phrase("fig_history", first=years[0], last=years[-1])
    shown = [r["adcode"] for r in told.composite] + told.unranked
    cells: list[list[Cell]] = [
        [told.province(a, say.language), *(told.in_year("scores", "rank", a, year) for year in years)] for a in shown
    ]
    moved = sorted(
        ((told.province(a, say.language), b, e) for a, b, e in (
            (a, told.in_year("scores", "rank", a, years[0]), told.in_year("scores", "rank", a, years[-1])) for a in shown)
         if b and e and b.value != e.value),
        key=lambda item: (-abs((item[1].value or 0) - (item[2].value or 0)), item[0]),
    )[:3]  # fmt: skip
    return Figure(
        "history", title,
        say.sentence("alt_history", moved=moved, first=years[0], last=years[-1], n=len(shown)).striptags(),
        finished(alt.layer(lines, dots, first, last).properties(width=470, height=17 * len(told.provinces))),
        Table(title, [say.phrase("province"), *map(str, years)], cells), say.phrase("note_history"),
    )  # fmt: skip


def changes(told: Told, say: Say) -> Figure | Text:
    """Return the change of every composite score since the last edition as a stack of its causes, or why there is none."""
    against = told.against
    rows_all = told.rows("rank_changes", against=against, node=told.root) if against else []
    if not any(row["score_points"] is not None for row in rows_all):
        return Text(say.sentence("no_changes", edition=told.edition, year=told.year), "note")
    known = [row for row in rows_all if row["score_points"] is not None]
    parts = [part for part in PARTS if any(abs(row["score_points"]) > 5e-4 for row in known if row["part"] == part)]
    order = [told.province(row["adcode"], say.language) for row in told.composite]
    names = [say.word("part", part) for part in parts]
    rows = [
        {
            "name": told.province(row["adcode"], say.language), "part": say.word("part", row["part"]),
            "points": row["score_points"], "position": parts.index(row["part"]),
        }
        for row in known
        if row["part"] in parts
    ]  # fmt: skip
    net = [
        {"name": told.province(row["adcode"], say.language), "net": row["score_after"] - row["score_before"],
         "label": _arrow(row["rank_before"], row["rank_after"])}
        for row in known
        if row["part"] == known[0]["part"]
    ]  # fmt: skip
    y = alt.Y("name:N", sort=order, title=None)
    colours = [cycled(PART_COLOURS, PARTS.index(part)) for part in parts]
    stacks = (
        alt.Chart(data(rows))
        .mark_bar(height=ROW - 6, cornerRadiusEnd=0)
        .encode(
            y=y,
            x=alt.X("points:Q", title=say.phrase("points_changed"), stack="zero", axis=alt.Axis(tickCount=8)),
            color=alt.Color("part:N", scale=alt.Scale(domain=names, range=colours), sort=names),
            order="position:Q",
        )
    )
    ticks = (
        alt.Chart(data(net))
        .mark_tick(thickness=2.5, height=ROW - 3, color=look().colours["ink"])
        .encode(y=y, x="net:Q")
    )
    places = (
        alt.Chart(data(net))
        .mark_text(align="left", fontSize=11)
        .encode(y=alt.Y("name:N", sort=order, title=None, axis=None), text="label:N")
        .properties(
            width=60,
            height=ROW * len(order),
            title=alt.TitleParams(say.phrase("places"), fontSize=11, fontWeight="normal"),
        )
    )
    chart = alt.hconcat(alt.layer(stacks, ticks).properties(width=460, height=ROW * len(order)), places, spacing=8)
    title = say.phrase("fig_changes", against=against, edition=told.edition)
    return Figure(
        "changes", title, say.sentence("alt_changes", against=against, moves=moves(told, say)[:3]).striptags(),
        finished(chart), _changes_table(told, say, title, parts), say.phrase("note_changes"),
    )  # fmt: skip


def _changes_table(told: Told, say: Say, title: str, parts: list[str]) -> Table:
    cells: list[list[Cell]] = []
    for row in told.composite:
        key = {"against": told.against, "node": told.root, "adcode": row["adcode"]}
        whole = {**key, "part": PARTS[0]}
        cells.append(
            [
                told.province(row["adcode"], say.language),
                told.at("rank_changes", "rank_before", **whole),
                told.at("rank_changes", "rank_after", **whole),
                *(told.at("rank_changes", "score_points", 2, "signed", **key, part=part) for part in parts),
            ]
        )
    heads = [say.phrase(h) for h in ("province", "rank_before", "rank_after")] + [
        say.word("part", part) for part in parts
    ]
    return Table(title, heads, cells)


def moves(told: Told, say: Say) -> list[tuple[str, Number, Number, str, Number]]:
    """Return who moved most in rank: name, rank before and after, largest part and its places."""
    if told.against is None:
        return []
    found = []
    for row in told.composite:
        key = {"against": told.against, "node": told.root, "adcode": row["adcode"]}
        before, after = (told.at("rank_changes", name, **key, part=PARTS[0]) for name in ("rank_before", "rank_after"))
        if not (before and after) or before.value == after.value:
            continue
        places = {part: told.at("rank_changes", "rank_places", 1, "signed", **key, part=part) for part in PARTS}
        up = (before.value or 0) > (after.value or 0)
        cause = max(places, key=lambda part: (places[part].value or 0) * (1 if up else -1))
        found.append(
            (told.province(row["adcode"], say.language), before, after, say.word("part", cause), places[cause])
        )
    return sorted(found, key=lambda move: -abs((move[1].value or 0) - (move[2].value or 0)))


def _arrow(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return ""
    gained = int(before - after)
    return f"↑ {gained}" if gained > 0 else f"↓ {-gained}" if gained < 0 else "＝"
