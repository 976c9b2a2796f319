"""Which published tables the workbook shows as they are, and how their columns are written for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from icdp.look import both
from icdp.publishing.schema import tables
from icdp.publishing.workbook.book import Book, Column

GENERAL, WHOLE, YEAR, SCORE, FINE, SHARE, PLACES = "General", "0", "0", "0.00", "0.0000", "0.0%", "0.0"
FORMS = {
    "score": SCORE, "score_before": SCORE, "score_after": SCORE, "score_points": SCORE, "points": SCORE, "composite": SCORE,
    "rank_places": PLACES, "rank_p05": PLACES, "rank_median": PLACES, "rank_p95": PLACES, "rank_mean": PLACES,
    "local_weight": SHARE, "effective_weight": SHARE, "coverage": SHARE, "known": SHARE, "expert_weight": SHARE,
    "weight": SHARE, "nominal": SHARE, "effective": SHARE, "explained": SHARE, "p_scored": SHARE, "p_ahead_of_next": SHARE,
    "p_tier1": SHARE, "p_tier2": SHARE, "p_tier3": SHARE, "value": GENERAL,
}  # fmt: skip
"""Column -> number format, where it is not that of its type."""

WORDS = {
    "status": "observation_status", "fill": "fill", "fidelity": "fidelity", "basis": "basis", "layer": "layer", "method": "method",
    "severity": "severity", "part": "part", "when_missing": "when_missing",
}  # fmt: skip
"""Column -> kind of the codes in it (``icdp.look``)."""

NODES = ("node", "parent", "indicator", "left_out", "other")
PROVINCES = ("adcode", "next_adcode")
LINKS = ("source_url",)


@dataclass(frozen=True, slots=True)
class Shown:
    """A sheet that shows a table.

    Attributes:
        sheet: name of the sheet.
        table: the published table.
        without: its columns that only programs need; ``edition`` and ``year`` are never shown.
        fixed: columns at the left that stay in sight.
    """

    sheet: str
    table: str
    without: tuple[str, ...] = ()
    fixed: int = 2


SHOWN = (
    Shown("指标 Indicators", "indicator_coverage"),
    Shown("权重 Weights", "weights"),
    Shown("数值明细 Value details", "indicator_values", ("payload_sha256", "retrieved_at"), 3),
    Shown("位次区间 Rank intervals", "rank_intervals"),
    Shown("共同标尺 Panel scale", "scores_panel"),
    Shown("变化 Changes", "rank_changes", fixed=3),
    Shown("一致性 Consistency", "consistency"),
    Shown("共识 Consensus", "consensus"),
    Shown("审计 Audit", "audit_nodes"),
    Shown("权重与影响 Importance", "audit_importance"),
    Shown("不确定性假定 Assumptions", "uncertainty_assumptions"),
    Shown("质量 Quality", "quality_results"),
    Shown("计算说明 Notes", "run_notes", ("position",)),
    Shown("规则 Rules", "rules"),
)


class Names:
    """What ids of nodes and provinces are called."""

    def __init__(self, content: Mapping[str, pd.DataFrame]) -> None:
        """Take the tables of an edition."""
        nodes, provinces = content["nodes"].set_index("node"), content["provinces"].set_index("adcode")
        self.nodes = {str(n): f"{zh} {en}" for n, zh, en in nodes[["name_zh", "name_en"]].itertuples()}
        self.provinces = {str(p): f"{zh} {en}" for p, zh, en in provinces[["short_zh", "name_en"]].itertuples()}

    def of(self, column: str) -> dict[str, str] | None:
        """Return the names of the ids in a column; None where it holds none."""
        if column in NODES:
            return self.nodes
        return self.provinces if column in PROVINCES else None


def write_shown(book: Book, shown: Shown, content: Mapping[str, pd.DataFrame], names: Names) -> None:
    """Write one of :data:`SHOWN`; an id stands beside its name, a code is told in words."""
    table, rows = tables()[shown.table], content[shown.table].sort_values(list(tables()[shown.table].order))
    hidden = {"edition", "year", *shown.without} | ({"province"} if "adcode" in table.columns else set())
    columns, cells = [], []
    for name, (kind, zh, _) in table.columns.items():
        if name in hidden:
            continue
        if (named := names.of(name)) is not None:
            columns.append(Column(_short(zh), "province" if name == "adcode" else name.replace("_", " ")))
            cells.append([_named(value, named) for value in rows[name]])
        columns.append(_column(name, kind, zh, is_id=named is not None))
        cells.append([told(name, value) for value in rows[name]])
    sheet = book.sheet(shown.sheet, f"{table.zh} {table.en}", f"数据表 table `{shown.table}`")
    book.table(sheet, columns, zip(*cells, strict=True), shown.fixed)


def _named(value: object, names: Mapping[str, str]) -> object:
    return names.get(str(value), None if pd.isna(value) else value)  # type: ignore[call-overload]


def _column(name: str, kind: str, zh: str, *, is_id: bool) -> Column:
    by_type = {"INTEGER": WHOLE, "DOUBLE": FINE}
    form = FORMS.get(name, by_type.get(kind, "")) if kind in by_type else ""
    heading = "代码" if is_id else _short(zh)
    return Column(heading, name.replace("_", " "), form, name in LINKS)


def _short(zh: str) -> str:
    """Return a heading without what its explanation adds after a semicolon."""
    return zh.partition("；")[0]


def told(column: str, value: object) -> object:
    """Return a cell of a column for people: a code in words, anything else as it is."""
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if column in WORDS and isinstance(value, str):
        return both(WORDS[column], value)
    return value.item() if hasattr(value, "item") else value
