"""The Excel file of an edition: for people who read, filter, and check by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd

from icdp.catalog import Catalog
from icdp.publishing.workbook.book import Book, Column
from icdp.publishing.workbook.recompute import Recomputed
from icdp.publishing.workbook.recompute_all import ALL, AllSheet
from icdp.publishing.workbook.recompute_one import ONE, OneSheet
from icdp.publishing.workbook.shown import SHOWN, Names, write_shown
from icdp.publishing.workbook.wide import (
    CONTRIBUTIONS,
    RANKING,
    SCORES,
    VALUES,
    Year,
    write_published,
    write_ranking,
    write_values,
)  # fmt: skip
from icdp.scoring.from_catalog import settings_of, tree_of

ABOUT, CITATIONS = "说明 About", "引文 Citations"
GUIDE = (
    (RANKING, "位次、得分、梯队、位次区间 ranks, scores, tiers, intervals of ranks"),
    (ONE, "选一个省，看综合得分怎样由数值算出 choose a province and see its composite made from its values"),
    (ALL, "31 个省份同样的算式 the same for all 31 provinces"),
    (VALUES, "采用的指标数值 the values in use"),
    (SCORES, "各节点得分 scores on every node"),
    (CONTRIBUTIONS, "各指标贡献的分数 points each indicator adds"),
    (CITATIONS, "每个数值出自哪里 where each figure comes from"),
)


def write_workbook(path: Path, catalog: Catalog, content: Mapping[str, pd.DataFrame]) -> None:
    """Write the workbook of an edition; the same tables give the same bytes.

    Args:
        path: the file.
        catalog: the index it was made by.
        content: the tables of the edition, its own row in ``editions``.
    """
    own = content["editions"].iloc[0]
    year = Year.of(tree_of(catalog), content)
    done = Recomputed(year, settings_of(catalog))
    about = {
        "title": f"{catalog.rules.title_zh} {own['edition']}",
        "subject": catalog.rules.title_en,
        "author": catalog.rules.publication.publisher_zh,
    }
    created: datetime = pd.Timestamp(own["published_at"]).tz_convert("UTC").to_pydatetime()
    with Book(path, created, about) as book:
        _write_about(book, catalog, content, done)
        write_ranking(book, year)
        OneSheet(done).write(book)
        AllSheet(done).write(book)
        write_values(book, year)
        write_published(book, year)
        names = Names(content)
        for shown in SHOWN:
            write_shown(book, shown, content, names)
        _write_citations(book, content, names)


def _write_about(book: Book, catalog: Catalog, content: Mapping[str, pd.DataFrame], done: Recomputed) -> None:
    own, rules = content["editions"].iloc[0], catalog.rules
    status = "定稿 final" if own["status"] == "final" else "暂定 provisional"
    sheet = book.sheet(ABOUT, f"{rules.title_zh} {own['edition']}", rules.title_en)
    publication = rules.publication
    rows = [
        ("版本 Edition", f"{own['edition']}（{status}）"),
        ("统计年度 Year", str(own["year"])),
        ("发布 Published", pd.Timestamp(own["published_at"]).strftime("%Y-%m-%d %H:%M UTC")),
        ("采用指标 Indicators in use", f"{own['indicators_used']} / {own['indicators_total']}"),
        ("模型 Model", f"{rules.model}: {rules.reference}"),
        ("发布者 Publisher", f"{publication.publisher_zh} {publication.publisher_en}"),
        ("许可 Licence", f"{publication.licence_zh} {publication.licence_en}"),
        ("内容摘要 Content digest", str(own["content_sha256"])),
        ("缺值 Missing", "空格即缺值，从不填 0。 An empty cell is missing, never 0."),
        *(("复算 Recomputing", remark) for remark in done.remarks()),
        *GUIDE,
        *((shown.sheet, f"数据表 table `{shown.table}`") for shown in SHOWN),
    ]
    book.table(sheet, (Column("项目", "Item"), Column("内容", "Content")), rows)
    sheet.set_column(1, 1, 110)


def _write_citations(book: Book, content: Mapping[str, pd.DataFrame], names: Names) -> None:
    columns = {
        "indicator": "指标 indicator", "series": "数据序列 series", "value_year": "年份 year", "publisher": "发布机构 publisher",
        "title": "文献 title", "source_url": "地址 address", "layer": "来源层 layer",
    }  # fmt: skip
    lineage = content["lineage"]
    grouped = lineage.groupby(list(columns), dropna=False, sort=True).size().rename("count").reset_index()
    rows = [
        [names.nodes.get(str(row[0]), row[0]), *(None if pd.isna(cell) else cell for cell in row[1:])]
        for row in grouped.itertuples(index=False, name=None)
    ]
    headings = []
    for name, text in columns.items():
        zh, _, en = text.partition(" ")
        headings.append(Column(zh, en, "0" if name == "value_year" else "", name == "source_url"))
    remark = "采用的每个数值引自何处；末列为该处数值个数。 Where each value in use is cited from; the last column counts the figures."
    sheet = book.sheet(CITATIONS, "引文 Citations", remark)
    book.table(sheet, [*headings, Column("个数", "figures", "0")], rows, fixed=1)
