"""Source nbs against a replica of its site: what is taken equals the facts, and no fault makes a wrong figure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest
from tests.replica.conftest import Waits
from tests.replica.nbs_site import CHALLENGE, ROOT, NbsSite, answer, known_figures
from tests.replica.server import Replica, Reply, broken_off, changed, instead, reset, serving, status

from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.errors import DataError, FetchFailed, FetchRefused, LayoutChanged
from icdp.settings import Settings
from icdp.sources import nbs
from icdp.sources.acquire import Taken, payload_of, quarantined, take
from icdp.sources.base import Payload

DATA = "esData"
SERIES = 16


@dataclass
class Road:
    """The source, its replica, and a home to take it into."""

    site: NbsSite
    replica: Replica
    settings: Settings
    catalog: Catalog
    waits: Waits

    def take(self, year: int = 2024) -> Taken:
        return take(self.settings, self.catalog, self.catalog.sources["nbs"], year, fresh=True, clock=self.waits.clock)

    def parsed(self, taken: Taken) -> pd.DataFrame:
        archive = Archive(self.settings.archive)
        return pd.concat(
            [nbs.parse(payload_of(archive, receipt), self.catalog) for receipt in taken.receipts], ignore_index=True
        )

    def refused(self) -> str:
        """Take with one spoilt payload (gdp, the first); it alone is refused, and kept. Return the reason."""
        taken = self.take()
        assert [item for item, _ in taken.problems] == ["gdp"]
        assert "gdp" not in {receipt.item for receipt in taken.receipts}
        assert len(taken.receipts) == SERIES - 1
        (kept,) = quarantined(Archive(self.settings.archive), "nbs")
        archive = Archive(self.settings.archive)
        assert archive.get(archive.receipt("nbs", kept["receipt"]).payload_sha256)
        return taken.problems[0][1]

    def asked(self, path: str = "") -> list[str]:
        return [request.path.removeprefix(ROOT) for request in self.replica.requests if path in request.path]


@pytest.fixture
def road(tmp_path: Path, catalog: Catalog, waits: Waits) -> Iterator[Road]:
    site = NbsSite(catalog)
    with serving(site) as replica:
        yield Road(site, replica, Settings(home=tmp_path, base_urls={"nbs": replica.url}), catalog, waits)


def edited(edit: Callable[[list[dict[str, Any]]], object]) -> Any:
    """A fault: the newest period's values as ``edit`` leaves them (what it writes is synthetic)."""

    def change(body: bytes) -> bytes:
        told = json.loads(body)
        edit(told["data"][0]["values"])
        return json.dumps(told, ensure_ascii=False).encode()

    return changed(change)


def each(edit: Callable[[dict[str, Any]], object]) -> Any:
    return edited(lambda values: [edit(value) for value in values])


def assert_equals_facts(table: pd.DataFrame, catalog: Catalog, years: tuple[int, ...]) -> None:
    for source in catalog.sources["nbs"].expects:
        known = known_figures(source.series, catalog)
        for year in years:
            theirs = known[known["year"] == year].set_index("adcode")["value"].to_dict()
            rows = table[(table["series"] == source.series) & (table["year"] == year)]
            unit = catalog.series[source.series].unit
            own = rows["value"] * [catalog.units.factor(printed, unit) for printed in rows["unit"]]
            assert dict(zip(rows["adcode"], own, strict=True)) == theirs, (source.series, year)
            assert set(rows["adcode"]) >= set(catalog.provinces) - set(source.without) or not theirs


@pytest.mark.parametrize("year", [2023, 2024])
def test_figures_equal_the_facts(road: Road, year: int) -> None:
    taken = road.take(year)
    assert taken.problems == ()
    assert len(taken.receipts) == SERIES
    table = road.parsed(taken)
    assert_equals_facts(table, road.catalog, (year, year - 1))
    assert table["year"].max() == year
    assert table["year"].min() == year - 5
    assert set(table["basis"]) == {"published"}
    assert len(road.asked(DATA)) == SERIES, "one request a series brings all provinces and years"
    assert road.waits.slept == pytest.approx([1.5] * (len(road.replica.requests) - 1))


def test_citation_says_where_the_figure_stands(road: Road) -> None:
    table = road.parsed(road.take())
    row = table.set_index(["series", "year", "adcode"]).loc[("gdp_per_capita", 2024, "110000")]
    assert (row["value_text"], row["unit"], row["publisher"]) == ("228167", "元", "国家统计局")
    assert row["title"] == "分省年度数据 > 国民经济核算 > 地区生产总值"
    assert row["address"] == "https://data.stats.gov.cn/dg/website/page.html#/pc/national/fsYearData"
    assert row["locator"].startswith("人均地区生产总值 (元/人), 110000000000, _id=")
    nuclear = table[(table["series"] == "nuclear_generation") & (table["year"] == 2024)]
    assert len(nuclear) == 8
    assert set(nuclear["note"]) == {"规模以上工业口径，1–12月累计"}


def test_request_is_what_the_site_understands(road: Road) -> None:
    road.take()
    first = next(r for r in road.replica.requests if DATA in r.path)
    assert {key: first.json[key] for key in ("showType", "daCatalogId", "dts")} == {
        "showType": "3",
        "daCatalogId": "",
        "dts": ["2019YY-2024YY"],
    }
    assert [region["value"] for region in first.json["das"]] == [f"{code}000000" for code in road.catalog.provinces]
    assert {"text": "内蒙古自治区", "value": "150000000000"} in first.json["das"]


def test_receipts_tell_the_request_and_the_catalogue_is_kept(road: Road) -> None:
    taken = road.take()
    gdp = next(receipt for receipt in taken.receipts if receipt.item == "gdp")
    assert "indicatorIds=" in gdp.request
    assert "dts=2019YY-2024YY" in gdp.request
    assert "catalogue" not in {receipt.item for receipt in taken.receipts}
    kept = [json.loads(p.read_text())["item"] for p in Path(str(road.settings.archive)).rglob("receipts/nbs/**/*.json")]
    assert kept.count("catalogue") > 10


def test_region_may_stand_under_area(road: Road) -> None:
    road.site.area_keys = True
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


@pytest.mark.parametrize("printed", ["无", "-", "--", "…"])
def test_unpublished_figures_are_no_rows(road: Road, printed: str) -> None:
    road.site.empty = printed
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


def test_new_ids_are_found_by_name(road: Road) -> None:
    road.site.salt = "reorganised"
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


def test_renamed_level_is_bridged_by_the_known_leaf(road: Road) -> None:
    road.site.renamed = {"运输和邮电": "交通和通信"}
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


def test_known_leaf_is_believed_only_for_its_indicator(road: Road) -> None:
    road.site.renamed = {"域名数": "域名总数"}
    with pytest.raises(LayoutChanged, match=r"1 series were not found. nbs/domain_names: .*域名数, there are 域名总数"):
        road.take()
    kept = Archive(road.settings.archive).accepted("nbs", 2024)
    assert kept is not None
    assert (len(kept[0]), kept[1]) == (SERIES - 1, False)


def test_renamed_leaf_without_known_id_is_told_with_what_is_there(road: Road) -> None:
    road.site.renamed = {"教育": "教育和文化"}
    with pytest.raises(LayoutChanged, match=r"nbs/higher_education_institutions: .*named 教育, there are .*教育和文化"):
        road.take()


# The line and the door: healed, or told.


def test_data_address_that_is_gone_gives_way_to_the_former(road: Road) -> None:
    road.site.gone = (f"{ROOT}/stream/esData",)
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))
    assert len(road.asked("stream")) == 1, "what is gone is asked once"


def test_no_data_address_left(road: Road) -> None:
    road.site.gone = (f"{ROOT}/stream/esData", f"{ROOT}/getEsDataByCidAndDt")
    with pytest.raises(LayoutChanged, match="find the new data address"):
        road.take()


def test_challenge_pages_are_waited_out_in_new_sessions(road: Road) -> None:
    road.replica.fault(instead(CHALLENGE, Set_Cookie="wzws_cid=one"), times=3, path=DATA)
    assert road.take().problems == ()
    assert [wait for wait in road.waits.slept if wait > 2] == [60, 120, 240]
    challenged = [r for r in road.replica.requests if DATA in r.path][:4]
    assert not any("wzws_cid" in str(r.headers) for r in challenged), "each try is a new session"


def test_challenge_that_stays(road: Road) -> None:
    road.replica.fault(instead(CHALLENGE), times=99, path=DATA)
    with pytest.raises(FetchFailed, match="challenge|stops visitors"):
        road.take()
    assert Archive(road.settings.archive).accepted("nbs", 2024) == ([], False)


def test_page_without_known_words_counts_as_challenge(road: Road) -> None:
    road.replica.fault(instead("<html>系统升级</html>".encode()), path="Tree")
    assert road.take().problems == ()
    assert 60 in road.waits.slept


def test_redirect_with_cookie_is_followed(road: Road) -> None:
    def once(handler: Any, reply: Reply) -> Reply:
        return Reply(b"", 307, {"Location": handler.path, "Set-Cookie": "wzws_cid=seen; path=/"})

    road.replica.fault(once, path=DATA)
    assert road.take().problems == ()
    again = [r for r in road.replica.requests if DATA in r.path][1]
    assert again.headers["Cookie"] == "wzws_cid=seen"
    assert (again.method, again.json["showType"]) == ("POST", "3")


def test_redirect_to_a_foreign_host_is_not_followed(road: Road) -> None:
    road.replica.fault(lambda handler, reply: Reply(b"", 307, {"Location": "https://example.org/"}), path=DATA)
    with pytest.raises(FetchRefused, match="example.org"):
        road.take()


@pytest.mark.parametrize(
    "fault",
    [reset, broken_off, status(500), status(503), status(429, Retry_After="7"), instead(b"")],
    ids=["reset", "broken off", "500", "503", "429", "empty body"],
)
def test_what_heals_is_asked_again(road: Road, fault: Any) -> None:
    road.replica.fault(fault, path=DATA)
    taken = road.take()
    assert (taken.problems, len(taken.receipts)) == ((), SERIES)
    assert len(road.asked(DATA)) == SERIES + 1


def test_retry_after_is_honoured(road: Road) -> None:
    road.replica.fault(status(429, Retry_After="7"), path=DATA)
    road.take()
    assert 7 in road.waits.slept


def test_wall_is_refused_at_once(road: Road) -> None:
    road.replica.fault(status(403), path=DATA)
    with pytest.raises(FetchRefused, match="status 403"):
        road.take()
    assert len(road.asked(DATA)) == 1


def test_busy_interface_is_asked_again_later(road: Road) -> None:
    busy = answer(None, success=False, message="系统繁忙，请稍后再试")
    road.replica.fault(instead(busy.body), path=DATA)
    assert road.take().problems == ()
    assert 60 in road.waits.slept


def test_interface_that_stays_busy(road: Road) -> None:
    busy = answer(None, success=False, message="系统繁忙，请稍后再试")
    road.replica.fault(instead(busy.body), times=99, path=DATA)
    with pytest.raises(FetchFailed, match="busy"):
        road.take()


# Answers that are not what was asked for: refused, kept, and no other series suffers.


def test_refusal_of_the_interface(road: Road) -> None:
    road.replica.fault(instead(answer([], success=False, message="参数错误").body), path=DATA)
    assert "参数错误" in road.refused()


def test_truncated_json(road: Road) -> None:
    road.replica.fault(changed(lambda body: body[: len(body) // 2]), path=DATA)
    assert "is no JSON" in road.refused()


def test_regions_ignored(road: Road) -> None:
    road.replica.fault(edited(lambda values: values.__delitem__(slice(1, None))), path=DATA)
    assert "gdp of 2024 lacks 天津, 河北" in road.refused()


def test_site_that_answers_beijing_whatever_is_asked(road: Road) -> None:
    road.site.ignores_das = True
    taken = road.take()
    assert taken.receipts == ()
    assert len(taken.problems) == SERIES
    assert all("lacks" in reason for _, reason in taken.problems)


def test_year_that_was_not_asked_for(road: Road) -> None:
    road.site.ignores_dts = True
    reasons = dict(road.take(2023).problems)
    assert "answers 2024YY, asked were 2018 to 2023" in reasons["gdp"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (edited(lambda values: values.pop(8)), "gdp of 2024 lacks 上海"),
        (edited(lambda values: values.append(values[0])), "北京市 stands twice"),
        (edited(lambda values: values[3].update(da_name="山西")), ""),
        (edited(lambda values: values[3].update(da_name="山西市郊")), "region '山西市郊' is none of the 31 provinces"),
        (edited(lambda values: values[3].update(da="130000000000")), "region '山西省' with code '130000000000'"),
        (edited(lambda values: [values[3].pop(k) for k in ("da", "da_name")]), "without a region"),
        (edited(lambda values: values.append({**values[0], "da": "", "da_name": "", "value": ""})), "more than the 31"),
        (each(lambda value: value.update(i_showname="第一产业增加值 (亿元) ")), "is 第一产业增加值, expected 地区生产总值"),
        (each(lambda value: value.update(i_showname="地区生产总值 (万元) ", du_name="万元")), "unit is printed as 万元"),
        (each(lambda value: value.update(du_name="万元")), "unit is printed as 亿元 and 万元"),
        (each(lambda value: value.update(i_showname="地区生产总值", du_name="")), "unit is printed as nothing"),
        (each(lambda value: value.update(value=value["value"].replace(".", ""))), "outside|decimal point has moved"),
        (each(lambda value: value.update(value=str(float(value["value"]) / 10))), "outside|decimal point has moved"),
        (edited(lambda values: values[0].update(value="49843.1万")), "'49843.1万' is no finite number"),
        (edited(lambda values: values[0].update(value=49843.1)), "is no text as it used to be"),
        (each(lambda value: value.update(data=value.pop("value"))), "expected i_showname and value"),
        (changed(lambda body: body.replace(b'"values"', b'"list"')), "expected data as a list of code and values"),
        (changed(lambda body: body.replace(b"2024YY", b"202404SS")), "period '202404SS'"),
        (changed(lambda body: body.replace(b"2024YY", b"2023YY")), "stands twice"),
        (instead(answer([]).body), "holds no figure"),
        (instead(b"%PDF-1.4 synthetic"), "is no JSON"),
    ],
)  # fmt: skip
def test_changed_answer_is_refused(road: Road, fault: Any, reason: str) -> None:
    road.replica.fault(fault, path=DATA)
    if not reason:  # a short name is as good as the full one
        assert road.take().problems == ()
        return
    told = road.refused()
    assert any(part in told for part in reason.split("|")), told


def test_added_key_and_national_row_do_no_harm(road: Road) -> None:
    def add(values: list[dict[str, Any]]) -> None:
        values.insert(0, {**values[0], "da": "000000000000", "da_name": "全国", "value": "1349083.5", "added": 1})

    road.replica.fault(edited(add), path=DATA)
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


def test_gbk_is_read_all_the_same(road: Road) -> None:
    road.replica.fault(changed(lambda body: body.decode().encode("gb18030")), path=DATA)
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda data: data.pop(0), "lacks 北京"),
        (lambda data: data[0].update(value="110000"), "has code '110000'"),
        (lambda data: data.append({"text": "雄安新区", "value": "139900000000"}), "'雄安新区' is none of the 31"),
        (lambda data: data[0].pop("text"), "expected a list of entries with text and value"),
    ],
)
def test_changed_list_of_regions_stops_the_source(road: Road, edit: Callable[[Any], object], reason: str) -> None:
    def change(body: bytes) -> bytes:
        told = json.loads(body)
        edit(told["data"])
        return json.dumps(told).encode()

    road.replica.fault(changed(change), path="getAllProvince")
    with pytest.raises(LayoutChanged, match=reason):
        road.take()
    assert list(Path(str(road.settings.archive)).rglob("receipts/nbs/**/*.json")), "the answer is kept"


def test_parse_of_a_file_saved_by_hand(catalog: Catalog) -> None:
    """Without the request's gist the years cannot be held against it; the figures are read all the same."""
    site = NbsSite(catalog)
    path = "6/国民经济核算/地区生产总值"
    entries = [site._value(f"{path}/地区生产总值", r, "2024YY", path) for r in site._regions({})[:31]]
    body = answer([{"code": "2024YY", "name": "2024年", "values": entries}]).body
    assert len(nbs.parse(Payload("nbs", "gdp", body, "saved.json", bytes.fromhex), catalog)) == 31
    with pytest.raises(LayoutChanged, match="no series 'saved'"):
        nbs.parse(Payload("nbs", "saved", body, "saved.json", bytes.fromhex), catalog)
    asked = f"https://data.stats.gov.cn/#{urlencode({'dts': '2018YY-2023YY'})}"
    with pytest.raises(LayoutChanged, match="asked were 2018 to 2023"):
        nbs.parse(Payload("nbs", "gdp", body, asked, bytes.fromhex), catalog)
    with pytest.raises(DataError, match="without a region"):
        nbs.parse(Payload("nbs", "gdp", body.replace(b'"da', b'"x'), "saved.json", bytes.fromhex), catalog)
