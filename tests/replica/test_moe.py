"""The list of institutions: counted and held against what is printed, in either kind of workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.replica.figures import printed, values
from tests.replica.moe_site import MoeSite, rows, xls, xlsx
from tests.replica.server import Replica, instead, serving, status
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp.errors import FetchFailed, LayoutChanged

SERIES = "higher_education_institutions"


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize(("kind", "extension"), [("xls", "xls"), ("xlsx", "xlsx"), ("xlsx", "xls")])
def test_counts_are_the_facts_whatever_the_file_calls_itself(
    tmp_path: Path, waits: Any, year: int, kind: str, extension: str
) -> None:
    with serving(MoeSite(kind, extension)) as replica:
        settings = settings_for(tmp_path, "moe", replica.url)
        taken = taken_from(settings, "moe", year, waits.clock)
    assert taken.problems == ()
    expected = {code: float(text) for code, text in printed(SERIES, year).items()}
    assert values(observed(settings, taken), SERIES, year) == expected
    assert sum(expected.values()) == {2023: 2820, 2024: 2868}[year]
    assert len(payloads(settings)) == 2  # the article is kept beside the workbook


def take(replica: Replica, home: Path, waits: Any, year: int = 2024) -> Any:
    settings = settings_for(home, "moe", replica.url)
    return settings, taken_from(settings, "moe", year, waits.clock)


def edited(edit: Callable[[list[list[str]]], None]) -> Any:
    table = rows(2024)
    edit(table)
    return instead(xls(table))


def rename_column(table: list[list[str]]) -> None:
    table[2] = [*table[2][:2], "学校代码", *table[2][3:]]


def move_a_row(table: list[list[str]]) -> None:
    table[4], table[-1] = table[-1], table[4]


def unknown_province(table: list[list[str]]) -> None:
    table[3] = ["新北省（92所）"]


QUARANTINED = {
    "an institution missing": (edited(lambda t: t.pop(4)), r"row 4: 110000 prints 92 institutions, 91 are listed"),
    "a column renamed": (edited(rename_column), r"columns are .*学校代码.*, expected"),
    "a row in the wrong province": (edited(move_a_row), r"is not one of 110000; a row is in the wrong place"),
    "an unknown province": (edited(unknown_province), r"'新北省' is none of the 31 provinces"),
    "a province missing": (edited(lambda t: t.__delitem__(slice(3, 96))), r"institutions are listed, the notice prints 2868"),
    "a province twice": (edited(lambda t: t.extend(t[3:96])), r"institutions are listed, the notice prints 2868|stands twice"),
    "no header": (edited(lambda t: t.pop(2)), r"no header row with 学校名称"),
    "last year's list": (instead(xlsx(rows(2023))), r"2820 institutions are listed, the notice prints 2868"),
    "a broken workbook": (instead(b"PK\x03\x04" + b"0" * 200), r"is no zip file that can be read"),
}  # fmt: skip


@pytest.mark.parametrize("fault", QUARANTINED)
def test_a_list_that_is_not_right_is_quarantined_by_name(tmp_path: Path, waits: Any, fault: str) -> None:
    change, message = QUARANTINED[fault]
    with serving(MoeSite()) as replica:
        replica.fault(change, path=".xls")
        settings, taken = take(replica, tmp_path, waits)
    assert taken.receipts == ()
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(taken.problems[0][1])
    assert len(payloads(settings)) == 2


def test_a_page_in_place_of_the_workbook_is_waited_out(tmp_path: Path, waits: Any) -> None:
    with serving(MoeSite()) as replica:
        replica.fault(instead(b"<html>hello</html>"), path=".xls")
        _, taken = take(replica, tmp_path, waits)
        assert taken.problems == ()
        assert 60.0 in waits.slept
        replica.fault(instead(b"<html>hello</html>"), times=9, path=".xls")
        with pytest.raises(FetchFailed, match="text/html instead of a workbook"):
            take(replica, tmp_path / "other", waits)


def test_a_year_that_is_not_out_is_named(tmp_path: Path, waits: Any) -> None:
    with serving(MoeSite()) as replica, pytest.raises(LayoutChanged, match="no article of 2025 is called like"):
        take(replica, tmp_path, waits, 2025)


def test_an_article_that_moved_and_a_renamed_attachment_are_named(tmp_path: Path, waits: Any) -> None:
    with serving(MoeSite()) as replica:
        replica.fault(instead("<p><a href='x.xls'>名单</a></p>".encode()), path="t2024")
        with pytest.raises(LayoutChanged, match="has 0 attachments called 全国普通高等学校名单"):
            take(replica, tmp_path, waits)
        replica.fault(status(404), path="t2024")
        with pytest.raises(Exception, match="status 404; the address has moved"):
            take(replica, tmp_path / "other", waits)
