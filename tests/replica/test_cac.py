"""The register of filed services: over page breaks, without repeats, without registrations, held against the totals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.replica.cac_site import NEW, CacSite, filed, first_attachment, pdf, register, year_tables
from tests.replica.figures import printed, values
from tests.replica.server import Replica, instead, serving
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp.errors import FetchFailed, LayoutChanged

SERIES = "llm_filings"
Table = list[list[str]]


def take(replica: Replica, home: Path, waits: Any, year: int = 2024) -> Any:
    settings = settings_for(home, "cac", replica.url)
    return settings, taken_from(settings, "cac", year, waits.clock)


def test_year_ends_are_the_facts_and_the_totals_those_printed(tmp_path: Path, waits: Any) -> None:
    with serving(CacSite()) as replica:
        settings, taken = take(replica, tmp_path, waits)
    assert taken.problems == ()
    table = observed(settings, taken)
    for year, in_provinces in ((2023, 61), (2024, 302 - 8)):  # eight of 国资委 belong to no province
        expected = {code: float(text) for code, text in printed(SERIES, year).items()}
        assert values(table, SERIES, year) == expected
        assert sum(expected.values()) == in_provinces
    # Two notices, two attachments, one index: each is kept.
    assert len(payloads(settings)) == 5
    assert [r.item for r in taken.receipts] == ["register/2024"]


def test_an_earlier_year_is_counted_from_the_same_notices(tmp_path: Path, waits: Any) -> None:
    with serving(CacSite()) as replica:
        settings, taken = take(replica, tmp_path, waits, 2023)
    table = observed(settings, taken)
    assert set(table["year"]) == {2023}
    assert values(table, SERIES, 2023) == {code: float(text) for code, text in printed(SERIES, 2023).items()}


def test_before_the_register_began_there_is_nothing_and_nobody_is_asked(tmp_path: Path, waits: Any) -> None:
    with serving(CacSite()) as replica:
        _, taken = take(replica, tmp_path, waits, 2022)
    assert (taken.receipts, taken.problems, taken.absent) == ((), (), "cac: the register begins in 2023")
    assert replica.requests == []


def edited(edit: Callable[[Table], None]) -> Callable[[], bytes]:
    def make() -> bytes:
        filings, registrations = year_tables()
        edit(filings)
        return pdf(filings, registrations)

    return make


def renumber(table: Table) -> None:
    for number, row in enumerate(table[1:], start=1):
        row[0] = str(number)


def lose_rows(table: Table) -> None:
    del table[40:60]


def lose_rows_and_renumber(table: Table) -> None:
    del table[200:220]  # of the second half of 2024: no earlier notice has them
    renumber(table)


QUARANTINED = {
    "rows lost at a page break": (edited(lose_rows), r"row 60 follows row 39; rows were lost"),
    "rows lost and renumbered": (edited(lose_rows_and_renumber), r"28\d filings until the end of 2024, the notice prints 302"),
    "a row too many": (edited(lambda t: t.append(["303", "北京市", "虚构", "虚构", "Synthetic-303", "2024/1/1"])), r"303 filings until the end of 2024"),
    "an unknown place": (edited(lambda t: t[5].__setitem__(1, "新省")), r"row 5: '新省' is none of the 31 provinces"),
    "a date that is none": (edited(lambda t: t[5].__setitem__(5, "近日")), r"row 5: '近日' is no date"),
    "a registration among filings": (edited(lambda t: t[5].__setitem__(4, "BJ-S0001")), r"is a registration \(登记\) among filings"),
    "a column renamed": (edited(lambda t: t[0].__setitem__(5, "日期")), r"lacks 备案时间"),
    "no heading at all": (edited(lambda t: t.pop(0)), r"a row without a heading before it"),
    "a PDF without tables": (lambda: pdf([["公告"]]), r"no table of filings was found"),
    "a broken PDF": (lambda: b"%PDF-1.7 " + b"0" * 2000, r"the PDF cannot be read|no table of filings"),
}  # fmt: skip


@pytest.mark.parametrize("fault", QUARANTINED)
def test_a_register_that_is_not_right_is_quarantined_by_name(tmp_path: Path, waits: Any, fault: str) -> None:
    attachment, message = QUARANTINED[fault]
    with serving(CacSite({"first": first_attachment, "2024": attachment})) as replica:
        settings, taken = take(replica, tmp_path, waits)
    assert taken.receipts == ()
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(taken.problems[0][1])
    assert len(payloads(settings)) == 5


def test_an_attachment_that_is_not_sent_is_waited_for_and_never_taken_for_an_empty_register(
    tmp_path: Path, waits: Any
) -> None:
    for refusal in (b"", b"<html>hello</html>"):
        with serving(CacSite()) as replica:
            replica.fault(instead(refusal), path="downloadfile")
            _, taken = take(replica, tmp_path / f"{len(refusal)}", waits)
            assert taken.problems == ()
            replica.fault(instead(refusal), times=9, path="downloadfile")
            with pytest.raises(FetchFailed):
                take(replica, tmp_path / f"again-{len(refusal)}", waits)


def test_a_list_page_of_another_form_is_named(tmp_path: Path, waits: Any) -> None:
    with serving(CacSite()) as replica:
        replica.fault(instead("<ul><li>公告</li></ul>".encode()), path="A093702index_1")
        with pytest.raises(LayoutChanged, match="has nothing at `#loadingInfoPage li h5 a`"):
            take(replica, tmp_path, waits)
        replica.fault(
            instead('<div id="loadingInfoPage"><li><h5><a href="/x">别的公告</a></h5></li></div>'.encode()),
            path="A093702index_1",
        )
        with pytest.raises(LayoutChanged, match="no notice is called like"):
            take(replica, tmp_path / "other", waits)


def test_the_replica_prints_its_heading_once_over_several_pages() -> None:
    import io

    import pdfplumber

    with pdfplumber.open(io.BytesIO(pdf([NEW, *filed(register(), numbered=True)]))) as book:
        assert len(book.pages) > 3
        assert sum(page.extract_text().count("备案编号") for page in book.pages) == 1
