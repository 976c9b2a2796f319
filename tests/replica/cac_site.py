"""The administration's list, notices and PDF attachments, filled with the shipped register."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import SimpleDocTemplate, Spacer, Table, TableStyle
from tests.replica.server import Reply, Request

from icdp.catalog import load_catalog
from icdp.settings import CATALOG, FACTS

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
STYLE = TableStyle([("FONT", (0, 0), (-1, -1), "STSong-Light", 7), ("GRID", (0, 0), (-1, -1), 0.5, "black")])
OLD = ["序号", "属地", "模型名称", "备案单位", "备案时间"]
NEW = ["序号", "属地", "模型名称", "备案单位", "备案编号", "备案时间"]
REGISTERED = ["序号", "属地", "应用名称", "登记单位", "登记编号", "登记时间"]
FIRST = "/2024-04/02/c_1713729983803145.htm"
YEAR_2024 = "/2025-01/08/c_1738034725920930.htm"


@cache
def register() -> list[dict[str, str]]:
    with (FACTS / "registers" / "llm_filings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def filed(rows: list[dict[str, str]], *, numbered: bool) -> list[list[str]]:
    """Rows of a table as printed: long province names, a line break in long cells, dates with slashes."""
    catalog = load_catalog(CATALOG)
    table = []
    for number, row in enumerate(rows, start=1):
        place = catalog.provinces[row["adcode"]].name_zh if row["adcode"] else "国资委"
        year, month, day = (int(part) for part in row["filed_on"].split("-"))
        model = row["model"] if len(row["model"]) < 10 else row["model"][:9] + "\n" + row["model"][9:]
        company = row["company"][:12] + "\n" + row["company"][12:]
        identifier = [f"Synthetic-{row['seq']}"] if numbered else []
        table.append([str(number), place, model, company, *identifier, f"{year}/{month}/{day}"])
    return table


def pdf(*tables: list[list[str]]) -> bytes:
    """Tables one after the other, over as many pages as they need; only the first page of each has its heading."""
    stream = io.BytesIO()
    parts = [part for table in tables for part in (Table(table, style=STYLE), Spacer(1, 20))]
    SimpleDocTemplate(stream, pagesize=landscape(A4), invariant=1).build(parts)
    return stream.getvalue()


SYNTHETIC_REGISTRATIONS = [
    [str(n), "北京市", f"虚构应用{n}", "虚构公司", f"BJ-S{n:04d}", "2024/12/1"] for n in range(1, 31)
]


@cache
def first_attachment() -> bytes:
    """The first notice, updated in place: the filings of 2023 and some of 2024, without identifiers."""
    rows = [row for row in register() if row["filed_on"] <= "2024-03-31"]
    return pdf([OLD, *filed(rows, numbered=False)])


def year_tables() -> tuple[list[list[str]], list[list[str]]]:
    """The notice of 2024 repeats the whole register and adds the other register, 登记."""
    return [NEW, *filed(register(), numbered=True)], [REGISTERED, *SYNTHETIC_REGISTRATIONS]


@cache
def year_attachment() -> bytes:
    return pdf(*year_tables())


@dataclass
class CacSite:
    attachments: dict[str, Callable[[], bytes]] = field(
        default_factory=lambda: {"first": first_attachment, "2024": year_attachment}
    )

    def __call__(self, request: Request) -> Reply:
        if request.path == "/wxzw/wxfb/A093702index_1.htm":
            return Reply.of_html(
                '<div id="loadingInfoPage"><ul>'
                f'<li><h5><a href="{YEAR_2024}">国家互联网信息办公室关于发布2024年 生成式人工智能服务已备案信息的公告</a></h5></li>'
                '<li><h5><a href="/2024-12/01/c_1.htm">关于发布第九批深度合成服务算法备案信息的公告</a></h5></li></ul></div>'
            )
        if request.path in (FIRST, YEAR_2024):
            name = "first" if request.path == FIRST else "2024"
            return Reply.of_html(
                f'<p><a href="/cms/pub/interact/downloadfile.jsp?filepath={name}&amp;fText=附件.docx">附件</a></p>'
            )
        if request.path == "/cms/pub/interact/downloadfile.jsp":
            if "Referer" not in request.headers or "Mozilla" not in request.headers["User-Agent"]:
                return Reply(b"")
            return Reply(self.attachments[request.query["filepath"]](), headers={"Content-Type": "application/msword"})
        raise KeyError(request.path)
