"""Registers that show today's state only: taken in their window, kept as the year's end, never asked for the past."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.replica.figures import printed, values
from tests.replica.register_sites import COLUMNS, DOWNLOAD, GovsitesSite, Ipv4Site, register, sites, zipped
from tests.replica.server import instead, serving, status
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp import road
from icdp.errors import FetchFailed, FetchRefused, LayoutChanged

JANUARY = datetime(2025, 1, 5, 4, 0, tzinfo=UTC)
YEAR = 2024


def take(site: Any, source: str, home: Path, waits: Any, *, fault: Any = None, path: str = "") -> Any:
    waits.start = JANUARY
    with serving(site) as replica:
        if fault:
            replica.fault(fault, times=9, path=path)
        settings = settings_for(home, source, replica.url)
        return settings, taken_from(settings, source, YEAR, waits.clock)


def test_shares_of_addresses_are_the_facts(tmp_path: Path, waits: Any) -> None:
    settings, taken = take(Ipv4Site(), "ipv4", tmp_path, waits)
    assert taken.problems == ()
    table = observed(settings, taken)
    assert dict(zip(table["adcode"], table["value_text"], strict=True)) == printed("ipv4_share", YEAR)
    assert len(payloads(settings)) == 33  # 31 provinces, what is in none, the index


def test_registered_sites_are_counted_once_and_ministries_in_no_province(tmp_path: Path, waits: Any) -> None:
    expected = {code: float(text) for code, text in printed("gov_websites", 2020).items()}
    rows = sites()
    several = (register(rows[:3000]), register(rows[2990:], encoding="gb18030"))
    for number, site in enumerate((GovsitesSite(), GovsitesSite(several))):
        settings, taken = take(site, "govsites", tmp_path / str(number), waits)
        assert taken.problems == ()
        assert values(observed(settings, taken), "gov_websites", YEAR) == expected


@pytest.mark.parametrize(
    ("moment", "open_"),
    [("2024-11-30", False), ("2024-12-01", True), ("2025-03-31", True), ("2025-04-01", False), ("2026-10-15", False)],
)
def test_a_register_is_asked_in_its_window_only(tmp_path: Path, waits: Any, moment: str, open_: bool) -> None:
    waits.start = datetime.fromisoformat(f"{moment}T05:00:00+00:00")
    with serving(Ipv4Site()) as replica:
        settings = settings_for(tmp_path, "ipv4", replica.url)
        taken = taken_from(settings, "ipv4", YEAR, waits.clock)
        assert bool(replica.requests) is open_
    assert bool(taken.receipts) is open_
    assert ("2024-12-01 and 2025-03-31" in taken.absent) is not open_


def test_what_was_taken_in_the_window_is_what_the_autumn_run_uses(tmp_path: Path, waits: Any) -> None:
    settings, taken = take(Ipv4Site(), "ipv4", tmp_path, waits)
    waits.start = datetime(2025, 10, 15, tzinfo=UTC)
    for fresh in (False, True):  # another day's state is not that of the year's end: not even when asked anew
        again = taken_from(settings, "ipv4", YEAR, waits.clock, fresh=fresh)
        assert again.receipts == taken.receipts
        assert again.from_archive


def test_a_year_without_a_state_is_made_without_it_and_is_no_failure(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "ipv4", "https://unreached.invalid")
    assert road.acquire(settings, "ipv4", 2019).startswith("nothing for 2019: ipv4: shows today's state only")
    assert road.stage(settings, "ipv4", 2019) == "ipv4: nothing for 2019"


def test_the_monthly_watch_keeps_the_state_of_the_year_end_without_starting_the_year(
    tmp_path: Path, waits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits.start = JANUARY
    monkeypatch.setattr("icdp.sources.acquire.Clock", lambda: waits.clock)
    with serving(Ipv4Site()) as replica:
        settings = settings_for(tmp_path, "ipv4", replica.url)
        assert {"source": "ipv4", "year": YEAR} in road.open_looks(settings, JANUARY.date())
        assert road.look(settings, "ipv4", YEAR) is None
        asked = len(replica.requests)
        assert asked == 32
        assert road.look(settings, "ipv4", YEAR) is None
        assert len(replica.requests) == asked
        assert road.acquire(settings, "ipv4", YEAR) == "ipv4: 1 payloads from the archive"


def overlapping(lists: dict[str, str]) -> None:
    lists["120000"] += lists["110000"].splitlines()[0] + "\n"


IPV4 = {
    "a block in two provinces": (overlapping, r"of 110000 and .* of 120000 overlap"),
    "a block with host bits": (lambda lists: lists.update({"130000": "10.0.0.1/8\n"}), r"130000, line 1: '10.0.0.1/8' is no block"),
    "another format": (lambda lists: lists.update({"130000": "10.0.0.0,10.0.0.255\n"}), r"is no block"),
    "IPv6": (lambda lists: lists.update({"130000": "2001:db8::/32\n"}), r"is no block"),
    "most in no province": (
        lambda lists: lists.update({"100000": "16.0.0.0/8\n"}), r"% of the addresses are in no province"
    ),
    "a list of one block in place of thousands": (
        lambda lists: lists.update({"130000": "203.0.113.0/32\n"}), r"outside"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", IPV4)
def test_address_lists_that_do_not_fit_are_quarantined(tmp_path: Path, waits: Any, fault: str) -> None:
    change, reason = IPV4[fault]
    settings, taken = take(Ipv4Site(change), "ipv4", tmp_path, waits)
    assert taken.receipts == ()
    assert re.search(reason, taken.problems[0][1]), taken.problems[0][1]
    assert len(payloads(settings)) == 33


def test_a_page_instead_of_a_list_is_asked_again_and_told(tmp_path: Path, waits: Any) -> None:
    with pytest.raises(FetchFailed, match="text/html instead of a list"):
        take(Ipv4Site(), "ipv4", tmp_path, waits, fault=instead(b"<html>busy</html>"), path="110000")


Rows = list[list[str]]


def changed(edit: Callable[[Rows], object]) -> bytes:
    rows = sites()
    edit(rows)
    return register(rows)


def identifier(text: str) -> Callable[[Rows], None]:
    def edit(rows: Rows) -> None:
        rows[5][4] = text

    return edit


def bomb() -> bytes:
    head = io.StringIO()
    csv.writer(head).writerow(COLUMNS)
    return zipped({"a.csv": head.getvalue().encode() + b"," * 260_000_000})


GOVSITES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a column renamed": (lambda: register(sites(), [*COLUMNS[:4], "标识码"]), "政府网站标识码 is missing"),
    "an identifier of no province": (
        lambda: changed(identifier("9900000001")),
        "row 7: identifier '9900000001' is of no province",
    ),
    "markup in an identifier": (lambda: changed(identifier("<b>11</b>")), "is of no province and no ministry"),
    "cells lost": (lambda: changed(lambda rows: rows[5].pop()), "row 7: 4 cells, expected 5"),
    "a province missing": (
        lambda: register([row for row in sites() if not row[4].startswith("11")]),
        "gov_websites of 2024 lacks 北京",
    ),
    "a cut list": (lambda: register(sites()[:900]), "lacks "),
    "no CSV inside": (lambda: zipped({"readme.txt": b"x"}), "holds no CSV"),
    "a zip cut off": (lambda: register(sites())[:5000], "is no zip file that can be read"),
    "a zip bomb": (bomb, "unpacks to more than 200 MB"),
}


@pytest.mark.parametrize("fault", GOVSITES)
def test_registers_that_do_not_fit_are_quarantined(tmp_path: Path, waits: Any, fault: str) -> None:
    make, reason = GOVSITES[fault]
    settings, taken = take(GovsitesSite((make(),)), "govsites", tmp_path, waits)
    assert taken.receipts == ()
    assert re.search(reason, taken.problems[0][1]), taken.problems[0][1]
    assert len(payloads(settings)) == 2


def test_an_address_that_gives_no_zip_is_a_change_of_layout(tmp_path: Path, waits: Any) -> None:
    with pytest.raises(LayoutChanged, match="neither a zip file nor links to one"):
        take(GovsitesSite(), "govsites", tmp_path, waits, fault=instead(b"<html>moved</html>"), path=DOWNLOAD)
    with pytest.raises(FetchRefused, match="404"):
        take(GovsitesSite(), "govsites", tmp_path / "gone", waits, fault=status(404), path=DOWNLOAD)
