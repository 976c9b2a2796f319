"""The app: routes, static files with names that change with their content, headers that keep everything at home."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from icdp import __version__
from icdp.look import all_words, look
from icdp.page.api import router as api
from icdp.page.asking import unmodified
from icdp.page.opened import Opened
from icdp.page.refusals import Login, handle_errors
from icdp.page.whatif import Cases, normalisations
from icdp.settings import Settings

HERE = Path(__file__).parent
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guarded:
    """Put the headers of :data:`HEADERS` on every answer that does not have its own.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                held = {name for name, _ in message["headers"]}
                added = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in held]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)


@dataclass(frozen=True)
class Static:
    """The files of the page, read once.

    Attributes:
        files: name -> bytes.
        version: digest of all of them; part of their address, so that a browser may keep them for ever.
    """

    files: dict[str, bytes]
    version: str

    @classmethod
    @cache
    def read(cls) -> Static:
        """Read the folder ``static``, and add the look and the words."""
        files = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir()) if path.suffix in _TYPES}
        files["look.css"] = look().css().encode()
        told = {"words": all_words(), "text": text(), "normalisations": normalisations()}
        files["words.js"] = f"export default {json.dumps(told, ensure_ascii=False)};\n".encode()
        digest = hashlib.sha256(b"".join(name.encode() + content for name, content in files.items())).hexdigest()
        return cls(files, digest[:16])


@cache
def text() -> dict[str, tuple[str, str]]:
    """Return what the page says: key -> Chinese, English."""
    told = yaml.safe_load((HERE / "text.yaml").read_text(encoding="utf-8"))
    return {key: (zh, en) for key, (zh, en) in told.items()}


page = APIRouter(include_in_schema=False)


@page.get("/")
def index(request: Request) -> Response:
    """Return the page; everything on it comes by the API."""
    static = Static.read()
    etag = f'W/"{static.version}"'
    unmodified(request, etag)
    template = (HERE / "index.html").read_text(encoding="utf-8")
    title, loading = text()["title"], text()["loading"]
    filled = template.replace("{static}", f"static/{static.version}").replace("{title}", escape(title[0]))
    filled = filled.replace("{loading}", escape(f"{loading[0]} {loading[1]}"))
    return Response(
        filled, media_type="text/html; charset=utf-8", headers={"ETag": etag, "Cache-Control": "private, no-cache"}
    )


@page.get("/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """Return a file of the page."""
    static = Static.read()
    if version != static.version or name not in static.files:
        raise HTTPException(404)
    return Response(
        static.files[name],
        media_type=_TYPES[Path(name).suffix],
        headers={"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'"{static.version}"'},
    )


@page.get("/api/openapi.json")
def openapi(request: Request) -> dict[str, Any]:
    """Return the description of the API."""
    app: FastAPI = request.app
    return {**app.openapi(), "servers": [{"url": request.scope.get("root_path") or "/"}]}


@page.get("/{path:path}")
def nothing(path: str) -> Response:
    """Refuse what there is not, to those who may look only."""
    raise HTTPException(404)


def create_app(settings: Settings, dependencies: Sequence[Any] = (), login: Login | None = None) -> FastAPI:
    """Return the app.

    Args:
        settings: where the published editions lie.
        dependencies: FastAPI dependencies of every route; they decide who may look.
        login: where a person who has not logged in is sent; without it everybody gets 401.
    """
    app = FastAPI(
        title="ICDP", summary="Published editions of the index: scores, values, sources, what-if", version=__version__,
        description="Read only. `edition` may be left out (the newest year). Every answer has an ETag.",
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, dependencies=list(dependencies),
    )  # fmt: skip
    app.state.opened, app.state.cases, app.state.published = Opened(settings.published), Cases(), settings.published
    handle_errors(app, login)
    app.include_router(api)
    app.include_router(page)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(Guarded)
    return app
