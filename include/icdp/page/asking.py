"""What may be asked: parameters held against their patterns, then against what is published; the state they are asked of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute

from icdp import __version__
from icdp.page.models import Row
from icdp.page.opened import Memory, Opened, Told
from icdp.page.refusals import Known, NotModified, Refused
from icdp.publishing.reader import Published

MOST = 500
NEWEST = "latest"

EditionName = Annotated[
    str,
    Query(
        pattern=r"^(latest|[0-9]{4}(-r[1-9][0-9]{0,3})?)$",
        max_length=12,
        description="`latest`, a year (its newest edition) or an edition like `2024-r1`",
        examples=["2024"],
    ),
]
Adcode = Annotated[str, Path(pattern="^[0-9]{6}$", description="six digits of GB/T 2260", examples=["110000"])]
NODE = r"^[a-z][a-z0-9_]{0,63}$"
NodeName = Annotated[
    str | None, Query(pattern=NODE, description="id of a node; the composite when left out", examples=["composite"])
]
Indicator = Annotated[str, Path(pattern=NODE, description="id of an indicator")]
Search = Annotated[str | None, Query(max_length=40, description="part of a name")]


@dataclass(frozen=True)
class Paging:
    """Which rows of a list are wanted."""

    page: Annotated[int, Query(ge=1, le=100_000)] = 1
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100


@dataclass(frozen=True)
class Node:
    """A node of an edition's tree."""

    node: str
    parent: str | None
    level: int
    name_zh: str
    name_en: str
    unit: str | None
    direction: int | None


@dataclass
class State:
    """The published database as one request sees it, and what it asks of it.

    Attributes:
        db: a connection on one state of the database.
        memory: answers given on that state.
        request: what is asked.
        etag: of the answer.
        edition: the edition asked for; empty where the answer is about all.
        content_sha256: of the edition.
    """

    db: Published
    memory: Memory
    request: Request
    etag: str = ""
    edition: str = ""
    content_sha256: str = ""
    year: int = 0

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """Return the rows of a query with named parameters as dictionaries; NaN is None."""
        found = self.db.connection.execute(sql, parameters)
        names = [column[0] for column in found.description or []]
        return [{n: None if v != v else v for n, v in zip(names, row, strict=True)} for row in found.fetchall()]

    def of_edition(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """Return rows of a query in which ``$edition`` is the edition asked for."""
        return self.rows(sql, edition=self.edition, **parameters)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The tree of the edition, depth first."""
        found = self.of_edition(
            """SELECT node, parent, level, name_zh, name_en, unit, direction FROM history.nodes
               WHERE edition = $edition ORDER BY position"""
        )
        known = {row["node"]: Node(**row) for row in found}
        below: dict[str | None, list[Node]] = {}
        for node in known.values():
            below.setdefault(node.parent or None, []).append(node)

        def walk(node: Node) -> Iterator[Node]:
            yield node
            for child in below.get(node.node, []):
                yield from walk(child)

        return {node.node: node for root in below.get(None, []) for node in walk(root)}

    @property
    def root(self) -> str:
        """The composite."""
        return next(iter(self.nodes))

    @cached_property
    def indicators(self) -> list[str]:
        """The indicators, depth first."""
        parents = {node.parent for node in self.nodes.values()}
        return [name for name in self.nodes if name not in parents]

    def above(self, node: str) -> list[str]:
        """Return the nodes above one, the nearest first."""
        parent = self.nodes[node].parent
        return [parent, *self.above(parent)] if parent else []

    def leaves(self, node: str) -> list[str]:
        """Return the indicators under a node."""
        return [leaf for leaf in self.indicators if leaf == node or node in self.above(leaf)]

    def node(self, name: str | None, *, scored: bool = True) -> str:
        """Return the node asked for, the composite when none is.

        Args:
            name: its id.
            scored: whether it must have scores: no indicator.

        Raises:
            Refused: there is none.
        """
        if name is None:
            return self.root
        allowed = [n for n in self.nodes if not scored or n not in self.indicators]
        if name not in allowed:
            said = ", ".join(allowed)
            raise Refused(404, f"{self.edition} 没有可评分的节点 {name}；可用：{said}",
                          f"{self.edition} has no scored node {name}; use one of {said}")  # fmt: skip
        return name

    def indicator(self, name: str) -> str:
        """Return the indicator asked for.

        Raises:
            Refused: there is none.
        """
        if name not in self.indicators:
            said = ", ".join(self.indicators)
            raise Refused(404, f"没有指标 {name}；可用：{said}", f"no indicator {name}; use one of {said}")
        return name

    def province(self, adcode: str) -> str:
        """Return the province asked for.

        Raises:
            Refused: there is none.
        """
        known = "SELECT 1 FROM history.provinces WHERE edition = $edition AND adcode = $adcode"
        if not self.of_edition(known, adcode=adcode):
            raise Refused(404, f"没有区划代码为 {adcode} 的省份", f"no province has the code {adcode}")
        return adcode

    def before(self) -> str | None:
        """Return the latest edition of the year before."""
        found = self.rows("SELECT edition FROM editions WHERE year = $year", year=self.year - 1)
        return str(found[0]["edition"]) if found else None

    def paged(self, rows: Iterable[Row], total: int, paging: Paging) -> dict[str, Any]:
        """Return the fields of a page of rows."""
        following = None
        if paging.page * paging.limit < total:
            asked = {"page": paging.page + 1, **({"edition": self.edition} if self.edition else {})}
            url = self.request.url.include_query_params(**asked)
            following = f"{url.path}?{url.query}"
        return {
            "edition": self.edition or None, "total": total, "page": paging.page, "limit": paging.limit,
            "next": following, "items": list(rows),
        }  # fmt: skip


def cut(rows: list[Row], paging: Paging) -> list[Row]:
    """Return the rows of one page."""
    return rows[(paging.page - 1) * paging.limit : paging.page * paging.limit]


def _state(request: Request) -> Iterator[State]:
    opened: Opened = request.app.state.opened
    with opened.reading() as (db, memory):
        yield State(db, memory, request)


_Read = Annotated[State, Depends(_state)]


def _of_all(state: _Read, response: Response) -> State:
    """Read an answer about every edition: it changes with any of them."""
    told = state.rows("SELECT edition, content_sha256, published_at FROM history.editions ORDER BY edition")
    return _marked(state, response, *(str(cell) for row in told for cell in row.values()))


def _of_one(state: _Read, response: Response, edition: EditionName = NEWEST) -> State:
    """Read an answer about one edition, and at most the latest one of the year before."""
    _find(state, edition)
    told = state.rows(
        """SELECT edition, content_sha256, published_at FROM history.editions WHERE edition = $edition
           UNION ALL SELECT edition, content_sha256, published_at FROM editions WHERE year = $year""",
        edition=state.edition, year=state.year - 1,
    )  # fmt: skip
    return _marked(state, response, *(str(cell) for row in told for cell in row.values()))


def _find(state: State, name: str) -> None:
    """Put the edition asked for into the state.

    Raises:
        Refused: there is none.
    """
    known = "SELECT edition, year, content_sha256 FROM"
    if name == NEWEST:
        found = state.rows(f"{known} editions ORDER BY year DESC LIMIT 1")
    elif "-" in name:
        found = state.rows(f"{known} history.editions WHERE edition = $name", name=name)
    else:
        found = state.rows(f"{known} editions WHERE year = $year", year=int(name))
    if not found:
        there = ", ".join(row["edition"] for row in state.rows("SELECT edition FROM editions ORDER BY year"))
        raise Refused(404, f"没有版本 {name}；已发布：{there}", f"no edition {name}; published are {there}")
    state.edition, state.year, state.content_sha256 = found[0].values()


def _marked(state: State, response: Response, *told: str) -> State:
    """Mark the answer by the content it rests on.

    Raises:
        NotModified: the reader has it already.
        Known: it was given before, on the same state of the database.
    """
    state.etag = f'W/"{hashlib.sha256("|".join((__version__, *told)).encode()).hexdigest()[:32]}"'
    unmodified(state.request, state.etag)
    if (given := state.memory.get(_address(state.request))) is not None and given.etag == state.etag:
        raise Known(given)
    state.request.state.memory = state.memory
    response.headers["ETag"] = state.etag
    response.headers["Cache-Control"] = "private, no-cache"
    return state


def unmodified(request: Request, etag: str) -> None:
    """Hold an answer's mark against what the reader has.

    Raises:
        NotModified: it is the same.
    """
    held = [mark.strip().removeprefix("W/") for mark in request.headers.get("if-none-match", "").split(",")]
    if etag.removeprefix("W/") in held or held == ["*"]:
        raise NotModified(etag)


def _address(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"


class Remembering(APIRoute):
    """A route whose answers are kept until the database is replaced."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers."""
        answer = super().get_route_handler()

        async def remembered(request: Request) -> Response:
            response = await answer(request)
            memory: Memory | None = getattr(request.state, "memory", None)
            if memory is not None and response.status_code == 200:
                memory.keep(_address(request), Told(bytes(response.body), response.headers["etag"]))
            return response

        return remembered


OfAll = Annotated[State, Depends(_of_all)]
OfEdition = Annotated[State, Depends(_of_one)]
Pages = Annotated[Paging, Depends()]
