"""Source nbs against a replica of its site: what is taken equals the facts, and no fault makes a wrong figure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.replica.conftest import Waits
from tests.replica.figures import printed, values
from tests.replica.nbs_site import ROOT, NbsSite
from tests.replica.server import Replica, Reply, broken_off, changed, instead, reset, serving, status

from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.errors import FetchFailed, FetchRefused, LayoutChanged
from icdp.settings import Settings
from icdp.sources import nbs
from icdp.sources.acquire import Taken, payload_of, quarantined, take
from icdp.sources.base import Payload

DATA = "esData"
SERIES = 16
CHALLENGE = b"<html><head><script>var wzws_cid='x'</script></head></html>"


def answer(data: Any, *, success: bool = True, message: str = "成功") -> bytes:
    """An answer of the interface; success says nothing of the HTTP status."""
    told = {"data": data, "success": success, "state": 20000 if success else 50000, "message": message}
    return json.dumps(told, ensure_ascii=False).encode()


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
    site = NbsSite()
    with serving(site) as replica:
        settings = Settings(home=tmp_path, base_urls={"nbs": replica.url + ROOT})
        yield Road(site, replica, settings, catalog, waits)


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
        for year in years:
            known = {adcode: float(text) for adcode, text in printed(source.series, year).items()}
            assert values(table, source.series, year) == known, (source.series, year)
            assert set(known) >= set(catalog.provinces) - set(source.without) or not known
    own = {(row.series, row.unit) for row in table.itertuples()}
    assert own == {(name, catalog.series[name].unit) for name, _ in own}, "the facts are in the same units"


@pytest.mark.parametrize("year", [2023, 2024])
def test_figures_equal_the_facts(road: Road, year: int) -> None:
    taken = road.take(year)
    assert taken.problems == ()
    assert len(taken.receipts) == SERIES
    table = road.parsed(taken)
    assert_equals_facts(table, road.catalog, (year, year - 1))
    assert table["year"].max() == year
    assert table["year"].min() == year - 3
    assert set(table["basis"]) == {"published"}
    assert len(road.asked(DATA)) == SERIES, "one request a series brings all provinces and years"
    assert road.waits.slept == pytest.approx([2.0] * (len(road.replica.requests) - 1))


def test_citation_says_where_the_figure_stands(road: Road) -> None:
    table = road.parsed(road.take())
    row = table.set_index(["series", "year", "adcode"]).loc[("gdp_per_capita", 2024, "110000")]
    assert (row["value_text"], row["unit"], row["publisher"]) == ("228167", "元", "国家统计局")
    assert row["title"] == "分省年度数据 地区生产总值：人均地区生产总值"
    assert row["address"] == "https://data.stats.gov.cn/dg/website/page.html"
    assert row["locator"].startswith("2024YY da=110000000000 _id=")
    nuclear = table[(table["series"] == "nuclear_generation") & (table["year"] == 2024)]
    assert len(nuclear) == 8
    assert set(nuclear["locator"].str[:8]) == {"202412MM"}


def test_request_is_what_the_site_understands(road: Road) -> None:
    road.take()
    first = next(r for r in road.replica.requests if DATA in r.path)
    assert {key: first.json[key] for key in ("showType", "daCatalogId", "dts")} == {
        "showType": "3",
        "daCatalogId": "",
        "dts": ["2021YY-2024YY"],
    }
    assert [region["value"] for region in first.json["das"]] == [f"{code}000000" for code in road.catalog.provinces]
    assert {"text": "内蒙古自治区", "value": "150000000000"} in first.json["das"]


def test_region_may_stand_under_area(road: Road) -> None:
    road.site.region_key = "area"
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


@pytest.mark.parametrize("unpublished", ["无", "-", "--", "…"])
def test_unpublished_figures_are_no_rows(road: Road, unpublished: str) -> None:
    empty = b'"value": ""'
    road.replica.fault(
        changed(lambda body: body.replace(empty, f'"value": "{unpublished}"'.encode())), times=SERIES, path=DATA
    )
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))


def test_new_ids_are_found_by_name(tmp_path: Path, catalog: Catalog, waits: Waits) -> None:
    site = NbsSite(hints_hold=False)
    with serving(site) as replica:
        settings = Settings(home=tmp_path, base_urls={"nbs": replica.url + ROOT})
        road = Road(site, replica, settings, catalog, waits)
        assert_equals_facts(road.parsed(road.take()), catalog, (2024,))
        hints = {wanted.get("hint") for wanted in site.layout["series"].values()}
        assert not hints & {body["cid"] for body in site.asked}


def test_known_id_is_believed_only_for_its_indicator(road: Road) -> None:
    rename = changed(lambda body: body.replace("域名数".encode(), "域名总数".encode()))
    road.replica.fault(rename, times=99, path="queryIndicatorsByCid")
    told = r"^1 series were not found.*has no indicator '域名数'; it has .*域名总数.*correct `indicator`"
    with pytest.raises(LayoutChanged, match=told):
        road.take()
    kept = Archive(road.settings.archive).accepted("nbs", 2024)
    assert kept is not None
    assert len(kept[0]) == SERIES - 1, "the others are taken all the same"
    assert not kept[1], "the year is not whole, and asked again"


def test_renamed_leaf_without_known_id(road: Road) -> None:
    rename = changed(lambda body: body.replace("普通高等学校".encode(), "高等学校".encode()))
    road.replica.fault(rename, times=99, path="queryIndexTreeAsync")
    with pytest.raises(LayoutChanged, match="分省年度数据 has 0 leaves called 普通高等学校; correct `path`"):
        road.take()


def test_receipt_tells_what_was_asked_for(road: Road) -> None:
    request = next(receipt.request for receipt in road.take().receipts if receipt.item == "nuclear_generation")
    assert "esData#cid=" in request
    assert request.endswith("dts=202112MM-202412MM")


# The line and the door: healed, or told.


def test_data_address_that_is_gone_gives_way_to_the_former(road: Road) -> None:
    road.site.data_call = "getEsDataByCidAndDt"
    assert_equals_facts(road.parsed(road.take()), road.catalog, (2024,))
    assert len(road.asked("stream")) == 1, "what is gone is asked once"


def test_no_data_address_left(road: Road) -> None:
    road.site.data_call = "another"
    with pytest.raises(FetchRefused, match="getEsDataByCidAndDt: status 404; the address has moved"):
        road.take()


def test_challenge_pages_are_waited_out_in_new_sessions(road: Road) -> None:
    road.replica.fault(instead(CHALLENGE, Set_Cookie="wzws_cid=one"), times=3, path=DATA)
    assert road.take().problems == ()
    assert [wait for wait in road.waits.slept if wait > 2] == [60, 120, 240]
    challenged = [r for r in road.replica.requests if DATA in r.path][:4]
    assert not any("wzws_cid" in str(r.headers) for r in challenged), "each try is a new session"


def test_challenge_that_stays(road: Road) -> None:
    road.replica.fault(instead(CHALLENGE), times=99, path=DATA)
    with pytest.raises(FetchFailed, match="stops visitors"):
        road.take()
    assert Archive(road.settings.archive).accepted("nbs", 2024) == ([], False, "")


def test_page_without_known_words_counts_as_challenge(road: Road) -> None:
    road.replica.fault(instead("<html>系统升级</html>".encode()), path="Indicators")
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
    with pytest.raises(FetchRefused, match=r"host 'example\.org' is not configured"):
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
    road.replica.fault(instead(answer(None, success=False, message="系统繁忙，请稍后再试")), path=DATA)
    assert road.take().problems == ()
    assert 60 in road.waits.slept


def test_interface_that_stays_busy(road: Road) -> None:
    road.replica.fault(instead(answer(None, success=False, message="系统繁忙，请稍后再试")), times=99, path=DATA)
    with pytest.raises(FetchFailed, match="the interface is busy"):
        road.take()


# Answers that are not what was asked for: refused, kept, and no other series suffers.


def test_refusal_of_the_interface(road: Road) -> None:
    road.replica.fault(instead(answer([], success=False, message="参数错误")), path=DATA)
    assert "参数错误" in road.refused()


def test_truncated_json_heals_or_is_told(road: Road) -> None:
    cut = changed(lambda body: body[: len(body) // 2])
    road.replica.fault(cut, path=DATA)
    assert road.take().problems == ()
    assert 60 in road.waits.slept
    road.replica.fault(cut, times=99, path=DATA)
    with pytest.raises(FetchFailed, match="no whole JSON"):
        road.take()
    kept = Archive(road.settings.archive).accepted("nbs", 2024)
    assert kept is not None
    assert len(kept[0]) == SERIES, "what was accepted before stays listed"


def test_regions_ignored(road: Road) -> None:
    road.replica.fault(edited(lambda values: values.__delitem__(slice(1, None))), path=DATA)
    assert "gdp of 2024 lacks 天津, 河北" in road.refused()


def test_site_that_answers_beijing_whatever_is_asked(road: Road) -> None:
    def only_beijing(body: bytes) -> bytes:
        told = json.loads(body)
        return answer([{**period, "values": period["values"][:1]} for period in told["data"]])

    road.replica.fault(changed(only_beijing), times=SERIES, path=DATA)
    taken = road.take()
    assert taken.receipts == ()
    assert len(taken.problems) == SERIES
    assert all("lacks" in reason or "every value is empty" in reason for _, reason in taken.problems)


CHANGED: dict[str, tuple[Any, str]] = {
    "a province missing": (edited(lambda values: values.pop(8)), "gdp of 2024 lacks 上海"),
    "a province twice": (edited(lambda values: values.append(values[0])), "gdp of 110000 in 2024 stands twice"),
    "a short name": (edited(lambda values: values[3].update(da_name="山西")), ""),
    "an unknown name": (edited(lambda values: values[3].update(da_name="山西市郊")), "'山西市郊' is none of the 31 provinces"),
    "code and name contradict": (edited(lambda values: values[3].update(da="130000000000")), "region 130000000000 is called 山西省; code and name contradict each other"),
    "no region": (edited(lambda values: [values[3].pop(k) for k in ("da", "da_name")]), "names no region"),
    "another indicator": (each(lambda value: value.update(i_showname="第一产业增加值 (亿元) ")), "is about '第一产业增加值', asked for '地区生产总值'"),
    "another unit": (each(lambda value: value.update(i_showname="地区生产总值 (万元) ", du_name="万元")), "the unit is 万元, known is 亿元"),
    "two units": (each(lambda value: value.update(du_name="万元")), "the unit is 万元 / 亿元, known is 亿元"),
    "the decimal point dropped": (each(lambda value: value.update(value=value["value"].replace(".", ""))), "outside|decimal point has moved"),
    "a tenth everywhere": (each(lambda value: value.update(value=str(float(value["value"]) / 10))), "outside|decimal point has moved"),
    "a unit inside a figure": (edited(lambda values: values[0].update(value="49843.1万")), "'49843.1万' is no finite number"),
    "the value renamed": (each(lambda value: value.update(data=value.pop("value"))), "lacks `value` or `i_showname`"),
    "the list renamed": (changed(lambda body: body.replace(b'"values"', b'"list"')), "lacks `code` or `values`"),
    "another period": (changed(lambda body: body.replace(b"2024YY", b"202404SS")), "period '202404SS' is not like"),
    "a year twice": (changed(lambda body: body.replace(b"2024YY", b"2023YY")), "stands twice"),
    "nothing in it": (instead(answer([])), "every value is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_changed_answer_is_refused(road: Road, name: str) -> None:
    fault, reason = CHANGED[name]
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


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda data: data.pop(0), "differ: 110000"),
        (lambda data: data.append({"text": "雄安新区", "value": "139900000000"}), "differ: 139900"),
        (lambda data: data[0].update(value="990000000000"), "differ: 110000, 990000"),
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
    assert Archive(road.settings.archive).accepted("nbs", 2024) == ([], False, "")


def test_parse_knows_only_series_of_the_layout(catalog: Catalog) -> None:
    with pytest.raises(LayoutChanged, match="no series 'saved'"):
        nbs.parse(Payload("nbs", "saved", answer([]), "saved.json", bytes.fromhex), catalog)
