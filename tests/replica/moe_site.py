"""The ministry's list page, article and workbook; real counts by province, synthetic institutions."""

from __future__ import annotations

import io
from dataclasses import dataclass

import openpyxl
import xlwt
from tests.replica.figures import printed
from tests.replica.server import Reply, Request

from icdp.catalog import load_catalog
from icdp.settings import CATALOG

COLUMNS = ["序号", "学校名称", "学校标识码", "主管部门", "所在地", "办学层次", "备注"]


def rows(year: int) -> list[list[str]]:
    """Title, header, and for each province its merged row and as many synthetic institutions as it has."""
    catalog = load_catalog(CATALOG)
    table = [["附件1"], ["全国普通高等学校名单", "", "", "", "", "", ""], COLUMNS]
    for adcode, count in sorted(printed("higher_education_institutions", year).items()):
        province = catalog.provinces[adcode]
        number = int(float(count))
        table.append([f"{province.name_zh}（{number}所）"])
        for n in range(1, number + 1):
            code = f"41{adcode[:2]}{n:06d}"
            table.append([str(n), f"虚构学校{code}", code, "教育厅", f"{province.short_zh} 市", "本科", ""])
    return table


def xls(table: list[list[str]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("名单")
    for r, cells in enumerate(table):
        for c, cell in enumerate(cells):
            sheet.write(r, c, int(cell) if c == 0 and cell.isdigit() else cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xlsx(table: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for cells in table:
        book.active.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@dataclass
class MoeSite:
    """``edit`` changes the workbook's rows; ``kind`` is how it is written, whatever its name says."""

    kind: str = "xls"
    extension: str = "xls"

    def __call__(self, request: Request) -> Reply:
        if request.path == "/jyb_xxgk/s5743/s5744/":
            return Reply.of_html(
                "<ul>"
                '<li><a href="A03/202506/t20250625_1.html" title="2025年教育统计公报">2025年教育统计公报</a><span>2025-06-25</span></li>'
                '<li><a href="A03/202406/t20240621_1136990.html" title="全国高等学校名单">全国高等学校名单</a><span>2024-06-21</span></li>'
                "</ul>"
            )
        if request.path == "/jyb_xxgk/s5743/s5744/index_1.html":
            return Reply.of_html(
                '<ul><li><a href="A03/202306/t20230619_1064976.html">2023年全国高等学校名单</a><span>2023-06-19</span></li></ul>'
            )
        if request.path.endswith((f"t20240621_1136990.{self.extension}", f"t20230619_1064976.{self.extension}")):
            year = 2024 if "2024" in request.path else 2023
            if "Referer" not in request.headers:
                return Reply.of_html("<html>请求被拒绝</html>")
            return Reply(xls(rows(year)) if self.kind == "xls" else xlsx(rows(year)))
        for name in ("t20240621_1136990", "t20230619_1064976"):
            if request.path.endswith(f"{name}.html"):
                return Reply.of_html(
                    f'<p><a href="./W020240621.xls">全国成人高等学校名单</a></p><p><a href="./{name}.{self.extension}">附件1：全国普通高等学校名单</a></p>'
                )
        raise KeyError(request.path)
