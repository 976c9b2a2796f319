"""What is refused, with one message in both languages; and how any error becomes an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from icdp.errors import IcdpError, NotFoundError
from icdp.page.models import Problem
from icdp.page.opened import Told

Login = Callable[[Request], str]
log = logging.getLogger(__name__)

_SAID = {
    401: ("请先登录", "log in first"),
    403: ("没有查看的权限", "you have no right to look at this"),
    404: ("没有这一页", "there is no such page"),
    405: ("这里只能读取", "this can only be read"),
}


class Refused(Exception):
    """Refused for a stated reason.

    Args:
        status: of HTTP.
        zh: what and why, in Chinese.
        en: the same in English.
    """

    def __init__(self, status: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.problem = Problem(status=status, zh=zh, en=en)


class NotModified(Exception):
    """The reader has this answer already.

    Args:
        etag: of the answer.
    """

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


class Known(Exception):
    """The same was asked before.

    Args:
        told: what was answered.
    """

    def __init__(self, told: Told) -> None:
        super().__init__(told.etag)
        self.told = told


def handle_errors(app: FastAPI, login: Login | None) -> None:
    """Let every error of ``app`` become one clear answer.

    Args:
        app: the page.
        login: where a visitor who has not logged in is sent; None leaves it at 401.
    """

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return _answer(error.problem)

    @app.exception_handler(NotModified)
    async def not_modified(request: Request, error: NotModified) -> Response:
        return Response(status_code=304, headers={"ETag": error.etag, "Cache-Control": "private, no-cache"})

    @app.exception_handler(Known)
    async def known(request: Request, error: Known) -> Response:
        headers = {"ETag": error.told.etag, "Cache-Control": "private, no-cache"}
        return Response(error.told.body, media_type="application/json", headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:]) or "request"
        reason = str(first["msg"])
        return _answer(Problem(status=422, zh=f"参数 {name} 不合要求：{reason}", en=f"parameter {name}: {reason}"))

    @app.exception_handler(IcdpError)
    async def icdp_error(request: Request, error: IcdpError) -> Response:
        status = 404 if isinstance(error, NotFoundError) else 503
        if status == 503:
            log.error("%s: %s", request.url.path, error)
        return _answer(Problem(status=status, zh=f"无法读取已发布的数据：{error}", en=str(error)))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 401 and login is not None and _is_for_a_person(request):
            return RedirectResponse(login(request), status_code=303, headers={"Cache-Control": "no-store"})
        zh, en = _SAID.get(error.status_code, (str(error.detail), str(error.detail)))
        answer = _answer(Problem(status=error.status_code, zh=zh, en=en))
        answer.headers.update(error.headers or {})
        return answer


def _is_for_a_person(request: Request) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _answer(problem: Problem) -> Response:
    return JSONResponse(problem.model_dump(), problem.status, headers={"Cache-Control": "no-store"})
