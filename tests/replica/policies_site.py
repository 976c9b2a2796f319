"""The portals' five search platforms. Every title is synthetic and says so (虚构); addresses and ids are those of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from tests.replica.server import Reply, Request

from icdp.catalog import load_catalog
from icdp.settings import CATALOG
from icdp.sources.policies.layout import Layout

catalog = load_catalog(CATALOG)
LAYOUT = Layout.of(catalog.sources["policies"], catalog)
SERIES = ("ai_policies_issued", "aidc_policies_issued", "dual_carbon_policies_issued")
WORDS = ("人工智能", "算力", "碳达峰")
WALLED = "420000"  # 湖北 answers 412 to scripts
ANSWERING = [code for code in sorted(LAYOUT.portals) if code != WALLED]
BLOCK = "<html><body>您的访问频繁，请输入验证码</body></html>"
YEARS = range(2021, 2026)


@dataclass(frozen=True)
class Doc:
    """What stands on a portal; title and dates as it prints them."""

    title: str
    published: str
    written: str = ""
    number: str = ""
    issuer: str = ""
    url: str = ""


def numbers(adcode: str, year: int) -> dict[str, int]:
    """Return series -> how many policies the replica's portal of a province issued in a year: 0, 1 or 2 each."""
    place = sorted(LAYOUT.portals).index(adcode)
    return {series: (place + topic + year) % 3 for topic, series in enumerate(SERIES)}


def documents(adcode: str) -> list[Doc]:
    """Return what stands on a province's portal: its policies, and all that must not count."""
    name = catalog.provinces[adcode].name_zh
    office = f"{name}人民政府办公厅"
    docs: list[Doc] = []
    for year in YEARS:
        docs.append(Doc(f"{office}关于印发虚构工作规则的通知", f"{year}-03-01"))
        for (series, count), word in zip(numbers(adcode, year).items(), WORDS, strict=True):
            for n in range(count):
                policy = f"{name}{word}虚构第{n}号行动计划({year}－{year + 2}年)"
                docs.append(Doc(f"{office}关于印发{policy}的通知", f"{year}-0{n + 2}-11"))
                if n == 0:
                    docs += _repeats(office, name, policy, word, year)
            docs += _others(name, office, word, year)
            assert series in SERIES
        docs += _agency(office, year)
    return [replace(doc, url=f"/art/{n}.html") for n, doc in enumerate(docs)]


def _repeats(office: str, name: str, policy: str, word: str, year: int) -> list[Doc]:
    spaced = policy.replace(word, f"{word[0]} {word[1:]}", 1)
    return [
        Doc(f"{office}　关于印发《{spaced}》的通知", f"{year}-02-20"),  # hung up again, with blanks
        Doc(policy, f"{year}-03-02"),
        Doc(f"{name}政府办公厅印发《{policy}》", f"{year}-02-12"),
        Doc(f"{office}关于印发{policy}的通知", f"{year + 1}-02-01"),  # and again in the next year
        Doc(f"一图读懂《{policy}》", f"{year}-02-12"),
        Doc(f"《{policy}》政策解读", f"{year}-02-13"),
        Doc(f"《{policy}》政策问答", f"{year}-02-14"),
        Doc(f"{name}召开《{policy}》新闻发布会", f"{year}-02-15"),
    ]


def _others(name: str, office: str, word: str, year: int) -> list[Doc]:
    return [
        Doc(f"{name}工业和信息化厅关于印发{name}{word}虚构实施方案({year}年)的通知", f"{year}-04-01"),  # a department
        Doc(f"虚构市人民政府关于印发虚构市{word}规划的通知", f"{year}-04-02"),  # a city
        Doc(f"{office}关于开展{word}虚构项目申报工作的通知", f"{year}-04-03"),
        Doc(f"关于征求《{name}{word}虚构条例》意见的公告", f"{year}-04-04"),
        Doc(f"{office}转发国务院办公厅关于{word}虚构意见的通知", f"{year}-04-05"),
        Doc(f"{name}{word}产业虚构规模再创新高", f"{year}-04-06"),  # news
        Doc(f"关于印发{name}{word}虚构指导意见的通知", f"{year}-04-07"),  # nobody says by whom
    ]


def _agency(office: str, year: int) -> list[Doc]:
    return [
        Doc(f"{office}关于印发大数据中心虚构管理办法的通知", f"{year}-05-01"),
        Doc(f"{office}关于印发大 数据中心虚构管理规定的通知", f"{year}-05-02"),
    ]


def _plain(title: str) -> str:
    return "".join(title.split())


@dataclass
class PoliciesSite:
    """``docs`` may be changed by province; ``walled`` answer 412."""

    docs: dict[str, list[Doc]] = field(default_factory=lambda: {code: documents(code) for code in LAYOUT.portals})
    walled: set[str] = field(default_factory=lambda: {WALLED})
    undated_search: set[str] = field(default_factory=set)
    page_size: int | None = None

    def __call__(self, request: Request) -> Reply:
        _, adcode, *rest = request.path.split("/")
        if adcode in self.walled:
            return Reply.of_html("<html>412 Precondition Failed</html>", status=412)
        if "Mozilla" not in request.headers.get("User-Agent", ""):
            return Reply.of_html("<html>403</html>", status=403)
        portal = LAYOUT.portals[adcode]
        answer: Callable[[Request, str, dict[str, Any]], Reply] = getattr(self, f"_{portal.platform}")
        path = "/" + "/".join(rest)
        if path == "/" and portal.platform == "kaipuyun":
            code = "5100000062" if adcode == "510000" else str(portal.parameters["siteCode"])
            return Reply.of_html(f'<form action="/search5"><input type="hidden" name="siteCode" value="{code}"></form>')
        return answer(request, adcode, {"path": path, **portal.parameters})

    def _page(
        self, adcode: str, word: str, page: int, size: int, span: tuple[date, date] | None
    ) -> tuple[int, list[Doc]]:
        if adcode in self.undated_search:
            span = None
        size = self.page_size or size
        fitting = [
            doc for doc in self.docs[adcode]
            if word in _plain(doc.title) and (span is None or span[0] <= date.fromisoformat(doc.published[:10]) <= span[1])
        ]  # fmt: skip
        return len(fitting), fitting[(page - 1) * size : page * size]

    def _jsearch(self, request: Request, adcode: str, known: dict[str, Any]) -> Reply:
        if request.method != "POST" or known["path"] != "/jsearchfront/interfaces/cateSearch.do":
            raise KeyError(request.path)
        form = request.form
        if any(form.get(name) != str(known[name]) for name in ("websiteid", "cateid", "tpl")):
            return Reply.of_json({})
        span = (datetime.strptime(form["begin"], "%Y%m%d").date(), datetime.strptime(form["end"], "%Y%m%d").date())  # noqa: DTZ007
        total, docs = self._page(adcode, form["q"], int(form["p"]), int(form["pg"]), span)
        if not total:
            return Reply.of_json({})
        style = {"320000": _news, "330000": _wrapped, "360000": _card}[adcode]
        return Reply.of_json({"total": total, "result": [style(doc, form["q"]) for doc in docs]})

    def _irs(self, request: Request, adcode: str, known: dict[str, Any]) -> Reply:
        if request.method != "POST" or known["path"] != "/irs/front/search":
            raise KeyError(request.path)
        asked = request.json
        if not asked.get("orderBy"):
            return Reply.of_json({"success": False, "msg": "排序方式不能为空"})
        if any(asked.get(name) != known[name] for name in ("tenantId", "dataTypeId")):
            return Reply.of_json({"success": False, "msg": "检索配置不存在"})
        span = (_day(asked["beginDateTime"]), _day(asked["endDateTime"]))
        total, docs = self._page(adcode, asked["searchWord"], asked["pageNo"], asked["pageSize"], span)
        entries = [
            {
                "title": _marked(d.title, asked["searchWord"]),
                "time": f"{d.published} 09:05:00",
                "url": _absolute(adcode, d),
            }
            for d in docs
        ]
        return Reply.of_json({"success": True, "data": {"middle": {"list": entries}, "pager": {"total": total}}})

    def _igs(self, request: Request, adcode: str, known: dict[str, Any]) -> Reply:
        if request.method != "GET" or known["path"] != "/igs/front/search.jhtml":
            raise KeyError(request.path)
        asked = request.query
        if any(asked.get(name) != known[name] for name in ("code", "siteId")):
            return Reply.of_html("<html>500</html>", status=500)
        assert asked["position"] == "TITLE"
        total, docs = self._page(adcode, asked["searchWord"], int(asked["pageNumber"]), int(asked["pageSize"]), None)
        entries = [
            {
                "title": _marked(d.title, asked["searchWord"]),
                "trs_time": d.published,
                "url": _absolute(adcode, d),
                "filenum": d.number,
            }
            for d in docs
        ]
        return Reply.of_json({"page": {"content": entries, "total": str(total)}})

    def _kaipuyun(self, request: Request, adcode: str, known: dict[str, Any]) -> Reply:
        if request.method != "POST" or known["path"] != "/search5/search/s":
            raise KeyError(request.path)
        form = request.form
        if form.get("siteCode") != known.get("siteCode", "5100000062"):
            return Reply.of_json({"error": "未找到站点信息"})
        span = (date.fromisoformat(form["startTime"]), date.fromisoformat(form["endTime"]))
        total, docs = self._page(adcode, form["searchWord"], int(form["pageNum"]) + 1, int(form["pageSize"]), span)
        entries = [
            {
                "title": _marked(d.title, form["searchWord"]), "pubDate": f"{d.published} 10:00:00", "url": _absolute(adcode, d),
                "cwrq": d.written, "docNum": d.number or None,
            }
            for d in docs
        ]  # fmt: skip
        return Reply.of_json({"searchResultAll": {"total": total, "searchTotal": entries}})

    def _guangdong(self, request: Request, adcode: str, known: dict[str, Any]) -> Reply:
        if request.method != "POST" or known["path"] != "/api/search/all":
            raise KeyError(request.path)
        asked = json.loads(request.body)
        if asked.get("site_id") != known["site_id"] or asked.get("range") != "site":
            return Reply.of_json({"code": 500, "data": []})
        total, docs = self._page(adcode, asked["keywords"], asked["page"], 20, None)
        entries = [
            {
                "title": _marked(d.title, asked["keywords"]),
                "url": _absolute(adcode, d),
                "pub_time": f"{d.published} 08:00:00",
            }
            for d in docs
        ]
        return Reply.of_json({"data": {"news": {"list": entries, "total": total}}})


def _day(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1000 + 8 * 3600, UTC).date()


def _absolute(adcode: str, doc: Doc) -> str:
    return LAYOUT.portals[adcode].address + doc.url


def _marked(title: str, word: str) -> str:
    return title.replace("“", "&ldquo;").replace(word, f"<em>{word}</em>", 1)


def _news(doc: Doc, word: str) -> str:
    address = "https://www.jiangsu.gov.cn" + doc.url
    return (
        f'<div class="jcse-result-box news-result"><div class="jcse-news-title"><a href="visit/link.do?url={quote(address, safe="")}'
        f'&q={quote(word)}" target="_blank">{_marked(doc.title, word)}</a></div><div class="jcse-news-abs">虚构摘要'
        f'<div class="jcse-news-url"><a href="{address}">{address}</a></div><span class="jcse-news-date">{doc.published}</span></div></div>'
    )


def _wrapped(doc: Doc, word: str) -> str:
    return (
        f'<div class="comprehensiveItem"><div class="titleWrapper"><a href="{doc.url}">{_marked(doc.title, word)}</a></div>'
        f'<div class="sourceTime"><span>来源:虚构网站</span><span>时间:{doc.published}</span></div></div>'
    )


def _card(doc: Doc, word: str) -> str:
    cells = (
        f"<tr><td>发文机关</td><td>{doc.issuer}</td><td>成文日期</td><td>{doc.written}</td></tr>" if doc.issuer else ""
    )
    return (
        f'<div class="jcse-result-box"><div><span>政策文件</span><span><a href="{doc.url}">{_marked(doc.title, word)}</a></span></div>'
        f"<table><tbody>{cells}<tr><td>发文字号</td><td>{doc.number or '无'}</td><td>发布日期</td><td>{doc.published}</td></tr></tbody></table></div>"
    )
