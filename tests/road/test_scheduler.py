"""The real scheduler: one year to an edition, runs by hand, kills, nothing left behind.

Every test starts a real Airflow in a home of its own (about half a minute each on two cores).
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import psutil
import pytest
from tests.states import Tables, rows

from icdp.operation import commands
from icdp.operation.api import AirflowApi
from icdp.operation.components import Components, ours
from icdp.operation.follow import Chain
from icdp.operation.home import AirflowHome
from icdp.settings import INCLUDE, Settings

pytestmark = pytest.mark.scheduler

KILL_LIMIT_S = 180.0


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the runner as `make` does."""
    return subprocess.Popen(
        [sys.executable, "-m", "icdp.operation", *arguments],
        env={**os.environ, "ICDP_HOME": str(home), "PYTHONPATH": str(INCLUDE), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=600)
    return process.returncode, output


def airflow_home(home: Path) -> AirflowHome:
    return AirflowHome(Settings(home=home))


def dag_runs(home: Path) -> list[tuple[str, str, str | None, str]]:
    """(DAG, state, partition key, type) of every run Airflow ever made there."""
    with sqlite3.connect(airflow_home(home).database) as connection:
        rows = connection.execute("SELECT dag_id, state, partition_key, run_type FROM dag_run ORDER BY id").fetchall()
    return [tuple(row) for row in rows]


def everything(home: Path) -> dict[str, Tables]:
    settings = Settings(home=home)
    return {"warehouse": rows(settings.warehouse), "published": rows(settings.published / "icdp.duckdb")}


@dataclass(frozen=True)
class Made:
    """A home in which 2024 was made without disturbance, what the runner said, and the tables right afterwards."""

    home: Path
    output: str
    tables: dict[str, Tables]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Shared by the tests below, which add to its home in their order."""
    home = tmp_path_factory.mktemp("undisturbed")
    code, output = finish(start(home, "run", "--year", "2024"))
    assert code == 0, output
    return Made(home, output, everything(home))


def test_one_command_makes_the_year_asked_for_and_no_other(made: Made) -> None:
    assert dag_runs(made.home) == [
        ("refresh_statistics", "success", "2024", "manual"),
        ("score_index", "success", "2024", "asset_triggered"),
        ("publish_index", "success", "2024", "asset_triggered"),
    ]
    # The clock has nothing in mind: neither today nor when the next autumn comes.
    with sqlite3.connect(airflow_home(made.home).database) as connection:
        assert connection.execute("SELECT DISTINCT next_dagrun_create_after FROM dag").fetchall() == [(None,)]
    assert (made.home / "published" / "editions" / "2024-r1").is_dir()
    assert "edition 2024-r1 published" in made.output
    for step in ("plan", "acquire facts", "stage facts", "load", "check", "score", "publish"):
        assert f"· {step} " in made.output
    assert not ours(airflow_home(made.home), "run")


def test_the_ranking_of_31_provinces_is_on_screen(made: Made) -> None:
    with duckdb.connect(str(made.home / "published" / "icdp.duckdb"), read_only=True) as connection:
        ranked = connection.execute(
            "SELECT short_zh FROM scores JOIN provinces USING (adcode) WHERE node = 'composite' AND year = 2024"
        ).fetchall()
    assert len(ranked) == 31
    assert [name for (name,) in ranked if name not in made.output] == []


def test_secrets_are_for_the_owner_only(made: Made) -> None:
    home = airflow_home(made.home)
    for path in (home.path / "airflow.cfg", home.path / "keys.json", home.passwords):
        assert path.stat().st_mode & 0o077 == 0


def test_each_dag_started_by_hand_with_only_a_year_goes_through_to_an_edition(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = made.home
    monkeypatch.setenv("ICDP_HOME", str(home))

    def begin(api: AirflowApi, components: Components) -> list[Chain]:
        return [
            Chain(2023, api.trigger("refresh_statistics", {"conf": {"year": 2023}})),
            Chain(2024, api.trigger("score_index", {"conf": {"year": 2024}}), position=1),
            Chain(2024, api.trigger("publish_index", {"conf": {"year": 2024}}), position=2),
        ]

    assert commands.make("2023 and 2024 by hand", begin) == 0
    said = capsys.readouterr().out
    assert re.search(r"2023: edition 2023-r1 published", said)
    assert len(re.findall(r"2024: edition 2024-r1 unchanged", said)) == 2
    # Without a partition key of their own, and yet each woke the next DAG for its year.
    assert [run for run in dag_runs(home) if run[2] is None] == [
        ("refresh_statistics", "success", None, "manual"),
        ("score_index", "success", None, "manual"),
        ("publish_index", "success", None, "manual"),
    ]
    assert {run[2] for run in dag_runs(home) if run[0] == "publish_index"} == {"2024", "2023", None}
    assert not [run for run in dag_runs(home) if run[3] == "scheduled"]


def test_a_backfill_makes_its_years_and_a_second_one_changes_nothing(made: Made) -> None:
    # Comes after the runs by hand: both years have their editions, so both backfills must leave them alone.
    home = made.home
    before = everything(home)
    code, output = finish(start(home, "backfill", "--from", "2023", "--to", "2024"))
    assert code == 0, output
    assert "2023: edition 2023-r1 unchanged" in output
    assert "2024: edition 2024-r1 unchanged" in output
    assert "Nothing changed" in output
    assert everything(home) == before
    # Due in the autumns of old, run today: waivers are held against today.
    with duckdb.connect(str(Settings(home=home).warehouse), read_only=True) as connection:
        checked = connection.execute("SELECT DISTINCT day FROM checked_on ORDER BY day").fetchall()
    assert all(day >= datetime.now(UTC).date() - timedelta(days=1) for (day,) in checked), checked
    backfilled = [run for run in dag_runs(home) if run[3] == "backfill"]
    assert [(run[0], run[2]) for run in backfilled] == [("refresh_statistics", "2023"), ("refresh_statistics", "2024")]
    # Neither the first unpausing nor the existence of backfilled runs makes the clock start a year nobody asked for.
    assert not [run for run in dag_runs(home) if run[3] == "scheduled"]


def test_a_refused_year_ends_with_the_reason_and_the_place_of_the_log(made: Made) -> None:
    home = made.home
    before = everything(home)
    warehouse = Settings(home=home).warehouse
    moved = warehouse.rename(warehouse.with_suffix(".aside"))
    warehouse.write_bytes(b"this is no database" * 100)
    try:
        code, output = finish(start(home, "run", "--year", "2024"))
    finally:
        moved.replace(warehouse)
    assert code == 1
    assert "refresh_statistics · load: DataError: " in output
    log = Path(re.findall(r"log: (.+)", output)[-1].strip())
    assert log.is_file()
    assert everything(home) == before


def kill_everything(runner: subprocess.Popen[str], home: Path) -> None:
    """SIGKILL the runner and all that it started, tasks in the middle of their work included."""
    runner.kill()
    runner.wait()
    for process in ours(airflow_home(home), "run"):
        process.kill()
    psutil.wait_procs(ours(airflow_home(home), "run"), timeout=10)


def killed_when(home: Path, reached: Callable[[], bool]) -> None:
    """Start the year and kill everything at the moment ``reached`` becomes true."""
    assert not reached()
    runner = start(home, "run", "--year", "2024")
    deadline = time.monotonic() + KILL_LIMIT_S
    while not reached():
        assert runner.poll() is None, finish(runner)[1]
        assert time.monotonic() < deadline
        time.sleep(0.002)
    kill_everything(runner, home)
    finish(runner)


def test_killed_at_any_step_and_started_again_gives_the_tables_of_an_undisturbed_run(
    made: Made, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    # Each is the first sign of a step at work; what the kill leaves there is what the next start finds.
    for sign in (settings.archive, settings.staging, settings.warehouse, settings.published):
        killed_when(tmp_path, sign.exists)
    code, output = finish(start(tmp_path, "run", "--year", "2024"))
    assert code == 0, output
    assert "left unfinished earlier, now marked as failed" in output
    assert everything(tmp_path) == made.tables
    assert not ours(airflow_home(tmp_path), "run")


def test_a_second_command_on_the_same_home_is_refused_and_a_stopped_one_leaves_nothing(tmp_path: Path) -> None:
    first = start(tmp_path, "run", "--year", "2024")
    while not (tmp_path / "airflow" / "logs").exists():
        assert first.poll() is None, finish(first)[1]
        time.sleep(0.05)
    code, output = finish(start(tmp_path, "run", "--year", "2023"))
    assert code == 1
    assert output.strip().splitlines() == [
        f"refused: process {first.pid} is already at work on {tmp_path}; "
        "wait until it has ended, or set ICDP_HOME to another folder"
    ]
    first.send_signal(signal.SIGINT)
    code, output = finish(first)
    assert code == 130
    assert "nothing is left running" in output
    assert not ours(airflow_home(tmp_path), "run")
