"""What leaves the DAGs for OpenLineage: run here task by task in one process, with the provider's file transport."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
for name in ("refresh_statistics", "score_index", "publish_index"):
    print(name, bag.dags[name].test(run_conf={"year": 2024}).state.value)
"""


def run(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home), "ICDP_HOME": str(home / "icdp"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"), "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "include"), os.environ.get("PYTHONPATH", "")]),
        **more,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT / "dags")],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_every_task_tells_what_it_read_and_wrote_when_a_transport_is_configured(tmp_path: Path) -> None:
    pytest.importorskip("airflow.providers.openlineage")
    told = tmp_path / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(told), "append": True}
    answer = run(
        tmp_path, AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(transport), AIRFLOW__OPENLINEAGE__NAMESPACE="icdp"
    )
    assert answer.stdout.count("success") >= 3, answer.stderr[-2000:]
    events = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    done = {e["job"]["name"]: e for e in events if e["eventType"] == "COMPLETE" and "parent" in e["run"]["facets"]}
    home = str(tmp_path / "icdp")
    place = {
        "archive": f"{home}/archive", "staging": f"{home}/staging/2024", "warehouse": f"{home}/warehouse.duckdb",
        "published": f"{home}/published",
    }  # fmt: skip
    moved = {
        "refresh_statistics.each_source.stage": ("archive", "staging"),
        "refresh_statistics.load": ("staging", "warehouse"),
        "refresh_statistics.check": ("warehouse", "warehouse"),
        "score_index.score": ("warehouse", "warehouse"),
        "publish_index.publish": ("warehouse", "published"),
    }
    assert set(done) == {
        *moved,
        "refresh_statistics.plan",
        "refresh_statistics.each_source.acquire",
        "publish_index.draft",
    }
    # In one process the collector remembers the tasks before; the scheduler gives each task a process of its own.
    seen: dict[str, set[str]] = {"inputs": set(), "outputs": set()}
    for job, named in moved.items():
        for side, name in zip(seen, named, strict=True):
            datasets = {d["name"] for d in done[job][side] if d["namespace"] == "file"}
            seen[side].add(place[name])
            assert datasets == seen[side], (job, side)
    assert {e["job"]["namespace"] for e in events} == {"icdp"}


def test_nothing_leaves_without_a_transport(tmp_path: Path) -> None:
    answer = run(tmp_path)
    assert answer.stdout.count("success") >= 3, answer.stderr[-2000:]
    assert "Successfully emitted OpenLineage" not in answer.stdout + answer.stderr
