"""What the ranks depend on."""

from __future__ import annotations

import altair as alt

from icdp.look import look
from icdp.report.document import Cell, Figure, Table, Text
from icdp.report.figures.theme import data, finished
from icdp.report.language import Say
from icdp.report.told import Told


def sensitivity(told: Told, say: Say) -> Figure | Text:
    """Return the share of the ranks' movement each uncertain factor has a part in, or why there is none."""
    known = sorted(
        (row for row in told.rows("rank_sensitivity") if not row["adcode"] and row["total"] is not None),
        key=lambda row: (-row["total"], row["factor"]),
    )
    if not known:
        return Text(say.sentence("no_sensitivity"), "note")
    order = [say.word("factor", row["factor"]) for row in known]
    rows = [
        {
            "factor": name,
            "total": r["total"],
            "low": r["total_low"],
            "high": r["total_high"],
            "alone": max(0.0, r["first_order"]),
        }
        for name, r in zip(order, known, strict=True)
    ]
    base = alt.Chart(data(rows)).encode(y=alt.Y("factor:N", sort=order, title=None))
    x = alt.X("total:Q", title=say.phrase("share_of_variance"), axis=alt.Axis(format=".0%"))
    chart = alt.layer(
        base.mark_bar(height=14, color=look().sequential[2]).encode(x=x),
        base.mark_bar(height=14, color=look().sequential[4], cornerRadiusEnd=0).encode(x="alone:Q"),
        base.mark_rule(strokeWidth=1.5, color=look().colours["ink"]).encode(x="low:Q", x2="high:Q"),
    ).properties(width=430, height=26 * len(rows))
    title = say.phrase("fig_sensitivity", year=told.year)
    columns = ("total", "total_low", "total_high", "first_order", "first_order_low", "first_order_high")
    cells: list[list[Cell]] = [
        [
            name,
            *(
                told.at("rank_sensitivity", column, 1, "percent", factor=row["factor"], adcode=row["adcode"])
                for column in columns
            ),
        ]
        for name, row in zip(order, known, strict=True)
    ]
    heads = [
        say.phrase(h) for h in ("factor", "sobol_total", "low_end", "high_end", "sobol_alone", "low_end", "high_end")
    ]
    return Figure(
        "sensitivity", title, say.sentence("alt_sensitivity", rows=cells).striptags(), finished(chart),
        Table(title, heads, cells), say.phrase("note_sensitivity"),
    )  # fmt: skip
