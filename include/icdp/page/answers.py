"""Rankings, provinces, indicators and weights out of the published tables; SQL with bound parameters only."""

from __future__ import annotations

from typing import Any, Literal

from icdp.page.asking import Paging, State, cut
from icdp.page.models import (
    Edition,
    History,
    Indicator,
    Neighbour,
    Node,
    Profile,
    Province,
    Score,
    Scores,
    Standing,
    Year,
)
from icdp.page.refusals import Refused

Scale = Literal["yearly", "panel"]
Sort = Literal["rank", "-rank", "score", "-score", "name", "-name", "places", "-places", "width", "-width"]

_SCORED = {"yearly": "history.scores", "panel": "history.scores_panel"}
# A tile is the same in every edition; one published before there were tiles has none of its own.
_TILES = """(SELECT adcode, any_value(tile_column) AS tile_column, any_value(tile_row) AS tile_row
    FROM history.provinces GROUP BY adcode)"""


def editions(state: State) -> list[Edition]:
    """Return every edition, the newest first."""
    found = state.rows(
        """SELECT e.*, l.edition IS NOT NULL AS latest FROM history.editions e LEFT JOIN editions l USING (edition)
           ORDER BY e.year DESC, e.revision DESC"""
    )
    return [Edition.model_validate(row) for row in found]


def provinces(state: State) -> list[Province]:
    """Return the provinces by code."""
    found = state.of_edition(
        f"""SELECT p.* EXCLUDE (tile_column, tile_row), t.tile_column, t.tile_row
            FROM history.provinces p LEFT JOIN {_TILES} t USING (adcode)
            WHERE edition = $edition ORDER BY adcode"""  # noqa: S608 - our own text
    )
    return [Province.model_validate(row) for row in found]


def scores(
    state: State, node: str | None, scale: Scale, sort: Sort, search: str | None, tier: int | None, paging: Paging
) -> Scores:
    """Return the ranking on a node."""
    chosen, before = state.node(node), state.before()
    table = _SCORED[scale]
    tiers, known = ("s.tier", "s.known") if scale == "yearly" else ("NULL::INTEGER", "NULL::DOUBLE")
    found = state.of_edition(
        f"""SELECT s.adcode, p.short_zh, p.name_en, p.region, s.rank, s.score, s.coverage, {tiers} AS tier,
                {known} AS known,
                i.rank_p05, i.rank_median, i.rank_p95, b.rank AS rank_before, b.rank - s.rank AS places
            FROM {table} s JOIN history.provinces p USING (edition, adcode)
            LEFT JOIN {table} b ON b.edition = $before AND b.node = s.node AND b.adcode = s.adcode
            LEFT JOIN history.rank_intervals i
                ON i.edition = s.edition AND i.node = s.node AND i.adcode = s.adcode AND $scale = 'yearly'
            WHERE s.edition = $edition AND s.node = $node
                AND ($search IS NULL OR contains(lower(concat_ws(' ', p.adcode, p.name_zh, p.short_zh, p.name_en)), $search))
                AND ($tier IS NULL OR {tiers} = $tier)
            ORDER BY s.rank NULLS LAST, s.adcode""",  # noqa: S608 - our own names
        before=before, node=chosen, scale=scale, search=search.strip().lower() if search else None, tier=tier,
    )  # fmt: skip
    if not found and scale == "panel" and search is None and tier is None:
        raise Refused(404, f"{state.edition} 没有共同标尺得分", f"{state.edition} has no scores on a common scale")
    ordered = _sorted(found, sort)
    below, filled = _below(state, chosen, table), _filled(state, chosen)
    rows = [
        Score(**row, below={child: marks.get(row["adcode"]) for child, marks in below.items()},
              filled=filled.get(row["adcode"], 0))
        for row in cut(ordered, paging)
    ]  # fmt: skip
    return Scores(
        **state.paged(rows, len(ordered), paging),
        node=chosen,
        scale=scale,
        before=before,
        fidelity=_fidelity(state, chosen),
    )


def _sorted(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Return the rows in the order wanted; what is unknown comes last either way, ties stay as ranked."""
    key = sort.removeprefix("-")

    def value(row: dict[str, Any]) -> Any:
        if key == "width":
            return None if row["rank_p05"] is None else row["rank_p95"] - row["rank_p05"]
        return row["name_en" if key == "name" else key]

    known = [row for row in rows if value(row) is not None]
    return sorted(known, key=value, reverse=sort.startswith("-")) + [row for row in rows if value(row) is None]


def _below(state: State, node: str, table: str) -> dict[str, dict[str, float | None]]:
    scored = set(state.nodes) - set(state.indicators)
    children = [n.node for n in state.nodes.values() if n.parent == node and n.node in scored]
    found: dict[str, dict[str, float | None]] = {child: {} for child in children}
    sql = f"SELECT node, adcode, score FROM {table} WHERE edition = $edition AND list_contains($children, node)"  # noqa: S608
    for row in state.of_edition(sql, children=children) if children else []:
        found[row["node"]][row["adcode"]] = row["score"]
    return found


def _filled(state: State, node: str) -> dict[str, int]:
    found = state.of_edition(
        """SELECT adcode, count(*) AS filled FROM history.indicator_values
           WHERE edition = $edition AND list_contains($leaves, indicator)
               AND coalesce(fill, CASE WHEN status = 'I' THEN 'carried' ELSE 'none' END) <> 'none' GROUP BY adcode""",
        leaves=state.leaves(node),
    )
    return {row["adcode"]: row["filled"] for row in found}


def _fidelity(state: State, node: str) -> dict[str, int]:
    found = state.of_edition(
        """SELECT CASE WHEN in_use THEN fidelity ELSE 'missing' END AS fidelity, count(*) AS n
           FROM history.indicator_coverage WHERE edition = $edition AND list_contains($leaves, indicator)
           GROUP BY 1 ORDER BY 1""",
        leaves=state.leaves(node),
    )
    return {row["fidelity"]: row["n"] for row in found}


def tree(state: State) -> list[Node]:
    """Return the tree with its weights, depth first."""
    weights = {row["node"]: row for row in state.of_edition("FROM history.weights WHERE edition = $edition")}
    groups = {row["parent"]: row for row in state.of_edition("FROM history.consensus WHERE edition = $edition")}
    rows = []
    for node in state.nodes.values():
        weight, group = weights.get(node.node, {}), groups.get(node.node, {})
        rows.append(
            Node(
                **vars(node), indicator=node.node in state.indicators, in_use=bool(weight) or node.parent is None,
                method=weight.get("method"), local_weight=weight.get("local_weight"),
                effective_weight=weight.get("effective_weight"), cr=group.get("cr"), experts=group.get("experts"),
            )
        )  # fmt: skip
    return rows


def indicators(state: State) -> list[Indicator]:
    """Return what is used for each indicator, in the order of the tree."""
    found = state.of_edition(
        """SELECT c.* EXCLUDE (edition, year), w.effective_weight FROM history.indicator_coverage c
           LEFT JOIN history.weights w ON w.edition = c.edition AND w.node = c.indicator WHERE c.edition = $edition"""
    )
    told = {row["indicator"]: row for row in found}
    return [
        Indicator(
            **told[leaf], name_zh=state.nodes[leaf].name_zh, name_en=state.nodes[leaf].name_en, above=state.above(leaf)
        )
        for leaf in state.indicators
        if leaf in told
    ]


_STANDING = """
    WITH figures AS (
        SELECT v.*, CASE WHEN v.normalized IS NOT NULL
            THEN rank() OVER (PARTITION BY v.indicator ORDER BY v.normalized DESC NULLS LAST) END AS place,
            count(v.normalized) OVER (PARTITION BY v.indicator) AS placed
        FROM history.indicator_values v WHERE v.edition = $edition AND ($node IS NULL OR v.indicator = $node)),
    ranked AS (SELECT node, count(rank) AS placed FROM history.scores WHERE edition = $edition GROUP BY node),
    cited AS (SELECT adcode, indicator, any_value(publisher) AS publisher, any_value(title) AS title
        FROM (SELECT * FROM history.lineage WHERE edition = $edition
            AND list_contains($adcodes, adcode) AND ($node IS NULL OR indicator = $node) ORDER BY series, value_year, of_adcode)
        GROUP BY adcode, indicator)
    SELECT a.adcode, n.node, s.score, coalesce(s.rank, v.place) AS rank, coalesce(r.placed, v.placed) AS ranked,
        i.rank_p05, i.rank_p95, b.rank AS rank_before, v.value, coalesce(v.unit, g.unit, n.unit) AS unit, v.normalized,
        v.status, v.value_year, coalesce(v.fill, CASE WHEN v.status = 'I' THEN 'carried' WHEN v.status IS NOT NULL THEN 'none' END) AS fill,
        coalesce(v.fidelity, g.fidelity) AS fidelity, v.basis, q.publisher, q.title, v.source_url, c.points, c.weight,
        g.note_zh, g.note_en, coalesce(g.in_use, w.node IS NOT NULL OR n.parent IS NULL) AS in_use
    FROM history.nodes n CROSS JOIN (SELECT unnest($adcodes) AS adcode) a
    LEFT JOIN history.scores s ON s.edition = n.edition AND s.node = n.node AND s.adcode = a.adcode
    LEFT JOIN history.scores b ON b.edition = $before AND b.node = n.node AND b.adcode = a.adcode
    LEFT JOIN ranked r ON r.node = n.node
    LEFT JOIN history.rank_intervals i ON i.edition = n.edition AND i.node = n.node AND i.adcode = a.adcode
    LEFT JOIN figures v ON v.indicator = n.node AND v.adcode = a.adcode
    LEFT JOIN cited q ON q.indicator = n.node AND q.adcode = a.adcode
    LEFT JOIN history.contributions c ON c.edition = n.edition AND c.indicator = n.node AND c.adcode = a.adcode
    LEFT JOIN history.indicator_coverage g ON g.edition = n.edition AND g.indicator = n.node
    LEFT JOIN history.weights w ON w.edition = n.edition AND w.node = n.node
    WHERE n.edition = $edition AND ($node IS NULL OR n.node = $node)"""


def standings(state: State, adcodes: list[str], only: str | None = None) -> dict[str, list[Standing]]:
    """Return for each node of the tree, depth first, how the provinces stand on it, in their order.

    Args:
        state: knows the edition.
        adcodes: the provinces.
        only: a node, if the others are not wanted.
    """
    found = state.of_edition(_STANDING, adcodes=adcodes, before=state.before(), node=only)
    cells = {(row["node"], row.pop("adcode")): row for row in found}
    return {
        name: [
            Standing(
                **cells[name, adcode], parent=node.parent, level=node.level, name_zh=node.name_zh, name_en=node.name_en,
                indicator=name in state.indicators,
            )
            for adcode in adcodes
        ]
        for name, node in state.nodes.items()
        if only in (None, name)
    }  # fmt: skip


def profile(state: State, adcode: str) -> Profile:
    """Return all about one province."""
    place = next(p for p in provinces(state) if p.adcode == state.province(adcode))
    (own,) = state.of_edition(
        """SELECT s.tier, s.known, i.p_tier1, i.p_tier2, i.p_tier3 FROM history.scores s
           LEFT JOIN history.rank_intervals i ON i.edition = s.edition AND i.node = s.node AND i.adcode = s.adcode
           WHERE s.edition = $edition AND s.node = $root AND s.adcode = $adcode""",
        root=state.root, adcode=adcode,
    )  # fmt: skip
    return Profile(
        edition=state.edition, year=state.year, before=state.before(), province=place, tier=own["tier"], known=own["known"],
        p_tier=[own["p_tier1"], own["p_tier2"], own["p_tier3"]],
        nodes=[standing for (standing,) in standings(state, [adcode]).values()],
        neighbours=_neighbours(state, adcode),
    )  # fmt: skip


def _neighbours(state: State, adcode: str, near: int = 2) -> list[Neighbour]:
    found = state.of_edition(
        """WITH all_of AS (SELECT s.adcode, p.short_zh, p.name_en, p.region, s.rank, s.score
               FROM history.scores s JOIN history.provinces p USING (edition, adcode)
               WHERE s.edition = $edition AND s.node = $root),
           own AS (FROM all_of WHERE adcode = $adcode)
           SELECT a.adcode, a.short_zh, a.name_en, a.rank, a.score,
               coalesce(abs(a.rank - o.rank) <= $near, false) AS near, a.region = o.region AS same_region
           FROM all_of a, own o WHERE a.adcode <> o.adcode AND (near OR same_region) ORDER BY a.rank NULLS LAST, a.adcode""",
        root=state.root, adcode=adcode, near=near,
    )  # fmt: skip
    return [Neighbour(**row) for row in found]


def history(state: State, node: str | None) -> list[History]:
    """Return the provinces over the years: of each year its latest edition."""
    (newest,) = state.rows("SELECT edition, year FROM editions ORDER BY year DESC LIMIT 1")
    state.edition, state.year = newest["edition"], newest["year"]
    chosen = state.node(node)
    found = state.rows(
        """SELECT s.adcode, e.year, e.edition, e.status, s.score, s.rank, c.score AS panel_score, c.rank AS panel_rank, c.scale_version
           FROM editions e JOIN history.scores s USING (edition)
           LEFT JOIN history.scores_panel c ON c.edition = e.edition AND c.node = s.node AND c.adcode = s.adcode
           WHERE s.node = $node ORDER BY e.year""",
        node=chosen,
    )
    years: dict[str, list[Year]] = {}
    for row in found:
        years.setdefault(row.pop("adcode"), []).append(Year(**row))
    newest_rank = {a: (y[-1].rank if y[-1].rank is not None else 1000, a) for a, y in years.items()}
    told = [
        History(adcode=p.adcode, short_zh=p.short_zh, name_en=p.name_en, years=years[p.adcode])
        for p in provinces(state)
        if p.adcode in years
    ]
    return sorted(told, key=lambda province: newest_rank[province.adcode])
