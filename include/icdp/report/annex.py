"""The annexes: how the scores are computed, and every citation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from icdp.report.document import Badge, Block, Bullets, Cell, Link, Section, Table, Text, web_address
from icdp.report.figures import parts
from icdp.report.language import Say
from icdp.report.naming import tagged
from icdp.report.told import Row, Told

REPOSITORY_FILE = re.compile(
    r"github:(?P<repository>[\w.-]+/[\w.-]+)/(?P<path>[^@\s]+?)(?:@(?P<commit>[0-9a-f]{7,40}))?"
)
COMMIT = re.compile(r"(@[0-9a-f]{7})[0-9a-f]{33}$")
"""A commit is printed with its first seven digits; the link has them all."""


def methods(told: Told, say: Say) -> Section:
    """Return the annex of methods: weights, formulas in use, judgements and their consistency, assumptions."""
    sections = [_weighing(told, say), _judged(told, say), _assumed(told, say), _audited(told, say)]
    about = {
        key: told.about[key if key in ("model", "reference") else f"{key}_{say.language}"]
        for key in ("model", "reference", "licence")
    }
    blocks: list[Block] = [
        Text(say.sentence("about", title=told.about[f"title_{say.language}"], edition=told.summary, **about)),
        Bullets(_steps(told, say)),
    ]
    return Section("methods", say.phrase("methods"), blocks, [section for section in sections if section.blocks])


def _steps(told: Told, say: Say) -> list[Any]:
    """Return the chain from values to ranks with the rules this edition was made by."""
    rules = told.rules
    normalisation = rules.get(("", "scoring.normalisation"), {})
    method = normalisation.get("method", "") if isinstance(normalisation, Mapping) else str(normalisation)
    inner = [node for node in told.nodes if told.children(node)]
    aggregations = list(dict.fromkeys(rules.get((node, "node.aggregation"), "arithmetic") for node in inner))
    return [
        say.sentence("step_values", least=rules.get(("", "values.min_provinces"))),
        say.sentence("step_normalise", method=method, name=say.word("normalisation", method)),
        say.sentence("step_weights", methods=[say.word("method", m) for m in _methods(told)], codes=_methods(told)),
        say.sentence("step_aggregate", names=[say.word("aggregation", a) for a in aggregations], codes=aggregations),
        say.sentence("step_missing", least=rules.get(("", "scoring.min_coverage")), own=rules.get(("", "scoring.min_province_coverage"))),
        say.sentence("step_ranks", tiers=told.tiers),
    ]  # fmt: skip


def _methods(told: Told) -> list[str]:
    return list(dict.fromkeys(str(row["method"]) for row in told.rows("weights")))


def _weighing(told: Told, say: Say) -> Section:
    return Section("weights", say.phrase("weights"), [parts.weights(told, say)])


def _judged(told: Told, say: Say) -> Section:
    """Return the experts' consistency, each parent and expert, and how they agree."""
    if not told.rows("consistency"):
        return Section("judgements", "")
    title = told.about[f"panel_{say.language}"]
    rows: list[list[Cell]] = []
    for row in told.in_tree_order("consistency", "parent"):
        key = {"parent": row["parent"], "expert": row["expert"]}
        rows.append(
            [
                told.name(row["parent"], say.language),
                str(row["expert"]),
                told.at("consistency", "n", **key),
                told.at("consistency", "lambda_max", 4, **key),
                told.at("consistency", "ci", 4, **key),
                told.at("consistency", "cr", 4, **key),
                told.at("consistency", "threshold", 2, **key),
                say.phrase("passed" if row["accepted"] else "failed"),
                told.at("consistency", "expert_weight", 0, "percent", **key),
            ]
        )
    heads = ("node", "expert", "items", "lambda_max", "ci", "cr", "threshold", "verdict", "expert_weight")
    tables = [Table(say.phrase("consistency"), [say.phrase(h) for h in heads], rows, left=(0, 1, 7))]
    groups: list[list[Cell]] = [
        [
            told.name(row["parent"], say.language), told.at("consensus", "experts", parent=row["parent"]),
            say.word("merge", row["merge"]), told.at("consensus", "cr", 4, parent=row["parent"]),
            told.at("consensus", "consensus", 2, parent=row["parent"]), say.word("consensus_level", row["consensus_level"]),
        ]
        for row in told.in_tree_order("consensus", "parent")
        if row["experts"] and row["experts"] > 1
    ]  # fmt: skip
    if groups:
        columns = ("node", "experts", "merged", "cr", "consensus", "consensus_level")
        tables.append(Table(say.phrase("consensus_table"), [say.phrase(c) for c in columns], groups, left=(0, 2, 5)))
    weights: list[list[Cell]] = [
        [
            f"{told.name(row['parent'], say.language)} › {told.name(row['node'], say.language)}",
            told.at("judged_weights", "weight", 1, "percent", parent=row["parent"], node=row["node"]),
        ]
        for row in told.in_tree_order("judged_weights", "node")
    ]
    tables.append(Table(say.phrase("judged"), [say.phrase("node"), say.phrase("local_weight")], weights))
    tables_of_ri = sorted({str(row["ri_table"]) for row in told.rows("consistency")})
    text = say.sentence("judgements", panel=told.summary["panel"], title=title, ri=tables_of_ri)
    return Section("judgements", say.phrase("judgements"), [Text(text), *tables])


def _assumed(told: Told, say: Say) -> Section:
    rows: list[list[Cell]] = []
    factors = dict.fromkeys(row["factor"] for row in told.rows("uncertainty_assumptions") if row["factor"])
    for factor in factors:
        own = told.rows("uncertainty_assumptions", factor=factor)
        settings: list[Any] = []
        for row in own:
            number = told.at("uncertainty_assumptions", "value", 3, factor=factor, setting=row["setting"])
            if number.value is not None and float(number.value).is_integer():
                number = number.shown(0)
            settings += [f"{'; ' if settings else ''}{row['setting']} = ", number]
        rows.append(
            [
                say.word("factor", factor),
                say.phrase("yes" if own[0]["in_use"] else "no"),
                str(own[0][f"reason_{say.language}"] or ""),
                settings,
            ]
        )
    if not rows:
        return Section("assumptions", "")
    draws = told.at("uncertainty_assumptions", "value", factor=_no_factor(told), setting="draws")
    heads = [say.phrase(h) for h in ("factor", "in_use", "reason", "settings")]
    text = say.sentence("draws", draws=draws) if draws else None
    table = Table(say.phrase("assumptions"), heads, rows, left=range(4))
    return Section("assumptions", say.phrase("assumptions"), [*([Text(text)] if text else []), table])


def _no_factor(told: Told) -> Any:
    return next((row["factor"] for row in told.rows("uncertainty_assumptions") if not row["factor"]), None)


def _audited(told: Told, say: Say) -> Section:
    rows: list[list[Cell]] = [
        [
            told.name(row["node"], say.language), told.at("audit_nodes", "children", node=row["node"]),
            *(told.at("audit_nodes", column, 2, node=row["node"]) for column in ("mean_correlation", "cronbach_alpha")),
            told.at("audit_nodes", "explained", 0, "percent", node=row["node"]),
            Badge(say.phrase("low_alpha"), "warn") if row["flag"] else "",
        ]
        for row in told.in_tree_order("audit_nodes", "node")
    ]  # fmt: skip
    if not rows:
        return Section("audit", "")
    heads = [say.phrase(h) for h in ("node", "children", "mean_correlation", "alpha", "explained", "flag")]
    return Section(
        "audit",
        say.phrase("audit"),
        [Text(say.sentence("audit")), Table(say.phrase("audit"), heads, rows, left=(0, 5))],
    )


def sources(told: Told, say: Say) -> Section:
    """Return the annex of sources: every publication behind a value, each once, with what of it is used."""
    publications: dict[tuple[str, str], list[Row]] = {}
    for row in told.rows("lineage"):
        publications.setdefault((str(row["publisher"] or ""), str(row["title"] or "")), []).append(row)
    rows: list[list[Cell]] = []
    for number, ((publisher, title), cited) in enumerate(sorted(publications.items()), 1):
        indicators = dict.fromkeys(row["indicator"] for row in cited)
        rows.append(
            [
                str(number),
                [Badge(publisher, "plain"), " ", title],
                _addresses(cited),
                _locators(cited),
                "；".join(tagged(told, say, name) for name in indicators)
                if say.language == "zh"
                else "; ".join(tagged(told, say, name) for name in indicators),
                "、".join(dict.fromkeys(say.word("basis", row["basis"]) for row in cited))
                if say.language == "zh"
                else ", ".join(dict.fromkeys(say.word("basis", row["basis"]) for row in cited)),
            ]
        )
    heads = [say.phrase(h) for h in ("number", "publication", "address", "locator", "used_for", "basis")]
    text = say.sentence(
        "sources", publications=len(rows), values=len(told.rows("indicator_values")), edition=told.edition
    )
    return Section(
        "sources", say.phrase("sources"), [Text(text), Table(say.phrase("sources"), heads, rows, left=range(6))]
    )


MOST = 3
"""Addresses and locators printed of one publication; the others are counted."""


def _addresses(cited: list[Row]) -> Cell:
    found = sorted({str(row["source_url"] or "") for row in cited} - {""})
    cell: list[Any] = []
    for text in found[:MOST]:
        address = web_address(text) or _repository(text)
        cell += [" "] if cell else []
        cell.append(Link(COMMIT.sub(r"\1", text), address) if address else text)
    if len(found) > MOST:
        cell.append(f" … (+{len(found) - MOST})")
    return cell or ""


def _repository(text: str) -> str | None:
    """Return the web address of a file cited as ``github:owner/name/path@commit``."""
    found = REPOSITORY_FILE.fullmatch(text)
    if found is None:
        return None
    return web_address(f"https://github.com/{found['repository']}/blob/{found['commit'] or 'HEAD'}/{found['path']}")


def _locators(cited: list[Row]) -> str:
    found = list(dict.fromkeys(str(row["locator"] or "") for row in cited if row["locator"]))
    return "; ".join(found[:MOST]) + (f" … (+{len(found) - MOST})" if len(found) > MOST else "")
