"""The report in a browser: from a file, without a network, on a desk, a phone and paper."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from icdp.settings import Settings

DESK, PHONE = (1280, 900), (390, 844)
BOTH = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture
def opened(browser: Browser, reported: Settings, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report of 2024 in a window without a network; whatever it complains of or asks for is a fault."""
    width, height = getattr(request, "param", DESK)
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    asked: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(reported))
    yield page
    context.close()
    assert complaints == []
    assert {url for url in asked if not url.startswith("data:")} <= {
        address(reported), *(f"{address(reported)}#{language}" for language in ("zh", "en")),
    }  # fmt: skip


def address(settings: Settings) -> str:
    return (settings.published / "editions" / "2024-r1" / "report.html").as_uri()


def show(page: Page, language: str) -> None:
    """Follow the link of the head to a language; Chinese is there from the beginning."""
    if language == "en":
        page.get_by_role("link", name="English").click()
    page.wait_for_function(f"getComputedStyle(document.getElementById('{language}')).display === 'block'")


@BOTH
@pytest.mark.parametrize("opened", [DESK, PHONE], indirect=True)
def test_one_language_is_shown_and_nothing_is_wider_than_the_window(opened: Page, language: str) -> None:
    show(opened, language)
    shown = opened.evaluate("[...document.querySelectorAll('.report')].filter(e => e.offsetHeight).map(e => e.id)")
    assert shown == [language]
    width, window = opened.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= window
    outside = opened.evaluate(
        """language => [...document.querySelectorAll(`#${language} *`)].filter(e => {
             const box = e.getBoundingClientRect();
             return box.width && box.right > innerWidth + 1 && !e.closest('.drawing, .wide, .skip')
           }).map(e => e.outerHTML.slice(0, 120))""",
        language,
    )
    assert outside == []


@BOTH
@pytest.mark.parametrize("opened", [DESK, PHONE], indirect=True)
def test_axe_finds_nothing_serious(opened: Page, language: str) -> None:
    show(opened, language)
    # Pages of provinces, and rows of a table, are made by one template: two pages, four rows are looked at. The inside of
    # a drawing is not read: it has one text alternative.
    opened.evaluate(
        """language => {
             for (const e of document.querySelectorAll('details')) e.open = true
             for (const e of [...document.querySelectorAll(`.report:not(#${language})`)]) e.remove()
             for (const e of [...document.querySelectorAll(`#${language}-provinces > section`)].slice(2)) e.remove()
             for (const e of [...document.querySelectorAll('tbody > tr:nth-child(n+5), svg > *')]) e.remove()
           }""",
        language,
    )
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(opened, options={"runOnly": tags})
    serious = [
        (v["id"], [node["html"][:150] for node in v["nodes"][:3]])
        for v in found.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@BOTH
def test_every_drawing_is_drawn_in_the_embedded_font(opened: Page, language: str) -> None:
    show(opened, language)
    boxes = opened.evaluate(
        f"[...document.querySelectorAll('#{language} figure svg')].map(e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
    )
    assert len(boxes) == 13
    assert all(width > 300 and height > 100 for width, height in boxes)
    assert opened.evaluate("document.fonts.ready.then(() => [...document.fonts].every(f => f.status === 'loaded'))")
    assert opened.evaluate("getComputedStyle(document.querySelector('svg text')).fontFamily").startswith(
        '"Noto Sans SC"'
    )


@BOTH
def test_no_text_of_a_drawing_is_cut_off(opened: Page, language: str) -> None:
    show(opened, language)
    cut = opened.evaluate(
        """language => [...document.querySelectorAll(`#${language} figure svg`)].flatMap(svg => {
             const all = svg.getBoundingClientRect();
             return [...svg.querySelectorAll('text')].filter(t => {
               const box = t.getBoundingClientRect();
               return box.width && (box.left < all.left - 1 || box.right > all.right + 1 || box.top < all.top - 2 || box.bottom > all.bottom + 2)
             }).map(t => svg.closest('figure').id + ' ' + t.textContent)
           })""",
        language,
    )
    assert cut == []


@BOTH
def test_contents_lead_to_a_province_and_back(opened: Page, language: str) -> None:
    show(opened, language)
    name = "西藏" if language == "zh" else "Tibet"
    opened.locator(f"#{language}-contents").get_by_role("link", name=name, exact=True).click()
    heading = opened.locator(f"#{language}-540000-heading")
    assert heading.is_visible()
    top = heading.bounding_box()
    assert top is not None
    assert -1 <= top["y"] < 300
    assert opened.evaluate(f"getComputedStyle(document.getElementById('{language}')).display") == "block"


def test_the_keyboard_reaches_text_language_and_figures(opened: Page) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "English"
    opened.locator("#zh-figure-tiles summary").focus()
    opened.keyboard.press("Enter")
    assert opened.locator("#zh-figure-tiles table").is_visible()


@BOTH
def test_it_prints_with_a_page_for_each_chapter_and_province_and_nothing_cut(opened: Page, language: str) -> None:
    show(opened, language)
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": 672, "height": 1000})  # the width of A4 between the margins
    wide = opened.evaluate(
        """language => [...document.querySelectorAll(`#${language} *`)].filter(e => {
             const box = e.getBoundingClientRect();
             return box.width && box.height && box.right > innerWidth + 1 && !e.closest('.skip, details')
           }).map(e => e.outerHTML.slice(0, 160))""",
        language,
    )
    assert wide == []
    book = PdfReader(BytesIO(opened.pdf(prefer_css_page_size=True)))
    assert 45 < len(book.pages) < 90
    starts = ["".join(page.extract_text().split())[:12] for page in book.pages]
    names = ["广东省", "北京市", "西藏自治区"] if language == "zh" else ["Guangdong", "Beijing", "Tibet"]
    for name in names:
        assert any(start.startswith(name) for start in starts), name
