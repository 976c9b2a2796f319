"""Whatever a publisher, an analyst or an expert writes stays text: in HTML, in SVG, in PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from icdp.look import LANGUAGES
from icdp.report.chapters import chapters
from icdp.report.document import Figure, Section
from icdp.report.drawing import drawn, inline, standalone
from icdp.report.figures import parts
from icdp.report.fonts import subset_for
from icdp.report.language import Say
from icdp.report.page import page
from icdp.report.paper import pdf
from icdp.report.told import Told

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'&amp; #import "x.typ" $a^2$ *b* _c_ @d `e` \\ //f [g] {{ h }} </svg>'
PLACES = {
    "lineage": ["publisher", "title", "locator", "source_url"],
    "quality_results": ["observed", "expected", "message", "waiver"],
    "indicator_coverage": ["note_zh", "note_en"],
    "uncertainty_assumptions": ["reason_zh", "reason_en", "setting"],
    "consistency": ["expert", "ri_table"],
    "indicator_values": ["unit"],
}


@pytest.fixture(scope="module")
def hostile(told: Told) -> Told:
    own = {name: frame.copy() for name, frame in told.own.items()}
    for table, columns in PLACES.items():
        for column in columns:
            own[table][column] = HOSTILE
    own["nodes"] = own["nodes"].assign(
        name_zh="坏" + HOSTILE + own["nodes"]["node"], name_en=HOSTILE + own["nodes"]["node"]
    )
    own["editions"] = own["editions"].assign(panel=HOSTILE, code_version=HOSTILE)
    return Told(
        told.edition, own, told.earlier, {**told.about, "title_zh": HOSTILE, "panel_zh": HOSTILE, "reference": HOSTILE}
    )


@pytest.fixture(scope="module")
def sections(hostile: Told) -> dict[str, list[Section]]:
    return {language: chapters(hostile, Say(language)) for language in LANGUAGES}


def test_html_shows_it_and_makes_nothing_of_it(hostile: Told, sections: dict[str, list[Section]]) -> None:
    html = page(hostile, {language: Say(language) for language in LANGUAGES}, sections)  # type: ignore[arg-type]
    made = BeautifulSoup(html, "lxml")
    assert made.find_all(["script", "img"]) == []
    assert [name for tag in made.find_all(True) for name in tag.attrs if name.startswith("on")] == []
    assert "alert(1)" in made.get_text()
    assert "{{ h }}" in made.get_text()
    assert [a["href"] for a in made.find_all("a", href=True) if not str(a["href"]).startswith(("#", "http"))] == []


def test_a_drawing_shows_it_and_makes_nothing_of_it(hostile: Told) -> None:
    figure = parts.weights(hostile, Say("zh"))
    svg = drawn(figure, "zh-weights", subset_for(HOSTILE))
    for text in (inline(svg, figure), standalone(svg, figure)):
        made = BeautifulSoup(text, "lxml-xml" if text.startswith("<?xml") else "lxml")
        assert made.find_all(["script", "img"]) == []
        assert [name for tag in made.find_all(True) for name in tag.attrs if name.startswith("on")] == []


def without_drawings(sections: Sequence[Section]) -> list[Section]:
    return [
        replace(
            section,
            blocks=[block for block in section.blocks if not isinstance(block, Figure)],
            sections=without_drawings(section.sections),
        )
        for section in sections
    ]


def test_paper_shows_it_and_runs_nothing_of_it(hostile: Told, sections: dict[str, list[Section]]) -> None:
    made = pdf(hostile, "zh", Say("zh"), without_drawings(sections["zh"]), {}, subset_for(HOSTILE))
    text = "".join("".join(p.extract_text() for p in PdfReader(BytesIO(made)).pages).split())
    for part in ('#import"x.typ"', "$a^2$", "*b*", "_c_", "@d", "`e`", "\\", "//f", "<script>alert(1)</script>"):
        assert part in text, part


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/x", "http:///x", "not one"]
)
def test_only_addresses_of_the_web_become_links(told: Told, address: str) -> None:
    lineage: pd.DataFrame = told.own["lineage"].assign(source_url=address)
    changed = Told(told.edition, {**told.own, "lineage": lineage}, told.earlier, told.about)
    section = chapters(changed, Say("en"))[-1]
    assert section.name == "sources"
    html = page(changed, {language: Say(language) for language in LANGUAGES}, {"zh": [], "en": [section]})
    links = [a["href"] for a in BeautifulSoup(html, "lxml").find_all("a", href=True)]
    assert [link for link in links if not str(link).startswith("#")] == []
    assert address in BeautifulSoup(html, "lxml").get_text()
