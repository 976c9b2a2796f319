"""Tables by province out of the report: with its text and without, over page breaks, and no wrong figure in any fault."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pdfplumber
import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.replica.cnnic_site import (
    LISTED,
    YEARS,
    CnnicSite,
    Rows,
    own_report,
    report,
    synthetic_addresses,
    tables_of,
    websites,
)  # fmt: skip
from tests.replica.figures import printed, values
from tests.replica.server import Reply, broken_off, changed, instead, reset, serving, status
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp.errors import FetchFailed, FetchRefused, IcdpError, LayoutChanged
from icdp.sources.pdf import pages_of

PAGES = {number: page for number, page, _ in LISTED}
PDF = ".pdf"


def take(home: Path, waits: Any, year: int, site: CnnicSite | None = None, **fault: Any) -> Any:
    with serving(site or CnnicSite()) as replica:
        if fault:
            replica.fault(fault["fault"], times=fault.get("times", 9), path=fault.get("path", ""))
        settings = settings_for(home, "cnnic", replica.url)
        return settings, taken_from(settings, "cnnic", year, waits.clock)


def expected(year: int) -> dict[str, dict[str, float]]:
    """What each series of a year must be: shipped figures, or the replica's synthetic ones where none are shipped."""
    known = {"ipv4_share_registered": synthetic_addresses(year), "websites": websites(year)}
    if year <= 2019:
        known["gov_websites"] = printed("gov_websites", year)
    return {series: {code: float(text) for code, text in own.items()} for series, own in known.items()}


def assert_right(table: pd.DataFrame, year: int) -> None:
    """Every figure is the right one; nothing is said of series that are not there."""
    for series in table["series"].unique():
        assert values(table, series, year) == expected(year)[series], series


@pytest.mark.parametrize("year", YEARS.values())
def test_figures_are_those_printed_with_text_and_without(tmp_path: Path, waits: Any, year: int) -> None:
    settings, taken = take(tmp_path, waits, year)
    assert taken.problems == ()
    table = observed(settings, taken)
    assert set(table["series"]) == set(expected(year))
    assert_right(table, year)
    # The page, the PDF, and an index a table: each is kept.
    assert len(payloads(settings)) == 2 + len(expected(year))


def test_a_figure_says_where_it_stands_and_how_its_province_is_known(tmp_path: Path, waits: Any) -> None:
    for year, number, how in ((2023, 53, ""), (2024, 55, "matched by order, no text in the PDF")):
        settings, taken = take(tmp_path / str(year), waits, year)
        table = observed(settings, taken).set_index(["series", "adcode"])
        row = table.loc[("ipv4_share_registered", "130000")]
        assert row["title"] == f"第{number}次中国互联网络发展状况统计报告"
        assert re.fullmatch(rf"PDF 第4页，表 ipv4 第3行.*{how}", row["locator"])
        assert bool(row["note"]) is bool(how)
        assert row["address"].endswith(PDF)


def test_the_replica_without_text_gives_digits_and_no_chinese() -> None:
    with pdfplumber.open(io.BytesIO(own_report(55))) as book:
        text = "".join(page.extract_text() for page in book.pages)
    assert re.findall(r"[\u4e00-\u9fff]", text) == []
    assert "100.00%" in text
    assert "(cid:" in text


@pytest.mark.parametrize(
    ("above", "repeat"),
    [(106, 0), (116, 0), (134, 0), (420, 0), (420, 1)],
    ids=["before the total", "before the others", "before the last", "in the middle", "with the heading again"],
)
@pytest.mark.parametrize(("number", "year"), [(45, 2019), (53, 2023), (55, 2024)])
def test_a_table_over_a_page_break_is_one_table(
    tmp_path: Path, waits: Any, number: int, year: int, above: int, repeat: int
) -> None:
    broken = report(number, above=above, repeat=repeat)
    with pdfplumber.open(io.BytesIO(broken)) as book, pdfplumber.open(io.BytesIO(own_report(number))) as whole:
        assert len(book.pages) > len(whole.pages)
        headings = sum("省份" in page.extract_text() for page in book.pages)
        assert headings == (0 if number == 55 else len(tables_of(number)) * (1 + repeat))
    settings, taken = take(tmp_path, waits, year, CnnicSite({number: broken}))
    assert taken.problems == ()
    assert_right(observed(settings, taken), year)


def test_a_table_no_longer_printed_is_no_failure(tmp_path: Path, waits: Any) -> None:
    _, taken = take(tmp_path, waits, 2023)
    assert [receipt.item for receipt in taken.receipts] == ["ipv4/2023", "websites/2023"]


@pytest.mark.parametrize(("year", "number"), [(2025, 57), (2017, 41)], ids=["not out yet", "older than those listed"])
def test_a_year_whose_report_is_not_listed_has_nothing(tmp_path: Path, waits: Any, year: int, number: int) -> None:
    _, taken = take(tmp_path, waits, year)
    assert taken.receipts == ()
    assert taken.absent == f"cnnic: report {number} (December {year}) is not there, 43 to 55 are listed"


Edit = Callable[[dict[str, Rows]], object]


def edited(edit: Edit, number: int = 53, **more: Any) -> bytes:
    tables = tables_of(number)
    edit(tables)
    return report(number, tables, **more)


def on_ipv4(edit: Callable[[Rows], object]) -> Edit:
    return lambda tables: edit(tables["ipv4"])


def swap(rows: Rows, a: int = 1, b: int = 3) -> None:
    rows[a], rows[b] = rows[b], rows[a]


def swap_figures(rows: Rows, a: int = 1, b: int = 3) -> None:
    rows[a][1], rows[b][1] = rows[b][1], rows[a][1]


def shift(rows: Rows) -> None:
    """Every figure stands one row too low; the sum is the same."""
    figures = [row[1] for row in rows[1:32]]
    for row, figure in zip(rows[1:32], [figures[-1], *figures[:-1]], strict=True):
        row[1] = figure


def by_size(rows: Rows) -> None:
    rows[1:32] = sorted(rows[1:32], key=lambda row: -Decimal(row[1].rstrip("%")))


def add_column(rows: Rows) -> None:
    for row in rows:
        row.append("增幅" if row is rows[0] else "1.00%")


def scaled(tables: dict[str, Rows], factor: str) -> None:
    for row in tables["websites"][1:]:
        row[1] = str(Decimal(row[1]) * Decimal(factor))


def set_cell(row: int, cell: int, text: str) -> Callable[[Rows], None]:
    return lambda rows: rows[row].__setitem__(cell, text)


def picture() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for x in range(300):
        canvas.rect(x, x, 50, 50)
    canvas.save()
    return stream.getvalue()


def bomb() -> bytes:
    """A small PDF whose page unpacks to more than it may."""
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(b" " * 10_000_000) for _ in range(51)) + packer.flush()
    assert len(packed) < 1_000_000
    head = f"%PDF-1.4\n1 0 obj\n<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n"
    return head.encode() + packed + b"\nendstream\nendobj\n"


def many_pages() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for _ in range(301):
        canvas.drawString(50, 50, "1")
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


# Fault -> (the PDF, item that must be refused and why). The other table of the report is taken, unless the PDF as a whole fails.
QUARANTINED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a province missing": (lambda: edited(on_ipv4(lambda t: t.pop(3))), "ipv4", "the table lacks 河北"),
    "a province twice": (lambda: edited(on_ipv4(lambda t: t.insert(9, t[3]))), "ipv4", "page 4: 河北 stands twice"),
    "an unknown name": (lambda: edited(on_ipv4(lambda t: t.insert(9, ["新北", "0.50%"]))), "ipv4", "'新北' is no province"),
    "a province renamed": (lambda: edited(on_ipv4(set_cell(3, 0, "直隶"))), "ipv4", "'直隶' is no province"),
    "a text for a figure": (lambda: edited(on_ipv4(set_cell(3, 1, "见注"))), "ipv4", "the table lacks 河北"),
    "the sum off": (lambda: edited(on_ipv4(set_cell(3, 1, "9.99%"))), "ipv4", r"column 1 adds up to 10\d.\d+, expected 100"),
    "the total off": (lambda: edited(lambda t: t["websites"][-1].__setitem__(1, "999.99")), "websites", "expected 999.99"),
    "no total": (lambda: edited(lambda t: t["websites"].pop()), "websites", "no row with the total"),
    "the figures beside names one row off": (lambda: edited(on_ipv4(shift)), "ipv4", "ranked unlike ipv4_share of 2023"),
    "a column renamed": (
        lambda: edited(on_ipv4(set_cell(0, 1, "地址数"))), "ipv4", "the heading is '省份地址数', expected"
    ),
    "another unit": (
        lambda: edited(lambda t: t["websites"][0].__setitem__(1, "网站数量(个)")), "websites", r"the heading is .*\(个\)"
    ),
    "an added column": (lambda: edited(on_ipv4(add_column)), "ipv4", "has 2 figures .*, expected 1; a column was added"),
    "a lost column": (
        lambda: edited(lambda t: [row.pop() for row in t["websites"]]), "websites", "has 1 figures .*, expected 2"
    ),
    "a caption renamed": (
        lambda: edited(lambda t: None, captions={"ipv4": "附表3 地址资源"}), "ipv4", "0 tables are called like"
    ),
    "a table left out": (lambda: edited(lambda t: t.pop("ipv4")), "ipv4", "0 tables are called like"),
    "a decimal point moved everywhere": (lambda: edited(lambda t: scaled(t, "100")), "websites", "websites of .* outside|no row|not like"),
    "a PDF of another report": (lambda: report(51, tables_of(53), year=2022), "both", "calls itself report 51, expected 53"),
    "a picture": (picture, "both", "a picture without any text"),
    "a broken PDF": (lambda: own_report(53)[:3000], "both", "the PDF cannot be read|a picture"),
    "a PDF that unpacks without end": (bomb, "both", "unpacks to more than 500 MB"),
    "too many pages": (many_pages, "both", "has 301 pages, 300 are allowed"),
}  # fmt: skip
WITHOUT_TEXT: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a province missing": (lambda: edited(on_ipv4(lambda t: t.pop(3)), 55), "ipv4", "0 tables of 31 to 33 rows"),
    "a province twice": (lambda: edited(on_ipv4(lambda t: t.insert(9, t[3])), 55), "ipv4", "0 tables of 31 to 33 rows"),
    "the sum off": (lambda: edited(on_ipv4(set_cell(3, 1, "9.99%")), 55), "ipv4", "0 tables of 31 to 33 rows"),
    "no total": (lambda: edited(lambda t: t["websites"].pop(), 55), "websites", "0 tables of 31 to 33 rows"),
    "an added column": (lambda: edited(on_ipv4(add_column), 55), "ipv4", "0 tables of 31 to 33 rows"),
    "rows sorted by size": (lambda: edited(on_ipv4(by_size), 55), "ipv4", "sorted by size"),
    "the figures one row off": (lambda: edited(on_ipv4(shift), 55), "ipv4", "ranked unlike ipv4_share of 2024"),
    "the table twice": (lambda: edited(lambda t: t.update(gov_websites=t["ipv4"]), 55), "ipv4", "2 tables of 31 to 33 rows"),
    "the report of an earlier year": (
        lambda: report(53, readable=False), "both", "the newest half-year the PDF speaks of is 2023-12, expected 2024-12"
    ),
    "the report of a later year": (
        lambda: report(57, tables_of(55), year=2025, readable=False), "both", "is 2025-12, expected 2024-12"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", QUARANTINED)
def test_a_report_that_does_not_fit_is_refused_by_name(tmp_path: Path, waits: Any, fault: str) -> None:
    assert_refused(tmp_path, waits, 53, *QUARANTINED[fault])


@pytest.mark.parametrize("fault", WITHOUT_TEXT)
def test_a_report_without_text_that_does_not_fit_is_refused_by_name(tmp_path: Path, waits: Any, fault: str) -> None:
    assert_refused(tmp_path, waits, 55, *WITHOUT_TEXT[fault])


def assert_refused(home: Path, waits: Any, number: int, make: Callable[[], bytes], table: str, reason: str) -> None:
    year = YEARS[number]
    settings, taken = take(home, waits, year, CnnicSite({number: make()}))
    refused = ["ipv4", "websites"] if table == "both" else [table]
    assert [item for item, _ in taken.problems] == [f"{name}/{year}" for name in refused]
    assert re.search(reason, taken.problems[0][1]), taken.problems[0][1]
    assert len(payloads(settings)) == 4  # the page, the PDF and both indexes are kept
    if taken.receipts:
        assert_right(observed(settings, taken), year)


def test_swapped_rows_with_their_names_change_no_figure(tmp_path: Path, waits: Any) -> None:
    settings, taken = take(tmp_path, waits, 2023, CnnicSite({53: edited(on_ipv4(swap))}))
    assert taken.problems == ()
    assert_right(observed(settings, taken), 2023)


@pytest.mark.parametrize("edit", [swap, swap_figures], ids=["rows", "figures"])
def test_two_rows_swapped_without_text_are_seen_beside_the_year_before(tmp_path: Path, waits: Any, edit: Any) -> None:
    """北京 and 河北: their order in the country is one of many, only how far they moved tells."""
    spoilt = CnnicSite({55: edited(on_ipv4(edit), 55)})
    _, alone = take(tmp_path / "alone", waits, 2024, spoilt)
    assert alone.problems == (), "the sum is right and nothing of the year before is known: the stated limit"
    take(tmp_path, waits, 2023)
    settings, taken = take(tmp_path, waits, 2024, spoilt)
    assert [item for item, _ in taken.problems] == ["ipv4/2024"]
    assert re.search(r"北京 .*河北 .*moved against 2023 by more than a factor of 1\.6", taken.problems[0][1])
    assert_right(observed(settings, taken), 2024)


DOOR: dict[str, tuple[Any, str, type[IcdpError], str]] = {
    "a wall": (status(403), PDF, FetchRefused, "status 403"),
    "the report gone": (status(404), PDF, FetchRefused, "status 404"),
    "a page instead of the PDF": (instead(b"<html>hello</html>"), PDF, FetchFailed, "text/html instead of a PDF"),
    "an empty body": (instead(b""), PDF, FetchFailed, "an empty body"),
    "an empty PDF": (instead(b"%PDF-1.4\n%%EOF"), PDF, FetchFailed, "a PDF of 14 bytes"),
    "a block page": (instead("<html>请输入验证码</html>".encode()), PDF, FetchFailed, "stops visitors"),
    "two gigabytes": (
        lambda handler, reply: handler.send(reply, length=2_000_000_000), PDF, FetchRefused, "more than the 100000000 allowed"
    ),
    "sent to another host": (
        lambda handler, reply: Reply(b"", 302, {"Location": "https://example.org/a.pdf"}), PDF, FetchRefused,
        r"host 'example\.org' is not configured",
    ),
    "no PDF on the page": (changed(lambda body: body.replace(b"NMediaFile", b"x")), PAGES[53], LayoutChanged, "links to 0 PDFs"),
    "two PDFs on the page": (
        changed(lambda body: body.replace(b"</p>", b'<a href="/NMediaFile/2024/0325/b.pdf">b</a></p>')), PAGES[53],
        LayoutChanged, "links to 2 PDFs",
    ),
    "another report on the page": (
        changed(lambda body: body.replace("第53次".encode(), "第51次".encode())), PAGES[53], LayoutChanged,
        "is about 第51次.*, the list calls it report 53",
    ),
    "titles renamed": (
        changed(lambda body: body.replace("统计报告".encode(), "年报".encode())), "index", LayoutChanged, "lists no title like"
    ),
    "an empty list": (instead(b"<html><ul></ul></html>"), "index", LayoutChanged, "lists no title like"),
    "the report left out": (
        changed(lambda body: body.replace("第53次".encode(), "第52次".encode())), "index", LayoutChanged, "report 53 is left out"
    ),
    "the report listed twice": (
        changed(lambda body: body.replace("第54次".encode(), "第53次".encode())), "index", LayoutChanged, "at 2 addresses"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", DOOR)
def test_what_stands_in_the_way_is_named(tmp_path: Path, waits: Any, fault: str) -> None:
    change, path, error, reason = DOOR[fault]
    with pytest.raises(error, match=reason):
        take(tmp_path, waits, 2023, fault=change, path=path)


@pytest.mark.parametrize(
    "fault",
    [reset, broken_off, status(500), status(429, Retry_After="7"), instead(b""), instead(b"<html>busy</html>")],
    ids=["reset", "broken off", "500", "429", "empty body", "a page"],
)
def test_what_heals_is_asked_again(tmp_path: Path, waits: Any, fault: Any) -> None:
    settings, taken = take(tmp_path, waits, 2023, fault=fault, times=3, path=PDF)
    assert taken.problems == ()
    assert_right(observed(settings, taken), 2023)


def test_a_page_of_endless_text_is_refused() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream, invariant=1)
    for _ in range(51):
        canvas.drawString(10, 10, "1" * 1000)
    canvas.save()
    with pytest.raises(LayoutChanged, match="page 1 has 51000 characters"):
        list(pages_of(stream.getvalue(), "tested"))
