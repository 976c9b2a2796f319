"""The report's list, pages and PDFs: real figures where they are shipped, synthetic ones called so where they are not."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from tests.replica.figures import printed
from tests.replica.server import Reply, Request

from icdp.catalog import load_catalog
from icdp.settings import CATALOG

SONG = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(SONG))
TEXT = ParagraphStyle("text", fontName=SONG, fontSize=10, leading=16)
# Chinese in one font, figures in another: the second keeps its meaning when the first loses it.
STYLE = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), "Helvetica", 9),
        ("FONT", (0, 0), (0, -1), SONG, 9),
        ("FONT", (0, 0), (-1, 0), SONG, 9),
        ("GRID", (0, 0), (-1, -1), 0.5, "black"),
    ]
)
YEARS = {43: 2018, 45: 2019, 51: 2022, 53: 2023, 55: 2024}
WITHOUT_TEXT = (55, 56)
Rows = list[list[str]]


def names() -> list[str]:
    """The provinces as the report writes them, in its order; a short one with a blank between its signs."""
    short = [p.short_zh for p in load_catalog(CATALOG).provinces.values()]
    return [f"{name[0]} {name[1]}" if name in ("北京", "海南") else name for name in short]


def synthetic_addresses(year: int) -> dict[str, str]:
    """Synthetic: shares by registrant are not shipped; these follow the shares by use."""
    known = printed("ipv4_share", max(year, 2019))
    return {code: f"{float(text) * (0.9 if code < '400000' else 0.95):.2f}" for code, text in known.items()}


def websites(year: int) -> dict[str, str]:
    """Real until 2018; later ones are synthetic."""
    grown = {code: f"{float(text) * (1 + (year - 2018) / 100):.2f}" for code, text in printed("websites", 2018).items()}
    return printed("websites", year) or grown


def address_table(year: int) -> Rows:
    shares = synthetic_addresses(year)
    other = Decimal(100) - sum(Decimal(text) for text in shares.values())
    rows = [[name, f"{shares[code]}%"] for name, code in zip(names(), sorted(shares), strict=True)]
    return [["省份", "比例"], *rows, ["其他", f"{other}%"], ["合计", "100.00%"]]


def website_table(year: int) -> Rows:
    own = websites(year)
    total = sum(Decimal(text) for text in own.values())
    rows = [
        [name, own[code], f"{Decimal(own[code]) / total * 100:.2f}%"]
        for name, code in zip(names(), sorted(own), strict=True)
    ]
    return [["省份", "网站数量(万个)", "占网站总数比例"], *rows, ["合计", str(total), "100%"]]


def government_table(year: int) -> Rows:
    """Real counts; 兵团 and the total of 2019 as well, those of 2018 and the changes are synthetic."""
    own = printed("gov_websites", year)
    corps = 51
    total = sum(int(text) for text in own.values()) + corps
    rows = [
        [name, own[code], f"{n % 40 - 5}.{n % 10}"]
        for n, (name, code) in enumerate(zip(names(), sorted(own), strict=True))
    ]
    return [
        ["省份", "数量(个)", "同比下降(%)"],
        *rows,
        ["新疆生产建设兵团", str(corps), "2.0"],
        ["合计", f"{total:,}", "-5.0"],
    ]


TABLES: dict[str, tuple[str, Callable[[int], Rows]]] = {
    "ipv4": ("附表3 各省IPv4地址比例", address_table),
    "websites": ("附表6 分省网站数", website_table),
    "gov_websites": ("附表9 分省政府网站数量", government_table),
}


def tables_of(number: int) -> dict[str, Rows]:
    """The tables of a report, to be edited."""
    own = [name for name in TABLES if name != "gov_websites" or number <= 45]
    return {name: TABLES[name][1](YEARS[number]) for name in own}


def mixed(text: str) -> Paragraph:
    """A line with its letters and figures in the font that keeps its meaning."""
    return Paragraph(re.sub(r"([ -~]+)", r'<font name="Helvetica">\1</font>', text), TEXT)


def report(
    number: int,
    tables: dict[str, Rows] | None = None,
    *,
    year: int | None = None,
    readable: bool | None = None,
    above: float = 0,
    repeat: int = 0,
    captions: dict[str, str] | None = None,
) -> bytes:
    """A report as PDF: title, contents, prose, tables.

    Args:
        number: what it calls itself.
        tables: those it prints, by default its own.
        year: the year whose December it speaks of.
        readable: whether Chinese comes out of it.
        above: points left free above each table, so that it runs over the page's end.
        repeat: 1 to print the heading on each page again.
        captions: captions other than the known ones.
    """
    year = year or YEARS[number]
    told = {name: caption for name, (caption, _) in TABLES.items()} | (captions or {})
    shown = tables if tables is not None else tables_of(number)
    story: list[Any] = [mixed(f"第{number}次《中国互联网络发展状况统计报告》"), PageBreak()]
    story += [mixed(f"{told[name]} ........ {90 + n}") for n, name in enumerate(shown)]
    story += [PageBreak(), *(mixed(_prose(year, n)) for n in range(8))]
    for name, rows in shown.items():
        story += [PageBreak(), Spacer(1, above or 1), mixed(told[name])]
        story += [Table(rows, style=STYLE, repeatRows=repeat), mixed("注：截至时间见正文，共 2 页。")]
    stream = io.BytesIO()
    document = SimpleDocTemplate(stream, pagesize=A4, invariant=1)
    foot = partial(_foot, number)
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    content = stream.getvalue()
    return content if (number not in WITHOUT_TEXT if readable is None else readable) else unmapped(content)


def _prose(year: int, n: int) -> str:
    return f"截至 {year} 年 12 月，我国互联网用户规模较 {year - 1} 年 12 月增长，占 {70 + n}.5%，到 2035 年仍将增长。"


def _foot(number: int, canvas: Any, document: Any) -> None:
    canvas.setFont(SONG, 8)
    canvas.drawString(60, 30, "中国互联网络发展状况统计报告")
    canvas.setFont("Helvetica", 8)
    canvas.drawString(300, 30, str(document.page))


def unmapped(content: bytes) -> bytes:
    """Take from the Chinese font what tells its signs: digits of the other font come out, nothing else does."""
    changed = content.replace(b"/UniGB-UCS2-H", b"/Identity-H  ").replace(b"/Ordering (GB1)", b"/Ordering (XX1)")
    assert len(changed) == len(content) != 0
    assert changed != content
    return changed


@cache
def own_report(number: int) -> bytes:
    return report(number)


# As listed in 2026: (number, address of the page, address of the PDF).
LISTED: Sequence[tuple[int, str, str]] = [
    (55, "/n4/2025/0117/c88-11229.html", "/NMediaFile/2025/0220/MAIN1740036167004CKE0DITFO1.pdf"),
    (54, "/n4/2024/0829/c88-11065.html", "/NMediaFile/2024/0911/MAIN54.pdf"),
    (53, "/n4/2024/0322/c88-10964.html", "/NMediaFile/2024/0325/MAIN53.pdf"),
    (51, "/n4/2023/0303/c88-10757.html", "/NMediaFile/2023/0322/MAIN51.pdf"),
    (45, "/n4/2022/0401/c88-1088.html", "/NMediaFile/2022/0401/MAIN45.pdf"),
    (44, "/n4/2022/0401/c88-1116.html", "/NMediaFile/2022/0401/MAIN44.pdf"),
    (43, "/n4/2022/0401/c88-838.html", "/NMediaFile/2022/0401/MAIN43.pdf"),
]
FIRST_PAGE = 4


@dataclass
class CnnicSite:
    """``pdfs`` takes the place of the known ones, by number; ``titles`` of how a report is called on its page."""

    pdfs: dict[int, bytes] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        if match := re.fullmatch(r"/6/86/88/index([2-4]?)\.html", request.path):
            return Reply.of_html(self._list(int(match[1] or 1)))
        for number, page, pdf in LISTED:
            if request.path == page:
                title = self.titles.get(number, f"第{number}次《中国互联网络发展状况统计报告》")
                return Reply.of_html(f'<html><body><h1>{title}</h1><p><a href="{pdf}">点击下载</a></p></body></html>')
            if request.path == pdf:
                return Reply(self.pdfs.get(number) or own_report(number), headers={"Content-Type": "application/pdf"})
        raise KeyError(request.path)

    def _list(self, page: int) -> str:
        """The newest on the first page with reports of other kinds, older ones on the second, then none."""
        own = {1: LISTED[:FIRST_PAGE], 2: LISTED[FIRST_PAGE:]}.get(page, [])
        items = "".join(
            f'<li><a href="{address}">第{number}次《中国互联网络发展状况统计报告》</a><span>2025-01-17</span></li>'
            for number, address, _ in own
        )
        return f'<ul><li><a href="/n4/2025/1226/c88-11445.html">数字消费发展报告(2025)</a></li>{items}</ul>'
