"""The page as a person sees and uses it; every test also finds no console error and no request to another host (conftest)."""

from __future__ import annotations

import re

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.browser.conftest import Looked

from icdp.cli.whatif import case_of
from icdp.publishing.reader import open_published
from icdp.settings import Settings
from icdp.whatif.scenario import Scenario

Kept = duckdb.DuckDBPyConnection
VIEWS = ["", "view=map", "view=province&province=420000", "view=compare&with=110000,310000,440000",
         "view=compare&mode=years&node=infrastructure", "view=weights&weights=policy:0.5", "view=coverage",
         "view=quality&passed=all", "view=sources", "view=downloads"]  # fmt: skip


def order(page: Page) -> list[str]:
    codes = page.locator("main table.ranking tbody tr").evaluate_all("rows => rows.map(r => r.dataset.adcode)")
    return [str(code) for code in codes]


def ranked(kept: Kept, edition: str, node: str = "composite", by: str = "rank, adcode") -> list[str]:
    sql = f"SELECT adcode FROM history.scores WHERE edition = ? AND node = ? ORDER BY {by}"
    return [adcode for (adcode,) in kept.execute(sql, [edition, node]).fetchall()]


def test_the_ranking_is_in_the_order_of_the_database(looked: Looked, kept: Kept) -> None:
    page = looked.open()
    assert order(page) == ranked(kept, "2024-r1")
    scores = page.locator("main .score-number").all_inner_texts()
    sql = "SELECT score FROM scores WHERE year = 2024 AND node = 'composite' ORDER BY rank"
    assert scores == [f"{score:.1f}" for (score,) in kept.execute(sql).fetchall()]
    assert "2024-r1" in page.locator(".edition-line").inner_text()


def test_columns_sort_both_ways_and_say_so(looked: Looked, kept: Kept) -> None:
    page = looked.open()
    page.get_by_role("button", name="基础设施").click()
    header = page.get_by_role("columnheader", name="基础设施")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert order(page) == ranked(kept, "2024-r1", "infrastructure", "score DESC")
    assert page.evaluate("document.activeElement.id") == "sort-infrastructure"
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert order(page) == ranked(kept, "2024-r1", "infrastructure", "score")
    assert "sort=infrastructure" in page.url


def test_search_finds_by_either_name_and_stays_in_the_address(looked: Looked) -> None:
    page = looked.open()
    page.get_by_label("查找省份").fill("Guang")
    expect(page.locator("main table.ranking tbody tr")).to_have_count(2)
    assert set(order(page)) == {"440000", "450000"}
    assert "search=Guang" in page.url
    page.get_by_label("查找省份").fill("湖")
    expect(page.locator("main table.ranking tbody tr").first).to_contain_text("湖")
    assert set(order(page)) == {"420000", "430000"}


def test_edition_and_node_switch_and_back_goes_back(looked: Looked, kept: Kept) -> None:
    page = looked.open()
    page.get_by_label("版本").select_option("2023-r1")
    expect(page.locator(".edition-line")).to_contain_text("2023-r1")
    looked.whole()
    assert order(page) == ranked(kept, "2023-r1")
    page.get_by_label("维度").select_option("compute")
    expect(page.locator("h1")).to_have_text("算力能力")
    looked.whole()
    assert order(page) == ranked(kept, "2023-r1", "compute")
    page.go_back()
    expect(page.locator("h1")).to_have_text("智算发展潜力综合指数")
    page.go_back()
    expect(page.locator(".edition-line")).to_contain_text("2024-r1")
    looked.whole()
    assert order(page) == ranked(kept, "2024-r1")


def test_both_languages_say_the_same(looked: Looked, kept: Kept) -> None:
    page = looked.open("view=compare&mode=years")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Years")
    page.get_by_role("link", name="Ranking", exact=True).click()
    expect(page.locator("h1")).to_have_text("Composite index")
    looked.whole()
    assert order(page) == ranked(kept, "2024-r1")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


@pytest.mark.parametrize("view", VIEWS)
def test_english_is_complete(looked: Looked, view: str) -> None:
    page = looked.open(f"{view}&lang=en")
    page.locator("a.language").evaluate("link => link.remove()")
    # Texts of the data keep their language: messages of checks, reasons of sources, and notes.
    page.evaluate(
        "document.querySelectorAll('td.made, table.results td, .citation, .figures').forEach(one => one.remove())"
    )
    assert re.findall(r"[^\n]*[一-鿿][^\n]*", page.locator("body").inner_text()) == []


def test_a_tile_opens_its_province(looked: Looked, kept: Kept) -> None:
    page = looked.open("view=map")
    tiles = page.locator("a.tile")
    expect(tiles).to_have_count(31)
    places = tiles.evaluate_all(
        "all => all.map(t => { const b = t.getBoundingClientRect(); return [b.x, b.y].join() })"
    )
    assert len(set(places)) == 31
    tile = page.get_by_role("link", name=re.compile("^湖北"))
    rank, score = kept.execute(
        "SELECT rank, score FROM scores WHERE year = 2024 AND node = 'composite' AND adcode = '420000'"
    ).fetchone() or (0, 0)
    assert f"第 {rank} 位" in str(tile.get_attribute("aria-label"))
    tile.hover()
    expect(page.locator(".map-detail")).to_contain_text(f"{score:.1f}")
    tile.click()
    expect(page.locator("h1")).to_have_text("湖北省")
    assert "province=420000" in page.url


def test_a_province_shows_marks_and_citations(looked: Looked, kept: Kept) -> None:
    page = looked.open("view=province&province=420000")
    sql = """SELECT n.name_zh, v.value_year, v.fill, v.fidelity FROM indicator_values v JOIN nodes n ON n.node = v.indicator
             WHERE year = 2024 AND adcode = '420000'"""
    words = {"proxy": "替代", "partial": "部分口径", "estimated": "估算"}
    for name, year, fill, fidelity in kept.execute(sql).fetchall():
        row = page.locator(
            "table.indicators tbody tr", has=page.get_by_role("rowheader", name=re.compile(f"^{re.escape(name)}"))
        )
        if fidelity in words:
            expect(row).to_contain_text(words[fidelity])
        if fill == "carried":
            expect(row).to_contain_text(f"沿用 {year}")
    button = page.locator("#why-green_power")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    titles = kept.execute(
        "SELECT title, payload_sha256 FROM lineage WHERE year = 2024 AND adcode = '420000' AND indicator = 'green_power'"
    ).fetchall()
    for title, digest in titles:
        expect(page.locator("#trace-green_power")).to_contain_text(title)
        expect(page.locator("#trace-green_power")).to_contain_text(digest)


def test_a_slider_changes_ranks_as_the_engine_says(looked: Looked, in_order: Settings) -> None:
    with open_published(in_order.published) as db:
        case = case_of(db, "2024-r1")
    page = looked.open("view=weights")
    published = case.score().ranks["composite"].to_dict()
    assert shown(page) == published
    page.locator("#weight-environment").fill("0.8")
    expect(page.locator(".slider.moved output").first).to_contain_text("80.0%")
    looked.whole()
    one = case.changed(Scenario(weights={"environment": 0.8})).score().ranks["composite"].to_dict()
    assert one != published
    expect(page.locator(".whatif-results")).to_have_attribute("aria-busy", "false")
    assert shown(page) == one
    page.locator("#use-green_power").uncheck()
    expect(page).to_have_url(re.compile("drop=green_power"))
    looked.whole()
    expect(page.locator(".whatif-results")).to_have_attribute("aria-busy", "false")
    both = (
        case.changed(Scenario(weights={"environment": 0.8}, drop=("green_power",))).score().ranks["composite"].to_dict()
    )
    assert shown(page) == both
    page.reload()
    looked.whole()
    assert shown(page) == both
    expect(page.get_by_role("note")).to_contain_text("不是版本")
    page.get_by_role("button", name="恢复原权重").click()
    expect(page.locator(".whatif-results .count")).to_contain_text("未作改动")
    assert shown(page) == published


def shown(page: Page) -> dict[str, int]:
    rows = page.locator(".whatif-results tbody tr").evaluate_all(
        "all => all.map(r => [r.dataset.adcode, Number(r.dataset.rank)])"
    )
    return dict(rows)


def test_provinces_can_be_added_and_removed(looked: Looked) -> None:
    page = looked.open("view=compare&with=110000,310000")
    page.get_by_label("加入").select_option("440000")
    expect(page.locator(".chips li")).to_have_count(3)
    page.locator("#remove-110000").click()
    expect(page.locator(".chips li")).to_have_count(2)
    assert "with=310000,440000" in page.url
    expect(page.locator("table.comparison thead")).not_to_contain_text("北京")


def test_years_show_ranks_and_the_parts_of_every_change(looked: Looked, kept: Kept) -> None:
    page = looked.open("view=compare&mode=years")
    cells = page.locator("table.years tbody tr").evaluate_all(
        "rows => rows.map(r => [...r.cells].map(c => c.innerText))"
    )
    sql = """SELECT a.province, b.rank, a.rank FROM scores a JOIN scores b USING (adcode, node)
             WHERE node = 'composite' AND a.year = 2024 AND b.year = 2023 ORDER BY a.rank"""
    assert cells == [[name, str(before), str(after)] for name, before, after in kept.execute(sql).fetchall()]
    total = page.locator("table.changes tbody tr").first.locator("td strong").inner_text()
    (change,) = kept.execute(
        """SELECT DISTINCT score_after - score_before FROM rank_changes WHERE edition = '2024-r1' AND node = 'composite'
           AND rank_after = 1"""
    ).fetchone() or (0.0,)
    assert float(total.replace("−", "-")) == pytest.approx(change, abs=0.005)


def test_markup_in_data_stays_text(looked: Looked) -> None:
    evil = "<img src=x onerror=alert(1)>"

    def poison(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        told = answer.json()
        for figure in told["figures"]:
            figure.update(title=evil, publisher=evil, note=evil, source_url="javascript:alert(1)")
        route.fulfill(response=answer, json=told)  # type: ignore[attr-defined]

    looked.page.route("**/indicators/green_power*", poison)
    page = looked.open("view=province&province=420000")
    page.locator("#why-green_power").click()
    expect(page.locator("#trace-green_power")).to_contain_text(evil)
    assert page.locator("#trace-green_power img, #trace-green_power script, a[href^=javascript]").count() == 0


@pytest.mark.parametrize("view", VIEWS)
def test_an_address_restores_its_view(looked: Looked, view: str) -> None:
    page = looked.open(view)
    first = page.locator("main").inner_text()
    page.goto("about:blank")
    assert looked.open(view).locator("main").inner_text() == first
    query = page.url.partition("?")[2]
    assert (
        dict(part.split("=") for part in view.split("&") if part).items()
        <= dict(part.split("=") for part in query.split("&") if part).items()
    )


@pytest.mark.parametrize("looked", [(360, 740)], indirect=True)
@pytest.mark.parametrize("language", ["", "&lang=en"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_needs_no_sideways_scrolling(looked: Looked, view: str, language: str) -> None:
    page = looked.open(view + language)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    if not view:
        assert all(
            page.locator("td.score, td.span-cell").evaluate_all(
                "all => all.map(c => c.getBoundingClientRect().right <= 360)"
            )
        )


@pytest.mark.parametrize("looked", [(1280, 900), (360, 740)], indirect=True, ids=["desktop", "phone"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(looked: Looked, view: str) -> None:
    page = looked.open(view)
    # The page's policy lets no script in; axe comes by the debugger and not through the page.
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    serious = [
        (v["id"], [node["html"][:150] for node in v["nodes"][:3]])
        for v in found.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_keyboard_suffices(looked: Looked) -> None:
    page = looked.open()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    assert (page.locator(".skip").bounding_box() or {"y": -1})["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("nav.views a").nth(1).focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("nav.views a[aria-current]")).to_have_text("地图")
    page.locator("a.tile").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("nav.views a[aria-current]")).to_have_text("省份")


def test_what_is_not_there_is_said_with_a_way_out(looked: Looked) -> None:
    page = looked.open("edition=2050")
    expect(page.get_by_role("alert")).to_contain_text("没有版本 2050")
    page.get_by_role("link", name="回到最新版的排名").click()
    expect(page.locator("main table.ranking tbody tr")).to_have_count(31)
    looked.complaints.clear()  # the browser itself reports the 404


@pytest.mark.parametrize("language", ["", "lang=en"])
def test_on_a_desktop_the_whole_ranking_is_seen(looked: Looked, language: str) -> None:
    page = looked.open(language)
    table = page.locator("main .scroll").first
    assert table.evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0
