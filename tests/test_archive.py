"""The archive: bytes kept once under their digest, read-only, and never handed out altered."""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icdp import __version__
from icdp.archive import Archive, Receipt
from icdp.errors import DataError, NotFoundError
from icdp.settings import INCLUDE, Settings

PAYLOAD = b"synthetic payload"
DIGEST = hashlib.sha256(PAYLOAD).hexdigest()
RECEIPT = Receipt(
    source="facts",
    item="gdp",
    payload_sha256=DIGEST,
    bytes=len(PAYLOAD),
    media_type="text/csv",
    request="include/facts/series/gdp.csv",
    retrieved_at="2026-11-23T00:00:00+00:00",
    publisher="国家统计局",
    terms="synthetic terms",
)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def files(archive: Archive) -> list[str]:
    return sorted(p.relative_to(archive.root).as_posix() for p in archive.root.rglob("*") if p.is_file())


def spoil(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_payload_lies_read_only_under_its_sha256(archive: Archive) -> None:
    assert archive.put(PAYLOAD) == DIGEST
    assert files(archive) == [f"payloads/{DIGEST[:2]}/{DIGEST}"]
    assert stat.S_IMODE(archive.payload_path(DIGEST).stat().st_mode) == 0o444
    assert archive.get(DIGEST) == PAYLOAD


def test_putting_the_same_bytes_again_does_not_touch_the_file(archive: Archive) -> None:
    archive.put(PAYLOAD)
    before = archive.payload_path(DIGEST).stat()
    assert archive.put(PAYLOAD) == DIGEST
    after = archive.payload_path(DIGEST).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(files(archive)) == 1


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_come_back_as_they_went_in(archive: Archive, content: bytes) -> None:
    assert archive.get(archive.put(content)) == content


@pytest.mark.parametrize("altered", [b"", PAYLOAD[:-1], PAYLOAD + b"\n", b"Synthetic payload"])
def test_altered_bytes_are_never_handed_out(archive: Archive, altered: bytes) -> None:
    archive.put(PAYLOAD)
    path = archive.payload_path(DIGEST)
    spoil(path, altered)
    with pytest.raises(DataError) as caught:
        archive.get(DIGEST)
    assert str(caught.value) == (
        f"{path}: the bytes were altered since they were archived; "
        "restore the file from a backup, or delete it and acquire its source again"
    )


def test_an_altered_payload_is_healed_as_its_message_says(archive: Archive) -> None:
    archive.put(PAYLOAD)
    spoil(archive.payload_path(DIGEST), b"other")
    archive.payload_path(DIGEST).unlink()
    archive.put(PAYLOAD)
    assert archive.get(DIGEST) == PAYLOAD


def test_a_payload_that_is_not_there_is_named(archive: Archive) -> None:
    with pytest.raises(NotFoundError) as caught:
        archive.get(DIGEST)
    path = archive.root / "payloads" / DIGEST[:2] / DIGEST
    assert str(caught.value) == f"{path}: the archive has no such payload; acquire its source again"


def test_the_same_taking_has_one_receipt(archive: Archive) -> None:
    first, second = archive.add_receipt(RECEIPT), archive.add_receipt(replace(RECEIPT))
    assert first == second == hashlib.sha256(RECEIPT.to_json().encode()).hexdigest()
    assert files(archive) == [f"receipts/facts/{first}.json"]
    path = archive.root / "receipts" / "facts" / f"{first}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


@pytest.mark.parametrize(
    "other",
    [
        {"retrieved_at": "2026-11-24T00:00:00+00:00"},
        {"payload_sha256": "0" * 64},
        {"request": "https://data.example/gdp"},
        {"code_version": "0.0.0"},
    ],
)
def test_another_taking_has_another_receipt(archive: Archive, other: dict[str, str]) -> None:
    assert archive.add_receipt(replace(RECEIPT, **other)) != archive.add_receipt(RECEIPT)
    assert len(files(archive)) == 2


def test_a_receipt_comes_back_as_it_was_kept(archive: Archive) -> None:
    kept = archive.receipt("facts", archive.add_receipt(RECEIPT))
    assert kept == RECEIPT
    assert kept.code_version == __version__


def test_an_altered_receipt_is_refused(archive: Archive) -> None:
    identifier = archive.add_receipt(RECEIPT)
    path = archive.root / "receipts" / "facts" / f"{identifier}.json"
    spoil(path, path.read_bytes().replace("国家统计局".encode(), "某某".encode()))
    with pytest.raises(DataError, match="the bytes were altered since they were archived"):
        archive.receipt("facts", identifier)


def test_a_receipt_that_is_not_there_is_named(archive: Archive) -> None:
    with pytest.raises(NotFoundError) as caught:
        archive.receipt("facts", "abc")
    path = archive.root / "receipts" / "facts" / "abc.json"
    assert str(caught.value) == f"{path}: the archive has no such receipt; acquire facts again"


def test_writers_in_parallel_keep_one_whole_payload(archive: Archive) -> None:
    script = """
import sys
from pathlib import Path
from icdp.archive import Archive
content = bytes(range(256)) * 20_000
print("ready", flush=True)
sys.stdin.readline()
print(Archive(Path(sys.argv[1])).put(content))
"""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(archive.root)],
            cwd=INCLUDE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    answers = []
    for writer in writers:  # all wait at the same line; each is let go before any is waited for
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        output, _ = writer.communicate(timeout=60)
        answers.append((writer.returncode, output.strip()))
    content = bytes(range(256)) * 20_000
    digest = hashlib.sha256(content).hexdigest()
    assert answers == [(0, digest)] * 4
    assert files(archive) == [f"payloads/{digest[:2]}/{digest}"]
    assert archive.get(digest) == content


def test_an_archive_may_lie_on_object_storage(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, archive_url=f"memory://bucket/{tmp_path.name}")
    archive = Archive(settings.archive)
    digest = archive.put(b"bytes")
    assert archive.put(b"bytes") == digest
    assert archive.get(digest) == b"bytes"
    receipt = Receipt("s", "i", digest, 5, "text/plain", "x", "2026-01-01T00:00:00+00:00", "p", "t")
    archive.add_receipt(receipt)
    archive.list_accepted("s", 2024, [receipt], complete=True)
    assert archive.accepted("s", 2024) == ([receipt], True, "")
    assert archive.known("s", 2024, date(2026, 1, 1)).receipts == [receipt]
    assert archive.known("s", 2024, date(2025, 12, 31)).receipts == []
    assert archive.accepted("s", 2023) is None
    with pytest.raises(NotFoundError, match="has no such payload"):
        archive.get("0" * 64)
    archive.payload_path(digest).write_bytes(b"other")
    with pytest.raises(DataError, match="altered since they were archived"):
        archive.get(digest)
    assert list(tmp_path.iterdir()) == []


def taken(archive: Archive, item: str, content: str, day: str) -> Receipt:
    """Keep a payload of synthetic source ``s`` as taken at noon of a day of 2025 (``MM-DD``)."""
    digest = archive.put(content.encode())
    moment = f"2025-{day}T12:00:00+00:00"
    receipt = Receipt("s", item, digest, len(content), "text/plain", "x", moment, "p", "t")
    archive.add_receipt(receipt)
    return receipt


def on(day: str) -> date:
    return date.fromisoformat(f"2025-{day}")


def known(archive: Archive, day: str) -> dict[str, str]:
    return {r.item: archive.get(r.payload_sha256).decode() for r in archive.known("s", 2024, on(day)).receipts}


def test_what_was_known_on_a_day_is_the_newest_taking_by_then_item_for_item(archive: Archive) -> None:
    a1, b1 = taken(archive, "a", "a1", "01-10"), taken(archive, "b", "b1", "02-10")
    archive.list_accepted("s", 2024, [a1, b1], complete=True)
    a2 = taken(archive, "a", "a2", "03-10")
    archive.list_accepted("s", 2024, [a2, b1], complete=True)
    assert [known(archive, day) for day in ("01-09", "01-10", "02-10", "03-09", "03-10", "12-31")] == [
        {}, {"a": "a1"}, {"a": "a1", "b": "b1"}, {"a": "a1", "b": "b1"}, {"a": "a2", "b": "b1"}, {"a": "a2", "b": "b1"},
    ]  # fmt: skip


def test_an_item_that_is_given_no_more_is_unknown_from_that_taking_on(archive: Archive) -> None:
    first = [taken(archive, "a", "a1", "01-10"), taken(archive, "b", "b1", "01-10")]
    archive.list_accepted("s", 2024, first, complete=True)
    archive.list_accepted("s", 2024, first[:1], complete=True, day=on("05-05"))
    archive.list_accepted("s", 2024, [], complete=True, day=on("06-06"), absent="no longer given")
    assert [known(archive, day) for day in ("05-04", "05-05", "06-05", "06-06")] == [
        {"a": "a1", "b": "b1"}, {"a": "a1"}, {"a": "a1"}, {},
    ]  # fmt: skip
    assert archive.known("s", 2024, on("06-06")).absent == "no longer given"
    assert archive.known("s", 2024, on("06-05")).absent == ""


def test_a_withdrawn_correction_was_known_while_it_stood(archive: Archive) -> None:
    good, bad = taken(archive, "a", "good", "01-10"), taken(archive, "a", "bad", "02-10")
    again = taken(archive, "a", "good", "03-10")
    for receipts in ([good], [bad], [again]):
        archive.list_accepted("s", 2024, receipts, complete=True)
    assert [known(archive, day)["a"] for day in ("01-31", "02-28", "03-31")] == ["good", "bad", "good"]


def test_the_same_acceptance_again_is_no_new_taking(archive: Archive) -> None:
    receipt = taken(archive, "a", "a1", "01-10")
    archive.list_accepted("s", 2024, [receipt], complete=False)
    before = files(archive)
    archive.list_accepted("s", 2024, [receipt], complete=False)
    archive.remember("s", 2024, [receipt])
    assert files(archive) == before


def test_an_archive_of_a_version_without_takings_keeps_what_was_listed_when_the_next_comes(archive: Archive) -> None:
    old, new = taken(archive, "a", "a1", "01-10"), taken(archive, "a", "a2", "02-10")
    archive.list_accepted("s", 2024, [old], complete=True)
    shutil.rmtree(archive.root / "accepted" / "s" / "2024")  # such an archive has the list only
    assert known(archive, "01-10") == {"a": "a1"}
    archive.list_accepted("s", 2024, [new], complete=True)
    assert [known(archive, day) for day in ("01-09", "02-09", "02-10")] == [{}, {"a": "a1"}, {"a": "a2"}]


def test_a_taking_that_was_altered_is_refused(archive: Archive) -> None:
    archive.list_accepted("s", 2024, [taken(archive, "a", "a1", "01-10")], complete=True)
    (path,) = (archive.root / "accepted" / "s" / "2024").iterdir()
    spoil(path, path.read_bytes().replace(b"2025", b"2024"))
    with pytest.raises(DataError, match="altered since they were archived"):
        archive.known("s", 2024, on("12-31"))
