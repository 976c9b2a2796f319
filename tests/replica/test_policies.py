"""Policies counted out of thirteen portals on five platforms; all titles are synthetic."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.replica.figures import values
from tests.replica.policies_site import (
    ANSWERING,
    BLOCK,
    LAYOUT,
    SERIES,
    WALLED,
    Doc,
    PoliciesSite,
    catalog,
    documents,
    numbers,
)  # fmt: skip
from tests.replica.server import Replica, changed, instead, reset, serving, status
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp import road
from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.catalog.model import Expected
from icdp.errors import CatalogError, DataError, FetchFailed, FetchRefused, LayoutChanged
from icdp.settings import Settings
from icdp.sources.acquire import Taken, payload_of, quarantined, take_by_hand
from icdp.sources.base import Fetched
from icdp.sources.policies import counted, coverage
from icdp.sources.policies.counting import Results, core, day
from icdp.sources.policies.layout import Layout
from icdp.sources.policies.platforms import PLATFORMS, Found, Page

YEAR = 2023
JIANGSU, ZHEJIANG, JIANGXI, XINJIANG, SICHUAN = "320000", "330000", "360000", "650000", "510000"
SHAANXI, TIBET, GUANGDONG = "610000", "540000", "440000"
AI = SERIES[0]


def take(
    home: Path, waits: Any, site: PoliciesSite | None = None, year: int = YEAR, *,
    faults: list[tuple[Any, str]] | None = None, times: int = 99, fresh: bool = False,
) -> tuple[Settings, Taken, Replica]:  # fmt: skip
    with serving(site or PoliciesSite()) as replica:
        for fault, path in faults or []:
            replica.fault(fault, times=times, path=path)
        settings = settings_for(home, "policies", replica.url)
        return settings, taken_from(settings, "policies", year, waits.clock, fresh=fresh), replica


def index_of(settings: Settings, taken: Taken) -> Any:
    return payload_of(Archive(settings.archive), taken.receipts[0])


def titles(settings: Settings, taken: Taken) -> pd.DataFrame:
    return counted(index_of(settings, taken), catalog)


def why(settings: Settings, taken: Taken) -> dict[str, tuple[str, str]]:
    table = coverage(index_of(settings, taken), catalog)
    return {row.adcode: (row.outcome, row.reason) for row in table.itertuples()}


# Enough for a map; the others cost time where it is about one portal.
FEW = (JIANGSU, XINJIANG, SICHUAN, SHAANXI, TIBET)


def few(site: PoliciesSite) -> PoliciesSite:
    """Return the site with walls around all portals but ``FEW``."""
    site.walled |= set(LAYOUT.portals) - set(FEW)
    return site


def expected(
    year: int = YEAR, without: tuple[str, ...] = (), of: Sequence[str] = ANSWERING
) -> dict[str, dict[str, float]]:
    return {
        series: {code: float(numbers(code, year)[series]) for code in of if code not in without} for series in SERIES
    }


def figures(settings: Settings, taken: Taken, year: int = YEAR) -> dict[str, dict[str, float]]:
    table = observed(settings, taken)
    return {series: values(table, series, year) for series in SERIES}


@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_every_platform_counts_what_was_issued_and_nothing_else(tmp_path: Path, waits: Any, year: int) -> None:
    settings, taken, _ = take(tmp_path, waits, year=year)
    assert taken.problems == ()
    assert figures(settings, taken, year) == expected(year)
    assert {LAYOUT.portals[code].platform for code in ANSWERING} == {"jsearch", "irs", "igs", "kaipuyun", "guangdong"}


def test_what_is_not_covered_is_missing_and_named_and_a_real_nothing_is_0(tmp_path: Path, waits: Any) -> None:
    settings, taken, _ = take(tmp_path, waits)
    told = why(settings, taken)
    assert set(told) == set(catalog.provinces)
    assert {code for code, (outcome, _) in told.items() if outcome == "counted"} == set(ANSWERING)
    assert {code for code, (outcome, _) in told.items() if outcome == "not_covered"} == set(LAYOUT.not_covered)
    assert told[WALLED][0] == "failed"
    assert "status 412" in told[WALLED][1]
    assert all(reason for outcome, reason in told.values() if outcome != "counted")
    table = observed(settings, taken)
    assert set(table["adcode"]) == set(ANSWERING)
    assert 0.0 in set(table["value"])


def test_each_title_of_a_count_can_be_checked(tmp_path: Path, waits: Any) -> None:
    settings, taken, _ = take(tmp_path, waits)
    table = titles(settings, taken)
    own = table[(table["adcode"] == ZHEJIANG) & (table["series"] == AI)]
    place = sorted(LAYOUT.portals).index(ZHEJIANG)
    assert own["counted"].sum() == (place + YEAR) % 3 == 1
    row = own[own["counted"]].iloc[0]
    assert row["title"] == "浙江省人民政府办公厅关于印发浙江省人工智能虚构第0号行动计划(2023－2025年)的通知"
    assert row["url"].startswith("https://search.zj.gov.cn/art/")
    assert (row["year"], row["published"], row["level"]) == (2023, "2023-02-11", "government")
    assert row["title"] in json.dumps(
        json.loads(Archive(settings.archive).get(row["part"])), ensure_ascii=False
    ).replace("<em>", "").replace("</em>", "")
    reasons = own[(~own["counted"]) & own["published"].str.startswith("2023")].set_index("title")["reason"]
    assert {reason.split(" ")[0] for reason in reasons} == {
        "重复", "解读", "征求意见", "申报、名单等事务", "转发国家文件", "非政策文种", "未写明发文机关", "发文层级不计",
    }  # fmt: skip
    assert reasons["浙江省工业和信息化厅关于印发浙江省人工智能虚构实施方案(2023年)的通知"].endswith("department")
    assert reasons["虚构市人民政府关于印发虚构市人工智能规划的通知"].endswith("other")
    agency = table[table["title"].str.contains("数据中心虚构管理")]
    assert len(agency)
    assert not agency["counted"].any()
    assert (table["counted"] | (table["reason"] != "")).all()


def test_a_figure_cites_the_portal_its_level_and_the_list(tmp_path: Path, waits: Any) -> None:
    settings, taken, _ = take(tmp_path, waits)
    table = observed(settings, taken)
    row = table[(table["adcode"] == XINJIANG) & (table["series"] == AI)].iloc[0]
    of_topic = titles(settings, taken).query("adcode == @XINJIANG and series == @AI")
    assert row["publisher"] == "新疆维吾尔自治区人民政府"
    assert row["locator"].startswith(
        f"检索所得 {len(of_topic)} 个标题中计 {int(row['value'])} 个，清单见 titles/2023 ("
    )
    assert taken.receipts[0].payload_sha256[:12] in row["locator"]
    assert LAYOUT.level_zh in row["note"]
    assert LAYOUT.level_en in row["note"]
    assert row["address"].endswith(f"/{XINJIANG}/search5/search/s")


def policy(n: int, published: str, **more: str) -> Doc:
    name = more.pop("name", "新疆维吾尔自治区")
    return Doc(f"{name}人民政府关于加快人工智能虚构{n}发展的意见", published, **more, url=f"/two/{n}.html")


def with_docs(adcode: str, *docs: Doc) -> PoliciesSite:
    office = f"{catalog.provinces[adcode].name_zh}人民政府办公厅"
    control = [Doc(f"{office}关于虚构事务的意见", f"{y}-06-01", url=f"/c/{y}.html") for y in (2022, 2023, 2024)]
    site = PoliciesSite()
    site.docs[adcode] = [*control, *docs]
    return site


TWO_DATES = [
    # written in November, published in May: the year of writing, where the answer states it
    (XINJIANG, policy(1, "2024-05-20", written="2023-11-02"), 2023),
    (XINJIANG, policy(2, "2024-05-20", number="新政发〔2023〕51号"), 2023),
    (JIANGXI, policy(3, "2024-05-20", name="江西省", written="2023-11-02", issuer="江西省人民政府"), 2023),
    (TIBET, policy(4, "2024-05-20", name="西藏自治区", number="藏政发〔2023〕9号"), 2023),
    # nothing but publication is stated
    (SHAANXI, policy(5, "2024-05-20", name="陕西省"), 2024),
    (XINJIANG, policy(6, "2023-12-31", written="2023-12-31"), 2023),
    (XINJIANG, policy(7, "2024-01-01", written="2024-01-01"), 2024),
]


@pytest.mark.parametrize(("adcode", "doc", "of"), TWO_DATES)
def test_a_policy_with_two_dates_counts_once_in_the_year_of_writing(
    tmp_path: Path, waits: Any, adcode: str, doc: Doc, of: int
) -> None:
    by_year = {}
    for year in (2022, 2023, 2024):
        settings, taken, _ = take(tmp_path / str(year), waits, with_docs(adcode, doc), year)
        by_year[year] = values(observed(settings, taken), AI, year)[adcode]
    assert by_year == {year: float(year == of) for year in (2022, 2023, 2024)}


def test_copies_in_another_year_count_where_the_first_one_does(tmp_path: Path, waits: Any) -> None:
    first, again = policy(1, "2023-12-28"), replace(policy(1, "2024-06-30"), url="/two/again.html")
    for year, number in ((2023, 1.0), (2024, 0.0)):
        settings, taken, _ = take(tmp_path / str(year), waits, with_docs(XINJIANG, first, again), year)
        assert values(observed(settings, taken), AI, year)[XINJIANG] == number


def test_an_issuer_in_a_field_of_its_own_is_used_where_the_title_has_none(tmp_path: Path, waits: Any) -> None:
    docs = [
        Doc(
            "关于印发江西省人工智能虚构规划的通知",
            "2023-02-01",
            "2023-01-20",
            "赣府发〔2023〕1号",
            "江西省人民政府",
            "/a",
        ),
        Doc(
            "关于印发江西省人工智能虚构细则的通知",
            "2023-02-01",
            "2023-01-20",
            "赣发改〔2023〕1号",
            "江西省发展改革委",
            "/b",
        ),
        Doc("江西省人工智能虚构管理办法", "2023-02-01", url="/c"),
    ]
    settings, taken, _ = take(tmp_path, waits, with_docs(JIANGXI, *docs))
    own = titles(settings, taken).query("adcode == @JIANGXI and series == @AI").set_index("url")
    assert list(own[own["counted"]].index) == ["https://sousuo.jiangxi.gov.cn/a"]
    assert own.loc["https://sousuo.jiangxi.gov.cn/b", "reason"].endswith("department")
    assert own.loc["https://sousuo.jiangxi.gov.cn/c", "reason"].startswith("未写明发文机关")


def test_departments_count_when_the_layout_says_so(tmp_path: Path, waits: Any) -> None:
    directory = edited_catalog(tmp_path, "level_counted: [government]", "level_counted: [government, department]")
    with serving(PoliciesSite()) as replica:
        settings = replace(settings_for(tmp_path, "policies", replica.url), catalog=directory)
        taken = taken_from(settings, "policies", YEAR, waits.clock)
    own = values(observed(settings, taken), AI, YEAR)
    assert own == {code: numbers(code, YEAR)[AI] + 1 for code in ANSWERING}


def many(adcode: str, how_many: int) -> list[Doc]:
    name = catalog.provinces[adcode].name_zh
    return [Doc(f"{name}人工智能虚构大会第{n}天", "2023-09-01", url=f"/n/{n}.html") for n in range(how_many)]


@pytest.mark.parametrize("adcode", [JIANGSU, GUANGDONG, SHAANXI, TIBET, XINJIANG])
def test_all_pages_are_read_whatever_their_size(tmp_path: Path, waits: Any, adcode: str) -> None:
    """The site's own page size may be another than asked for; the policies stand on the last page."""
    for size in (None, 7):
        site = PoliciesSite(page_size=size)
        site.docs[adcode] = many(adcode, 45) + site.docs[adcode]
        settings, taken, _ = take(tmp_path / str(size), waits, site)
        assert figures(settings, taken) == expected()


def test_a_portal_that_ignores_the_dates_gives_the_same_figures(tmp_path: Path, waits: Any) -> None:
    settings, taken, _ = take(tmp_path, waits, PoliciesSite(undated_search=set(ANSWERING)))
    assert figures(settings, taken) == expected()


def without_first_total(body: bytes) -> bytes:
    return re.sub(rb'"total": ?"?[0-9]+"?,?', b"", body).replace(b", }", b"}")


def of_json(change: Callable[[Any], Any]) -> Any:
    def edit(body: bytes) -> bytes:
        told = json.loads(body)
        change(told)
        return json.dumps(told, ensure_ascii=False).encode()

    return changed(edit)


def more(told: Any) -> None:
    told["data"]["pager"]["total"] += 1


def untitled(told: Any) -> None:
    told["data"]["middle"]["list"][0]["title"] = "<em></em>"


def undated(told: Any) -> None:
    for entry in told["data"]["middle"]["list"]:
        entry["time"] = "昨天"


def nested(told: Any) -> None:
    told["data"]["middle"]["list"][0]["title"] = {"zh": "江苏省人民政府办公厅关于印发人工智能虚构规划的通知"}


def no_host(told: Any) -> None:
    told["data"]["middle"]["list"][0]["url"] = "https://[虚构/1.html"


def crowded(told: Any) -> None:
    told["data"]["pager"]["total"] = 2000
    told["data"]["middle"]["list"] *= 250


def not_an_address(told: Any) -> None:
    told["data"]["middle"]["list"][0]["url"] = "javascript:alert(1)"


def renamed(told: Any) -> None:
    told["data"]["middle"]["items"] = told["data"]["middle"].pop("list")


def to_other(told: Any) -> None:
    told["data"] = {"middle": {"list": []}, "pager": {"total": 0}}


# One portal, one fault that stays: outcome of that portal; all others as ever.
FAULTS: dict[str, tuple[Any, str]] = {
    "a wall": (status(412), "status 412; the address has moved or the site refuses machines"),
    "the door at status 200": (instead(BLOCK.encode()), r"stops visitors \(访问频繁\)"),
    "a page at status 200": (instead(b"<html><body>home</body></html>"), "a page instead of results"),
    "an empty body": (instead(b""), "an empty body"),
    "truncated JSON": (changed(lambda body: body[:-9]), "JSON that breaks off"),
    "JSON too deep to read": (instead(b'{"a":' + b"[" * 200_000), "JSON that breaks off"),
    "the total higher than what comes": (of_json(more), r"results are told, \d+ came"),
    "no total": (changed(without_first_total), r"no data.pager.total in"),
    "a total that is no number": (of_json(lambda t: t["data"]["pager"].update(total="很多")), "total is '很多', no number"),
    "the list under another name": (of_json(renamed), "no data.middle.list in"),
    "the key not known to the site": (instead('{"success":false,"msg":"检索配置不存在"}'.encode()), "检索配置不存在"),
    "a result without title": (of_json(untitled), "result 1: has no title"),
    "a title that is no text": (of_json(nested), "result 1: has no title"),
    "a host that cannot be": (of_json(no_host), "is no address"),
    "more on a page than anybody shows": (of_json(crowded), r"\d{4,} results on one page"),
    "a result that leads nowhere": (of_json(not_an_address), "is no address"),
    "dates that cannot be read": (of_json(undated), "control search .* finds no document of 2023|cannot be read"),
    "nothing found at all": (of_json(to_other), "control search for 人民政府办公厅 finds no document of 2023 among 0 results"),
    "a redirect to a foreign host": (
        lambda handler, reply: replace(reply, status=302, headers={"Location": "https://elsewhere.example/"}),
        "host 'elsewhere.example' is not configured",
    ),
    "a body that unpacks to more than allowed": (instead(b" " * 6_000_000), "more than the 5000000 allowed"),
    "the connection reset": (reset, "no answer"),
    "status 500": (status(500), "status 500"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_portal_that_fails_is_left_out_with_its_reason(tmp_path: Path, waits: Any, fault: str) -> None:
    how, reason = FAULTS[fault]
    settings, taken, _ = take(tmp_path, waits, few(PoliciesSite()), faults=[(how, f"/{SHAANXI}/")])
    assert taken.problems == ()
    assert figures(settings, taken) == expected(without=(SHAANXI,), of=FEW)
    outcome, told = why(settings, taken)[SHAANXI]
    assert outcome == "failed"
    assert re.search(reason, told), told


@pytest.mark.parametrize("fault", [reset, status(500), instead(BLOCK.encode()), changed(lambda body: body[:-9])])
def test_what_heals_is_asked_again(tmp_path: Path, waits: Any, fault: Any) -> None:
    settings, taken, _ = take(tmp_path, waits, few(PoliciesSite()), faults=[(fault, f"/{SHAANXI}/")], times=2)
    assert figures(settings, taken) == expected(of=FEW)


def test_a_compressed_body_is_cut_off_at_its_unpacked_size(tmp_path: Path, waits: Any) -> None:
    import gzip

    bomb = instead(gzip.compress(b" " * 60_000_000), Content_Encoding="gzip")
    settings, taken, _ = take(tmp_path, waits, few(PoliciesSite()), faults=[(bomb, f"/{SHAANXI}/")])
    assert "the body is larger than the 5000000 bytes allowed" in why(settings, taken)[SHAANXI][1]
    assert figures(settings, taken) == expected(without=(SHAANXI,), of=FEW)


class Wayward(PoliciesSite):
    """The portal of 江苏 does something else than asked."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.asked = 0
        self.docs[JIANGSU] += many(JIANGSU, 45)
        few(self)

    def _page(self, adcode: str, word: str, page: int, size: int, span: Any) -> tuple[int, list[Doc]]:
        self.asked += adcode == JIANGSU
        if adcode == JIANGSU and self.how == "falls silent" and self.asked > 6:
            return 0, []
        if adcode == JIANGSU and self.how == "ignores the page":
            page = 1
        if adcode == JIANGSU and self.how == "ignores the word":
            word = ""
        if adcode == JIANGSU and self.how == "has nothing of the topics":
            word = word if word == LAYOUT.control.word else "不存在的词"
        total, docs = super()._page(adcode, word, page, size, span)
        if adcode == JIANGSU and page == 2 and self.how == "changes its mind":
            total += 1
        if adcode == JIANGSU and page == 2 and self.how == "stops early":
            docs = []
        if adcode == JIANGSU and page == 2 and self.how == "shifts its order":
            docs = super()._page(adcode, word, 1, size, span)[1][-1:] + docs[:-1]
        if adcode == JIANGSU and self.how == "has no end":
            total = 5000
        return total, docs


WAYWARD = {
    "ignores the page": "a page repeats 20 of 20 results",
    "shifts its order": "a page repeats 1 of 20 results .* others may be missing",
    "falls silent": f"control search for {LAYOUT.control.word} finds no document of 2023 among 0 results",
    "ignores the word": "every word is answered alike|more than 40 pages|is no 0",
    "changes its mind": r"told \d+ results, then \d+",
    "stops early": r"results are told, \d+ came",
    "has no end": r"results are told|repeats",
}


@pytest.mark.parametrize("how", WAYWARD)
def test_a_search_that_does_something_else_is_not_counted(tmp_path: Path, waits: Any, how: str) -> None:
    settings, taken, _ = take(tmp_path, waits, Wayward(how))
    assert figures(settings, taken) == expected(without=(JIANGSU,), of=FEW)
    assert re.search(WAYWARD[how], why(settings, taken)[JIANGSU][1]), why(settings, taken)[JIANGSU]


def test_a_search_that_answers_every_word_alike_is_told_from_one_that_works(tmp_path: Path, waits: Any) -> None:
    site = PoliciesSite()
    site._page = lambda adcode, word, *rest: PoliciesSite._page(site, adcode, "" if adcode == TIBET else word, *rest)  # type: ignore[method-assign]
    site.docs[TIBET] = with_docs(TIBET).docs[TIBET] + many(TIBET, 3)
    settings, taken, _ = take(tmp_path, waits, site)
    assert "every word is answered alike; the site ignores the word" in why(settings, taken)[TIBET][1]
    assert TIBET not in figures(settings, taken)[AI]


def test_a_search_that_works_and_finds_nothing_of_the_topics_is_0(tmp_path: Path, waits: Any) -> None:
    settings, taken, _ = take(tmp_path, waits, Wayward("has nothing of the topics"))
    assert {series: figures(settings, taken)[series][JIANGSU] for series in SERIES} == dict.fromkeys(SERIES, 0.0)


def test_a_search_over_all_years_counts_only_where_it_reaches_the_year(tmp_path: Path, waits: Any) -> None:
    """What the control search of an undated platform does not find of the year may be beyond what it holds."""
    site = few(PoliciesSite())
    site.docs[TIBET] = [doc for doc in site.docs[TIBET] if doc.published < "2022"]
    settings, taken, _ = take(tmp_path, waits, site)
    assert figures(settings, taken) == expected(without=(TIBET,), of=FEW)
    assert "finds no document of 2023" in why(settings, taken)[TIBET][1]


def test_a_year_that_has_not_ended_is_not_asked_for(tmp_path: Path, waits: Any) -> None:
    _, taken, replica = take(tmp_path, waits, few(PoliciesSite()), 2026)
    assert taken.receipts == ()
    assert "2026 has not ended on 2026-10-15" in taken.absent
    assert replica.requests == []


@pytest.mark.parametrize(
    ("day_of_asking", "whole"),
    [(datetime(2024, 7, 31, 3, tzinfo=UTC), False), (datetime(2024, 8, 1, 3, tzinfo=UTC), True)],
)
def test_a_count_made_before_all_is_published_says_so(
    tmp_path: Path, waits: Any, day_of_asking: datetime, whole: bool
) -> None:
    waits.start = day_of_asking
    settings, taken, _ = take(tmp_path, waits, few(PoliciesSite()))
    outcome, reason = why(settings, taken)[SICHUAN]
    assert (outcome, "2024-07-31" in reason) == (("counted", False) if whole else ("unfinished", True))
    assert ("a lower bound" in observed(settings, taken)["note"].iloc[0]) == (not whole)


def test_saved_pages_make_no_count(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "policies", "https://127.0.0.1:1")
    page = Fetched("page.html", b"{}", "https://www.jiangsu.gov.cn/x", "2026-11-01T08:00:00+00:00")
    with pytest.raises(DataError, match="saved pages make no count"):
        take_by_hand(settings, catalog, catalog.sources["policies"], YEAR, [page], item="titles/2023")
    assert payloads(settings) == set()


def test_what_cannot_be_seen_is_not_in_a_title() -> None:
    entry = {"title": "算\u200b力\x1b[31m \n规划\ud800", "url": "/x", "time": "2023-01-01"}
    told = {"data": {"middle": {"list": [entry]}, "pager": {"total": 1}}}
    found = PLATFORMS["irs"].read(json.dumps(told).encode(), "https://a.example", "x").found[0]
    assert found.title == "算力[31m 规划"


def test_more_pages_than_allowed_are_not_counted(tmp_path: Path, waits: Any) -> None:
    site = PoliciesSite()
    site.docs[JIANGSU] += many(JIANGSU, LAYOUT.page_size * LAYOUT.pages + 1)
    settings, taken, _ = take(tmp_path, waits, site)
    assert "results are more than 40 pages; raise `pages` or narrow the word" in why(settings, taken)[JIANGSU][1]
    assert JIANGSU not in figures(settings, taken)[AI]


def test_a_parameter_that_stands_in_the_portals_page_is_read_there(tmp_path: Path, waits: Any) -> None:
    settings, taken, replica = take(tmp_path, waits)
    asked = [r for r in replica.requests if r.path == f"/{SICHUAN}/search5/search/s"]
    assert {r.form["siteCode"] for r in asked} == {"5100000062"}
    moved = [(instead(b"<html><body>new page</body></html>"), f"/{SICHUAN}/")]
    settings, taken, _ = take(tmp_path / "moved", waits, faults=moved)
    assert "does not state siteCode" in why(settings, taken)[SICHUAN][1]
    assert figures(settings, taken) == expected(without=(SICHUAN,))


def test_what_a_portal_answered_before_is_used_when_it_fails(tmp_path: Path, waits: Any) -> None:
    settings, first, _ = take(tmp_path, waits)
    before = figures(settings, first)
    settings, again, _ = take(tmp_path, waits, faults=[(status(403), f"/{SHAANXI}/")], fresh=True)
    assert figures(settings, again) == before
    outcome, reason = why(settings, again)[SHAANXI]
    assert outcome == "kept"
    assert "status 403" in reason
    notes = observed(settings, again).set_index("adcode")["note"]
    assert notes[SHAANXI].str.endswith("answers of an earlier taking").all()
    assert not notes[JIANGSU].str.endswith("answers of an earlier taking").any()


def test_the_same_answers_are_the_same_index(tmp_path: Path, waits: Any) -> None:
    with serving(PoliciesSite()) as replica:
        settings = settings_for(tmp_path, "policies", replica.url)
        one = taken_from(settings, "policies", YEAR, waits.clock)
        two = taken_from(settings, "policies", YEAR, waits.clock, fresh=True)
        asked = len(replica.requests)
        taken_from(settings, "policies", YEAR, waits.clock)
        assert len(replica.requests) == asked
    assert one.receipts[0].payload_sha256 == two.receipts[0].payload_sha256


def test_every_answer_is_kept_and_parsing_asks_nobody(tmp_path: Path, waits: Any) -> None:
    settings, taken, replica = take(tmp_path, waits)
    kept = payloads(settings)
    parts = {
        page["sha256"]
        for entry in json.loads(index_of(settings, taken).content)["portals"]
        for query in entry.get("queries", [])
        for page in query["pages"]
    }
    assert parts < kept
    assert kept - parts >= {taken.receipts[0].payload_sha256}
    asked = len(replica.requests)
    titles(settings, taken)
    assert len(replica.requests) == asked
    assert all(WALLED not in r.path for r in replica.requests[len(LAYOUT.portals) :])  # a wall is asked once


def test_portals_are_asked_by_turns_each_at_its_own_pace(tmp_path: Path, waits: Any) -> None:
    _, _, replica = take(tmp_path, waits)
    rounds = max(sum(f"/{code}/" in r.path for r in replica.requests) for code in LAYOUT.portals)
    assert waits.seconds <= 3 * rounds
    assert waits.seconds >= 3 * (rounds - 1)


def test_when_no_portal_answers_nothing_is_made_and_what_was_there_stays(tmp_path: Path, waits: Any) -> None:
    settings, first, _ = take(tmp_path, waits)
    with pytest.raises(FetchRefused, match=r"none of 13 portals gave results: policies: .* status 403"):
        take(tmp_path, waits, faults=[(status(403), "/")], times=999, fresh=True)
    with pytest.raises(FetchFailed, match="none of 13 portals gave results"):
        take(tmp_path / "down", waits, faults=[(status(503), "/")], times=999)
    kept = Archive(settings.archive).accepted("policies", YEAR)
    assert kept is not None
    assert kept.receipts == list(first.receipts)


def test_a_map_of_two_provinces_is_none(tmp_path: Path, waits: Any) -> None:
    others = {code for code in LAYOUT.portals if code not in (JIANGSU, ZHEJIANG)}
    settings, taken, _ = take(tmp_path, waits, PoliciesSite(walled=others))
    assert taken.receipts == ()
    assert "has 2 provinces, its source gives at least 3" in taken.problems[0][1]
    assert len(list(quarantined(Archive(settings.archive), "policies"))) == 1
    settings, taken, _ = take(tmp_path / "three", waits, PoliciesSite(walled=others - {JIANGXI}))
    assert set(figures(settings, taken)[AI]) == {JIANGSU, ZHEJIANG, JIANGXI}


def test_an_index_taken_for_other_words_is_told(tmp_path: Path, waits: Any) -> None:
    settings, taken, _ = take(tmp_path, waits)
    wider = load_catalog(edited_catalog(tmp_path, "words: [人工智能, 大模型]", "words: [人工智能, 大模型, 机器人]"))
    with pytest.raises(LayoutChanged, match="was not asked for 机器人; take the source again"):
        counted(index_of(settings, taken), wider)


def edited_catalog(home: Path, old: str, new: str) -> Path:
    directory = home / "catalog"
    shutil.copytree(catalog.directory, directory)
    path = directory / "sources" / "policies.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return directory


LAYOUTS = {
    "a platform nobody knows": ("platform: guangdong", "platform: elastic", "platform 'elastic' is not one of jsearch, irs"),
    "a parameter the platform needs": ('siteId: "34"', 'site: "34"', "igs needs siteId; where it is not known"),
    "a province twice": ('"110000":', '"120000":', "120000 stands 2 times|110000 stands 0 times"),
    "a province that is none": ('"110000":', '"990000":', "110000 stands 0 times"),
    "a host that is not configured": (
        "address: https://www.tj.gov.cn", "address: https://tj.example", "the host of https://tj.example is not in `site`"
    ),
    "a level nobody defined": ("level_counted: [government]", "level_counted: [city]", "'city' is not among the levels"),
    "a pattern that is none": ("title: 人工智能|大模型", "title: '(人工智能'", "layout.topics.ai_policies_issued.title"),
    "a series nobody defined": ("  topics:\n    ai_policies_issued:", "  topics:\n    ai_policy_count:", "'ai_policy_count' is not in series.csv"),
    "a key nobody reads": ("page_size: 20", "page_sizes: 20", "layout.page_size"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", LAYOUTS)
def test_a_mistake_in_the_layout_is_told_before_anybody_is_asked(tmp_path: Path, waits: Any, mistake: str) -> None:
    old, new, told = LAYOUTS[mistake]
    directory = edited_catalog(tmp_path, old, new)
    with serving(PoliciesSite()) as replica:
        settings = replace(settings_for(tmp_path, "policies", replica.url), catalog=directory)
        with pytest.raises(CatalogError, match=told):
            taken_from(settings, "policies", YEAR, waits.clock)
        assert replica.requests == []


def test_a_partial_map_names_nobody_it_may_lack() -> None:
    with pytest.raises(ValueError, match="use one of them"):
        Expected(series="x", without=("110000",), at_least=3)


def test_the_road_keeps_the_partial_map_and_does_not_use_it_in_the_index(
    tmp_path: Path, waits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icdp.sources.acquire.Clock", lambda: waits.clock)
    directory = tmp_path / "catalog"
    shutil.copytree(catalog.directory, directory)
    for path in (directory / "sources").glob("*.yaml"):
        if path.stem not in ("facts", "policies"):
            path.unlink()
    with serving(PoliciesSite()) as replica:
        settings = replace(settings_for(tmp_path, "policies", replica.url), catalog=directory)
        assert road.plan(settings, YEAR) == ["facts", "policies"]
        for source in road.plan(settings, YEAR):
            road.acquire(settings, source, YEAR)
            road.stage(settings, source, YEAR)
        asked = len(replica.requests)
        assert road.acquire(settings, "policies", YEAR) == "policies: 1 payloads from the archive"
        assert len(replica.requests) == asked
    assert road.load(settings, YEAR).startswith("2023: ")
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        kept = connection.execute(
            "SELECT adcode, value FROM observations WHERE series = ? AND year = ? ORDER BY 1", [AI, YEAR]
        ).fetchall()
        used = connection.execute("SELECT DISTINCT series FROM lineage WHERE year = ?", [YEAR]).fetchall()
    assert dict(kept) == expected()[AI]
    assert not {series for (series,) in used} & set(SERIES)


@pytest.mark.parametrize(
    "title",
    [
        "江苏省人民政府办公厅关于印发江苏省算力虚构计划（2023—2025年）的通知",
        "江苏省人民政府办公厅　关于印发《江苏省算力 虚构计划(2023-2025年)》的通知",
        "省政府办公厅关于印发江苏省算力虚构计划(2023－2025年)的通知(苏政办发〔2023〕1号)",
        "江苏省政府印发《江苏省算力虚构计划（２０２３-2025年）》",
        "江苏省算力虚构计划(2023-2025年)",
    ],
)
def test_appearances_of_one_policy_have_one_core(title: str) -> None:
    assert core(title, catalog.provinces[JIANGSU], LAYOUT) == "算力虚构计划20232025年"


@pytest.mark.parametrize(
    ("issuer", "level"),
    [
        ("江苏省人民政府", "government"), ("江苏省人民政府办公厅", "government"), ("省政府办公厅", "government"),
        ("省政府", "government"), ("中共江苏省委江苏省人民政府", "government"),
        ("中共江苏省委办公厅江苏省人民政府办公厅", "government"), ("江苏省发展和改革委员会", "department"),
        ("省工业和信息化厅", "department"), ("南京市人民政府", None), ("江苏省南京市人民政府办公厅", None),
        ("浙江省人民政府", None), ("国务院办公厅", None), ("市人民政府", None),
    ],
)  # fmt: skip
def test_the_level_of_an_issuer_is_that_of_its_own_province(issuer: str, level: str | None) -> None:
    assert LAYOUT.level(issuer, catalog.provinces[JIANGSU]) == level


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2024-01-22", "2024-01-22"), ("2024-1-2 10:00:00", "2024-01-02"), ("2024年1月22日", "2024-01-22"),
        ("２０２４/１/２２", "2024-01-22"), ("2024.01.22", "2024-01-22"), ("1705852800000", "2024-01-22"),
        ("1705852800", "2024-01-22"), ("2024-02-30", None), ("昨天", None), ("", None), ("0", None), ("1970-01-01", None),
        ("0000000000", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_printed_or_not_at_all(text: str, told: str | None) -> None:
    found = day(text)
    assert (found.isoformat() if found else None) == told


def test_the_span_reaches_back_a_year_and_seven_months_on() -> None:
    assert [str(d) for d in LAYOUT.span(2023)] == ["2022-01-01", "2024-07-31"]
    shorter = Layout.model_validate({**LAYOUT.model_dump(), "months_before": 0, "months_after": 0})
    assert [str(d) for d in shorter.span(2023)] == ["2023-01-01", "2023-12-31"]


def test_more_results_than_told_are_told() -> None:
    results = Results("x")
    entries = tuple(Found(f"t{n}", f"https://x.example/{n}", "2023-01-01") for n in range(3))
    with pytest.raises(LayoutChanged, match="2 results are told, 3 came"):
        results.add(Page(2, entries))


def test_the_replica_has_all_that_must_not_count() -> None:
    text = "".join(doc.title for doc in documents(JIANGSU))
    for word in (
        "一图读懂",
        "解读",
        "问答",
        "发布会",
        "大数据中心",
        "申报",
        "征求",
        "转发",
        "工业和信息化厅",
        "虚构市",
    ):
        assert word in text
    assert all("虚构" in doc.title for code in LAYOUT.portals for doc in documents(code))
