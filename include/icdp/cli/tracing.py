"""trace: from a province's composite score back to the line of a payload and its citation, and from a payload forward."""

from __future__ import annotations

import re
from typing import Any

from rich.tree import Tree

from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.cli.output import Format, console, number, rows_of, show
from icdp.cli.reading import FIDELITY, find_node, headline, nodes_of
from icdp.errors import DataError, NotFoundError
from icdp.publishing.reader import Published, open_published
from icdp.settings import Settings

STATUS = {"A": "当年数据 of the year itself", "E": "估算 estimated", "I": "沿用往年 carried forward"}
FILL = {
    "carried": "沿用 carried forward",
    "interpolated": "两年间插值 interpolated between two years",
    "group_median": "同地区中位数 median of its region",
}
SHORTEST = 8  # characters of a digest that are enough to name a payload


def trace(settings: Settings, province: str, indicator: str, which: str, form: Format) -> None:
    """Print the way of one figure back to its bytes."""
    place = load_catalog(settings.catalog).province(province)
    with open_published(settings.published) as db:
        edition = db.edition(which)
        leaf = find_node(nodes_of(db, edition), indicator, indicators=True)
        found = _steps(db, edition, place.adcode, leaf)
        if form is not Format.table:
            show([_flat(found, line) for line in found["lineage"] or [{}]], form)
            return
        console().print(_drawn(found, f"{place.name_zh} {place.name_en}", headline(db, edition), settings))


def reverse(settings: Settings, payload: str, form: Format) -> None:
    """Print every figure in the latest editions that rests on a payload.

    Args:
        settings: where the published database and the archive lie.
        payload: its SHA-256, or the first characters of it.
        form: how to print.

    Raises:
        DataError: fewer than 8 characters, no digest, or several payloads begin so.
        NotFoundError: no edition rests on such a payload.
    """
    start = payload.strip().lower()
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},64}}", start):
        raise DataError(f"{payload!r} is no SHA-256 of a payload; give at least its first {SHORTEST} characters")
    with open_published(settings.published) as db:
        known = db.frame(
            "SELECT DISTINCT payload_sha256 AS d FROM history.lineage WHERE starts_with(payload_sha256, $s) "
            "UNION SELECT DISTINCT payload_sha256 FROM history.inputs WHERE starts_with(payload_sha256, $s) ORDER BY d",
            s=start,
        )["d"]
        if len(known) != 1:
            several = f"; {len(known)} payloads begin so: give more characters" if len(known) else ""
            raise (DataError if several else NotFoundError)(
                f'{start}: no single payload of any edition{several}; `icdp query "FROM inputs"` lists them'
            )
        digest = str(known[0])
        taken = db.frame(
            "SELECT DISTINCT source, item, receipt FROM history.inputs WHERE payload_sha256 = $digest ORDER BY ALL",
            digest=digest,
        )
        touched = db.frame(
            """SELECT edition, year, indicator, adcode, short_zh AS province, series, value_year, of_adcode, value_text,
                   l.unit, row, indicator_value, indicator_unit, normalized, own_weight, points, composite, source,
                   payload_sha256, receipt
               FROM lineage l JOIN provinces p USING (adcode) WHERE payload_sha256 = $digest
               ORDER BY year DESC, indicator, adcode, series, value_year, of_adcode""",
            digest=digest,
        )
    headings = {
        "edition": "版本 Edition", "indicator": "指标 Indicator", "province": "省份 Province", "series": "序列 Series",
        "value_year": "年份 Year", "value_text": "原文 Figure", "row": "行 Line", "indicator_value": "数值 Value",
        "points": "贡献 Points", "composite": "综合得分 Composite",
    }  # fmt: skip
    notes = [f"收据 receipt {r.receipt}: {r.source}/{r.item}" for r in taken.itertuples()]
    if touched.empty:
        notes.append("曾被采纳，但没有任何数值用到它 accepted, but no value in the latest editions rests on it")
    show(rows_of(touched), form, headings, f"原始文件 payload {digest} · {_in_archive(digest, settings)}", notes)


def _steps(db: Published, edition: str, adcode: str, leaf: str) -> dict[str, Any]:
    keys = {"edition": edition, "adcode": adcode, "indicator": leaf}
    one = {
        "value": "FROM history.indicator_values WHERE edition = $edition AND adcode = $adcode AND indicator = $indicator",
        "points": "FROM history.contributions WHERE edition = $edition AND adcode = $adcode AND indicator = $indicator",
        "coverage": "FROM history.indicator_coverage WHERE edition = $edition AND indicator = $indicator AND $adcode <> ''",
        "node": "FROM history.nodes WHERE edition = $edition AND node = $indicator AND $adcode <> ''",
    }
    found: dict[str, Any] = {name: next(iter(rows_of(db.frame(sql, **keys))), None) for name, sql in one.items()}
    found["lineage"] = rows_of(
        db.frame(
            """FROM history.lineage WHERE edition = $edition AND adcode = $adcode AND indicator = $indicator
               ORDER BY series, value_year, of_adcode""",
            **keys,
        )
    )
    found["names"] = dict(db.connection.execute("SELECT adcode, short_zh FROM provinces").fetchall())
    found["way"] = rows_of(
        db.frame(
            """WITH RECURSIVE up AS (
                   SELECT node, parent, level FROM history.nodes WHERE edition = $edition AND node = $indicator
                   UNION ALL SELECT n.node, n.parent, n.level FROM history.nodes n JOIN up ON n.node = up.parent
                   WHERE n.edition = $edition)
               SELECT up.node, n.name_zh, n.name_en, w.method, w.local_weight, w.effective_weight, s.score, s.rank
               FROM up JOIN history.nodes n ON n.edition = $edition AND n.node = up.node
               LEFT JOIN history.weights w ON w.edition = $edition AND w.node = up.node
               LEFT JOIN history.scores s ON s.edition = $edition AND s.node = up.node AND s.adcode = $adcode
               ORDER BY up.level""",
            **keys,
        )
    )
    return found


_OF_VALUE = (
    "edition", "year", "adcode", "indicator", "composite", "points", "own_weight", "normalized", "indicator_value",
    "indicator_unit", "fill", "expression",
)  # fmt: skip
"""Columns of ``lineage`` that a row of :func:`_flat` has once, about the value."""


def _flat(found: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """Return one row for programs: the value and one of the figures it was made from."""
    value, coverage = found["value"] or {}, found["coverage"]
    points, last = found["points"] or {}, found["way"][-1]
    kept = ("value", "unit", "normalized", "status", "value_year", "fill", "fidelity", "expression")
    return {
        "edition": coverage["edition"],
        "indicator": coverage["indicator"],
        "in_use": coverage["in_use"],
        **{name: value.get(name) for name in kept},
        "effective_weight": last["effective_weight"],
        "own_weight": points.get("weight"),
        "points": points.get("points"),
        "composite": found["way"][0]["score"],
        "reason": None if value else coverage["note_en"],
        **{f"figure_{name}": cell for name, cell in line.items() if name not in _OF_VALUE},
    }


def _drawn(found: dict[str, Any], province: str, edition: str, settings: Settings) -> Tree:
    root = found["way"][0]
    tree = Tree(f"[bold]{province}[/] · {edition}")
    score = "无得分 no score" if root["score"] is None else f"{root['score']:.4f}，位次 rank {root['rank']}"
    branch = tree.add(f"{root['name_zh']} {root['name_en']}: {score}")
    for step in found["way"][1:]:
        weight = "未采用 not in use"
        if step["local_weight"] is not None:
            weight = f"权重 weight {step['local_weight']:.4f} ({step['method']})，综合 effective {step['effective_weight']:.4f}"
        own = "" if step["score"] is None else f"，得分 score {step['score']:.4f}"
        branch = branch.add(f"{step['name_zh']} {step['name_en']}: {weight}{own}")
    value, coverage = found["value"], found["coverage"]
    if value is None:
        reason = (
            "本省缺值 no figure for this province"
            if coverage["in_use"]
            else coverage["note_zh"] + " " + coverage["note_en"]
        )
        branch.add(f"[bold]缺 missing[/]: {_safe(reason)}")
        return tree
    if found["points"] is not None:
        own = found["points"]["weight"]
        weight = "" if own is None else f"，本省权重 own weight {own:.4f}"
        branch = branch.add(f"贡献 contribution: {found['points']['points']:.4f} 分 points{weight}")
    if value["normalized"] is not None:
        branch = branch.add(f"标准化 normalised: {value['normalized']:.6f}")
    came = FILL.get(value["fill"]) or STATUS.get(value["status"], value["status"])
    branch = branch.add(
        f"[bold]数值 value: {number(float(value['value']))} {value['unit']}[/] · {FIDELITY[value['fidelity']]} · "
        f"{came} ({value['value_year']})"
    )
    branch = branch.add(f"绑定 binding: {_safe(value['expression'])}")
    if note := coverage["note_zh"]:
        branch.add(_safe(f"{note} {coverage['note_en']}"))
    for line in found["lineage"]:
        _draw_figure(branch, line, found["names"], settings)
    return tree


def _draw_figure(branch: Tree, line: dict[str, Any], names: dict[str, str], settings: Settings) -> None:
    other = line["of_adcode"] not in (None, line["adcode"])
    whose = f"{names.get(line['of_adcode'], line['of_adcode'])} " if other else ""
    figure = branch.add(
        f"观测 observation: {whose}{line['series']} {line['value_year']}: {_safe(line['value_text'])} {line['unit']} "
        f"({line['basis']})"
    )
    figure.add(_safe(f"{line['publisher']}：{line['title']}"))
    figure.add(_safe(line["source_url"]))
    if line["locator"]:
        figure.add(_safe(line["locator"]))
    if line["note"]:
        figure.add(_safe(f"注 note: {line['note']}"))
    figure.add(
        f"原始文件 payload {line['payload_sha256']}，第 {line['row']} 行 line · {_in_archive(line['payload_sha256'], settings)}"
    )
    figure.add(
        f"收据 receipt {line['receipt']} · 来源 source {line['source']} ({line['layer']}) · {line['retrieved_at']}"
    )


def _in_archive(digest: str, settings: Settings) -> str:
    archive = Archive(settings.archive)
    try:
        archive.get(digest)
    except NotFoundError:
        return "不在本机存档 not in this archive"
    except DataError:
        return "存档已被改动 ALTERED in the archive"
    return f"{archive.payload_path(digest)}"


def _safe(text: str) -> str:
    """Return text from outside so that nothing in it is markup."""
    return text.replace("[", r"\[")
