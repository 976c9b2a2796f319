"""Source ``miit``: tables by province out of the ministry's monthly articles, December of the year."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urljoin

import pandas as pd
from bs4 import BeautifulSoup, Tag

from icdp.catalog import Catalog
from icdp.errors import DataError, LayoutChanged, NotFoundError, NothingForYear
from icdp.sources.base import Errand, Fetched, Payload, source_of
from icdp.sources.client import Answer
from icdp.sources.observations import validated
from icdp.sources.tables import grid
from icdp.sources.text import decode, squeezed


@dataclass(frozen=True, slots=True)
class _Listed:
    title: str
    address: str
    column: str


def fetch(errand: Errand) -> Iterator[Fetched]:
    """Yield each table's article of December: item ``<table>/<year>``.

    Raises:
        NothingForYear: articles of these kinds are listed, none of this December.
        LayoutChanged: the list cannot be read, or no article of a kind is listed at all.
        FetchFailed, FetchRefused: see :class:`icdp.sources.client.Client`.
    """
    layout = errand.source.layout
    listed = [article for column in layout["columns"] for article in _articles(errand, column)]
    found = 0
    for name, table in layout["tables"].items():
        if not any(re.search(table["kind"], article.title) for article in listed):
            raise LayoutChanged(
                f"miit: none of {len(listed)} articles is called like {table['kind']!r} "
                f"(e.g. {', '.join(a.title for a in listed[:3]) or 'none'}); correct miit.yaml"
            )
        wanted = re.compile(_title(table, errand.year))
        for article in [a for a in listed if wanted.match(a.title)][:1]:
            found += 1
            answer = errand.ask.get(article.address, Referer=article.column)
            yield Fetched(f"{name}/{errand.year}", answer.content, answer.url, answer.retrieved_at, answer.headers)
    if not found:
        raise NothingForYear(f"miit: no table by province of December {errand.year} among {len(listed)} articles")


def by_hand(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    """Yield saved articles, each as the table its title names.

    Raises:
        LayoutChanged: an article is called like none of the tables of the errand's year.
    """
    tables = errand.source.layout["tables"]
    for file in files:
        title = _article_title(decode(file.content, file.item))
        found = [name for name, table in tables.items() if re.match(_title(table, errand.year), squeezed(title))]
        if not found:
            raise LayoutChanged(f"{file.item}: the article is called {title!r}, none of the tables of {errand.year}")
        yield replace(file, item=f"{found[0]}/{errand.year}")


def _title(table: Mapping[str, Any], year: int) -> str:
    return str(table["title"]).replace("{year}", str(year))


def _articles(errand: Errand, column: str) -> Iterator[_Listed]:
    """Yield the articles of a column, newest first, until an empty page."""
    layout = errand.source.layout
    page = errand.ask.get(column)
    query = _query(page, layout["query"])
    for number in range(1, layout["pages"] + 1):
        paging = json.dumps({"pageNo": number, "pageSize": layout["page_size"]}, separators=(",", ":"))
        answer = errand.ask.get(layout["list"], params=query | {"paramJson": paging}, check=_busy, Referer=page.url)
        try:
            html = json.loads(answer.content)["data"]["html"]
        except (ValueError, KeyError, TypeError) as exc:
            raise LayoutChanged(f"miit: {answer.url} holds no data.html ({exc!r}); the list interface changed") from exc
        links = [a for a in BeautifulSoup(str(html), "lxml").select("li a[href]") if isinstance(a, Tag)]
        if not links and number == 1:
            raise LayoutChanged(f"miit: {answer.url} lists nothing; the list interface changed")
        for link in links:
            title = squeezed(str(link.get("title") or link.get_text()))
            yield _Listed(title, urljoin(page.url, str(link["href"])), page.url)
        if len(links) < layout["page_size"]:
            return


def _busy(answer: Answer) -> str | None:
    """A page instead of JSON at status 200 is the door, and passes; cut JSON is a broken line."""
    if answer.content.lstrip()[:1] != b"{":
        return "a page instead of the list"
    try:
        told = json.loads(answer.content)
    except ValueError:
        return "JSON that breaks off"
    return None if told.get("success") else f"success is {told.get('success')!r}"


def _query(page: Answer, attribute: str) -> dict[str, str]:
    """Return what the column page asks its list for; it stands there in single quotes, so it is no JSON."""
    soup = BeautifulSoup(decode(page.content, page.url), "lxml")
    for script in soup.find_all("script", attrs={attribute.lower(): True}):
        try:
            query = ast.literal_eval(str(script[attribute.lower()]))
            return {str(name): str(value) for name, value in query.items()}
        except (ValueError, SyntaxError, AttributeError) as exc:
            raise LayoutChanged(f"miit: {page.url}: {attribute} cannot be read ({exc}); look at the page") from exc
    raise LayoutChanged(f"miit: {page.url} has no script with {attribute}; look at the page")


def parse(payload: Payload, catalog: Catalog) -> pd.DataFrame:
    """Return the provinces' figures, held against the printed national row.

    Raises:
        LayoutChanged: another title, no table with the columns, or another unit.
        DataError: a row is unknown, missing, twice or no number, or the sum is not the national row.
    """
    source = source_of(payload, catalog)
    name, _, year = payload.item.partition("/")
    layout, table = source.layout, source.layout["tables"][name]
    html = decode(payload.content, payload.name)
    title = _checked_title(html, payload, table, int(year))
    body = BeautifulSoup(html, "lxml").select_one("#con_con, .ccontent")
    if body is None:
        raise LayoutChanged(f"{payload.name}: no text at #con_con; look at the payload")
    rows, headings, first = _table(body, table, payload.name)
    _check_unit(squeezed(body.get_text()), headings, table["unit"], payload.name)
    found: list[dict[str, Any]] = []
    for series, pattern in table["columns"].items():
        position = _column(headings, pattern, payload.name)
        figures = _figures(rows, position, first, layout, catalog, f"{payload.name}, {headings[position]}")
        _must_add_up(figures, layout["national"], table["sum_within"], f"{payload.name}, {headings[position]}")
        found += [
            {
                "series": series,
                "year": int(year),
                "adcode": adcode,
                "value_text": text,
                "unit": table["unit"],
                "basis": "published",
                "publisher": source.publisher,
                "title": title,
                "address": payload.request,
                "locator": f"第{row}行，列 {headings[position]}",
                "note": "",
                "row": row,
            }
            for adcode, (text, row) in figures.items()
            if adcode in catalog.provinces
        ]
    return validated(pd.DataFrame(found), catalog, payload.name)


def _article_title(html: str) -> str:
    tag = BeautifulSoup(html, "lxml").find("meta", attrs={"name": "ArticleTitle"})
    return str(tag.get("content", "")) if isinstance(tag, Tag) else ""


def _checked_title(html: str, payload: Payload, table: Mapping[str, Any], year: int) -> str:
    title = _article_title(html)
    if not re.match(_title(table, year), squeezed(title)):
        raise LayoutChanged(f"{payload.name}: the article is called {title!r}, expected {_title(table, year)!r}")
    return title


def _table(body: Tag, table: Mapping[str, Any], where: str) -> tuple[list[list[str]], list[str], int]:
    """Return the rows below the heading, the headings of each column (levels joined by /), the first row's number."""
    tables = body.find_all("table")
    for candidate in tables:
        rows = grid(candidate, where)
        start = next((n for n, cells in enumerate(rows) if any(_is_number(c) for c in cells[1:])), None)
        if not start:
            continue
        levels = zip(*rows[:start], strict=True)
        headings = ["/".join(dict.fromkeys(level for level in own if level)) for own in levels]
        if any(re.match(pattern, h) for pattern in table["columns"].values() for h in headings):
            return rows[start:], headings, start + 1
    wanted = ", ".join(table["columns"].values())
    raise LayoutChanged(f"{where}: none of {len(tables)} tables has {wanted}; correct miit.yaml")


def _column(headings: list[str], pattern: str, where: str) -> int:
    found = [n for n, heading in enumerate(headings) if re.match(pattern, heading)]
    if len(found) != 1:
        raise LayoutChanged(
            f"{where}: {len(found)} of the columns {', '.join(headings)} match {pattern!r}; correct miit.yaml"
        )
    return found[0]


def _check_unit(text: str, headings: list[str], unit: str, where: str) -> None:
    """The unit stands in the heading or above the table; no other may."""
    told = {*re.findall(r"单位[:：]?\(?([^\s,，。;；)）\d]{1,4}户|户|%)", text)}
    told |= {match for heading in headings for match in re.findall(r"\(([^()]*户)\)", heading)}
    if told != {unit}:
        raise LayoutChanged(f"{where}: the unit printed is {', '.join(sorted(told)) or 'none'}, expected {unit}")


def _figures(
    rows: list[list[str]], position: int, first: int, layout: Mapping[str, Any], catalog: Catalog, where: str
) -> dict[str, tuple[str, int]]:
    """Return adcode or group name -> (figure as printed, row)."""
    found: dict[str, tuple[str, int]] = {}
    for number, cells in enumerate(rows, start=first):
        name, text = cells[0], cells[position].replace(",", "")
        if not name or len(set(cells)) == 1:  # a note over the whole width
            continue
        here = f"{where}, row {number}"
        try:
            key = name if name in layout["groups"] else catalog.province(name).adcode
        except NotFoundError as exc:
            raise DataError(f"{here}: {exc}") from exc
        if key in found:
            raise DataError(f"{here}: {name} stands twice; look at the payload")
        if not _is_number(text):
            raise DataError(f"{here}: {name} is {text!r}, no number; look at the payload")
        found[key] = (text, number)
    return found


def _must_add_up(figures: Mapping[str, tuple[str, int]], national: list[str], within: float, where: str) -> None:
    printed = next((figures[name] for name in national if name in figures), None)
    if printed is None:
        raise LayoutChanged(
            f"{where}: no row {' or '.join(national)} to hold the provinces against; look at the payload"
        )
    total = sum(Decimal(text) for key, (text, _) in figures.items() if key.isdigit())
    if abs(total - Decimal(printed[0])) > Decimal(str(within)):
        raise DataError(f"{where}: the provinces add up to {total}, the national row prints {printed[0]}")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.replace(",", "")).is_finite()
    except InvalidOperation:
        return False
