"""The guard that keeps every test on this machine."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from pathlib import Path

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid"])
def test_connecting_to_another_machine_is_refused(network_used: type[Exception], host: str) -> None:
    with socket.socket() as s, pytest.raises(network_used, match=f"may not connect to {host}:80"):
        s.connect((host, 80))
    with socket.socket() as s, pytest.raises(network_used):
        s.connect_ex((host, 80))
    with socket.socket(type=socket.SOCK_DGRAM) as s, pytest.raises(network_used):
        s.sendto(b"", (host, 53))


def test_the_guard_holds_under_the_libraries_that_open_sockets(network_used: type[Exception]) -> None:
    with pytest.raises(network_used):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)
    with pytest.raises(network_used):
        asyncio.run(asyncio.open_connection("192.0.2.1", 80))


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "localhost")])
def test_connecting_to_this_machine_works(family: int, host: str) -> None:
    with socket.create_server((host, 0), family=family) as server, socket.socket(family) as client:
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()


def test_unix_sockets_work(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))
