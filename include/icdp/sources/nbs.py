"""Source ``nbs``: the data release library of the National Bureau of Statistics, by province.

One request an indicator: all regions, all years (``showType`` 3). Catalogue ids change, names do not:
ids are found by name at every taking, those of the layout are tried first and believed only when the
indicator's name is found under them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from icdp.catalog import Catalog
from icdp.errors import DataError, FetchRefused, LayoutChanged, NotFoundError
from icdp.sources.base import Errand, Fetched, Payload, source_of
from icdp.sources.client import Answer, Client
from icdp.sources.observations import validated

Json = dict[str, Any]
_SHOWN = re.compile(r"^(?P<name>.*?)\s*[(（](?P<unit>[^()（）]*)[)）]\s*$")


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield one payload for each series of the layout: item = series, all provinces, the years up to the errand's.

    A series whose name has gone does not keep the others from being taken; it is told of at the end.

    Raises:
        LayoutChanged: a catalogue, a leaf or an indicator is not found by its name, or a region is unknown.
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    layout = errand.source.layout
    library = _Library(errand.ask, layout)
    regions = library.regions(errand.catalog)
    lost: list[str] = []
    for series, wanted in layout["series"].items():
        catalogue = layout["catalogues"][wanted["catalogue"]]
        try:
            cid, indicator = library.indicator(catalogue, wanted)
        except LayoutChanged as exc:
            lost.append(str(exc))
            continue
        first, last = (catalogue["period"].format(year=y) for y in (errand.year - layout["years_back"], errand.year))
        body = {
            "cid": cid,
            "indicatorIds": [indicator],
            "daCatalogId": "",
            "das": regions,
            "dts": [f"{first}-{last}"],
            "showType": "3",
            "rootId": catalogue["root"],
        }
        answer = library.data(body)
        # The body's gist as a fragment: the receipt then says what was asked for, not only where.
        gist = urlencode({"cid": cid, "indicatorIds": indicator, "dts": body["dts"][0]})
        yield Fetched(series, answer.content, f"{answer.url}#{gist}", answer.retrieved_at, answer.headers)
    if lost:
        raise LayoutChanged(f"{len(lost)} series were not found. {' | '.join(lost)}")


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield saved answers of the data interface, each as the series whose indicator it names.

    Raises:
        LayoutChanged: an answer is about no indicator of the layout, or about one of several series.
    """
    names = {series: wanted["indicator"] for series, wanted in errand.source.layout["series"].items()}
    for file in files:
        shown = {_name_and_unit(str(value["i_showname"]))[0] for _, value in _values(_answer(file), file.item)}
        found = [item] if item else [series for series, name in names.items() if {name} == shown]
        if len(found) != 1:
            raise LayoutChanged(
                f"{file.item}: is about {', '.join(sorted(shown)) or 'nothing'}, none of the series of nbs.yaml"
            )
        yield replace(file, item=found[0])


def _answer(file: Fetched) -> Json:
    answer = _json(file.content, file.item)
    _must_be_success(answer, file.item)
    return answer


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the observations of one series.

    Raises:
        LayoutChanged: the answer has not the known form, or is about another indicator.
        DataError: another unit, a region that is not what it is called, or no number.
    """
    source = source_of(payload, catalog)
    layout = source.layout
    if payload.item not in layout["series"]:
        raise LayoutChanged(f"{payload.name}: the layout has no series {payload.item!r}; add it to nbs.yaml")
    wanted = layout["series"][payload.item]
    answer = _json(payload.content, payload.name)
    _must_be_success(answer, payload.name)
    rows = []
    for position, (period, value) in enumerate(_values(answer, payload.name), start=1):
        where = f"{payload.name}, value {position}"
        if (year := _year(period, layout["catalogues"][wanted["catalogue"]], where)) is None:
            continue
        _must_be(wanted, value, where)
        text = str(value.get("value") or "").strip()
        code = str(value.get("da") or value.get("areaCode") or "")
        if text in layout["empty"]:
            continue
        if not code:
            raise LayoutChanged(
                f"{where}: value {text!r} of {period} names no region (da, areaCode); look at the payload"
            )
        if code[:6] == "000000" or code[:2] in layout["not_provinces"]:
            continue
        rows.append(
            {
                "series": payload.item,
                "year": year,
                "adcode": _adcode(code, value, catalog, where),
                "value_text": text,
                "unit": wanted.get("as") or _units(wanted)[0],
                "basis": "published",
                "publisher": source.publisher,
                "title": f"{layout['catalogues'][wanted['catalogue']]['name']} {wanted['path'][-1]}：{wanted['indicator']}",
                "address": layout["page"],
                "locator": f"{period} da={code} _id={value.get('_id', '')} catalogid={value.get('catalogid', '')}",
                "note": "",
                "row": position,
            }
        )
    if not rows:
        raise DataError(f"{payload.name}: every value is empty; the publisher has not printed these years yet")
    return validated(pd.DataFrame(rows), catalog, payload.name)


class _Library:
    """The calls of the interface; remembers what it has found within one taking."""

    def __init__(self, client: Client, layout: Mapping[str, Any]) -> None:
        self.client = client
        self.layout = layout
        self._leaves: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._indicators: dict[str, dict[str, str]] = {}
        self._calls = list(layout["data_calls"])

    def regions(self, catalog: Catalog) -> list[Json]:
        """Return the provinces as the interface calls them, held against the catalogue."""
        listed = self._get("getAllProvince", {})
        kept = [
            r
            for r in _list(listed.get("data"), "getAllProvince")
            if str(r.get("value"))[:2] not in self.layout["not_provinces"]
        ]
        kept = [r for r in kept if str(r.get("value"))[:6] != "000000"]
        codes = {str(r.get("value"))[:6] for r in kept}
        if codes != set(catalog.provinces):
            odd = ", ".join(sorted(codes ^ set(catalog.provinces)))
            raise LayoutChanged(
                f"nbs: getAllProvince does not give the {len(catalog.provinces)} provinces (differ: {odd})"
            )
        return [{"text": r["text"], "value": r["value"]} for r in kept]

    def indicator(self, catalogue: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, str]:
        """Return (leaf id, indicator id) of a series, by name."""
        hint = wanted.get("hint")
        if hint and (found := self._indicators_of(hint).get(wanted["indicator"])):
            return hint, found
        path = tuple(wanted["path"])
        leaves = [cid for names, cid in self._tree(catalogue) if names[-len(path) :] == path]
        if len(leaves) != 1:
            raise LayoutChanged(
                f"nbs: {catalogue['name']} has {len(leaves)} leaves called {' > '.join(path)}; correct `path` in nbs.yaml"
            )
        names = self._indicators_of(leaves[0])
        if wanted["indicator"] not in names:
            raise LayoutChanged(
                f"nbs: {' > '.join(path)} has no indicator {wanted['indicator']!r}; it has {', '.join(names) or 'none'}; "
                "correct `indicator` in nbs.yaml"
            )
        return leaves[0], names[wanted["indicator"]]

    def data(self, body: Json) -> Answer:
        """Ask for data, at the first call that still exists."""
        while True:
            try:
                return self.client.post(self._calls[0], json=body, check=self._passing)
            except FetchRefused as exc:
                if exc.status != 404 or len(self._calls) == 1:
                    raise
                self._calls.pop(0)

    def _tree(self, catalogue: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
        """Return (names from the top, id) of every leaf of a catalogue."""
        code = catalogue["code"]
        if code not in self._leaves:
            leaves: list[tuple[tuple[str, ...], str]] = []
            waiting: list[tuple[tuple[str, ...], str]] = [((), "")]
            while waiting:
                names, pid = waiting.pop(0)
                answer = self._get("new/queryIndexTreeAsync", {"pid": pid, "code": code})
                for entry in _list(answer.get("data"), f"queryIndexTreeAsync pid={pid!r}"):
                    below = (*names, str(entry.get("name", "")).strip())
                    is_leaf = str(entry.get("isLeaf")).lower() in ("true", "1")
                    (leaves if is_leaf else waiting).append((below, str(entry["_id"])))
            self._leaves[code] = leaves
        return self._leaves[code]

    def _indicators_of(self, cid: str) -> dict[str, str]:
        if cid not in self._indicators:
            answer = self._get("new/queryIndicatorsByCid", {"cid": cid, "dt": "", "name": ""})
            listed = (answer.get("data") or {}).get("list") if isinstance(answer.get("data"), dict) else None
            found: dict[str, str] = {}
            for entry in listed or []:
                found.setdefault(_name_and_unit(str(entry.get("i_showname", "")))[0], str(entry.get("_id", "")))
            self._indicators[cid] = found
        return self._indicators[cid]

    def _get(self, call: str, parameters: dict[str, str]) -> Json:
        answer = self.client.get(call, params=parameters, check=self._passing)
        told = _json(answer.content, f"nbs: {call}")
        _must_be_success(told, f"nbs: {call}")
        return told

    def _passing(self, answer: Answer) -> str | None:
        """Status 200 says nothing: a challenge is HTML, a cut answer is no JSON, a busy site says so."""
        if answer.content.lstrip()[:1] == b"<":
            return "HTML instead of data (a challenge page)"
        try:
            told = json.loads(answer.content)
        except ValueError:
            return "no whole JSON"
        refused = isinstance(told, dict) and told.get("success") is False
        message = str(told.get("message") or told.get("msg") or "") if refused else ""
        word = next((word for word in self.layout["busy"] if word in message), None)
        return f"the interface is busy ({message})" if word else None


def _json(content: bytes, where: str) -> Json:
    try:
        answer = json.loads(content)
    except ValueError as exc:
        raise LayoutChanged(f"{where}: is no JSON ({exc}); look at the payload") from exc
    if not isinstance(answer, dict):
        raise LayoutChanged(f"{where}: is a JSON {type(answer).__name__}, expected an object")
    return answer


def _must_be_success(answer: Json, where: str) -> None:
    if answer.get("success") is False or "data" not in answer:
        told = answer.get("message") or answer.get("msg") or sorted(answer)
        raise LayoutChanged(f"{where}: the interface refuses the request ({told}); it may have changed")


def _list(data: object, where: str) -> list[Json]:
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise LayoutChanged(f"nbs: {where}: `data` is no list of objects; the interface has changed")
    return data


def _values(answer: Json, where: str) -> Iterator[tuple[str, Json]]:
    for of_period in _list(answer["data"], where):
        if not isinstance(of_period.get("values"), list) or "code" not in of_period:
            raise LayoutChanged(f"{where}: an entry lacks `code` or `values`; it has {', '.join(sorted(of_period))}")
        for value in of_period["values"]:
            if not isinstance(value, dict) or "value" not in value or "i_showname" not in value:
                raise LayoutChanged(f"{where}: a value of {of_period['code']} lacks `value` or `i_showname`")
            yield str(of_period["code"]), value


def _name_and_unit(shown: str) -> tuple[str, str]:
    match = _SHOWN.match(shown.strip())
    return (match["name"].strip(), match["unit"].strip()) if match else (shown.strip(), "")


def _must_be(wanted: Mapping[str, Any], value: Json, where: str) -> None:
    name, unit = _name_and_unit(str(value["i_showname"]))
    if name != wanted["indicator"]:
        raise LayoutChanged(f"{where}: is about {name!r}, asked for {wanted['indicator']!r}")
    printed = {unit, str(value.get("du_name") or unit)}
    if not printed <= set(_units(wanted)):
        told = " / ".join(sorted(printed))
        raise DataError(f"{where}: the unit is {told}, known is {_units(wanted)[0]}; correct nbs.yaml if it changed")


def _units(wanted: Mapping[str, Any]) -> list[str]:
    """Return the words the unit of a series may be printed with."""
    unit = wanted["unit"]
    return [unit] if isinstance(unit, str) else list(unit)


def _year(period: str, catalogue: Mapping[str, Any], where: str) -> int | None:
    """Return the year a period stands for; None for the other months that a span of Decembers brings along."""
    pattern = re.escape(catalogue["period"]).replace(re.escape("{year}"), r"(\d{4})")
    if not (match := re.fullmatch(pattern, period)):
        if re.fullmatch(catalogue["other_periods"], period):
            return None
        raise LayoutChanged(f"{where}: period {period!r} is not like {catalogue['period']!r}")
    return int(match[1])


def _adcode(code: str, value: Json, catalog: Catalog, where: str) -> str:
    adcode = code[:6]
    name = str(value.get("da_name") or value.get("area") or "").strip()
    if adcode not in catalog.provinces:
        raise DataError(f"{where}: region {code} {name} is none of the provinces")
    try:
        named = catalog.province(name).adcode if name else adcode
    except NotFoundError as exc:
        raise DataError(f"{where}: {exc}") from exc
    if named != adcode:
        raise DataError(f"{where}: region {code} is called {name}; code and name contradict each other")
    return adcode
