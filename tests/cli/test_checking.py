"""`icdp quality` tells in words what the checks found, also of a year that was stopped and is published nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from icdp import road
from icdp.cli.checking import quality
from icdp.cli.output import Format
from icdp.errors import DataError, NotFoundError, QualityError
from icdp.settings import Settings
from icdp.warehouse.connection import read

Captured = pytest.CaptureFixture[str]


def asked(captured: Captured, settings: Settings, which: str, **more: object) -> list[dict[str, object]]:
    quality(settings, which, bool(more.get("failed")), more.get("run"), Format.json)  # type: ignore[arg-type]
    return list(json.loads(captured.readouterr().out))


def test_a_year_and_its_edition_tell_the_same(made: Settings, capsys: Captured) -> None:
    of_year, of_edition = asked(capsys, made, "2024"), asked(capsys, made, "2024-r1")
    assert of_year == of_edition
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as connection:
        (held,) = connection.execute("SELECT count(*) FROM quality_results WHERE year = 2024").fetchone() or (0,)
    assert len(of_year) == held
    failed = asked(capsys, made, "2024", failed=True)
    assert {row["outcome"] for row in failed} == {"warn", "note"}
    assert failed == [row for row in of_year if not row["passed"]]


def test_people_read_what_failed_first_and_one_line_a_check_that_passed(made: Settings, capsys: Captured) -> None:
    quality(made, "2024", False, None, Format.table)
    told = capsys.readouterr().out
    assert told.index("警告 warning") < told.index("提示 note") < told.index("通过 passed")
    assert "陕西 2.30089e+07 → 6.41064e+06" in told
    assert told.count("plausible_range") == 1
    quality(made, "2024", True, None, Format.table)
    assert "plausible_range" not in capsys.readouterr().out


def test_a_stopped_year_tells_its_last_run_and_the_one_before(own: Settings, capsys: Captured) -> None:
    path = own.facts / "series" / "gdp_per_capita.csv"
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("2024,510000,"))
    path.write_text(text.replace(line, line.replace(line.split(",")[2], "8", 1)), encoding="utf-8")
    road.acquire(own, "facts", 2024)
    road.stage(own, "facts", 2024)
    road.load(own, 2024)
    with pytest.raises(QualityError):
        road.check(own, 2024, date(2026, 11, 23))
    failed = asked(capsys, own, "2024", failed=True)
    assert ("error", "plausible_range") in {(row["outcome"], row["check_id"]) for row in failed}
    quality(own, "2024", True, None, Format.table)
    told = capsys.readouterr().out
    assert "错误 error" in told
    assert "其他运行 other runs (--run): " in told
    before = told.split("(--run): ")[1].split()[0]
    assert "error" not in {row["outcome"] for row in asked(capsys, own, "2024", run=before)}


@pytest.mark.parametrize(
    ("which", "run", "error", "message"),
    [
        ("2012", None, NotFoundError, "2012 was never checked and is not published; run `make run YEAR=2012`"),
        ("2024-r9", None, NotFoundError, "2024-r9: no such edition"),
        ("2024", "abc", DataError, "2024 has no run 'abc' of the checks; there are "),
        ("2024-r1", "abc", DataError, "2024-r1 is an edition; --run names a run of a year"),
        ("lately", None, DataError, "lately"),
    ],
)
def test_what_is_not_there_is_refused(
    made: Settings, which: str, run: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        quality(made, which, False, run, Format.table)
    assert message in str(caught.value)


def test_without_a_warehouse_the_edition_tells(made: Settings, tmp_path: Path, capsys: Captured) -> None:
    reader = replace(made, home=tmp_path)
    reader.published.symlink_to(made.published)
    assert asked(capsys, reader, "2024") == asked(capsys, made, "2024-r1")
    with pytest.raises(NotFoundError, match="keeps no runs of the checks; leave --run out"):
        quality(reader, "2024", False, "abc", Format.table)


def test_a_task_that_writes_is_waited_for_and_then_named(made: Settings, tmp_path: Path) -> None:
    held = tmp_path / "held.duckdb"
    with duckdb.connect(str(held)) as writer:
        writer.execute("CREATE TABLE a (i INTEGER)")
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(held)!r}); print('held', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataError, match=r"cannot be opened .*; wait until it has ended"), read(held, patience=0.2):
            pass
    finally:
        holder.communicate("\n")
    with read(held) as connection:
        assert connection.execute("FROM a").fetchall() == []
        with pytest.raises(duckdb.Error):
            connection.execute("INSERT INTO a VALUES (1)")
