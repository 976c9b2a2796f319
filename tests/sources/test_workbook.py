"""The analysts' workbook: what is entered comes out with its citation, what is wrong is named by its cell, all at once."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.filled import CITED, Edit, column, enter, filled, saved

from icdp import road
from icdp.archive import Archive
from icdp.catalog import Catalog, load_catalog
from icdp.errors import DataError, IcdpError, NotFoundError
from icdp.settings import CATALOG, Settings
from icdp.sources import workbook
from icdp.sources.acquire import known_on
from icdp.sources.base import Payload
from icdp.sources.workbook import ABOUT, HEADER_ROW, NAME_CELL, SERIES_CELL, YEAR_CELL, entry_series
from icdp.sources.workbook_desk import import_workbook, withdraw_workbook, workbooks
from icdp.sources.workbook_form import empty_workbook

MOMENT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
FIRST = HEADER_ROW + 1  # 北京
SICHUAN = "510000"


def parsed(catalog: Catalog, content: bytes) -> Any:
    return workbook.parse(Payload("workbook", "2024/main", content, "w.xlsx", bytes.fromhex), catalog)


def test_every_indicator_but_the_computed_one_takes_entries(catalog: Catalog) -> None:
    assert set(catalog.indicators) - set(entry_series(catalog)) == {"green_power"}
    with pytest.raises(NotFoundError, match=r"green_power is computed .*power_generation, thermal_generation, nuclear"):
        empty_workbook(catalog, 2024, "main", ["green_power"], {})
    assert empty_workbook(catalog, 2024, "main", ["power_generation"], {}).startswith(b"PK")


def test_an_entry_becomes_an_observation_with_its_citation_its_cell_and_who_entered_it(catalog: Catalog) -> None:
    content = filled(
        catalog,
        ["ipv6_penetration", "idc_racks"],
        lambda b: (enter(b, 1, {SICHUAN: 61.5}), enter(b, 2, {"110000": "35.40"}, unit="万架")),
    )
    table = parsed(catalog, content).set_index("series")
    assert list(table.index) == ["idc_racks", "ipv6_penetration"]
    row = table.loc["ipv6_penetration"]
    assert (row["value"], row["value_text"], row["unit"], row["year"], row["adcode"]) == (
        61.5,
        "61.5",
        "%",
        2024,
        SICHUAN,
    )
    assert (row["publisher"], row["title"], row["address"], row["basis"]) == (
        CITED["publisher"], CITED["source_title"], CITED["address"], "published",
    )  # fmt: skip
    assert row["note"] == "测试用虚构数据（录入 entered by 测试员）"
    assert row["locator"] == "表1（工作簿 IPv6渗透率!C27）"
    assert table.loc["idc_racks", "value_text"] == "35.40"  # as typed


def test_what_is_known_is_shown_in_grey_and_never_read_back(catalog: Catalog, made: Settings) -> None:
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as db:
        known = db.execute(
            "SELECT adcode, value, unit, value_year, source FROM indicator_values WHERE year = 2024 AND indicator = 'idc_racks'"
        ).df()
    content = empty_workbook(catalog, 2024, "main", ["idc_racks"], {"idc_racks": known}, "张三")
    page = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1]
    shown = {str(page.cell(r, 1).value): page.cell(r, 13).value for r in range(FIRST, FIRST + 31)}
    assert shown == dict(zip(known["adcode"], known["value"], strict=True))
    assert page.cell(FIRST, 13).font.color.rgb == "00808080"
    assert page.cell(FIRST, column("entered_by")).value == "张三"
    with pytest.raises(DataError, match="no value is entered anywhere"):
        parsed(catalog, content)


def set_(cell: str, value: object, sheet: int = 1, filled_too: bool = True) -> Edit:
    def edit(book: Any) -> None:
        if filled_too:
            enter(book, 1, {"110000": 60})
        book.worksheets[sheet][cell] = value

    return edit


def percent(book: Any) -> None:
    enter(book, 1, {"110000": 0.6})
    book.worksheets[1]["C5"].number_format = "0%"


def twice(book: Any) -> None:
    enter(book, 1, {"110000": 60})
    page = book.worksheets[1]
    for c in range(1, 13):
        page.cell(36, c).value = page.cell(FIRST, c).value


def far_down(book: Any) -> None:
    enter(book, 1, {"110000": 60})
    book.worksheets[1]["A50000"] = "x"


def copied_sheet(book: Any) -> None:
    enter(book, 1, {"110000": 60})
    book.copy_worksheet(book.worksheets[1])


WRONG: dict[str, tuple[Edit, str]] = {
    "text for a value": (set_("C5", "约六成"), "w.xlsx IPv6渗透率!C5: '约六成' is no number"),
    "a value outside the range": (set_("C5", 600), "C5: 600 % is outside 0 to 100 %; a slip of unit or digits"),
    "a formula": (set_("C5", "=1+1"), "C5: is a formula; type what it gives"),
    "a percentage": (percent, "C5: is formatted as a percentage; format it as a number and type 95 for 95 %"),
    "a date": (set_("C5", datetime(2024, 1, 1)), "is no number"),  # noqa: DTZ001 - Excel's dates have no zone
    "true": (set_("C5", True), "'True' is no number"),
    "another kind of unit": (set_("D5", "亿元"), "D5: '亿元' cannot become %"),
    "a year too old": (set_("E5", 2021), "E5: '2021' is not a year from 2023 to 2024"),
    "a year to come": (set_("E5", 2025), "E5: '2025' is not a year from 2023 to 2024"),
    "an unknown basis": (set_("F5", "rumour"), "F5: 'rumour' is not one of published, secondary, derived, estimated"),
    "no publisher": (set_("G5", None), "G5: is empty; every figure needs 发布机构 Publisher"),
    "no reason": (set_("L5", " "), "L5: is empty; every figure needs 理由或说明"),
    "nobody's entry": (set_("K5", None), "K5: is empty; every figure needs 录入人"),
    "a province that is none": (set_("B5", "香港"), "B5: '香港' is none of the 31 provinces"),
    "a province in the wrong row": (set_("B5", "上海"), "A5: '110000' is not 上海, which is 310000"),
    "a citation without a value": (set_("C5", None), "C5: is empty; leave the whole row empty when the figure is unknown"),
    "a province twice": (twice, "A36: 110000 of 2024 stands in IPv6渗透率!A5 already"),
    "a heading changed": (set_("C4", "数"), "C4: the heading is '数', expected '数值 Value'"),
    "a very long note": (set_("L5", "长" * 3000), "L5: is longer than 2000 characters"),
    "rows without end": (far_down, "A2001: the sheet goes down to row 50000"),
    "a sheet of no series": (set_(SERIES_CELL, "ipv7"), "B3: 'ipv7' is no series of the index; remove the sheet"),
    "a sheet twice": (copied_sheet, "B3: ipv6_penetration has a sheet already"),
    "a year that is none": (set_(YEAR_CELL, 1999, sheet=0), f"{ABOUT}!B2: year 1999 lies outside 2000-2100"),
    "a name that is none": (set_(NAME_CELL, "../../etc", sheet=0), f"{ABOUT}!B3: '../../etc' is no name"),
    "nothing at all": (lambda book: None, "no value is entered anywhere"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_named_by_its_cell(catalog: Catalog, mistake: str) -> None:
    edit, told = WRONG[mistake]
    problems = workbook.read(filled(catalog, ["ipv6_penetration"], edit), "w.xlsx", catalog).problems
    assert [told in str(problem) for problem in problems] == [True], problems


def test_all_mistakes_are_told_at_once_and_nothing_is_taken(catalog: Catalog, own: Settings) -> None:
    def edit(book: Any) -> None:
        enter(book, 1, {"110000": "无", "120000": 101, "130000": 50})
        book.worksheets[1]["G6"] = None

    content = filled(catalog, ["ipv6_penetration"], edit)
    with pytest.raises(DataError, match=r"C5: '无' is no number.*; .*G6: is empty.*; .*C6: 101 % is outside"):
        import_workbook(own, catalog, content, "w.xlsx", MOMENT)
    assert workbooks(own, catalog) == []
    assert Archive(own.archive).accepted_years("workbook") == []


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("xl/worksheets/sheet1.xml", b"0" * 80_000_000)
    return stream.getvalue()


def with_macros(catalog: Catalog) -> bytes:
    stream = io.BytesIO(filled(catalog, ["ipv6_penetration"], lambda b: None))
    with zipfile.ZipFile(stream, "a") as bundle:
        bundle.writestr("xl/vbaProject.bin", b"macro")
    return stream.getvalue()


def foreign() -> bytes:
    return saved(openpyxl.Workbook())


HOSTILE: dict[str, tuple[Callable[[Catalog], bytes], str]] = {
    "a bomb": (lambda _: bomb(), "unpacks to more than 60 MB"),
    "macros": (with_macros, "carries macros"),
    "another workbook": (lambda _: foreign(), "is no workbook of `icdp workbook export`"),
    "an old .xls": (lambda _: b"\xd0\xcf\x11\xe0" + b"0" * 100, "is no .xlsx workbook"),
    "text": (lambda _: b"a,b\n1,2\n", "is no .xlsx workbook"),
    "half a file": (lambda c: filled(c, ["ipv6_penetration"], lambda b: None)[:2000], "w.xlsx: (is no zip file|cannot be read)"),
    "too large": (lambda _: b"PK\x03\x04" + b"0" * 10_000_001, "is larger than 10 MB"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_whole(catalog: Catalog, kind: str) -> None:
    make, told = HOSTILE[kind]
    with pytest.raises(IcdpError, match=told):
        workbook.read(make(catalog), "w.xlsx", catalog)


@given(st.binary(max_size=300), st.integers(0, 4000))
@settings(max_examples=60, deadline=None)
def test_no_bytes_end_in_anything_but_a_refusal(noise: bytes, at: int) -> None:
    shipped = load_catalog(CATALOG)
    content = filled(shipped, ["ipv6_penetration"], lambda b: enter(b, 1, {"110000": 60}))
    broken = content[:at] + noise + content[at + len(noise) :]
    with contextlib.suppress(IcdpError):
        workbook.read(broken, "w.xlsx", shipped)


def test_entries_go_before_other_layers_are_published_with_their_reason_and_may_be_withdrawn(
    catalog: Catalog, own: Settings, run_year: Callable[[Settings, int], str]
) -> None:
    assert road.plan(own, 2024) == ["facts"]
    shares = {code: 20.0 + n for n, code in enumerate(catalog.provinces)}

    def edit(book: Any) -> None:
        enter(book, 1, shares)
        enter(book, 2, {SICHUAN: 78000}, unit="元")

    content = filled(catalog, ["digital_city_share", "gdp_per_capita"], edit)
    done = import_workbook(own, catalog, content, "w.xlsx", MOMENT)
    assert (done.unchanged, done.replaced, 2024 in done.years) == (False, None, True)
    assert import_workbook(own, catalog, content, "again.xlsx", MOMENT).unchanged
    assert road.plan(own, 2024) == ["facts", "workbook"]
    assert run_year(own, 2024) == "2024-r2 published"
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as db:
        used = db.execute(
            "SELECT adcode, value, fidelity, layer FROM indicator_values WHERE year = 2024 AND indicator = 'digital_city_share'"
        ).fetchall()
        assert {row[0]: row[1] for row in used} == shares
        assert {row[2:] for row in used} == {("as_defined", "workbook")}
        told = db.execute(
            "SELECT value, layer, note, payload_sha256, locator FROM lineage WHERE year = 2024 AND indicator = 'gdp_per_capita' AND source = 'workbook'"
        ).fetchall()
        assert told == [
            (
                78000.0,
                "workbook",
                "测试用虚构数据（录入 entered by 测试员）",
                done.receipt.payload_sha256,
                "表1（工作簿 人均GDP!C27）",
            )
        ]
        assert db.execute(
            "SELECT count(*) FROM lineage WHERE year = 2024 AND indicator = 'gdp_per_capita' AND layer = 'base'"
        ).fetchall() == [(30,)]
    # The next year's index may carry the entry; an earlier year's may not.
    assert road.acquire(own, "workbook", 2025).startswith("workbook: 1 payloads")
    assert road.acquire(own, "workbook", 2023).startswith("nothing for 2023: workbook: no entry")
    # Another workbook of the same name takes its place.
    corrected = filled(catalog, ["gdp_per_capita"], lambda b: enter(b, 1, {SICHUAN: 70000}, unit="元"))
    assert import_workbook(own, catalog, corrected, "w2.xlsx", MOMENT).replaced == done.receipt
    assert [len(entries) for _, entries in workbooks(own, catalog)] == [1]
    withdraw_workbook(own, catalog, 2024, "main", MOMENT)
    assert workbooks(own, catalog) == []
    with pytest.raises(NotFoundError, match="no workbook 2024/main was imported; of 2024 there are: none"):
        withdraw_workbook(own, catalog, 2024, "main", MOMENT)
    assert Archive(own.archive).get(done.receipt.payload_sha256) == content
    assert run_year(own, 2024) == "2024-r3 published"


def test_a_few_provinces_are_kept_and_shown_but_do_not_enter_the_index(catalog: Catalog, own: Settings) -> None:
    few = {code: 40.0 + n for n, code in enumerate(list(catalog.provinces)[:24])}
    import_workbook(own, catalog, filled(catalog, ["ipv6_penetration"], lambda b: enter(b, 1, few)), "w.xlsx", MOMENT)
    for source in road.plan(own, 2024):
        road.acquire(own, source, 2024)
        road.stage(own, source, 2024)
    road.load(own, 2024)
    with duckdb.connect(str(own.warehouse)) as db:
        row = db.execute(
            "SELECT in_use, provinces, note_en FROM indicator_coverage WHERE year = 2024 AND indicator = 'ipv6_penetration'"
        ).fetchone()
    assert row is not None
    assert row[:2] == (False, 24)
    assert "at least 25 are needed" in str(row[2])


def test_two_workbooks_of_one_year_stand_side_by_side_and_the_newer_entry_counts(
    catalog: Catalog, own: Settings, run_year: Callable[[Settings, int], str]
) -> None:
    for day, (name, value) in enumerate((("one", 66666), ("two", 77777)), start=1):
        content = filled(
            catalog, ["gdp_per_capita"], lambda b, v=value: enter(b, 1, {SICHUAN: v}, unit="元"), name=name
        )  # type: ignore[misc]
        import_workbook(own, catalog, content, f"{name}.xlsx", MOMENT.replace(day=day))
    assert [receipt.item for receipt, _ in workbooks(own, catalog)] == ["2024/one", "2024/two"]
    assert run_year(own, 2024) == "2024-r2 published"
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as db:
        assert db.execute(
            "SELECT value FROM indicator_values WHERE year = 2024 AND indicator = 'gdp_per_capita' AND province = '四川'"
        ).fetchall() == [(77777.0,)]


def test_a_workbook_is_known_from_its_import_until_it_is_withdrawn(catalog: Catalog, own: Settings) -> None:
    content = filled(catalog, ["gdp_per_capita"], lambda b: enter(b, 1, {SICHUAN: 70000}, unit="元"))
    done = import_workbook(own, catalog, content, "w.xlsx", MOMENT)
    withdraw_workbook(own, catalog, 2024, "main", MOMENT + timedelta(days=10))
    days = [MOMENT.date() + timedelta(days=days) for days in (-1, 0, 9, 10)]
    source = catalog.sources["workbook"]
    assert [known_on(own, catalog, source, 2024, day).receipts for day in days] == [
        (), (done.receipt,), (done.receipt,), (),
    ]  # fmt: skip
