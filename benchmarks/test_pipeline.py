"""A year and six through the scheduler against the same DAGs doing nothing, and the work without Airflow; see README.md."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EMPTY = ROOT / "benchmarks" / "empty"


def seconds(home: Path, arguments: list[str], *, empty: bool) -> tuple[float, float]:
    """Return the wall time of a command on a fresh home, and of it the time from the first run's start to the last one's end."""
    path = [str(ROOT / "include"), *([str(EMPTY)] if empty else [])]
    environment = {**os.environ, "ICDP_HOME": str(home), "PYTHONPATH": os.pathsep.join(path)}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "icdp.operation", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - start
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "published").exists() != empty
    with sqlite3.connect(home / "airflow" / "airflow.db") as connection:
        runs = connection.execute("SELECT state, start_date, end_date FROM dag_run").fetchall()
    assert {state for state, _, _ in runs} == {"success"}
    first, last = min(start for _, start, _ in runs), max(end for _, _, end in runs)
    return taken, (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


BARE = """
import sys
from icdp import road
from icdp.settings import Settings
settings = Settings.from_environment()
for year in map(int, sys.argv[1:]):
    for source in road.plan(settings, year):
        road.acquire(settings, source, year)
        road.stage(settings, source, year)
    for step in (road.load, road.check, road.score):
        step(settings, year)
    print(road.publish(settings, year, report=True))
"""


def bare(home: Path, years: range) -> float:
    """Return the seconds of the same work in one process, year after year, without Airflow."""
    environment = {**os.environ, "ICDP_HOME": str(home), "PYTHONPATH": str(ROOT / "include")}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE, *map(str, years)], env=environment, capture_output=True, check=True)
    return time.perf_counter() - start


CASES = {
    "year": (["run", "--year", "2024"], range(2024, 2025), 2),
    "six_years": (["backfill", "--from", "2019", "--to", "2024"], range(2019, 2025), 1),
}


@pytest.mark.parametrize("case", CASES)
def test_all_takes_at_most_half_more_than_airflow_and_the_work_each_alone(tmp_path, case):
    arguments, years, rounds = CASES[case]
    taken = {"empty": [], "ours": []}
    for number in range(rounds):
        for name, values in taken.items():
            values.append(seconds(tmp_path / f"{name}{number}", arguments, empty=name == "empty"))
    work = min(bare(tmp_path / f"bare{number}", years) for number in range(rounds))
    for position, what in enumerate(("whole command", "runs alone")):
        ours, empty = (min(value[position] for value in taken[name]) for name in ("ours", "empty"))
        print(
            f"\n{case}, {what}: ours {ours:.1f} s, empty {empty:.1f} s ({ours / empty:.2f}), work alone {work:.1f} s, "
            f"ours / (empty + work) {ours / (empty + work):.2f}"
        )
        assert ours <= 1.5 * (empty + work), what
