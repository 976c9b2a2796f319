"""compare: how ranks and scores changed between two editions, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from icdp.catalog import load_catalog
from icdp.cli.output import Format, rows_of, show
from icdp.cli.reading import find_node, headline, nodes_of
from icdp.comparing.behind import Difference, by_indicator, differences
from icdp.comparing.changes import PARTS, Changes, changes
from icdp.comparing.state import TABLES, State
from icdp.errors import NotFoundError
from icdp.look import word
from icdp.publishing.reader import Published, open_published
from icdp.settings import Settings

WORDS = {part: (word("part", part, "zh"), word("part", part, "en")) for part in PARTS}
"""Part -> its name for people. What a figure of another year says is relative: each year has its own scale."""

KINDS = {
    "entered": "新采用 now in use",
    "left": "不再采用 no longer in use",
    "rebound": "换绑定 another binding",
    "gained": "新有数值 values gained",
    "lost": "失去数值 values lost",
    "other_age": "数据新旧不同 older or fresher figures",
    "revised": "数值经修订 figures revised",
    "moved": "另一年的数值 figures of another year",
    "weight": "权重 weight",
    "judged": "权重 weight",
    "panel": "判断矩阵 judgements",
    "rule": "规则 rule",
    "tree": "指标体系不同 another tree",
}
SMALL = 0.05
"""Points below which a part is not worth a word."""
MANY = 8
"""Differences of one kind that are listed before the rest is counted."""


def compare(
    settings: Settings, first: str, second: str, province: str | None, node: str | None, form: Format, *, explain: bool
) -> None:
    """Print how ranks and scores changed from one edition to another, split into parts that add up to the change.

    Raises:
        NotFoundError: the node is scored in neither.
    """
    place = load_catalog(settings.catalog).province(province) if province is not None else None
    with open_published(settings.published) as db:
        before, after = state_of(db, db.edition(first)), state_of(db, db.edition(second))
        nodes = nodes_of(db, after.edition)
        heads = [headline(db, before.edition), headline(db, after.edition)]
    found = changes(before, after)
    chosen = str(nodes["node"].iloc[0]) if node is None else find_node(nodes, node, indicators=False)
    table = _ordered(found.table, nodes, after)
    if place is not None:
        table = table[table["adcode"] == place.adcode]
    if node is not None or place is None:
        table = table[table["node"] == chosen]
    rows = rows_of(_for_programs(table, before, after))
    if not rows:
        raise NotFoundError(f"{chosen}: has no scores in {before.edition} nor in {after.edition}; choose another node")
    if form is not Format.table:
        show(rows, form)
        return
    titles = nodes.set_index("node")["name_zh"]
    subject = f"{titles[chosen]} {chosen}" if place is None or node is not None else f"{place.name_zh} {place.name_en}"
    people = [_row(row, str(titles[str(row["node"])]), by_node=place is not None and node is None) for row in rows]
    headings = {
        "name": "节点 Node" if place is not None and node is None else "省份", "ranks": "位次 Rank",
        "gained": "升降 Places", "scores": "得分 Score", "change": "变化 Points", "why": "主要因为（分） Mainly because of (points)",
    }  # fmt: skip
    notes = _notes(before, after, found, rows, titles)
    show(people, form, headings, f"{subject}: {before.edition} → {after.edition}", [] if explain else [*notes, *heads])
    if explain:
        _explain(before, after, rows, titles, None if place is None else place.adcode, [*notes, *heads])


def state_of(db: Published, edition: str) -> State:
    """Read what is needed to score an edition again."""
    sql = "FROM history.{} WHERE edition = $edition"
    return State.of(edition, {name: db.frame(sql.format(name), edition=edition) for name in TABLES})


def _ordered(table: pd.DataFrame, nodes: pd.DataFrame, after: State) -> pd.DataFrame:
    place = {node: position for position, node in enumerate(after.tree.inner)}
    known = table[table["node"].isin(nodes["node"])]
    return known.assign(place=known["node"].map(place)).sort_values(
        ["place", "rank_after", "rank_before", "adcode"], ignore_index=True
    )


def _for_programs(table: pd.DataFrame, before: State, after: State) -> pd.DataFrame:
    keys = table[["node", "adcode"]].assign(province=table["adcode"].map({**before.provinces, **after.provinces}))
    parts = table[[f"{part}_{unit}" for unit in ("points", "places") for part in PARTS]]
    told = keys.assign(
        before=before.edition,
        after=after.edition,
        rank_before=table["rank_before"],
        rank_after=table["rank_after"],
        places_gained=table["rank_before"] - table["rank_after"],
        score_before=table["score_before"],
        score_after=table["score_after"],
        score_change=table["score_after"] - table["score_before"],
    )
    return pd.concat([told, parts], axis=1)


def _row(row: dict[str, object], title: str, *, by_node: bool) -> dict[str, object]:
    name = f"{title} {row['node']}" if by_node else row["province"]
    if row["score_change"] is None:
        only = row["after"] if row["score_before"] is None else row["before"]
        return {"name": name, "why": f"仅 {only} 有得分 scored in {only} only"}
    return {
        "name": name,
        "ranks": f"{row['rank_before']}→{row['rank_after']}",
        "gained": signed(row["places_gained"], 0),
        "scores": f"{row['score_before']:.2f}→{row['score_after']:.2f}",
        "change": signed(row["score_change"]),
        "why": _why(row),
    }


def _why(row: dict[str, object]) -> str:
    points = {part: float(str(row[f"{part}_points"])) for part in PARTS}
    if not any(points.values()):
        return "无变化 no change"
    large = sorted((p for p in PARTS if abs(points[p]) >= SMALL), key=lambda p: -abs(points[p]))
    if not large:
        return f"各部分均小于 {SMALL} 分 every part is below {SMALL} points"
    return " · ".join(f"{WORDS[part][0]} {WORDS[part][1]} {signed(points[part])}" for part in large[:2])


def signed(value: object, decimals: int = 2) -> str:
    """Return a number with its sign; what rounds to zero has none."""
    text = f"{float(str(value)):+.{decimals}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def _notes(
    before: State, after: State, found: Changes, rows: Sequence[dict[str, object]], titles: pd.Series
) -> list[str]:
    told = [line for part in PARTS for line in _behind(part, differences(before, after), titles)]
    silent = [WORDS[part] for part in PARTS if not any(row[f"{part}_points"] or row[f"{part}_places"] for row in rows)]
    if silent:
        told.append(f"为零 Zero: {'、'.join(zh for zh, _ in silent)} ({', '.join(en for _, en in silent)})")
    if found.rescored > 1e-6:
        told.append(
            f"按已发布的表重算与发布值相差至多 {found.rescored:.2g} 分，计入“方法”（软件已改）。 Re-scoring the published tables misses "
            f"the published scores by up to {found.rescored:.2g} points, counted as method: the software changed."
        )
    if before.year != after.year:
        told.append(
            "各年按当年最小、最大值标准化：“相对表现”只是与各省相比的位置，不表示进步；看进步用 `icdp trend`。 Each year is scaled by its own "
            "minimum and maximum: relative performance is a position among the provinces, no progress; for that, `icdp trend`."
        )
    told.append(
        "各部分之和等于变化：逐项交换、对全部次序取平均（Shapley）。 The parts add up to the change: one thing exchanged at a time, "
        "averaged over all orders. `--explain`"
    )
    return told


def _behind(part: str, found: Sequence[Difference], titles: pd.Series) -> list[str]:
    """Return a line for each kind of difference behind a part."""
    lines = []
    own = [d for d in found if d.part == part]
    for kind in dict.fromkeys(d.kind for d in own):
        these = [d for d in own if d.kind == kind]
        if kind == "moved":  # nearly all of them, every year
            lines.append(f"{WORDS[part][0]} {WORDS[part][1]} · {KINDS[kind]}: {len(these)} 项指标 indicators")
            continue
        listed = [_subject(d, titles) for d in these[:MANY]]
        more = [f"另 {len(these) - MANY} 项 more"] if len(these) > MANY else []
        lines.append(f"{WORDS[part][0]} {WORDS[part][1]} · {KINDS[kind]}: {'；'.join([*listed, *more])}")
    return lines


def _subject(difference: Difference, titles: pd.Series) -> str:
    name = f"{titles[difference.subject]} {difference.subject}" if difference.subject in titles else difference.subject
    many = f" ({difference.count} 省 provinces)" if difference.count else ""
    move = f" {difference.before or '—'} → {difference.after or '—'}" if difference.before or difference.after else ""
    return f"{name}{many}{move}".strip()


def _explain(
    before: State,
    after: State,
    rows: Sequence[dict[str, object]],
    titles: pd.Series,
    adcode: str | None,
    notes: Sequence[str],
) -> None:
    """Print every part of every row in words, and for one province its indicators."""
    for row in rows:
        if row["score_change"] is not None:
            print(_sentence(row, str(titles[str(row["node"])])))
    figures = [] if adcode is None else rows_of(by_indicator(before, after, adcode))
    figures.sort(key=lambda r: list(titles.index).index(r["indicator"]) if r["indicator"] in titles else len(titles))
    indicators = [_indicator(row, titles) for row in figures]
    headings = {"name": "指标 Indicator", "before": before.edition, "after": after.edition, "kind": "属于 Part"}
    if adcode is not None:
        print()
        show(indicators, Format.table, headings, "数值 Figures", notes)
    else:
        print("\n".join(["", *notes]))


def _sentence(row: dict[str, object], title: str) -> str:
    kept = [p for p in PARTS if row[f"{p}_points"] or row[f"{p}_places"]]
    kept.sort(key=lambda p: -abs(float(str(row[f"{p}_points"]))))
    points, places = ({p: signed(row[f"{p}_{unit}"], n) for p in kept} for unit, n in (("points", 2), ("places", 1)))
    zh = "，".join(f"{WORDS[p][0]} {points[p]} 分（{places[p]} 位）" for p in kept) or "无变化"
    en = ", ".join(f"{WORDS[p][1]} {points[p]} points ({places[p]} places)" for p in kept) or "no change"
    return (
        f"{row['province']} · {title}：第 {row['rank_before']} → 第 {row['rank_after']}"
        f"（{signed(row['places_gained'], 0)}），{row['score_before']:.2f} → {row['score_after']:.2f}"
        f"（{signed(row['score_change'])} 分）：{zh}。 {row['node']}: {en}."
    )


def _indicator(row: dict[str, object], titles: pd.Series) -> dict[str, object]:
    kind = "—" if row["before"] == row["after"] else " ".join(WORDS[_PART[str(row["kind"])]])
    if row["kind"] == "moved" and row["revised"] != row["before"]:
        kind += f"，{WORDS['data_revision'][0]} {WORDS['data_revision'][1]}"
    return {**row, "name": f"{titles.get(row['indicator'], '')} {row['indicator']}", "kind": kind}


_PART = {"moved": "performance", "revised": "data_revision", "exchanged": "coverage"}
