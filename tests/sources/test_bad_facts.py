"""A wrong facts file is refused by one error that names file, row and remedy. All figures here are synthetic."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icdp.catalog import Catalog, load_catalog
from icdp.errors import CatalogError, DataError, IcdpError, LayoutChanged
from icdp.settings import CATALOG, Settings
from icdp.sources import adapter, facts
from icdp.sources.base import Errand, Payload
from icdp.sources.observations import COLUMNS, validated

HEAD = """---
series: gdp
accepted_on: '2026-11-23'
citations:
  c1:
    unit: 亿元
    basis: published
    publisher: 某统计局
    title: 某年鉴
    address: https://stats.example/gdp
    note: ''
  c2:
    unit: 元
    basis: derived
    publisher: 某统计局
    title: 某公报
    address: https://stats.example/gdp2
    note: 由表推算
---
"""
ROWS = ["2023,110000,40000,c1,表1", "2023,120000,1700000000000,c2,表2", '2024,110000,1.5e4,c1,"表3, 第2行"']
HEADER = "year,adcode,value,citation,locator"


def text(*rows: str, head: str = HEAD, header: str = HEADER) -> bytes:
    return (head + "\n".join((header, *rows)) + "\n").encode()


def test_a_good_file_becomes_observations_sorted_by_key_with_citation_and_line(catalog: Catalog) -> None:
    table = facts.parse(Payload("facts", "gdp", text(*reversed(ROWS)), "gdp.csv", bytes.fromhex), catalog)
    assert tuple(table.columns) == COLUMNS
    assert table.to_dict("records") == [
        {
            "series": "gdp", "year": 2023, "adcode": "110000", "value": 40000.0, "value_text": "40000",
            "unit": "亿元", "basis": "published", "publisher": "某统计局", "title": "某年鉴",
            "address": "https://stats.example/gdp", "locator": "表1", "note": "", "row": 23,
        },
        {
            "series": "gdp", "year": 2023, "adcode": "120000", "value": 1.7e12, "value_text": "1700000000000",
            "unit": "元", "basis": "derived", "publisher": "某统计局", "title": "某公报",
            "address": "https://stats.example/gdp2", "locator": "表2", "note": "由表推算", "row": 22,
        },
        {
            "series": "gdp", "year": 2024, "adcode": "110000", "value": 15000.0, "value_text": "1.5e4",
            "unit": "亿元", "basis": "published", "publisher": "某统计局", "title": "某年鉴",
            "address": "https://stats.example/gdp", "locator": "表3, 第2行", "note": "", "row": 21,
        },
    ]  # fmt: skip


def test_a_file_without_figures_is_an_empty_table_with_the_same_columns(catalog: Catalog) -> None:
    table = facts.parse(Payload("facts", "gdp", text(), "gdp.csv", bytes.fromhex), catalog)
    assert len(table) == 0
    assert tuple(table.columns) == COLUMNS
    assert (table["year"].dtype, table["value"].dtype) == ("int64", "float64")


LEAVE_OUT = "is no finite number; leave the row out if the figure is unknown"
BAD_ROWS: dict[str, tuple[str, type[IcdpError], str]] = {
    "unknown province": (
        "2023,710000,1,c1,x",
        DataError,
        "adcode '710000' is none of the 31 provinces; correct it",
    ),
    "province by name": ("2023,北京,1,c1,x", DataError, "adcode '北京' is none of the 31 provinces; correct it"),
    "duplicate key": ("2023,110000,1,c1,x", DataError, "gdp of 110000 in 2023 stands twice; keep one of the two rows"),
    "text in value": ("2023,130000,约4万,c1,x", DataError, f"value '约4万' {LEAVE_OUT}"),
    "empty value": ("2023,130000,,c1,x", DataError, f"value '' {LEAVE_OUT}"),
    "dash for unknown": ("2023,130000,-,c1,x", DataError, f"value '-' {LEAVE_OUT}"),
    "infinite": ("2023,130000,inf,c1,x", DataError, f"value 'inf' {LEAVE_OUT}"),
    "infinite by size": ("2023,130000,1e999,c1,x", DataError, f"value '1e999' {LEAVE_OUT}"),
    "not a number": ("2023,130000,nan,c1,x", DataError, f"value 'nan' {LEAVE_OUT}"),
    "thousands": ('2023,130000,"40,000",c1,x', DataError, f"value '40,000' {LEAVE_OUT}"),
    "underscores": ("2023,130000,40_000,c1,x", DataError, f"value '40_000' {LEAVE_OUT}"),
    "full-width digits": ("2023,130000,４,c1,x", DataError, f"value '４' {LEAVE_OUT}"),
    "two points": ("2023,130000,4.0.0,c1,x", DataError, f"value '4.0.0' {LEAVE_OUT}"),
    "year 1999": (
        "1999,130000,1,c1,x",
        DataError,
        "year 1999 lies outside 2000-2100; name a statistical year within",
    ),
    "year 2101": (
        "2101,130000,1,c1,x",
        DataError,
        "year 2101 lies outside 2000-2100; name a statistical year within",
    ),
    "year 20x4": ("20x4,130000,1,c1,x", DataError, "year '20x4' is not a year of four digits; write it like 2024"),
    "year of five digits": (
        "02024,130000,1,c1,x",
        DataError,
        "year '02024' is not a year of four digits; write it like 2024",
    ),
    "unknown citation": ("2023,130000,1,c9,x", LayoutChanged, "citation 'c9' is not in the head; add it there"),
    "missing cell": ("2023,130000,1,c1", LayoutChanged, "4 cells, expected 5; correct the row"),
    "comma without quotes": ("2023,130000,40,000,c1,x", LayoutChanged, "6 cells, expected 5; correct the row"),
    "blank line": ("", LayoutChanged, "0 cells, expected 5; correct the row"),
    "broken quotes": (
        '2023,130000,1,c1,"x"y',
        LayoutChanged,
        "cannot be read as CSV (',' expected after '\"'); correct the quotes",
    ),
}


@pytest.mark.parametrize("mistake", BAD_ROWS)
def test_a_bad_row_is_named(catalog: Catalog, mistake: str) -> None:
    row, error, expected = BAD_ROWS[mistake]
    with pytest.raises(error) as caught:
        facts.parse(Payload("facts", "gdp", text(*ROWS, row, "2024,130000,3,c1,x"), "gdp.csv", bytes.fromhex), catalog)
    assert str(caught.value) == f"facts/gdp, row 24: {expected}"


CITATIONS: dict[str, tuple[str, str, str]] = {
    "wrong unit": ("unit: 亿元", "unit: 万户", "unit '万户' of gdp cannot become 亿元; correct the unit"),
    "unknown unit": ("unit: 亿元", "unit: 亿圆", "unit '亿圆' of gdp cannot become 亿元; correct the unit"),
    "no unit": ("    unit: 亿元\n", "", "unit '' of gdp cannot become 亿元; correct the unit"),
    "unknown basis": (
        "basis: published",
        "basis: guessed",
        "basis 'guessed' is not one of published, secondary, derived, estimated; use one of them",
    ),
    "empty publisher": ("publisher: 某统计局", "publisher: ' '", "publisher is empty; every figure needs a citation"),
    "publisher null": ("publisher: 某统计局", "publisher:", "publisher is empty; every figure needs a citation"),
    "no title": ("    title: 某年鉴\n", "", "title is empty; every figure needs a citation"),
    "empty address": (
        "address: https://stats.example/gdp\n",
        "address: ''\n",
        "address is empty; every figure needs a citation",
    ),
    "unknown series": (
        "series: gdp",
        "series: gnp",
        "series 'gnp' is not in series.csv; add it there or correct the name",
    ),
}


@pytest.mark.parametrize("mistake", CITATIONS)
def test_a_bad_citation_is_named_at_the_first_figure_that_uses_it(catalog: Catalog, mistake: str) -> None:
    old, new, expected = CITATIONS[mistake]
    assert old in HEAD
    head = HEAD.replace(old, new, 1)
    with pytest.raises(DataError) as caught:
        facts.parse(Payload("facts", "gdp", text(*ROWS, head=head), "gdp.csv", bytes.fromhex), catalog)
    assert str(caught.value) == f"facts/gdp, row {head.count(chr(10)) + 2}: {expected}"


BEGIN = "the head between two `---` lines cannot be read"
NEEDED = f"{BEGIN} (it must be the file's beginning and name series, accepted_on and citations); correct it"
HEADS: dict[str, tuple[bytes, str]] = {
    "no head": (text(*ROWS, head=""), NEEDED),
    "empty file": (b"", NEEDED),
    "head not closed": (text(*ROWS, head=HEAD.removesuffix("---\n")), NEEDED),
    "text before the head": (b"x\n" + text(*ROWS), NEEDED),
    "byte order mark": (b"\xef\xbb\xbf" + text(*ROWS), NEEDED),
    "empty head": (text(*ROWS, head="---\n---\n"), NEEDED),
    "no date": (text(*ROWS, head=HEAD.replace("accepted_on", "accepted")), NEEDED),
    "no day": (
        text(*ROWS, head=HEAD.replace("2026-11-23", "autumn")),
        f"{BEGIN} (Invalid isoformat string: 'autumn'); correct it",
    ),
    "citation is no map": (
        text(*ROWS, head="---\nseries: gdp\naccepted_on: '2026-11-23'\ncitations:\n  c1: 某年鉴\n---\n"),
        f"{BEGIN} (each of the citations must map unit, basis, publisher, title and address); correct it",
    ),
    "citation twice": (
        text(*ROWS, head=HEAD.replace("  c2:", "  c1:")),
        f"{BEGIN} (key 'c1' stands twice, again in line 12); correct it",
    ),
}


@pytest.mark.parametrize("mistake", HEADS)
def test_a_broken_head_is_named(catalog: Catalog, mistake: str) -> None:
    content, expected = HEADS[mistake]
    with pytest.raises(LayoutChanged) as caught:
        facts.parse(Payload("facts", "gdp", content, "gdp.csv", bytes.fromhex), catalog)
    assert str(caught.value) == f"facts/gdp: {expected}"


@pytest.mark.parametrize(
    ("header", "has"),
    [
        ("year,adcode,value,citation", "year, adcode, value, citation"),
        ("year,adcode,citation,value,locator", "year, adcode, citation, value, locator"),
        ("Year,adcode,value,citation,locator", "Year, adcode, value, citation, locator"),
        ("", "none"),
    ],
)
def test_other_columns_are_named(catalog: Catalog, header: str, has: str) -> None:
    with pytest.raises(LayoutChanged) as caught:
        facts.parse(Payload("facts", "gdp", text(*ROWS, header=header), "gdp.csv", bytes.fromhex), catalog)
    assert str(caught.value) == (
        f"facts/gdp, row 20: columns are {has}, expected year, adcode, value, citation, locator; name them so"
    )


def test_a_head_without_table_is_named(catalog: Catalog) -> None:
    with pytest.raises(LayoutChanged, match="row 20: columns are none, expected year"):
        facts.parse(Payload("facts", "gdp", HEAD.encode(), "gdp.csv", bytes.fromhex), catalog)


def test_a_file_in_another_encoding_is_named_with_the_row(catalog: Catalog) -> None:
    content = text(*ROWS[:1]) + "2024,110000,1,c1,表".encode("gbk")
    with pytest.raises(LayoutChanged) as caught:
        facts.parse(Payload("facts", "gdp", content, "gdp.csv", bytes.fromhex), catalog)
    assert str(caught.value) == "facts/gdp, row 22: is not UTF-8; save the file as UTF-8"


def test_a_file_whose_name_is_not_its_series_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    path = tmp_path / "series" / "gnp.csv"
    path.write_bytes(text(*ROWS))
    settings = Settings(home=tmp_path, facts=tmp_path)
    with pytest.raises(LayoutChanged) as caught:
        list(facts.fetch(Errand(settings, catalog, catalog.sources["facts"], 2024)))
    assert str(caught.value) == f"{path}: the head names series 'gdp'; rename the file or correct the head"


def test_facts_outside_the_repository_are_named_by_file(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "gdp.csv").write_bytes(text(*ROWS))
    (fetched,) = facts.fetch(Errand(Settings(home=tmp_path, facts=tmp_path), catalog, catalog.sources["facts"], 2024))
    assert (fetched.item, fetched.request, fetched.content) == ("gdp", "gdp.csv", text(*ROWS))
    assert fetched.retrieved_at == "2026-11-23T00:00:00+00:00"


SYNTHETIC = [
    f"{year},{code}0000,{value},{citation},表"
    for year in range(2019, 2025)
    for code, value, citation in [(11, 1.5, "c1"), (12, 2, "c2"), (31, 3.25, "c1"), (65, 0, "c1")]
]


@given(seed=st.integers(0, 2**32 - 1), kept=st.integers(0, len(SYNTHETIC)))
def test_the_order_of_rows_does_not_matter(catalog: Catalog, seed: int, kept: int) -> None:
    rows = SYNTHETIC[:kept]
    shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311 - no secret
    expected = facts.parse(Payload("facts", "gdp", text(*rows), "gdp.csv", bytes.fromhex), catalog).drop(columns="row")
    pd.testing.assert_frame_equal(
        facts.parse(Payload("facts", "gdp", text(*shuffled), "gdp.csv", bytes.fromhex), catalog).drop(columns="row"),
        expected,
    )


def parsed_table() -> pd.DataFrame:
    """A table as a parser hands it over: all text."""
    return pd.DataFrame(
        [
            {
                "series": "gdp", "year": "2023", "adcode": "110000", "value_text": "1", "unit": "亿元",
                "basis": "published", "publisher": "某统计局", "title": "某年鉴", "address": "https://stats.example",
                "locator": "", "note": "", "row": 7,
            }
        ]
    )  # fmt: skip


@pytest.mark.parametrize("column", [c for c in COLUMNS if c != "value"])
def test_a_missing_column_is_named(catalog: Catalog, column: str) -> None:
    table = parsed_table().drop(columns=column)
    with pytest.raises(DataError) as caught:
        validated(table, catalog, "synthetic")
    has = ", ".join(table.columns)
    assert str(caught.value) == f"synthetic: column {column!r} is missing, there are {has}; add it"


@pytest.mark.parametrize("nothing", [None, float("nan"), "", "\u3000"])
def test_a_citation_of_no_text_is_refused_whatever_the_parser_left_there(catalog: Catalog, nothing: object) -> None:
    table = parsed_table().astype(object)
    table.loc[0, "publisher"] = nothing
    with pytest.raises(DataError, match="synthetic, row 7: publisher is empty; every figure needs a citation"):
        validated(table, catalog, "synthetic")


def test_the_parser_s_own_table_is_not_changed(catalog: Catalog) -> None:
    table = parsed_table()
    validated(table, catalog, "synthetic")
    pd.testing.assert_frame_equal(table, parsed_table())


def test_a_source_the_catalogue_does_not_name_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CatalogError) as caught:
        adapter("nowhere", catalog)
    known = ", ".join(sorted(catalog.sources))
    assert str(caught.value) == f"{CATALOG / 'sources'}: no source 'nowhere'; use one of {known}"


def test_a_source_that_no_module_reads_is_refused(catalog: Catalog) -> None:
    named = replace(catalog, sources={**catalog.sources, "nowhere": catalog.sources["facts"]})
    with pytest.raises(CatalogError) as caught:
        adapter("nowhere", named)
    assert str(caught.value) == (
        f"{CATALOG / 'sources' / 'nowhere.yaml'}: no module icdp/sources/nowhere.py reads it; "
        "write one or remove the file"
    )


def test_every_source_of_the_catalogue_has_its_two_functions() -> None:
    catalog = load_catalog(CATALOG)
    for source in catalog.sources:
        module = adapter(source, catalog)
        assert callable(module.fetch)
        assert callable(module.parse)
