"""The chapters of the report: what the numbers of an edition say, and its figures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from icdp.look import look
from icdp.report.annex import methods, sources
from icdp.report.document import Badge, Block, Bullets, Cell, Facts, Section, Table, Text
from icdp.report.figures import doubt, parts, places, ranking, time
from icdp.report.language import Say
from icdp.report.naming import numbered, tagged
from icdp.report.provinces import provinces
from icdp.report.told import Number, Row, Told, where

CLEAR = 0.75
"""A province is called clearly ahead of the next from this probability on."""


def chapters(told: Told, say: Say) -> list[Section]:
    """Return the report in one language."""
    made = [
        summary(told, say), results(told, say), dimensions(told, say), movement(told, say), certainty(told, say),
        data(told, say), provinces(told, say), methods(told, say), sources(told, say),
    ]  # fmt: skip
    for number, section in enumerate(made, 1):
        section.title = numbered(number, section.title, say)
        section.page = True
    return made


def names(told: Told, say: Say, rows: Iterable[Row]) -> list[str]:
    """Return the provinces of rows by name."""
    return [told.province(row["adcode"], say.language) for row in rows]


def tiers(told: Told, say: Say) -> list[tuple[str, Number, list[str]]]:
    """Return each tier's name, number of provinces and members, best first."""
    found = []
    for tier in range(1, len(told.tiers) + 2):
        members = [row for row in told.composite if row["tier"] == tier]
        number = told.count("scores", where({"node": told.root, "tier": tier}), members)
        found.append((say.word("tier", tier), number, names(told, say, members)))
    return found


def best_of(told: Told, say: Say, node: str, count: int = 3) -> list[tuple[str, Number]]:
    """Return the first provinces on a node with their scores, and those that share the last place among them."""
    ranked = told.ranked(node)
    last = ranked[min(count, len(ranked)) - 1]["rank"]
    return [
        (told.province(row["adcode"], say.language), told.at("scores", "score", 1, node=node, adcode=row["adcode"]))
        for row in ranked
        if row["rank"] <= last
    ]


def spread(told: Told) -> Number | None:
    """Return how many places a 5-95 % interval of the composite spans on average."""
    widths = [
        row["rank_p95"] - row["rank_p05"]
        for row in told.rows("rank_intervals", node=told.root)
        if row["rank_p95"] is not None
    ]
    if not widths:
        return None
    condition = where({"node": told.root})
    return Number(sum(widths) / len(widths), f"avg(rank_p95-rank_p05) FROM rank_intervals WHERE {condition}", 1)


def unclear(told: Told) -> tuple[Number, Number] | None:
    """Return how many provinces are not clearly ahead of the next, and how many have a next."""
    rows = [row for row in told.rows("rank_intervals", node=told.root) if row["p_ahead_of_next"] is not None]
    if not rows:
        return None
    condition = where({"node": told.root})
    few = [row for row in rows if row["p_ahead_of_next"] < CLEAR]
    return (
        told.count("rank_intervals", f"{condition} AND p_ahead_of_next<{CLEAR}", few),
        told.count("rank_intervals", f"{condition} AND p_ahead_of_next IS NOT NULL", rows),
    )


def fidelity(told: Told, say: Say) -> list[tuple[str, Number, list[str]]]:
    """Return each fidelity in use: its name, number of indicators and which."""
    found = []
    for code in look().fidelity:
        rows = [row for row in told.rows("indicator_coverage", in_use=True) if row["fidelity"] == code]
        if rows:
            condition = f"in_use AND {where({'fidelity': code})}"
            members = [told.name(row["indicator"], say.language) for row in rows]
            found.append((say.word("fidelity", code), told.count("indicator_coverage", condition, rows), members))
    return found


def heaviest(told: Told, say: Say) -> tuple[str, Number, bool]:
    """Return the indicator that weighs most, its weight, and whether it is alone in use below its parent."""
    name = max(told.used, key=lambda node: told.at("weights", "effective_weight", node=node).value or 0.0)
    siblings = [node for node in told.used if told.nodes[node]["parent"] == told.nodes[name]["parent"]]
    return (
        str(tagged(told, say, name)), told.at("weights", "effective_weight", 1, "percent", node=name), len(siblings) == 1,
    )  # fmt: skip


def summary(told: Told, say: Say) -> Section:
    """Return the chapter that is read when nothing else is."""
    ranked = told.count("scores", f"{where({'node': told.root})} AND rank IS NOT NULL", told.composite)
    edition: dict[str, Any] = {"edition": told.edition}
    used, total = (told.at("editions", name, **edition) for name in ("indicators_used", "indicators_total"))
    best = best_of(told, say, told.root, 1)
    width = spread(told)
    facts: list[tuple[str, Cell]] = [
        (say.phrase("fact_first"), [str(say.listed([name for name, _ in best]).striptags()), " ", best[0][1]]),
        (say.phrase("fact_ranked"), ranked),
        (say.phrase("fact_indicators"), [used, "/", total]),
    ]  # fmt: skip
    if width is not None:
        facts.append((say.phrase("fact_width"), width))
    bullets = [
        say.sentence("leaders", rows=best_of(told, say, told.root), ranked=ranked, tiers=tiers(told, say)),
        say.sentence(
            "leaders_by_dimension",
            rows=[(told.name(node, say.language), best_of(told, say, node)) for node in told.dimensions],
        ),
    ]
    if moved := time.moves(told, say)[:3]:
        bullets.append(say.sentence("moved", moves=moved, against=told.against))
    if width is not None and (doubt := unclear(told)) is not None:
        bullets.append(say.sentence("sure", width=width, few=doubt[0], of=doubt[1], clear=f"{CLEAR:.0%}"))
    bullets.append(
        say.sentence(
            "measured", used=used, total=total, fidelity=fidelity(told, say),
            coverage=told.at("editions", "coverage", 1, "percent", **edition), heavy=heaviest(told, say),
        )
    )  # fmt: skip
    if told.unranked:
        bullets.append(say.sentence("unranked", provinces=[told.province(a, say.language) for a in told.unranked]))
    blocks: list[Block] = [Facts(facts), Bullets(bullets)]
    if told.summary["status"] != "final":
        blocks.insert(0, Text(say.sentence("provisional"), "note"))
    blocks.append(
        Text(say.sentence("panel", panel=told.summary["panel"], title=told.about[f"panel_{say.language}"]), "note")
    )
    blocks.append(Text(say.sentence("yearly_scale"), "note"))
    return Section("summary", say.phrase("summary"), blocks)


def results(told: Told, say: Say) -> Section:
    """Return the chapter of the composite."""
    blocks: list[Block] = []
    for tier, number, members in tiers(told, say):
        if members:
            blocks.append(Text(say.sentence("tier_members", tier=tier, number=number, members=members)))
    blocks += [ranking.composite(told, say), places.tiles(told, say)]
    against = Section("economic-level", say.phrase("economic_level"), [places.quadrants(told, say)])
    return Section("ranking", say.phrase("ranking"), blocks, [against])


def dimensions(told: Told, say: Say) -> Section:
    """Return the chapter of the dimensions: a figure each, then the first ten over all, then the parts of the score."""
    below = []
    for node in told.dimensions:
        children = [
            (told.name(child, say.language), [name for name, _ in best], best[0][1])
            for child in told.children(node)
            if told.ranked(child) and (best := best_of(told, say, child, 1))
        ]
        absent = [
            told.name(child, say.language)
            for child in told.children(node)
            if not told.ranked(child) and told.children(child)
        ]
        text = say.sentence(
            "dimension", name=told.name(node, say.language), rows=best_of(told, say, node), children=children, absent=absent,
            weight=told.at("weights", "local_weight", 1, "percent", node=node),
        )  # fmt: skip
        content: list[Block] = [Text(text), ranking.dimension(told, say, node)]
        below.append(Section(f"dimension-{node}", told.name(node, say.language), content, page=True))
    blocks: list[Block] = [ranking.leaders(told, say), parts.contributions(told, say)] if below else []
    return Section("dimensions", say.phrase("dimensions"), blocks, below)


def movement(told: Told, say: Say) -> Section:
    """Return the chapter of what changed."""
    blocks: list[Block] = []
    if told.against is not None:
        before = told.earlier.get(told.against, {}).get("editions")
        then = None if before is None else int(before["indicators_used"].iloc[0])
        query = f"indicators_used FROM history.editions WHERE {where({'edition': told.against})}"
        blocks.append(
            Text(
                say.sentence(
                    "changed", against=told.against, moves=time.moves(told, say)[:5], shares=_shares(told, say),
                    before=Number(then, query), now=told.at("editions", "indicators_used", edition=told.edition),
                )
            )
        )  # fmt: skip
    return Section("changes", say.phrase("changes"), [*blocks, time.changes(told, say), time.history(told, say)])


def _shares(told: Told, say: Say) -> list[tuple[str, Number]]:
    """Return each cause's mean absolute part in the changes of score, the largest first."""
    rows = [
        row
        for row in told.rows("rank_changes", against=told.against, node=told.root)
        if row["score_points"] is not None
    ]
    found = []
    for part in dict.fromkeys(row["part"] for row in rows):
        sizes = [abs(row["score_points"]) for row in rows if row["part"] == part]
        condition = where({"against": told.against, "node": told.root, "part": part})
        mean = Number(sum(sizes) / len(sizes), f"avg(abs(score_points)) FROM rank_changes WHERE {condition}", 2)
        if sum(sizes) / len(sizes) >= 0.005:
            found.append((say.word("part", part), mean))
    return sorted(found, key=lambda item: -(item[1].value or 0.0))


def certainty(told: Told, say: Say) -> Section:
    """Return the chapter of how sure the ranks are."""
    width, doubt_ = spread(told), unclear(told)
    if width is None or doubt_ is None:
        return Section("certainty", say.phrase("certainty"), [Text(say.sentence("no_intervals"), "note")])
    ranks = [row for row in told.rows("rank_intervals", node=told.root) if row["rank_p95"] is not None]
    widest = sorted(ranks, key=lambda row: (row["rank_p05"] - row["rank_p95"], row["rank"] or 99))[:3]
    spans = [
        (told.province(row["adcode"], say.language),
         *(told.at("rank_intervals", name, node=told.root, adcode=row["adcode"]) for name in ("rank_p05", "rank_p95")))
        for row in widest
    ]  # fmt: skip
    edge = [
        (told.province(row["adcode"], say.language), say.word("tier", tier),
         told.at("rank_intervals", f"p_tier{tier}", 0, "percent", node=told.root, adcode=row["adcode"]))
        for row in told.composite
        if (tier := row["tier"]) in (1, 2, 3)
        and (p := told.at("rank_intervals", f"p_tier{tier}", node=told.root, adcode=row["adcode"]).value) is not None
        and p < CLEAR
    ]  # fmt: skip
    text = say.sentence("sure", width=width, few=doubt_[0], of=doubt_[1], clear=f"{CLEAR:.0%}")
    more = say.sentence("less_sure", spans=spans, edge=edge, clear=f"{CLEAR:.0%}")
    idle = sorted(
        {row["factor"] for row in told.rows("uncertainty_assumptions") if row["factor"] and not row["in_use"]}
    )
    note = say.sentence("assumed", idle=[say.word("factor", factor) for factor in idle])
    return Section(
        "certainty", say.phrase("certainty"), [Text(text), Text(more), doubt.sensitivity(told, say), Text(note, "note")]
    )


def data(told: Told, say: Say) -> Section:
    """Return the chapter of coverage, fidelity and failed checks."""
    unused = [row for row in told.rows("indicator_coverage") if not row["in_use"]]
    carried = [
        (
            told.name(row["indicator"], say.language),
            told.at("indicator_coverage", "carried", indicator=row["indicator"]),
        )
        for row in told.rows("indicator_coverage", in_use=True)
        if row["carried"]
    ]
    imputed = [
        (
            told.name(row["indicator"], say.language),
            told.at("indicator_coverage", "imputed", indicator=row["indicator"]),
        )
        for row in told.rows("indicator_coverage", in_use=True)
        if row["imputed"]
    ]
    text = say.sentence(
        "missing", unused=[told.name(row["indicator"], say.language) for row in unused],
        number=told.count("indicator_coverage", "NOT in_use", unused), carried=carried, imputed=imputed,
        gaps=[
            (told.name(row["indicator"], say.language), _provinces(told, say, row["missing"]))
            for row in told.rows("indicator_coverage", in_use=True)
            if row["missing"]
        ],
    )  # fmt: skip
    kinds = say.sentence("fidelity", fidelity=fidelity(told, say))
    return Section(
        "data", say.phrase("data"), [Text(text), Text(kinds), parts.coverage(told, say)], [_checks(told, say)]
    )


def _provinces(told: Told, say: Say, text: str) -> list[str]:
    """Return the provinces of a list in the tables, which has their Chinese short names."""
    short = {str(row["short_zh"]): adcode for adcode, row in told.provinces.items()}
    found = [
        name.strip() for name in text.replace("、", ",").replace(";", ",").replace(" ", ",").split(",") if name.strip()
    ]
    return [told.province(short[name], say.language) if name in short else name for name in found]


def _checks(told: Told, say: Say) -> Section:
    """Return the checks that failed and what to think of them."""
    failed = [row for row in told.rows("quality_results", passed=False) if row["severity"] != "note"]
    notes = [row for row in told.rows("quality_results", passed=False) if row["severity"] == "note"]
    every = told.rows("quality_results")
    text = say.sentence(
        "checks", every=told.count("quality_results", "true", every),
        failed=told.count("quality_results", "NOT passed AND severity<>'note'", failed),
        notes=told.count("quality_results", "NOT passed AND severity='note'", notes),
    )  # fmt: skip
    shown = [*failed, *notes]
    rows: list[list[Cell]] = [
        [
            told.name(row["subject"], say.language) if row["subject"] in told.nodes else str(row["subject"]),
            Badge(say.word("severity", row["severity"]), row["severity"]),
            *(_own_names(told, say, str(row[column] or "")) for column in ("observed", "expected")),
            _own_names(told, say, own_language(str(row["message"] or ""), say)), str(row["waiver"] or ""),
        ]
        for row in shown
    ]  # fmt: skip
    heads = [say.phrase(h) for h in ("subject", "severity", "observed", "expected", "meaning", "waiver")]
    columns = 6 if any(row["waiver"] for row in shown) else 5
    table = Table(say.phrase("checks"), heads[:columns], [row[:columns] for row in rows], left=range(columns))
    return Section("checks", say.phrase("checks"), [Text(text), *([table] if rows else [])])


_HALVES = re.compile(
    r"(?P<zh>[^A-Za-z]*[\u3000-\u9fff\uff00-\uffef])\s+(?P<en>[A-Z].*?)(?P<detail>\s*\([^()]*\))?", re.DOTALL
)


def own_language(text: str, say: Say) -> str:
    """Return one half of a message that stands first in Chinese, then in English; both have the detail at its end."""
    found = _HALVES.fullmatch(text.strip())
    return text if found is None else found[say.language] + (found["detail"] or "")


def _own_names(told: Told, say: Say, text: str) -> str:
    """Return a text of the tables, which have the Chinese names of provinces, with their names in the language."""
    if say.language == "zh":
        return text
    for adcode, row in told.provinces.items():
        text = text.replace(str(row["short_zh"]), told.province(adcode, say.language))
    return text
