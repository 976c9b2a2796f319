"""trace: from a province's composite score back to the line of a payload and its citation."""

from __future__ import annotations

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
               ORDER BY series, value_year""",
            **keys,
        )
    )
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


def _flat(found: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """Return one row for programs: the value and one of the figures it was made from."""
    value, coverage = found["value"] or {}, found["coverage"]
    points, last = found["points"] or {}, found["way"][-1]
    kept = ("value", "unit", "normalized", "status", "value_year", "fidelity", "expression")
    return {
        "edition": coverage["edition"],
        "indicator": coverage["indicator"],
        "in_use": coverage["in_use"],
        **{name: value.get(name) for name in kept},
        "effective_weight": last["effective_weight"],
        "points": points.get("points"),
        "composite": found["way"][0]["score"],
        "reason": None if value else coverage["note_en"],
        **{
            f"figure_{name}": cell
            for name, cell in line.items()
            if name not in ("edition", "year", "adcode", "indicator")
        },
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
        branch.add(f"贡献 contribution: {found['points']['points']:.4f} 分 points")
    if value["normalized"] is not None:
        branch.add(f"标准化 normalised: {value['normalized']:.6f}")
    branch = branch.add(
        f"[bold]数值 value: {number(float(value['value']))} {value['unit']}[/] · {FIDELITY[value['fidelity']]} · "
        f"{STATUS[value['status']]} ({value['value_year']}) · {_safe(value['expression'])}"
    )
    if note := coverage["note_zh"]:
        branch.add(_safe(f"{note} {coverage['note_en']}"))
    for line in found["lineage"]:
        _draw_figure(branch, line, settings)
    return tree


def _draw_figure(branch: Tree, line: dict[str, Any], settings: Settings) -> None:
    figure = branch.add(
        f"{line['series']} {line['value_year']}: {_safe(line['value_text'])} {line['unit']} ({line['basis']})"
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
