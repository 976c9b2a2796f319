"""Sheets with a row a province: the values, the published scores and contributions, the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from icdp.look import both, look
from icdp.publishing.workbook.book import Book, Column
from icdp.publishing.workbook.shown import GENERAL, SCORE, SHARE, WHOLE
from icdp.scoring.tree import Tree

VALUES, SCORES, CONTRIBUTIONS, RANKING = "数值 Values", "得分 Scores", "贡献 Contributions", "排名 Ranking"
UNIT, FIDELITY, DIRECTION, LEAST, MOST, HEADINGS = range(2, 8)
"""Rows of the sheet of values, from 0."""
LABELS = {
    UNIT: "单位 Unit", FIDELITY: "口径 Fidelity", DIRECTION: "方向 Direction (1 高为好 more is better, -1 低为好 less is better)",
    LEAST: "最小值 Minimum", MOST: "最大值 Maximum",
}  # fmt: skip
OWN = 3
"""Columns before the figures: province, Province, adcode."""
PROVINCE = (Column("省份", "Province"), Column("英文名", "English name"), Column("代码", "adcode"))


@dataclass(frozen=True)
class Year:
    """What the sheets of a year are made from.

    Attributes:
        tree: the index.
        content: the tables of the edition.
        provinces: adcode, short_zh, name_en in the order of the rows.
        nodes: node -> its row of table ``nodes``.
        used: indicators in use, in the order of the tree.
        inner: nodes above them in use, from the composite down.
    """

    tree: Tree
    content: Mapping[str, pd.DataFrame]
    provinces: pd.DataFrame
    nodes: pd.DataFrame
    used: list[str]
    inner: list[str]

    @classmethod
    def of(cls, tree: Tree, content: Mapping[str, pd.DataFrame]) -> Year:
        """Read the tables of an edition."""
        weighed = set(content["weights"]["node"])
        return cls(
            tree,
            content,
            content["provinces"].sort_values("adcode", ignore_index=True),
            content["nodes"].set_index("node"),
            [leaf for leaf in tree.leaves() if leaf in weighed],
            [node for node in tree.inner if node == tree.root or node in weighed],
        )

    def wide(self, table: str, key: str, value: str, columns: Sequence[str]) -> pd.DataFrame:
        """Return provinces x columns."""
        found = self.content[table].pivot(index="adcode", columns=key, values=value)
        return found.reindex(index=list(self.provinces["adcode"]), columns=list(columns))

    def column(self, node: str, form: str) -> Column:
        """Return the heading of a node's column."""
        return Column(str(self.nodes["name_zh"][node]), str(self.nodes["name_en"][node]), form)

    def unit(self, leaf: str) -> str:
        """Return the unit of an indicator's values."""
        coverage = self.content["indicator_coverage"].set_index("indicator")
        return str(coverage["unit"][leaf])

    def own(self) -> list[tuple[str, str, str]]:
        """Return the cells that name each province."""
        return list(self.provinces[["short_zh", "name_en", "adcode"]].itertuples(index=False, name=None))

    def rows(self, first: int) -> tuple[int, int]:
        """Return the first and the last row (Excel's, from 1) of provinces below headings in row ``first`` (from 0)."""
        return first + 2, first + 1 + len(self.provinces)


def write_values(book: Book, year: Year) -> None:
    """Write the values in use with unit, fidelity, direction and extremes (formulas) above them."""
    sheet = book.sheet(
        VALUES,
        "指标数值 Values of the indicators in use",
        "空格为缺值，从不填 0；斜体为沿用、插补或估计（见“数值明细”）。 An empty cell is missing, never 0; italics: carried forward, imputed or "
        "estimated (see the details).",
    )
    values = year.wide("indicator_values", "indicator", "value", year.used)
    rows = [[*own, *figures] for own, figures in zip(year.own(), values.to_numpy(dtype=float).tolist(), strict=True)]
    columns = [*PROVINCE, *(year.column(node, GENERAL) for node in year.used)]
    book.table(sheet, columns, rows, fixed=1, top=HEADINGS)
    for row, label in LABELS.items():
        sheet.write_string(row, 0, label, book.label())
        sheet.write_blank(row, 1, None, book.label())
        sheet.write_blank(row, 2, None, book.label())
    coverage = year.content["indicator_coverage"].set_index("indicator")
    first, last = year.rows(HEADINGS)
    for place, node in enumerate(year.used, start=OWN):
        letter = xl_col_to_name(place)
        sheet.write_string(UNIT, place, str(coverage["unit"][node]), book.label())
        sheet.write_string(FIDELITY, place, both("fidelity", coverage["fidelity"][node]), book.label())
        sheet.write_number(DIRECTION, place, int(year.nodes["direction"][node]), book.label())
        for row, function, result in (
            (LEAST, "MIN", values[node].min()),
            (MOST, "MAX", values[node].max()),
        ):
            sheet.write_formula(row, place, f"={function}({letter}{first}:{letter}{last})", book.label(), float(result))
    _mark_other_than_own(book, sheet, year, values)


def _mark_other_than_own(book: Book, sheet: Worksheet, year: Year, values: pd.DataFrame) -> None:
    status = year.wide("indicator_values", "indicator", "status", year.used)
    italics = book.style(
        italic=True,
        font_color=look().colours["muted"],
        num_format=GENERAL,
        bottom=1,
        bottom_color=look().colours["line"],
    )
    for row, adcode in enumerate(values.index, start=HEADINGS + 1):
        for place, node in enumerate(year.used, start=OWN):
            if status.loc[adcode, node] in ("E", "I"):
                sheet.write_number(row, place, float(values.loc[adcode, node]), italics)


def write_published(book: Book, year: Year) -> None:
    """Write the published scores of all nodes, and the points each indicator adds to the composite."""
    for name, title, remark, table, key, value, nodes in (
        (
            SCORES, "得分 Scores", "各节点得分，0–100；空格为有值太少，未计分。 Score on each node, 0-100; empty where too little is known.",
            "scores", "node", "score", year.inner,
        ),
        (
            CONTRIBUTIONS, "对综合得分的贡献 Contributions", "各指标为综合得分贡献的分数，一行之和即综合得分。 Points each indicator adds; a row "
            "sums to the composite score.", "contributions", "indicator", "points", year.used,
        ),
    ):  # fmt: skip
        figures = year.wide(table, key, value, nodes).to_numpy(dtype=float).tolist()
        rows = [[*own, *cells] for own, cells in zip(year.own(), figures, strict=True)]
        sheet = book.sheet(name, title, remark)
        book.table(sheet, [*PROVINCE, *(year.column(node, SCORE) for node in nodes)], rows, fixed=1)


def write_ranking(book: Book, year: Year) -> None:
    """Write the ranking with its intervals and the dimensions' scores and ranks; tiers are coloured and named."""
    root = year.tree.root
    scores = year.content["scores"]
    own = scores[scores["node"] == root].set_index("adcode")
    sure = year.content["rank_intervals"]
    sure = sure[sure["node"] == root].set_index("adcode").reindex(own.index)
    dimensions = [node for node in year.inner if year.tree[node].parent == root]
    columns = [
        Column("位次", "Rank", WHOLE), *PROVINCE, Column("综合得分", "Composite score", SCORE), Column("梯队", "Tier"),
        Column("位次 5% 分位", "rank, 5th percentile", GENERAL), Column("位次 95% 分位", "rank, 95th percentile", GENERAL),
        Column("领先下一位的概率", "P(ahead of the next)", SHARE), Column("自有数据占比", "figures of its own", SHARE),
    ]  # fmt: skip
    for node in dimensions:
        columns += [year.column(node, SCORE), Column(f"{year.nodes['name_zh'][node]}位次", "rank", WHOLE)]
    table, ranks = (year.wide("scores", "node", value, dimensions) for value in ("score", "rank"))
    names = year.provinces.set_index("adcode")
    rows = []
    ordered = own.sort_values(["rank", "score"], ascending=[True, False], na_position="last")
    for adcode, row in ((str(label), row) for label, row in ordered.iterrows()):
        tier = None if pd.isna(row["tier"]) else both("tier", int(row["tier"]))
        rank = None if pd.isna(row["rank"]) else int(row["rank"])
        chance = sure.loc[adcode]
        cells = [
            rank, names["short_zh"][adcode], names["name_en"][adcode], adcode, row["score"], tier, chance["rank_p05"],
            chance["rank_p95"], chance["p_ahead_of_next"], row["known"],
        ]  # fmt: skip
        for node in dimensions:
            cells += [table.loc[adcode, node], ranks.loc[adcode, node]]
        rows.append(cells)
    sheet = book.sheet(
        RANKING,
        "排名 Ranking",
        "两省区间重叠，则孰先孰后并无把握。 Where the intervals of two provinces overlap, which of them is ahead is not certain.",
    )
    book.table(sheet, columns, rows, fixed=2)
    for position, colour in enumerate(look().tiers, start=1):
        dark = position < len(look().tiers)
        form = book.style(bg_color=colour, font_color=look().colours["paper" if dark else "ink"])
        sheet.conditional_format(
            3,
            5,
            2 + len(rows),
            5,
            {"type": "cell", "criteria": "==", "value": f'"{both("tier", position)}"', "format": form},
        )
    sheet.conditional_format(
        3, 4, 2 + len(rows), 4, {"type": "data_bar", "bar_color": look().sequential[1], "bar_solid": True}
    )
