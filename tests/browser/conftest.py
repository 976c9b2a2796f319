"""A browser on the page over 2023 and 2024, published in that order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pytest
from playwright.sync_api import Browser, Page
from tests.browser.serving import CHROMIUM, chromium, served
from tests.conftest import make

from icdp.settings import Settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say so where there is no browser."""
    if CHROMIUM is None:
        for item in items:
            if "tests/browser/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="no chromium on the PATH: apt-get install chromium"))


@pytest.fixture(scope="session")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("browsed"))
    for year in (2023, 2024):
        make(settings, year)
    return settings


@pytest.fixture(scope="session")
def kept(in_order: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """What is published, to hold the page against."""
    copy = tmp_path_factory.mktemp("kept") / "icdp.duckdb"
    copy.write_bytes((in_order.published / "icdp.duckdb").read_bytes())
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def address(in_order: Settings) -> Iterator[str]:
    with served(in_order) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@dataclass
class Looked:
    """A page being looked at, and what it did.

    Attributes:
        page: of the browser.
        address: where the page is served.
        complaints: errors on the console and in scripts.
        asked: every address it asked for.
    """

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, query: str = "") -> Page:
        """Open a view and wait until it is whole."""
        self.page.goto(self.address + (f"?{query}" if query else ""))
        return self.whole()

    def whole(self) -> Page:
        """Wait until nothing is under way."""
        self.page.wait_for_selector("main h1")
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def looked(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Looked]:
    """A window of the width of a desktop, or of the one a test is marked with."""
    width, height = getattr(request, "param", (1280, 900))
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(10_000)
    found = Looked(page, address)
    page.on("console", lambda message: found.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("request", lambda asked: found.asked.append(asked.url))
    yield found
    page.close()
    assert found.complaints == []
    assert [url for url in found.asked if not url.startswith((address, "data:"))] == []
