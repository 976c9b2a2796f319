"""The report as HTML: whole in itself, whole in both languages, every figure with its table and its words."""

from __future__ import annotations

import hashlib
import re

import pytest
from bs4 import Tag
from tests.report.reading import CHINESE, Report, text_of


def test_it_is_one_file_that_needs_no_other(report: Report) -> None:
    page = report.page
    assert (report.folder / "report.html").stat().st_size < 5_000_000
    assert page.find_all(["script", "link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"]) == []
    style = "".join(tag.get_text() for tag in page.find_all("style"))
    assert "@import" not in style
    assert all(address.startswith("data:font/woff") for address in re.findall(r"url\(([^)]*)\)", style))
    assert set(re.findall(r"url\(([^)]*)\)", "".join(map(str, page.find_all("svg"))))) <= {
        f"#{tag['id']}" for tag in page.find_all(attrs={"id": True})
    }
    loading = [
        tag
        for tag in page.find_all(True)
        for name in ("src", "srcset", "data", "poster", "background")
        if tag.has_attr(name)
    ]
    assert loading == []
    for tag in page.find_all(attrs={"href": True}):
        assert tag.name == "a"
        assert re.match(r"#|https?://", str(tag["href"])), tag
    assert [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")] == []


def test_every_reference_inside_leads_somewhere_and_no_anchor_is_there_twice(report: Report) -> None:
    ids = [str(tag["id"]) for tag in report.page.find_all(attrs={"id": True})]
    assert len(ids) == len(set(ids))
    inner = {str(tag["href"])[1:] for tag in report.page.find_all("a", href=re.compile("^#"))}
    assert inner <= set(ids)
    assert len(inner) > 80


def test_both_languages_have_the_same_sections_figures_tables_and_numbers(report: Report) -> None:
    zh, en = (report.language(language) for language in ("zh", "en"))
    for tags in (["section"], ["figure"]):
        anchors = [[str(tag["id"])[2:] for tag in side.find_all(tags)] for side in (zh, en)]
        assert anchors[0] == anchors[1]
        assert len(anchors[0]) > 10
    shapes = [
        [[len(row.find_all(["td", "th"])) for row in t.find_all("tr")] for t in side.find_all("table")]
        for side in (zh, en)
    ]
    assert shapes[0] == shapes[1]
    queries = [{str(tag["data-q"]) for tag in side.find_all("data")} for side in (zh, en)]
    assert queries[0] == queries[1]


def test_the_english_text_has_no_chinese_but_what_it_cites(report: Report) -> None:
    en = report.language("en")
    for tag in en.find_all(["cite"]):
        assert tag["lang"] == "zh-Hans"
    for tag in en.find_all(["p", "li", "dt", "dd", "h1", "h2", "h3", "figcaption", "summary", "caption"]):
        text = text_of(tag)
        for cite in tag.find_all("cite"):
            text = text.replace(text_of(cite), "")
        assert CHINESE.search(text) is None, text
    for table in en.find_all("table"):
        if table.find_parent(id="en-sources") is None:
            assert CHINESE.search(text_of(table)) is None, CHINESE.search(text_of(table))
    for svg in en.find_all("svg"):
        assert CHINESE.search(svg.get_text() + str(svg["aria-label"])) is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_of_the_31_provinces_has_its_page(report: Report, language: str) -> None:
    chapter = report.language(language).find(id=f"{language}-provinces")
    assert isinstance(chapter, Tag)
    names = dict(report.ask(f"SELECT adcode, {'name_zh' if language == 'zh' else 'name_en'} FROM provinces"))
    ranks = dict(report.ask("SELECT adcode, rank FROM scores WHERE level = 0"))
    pages = {str(tag["id"]).partition("-")[2]: tag for tag in chapter.find_all("section", recursive=False)}
    assert pages.keys() == names.keys()
    assert len(pages) == 31
    for adcode, page in pages.items():
        heading = page.find("h3")
        assert isinstance(heading, Tag)
        assert text_of(heading).startswith(str(names[adcode]))
        facts = page.find(class_="facts")
        assert isinstance(facts, Tag)
        assert facts.find("data").get_text() == f"{ranks[adcode]:.0f}"
        assert len(page.find_all("table")) == 3
        assert len(page.find_all("li")) >= 2
    assert list(pages) == sorted(pages, key=lambda adcode: (ranks[adcode], adcode))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_figure_has_a_drawing_a_title_a_text_alternative_and_its_table(report: Report, language: str) -> None:
    figures = report.language(language).find_all("figure")
    assert [str(f["id"]).partition("figure-")[2] for f in figures] == [
        "composite", "tiles", "quadrants", "leaders", "contributions", "dimension-1", "dimension-2", "dimension-3",
        "changes", "history", "sensitivity", "coverage", "weights",
    ]  # fmt: skip
    for number, figure in enumerate(figures, 1):
        svg, caption = figure.find("svg"), figure.find("figcaption")
        assert isinstance(svg, Tag)
        assert isinstance(caption, Tag)
        assert svg["role"] == "img"
        assert len(str(svg["aria-label"])) > 30
        assert svg.find("text") is not None
        assert re.search(rf"\b{number}\b", text_of(caption))
        assert len(figure.find_all("tr")) > 3
        name = str(figure["id"]).partition("figure-")[2]
        alone = (report.folder / "figures" / f"{name}-{language}.svg").read_text(encoding="utf-8")
        assert "<title>" in alone
        assert "http" not in alone.replace("http://www.w3.org/", "")


def test_tiers_are_told_by_the_same_numerals_on_the_map_and_below_it(report: Report) -> None:
    figure = report.page.find(id="zh-figure-tiles")
    assert isinstance(figure, Tag)
    tiles = [text.get_text() for text in figure.find_all("text")]
    marks = [text.partition(" · ")[2] for text in tiles if " · " in text]
    tiers = [tier for (tier,) in report.ask("SELECT tier FROM scores WHERE level = 0")]
    assert sorted(marks) == sorted("ⅠⅡⅢ"[tier - 1] for tier in tiers)
    note = figure.find(class_="reading")
    assert isinstance(note, Tag)
    for tier, name in zip("ⅠⅡⅢ", ("第一梯队", "第二梯队", "第三梯队"), strict=True):
        assert f"{tier} {name}" in text_of(note)


def test_a_gap_is_said_and_never_a_zero(report: Report) -> None:
    gaps = report.ask(
        """SELECT p.adcode, i.node FROM provinces p, nodes i JOIN indicator_coverage c ON c.indicator = i.node AND c.in_use
           WHERE NOT EXISTS (FROM indicator_values v WHERE v.adcode = p.adcode AND v.indicator = i.node)"""
    )
    assert gaps
    for adcode, indicator in gaps:
        page = report.page.find(id=f"zh-{adcode}")
        assert isinstance(page, Tag)
        name = report.ask(f"SELECT name_zh FROM nodes WHERE node = '{indicator}'")[0][0]
        row = next(tr for tr in page.find_all("tr") if text_of(tr).startswith(str(name)))
        cells = [text_of(cell) for cell in row.find_all("td")]
        assert cells == ["–", "–", "缺", "–", "–", "–"]
        chapter = report.page.find(id="zh-data")
        assert isinstance(chapter, Tag)
        short = report.ask(f"SELECT short_zh FROM provinces WHERE adcode = '{adcode}'")[0][0]
        assert re.search(f"{name}缺[^。]*{short}", text_of(chapter))


def test_what_is_no_indicators_definition_is_marked_wherever_its_name_stands_in_a_sentence(report: Report) -> None:
    summary = report.page.find(id="zh-summary")
    assert isinstance(summary, Tag)
    assert "IDC机架规模（估算）" in text_of(summary)


def test_every_publication_behind_a_value_is_cited(report: Report) -> None:
    annex = report.page.find(id="zh-sources")
    assert isinstance(annex, Tag)
    text = text_of(annex)
    titles = report.ask("SELECT DISTINCT publisher, title FROM lineage")
    assert len(annex.find_all("tr")) - 1 == len(titles)
    for publisher, title in titles:
        assert " ".join(str(publisher).split()) in text
        assert " ".join(str(title).split()) in text


def test_checksums_of_the_edition_hold_the_report(report: Report) -> None:
    listed = dict(
        reversed(line.split("  ", 1))
        for line in (report.folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    for name in ("report.html", "report-zh.pdf", "report-en.pdf", "figures/composite-en.svg"):
        assert listed[name] == hashlib.sha256((report.folder / name).read_bytes()).hexdigest()
