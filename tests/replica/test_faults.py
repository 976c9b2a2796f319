"""Faults of the line and of the door at every source: no wrong figure, and nothing lost that was there before."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.replica.conftest import Waits
from tests.replica.server import Reply, broken_off, changed, instead, reset, serving, status
from tests.replica.sites import PLACES, truth
from tests.replica.taking import observed, payloads, settings_for

from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.errors import FetchFailed, FetchRefused, IcdpError
from icdp.settings import CATALOG, Settings
from icdp.sources.acquire import Taken, quarantined, take

YEAR = 2024
FOREVER = 10_000


def drip(waits: Waits) -> Any:
    def fault(handler: Any, reply: Reply) -> None:
        handler.send(Reply(b"", 200), length=1000)
        for _ in range(1000):
            waits.seconds += 10  # what a byte takes
            handler.wfile.write(b"0")
            handler.wfile.flush()

    return fault


def silent(handler: Any, reply: Reply) -> None:
    """Says nothing until the client has gone."""
    handler.rfile.read(1)


def elsewhere(handler: Any, reply: Reply) -> Reply:
    return Reply(b"", 302, {"Location": "https://example.org/data"})


def two_gigabytes(handler: Any, reply: Reply) -> None:
    handler.send(reply, length=2_000_000_000)


BLOCK = instead("<html><title>访问验证</title>请求被拒绝</html>".encode())
# Fault, how often, how it ends.
HEALS: dict[str, tuple[Any, int]] = {
    "reset": (reset, 3),
    "broken off in the middle": (broken_off, 3),
    "429 with Retry-After": (status(429, Retry_After="7"), 3),
    "500 three times": (status(500), 3),
    "empty body at 200": (instead(b""), 3),
    "block page at 200": (BLOCK, 3),
}
STAYS: dict[str, tuple[Any, type[IcdpError]]] = {
    "reset": (reset, FetchFailed),
    "broken off in the middle": (broken_off, FetchFailed),
    "nothing said in time": (silent, FetchFailed),
    "a drip": (drip, FetchFailed),
    "429 for ever": (status(429, Retry_After="7"), FetchFailed),
    "500 for ever": (status(500), FetchFailed),
    "empty body at 200": (instead(b""), FetchFailed),
    "block page at 200": (BLOCK, FetchFailed),
    "wall": (status(403), FetchRefused),
    "address gone": (status(404), FetchRefused),
    "sent to another host": (elsewhere, FetchRefused),
    "two gigabytes": (two_gigabytes, FetchRefused),
    "gzip bomb": (instead(gzip.compress(b"0" * 120_000_000), Content_Encoding="gzip"), FetchRefused),
    "page without known words at 200": (instead(b"<html>hello</html>"), IcdpError),
    "half an answer of right length": (changed(lambda body: body[: len(body) // 2]), IcdpError),
    "garbage": (instead(b"\x00\xff" * 5000), IcdpError),
}


def ask(settings: Settings, source: str, waits: Waits, *, fresh: bool = True, timeout: float = 60) -> Taken:
    catalog = load_catalog(CATALOG)
    found = catalog.sources[source]
    assert found.site is not None
    hasty = found.model_copy(update={"site": found.site.model_copy(update={"timeout_seconds": timeout})})
    waits.start = PLACES[source].moment
    return take(settings, catalog, hasty, YEAR, fresh=fresh, clock=waits.clock)


def assert_right(settings: Settings, source: str, receipts: Any) -> None:
    """Every figure of the year is the right one."""
    table = observed(settings, Taken(tuple(receipts), ()))
    table = table[table["year"] == YEAR]
    assert not table.empty
    for series, rows in table.groupby("series"):
        right = truth(source, str(series), YEAR)
        wrong = [r for r in rows.itertuples() if float(str(r.value)) != right[str(r.adcode)]]
        assert wrong == [], series


@pytest.fixture(scope="module", params=sorted(PLACES))
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def taken_before(source: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the source was taken whole; only to be copied."""
    home = tmp_path_factory.mktemp(source)
    with serving(PLACES[source].site()) as replica:
        settings = settings_for(home, source, replica.url + PLACES[source].root)
        assert ask(settings, source, Waits()).problems == ()
    return home


@pytest.fixture
def replica(source: str) -> Iterator[Any]:
    with serving(PLACES[source].site()) as served:
        yield served


@pytest.mark.parametrize("fault", HEALS)
def test_what_heals_ends_with_the_right_figures(
    source: str, fault: str, tmp_path: Path, waits: Waits, replica: Any
) -> None:
    change, times = HEALS[fault]
    replica.fault(change, times=times, path=PLACES[source].data)
    settings = settings_for(tmp_path, source, replica.url + PLACES[source].root)
    taken = ask(settings, source, waits)
    assert (taken.problems, bool(waits.slept)) == ((), True)
    assert_right(settings, source, taken.receipts)


@pytest.mark.parametrize("fault", STAYS)
def test_what_stays_is_told_and_nothing_wrong_is_accepted(
    source: str, fault: str, tmp_path: Path, waits: Waits, replica: Any
) -> None:
    change, error = STAYS[fault]
    replica.fault(change(waits) if change is drip else change, times=FOREVER, path=PLACES[source].data)
    settings = settings_for(tmp_path, source, replica.url + PLACES[source].root)
    timeout = 0.2 if change is silent else 60
    told(error, lambda: ask(settings, source, waits, timeout=timeout))
    listed = Archive(settings.archive).accepted(source, YEAR)
    assert listed is not None
    assert not listed.complete, "the year is asked for again"
    assert_kept(settings, source)
    if listed.receipts:
        assert_right(settings, source, listed.receipts)


def told(error: type[IcdpError], taking: Callable[[], Taken]) -> None:
    """It raises; where the site did answer, a payload in quarantine is as good."""
    if error is not IcdpError:
        with pytest.raises(error):
            taking()
        return
    try:
        problems = taking().problems
    except IcdpError:
        return
    assert problems
    assert all(reason for _, reason in problems)


def assert_kept(settings: Settings, source: str) -> None:
    """What was refused after it had come is in the archive, byte by byte."""
    archive = Archive(settings.archive)
    for entry in quarantined(archive, source):
        receipt = archive.receipt(source, entry["receipt"])
        assert len(archive.get(receipt.payload_sha256)) == receipt.bytes


@pytest.mark.parametrize("fault", ["wall", "garbage", "half an answer of right length"])
def test_what_was_accepted_before_stays(
    source: str, fault: str, tmp_path: Path, waits: Waits, replica: Any, taken_before: Path
) -> None:
    shutil.copytree(taken_before, tmp_path / "home")
    settings = settings_for(tmp_path / "home", source, replica.url + PLACES[source].root)
    archive = Archive(settings.archive)
    before, kept = archive.accepted(source, YEAR), payloads(settings)
    assert before is not None
    replica.fault(STAYS[fault][0], times=FOREVER, path=PLACES[source].data)
    if load_catalog(CATALOG).sources[source].window:  # its state of the year's end is never asked for again
        assert ask(settings, source, waits).from_archive
    else:
        told(IcdpError, lambda: ask(settings, source, waits))
    after = archive.accepted(source, YEAR)
    assert after is not None
    assert after.receipts == before.receipts
    assert payloads(settings) >= kept
    assert all(archive.get(digest) for digest in payloads(settings))
    assert_right(settings, source, after.receipts)


def test_nobody_answers(source: str, tmp_path: Path, waits: Waits) -> None:
    with serving(PLACES[source].site()) as gone:
        url = gone.url
    with pytest.raises(FetchFailed, match="no answer"):
        ask(settings_for(tmp_path, source, url), source, waits)
