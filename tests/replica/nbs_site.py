"""The data release library as it answered in 2026, filled with the shipped figures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.replica.figures import printed
from tests.replica.server import Reply, Request

from icdp.catalog import load_catalog
from icdp.settings import CATALOG

ROOT = "/dg/website/publicrelease/web/external"
ABROAD = [("台湾省", "710000000000"), ("香港特别行政区", "810000000000"), ("澳门特别行政区", "820000000000")]


@dataclass
class NbsSite:
    """Catalogues, leaves and indicators under ids of its own, so that hints are worth nothing unless asked for.

    Attributes:
        hints_hold: whether the ids of the layout are the site's own.
        data_call: the call that answers data; another one is 404.
        region_key: ``da`` as in most answers, ``area`` as in some.
    """

    hints_hold: bool = True
    data_call: str = "stream/esData"
    region_key: str = "da"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.catalog = load_catalog(CATALOG)
        self.layout = self.catalog.sources["nbs"].layout
        self.leaves: dict[str, dict[str, Any]] = {}
        for series, wanted in self.layout["series"].items():
            leaf = wanted["path"][-1]
            cid = wanted["hint"] if self.hints_hold and "hint" in wanted else f"leaf-{leaf}"
            entry = self.leaves.setdefault(cid, {"name": leaf, "code": self._code(wanted), "indicators": {}})
            entry["indicators"][f"id-{series}"] = (series, wanted)

    def _code(self, wanted: dict[str, Any]) -> str:
        return str(self.layout["catalogues"][wanted["catalogue"]]["code"])

    def __call__(self, request: Request) -> Reply:
        call = request.path.removeprefix(ROOT + "/")
        if (
            request.headers.get("Origin") != "https://data.stats.gov.cn"
            or "Mozilla" not in request.headers["User-Agent"]
        ):
            return Reply.of_html("<html>请求被拒绝</html>")
        if call == "getAllProvince":
            known = [(p.name_zh, f"{p.adcode}000000") for p in self.catalog.provinces.values()]
            return self._ok([{"text": text, "value": value} for text, value in [*known, *ABROAD]])
        if call == "new/queryIndexTreeAsync":
            return self._ok(self._tree(request.query["pid"], request.query["code"]))
        if call == "new/queryIndicatorsByCid":
            return self._ok({"list": self._indicators(request.query["cid"])})
        if call == self.data_call and request.method == "POST":
            return self._data(request.json)
        raise KeyError(call)

    def _ok(self, data: Any) -> Reply:
        return Reply.of_json({"data": data, "success": True, "state": 20000, "message": "成功"})

    def _tree(self, pid: str, code: str) -> list[dict[str, Any]]:
        """Two levels: one branch, its leaves."""
        if pid == "":
            return [{"_id": f"branch-{code}", "name": "综合", "isLeaf": False, "treeinfo_pid": ""}]
        return [
            {"_id": cid, "name": leaf["name"], "isLeaf": True, "treeinfo_pid": pid}
            for cid, leaf in self.leaves.items()
            if leaf["code"] == code
        ]

    def _indicators(self, cid: str) -> list[dict[str, Any]]:
        leaf = self.leaves.get(cid, {"indicators": {}})
        return [
            {"_id": identifier, "i_showname": f"{wanted['indicator']} ({_shown(wanted)}) ", "du_name": _unit(wanted)}
            for identifier, (_, wanted) in leaf["indicators"].items()
        ]

    def _data(self, body: dict[str, Any]) -> Reply:
        self.asked.append(body)
        if "showType" not in body:
            return Reply(b"", 500)
        if not isinstance(body["dts"], list):
            return Reply.of_html("<html>URL拦截</html>")
        if body["daCatalogId"] != "":  # the region asked for is then ignored
            body = {**body, "das": body["das"][:1]}
        leaf = self.leaves[body["cid"]]
        series, wanted = leaf["indicators"][body["indicatorIds"][0]]
        data = [
            {"code": period, "name": f"{period[:4]}年", "values": self._values(series, wanted, body, period)}
            for period in reversed(_periods(body["dts"]))
        ]
        return Reply.of_json({"data": data, "success": True, "state": 20000, "message": "成功"})

    def _values(self, series: str, wanted: dict[str, Any], body: dict[str, Any], period: str) -> list[dict[str, Any]]:
        known = printed(series, int(period[:4]))
        values = []
        for region in body["das"]:
            text = known.get(region["value"][:6], "")
            value = {
                "i_showname": f"{wanted['indicator']} ({_shown(wanted)}) ",
                "_id": body["indicatorIds"][0],
                "catalogid": body["cid"],
                "du_name": _unit(wanted),
                "value": text,
            }
            if text and self.region_key == "da":
                value |= {"da": region["value"], "da_name": region["text"]}
            elif text:
                value |= {"areaCode": region["value"], "area": region["text"]}
            values.append(value)
        return values


def _shown(wanted: dict[str, Any]) -> str:
    return str(wanted["unit"] if isinstance(wanted["unit"], str) else wanted["unit"][0])


def _unit(wanted: dict[str, Any]) -> str:
    return str(wanted["unit"] if isinstance(wanted["unit"], str) else wanted["unit"][-1])


def _periods(dts: list[str]) -> list[str]:
    found = []
    for asked in dts:
        first, _, last = asked.partition("-")
        tail = re.sub(r"^\d{4}", "", first)
        found += [f"{year}{tail}" for year in range(int(first[:4]), int((last or first)[:4]) + 1)]
    return found
