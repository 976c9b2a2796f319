"""The page on a port of this machine, and the browser that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from icdp.page.app import create_app
from icdp.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Serve the page without Airflow, under a prefix as Airflow does; yield its address."""
    from fastapi import FastAPI

    outer = FastAPI(openapi_url=None)
    outer.mount("/icdp", create_app(settings))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(outer, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/icdp/"
        server.should_exit = True
        thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium, with Chinese glyphs even where the system has none."""
    fonts = resources.files("justmytype_intl_cjk") / "fonts" / "ofl" / "notosanssc"
    with tempfile.TemporaryDirectory(prefix="icdp-fonts-") as data, sync_playwright() as playwright:
        Path(data, "fonts").symlink_to(str(fonts))
        environment: dict[str, str | float | bool] = {**os.environ, "XDG_DATA_HOME": data}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET), env=environment)
        yield browser
        browser.close()
