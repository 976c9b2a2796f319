"""A local server that speaks a source's format, and misbehaves on demand."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True)
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, data: object) -> Reply:
        body = json.dumps(data, ensure_ascii=False).encode()
        return cls(body, headers={"Content-Type": "application/json;charset=UTF-8"})

    @classmethod
    def of_html(cls, text: str, encoding: str = "utf-8", status: int = 200) -> Reply:
        return cls(text.encode(encoding), status, {"Content-Type": "text/html"})


Site = Callable[[Request], Reply]
"""A source's behaviour when all is well; raises KeyError for an address it does not have (404)."""
Fault = Callable[["_Handler", Reply], Reply | None]
"""Takes the place of a reply; None when it has written to the connection itself."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else head and body, written one after the other, cost 40 ms an answer
    replica: Replica

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        request = Request(self.command, parts.path, query, dict(self.headers), body)
        self.replica.requests.append(request)
        try:
            reply = self.replica.site(request)
        except KeyError:
            reply = Reply.of_html("<html>404</html>", status=404)
        if fault := self.replica.next_fault(request):
            changed = fault(self, reply)
            if changed is None:
                self.close_connection = True
                return
            reply = changed
        self.send(reply)

    do_GET = do_POST = _serve

    def send(self, reply: Reply, length: int | None = None) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if length is None else length))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


class Replica:
    """One source on a port of its own.

    Attributes:
        site: what it answers when all is well.
        requests: every request it saw.
    """

    def __init__(self, site: Site, tls: ssl.SSLContext | None = None) -> None:
        self.site = site
        self.requests: list[Request] = []
        self._faults: list[tuple[str, Fault]] = []
        handler = type("Handler", (_Handler,), {"replica": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"

    def fault(self, fault: Fault, times: int = 1, path: str = "") -> None:
        """Let the next ``times`` requests whose path contains ``path`` meet a fault."""
        self._faults += [(path, fault)] * times

    def next_fault(self, request: Request) -> Fault | None:
        for position, (path, fault) in enumerate(self._faults):
            if path in request.path:
                del self._faults[position]
                return fault
        return None


@contextmanager
def serving(site: Site, tls: ssl.SSLContext | None = None) -> Iterator[Replica]:
    """Yield a replica that answers until the block ends."""
    replica = Replica(site, tls)
    thread = threading.Thread(target=replica.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield replica
    finally:
        replica.server.shutdown()
        replica.server.server_close()
        thread.join()


# Faults of the line and of the door.


def reset(handler: _Handler, reply: Reply) -> None:
    """The connection is reset before any answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def broken_off(handler: _Handler, reply: Reply) -> None:
    """Half of the body comes, then the connection ends."""
    handler.send(Reply(reply.body[: len(reply.body) // 2], reply.status, reply.headers), length=len(reply.body))


def status(code: int, **headers: str) -> Fault:
    """Another status, e.g. ``status(429, Retry_After="7")``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, reply: Reply(b"<html>no</html>", code, named)


def instead(body: bytes, **headers: str) -> Fault:
    """Status 200 and something else."""
    return lambda handler, reply: Reply(body, 200, {name.replace("_", "-"): value for name, value in headers.items()})


def changed(change: Callable[[bytes], bytes]) -> Fault:
    """The right answer, changed."""
    return lambda handler, reply: Reply(change(reply.body), reply.status, reply.headers)
