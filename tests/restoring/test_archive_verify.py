"""What is not as it was archived is named, whatever it is, and nothing is built on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from icdp import road
from icdp.archive import Archive
from icdp.cli.app import app
from icdp.errors import DataError
from icdp.restoring.archive import verify_archive
from icdp.settings import Settings
from icdp.warehouse.staging import read_receipts


def first(folder: Path, pattern: str) -> Path:
    return min(path for path in folder.glob(pattern) if path.is_file())


def spoil(path: Path) -> None:
    path.chmod(0o644)
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def moved(path: Path) -> None:
    target = path.parents[1] / "zz" / path.name
    target.parent.mkdir()
    path.rename(target)


def test_an_archive_as_it_was_made_has_no_problem(made: Settings) -> None:
    count, problems = verify_archive(Archive(made.archive))
    assert problems == []
    assert count == len([path for path in (made.home / "archive").rglob("*") if path.is_file()])
    assert count > 50


@pytest.mark.parametrize(
    ("pattern", "spoilt", "problem"),
    [
        ("payloads/*/*", spoil, "the bytes were altered"),
        ("payloads/*/*", moved, "belongs to nothing in the archive"),
        ("receipts/*/*.json", spoil, "the receipt was altered"),
        ("accepted/*/*/*.json", spoil, "the list was altered"),
        ("accepted/*/*.json", lambda path: path.write_bytes(b"{"), "cannot be read"),
        (
            "accepted/*/*.json",
            lambda path: path.write_text('{"receipts": ["00"]}'),
            "names receipt 00…, which is missing",
        ),
        ("payloads", lambda path: (path.parent / "stray").write_bytes(b""), "belongs to nothing in the archive"),
    ],
    ids=["payload", "moved payload", "receipt", "taking", "list", "list of nothing", "stray"],
)
def test_an_altered_object_is_named(
    own: Settings, pattern: str, spoilt: Callable[[Path], object], problem: str
) -> None:
    archive = own.home / "archive"
    Archive(own.archive).list_accepted("synthetic", 2024, [], complete=True, day=date(2026, 1, 1))
    spoilt(archive / pattern if pattern == "payloads" else first(archive, pattern))
    _, problems = verify_archive(Archive(own.archive))
    assert len(problems) >= 1
    assert any(problem in found.problem for found in problems), problems


def test_a_payload_that_is_gone_is_named_by_its_receipt(own: Settings) -> None:
    receipt = next(Archive(own.archive).receipts("facts"))
    (own.home / "archive" / "payloads" / receipt.payload_sha256[:2] / receipt.payload_sha256).unlink()
    _, (problem, *_) = verify_archive(Archive(own.archive))
    assert problem.path == f"receipts/facts/{receipt.id}.json"
    assert problem.problem.startswith(f"its payload {receipt.payload_sha256[:12]}… is missing; restore it")


def test_nothing_is_built_on_an_altered_payload(own: Settings) -> None:
    receipt, *_ = read_receipts(own.staging / "2024" / "facts.receipts.json", Archive(own.archive), "facts")
    spoil(own.home / "archive" / "payloads" / receipt.payload_sha256[:2] / receipt.payload_sha256)
    staged = (own.staging / "2024" / "facts.parquet").read_bytes()
    with pytest.raises(DataError, match="the bytes were altered since they were archived"):
        road.stage(own, "facts", 2024)
    assert (own.staging / "2024" / "facts.parquet").read_bytes() == staged


def test_the_command_ends_with_one_and_names_the_file(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICDP_HOME", str(own.home))
    fine = CliRunner().invoke(app, ["archive", "verify"])
    assert fine.exit_code == 0
    assert "objects, all as they were archived" in fine.output
    payload = first(own.home / "archive", "payloads/*/*")
    spoil(payload)
    wrong = CliRunner().invoke(app, ["archive", "verify", "--format", "json"])
    assert isinstance(wrong.exception, DataError)
    assert str(wrong.exception).endswith("objects are not as they were archived; see above")
    assert [row["path"] for row in json.loads(wrong.output)] == [f"payloads/{payload.parent.name}/{payload.name}"]


def test_drafts_and_staging_in_a_bucket_are_no_part_of_the_archive(own: Settings) -> None:
    (own.home / "archive" / ".receipt.x.tmp").write_bytes(b"")
    (own.home / "archive" / "staging" / "2024").mkdir(parents=True)
    (own.home / "archive" / "staging" / "2024" / "facts.parquet").write_bytes(b"")
    assert verify_archive(Archive(own.archive))[1] == []
