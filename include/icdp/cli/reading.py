"""rank, profile, coverage, query: what is published, at the terminal."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from icdp.catalog import load_catalog
from icdp.cli.output import Format, Scale, number, rows_of, show
from icdp.errors import DataError, NotFoundError
from icdp.look import both
from icdp.publishing.reader import Published, open_published
from icdp.settings import Settings

FIDELITY = {code: both("fidelity", code) for code in ("as_defined", "partial", "estimated", "proxy")}


def find_node(nodes: pd.DataFrame, name: str, *, indicators: bool) -> str:
    """Return the id of a node given by id or by its Chinese or English name.

    Raises:
        NotFoundError: no node of that kind has that name.
    """
    wanted = nodes[(nodes["level"] == nodes["level"].max()) == indicators]
    key = name.strip().casefold()
    for column in ("node", "name_zh", "name_en"):
        found = wanted[wanted[column].str.casefold() == key]
        if len(found) == 1:
            return str(found["node"].iloc[0])
    kind = "indicator" if indicators else "composite, dimension or sub-dimension"
    raise NotFoundError(f"{name!r} is no {kind}; use one of {', '.join(wanted['node'])}")


def nodes_of(db: Published, edition: str) -> pd.DataFrame:
    """Return the tree of an edition in its order."""
    return db.frame("FROM history.nodes WHERE edition = $edition ORDER BY position", edition=edition)


def headline(db: Published, edition: str) -> str:
    """Return one line about an edition."""
    row = db.frame("FROM history.editions WHERE edition = $edition", edition=edition).iloc[0]
    return (
        f"{edition} · {both('status', row['status'])} · 指标 {row['indicators_used']}/{row['indicators_total']} "
        f"indicators · 数据覆盖 coverage {row['coverage']:.0%} · 判断矩阵 judgements: {row['panel']}"
    )


def faithfulness(db: Published, edition: str) -> str:
    """Return one line about how faithful the indicators in use are."""
    used = db.frame("FROM history.indicator_coverage WHERE edition = $edition AND in_use", edition=edition)
    parts = [f"{FIDELITY[name]} {count}" for name in FIDELITY if (count := int((used["fidelity"] == name).sum()))]
    carried = int((used["value_year_min"] < used["year"]).sum())
    told = "，".join([*parts, f"含往年数据 with figures of earlier years {carried}"])
    return f"{len(used)} 项指标 indicators: {told}. `icdp coverage {edition}`"


def rank(settings: Settings, which: str, node: str | None, form: Format, scale: Scale = Scale.yearly) -> None:
    """Print the ranking on a node, on the year's own scale or on the one common to all years.

    Raises:
        NotFoundError: the edition has no scores on the common scale.
    """
    source, tier = (
        ("history.scores", "s.tier") if scale is Scale.yearly else ("history.scores_panel", "NULL::INTEGER AS tier")
    )
    with open_published(settings.published) as db:
        edition = db.edition(which)
        nodes = nodes_of(db, edition)
        root = str(nodes["node"].iloc[0])
        chosen = root if node is None else find_node(nodes, node, indicators=False)
        children = list(nodes.loc[nodes["parent"] == chosen, "node"]) if chosen == root else []
        ranking = db.frame(
            f"""SELECT s.edition, s.year, s.node, s.rank, s.adcode, s.province, p.name_en, s.score, {tier}, s.coverage
               FROM {source} s JOIN history.provinces p USING (edition, adcode)
               WHERE edition = $edition AND node = $node ORDER BY rank NULLS LAST, adcode""",  # noqa: S608 - our own names
            edition=edition,
            node=chosen,
        )
        notes = [faithfulness(db, edition)] if scale is Scale.yearly else _about_scale(db, edition)
        if scale is Scale.yearly:
            ranking = ranking.join(_how_sure(db, edition, chosen), on="adcode")
        earlier, moved = _moved(db, edition, chosen, source)
        ranking["places"] = ranking["adcode"].map(earlier) - ranking["rank"]
        below = db.frame(f"SELECT adcode, node, score FROM {source} WHERE edition = $edition", edition=edition)  # noqa: S608
        for child in children:
            scores = below[below["node"] == child].set_index("adcode")["score"]
            ranking[child] = ranking["adcode"].map(scores)
        titles = nodes.set_index("node")
        headings = {"rank": "位次 #"}
        if moved:
            headings |= {"moved": f"较 against {moved}"}
            notes = [
                *notes,
                f"升降也可能来自采用、权重的变化 a change may come from coverage or weights: `icdp compare {moved} {edition}`",
            ]
        headings |= {"province": "省份", "name_en": "Province", "score": "得分 Score"}
        if "rank_p05" in ranking and ranking["rank_p05"].notna().any():
            headings |= {"interval": "位次区间 5–95 %"}
            notes = [*notes, _ABOUT_INTERVALS]
        headings |= {"tier": "梯队 Tier"} if chosen == root and scale is Scale.yearly else {}
        headings |= {child: f"{titles['name_zh'][child]} {child}" for child in children}
        headings |= {"coverage": "覆盖 Cov."}
        shown = rows_of(ranking)
        if form is Format.table:
            shown = [row | {"moved": _arrow(row["places"]), "interval": _interval(row)} for row in shown]
        show(
            shown,
            form,
            headings,
            title=f"{titles['name_zh'][chosen]} {titles['name_en'][chosen]} · {headline(db, edition)}",
            notes=notes,
        )


_ABOUT_INTERVALS = (
    "位次区间：专家判断、权重、数值与方法在其不确定范围内变动时 5%–95% 的位次。"
    "Interval: ranks between the 5th and 95th percentile as judgements, weights, values and methods vary. `icdp audit`"
)


def _how_sure(db: Published, edition: str, node: str) -> pd.DataFrame:
    """Return adcode -> 5th percentile, median, 95th percentile of the rank."""
    return db.frame(
        "SELECT adcode, rank_p05, rank_median, rank_p95 FROM history.rank_intervals WHERE edition = $edition AND node = $node",
        edition=edition,
        node=node,
    ).set_index("adcode")


def _moved(db: Published, edition: str, node: str, source: str) -> tuple[pd.Series, str | None]:
    """Return the ranks of the latest edition of the year before, and its name; no name when there is none."""
    before = db.frame(
        f"""SELECT s.edition, s.adcode, s.rank FROM {source} s JOIN editions e USING (edition)
           WHERE s.node = $node AND e.year = (SELECT year - 1 FROM history.editions WHERE edition = $edition)""",  # noqa: S608
        edition=edition,
        node=node,
    )
    return before.set_index("adcode")["rank"], None if before.empty else str(before["edition"][0])


def _arrow(places: object) -> str:
    if not isinstance(places, int | float):
        return "–"
    return "=" if places == 0 else f"{'▲' if places > 0 else '▼'} {abs(int(places))}"


def _interval(row: dict[str, object]) -> str | None:
    first, last = row.get("rank_p05"), row.get("rank_p95")
    return None if first is None or last is None else f"{number(float(str(first)))}–{number(float(str(last)))}"


def _about_scale(db: Published, edition: str) -> list[str]:
    from icdp.cli import panel

    about = db.frame(
        "SELECT DISTINCT scale_version, span_first, span_last FROM history.scores_panel WHERE edition = $edition",
        edition=edition,
    )
    if about.empty:
        raise NotFoundError(
            f"{edition} has no scores on a panel scale; freeze one (icdp panel freeze), then score and publish the year again"
        )
    version, first, last = about.iloc[0]
    return [f"标尺 scale {version}", panel.span(int(first), int(last)), *panel.outside(db, [edition])]


def profile(settings: Settings, province: str, which: str, form: Format) -> None:
    """Print everything about one province in one edition."""
    place = load_catalog(settings.catalog).province(province)
    with open_published(settings.published) as db:
        edition = db.edition(which)
        table = db.frame(
            """SELECT n.node, n.level, n.name_zh, n.name_en, coalesce(s.score, NULL) AS score, s.rank,
                   v.value, v.unit, v.normalized, v.status, v.value_year, v.fill, v.fidelity, c.points, g.in_use, g.note_zh, g.note_en
               FROM history.nodes n
               LEFT JOIN history.scores s ON s.edition = n.edition AND s.node = n.node AND s.adcode = $adcode
               LEFT JOIN history.indicator_values v ON v.edition = n.edition AND v.indicator = n.node AND v.adcode = $adcode
               LEFT JOIN history.contributions c ON c.edition = n.edition AND c.indicator = n.node AND c.adcode = $adcode
               LEFT JOIN history.indicator_coverage g ON g.edition = n.edition AND g.indicator = n.node
               WHERE n.edition = $edition ORDER BY n.position""",
            edition=edition,
            adcode=place.adcode,
        )
        ordered = _depth_first(nodes_of(db, edition), table)
        people = ordered.assign(
            title=[
                "  " * level + f"{zh} {en}"
                for level, zh, en in ordered[["level", "name_zh", "name_en"]].itertuples(index=False)
            ],
            told=[_state(r) for r in ordered.itertuples()],
        )
        headings = {
            "title": "节点 Node", "score": "得分 Score", "rank": "位次 #", "value": "数值 Value", "unit": "单位",
            "normalized": "标准化 0–1", "points": "贡献 Points", "told": "口径 Fidelity",
        }  # fmt: skip
        title = f"{place.name_zh} {place.name_en} · {headline(db, edition)}"
        notes = [faithfulness(db, edition), *_over_years(db, place.adcode, str(ordered["node"].iloc[0]))]
        show(rows_of(people if form is Format.table else ordered), form, headings, title, notes)


def _over_years(db: Published, adcode: str, node: str) -> list[str]:
    from icdp.cli import panel

    table, _ = panel.series(db, adcode, node)
    if table.empty:
        return []
    told = " → ".join(
        f"{r['year']} {'–' if r['score'] is None else number(float(str(r['score'])))}" for r in rows_of(table)
    )
    return [f"共同标尺 panel scale {table['scale_version'].iloc[-1]}: {told}. `icdp trend`"]


def _depth_first(nodes: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    children: dict[str, list[str]] = {}
    for node, parent in zip(nodes["node"], nodes["parent"], strict=True):
        children.setdefault(parent if isinstance(parent, str) else "", []).append(node)

    def walk(node: str) -> list[str]:
        return [node, *(below for child in children.get(node, []) for below in walk(child))]

    return table.set_index("node").loc[walk(children[""][0])].reset_index()


def _state(row: object) -> str:
    fidelity = getattr(row, "fidelity", None)
    if isinstance(fidelity, str):
        fill, year = getattr(row, "fill", None), getattr(row, "value_year", "")
        carried = f"{year} 年数据 carried" if getattr(row, "status", "") == "I" else ""
        came = both("fill", fill) if fill in ("interpolated", "group_median") else carried
        return f"{FIDELITY[fidelity]} · {came}" if came else FIDELITY[fidelity]
    in_use = getattr(row, "in_use", None)
    if in_use is None or in_use is pd.NA or pd.isna(in_use):
        return ""
    return "本省缺值 no figure for this province" if in_use else f"缺 missing: {getattr(row, 'note_zh', '')}"


def coverage(settings: Settings, which: str, form: Format) -> None:
    """Print for every indicator what is used, how faithful it is, of which years, or why it is missing."""
    with open_published(settings.published) as db:
        edition = db.edition(which)
        table = db.frame(
            """SELECT c.edition, c.year, c.indicator, n.name_zh, n.name_en, c.in_use, c.fidelity, c.expression, c.unit,
                   c.provinces, c.provinces_current, c.when_missing, c.carried, c.imputed, c.value_year_min, c.value_year_max,
                   c.missing, c.note_zh, c.note_en
               FROM history.indicator_coverage c JOIN history.nodes n ON n.edition = c.edition AND n.node = c.indicator
               WHERE c.edition = $edition ORDER BY n.position""",
            edition=edition,
        )
        people = [_coverage_row(row) for row in rows_of(table)] if form is Format.table else rows_of(table)
        headings = {
            "title": "指标 Indicator", "used": "采用 Used", "fidelity": "口径 Fidelity", "provinces": "省数 Prov.",
            "years": "年份 Years", "filled": "填补 Filled", "note": "说明 Note",
        }  # fmt: skip
        show(people, form, headings, headline(db, edition), [faithfulness(db, edition)])


def _coverage_row(row: dict[str, object]) -> dict[str, object]:
    first, last = row["value_year_min"], row["value_year_max"]
    missing = f"；缺 without: {row['missing']}" if row["in_use"] and row["missing"] else ""
    return {
        "title": f"{row['name_zh']}\n{row['indicator']}",
        "used": row["expression"] or "—",
        "fidelity": FIDELITY[str(row["fidelity"])] if row["in_use"] else "缺 missing",
        "provinces": row["provinces"],
        "filled": _filled(row),
        "years": None if first is None else (f"{first}" if first == last else f"{first}–{last}"),
        "note": f"{row['note_zh']}{missing}\n{row['note_en']}",
    }


def _filled(row: dict[str, object]) -> str | None:
    told = {"carried": "沿用 carried", "imputed": "插补 imputed"}
    return "\n".join(f"{word} {row[name]}" for name, word in told.items() if row[name]) or None


def query(settings: Settings, sql: str, form: Format, day: date | None = None) -> None:
    """Print the answer of one SQL statement on the published database, as of ``day`` if one is given.

    Raises:
        DataError: the statement is refused or wrong.
    """
    with open_published(settings.published) as db:
        if day is not None:
            db.as_of(day)
        try:
            answer = db.connection.execute(sql)
            frame = answer.df() if answer.description else pd.DataFrame()
        except duckdb.Error as exc:
            reason = " ".join(str(exc).split())
            raise DataError(f'query: {reason}; `icdp query "SHOW TABLES"` lists what there is') from exc
    show(rows_of(frame), form, {name: name for name in frame.columns})
