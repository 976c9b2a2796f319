"""Editions: unchanged content makes none, changed content the next revision; nobody ever sees half of one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from icdp import road
from icdp.errors import DataError, NotFoundError
from icdp.publishing import editions as module
from icdp.publishing.editions import Edition, latest, list_editions, next_revision
from icdp.settings import Settings

Run = Callable[[Settings, int], str]


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.published / "icdp.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def correct(settings: Settings, series: str, old: str, new: str) -> None:
    path = settings.facts / "series" / f"{series}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def tree_digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_publishing_unchanged_content_makes_no_new_edition(own: Settings, run_year: Run) -> None:
    before = tree_digest(own.published)
    assert run_year(own, 2024) == "2024-r1 unchanged"
    assert tree_digest(own.published) == before


def test_a_corrected_figure_makes_the_next_revision_and_leaves_the_old_one_as_it_was(
    own: Settings, run_year: Run
) -> None:
    first = tree_digest(own.published / "editions" / "2024-r1")
    # 四川's figure of 2024, replaced by a synthetic one.
    line = next(
        x for x in (own.facts / "series" / "gdp_per_capita.csv").read_text(encoding="utf-8").splitlines()
        if x.startswith("2024,510000,")
    )  # fmt: skip
    value = line.split(",")[2]
    correct(own, "gdp_per_capita", line, line.replace(value, str(float(value) + 1000)))
    assert run_year(own, 2024) == "2024-r2 published"
    assert tree_digest(own.published / "editions" / "2024-r1") == first
    assert query(own, "SELECT edition, supersedes FROM history.editions ORDER BY ALL") == [
        ("2023-r1", None), ("2024-r1", None), ("2024-r2", "2024-r1"),
    ]  # fmt: skip
    assert query(own, "SELECT edition FROM editions ORDER BY year") == [("2023-r1",), ("2024-r2",)]
    sichuan = "indicator = 'gdp_per_capita' AND adcode = '510000' AND year = 2024"
    assert query(own, f"SELECT edition, value FROM history.indicator_values WHERE {sichuan} ORDER BY 1") == [
        ("2024-r1", float(value)), ("2024-r2", float(value) + 1000),
    ]  # fmt: skip
    assert query(own, f"SELECT edition FROM indicator_values WHERE {sichuan}") == [("2024-r2",)]
    # The other year is another slice: it keeps its edition and its payloads until it is run again.
    assert run_year(own, 2023) == "2023-r1 unchanged"


def test_other_bytes_with_the_same_figures_make_no_new_edition(own: Settings, run_year: Run) -> None:
    path = own.facts / "series" / "gdp_per_capita.csv"
    head, body = path.read_text(encoding="utf-8").rsplit("---\n", 1)
    columns, *rows = body.splitlines()
    path.write_text(head + "---\n" + "\n".join([columns, *reversed(rows)]) + "\n", encoding="utf-8")
    assert run_year(own, 2024) == "2024-r1 unchanged"


def test_a_corrected_citation_makes_a_new_revision(own: Settings, run_year: Run) -> None:
    correct(own, "listed_digital_companies", "accepted_on: '2026-11-23'", "accepted_on: '2026-11-24'")
    assert run_year(own, 2024) == "2024-r1 unchanged"
    path = own.facts / "series" / "listed_digital_companies.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    publisher: ", "    publisher: synthetic "), encoding="utf-8")
    assert run_year(own, 2024) == "2024-r2 published"


def test_other_judgements_make_a_new_revision(own: Settings) -> None:
    path = own.judgements / "project.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("infrastructure,compute,network,1,", "infrastructure,compute,network,3,"), encoding="utf-8"
    )
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    assert query(own, "SELECT local_weight FROM weights WHERE node = 'compute' AND year = 2024") == [
        (pytest.approx(0.75, abs=1e-12),)
    ]


def test_a_comment_in_the_catalogue_makes_no_new_edition_but_needs_a_new_scoring(own: Settings) -> None:
    path = own.catalog / "index.yaml"
    path.write_text("# another comment\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    moved = replace(own, catalog=shutil.copytree(own.catalog, own.home / "catalog"))
    with pytest.raises(DataError, match=r"year 2024 was scored with another catalogue than .*; run score_index again"):
        road.publish(moved, 2024)
    road.score(moved, 2024)
    assert road.publish(moved, 2024) == "2024-r1 unchanged"


def test_a_year_that_was_not_scored_cannot_be_published(own: Settings) -> None:
    before = tree_digest(own.published)
    with pytest.raises(NotFoundError, match="year 2019 has no scores in the warehouse"):
        road.publish(own, 2019)
    assert tree_digest(own.published) == before


def test_a_failure_while_building_leaves_nothing_behind(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree_digest(own.published)
    shutil.rmtree(own.published / "editions" / "2024-r1")

    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write_checksums", full)
    with pytest.raises(OSError, match="No space left"):
        road.publish(own, 2024)
    left = tree_digest(own.published)
    assert left == {name: digest for name, digest in before.items() if not name.startswith("editions/2024-r1/")}


def test_what_a_killed_publisher_left_is_cleared_away_and_the_work_done(own: Settings) -> None:
    half = own.published / "editions" / ".building-killed"
    half.mkdir()
    (half / "edition.json").write_text("{", encoding="utf-8")
    # Killed between the edition's rename and the database's: the folder stands, the database knows nothing of it.
    (own.published / "icdp.duckdb").unlink()
    assert road.publish(own, 2024) == "2024-r1 unchanged"
    assert not half.exists()
    assert query(own, "SELECT edition FROM editions ORDER BY year") == [("2023-r1",), ("2024-r1",)]


def test_a_database_that_is_behind_the_editions_is_rebuilt(own: Settings) -> None:
    (own.published / "icdp.duckdb").chmod(0o644)
    (own.published / "icdp.duckdb").write_bytes(b"not a database")
    assert road.publish(own, 2023) == "2023-r1 unchanged"
    assert query(own, "SELECT count(*) FROM scores WHERE node = 'composite'") == [(62,)]


# Readers are other processes: DuckDB shares one open file within a process.
READER = """
import sys, duckdb
for line in sys.stdin:
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        print(connection.execute(
            "SELECT (SELECT edition FROM editions WHERE year = 2024), count(*), count(DISTINCT edition), "
            "(SELECT count(*) FROM history.scores WHERE node = 'composite') / (SELECT count(*) FROM history.editions) "
            "FROM scores WHERE year = 2024 AND node = 'composite'").fetchall()[0], flush=True)
"""
EARLY = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print("open", flush=True)
    sys.stdin.readline()
    print(connection.execute("SELECT edition FROM editions WHERE year = 2024").fetchall(), flush=True)
"""


def reader(settings: Settings, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(settings.published / "icdp.duckdb")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_readers_never_see_a_torn_state(own: Settings) -> None:
    path = own.judgements / "project.csv"
    text = path.read_text(encoding="utf-8")
    early, often = reader(own, EARLY), reader(own, READER)
    assert early.stdout is not None
    assert often.stdin is not None
    assert early.stdout.readline() == "open\n"
    published = threading.Event()

    def keep_asking() -> None:
        while not published.is_set():
            ask(often)

    seen: list[str] = []

    def ask(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("again\n")
        process.stdin.flush()
        seen.append(process.stdout.readline().strip())

    ask(often)
    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        for revision, value in enumerate((2, 3, 4), start=2):
            judged = text.replace("infrastructure,compute,network,1,", f"infrastructure,compute,network,{value},")
            path.write_text(judged, encoding="utf-8")
            road.score(own, 2024)
            assert road.publish(own, 2024) == f"2024-r{revision} published"
    finally:
        published.set()
        asking.join()
    ask(often)
    _, errors = often.communicate(timeout=30)
    assert errors == ""
    editions = [line.split("'")[1] for line in seen]
    assert seen == [f"('{edition}', 31, 1, 31.0)" for edition in editions]
    assert editions == sorted(editions)
    assert (editions[0], editions[-1]) == ("2024-r1", "2024-r4")
    # Who opened the file before keeps it as it was.
    output, errors = early.communicate("now\n", timeout=30)
    assert (output, errors) == ("[('2024-r1',)]\n", "")


def test_an_edition_holds_the_same_in_every_format_and_its_checksums_are_right(
    made: Settings, published: duckdb.DuckDBPyConnection
) -> None:
    folder = made.published / "editions" / "2024-r1"
    lines = dict(reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text().splitlines())
    files = tree_digest(folder)
    del files["SHA256SUMS"]
    assert lines == files
    with duckdb.connect(str(folder / "2024-r1.duckdb"), read_only=True) as own:
        for (table,) in own.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            kept = own.execute(f"FROM {table} ORDER BY ALL").fetchall()
            assert (
                kept
                == published.execute(f"FROM read_parquet('{folder}/parquet/{table}.parquet') ORDER BY ALL").fetchall()
            )
            assert kept == published.execute(f"FROM history.{table} WHERE edition = '2024-r1' ORDER BY ALL").fetchall()
            assert (folder / "csv" / f"{table}.csv").read_text(encoding="utf-8").count("\n") >= len(kept) + 1
    assert not [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o222]


def test_clients_of_older_duckdb_can_read_the_database(made: Settings) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{made.published / 'icdp.duckdb'}' AS x (READ_ONLY)")
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'x'").fetchone()
        assert tags is not None
        assert tags[0]["storage_version"].startswith("v1.2.0")
        # Attached under another name the views still find their tables.
        assert connection.execute("SELECT count(*) FROM x.scores WHERE node = 'composite'").fetchone() == (62,)


def test_an_unreadable_manifest_is_named(own: Settings) -> None:
    manifest = own.published / "editions" / "2023-r1" / "edition.json"
    manifest.chmod(0o644)
    manifest.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"2023-r1/edition\.json: cannot be read .* restore the edition from a backup"):
        list_editions(own.published / "editions")


def test_revisions_are_ordered_as_numbers() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    assert sorted([Edition(2024, 10, "", moment), Edition(2024, 9, "", moment)])[-1].name == "2024-r10"


def test_the_tenth_revision_is_newer_than_the_ninth() -> None:
    editions = [Edition(2024, revision, "", "") for revision in (9, 10, 2)] + [Edition(2023, 11, "", "")]
    newest = latest(editions, 2024)
    assert newest is not None
    assert newest.name == "2024-r10"
    assert next_revision(newest) == 11
    assert (latest(editions, 2022), next_revision(None)) == (None, 1)
