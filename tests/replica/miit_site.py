"""The ministry's column pages, list interface and articles; real broadband figures, synthetic telephone figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal

from tests.replica.figures import printed
from tests.replica.server import Reply, Request

from icdp.catalog import load_catalog
from icdp.settings import CATALOG

LIST = "/api-gateway/jpaas-publish-server/front/page/build/unit"
PAGES = {
    "/gxsj/tjfx/txy/index.html": "1434685f08314ae8ae78f78b6a5a7915",
    "/gxsj/tjfx/hlw/index.html": "3047f3df89414d0ca8c6eef37a44088e",
}
BROADBAND = "2023年12月份互联网宽带接入用户分省情况"
PHONES = {year: f"{year}年1－12月电话用户分省情况" for year in (2023, 2024)}
# Titles of the list; the address of an article is neither a category nor a date.
ARTICLES = {
    "/gxsj/tjfx/hlw/art/2020/art_00000000000000000000000000000b23.html": BROADBAND,
    "/gxsj/tjfx/txy/art/2024/art_00000000000000000000000000000a23.html": PHONES[2023],
    "/gxsj/tjfx/txy/art/2025/art_00000000000000000000000000000a24.html": PHONES[2024],
}
BLOCK = "<html><body>您的访问频繁，请输入验证码</body></html>"


def broadband(year: int = 2023) -> dict[str, str]:
    """Real figures; the national row is their sum."""
    return printed("fixed_broadband_users", year)


def phones(year: int) -> tuple[dict[str, str], dict[str, str]]:
    """Synthetic: no provincial telephone figures are shipped."""
    codes = sorted(load_catalog(CATALOG).provinces)
    fixed = {code: f"{(n * 7 + year) % 900 + 12}.{n % 10}" for n, code in enumerate(codes)}
    mobile = {code: f"{(n * 131 + year) % 9000 + 300}.{n % 10}" for n, code in enumerate(codes)}
    return fixed, mobile


def rows(*columns: dict[str, str]) -> list[list[str]]:
    """National row, group rows and provinces with blanks in their names, as printed."""
    catalog = load_catalog(CATALOG)
    totals = [str(sum(Decimal(text) for text in column.values())) for column in columns]
    table = [["全 国", *totals], ["东部地区", *("1" for _ in columns)]]
    for code in sorted(columns[0]):
        name = catalog.provinces[code].short_zh
        table.append([f"{name[0]}　{name[1:]}" if len(name) == 2 else name, *(column[code] for column in columns)])
    return table


def article(
    title: str, head: str, table: list[list[str]], unit: str = "万户", note: str = "注：各省数据为快报。"
) -> str:
    cells = "".join("<tr>" + "".join(f"<td><p>{cell}</p></td>" for cell in row) + "</tr>" for row in table)
    width = len(table[0])
    return (
        f'<html><head><meta charset="utf-8"><meta name="ArticleTitle" content="{title}"><meta name="PubDate" content="2024-01-24"></head>'
        f'<body><div class="ccontent" id="con_con"><p>{title}</p><p>单位：{unit}</p>'
        f'<table>{head}{cells}<tr><td colspan="{width}">{note}</td></tr></table></div></body></html>'
    )


ONE = "<tr><td>地区</td><td>互联网宽带接入用户</td></tr>"
# Two levels of headings with merged cells.
TWO = (
    '<tr><td rowspan="2">地 区</td><td colspan="1">固定电话用户</td><td colspan="1">移动电话用户</td></tr>'
    "<tr><td>合计</td><td>合计</td></tr>"
)


@dataclass
class MiitSite:
    """``articles`` may be replaced, path -> HTML; ``encoding`` is what an article is sent in."""

    articles: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        if request.method != "GET":
            return Reply.of_html("<html>500</html>", status=500)
        if "Mozilla" not in request.headers.get("User-Agent", ""):
            return Reply.of_html("<html>403</html>", status=403)
        if request.path in PAGES:
            query = (
                "{'parseType':'buildstatic','webId':'8d828e408d90447786ddbe128d495e9e','tplSetId':'209741b2109044b5b7695700b2bec37e',"
                f"'pageType':'column','tagId':'右侧内容','editType':'null','pageId':'{PAGES[request.path]}'}}"
            )
            return Reply.of_html(f'\ufeff<html><script url="{LIST}" queryData="{query}"></script></html>')
        if "Referer" not in request.headers:
            return Reply.of_html("<html>403</html>", status=403)
        if request.path == LIST:
            return self._list(request)
        if request.path in self.articles:
            return Reply(self.articles[request.path], headers={"Content-Type": "text/html"})
        title = ARTICLES[request.path]
        if title == BROADBAND:
            return Reply.of_html(article(title, ONE, rows(broadband())))
        return Reply.of_html(article(title, TWO, rows(*phones(int(title[:4])))))

    def _list(self, request: Request) -> Reply:
        paging = json.loads(request.query["paramJson"])
        column = "txy" if request.query["pageId"].startswith("1434") else "hlw"
        wanted = [(path, title) for path, title in ARTICLES.items() if f"/{column}/" in path]
        filler = [
            (f"/gxsj/tjfx/{column}/art/2024/art_{n:032x}.html", f"2024年{n % 12 + 1}月通信业经济运行情况")
            for n in range(30)
        ]
        listed = (filler[:26] + wanted + filler[26:])[(paging["pageNo"] - 1) * paging["pageSize"] :][
            : paging["pageSize"]
        ]
        items = "".join(
            f'<li><a title="{title}" href="{path}"></a><span class="fr">2024-01-24</span></li>'
            for path, title in listed
        )
        return Reply.of_json({"success": True, "data": {"html": f"<ul>{items}</ul>"}})
