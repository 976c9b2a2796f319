"""What a person saved because a site refuses machines goes through the same parser and validation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.replica.cac_site import CacSite, first_attachment, year_attachment
from tests.replica.cnnic_site import CnnicSite
from tests.replica.figures import printed, values
from tests.replica.miit_site import ARTICLES, BROADBAND, MiitSite, broadband
from tests.replica.moe_site import MoeSite
from tests.replica.nbs_site import ROOT, NbsSite
from tests.replica.register_sites import GovsitesSite, Ipv4Site
from tests.replica.server import Request, serving, status
from tests.replica.sites import truth
from tests.replica.taking import observed, payloads, settings_for, taken_from

from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.errors import DataError, FetchRefused, LayoutChanged
from icdp.settings import CATALOG, Settings
from icdp.sources.acquire import quarantined, take_by_hand
from icdp.sources.base import Fetched
from icdp.sources.state import SourceYear, states

ADDRESS = "https://www.example.gov.cn/page"
MOMENT = "2026-11-01T08:00:00+00:00"


def saved(name: str, content: bytes) -> Fetched:
    return Fetched(name, content, ADDRESS, MOMENT, {"saved-by": "测试员"})


def hand_in(settings: Settings, source: str, year: int, *files: Fetched, item: str = "") -> Any:
    catalog = load_catalog(settings.catalog)
    return take_by_hand(settings, catalog, catalog.sources[source], year, files, item=item)


def known(settings: Settings, source: str, year: int, day: date = date(2026, 11, 25)) -> SourceYear:
    catalog = load_catalog(settings.catalog)
    return next(s for s in states(settings, catalog, [year], day, source) if s.year == year)


def article() -> bytes:
    path = next(path for path, title in ARTICLES.items() if title == BROADBAND)
    return MiitSite()(Request("GET", path, {}, {"User-Agent": "Mozilla", "Referer": "x"}, b"")).body


def fetched_by_machine(
    source: str, site: Callable[[Request], Any], tmp_path: Path, waits: Any, year: int, path: str = ""
) -> list[Fetched]:
    """Take a source from its replica, only to have the files a person would save."""
    with serving(site) as replica:
        settings = settings_for(tmp_path / "machine", source, replica.url + path)
        taken_from(settings, source, year, waits.clock)
        archive = Archive(settings.archive)
        return [saved(r.item, archive.get(r.payload_sha256)) for r in archive.receipts(source)]


def test_a_saved_article_is_taken_for_the_table_its_title_names(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "miit", "https://127.0.0.1:1")
    taken = hand_in(settings, "miit", 2023, saved("page.html", article()))
    (receipt,) = taken.receipts
    assert (receipt.item, receipt.request, receipt.headers) == ("broadband/2023", ADDRESS, {"saved-by": "测试员"})
    expected = {code: float(text) for code, text in broadband().items()}
    assert values(observed(settings, taken), "fixed_broadband_users", 2023) == expected
    # The telephone table is missing still: the next run asks for it, and keeps this one.
    assert known(settings, "miit", 2023).state == "incomplete"


def test_saved_answers_of_the_library_are_told_apart_by_their_indicator(tmp_path: Path, waits: Any) -> None:
    files = fetched_by_machine("nbs", NbsSite(), tmp_path, waits, 2024, ROOT)
    anonymous = [saved(f"answer-{n}.json", file.content) for n, file in enumerate(files)]
    settings = settings_for(tmp_path, "nbs", "https://127.0.0.1:1")
    taken = hand_in(settings, "nbs", 2024, *anonymous)
    assert {r.item for r in taken.receipts} == {file.item for file in files}
    assert known(settings, "nbs", 2024).state == "accepted"
    table = observed(settings, taken)
    assert values(table, "gdp", 2024) == {code: float(text) for code, text in printed("gdp", 2024).items()}


def test_saved_files_become_a_register_again(tmp_path: Path, waits: Any) -> None:
    settings = settings_for(tmp_path, "cac", "https://127.0.0.1:1")
    taken = hand_in(
        settings, "cac", 2024, saved("first.docx", first_attachment()), saved("2024.docx", year_attachment())
    )
    assert values(observed(settings, taken), "llm_filings", 2024) == {
        code: float(text) for code, text in printed("llm_filings", 2024).items()
    }
    for source, site, item in (("ipv4", Ipv4Site(), "shares/2024"), ("govsites", GovsitesSite(), "register/2024")):
        waits.start = waits.start.replace(year=2025, month=1)
        files = [
            f for f in fetched_by_machine(source, site, tmp_path / source, waits, 2024) if f.item not in (item, "page")
        ]
        parts = [saved(f"{f.item.rpartition('/')[2]}.txt" if source == "ipv4" else f.item, f.content) for f in files]
        own = settings_for(tmp_path / source, source, "https://127.0.0.1:1")
        again = hand_in(own, source, 2024, *parts)
        machine = settings_for(tmp_path / source / "machine", source, "https://127.0.0.1:1")
        by_machine = taken_from(machine, source, 2024, waits.clock)
        series = load_catalog(CATALOG).sources[source].expects[0].series
        assert values(observed(own, again), series, 2024) == values(observed(machine, by_machine), series, 2024)


def test_the_list_of_institutions_is_one_workbook(tmp_path: Path, waits: Any) -> None:
    files = fetched_by_machine("moe", MoeSite(), tmp_path, waits, 2024)
    book = next(f for f in files if f.item == "list/2024")
    settings = settings_for(tmp_path, "moe", "https://127.0.0.1:1")
    taken = hand_in(settings, "moe", 2024, saved("名单.xls", book.content))
    assert sum(values(observed(settings, taken), "higher_education_institutions", 2024).values()) == 2868
    with pytest.raises(LayoutChanged, match="2 files, the list of a year is one workbook"):
        hand_in(settings, "moe", 2024, book, book)


@pytest.mark.parametrize("year", [2019, 2023, 2024])
def test_a_saved_report_gives_its_tables_with_text_and_without(tmp_path: Path, waits: Any, year: int) -> None:
    with serving(CnnicSite()) as replica:
        machine = settings_for(tmp_path / "machine", "cnnic", replica.url)
        receipts = taken_from(machine, "cnnic", year, waits.clock).receipts
    archive = Archive(machine.archive)
    (report,) = {r.payload_sha256 for r in archive.receipts("cnnic") if r.item == f"report/{year}"}
    settings = settings_for(tmp_path, "cnnic", "https://127.0.0.1:1")
    taken = hand_in(settings, "cnnic", year, saved("report.pdf", archive.get(report)))
    assert {r.item for r in taken.receipts} == {r.item for r in receipts}
    assert known(settings, "cnnic", year).state == "accepted"
    table = observed(settings, taken)
    for series in table["series"].unique():
        assert values(table, series, year) == truth("cnnic", series, year)
    with pytest.raises(LayoutChanged, match="cnnic: 2 files, the report of a year is one PDF; give that one"):
        hand_in(settings, "cnnic", year, saved("a.pdf", b"a"), saved("b.pdf", b"b"))


def test_what_is_not_right_is_refused_whole_and_its_bytes_and_reason_kept(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "miit", "https://127.0.0.1:1")
    wrong = article().replace("单位：万户".encode(), "单位：户".encode())
    with pytest.raises(LayoutChanged, match="the unit printed is 户, expected 万户"):
        hand_in(settings, "miit", 2023, saved("page.html", wrong))
    with pytest.raises(LayoutChanged, match=r"the article is called '.*', none of the tables of 2022"):
        hand_in(settings, "miit", 2022, saved("page.html", article()))
    assert len(payloads(settings)) == 1
    assert [q["item"] for q in quarantined(Archive(settings.archive), "miit")] == ["broadband/2023"]
    state = known(settings, "miit", 2023)
    assert state.state == "not asked"
    assert state.reasons == (next(iter(state.reasons)),)
    assert "broadband/2023" in state.reasons[0]
    with pytest.raises(DataError, match="facts takes no saved pages"):
        hand_in(settings, "facts", 2023, saved("page.html", article()))


def test_a_site_that_refuses_machines_is_left_alone_once_all_was_saved_by_hand(tmp_path: Path, waits: Any) -> None:
    with serving(CacSite()) as replica:
        replica.fault(status(412), times=100)
        settings = settings_for(tmp_path, "cac", replica.url)
        with pytest.raises(FetchRefused, match=r"status 412.*save the page by hand"):
            taken_from(settings, "cac", 2024, waits.clock)
        assert known(settings, "cac", 2024).state == "failed"
        hand_in(settings, "cac", 2024, saved("first.pdf", first_attachment()), saved("2024.pdf", year_attachment()))
        asked = len(replica.requests)
        assert taken_from(settings, "cac", 2024, waits.clock).from_archive
        assert len(replica.requests) == asked
        assert known(settings, "cac", 2024).state == "accepted"


def test_the_state_tells_of_windows_changes_and_absences(tmp_path: Path, waits: Any) -> None:
    site = MiitSite()
    with serving(site) as replica:
        settings = settings_for(tmp_path, "miit", replica.url)
        assert known(settings, "miit", 2024).state == "not asked"
        taken_from(settings, "miit", 2024, waits.clock)
        first = known(settings, "miit", 2024)
        assert (first.state, first.payloads, first.changed) == ("accepted", 1, "")
        waits.seconds += 86400
        taken_from(settings, "miit", 2024, waits.clock, fresh=True)
        assert known(settings, "miit", 2024).changed == ""
        path = next(p for p, title in ARTICLES.items() if title.startswith("2024"))
        body = site(Request("GET", path, {}, {"User-Agent": "Mozilla", "Referer": "x"}, b"")).body
        site.articles[path] = body.replace("快报".encode(), "修订".encode())
        waits.seconds += 86400
        taken_from(settings, "miit", 2024, waits.clock, fresh=True)
        changed = known(settings, "miit", 2024)
        assert changed.changed == "phones/2024 (2026-10-17)"
        assert changed.taken.startswith("2026-10-17")
        taken_from(settings, "miit", 2015, waits.clock)
        assert known(settings, "miit", 2015).state == "absent"
        assert "no table by province of December 2015" in known(settings, "miit", 2015).reasons[0]
    assert known(settings, "ipv4", 2026, date(2026, 11, 25)).state == "waiting"
    assert known(settings, "ipv4", 2026, date(2026, 12, 1)).state == "not asked"
    assert known(settings, "ipv4", 2026).expected == "2026-12-01 – 2027-03-31"
