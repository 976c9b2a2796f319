"""Every number of the report is one of the edition's tables, printed as it is rounded there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import duckdb
import pytest
import yaml
from bs4 import Tag
from tests.report.reading import NUMBER, Report, digits, rounds_to, shown

from icdp.look import LANGUAGES, word

SENTENCES = ("p", "li", "dd", "figcaption", "h1", "h2", "h3")
CONSTANTS = {
    "5", "95%",  # the ends of the interval: columns rank_p05 and rank_p95
    "75%",  # icdp.report.chapters.CLEAR
}  # fmt: skip
OF_METHODS = {"1", "2", "4", "9", "100"}
"""Formulas (z = …, 1 − H), the example of competition ranking, decimals of a score before ranking, times 100."""


def held_against_tables(report: Report, found: list[Tag]) -> list[str]:
    """Return what a number says otherwise than its query."""
    queries = list(dict.fromkeys(str(number["data-q"]) for number in found))
    answers: dict[str, float] = {}
    for path, asked in (
        (report.folder / f"{report.edition}.duckdb", [q for q in queries if "history." not in q]),
        (report.published / "icdp.duckdb", [q for q in queries if "history." in q]),
    ):
        with duckdb.connect(str(path), read_only=True) as connection:
            for query in asked:
                rows = connection.execute(f"SELECT {query}").fetchall()
                assert len(rows) == 1, query
                answers[query] = float(rows[0][0])
    problems = []
    for number in found:
        text, value = number.get_text(), answers[str(number["data-q"])]
        unit = 0.5 * 10 ** -(digits(text) + (2 if text.endswith("%") else 0))
        if abs(float(str(number["value"])) - value) > 1e-9 * max(1, abs(value)):
            problems.append(f"{number} is {value}")
        elif abs(shown(text) - value) > unit * 1.000001:
            problems.append(f"{number} is not {value} rounded")
    return problems


def test_each_number_is_what_its_query_finds(report: Report) -> None:
    found = report.page.find_all("data")
    assert len(found) > 10_000
    assert held_against_tables(report, found) == []


def test_a_number_that_is_not_its_querys_would_be_found(report: Report) -> None:
    number = report.page.new_tag("data", attrs={"value": "60.4", "data-q": "max(score) FROM scores WHERE level=0"})
    number.string = "60.4"
    assert len(held_against_tables(report, [number])) == 1


@cache
def named(report: Report) -> tuple[str, ...]:
    """Return texts of the tables that may have digits and are no figures: names, versions, digests."""
    texts: list[object] = ["icdp.duckdb", f"{report.edition}.duckdb"]
    for sql in (
        "SELECT name_zh FROM nodes", "SELECT name_en FROM nodes", "SELECT edition FROM history.editions",
        "SELECT panel FROM editions", "SELECT code_version FROM editions", "SELECT content_sha256[:16] FROM editions",
        "SELECT CAST(published_at AS DATE)::VARCHAR FROM editions", "SELECT DISTINCT ri_table FROM consistency",
    ):  # fmt: skip
        texts += [value for (value,) in report.ask(sql)]
    index = yaml.safe_load((report.folder / "made_from" / "catalog" / "index.yaml").read_text(encoding="utf-8"))
    texts += [index["reference"], *(word("tier", k, language) for k in range(1, 4) for language in LANGUAGES)]
    return tuple(sorted({str(text) for text in texts if re.search(r"\d", str(text))}, key=len, reverse=True))


def own_words(report: Report, tag: Tag) -> str:
    """Return the text of a sentence without its numbers that have a query, and without names."""
    kept = [t for t in tag.find_all(string=True) if t.find_parent(["data", "cite", "svg", "table"]) is None]
    text = " ".join(" ".join(kept).split())
    for name in named(report):
        text = text.replace(name, " ")
    return text


def sentences(report: Report, language: str) -> Iterator[tuple[str, Tag]]:
    for tag in report.language(language).find_all(SENTENCES):
        if tag.find_parent("nav") is None and not (tag.name == "p" and "top" in tag.get("class", [])):
            section = tag.find_parent("section")
            yield str(section["id"]) if isinstance(section, Tag) else "", tag


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_sentence_has_a_number_without_a_query(report: Report, language: str) -> None:
    years = {str(year) for (year,) in report.ask("SELECT DISTINCT year FROM history.editions")}
    rules = {
        f"{shown(number):g}"
        for (value,) in report.ask("SELECT value FROM rules WHERE node = ''")
        for number in NUMBER.findall(value)
    }
    rules |= {f"{float(rule) * 100:g}%" for rule in rules}
    unknown = []
    for section, tag in sentences(report, language):
        text = own_words(report, tag)
        allowed = CONSTANTS | years | (rules | OF_METHODS if section.endswith("-methods") else set())
        if tag.name == "figcaption" or tag.name.startswith("h"):
            text = re.sub(r"^(图 |Figure )?\d+\s", "", text)  # its own number
            allowed = allowed | {"10"}  # the first ten
        if language == "zh" and section == "zh-summary":
            allowed = allowed | {"3"}  # the first three; test_sentences counts them
        numbers = NUMBER.findall(text.replace("–", " "))
        unknown += [f"{section}: {n} in {text!r}" for n in numbers if n.lstrip("+−-") not in allowed]
    assert unknown == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_text_alternative_has_only_numbers_of_the_figures_table(report: Report, language: str) -> None:
    tiers = {
        f"{shown(n):g}"
        for (v,) in report.ask("SELECT value FROM rules WHERE rule = 'scoring.tiers'")
        for n in NUMBER.findall(v)
    }
    years = {str(year) for (year,) in report.ask("SELECT DISTINCT year FROM history.editions")}
    used = str(report.ask("SELECT indicators_used FROM editions")[0][0])
    for figure in report.language(language).find_all("figure"):
        table = figure.find("table")
        assert isinstance(table, Tag)
        rows = len(table.find_all("tr")) - 1
        printed = set(NUMBER.findall(table.get_text(" ").replace("–", " ")))
        badges = [badge.get_text() for badge in table.find_all(class_="badge")]
        counts = {str(badges.count(badge)) for badge in badges} | {str(rows), used, "5", "95%"}
        svg = figure.find("svg")
        assert isinstance(svg, Tag)
        text = str(svg["aria-label"]).replace("–", " ")
        for name in named(report):
            text = text.replace(name, " ")
        unknown = [n for n in NUMBER.findall(text) if n not in counts | tiers | years and not rounds_to(n, printed)]
        assert unknown == [], figure["id"]


@pytest.mark.parametrize(
    ("figure", "node"), [("composite", "composite"), ("dimension-1", "environment"), ("dimension-3", "application")]
)
def test_the_bars_of_a_chart_are_labelled_with_the_scores(report: Report, figure: str, node: str) -> None:
    drawn = (report.folder / "figures" / f"{figure}-zh.svg").read_text(encoding="utf-8")
    labels = re.findall(r">(\d+\.\d)</text>", drawn)
    scores = report.ask(f"SELECT score FROM scores WHERE node = '{node}' AND rank IS NOT NULL")
    assert sorted(set(labels)) == sorted({f"{score:.1f}" for (score,) in scores})
