"""A page for every province."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from icdp.comparing.changes import PARTS
from icdp.look import look
from icdp.report.document import Badge, Bar, Block, Bullets, Cell, Facts, Reference, Section, Table, Text
from icdp.report.language import Say
from icdp.report.naming import tagged
from icdp.report.told import Number, Row, Told, where

SHOWN = 3
"""Strengths, weaknesses and rooms named of each province."""
NOTABLE = 0.05
"""A normalised value this far from the median of all provinces is a strength or a weakness."""


def provinces(told: Told, say: Say) -> Section:
    """Return the chapter: how to read a page, where each is, and the pages in order of rank."""
    order = [row["adcode"] for row in told.composite] + told.unranked
    links: list[list[Cell]] = [
        [
            told.at("scores", "rank", node=told.root, adcode=adcode),
            Reference(told.province(adcode, say.language), adcode), told.at("scores", "score", 1, node=told.root, adcode=adcode),
            *(told.at("scores", "rank", node=node, adcode=adcode) for node in told.dimensions),
        ]
        for adcode in order
    ]  # fmt: skip
    heads = [say.phrase(h) for h in ("rank", "province", "score")] + [
        say.phrase("rank_on", name=told.name(node, say.language)) for node in told.dimensions
    ]
    table = Table(say.phrase("all_provinces"), heads, links, left=(1,))
    intro = say.sentence("province_pages", arithmetic=told.is_arithmetic)
    return Section(
        "provinces",
        say.phrase("provinces"),
        [Text(intro), table],
        [province(told, say, adcode, order) for adcode in order],
    )


def province(told: Told, say: Say, adcode: str, order: list[str]) -> Section:
    """Return the page of one province."""
    row = told.row("scores", node=told.root, adcode=adcode)
    title = str(told.provinces[adcode]["name_zh" if say.language == "zh" else "name_en"])
    blocks: list[Block] = []
    badge = None
    if row is None or row["rank"] is None:
        known = told.at("scores", "known", 0, "percent", node=told.root, adcode=adcode)
        needed = told.rules.get(("", "scoring.min_province_coverage"))
        rule = f"CAST(value AS DOUBLE) FROM rules WHERE {where({'node': '', 'rule': 'scoring.min_province_coverage'})}"
        blocks.append(Text(say.sentence("not_ranked", known=known, needed=Number(needed, rule, 0, "percent")), "note"))
    else:
        badge = Badge(say.word("tier", row["tier"]), f"tier-{row['tier']}")
        blocks += [_facts(told, say, adcode), *_sentences(told, say, adcode, order)]
    blocks += [_nodes(told, say, adcode), _indicators(told, say, adcode), *_trend(told, say, adcode)]
    return Section(
        adcode, title, [block for block in blocks if not isinstance(block, Table) or block.rows], page=True, badge=badge
    )


def _facts(told: Told, say: Say, adcode: str) -> Facts:
    key: dict[str, Any] = {"node": told.root, "adcode": adcode}
    ranked = told.count("scores", f"{where({'node': told.root})} AND rank IS NOT NULL", told.composite)
    items: list[tuple[str, Cell]] = [
        (say.phrase("rank"), [told.at("scores", "rank", **key), "/", ranked]),
        (say.phrase("composite"), told.at("scores", "score", 1, **key)),
    ]
    low, high = (told.at("rank_intervals", name, **key) for name in ("rank_p05", "rank_p95"))
    if low and high:
        items.append((say.phrase("rank_interval"), [low, "–", high]))
    if told.against is not None:
        before = told.at("rank_changes", "rank_before", **key, against=told.against, part=PARTS[0])
        if before:
            items.append((say.phrase("rank_in", edition=told.against), before))
    return Facts(items)


def _sentences(told: Told, say: Say, adcode: str, order: list[str]) -> list[Block]:
    place = order.index(adcode)
    ahead = order[place - 1] if place else None
    behind = order[place + 1] if place + 1 < len(told.composite) else None
    strong, weak = _against_median(told, say, adcode)
    bullets = [say.sentence("strengths", strong=strong, weak=weak)] if strong or weak else []
    bullets += [
        say.sentence(
            "neighbour", name=told.province(other, say.language), level=_rank(told, other) == _rank(told, adcode), ahead=other == ahead,
            gap=_gap(told, adcode, other), better=_better(told, say, adcode, other), worse=_better(told, say, other, adcode),
        )
        for other in (ahead, behind)
        if other is not None
    ]  # fmt: skip
    if told.is_arithmetic and (rooms := _rooms(told, say, adcode)):
        gap = None if ahead is None else _gap(told, adcode, ahead)
        bullets.append(say.sentence("rooms", rooms=rooms, gap=gap, ahead=ahead and told.province(ahead, say.language)))
    elif not told.is_arithmetic:
        bullets.append(say.sentence("no_rooms"))
    return [Bullets(bullets)] if bullets else []


def _rank(told: Told, adcode: str) -> float | None:
    return told.at("scores", "rank", node=told.root, adcode=adcode).value


def middle(told: Told, indicator: str) -> Number:
    """Return the median of all provinces' normalised values."""
    known = [v for row in told.rows("indicator_values", indicator=indicator) if (v := row["normalized"]) is not None]
    return Number(
        _median(known), f"median(normalized) FROM indicator_values WHERE {where({'indicator': indicator})}", 2
    )


def _against_median(told: Told, say: Say, adcode: str) -> tuple[list[tuple[str, Number, Number]], ...]:
    gaps = []
    for indicator in told.used:
        own = told.at("indicator_values", "normalized", 2, indicator=indicator, adcode=adcode)
        median = middle_of(told, indicator)
        if own.value is not None and median.value is not None:
            gaps.append((own.value - median.value, tagged(told, say, indicator), own, median))
    gaps.sort(key=lambda gap: (-gap[0], gap[1]))
    strong = [gap[1:] for gap in gaps[:SHOWN] if gap[0] >= NOTABLE]
    weak = [gap[1:] for gap in reversed(gaps[-SHOWN:]) if gap[0] <= -NOTABLE]
    return strong, weak


def middle_of(told: Told, indicator: str) -> Number:
    """Return :func:`middle`, computed once an edition."""
    if indicator not in told.medians:
        told.medians[indicator] = middle(told, indicator)
    return told.medians[indicator]


def _gap(told: Told, one: str, other: str) -> Number:
    scores = [told.at("scores", "score", node=told.root, adcode=adcode).value or 0.0 for adcode in (one, other)]
    pair = f"adcode IN ('{one}','{other}')"
    return Number(
        max(scores) - min(scores), f"max(score)-min(score) FROM scores WHERE {where({'node': told.root})} AND {pair}", 2
    )


def _better(told: Told, say: Say, one: str, other: str) -> list[str]:
    found = []
    for node in told.dimensions:
        mine, theirs = (told.at("scores", "score", node=node, adcode=adcode).value for adcode in (one, other))
        if mine is not None and theirs is not None and mine > theirs + 0.05:
            found.append(told.name(node, say.language))
    return found


def _rooms(told: Told, say: Say, adcode: str) -> list[tuple[str, Number]]:
    """Return the indicators that could add most to the composite, scale and weights held: weight x (1 - normalised) x 100."""
    found = []
    for indicator in told.used:
        added = told.row("contributions", indicator=indicator, adcode=adcode)
        value = told.row("indicator_values", indicator=indicator, adcode=adcode)
        if added is not None and value is not None and value["normalized"] is not None:
            query = (
                "c.weight*(1-v.normalized)*100 FROM contributions c JOIN indicator_values v USING (adcode, indicator) "
                f"WHERE {where({'adcode': adcode, 'indicator': indicator})}"
            )
            found.append(
                (tagged(told, say, indicator), Number(added["weight"] * (1 - value["normalized"]) * 100, query, 1))
            )
    found.sort(key=lambda room: (-(room[1].value or 0.0), room[0]))
    return [room for room in found[:SHOWN] if (room[1].value or 0.0) >= 0.05]


def _nodes(told: Told, say: Say, adcode: str) -> Table:
    rows: list[list[Cell]] = []
    for position, dimension in enumerate(told.dimensions):
        for node in (dimension, *(child for child in told.children(dimension) if told.ranked(child))):
            key: dict[str, Any] = {"node": node, "adcode": adcode}
            score = told.at("scores", "score", 1, **key)
            known = [r["score"] for r in told.rows_of_node(node) if r["score"] is not None]
            median = Number(_median(known), f"median(score) FROM scores WHERE {where({'node': node})}", 1)
            name = told.name(node, say.language)
            indent = "" if node == dimension else "　" if say.language == "zh" else "\u2003"
            colour = f"dimension-{position % len(look().dimensions) + 1}"
            share, mark = (None if n.value is None else n.value / 100 for n in (score, median))
            rows.append(
                [
                    f"{indent}{name}",
                    told.at("scores", "rank", **key),
                    Bar(score, share, mark, colour),
                    median,
                    _interval(told, key),
                ]
            )
    heads = ("node", "rank", "score", "median_score", "rank_interval")
    return Table(say.phrase("by_dimension"), [say.phrase(h) for h in heads], rows)


def _median(values: list[float]) -> float | None:
    known, half = sorted(values), len(values) // 2
    return None if not known else known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2


def _interval(told: Told, key: dict[str, Any]) -> Cell:
    low, high = (told.at("rank_intervals", name, **key) for name in ("rank_p05", "rank_p95"))
    return [low, "–", high] if low and high else "–"


def _indicators(told: Told, say: Say, adcode: str) -> Table:
    rows: list[list[Cell]] = []
    for indicator in told.used:
        key: dict[str, Any] = {"indicator": indicator, "adcode": adcode}
        value = told.row("indicator_values", **key)
        if value is None:
            rows.append(
                [
                    told.name(indicator, say.language),
                    "–",
                    "–",
                    Badge(say.word("fidelity", "missing"), "missing"),
                    "–",
                    "–",
                    "–",
                ]
            )
            continue
        digits = 0 if abs(value["value"]) >= 1000 or float(value["value"]).is_integer() else 2
        normal, median = told.at("indicator_values", "normalized", 2, **key), middle_of(told, indicator)
        points = told.at("contributions", "points", 2, **key)
        rows.append(
            [
                told.name(indicator, say.language),
                [told.at("indicator_values", "value", digits, **key), *_unit(say, value["unit"])],
                _year(say, value),
                Badge(say.word("fidelity", value["fidelity"]), value["fidelity"]),
                Bar(normal, normal.value, median.value),
                median,
                points,
            ]
        )
    heads = ("indicator", "value", "value_year", "fidelity_head", "normalised", "median_normalised", "points_short")
    return Table(say.phrase("by_indicator"), [say.phrase(h) for h in heads], rows, left=(0, 2, 3))


def _unit(say: Say, unit: str) -> list[str]:
    """Return the unit of a value with the space before it; a plain number of things has none in English."""
    name = say.word("unit", unit)
    if not name or name == "%":
        return [name] if name else []
    return [f" × {name}" if name[0].isdigit() else f" {name}"]


def _year(say: Say, value: Row) -> Cell:
    year = str(value["value_year"])
    return year if value["fill"] == "none" else [year, " ", Badge(say.word("fill", value["fill"]), "filled")]


def _trend(told: Told, say: Say, adcode: str) -> list[Block]:
    """Return ranks over the editions so far and, where one scale holds, the scores that compare."""
    years = list(told.history)
    own = told.past.get(("scores_panel", adcode, told.year))
    scale = None if own is None else own["scale_version"]
    if len(years) < 2:
        return []
    common = [
        year for year in years
        if scale is not None and (row := told.past.get(("scores_panel", adcode, year))) and row["scale_version"] == scale
    ]  # fmt: skip
    rows: list[list[Cell]] = [[say.phrase("rank"), *(told.in_year("scores", "rank", adcode, year) for year in years)]]
    if common:
        dash: Cell = "–"
        rows.append(
            [say.phrase("common_score"),
             *(told.in_year("scores_panel", "score", adcode, y, 1) if y in common else dash for y in years)]
        )  # fmt: skip
    blocks: list[Block] = [Table(say.phrase("trend"), [say.phrase("year"), *map(str, years)], rows)]
    if len(common) > 1:
        first, last = (told.in_year("scores_panel", "score", adcode, y, 1) for y in (common[0], common[-1]))
        if first and last:
            span = {"first": first, "last": last, "since": str(common[0]), "until": str(common[-1])}
            blocks.append(Text(Markup(say.sentence("common_scale", **span)), "note"))  # noqa: S704 - escaped there
    return blocks
