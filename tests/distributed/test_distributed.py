"""Many workers, one warehouse, an archive in a bucket: killed one after the other, and the editions are those of one machine.

In the order of the file: each test finds what the ones before it made.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from tests.deployment import compose
from tests.distributed.topology import BIN, FailedError, Topology

from icdp.settings import Settings

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(2400)]

BACKFILLED = range(2019, 2025)
CLOCK = 2025  # what unpausing makes: the newest year that is due
# What depends on which editions stood when a year was checked or published, not on the year's own inputs.
OF_THEIR_TIME = {"rank_changes", "quality_results", "editions", "approvals"}
MOMENTS = {"published_at", "retrieved_at", "receipt"}
FINISHED = {"success", "failed"}


def tables(edition: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table of an edition, rows in order, without moments and what rests on them."""
    found = {}
    for file in sorted((edition / "parquet").glob("*.parquet")):
        if file.stem not in OF_THEIR_TIME:
            table = duckdb.read_parquet(str(file))
            columns = ", ".join(f'"{column}"' for column in table.columns if column not in MOMENTS)
            found[file.stem] = table.query("edition", f"SELECT {columns} FROM edition ORDER BY ALL").fetchall()
    return found


def published(topology: Topology) -> Path:
    return topology.root / "volumes" / "published"


def editions(topology: Topology) -> list[str]:
    return sorted(path.name for path in (published(topology) / "editions").iterdir())


def running(topology: Topology, *names: str) -> list[dict[str, Any]]:
    """Tasks that a worker is at work on."""
    return [t for t in topology.tasks() if t["state"] == "running" and str(t["task_id"]).rsplit(".", 1)[-1] in names]


def all_published(topology: Topology, years: set[int], since: int = 0) -> Callable[[], bool]:
    """Return whether every year went through to its edition and nothing is at work any more."""

    def reached() -> bool:
        runs = topology.runs()
        if failed := [f"{r['dag_id']} {r['dag_run_id']}" for r in runs if r["state"] == "failed"]:
            raise FailedError(f"failed: {failed}; {topology.root}/logs")
        done = [r for r in runs if r["dag_id"] == "publish_index" and r["state"] == "success"]
        return len(done) - since >= len(years) and all(r["state"] in FINISHED for r in runs)

    return reached


def backfill(topology: Topology, first: int, last: int, at_once: int) -> None:
    topology.command(
        "scheduler", "airflow", "backfill", "create", "--dag-id", "refresh_statistics", "--from-date", f"{first}-01-01",
        "--to-date", f"{last}-12-31", "--reprocess-behavior", "completed", "--max-active-runs", str(at_once),
    )  # fmt: skip


def test_every_health_check_of_the_file_finds_its_server_well(topology: Topology) -> None:
    for instance in ("postgres", "redis", "api-server", "scheduler", "dag-processor", "triggerer", "worker-1"):
        service = instance.removesuffix("-1")
        kind, *command = topology.services[service].raw["healthcheck"]["test"]
        text = command[0] if kind == "CMD-SHELL" else subprocess.list2cmdline(command).replace('\\"', "'")
        here = {
            "localhost:8080": f"127.0.0.1:{topology.ports['api-server']}",
            "localhost:8974": f"127.0.0.1:{topology.ports['health']}",
            "redis-cli": f"redis-cli -p {topology.ports['redis']}",
            "pg_isready": f"pg_isready -h 127.0.0.1 -p {topology.ports['postgres']}",
            "celery@$(hostname)": f"{instance}@$(hostname)",  # in a container: its own host name
        }
        for written, put in here.items():
            text = text.replace(written, put)
        environment = topology.environment(service, instance) if "build" in topology.services[service].raw else {
            **topology.services[service].environment, "PATH": f"{BIN}:/usr/bin:/bin"
        }  # fmt: skip
        answer = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, (instance, text, answer.stdout, answer.stderr)


def test_six_years_survive_the_end_of_every_server_in_turn(topology: Topology) -> None:
    topology.command("scheduler", "airflow", "dags", "unpause", "refresh_statistics")
    backfill(topology, BACKFILLED[0], BACKFILLED[-1], at_once=4)
    # Each is ended while it has something in hand; more tasks than one worker takes are more than one worker's.
    for victim, in_hand, tasks in (
        ("worker-1", 3, ("plan", "acquire", "stage")),
        ("worker-warehouse", 1, ("load",)),
        ("scheduler", 1, ("score",)),
        ("redis", 1, ("publish",)),
        ("postgres", 1, ("publish",)),
    ):
        topology.wait(f"{victim} at work", lambda tasks=tasks, least=in_hand: len(running(topology, *tasks)) >= least)
        topology.kill(victim)
    topology.wait("six years and the clock's", all_published(topology, {*BACKFILLED, CLOCK}), seconds=1500)
    assert editions(topology) == [f"{year}-r1" for year in (*BACKFILLED, CLOCK)]
    # Nothing failed for good, and what was in the hands of the dead was tried again.
    tried = {str(task["task_id"]): int(task["try_number"]) for task in topology.tasks() if task["try_number"] > 1}  # type: ignore[operator, call-overload]
    assert "load" in tried
    runs = topology.runs()
    assert {run["state"] for run in runs} == {"success"}
    assert sorted(str(r["partition_key"]) for r in runs if r["dag_id"] == "refresh_statistics") == [
        str(year) for year in (*BACKFILLED, CLOCK)
    ]


def test_the_editions_are_those_of_one_machine(
    topology: Topology, tmp_path: Path, run_year: Callable[[Settings, int], str]
) -> None:
    alone = Settings(home=tmp_path)
    for name in editions(topology):
        assert run_year(alone, int(name[:4])) == f"{name} published"
        here, there = (tables(folder / "editions" / name) for folder in (alone.published, published(topology)))
        assert here.keys() == there.keys()
        assert len(here) > 20
        assert [table for table in here if here[table] != there[table]] == []


def test_every_edition_is_made_again_from_the_bucket_to_the_byte(topology: Topology) -> None:
    said = topology.command("worker-warehouse", "icdp", "edition", "verify", "--format", "json")
    assert {row["edition"]: row["reproduced"] for row in json.loads(said)} == dict.fromkeys(editions(topology), True)
    # The archive is nowhere else, and general workers keep nothing.
    assert not (topology.root / "volumes" / "state" / "archive").exists()
    assert not (topology.root / "volumes" / "state" / "staging").exists()
    for number in (1, 2):
        assert list((topology.root / "containers" / f"worker-{number}" / "state").iterdir()) == []


def test_a_worker_has_neither_the_metadata_database_nor_a_signing_key(topology: Topology) -> None:
    secrets = [topology.variables[name] for name in compose.SECRETS]
    for name in ("worker-1", "worker-2", "worker-warehouse"):
        worker = psutil.Process(topology.running[name].pid)
        for process in [worker, *worker.children(recursive=True)]:
            held = "\n".join(process.environ().values())
            assert [secret for secret in secrets if secret in held] == [], name


def test_eight_years_at_once_under_two_schedulers_are_written_one_after_the_other(topology: Topology) -> None:
    began = datetime.now(UTC)
    topology.second_scheduler()
    published_before = sum(run["dag_id"] == "publish_index" for run in topology.runs())
    backfill(topology, 2018, 2025, at_once=8)
    topology.wait("eight years", all_published(topology, set(range(2018, 2026)), since=published_before), seconds=900)
    assert editions(topology) == [f"{year}-r1" for year in range(2018, 2026)]
    spans = {"warehouse": [], "default": []}  # type: ignore[var-annotated]
    for task in topology.tasks():
        if task["start_date"] and task["state"] == "success":
            moments = [datetime.fromisoformat(str(task[end])) for end in ("start_date", "end_date")]
            if moments[0] > began:
                spans[str(task["queue"])].append((*moments, task["task_id"]))
    written = sorted(spans["warehouse"])
    assert len(written) == 8 * len(("load", "check", "score", "draft", "publish"))
    assert [(one, two) for one, two in itertools.pairwise(written) if two[0] < one[1]] == []
    # While everything else was done by several at a time.
    taken = sorted(spans["default"])
    assert any(two[0] < one[1] for one, two in itertools.pairwise(taken))


def test_a_metadata_database_that_was_lost_and_restored_goes_on_where_it_was(
    topology: Topology, tmp_path: Path
) -> None:
    before = sorted((str(run["dag_id"]), str(run["dag_run_id"]), str(run["state"])) for run in topology.runs())
    topology.restored_metadata(tmp_path / "metadata.dump")
    assert sorted((str(r["dag_id"]), str(r["dag_run_id"]), str(r["state"])) for r in topology.runs()) == before
    published_before = sum(dag_id == "publish_index" for dag_id, *_ in before)
    topology.command("scheduler", "airflow", "dags", "trigger", "refresh_statistics", "--conf", '{"year": 2024}')
    topology.wait("2024 again", all_published(topology, {2024}, since=published_before), seconds=300)
    assert editions(topology) == [f"{year}-r1" for year in range(2018, 2026)]


def test_nothing_ran_as_another_than_the_file_says(topology: Topology) -> None:
    # A server that ended by itself and was started again is one that cannot bear what was done to another.
    assert set(topology.ended_by_itself) <= {"scheduler", "scheduler-2", "dag-processor", "triggerer"}
    assert os.path.commonpath([topology.root, published(topology)]) == str(topology.root)
