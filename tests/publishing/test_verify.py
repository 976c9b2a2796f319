"""An edition made again from archived inputs is the same to the byte; what differs, or is missing, is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from icdp import road
from icdp.cli.app import app
from icdp.errors import DataError, NotFoundError
from icdp.publishing.verify import COMPARED, differences
from icdp.replay import rebuilt
from icdp.settings import Settings
from icdp.sources.acquire import write_problems

Run = Callable[[Settings, int], str]


def folder_of(settings: Settings, edition: str) -> Path:
    return settings.published / "editions" / edition


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.chmod(0o644)
    path.write_text(text.replace(old, new), encoding="utf-8")


def not_reproduced(settings: Settings, edition: str) -> list[str]:
    with rebuilt(settings, edition) as again:
        return differences(folder_of(settings, edition), again)


def sealed_again(folder: Path) -> None:
    """Write the checksums anew, as somebody would who wants a change to pass."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "SHA256SUMS"]
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n" for p in paths]
    (folder / "SHA256SUMS").chmod(0o644)
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize("edition", ["2023-r1", "2024-r1"])
def test_a_shipped_year_is_reproduced_to_the_byte(made: Settings, edition: str) -> None:
    with rebuilt(made, edition) as again:
        stands = folder_of(made, edition)
        files = sorted(p.relative_to(stands) for name in COMPARED[:3] for p in (stands / name).iterdir())
        assert len(files) > 40
        assert [name for name in files if (stands / name).read_bytes() != (again / name).read_bytes()] == []
        assert differences(stands, again) == []


def test_every_revision_is_reproduced_whatever_became_of_facts_rules_and_judgements(
    own: Settings, run_year: Run
) -> None:
    edit(own.judgements / "project.csv", "infrastructure,compute,network,1,", "infrastructure,compute,network,3,")
    assert run_year(own, 2024) == "2024-r2 published"
    edit(own.catalog / "index.yaml", "min_province_coverage: 0.65", "min_province_coverage: 0.95")
    facts = own.facts / "series" / "listed_digital_companies.csv"
    text = facts.read_text(encoding="utf-8")
    facts.write_text(text.replace("    publisher: ", "    publisher: synthetic "), encoding="utf-8")
    assert run_year(own, 2024) == "2024-r3 published"
    assert {e: not_reproduced(own, e) for e in ("2024-r1", "2024-r2", "2024-r3")} == {
        "2024-r1": [], "2024-r2": [], "2024-r3": [],
    }  # fmt: skip


def test_what_failed_that_day_is_part_of_the_record(own: Settings) -> None:
    write_problems(
        own, "nbs", 2024, (("", "synthetic: the site did not answer"), ("a table", "synthetic: a factor of 3"))
    )
    road.load(own, 2024, ["facts", "nbs"])
    road.check(own, 2024, date(2026, 1, 2))
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    manifest = json.loads((folder_of(own, "2024-r2") / "edition.json").read_text(encoding="utf-8"))
    assert manifest["checked_on"] == "2026-01-02"
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as db:
        told = db.execute(
            "SELECT outcome FROM source_results WHERE source = 'nbs' AND year = 2024 ORDER BY 1"
        ).fetchall()
        assert told == [("failed",), ("not_used",), ("quarantined",)]
    assert not_reproduced(own, "2024-r2") == []


def test_a_figure_changed_with_its_checksum_is_found_by_making_the_edition_again(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(own, "2024-r1")
    path = folder / "csv" / "scores.csv"
    first = path.read_text(encoding="utf-8").splitlines()[1]
    score = first.split(",")[6]
    edit(path, first, first.replace(score, "99.5"))
    sealed_again(folder)
    (told,) = not_reproduced(own, "2024-r1")
    assert told.startswith("csv/scores.csv differs in line 2: ")
    assert "99.5" in told
    assert score in told
    monkeypatch.setenv("ICDP_HOME", str(own.home))
    quick = CliRunner().invoke(app, ["edition", "verify", "2024", "--quick", "--format", "json"])
    assert (quick.exit_code, json.loads(quick.stdout)[0]["unaltered"]) == (0, True), "its checksums agree"
    whole = CliRunner().invoke(app, ["edition", "verify", "2024", "--format", "json"])
    assert isinstance(whole.exception, DataError)
    row = json.loads(whole.stdout)[0]
    assert (row["unaltered"], row["reproduced"]) == (True, False)
    assert row["problems"].startswith("csv/scores.csv differs in line 2: ")


def test_a_changed_parquet_file_is_found(own: Settings) -> None:
    path = folder_of(own, "2024-r1") / "parquet" / "weights.parquet"
    path.chmod(0o644)
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE w AS FROM read_parquet('{path}')")
        db.execute("UPDATE w SET local_weight = 0.5 WHERE node = 'environment'")
        db.execute(f"COPY w TO '{path}' (FORMAT parquet)")
    assert not_reproduced(own, "2024-r1") == ["parquet/weights.parquet differs"]


def test_a_payload_the_archive_has_no_more_is_named(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as db:
        row = db.execute("SELECT payload_sha256 FROM inputs WHERE year = 2024 AND item = 'gdp'").fetchone()
    assert row is not None
    (own.home / "archive" / "payloads" / row[0][:2] / row[0]).unlink()
    with pytest.raises(NotFoundError, match=rf"{row[0]}: the archive has no such payload"):
        not_reproduced(own, "2024-r1")
    monkeypatch.setenv("ICDP_HOME", str(own.home))
    answer = CliRunner().invoke(app, ["edition", "verify", "2024", "--format", "json"])
    assert isinstance(answer.exception, DataError)
    assert "the archive has no such payload" in json.loads(answer.stdout)[0]["problems"]


def test_a_revision_whose_predecessor_is_gone_says_which(own: Settings, run_year: Run) -> None:
    edit(own.judgements / "project.csv", "infrastructure,compute,network,1,", "infrastructure,compute,network,3,")
    run_year(own, 2024)
    folder_of(own, "2024-r1").rename(own.home / "2024-r1")
    with pytest.raises(NotFoundError, match="2024-r2 was held against 2024-r1, which is not in"):
        not_reproduced(own, "2024-r2")


def test_an_edition_of_a_version_that_kept_no_catalogue_says_so(own: Settings) -> None:
    manifest = folder_of(own, "2024-r1") / "edition.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    del told["checked_on"]
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(NotFoundError, match="do not carry their catalogue; it cannot be rebuilt"):
        not_reproduced(own, "2024-r1")


def test_making_an_edition_again_leaves_no_trace(made: Settings) -> None:
    def state() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(made.home.rglob("*")) if p.is_file()}

    before = state()
    not_reproduced(made, "2023-r1")
    assert state() == before
