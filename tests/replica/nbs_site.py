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
            entry = self.leaves.setdefault(cid, {"path": wanted["path"], "code": self._code(wanted), "indicators": {}})
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
        """The root, and below it the branches that lead to the leaves; leaves named without a path hang in one branch."""
        if pid == "":
            catalogue = next(c for c in self.layout["catalogues"].values() if c["code"] == code)
            return [{"_id": catalogue["root"], "name": catalogue["name"], "isLeaf": False, "treeinfo_pid": ""}]
        above = pid.split("/")[1:]
        nodes = {}
        for cid, leaf in self.leaves.items():
            path = leaf["path"] if len(leaf["path"]) > 1 else ["综合", *leaf["path"]]
            if leaf["code"] != code or path[: len(above)] != above:
                continue
            name, is_leaf = path[len(above)], len(above) == len(path) - 1
            identifier = cid if is_leaf else "/".join(["branch", *above, name])
            nodes[identifier] = {"_id": identifier, "name": name, "isLeaf": is_leaf, "treeinfo_pid": pid}
        return list(nodes.values())

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
        # Of the months only December is known; the others are not asked for their figures.
        known = printed(series, int(period[:4])) if re.fullmatch(r"\d{4}(YY|12MM)", period) else {}
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
        kind, low, high = first[-2:], int(first[:-2]), int((last or first)[:-2])
        found += [f"{code}{kind}" for code in range(low, high + 1) if kind == "YY" or 1 <= code % 100 <= 12]
    return found
