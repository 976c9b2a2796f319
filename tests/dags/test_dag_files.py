"""DAG files are wiring: light to import, without logic, complete."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from icdp.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
DAG_IDS = {"watch_sources", "refresh_statistics", "score_index", "publish_index", "watch_editions"}
# Statements a task body may hold: imports, a value, a call, the value returned. No branching, no loops.
WIRING = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.Return, ast.FunctionDef)
HEAVY = {"duckdb", "pandas", "numpy", "requests", "bs4", "yaml", "icdp.road", "icdp.catalog", "icdp.warehouse"}


def test_the_dags_are_exactly_these_five(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dag_ids) == DAG_IDS
    assert {file.stem for file in FILES} == DAG_IDS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_top_level_imports_are_airflow_sdk_and_shared_wiring_only(file: Path) -> None:
    imported = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert imported <= {"__future__", "datetime", "airflow.sdk", "icdp.assets", "icdp.partition"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_functions_hold_no_logic(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        strange = [type(node).__name__ for node in function.body if not isinstance(node, WIRING)]
        assert strange == [], function.name
        branching = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.IfExp, ast.Lambda, ast.comprehension)
        assert not [node for node in ast.walk(function) if isinstance(node, branching)], function.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_importing_a_dag_file_loads_nothing_heavy_beyond_airflow(file: Path) -> None:
    program = (
        "import sys, json, runpy; from airflow.sdk import DAG, Asset, ExceptionRetryPolicy, Param, task;"
        " from airflow.sdk import CronPartitionTimetable, CronTriggerTimetable, PartitionedAssetTimetable;"
        " from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator; before = set(sys.modules);"
        f" runpy.run_path({str(file)!r}); print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "include")}
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    loaded = set(json.loads(answer.stdout.splitlines()[-1]))
    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.startswith("icdp")} == {
        "icdp",
        "icdp.assets",
        "icdp.decision",
        "icdp.errors",
        "icdp.partition",
    }


def test_only_the_assets_module_of_the_package_imports_airflow() -> None:
    importing = set()
    for file in (ROOT / "include" / "icdp").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "airflow" for name in names):
                importing.add(file.relative_to(ROOT / "include").as_posix())
    assert importing == {"icdp/assets.py"}


def test_every_dag_has_owner_tags_description_and_documentation(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        assert dag.catchup is False
        # A year that waits for a person holds up no other (publish_index); a look is never needed twice at once.
        assert dag.max_active_runs == {"publish_index": 64, "watch_editions": 1}.get(dag.dag_id, 16)
        assert "icdp" in dag.tags
        assert dag.description
        assert "one statistical year" in dag.doc_md
        assert {task.owner for task in dag.tasks} == {"icdp"}


def test_order_of_the_refresh(dag_bag: Any) -> None:
    tasks = dag_bag.dags["refresh_statistics"].task_dict
    assert {name: sorted(task.upstream_task_ids) for name, task in tasks.items()} == {
        "plan": [],
        "each_source.acquire": ["plan"],
        "each_source.stage": ["each_source.acquire", "plan"],
        "load": ["each_source.stage"],
        "check": ["load"],
    }


def test_exactly_the_tasks_that_open_the_warehouse_are_in_its_pool_of_one_slot(dag_bag: Any) -> None:
    in_pool = {
        f"{dag.dag_id}.{task.task_id}"
        for dag in dag_bag.dags.values()
        for task in dag.tasks
        if task.pool == "warehouse"
    }
    assert in_pool == {
        "refresh_statistics.load",
        "refresh_statistics.check",
        "score_index.score",
        "publish_index.draft",
        "publish_index.decide",
        "publish_index.publish",
    }
    pools = json.loads((ROOT / "include" / "pools.json").read_text(encoding="utf-8"))
    assert pools["warehouse"]["slots"] == 1
    used = {task.pool for dag in dag_bag.dags.values() for task in dag.tasks}
    assert used - {"default_pool"} <= pools.keys()


def test_exactly_the_tasks_that_need_the_disk_of_the_warehouse_are_in_its_queue(dag_bag: Any) -> None:
    tasks = [(dag.dag_id, task) for dag in dag_bag.dags.values() for task in dag.tasks]
    queued = {f"{dag_id}.{task.task_id}" for dag_id, task in tasks if task.queue == "warehouse"}
    in_pool = {f"{dag_id}.{task.task_id}" for dag_id, task in tasks if task.pool == "warehouse"}
    # Reads the published editions only, and waits for no writer.
    assert queued - in_pool == {"watch_editions.overdue"}
    assert in_pool <= queued
    assert {task.queue for _, task in tasks} == {"warehouse", "default"}


def test_each_dag_announces_its_asset_with_its_last_task(dag_bag: Any) -> None:
    outlets = {
        f"{dag.dag_id}.{task.task_id}": [asset.name for asset in task.outlets]
        for dag in dag_bag.dags.values()
        for task in dag.tasks
        if task.outlets
    }
    assert outlets == {
        "refresh_statistics.check": ["statistics"],
        "score_index.score": ["scores"],
        "publish_index.publish": ["edition"],
    }


def test_a_refusal_is_never_tried_again_and_anything_else_is(dag_bag: Any) -> None:
    from airflow.sdk import RetryAction

    from icdp import errors

    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.retries == 3
            for refusal in ("LayoutChanged", "DataError", "CatalogError", "JudgementError", "QualityError"):
                decision = task.retry_policy.evaluate(getattr(errors, refusal)("no"), try_number=1, max_tries=3)
                assert decision.action is RetryAction.FAIL
            decision = task.retry_policy.evaluate(OSError("disk"), try_number=1, max_tries=3)
            assert decision.action is RetryAction.DEFAULT


def test_dags_survive_serialization(dag_bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dag_bag.dags.values():
        again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert again.dag_id == dag.dag_id
        assert set(again.task_dict) == set(dag.task_dict)
        assert {task.pool for task in again.tasks} == {task.pool for task in dag.tasks}


def test_the_run_of_an_autumn_makes_the_year_before(dag_bag: Any) -> None:
    from datetime import UTC, datetime

    from airflow.serialization.serialized_objects import DagSerialization

    dag = DagSerialization.from_dict(DagSerialization.to_dict(dag_bag.dags["refresh_statistics"]))
    # 15 October 2026, 03:00 in Shanghai
    assert dag.timetable._get_partition_info(datetime(2026, 10, 14, 19, tzinfo=UTC))[1] == "2025"
    infos = dag.iter_dagrun_infos_between(datetime(2019, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))
    assert [info.partition_key for info in infos] == ["2019", "2020", "2021", "2022", "2023", "2024", "2025"]


def test_the_day_a_year_is_due_is_the_day_its_run_is_scheduled(dag_bag: Any, catalog: Catalog) -> None:
    month, day = catalog.rules.publication.due.split("-")
    cron = dag_bag.dags["refresh_statistics"].timetable.expression.split()
    assert cron[2:4] == [str(int(day)), str(int(month))]


def test_order_of_the_publication(dag_bag: Any) -> None:
    tasks = dag_bag.dags["publish_index"].task_dict
    assert {name: sorted(task.upstream_task_ids) for name, task in tasks.items()} == {
        "draft": [],
        "ask": ["draft"],
        "decide": ["ask"],
        "publish": ["decide", "draft"],
        "rerun": ["ask", "decide"],
        "refresh": ["rerun"],
    }
    # Else a default of 30 minutes would end the waiting.
    assert tasks["ask"].execution_timeout is None
    assert tasks["ask"].response_timeout is None


@pytest.mark.parametrize(
    ("form", "mistake"),
    [
        ({"year": 1999}, "1999 is less than the minimum of 2000"),
        ({"year": "2024"}, "'2024' is not of type"),
        ({"sources": ["nbs", "nobody"]}, "'nobody' is not one of"),
        ({"sources": ["nbs", "nbs"]}, "has non-unique elements"),
        ({"channel": "guess"}, "'guess' is not one of"),
    ],
)
def test_the_form_refuses_what_is_no_year_source_or_channel(dag_bag: Any, form: dict[str, Any], mistake: str) -> None:
    params = dag_bag.dags["refresh_statistics"].params
    ((name, value),) = form.items()
    with pytest.raises(Exception, match=mistake):
        params[name] = value


@pytest.mark.parametrize(
    ("form", "anew"),
    [
        ({}, []),
        ({"sources": ["nbs"]}, []),
        ({"refetch": True}, ["cac", "facts", "nbs"]),
        ({"refetch": True, "sources": ["nbs"]}, ["nbs"]),
    ],
)
def test_one_source_of_one_year_can_be_asked_anew(
    monkeypatch: pytest.MonkeyPatch, form: dict[str, Any], anew: list[str]
) -> None:
    from icdp import assets

    monkeypatch.setattr(assets, "get_current_context", lambda: {"params": form})
    assert [source for source in ("cac", "facts", "nbs") if assets.asks_anew(source)] == anew


def test_a_run_may_have_a_channel_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from icdp import assets

    for form, channel in (({}, "facts"), ({"channel": None}, "facts"), ({"channel": "live"}, "live")):
        monkeypatch.setattr(assets, "get_current_context", lambda form=form: {"params": form})
        assert assets.settings().channel == channel
