"""The five search platforms behind one interface: how each is asked, and what its answers hold.

Requests and answers as public clients reported them until 2026 (docs/sources.md, sections 8 and 9).
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Literal
from urllib.parse import parse_qs, urljoin, urlsplit

from bs4 import BeautifulSoup

from icdp.errors import LayoutChanged
from icdp.sources.client import Answer, Client

_CHINA = timezone(timedelta(hours=8))
_SHOWN = 80
_LONGEST = 500
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """One question: a word, the page (from 1) and its size, the first and last day of publication."""

    word: str
    page: int
    size: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of an answer; dates as printed, empty where the platform has no such field."""

    title: str
    url: str
    published: str
    written: str = ""
    number: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results and how many there are on all pages."""

    total: int
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Platform:
    """A search platform.

    Attributes:
        path: of its interface.
        sends: as query (GET), form or JSON (POST).
        needs: parameters of the portal without which it answers an error.
        body: what a question becomes.
        entries: where the list of entries stands in an answer; total: how many there are.
        fields: attribute of :class:`Found` -> key of an entry.
    """

    path: str
    sends: Literal["query", "form", "json"]
    needs: tuple[str, ...]
    body: Callable[[Query], dict[str, Any]]
    entries: tuple[str, ...]
    total: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)

    def ask(self, client: Client, address: str, parameters: Mapping[str, Any], query: Query) -> Answer:
        """Ask the portal at ``address``; raises as :meth:`icdp.sources.client.Client.get`."""
        url, sent = address + self.path, {**self.body(query), **parameters}
        if self.sends == "json":
            return client.post(url, json=sent, check=_no_results, Referer=address + "/")
        texts = {name: str(value) for name, value in sent.items()}
        if self.sends == "form":
            return client.post(url, data=texts, check=_no_results, Referer=address + "/")
        return client.get(url, params=texts, check=_no_results, Referer=address + "/")

    def read(self, content: bytes, address: str, where: str) -> Page:
        """Read an answer.

        Args:
            content: its bytes.
            address: of the portal, for links without a host.
            where: name for messages.

        Raises:
            LayoutChanged: it is not the answer known, has no total, or an entry has no title or address.
        """
        try:
            told = json.loads(content)
        except (ValueError, RecursionError) as exc:
            raise LayoutChanged(f"{where}: no JSON ({exc}); look at the payload") from exc
        if told == {} and not self.fields:  # 大汉 answers nothing at all where it found nothing
            return Page(0, ())
        total = _number(_at(told, self.total, where), ".".join(self.total), where)
        entries = _at(told, self.entries, where) or []
        if not isinstance(entries, list):
            raise LayoutChanged(f"{where}: {'.'.join(self.entries)} is no list; look at the payload")
        if len(entries) > _MOST:
            raise LayoutChanged(f"{where}: {len(entries)} results on one page; look at the payload")
        found = tuple(self._found(entry, address, f"{where}, result {n}") for n, entry in enumerate(entries, start=1))
        return Page(total, found)

    def _found(self, entry: Any, address: str, where: str) -> Found:
        if self.fields:
            if not isinstance(entry, dict):
                raise LayoutChanged(f"{where}: is no object; look at the payload")
            texts = {name: _text(entry.get(key)) for name, key in self.fields.items()}
        else:
            texts = _fragment(str(entry))
        for name in ("title", "url"):
            if not texts[name]:
                raise LayoutChanged(f"{where}: has no {self.fields.get(name, name)}; look at the payload")
        if len(texts["title"]) > _LONGEST:
            raise LayoutChanged(f"{where}: a title of {len(texts['title'])} signs; look at the payload")
        return Found(**texts | {"url": _absolute(address, texts["url"], where)})


def _no_results(answer: Answer) -> str | None:
    """A page instead of JSON at status 200 is the door, and passes; cut JSON is a broken line."""
    if answer.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return "a page instead of results"
    try:
        json.loads(answer.content)
    except (ValueError, RecursionError):
        return "JSON that breaks off"
    return None


def _at(told: Any, path: tuple[str, ...], where: str) -> Any:
    value = told
    for key in path:
        if not isinstance(value, dict) or key not in value:
            shown = json.dumps(told, ensure_ascii=False)[:_SHOWN]
            raise LayoutChanged(f"{where}: no {'.'.join(path)} in {shown}; the interface or its parameters changed")
        value = value[key]
    return value


def _number(value: Any, name: str, where: str) -> int:
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,9}", str(value)):
        raise LayoutChanged(f"{where}: {name} is {value!r}, no number; look at the payload")
    return int(value)


def _absolute(address: str, link: str, where: str) -> str:
    try:
        url = urljoin(address + "/", link)
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return url
    except ValueError:  # urllib's word for a host that is none
        pass
    raise LayoutChanged(f"{where}: {link[:_SHOWN]!r} is no address; look at the payload")


def _text(value: Any) -> str:
    """Return text without markup, as results highlight the word; empty for what is neither text nor number."""
    text = str(value) if isinstance(value, str | int | float) else ""
    return _seen(html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", text)))


def _seen(text: str) -> str:
    """Return what of a text is seen: no zero-width signs (they split words), control codes or half characters."""
    return " ".join(
        "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs")).split()
    )


_DAY = r"(\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2})"
_LABELS = {
    "written": re.compile(rf"成文(?:日期|时间)\s*[:：]?\s*{_DAY}"),
    "published": re.compile(rf"(?<!成文)(?:日期|时间)\s*[:：]?\s*{_DAY}"),
    "number": re.compile(r"(?:发文字号|文号)\s*[:：]?\s*(\S+)"),
    "issuer": re.compile(r"(?:发文机关|制发机关|发文单位)\s*[:：]?\s*(\S+)"),
}


def _fragment(markup: str) -> dict[str, str]:
    """Read one result of 大汉, which is a piece of HTML: news (``jcse-news-…``, ``titleWrapper``) or a card of labels."""
    soup = BeautifulSoup(markup, "lxml")
    link = soup.select_one(".jcse-news-title a, .titleWrapper > a") or soup.select_one(".jcse-result-box a")
    printed = soup.select_one(".jcse-news-url a")
    dated = soup.select_one(".jcse-news-date")
    text = _seen(soup.get_text(" "))  # in single blanks, that the patterns of labels cannot run long
    labels = {name: match[1] for name, pattern in _LABELS.items() if (match := pattern.search(text))}
    address = _seen(printed.get_text() if printed else str(link.get("href", "")) if link else "")
    return {
        "title": _seen(link.get_text()) if link else "",
        # Links may lead over a counter that has the address as a parameter.
        "url": parse_qs(address.partition("?")[2].partition("#")[0]).get("url", [address])[0],
        "published": _seen(dated.get_text()) if dated else labels.get("published", ""),
        "written": labels.get("written", ""),
        "number": labels.get("number", ""),
        "issuer": labels.get("issuer", ""),
    }


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, _CHINA)


def _jsearch(query: Query) -> dict[str, Any]:
    return {
        "q": query.word, "p": query.page, "pg": query.size, "pos": "title",
        "begin": f"{query.first:%Y%m%d}", "end": f"{query.last:%Y%m%d}",
    }  # fmt: skip


def _irs(query: Query) -> dict[str, Any]:
    return {
        "code": "", "searchWord": query.word, "pageNo": query.page, "pageSize": query.size, "orderBy": "related",
        "searchBy": "title", "granularity": "CUSTOM",
        "beginDateTime": int(_moment(query.first, time.min).timestamp() * 1000),
        "endDateTime": int(_moment(query.last, time.max).timestamp() * 1000),
    }  # fmt: skip


def _igs(query: Query) -> dict[str, Any]:
    return {"searchWord": query.word, "pageNumber": query.page, "pageSize": query.size, "position": "TITLE"}


def _kaipuyun(query: Query) -> dict[str, Any]:
    return {
        "searchWord": query.word, "pageNum": query.page - 1, "pageSize": query.size, "wordPlace": 1,
        "startTime": f"{query.first:%Y-%m-%d}", "endTime": f"{query.last:%Y-%m-%d}",
    }  # fmt: skip


def _guangdong(query: Query) -> dict[str, Any]:
    return {"keywords": query.word, "page": query.page, "position": "title"}


PLATFORMS: Mapping[str, Platform] = {
    "jsearch": Platform(
        "/jsearchfront/interfaces/cateSearch.do", "form", ("websiteid", "cateid", "tpl"), _jsearch, ("result",), ("total",)
    ),
    "irs": Platform(
        "/irs/front/search", "json", ("dataTypeId", "tenantId"), _irs, ("data", "middle", "list"),
        ("data", "pager", "total"), {"title": "title", "url": "url", "published": "time"},
    ),
    "igs": Platform(
        "/igs/front/search.jhtml", "query", ("code", "siteId"), _igs, ("page", "content"), ("page", "total"),
        {"title": "title", "url": "url", "published": "trs_time", "number": "filenum"},
    ),
    "kaipuyun": Platform(
        "/search5/search/s", "form", ("siteCode",), _kaipuyun, ("searchResultAll", "searchTotal"),
        ("searchResultAll", "total"),
        {"title": "title", "url": "url", "published": "pubDate", "written": "cwrq", "number": "docNum"},
    ),
    "guangdong": Platform(
        "/api/search/all", "json", ("site_id", "range"), _guangdong, ("data", "news", "list"), ("data", "news", "total"),
        {"title": "title", "url": "url", "published": "pub_time"},
    ),
}  # fmt: skip
"""Platform -> how it is asked and read; a sixth one is an entry here."""
