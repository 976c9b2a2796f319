"""The report as PDF: opens, has its glyphs inside, and says what the web page says."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from pypdf import PdfReader
from tests.report.reading import Report, text_of


def squeezed(text: str) -> str:
    """Return a text without spaces: where lines end is the paper's matter."""
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="session", params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def book(report: Report, language: str) -> PdfReader:
    return PdfReader(report.folder / f"report-{language}.pdf")


@pytest.fixture(scope="session")
def pages(book: PdfReader) -> list[str]:
    return [squeezed(page.extract_text()) for page in book.pages]


@pytest.fixture(scope="session")
def text(pages: list[str]) -> str:
    return "".join(pages)


def test_it_has_a_page_for_each_province_and_no_more_than_people_read(book: PdfReader, pages: list[str]) -> None:
    assert 31 + 12 < len(book.pages) < 80
    assert {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in book.pages} == {(595, 842)}
    assert [n for n, said in enumerate(pages, 1) if len(said) < 40] == []


def test_all_fonts_are_inside(book: PdfReader) -> None:
    fonts: dict[str, bool] = {}
    for page in book.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            fonts[str(inner["/BaseFont"])] = any(f"/FontFile{kind}" in descriptor for kind in ("", "2", "3"))
    assert len(fonts) >= 2
    assert all(fonts.values()), fonts
    assert all("NotoSansSC" in name for name in fonts)


def test_it_is_tagged_named_and_dated_by_the_edition(book: PdfReader, report: Report, language: str) -> None:
    published = report.ask("SELECT published_at FROM editions")[0][0]
    assert isinstance(published, datetime)
    assert book.metadata is not None
    assert "2024-r1" in str(book.metadata.title)
    assert book.metadata.creation_date is not None
    assert book.metadata.creation_date.date() == published.date()
    assert book.trailer["/Root"]["/Lang"] == language
    assert book.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert len(book.outline) >= 9


def test_it_says_what_the_web_page_says(text: str, report: Report, language: str) -> None:
    assert ("北京" if language == "zh" else "Beijing") in text
    for tag in report.language(language).find_all(["h2", "h3", "li", "p", "figcaption"]):
        if tag.find_parent("nav") is None and "top" not in tag.get("class", []) and tag.find("cite") is None:
            for word in re.split(r"[^\w.]+", text_of(tag)):
                assert squeezed(word) in text, tag


def test_it_has_the_data_of_every_figure(text: str, report: Report, language: str) -> None:
    annex = text[text.rindex(squeezed("附录：图中数据" if language == "zh" else "Annex: data of the figures")) :]
    for figure in report.language(language).find_all("figure"):
        for row in figure.find_all("tr"):
            assert squeezed(row.find("th").get_text()) in annex
        assert squeezed(text_of(figure.find("figcaption"))) in annex


def test_no_character_is_missing_from_the_font(report: Report) -> None:
    from icdp.report.fonts import subset_for

    assert subset_for(report.page.get_text()).absent == frozenset()
