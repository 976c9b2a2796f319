"""The page inside a real Airflow: login, the entry of the navigation, the frame, a shared address."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from icdp.operation.api import AirflowApi
from icdp.operation.components import Components, wait_until
from icdp.operation.home import USER, AirflowHome
from icdp.settings import Settings

pytestmark = pytest.mark.scheduler


@pytest.fixture(scope="module")
def airflow(in_order: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An API server as `make up` starts it, over what is published; its address and the password."""
    state = tmp_path_factory.mktemp("state")
    shutil.copytree(in_order.published, state / "published")
    home = AirflowHome(Settings(home=state))
    with home.alone():
        port = home.prepare(by_clock=False)
        with Components(home, "run") as components:
            components.start("db", "migrate")
            components.finish("db")
            components.start("api-server")
            wait_until("Airflow's API server answering", AirflowApi(port).is_up, components)
            yield f"http://127.0.0.1:{port}", home.password()


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_visitor_logs_in_and_comes_to_the_view_asked_for(browser: Browser, airflow: tuple[str, str]) -> None:
    root, password = airflow
    page = browser.new_page()
    page.goto(f"{root}/icdp/?view=map&lang=en")
    expect(page).to_have_url(re.compile(f"^{re.escape(root)}/auth/login"))
    log_in(page, password)
    expect(page.locator("a.tile")).to_have_count(31, timeout=60_000)
    assert page.url == f"{root}/icdp/?view=map&lang=en"
    page.close()


def test_the_navigation_opens_the_page_in_its_frame_and_the_address_can_be_shared(
    browser: Browser, airflow: tuple[str, str]
) -> None:
    root, password = airflow
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)  # the first look at Airflow's own page, on a busy machine
    page.goto(root)
    log_in(page, password)
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="智算指数").click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("table.ranking tbody tr")).to_have_count(31, timeout=60_000)
    frame.get_by_role("link", name="地图").click()
    expect(frame.locator("a.tile")).to_have_count(31)
    frame.locator("a.tile").first.click()
    expect(frame.locator("nav.views a[aria-current]")).to_have_text("省份")
    title = frame.locator("h1").inner_text()
    shared = page.url
    assert shared.startswith(f"{root}/plugin/icdp/icdp/?")
    assert "view=province" in shared
    page.goto("about:blank")
    page.goto(shared)
    expect(page.frame_locator("iframe").locator("h1")).to_have_text(title, timeout=60_000)
    page.close()
