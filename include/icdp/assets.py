"""What the three DAGs share on Airflow's side: assets, retries, year field. The package's only Airflow import."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from airflow.sdk import (
    Asset,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
)

from icdp.errors import (
    CatalogError,
    DataError,
    FetchRefused,
    JudgementError,
    LayoutChanged,
    NotFoundError,
    QualityError,
)
from icdp.partition import FIRST_YEAR, LAST_YEAR, resolve_year

if TYPE_CHECKING:
    from icdp.settings import Settings

STATISTICS = Asset(name="statistics", uri="x-icdp://warehouse/statistics", group="icdp")
SCORES = Asset(name="scores", uri="x-icdp://warehouse/scores", group="icdp")
EDITION = Asset(name="edition", uri="x-icdp://published/edition", group="icdp")

# One slot: DuckDB lets one process write a file (docs/adr/0002-one-writer-pool.md).
WAREHOUSE_POOL = "warehouse"

# A refusal is the same at the second try; only the world outside (network, disk, a foreign lock) deserves one.
REFUSALS: list[type[BaseException] | str] = [
    LayoutChanged,
    DataError,
    CatalogError,
    JudgementError,
    QualityError,
    NotFoundError,
    FetchRefused,
]

TASK_DEFAULTS: dict[str, Any] = {
    "owner": "icdp",
    "retries": 3,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=30),
    "retry_policy": ExceptionRetryPolicy(
        rules=[RetryRule(exception=REFUSALS, action=RetryAction.FAIL, reason="refused for a stated reason")]
    ),
}


def year_field() -> dict[str, Param]:
    """Return the form field of a run by hand: the statistical year, or empty when a partition key is given."""
    return {
        "year": Param(
            None,
            type=["null", "integer"],
            minimum=FIRST_YEAR,
            maximum=LAST_YEAR,
            title="Statistical year",
            description="The year the figures describe, e.g. 2024. Leave empty when the run has a partition key.",
        )
    }


def settings() -> Settings:
    """Return the installation's settings; object storage is reached through Airflow's connections."""
    # Not at the top: every parse of a DAG file would pay for it.
    from airflow.sdk import ObjectStoragePath

    from icdp.settings import Settings

    opened: Any = ObjectStoragePath
    return replace(Settings.from_environment(), object_storage=opened)


def refetch_field() -> dict[str, Param]:
    """Return the form field that makes a run ask the live sources anew."""
    return {
        "refetch": Param(
            False,
            type="boolean",
            title="Refetch",
            description="Ask the live sources again, though the archive has what they gave for this year.",
        )
    }


def asks_anew() -> bool:
    """Return whether the running task is to ask the live sources anew."""
    return bool(get_current_context()["params"].get("refetch", False))


def run_date() -> date:
    """Return the day the running DAG run began, in the time zone of the schedules."""
    # Not the day it was due: a backfill of 2019 is due in 2019, and would revive waivers that expired since.
    run = get_current_context()["dag_run"]
    moment = run.start_date or run.run_after
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).date()


def current_year() -> int:
    """Return the statistical year of the running task.

    Raises:
        DataError: the run names no year, or several.
    """
    return resolve_year(get_current_context())


def announce(asset: Asset) -> None:
    """Name the year on the asset event of the running task, when the run itself carries no partition key.

    A run from the form with only ``year`` has no key, and an event without a key does not wake the next DAG.
    A run with a key passes it on by itself.
    """
    context = get_current_context()
    if context["dag_run"].partition_key is None:
        context["outlet_events"][asset].add_partitions(str(resolve_year(context)))


def tell_lineage(reads: str, writes: str) -> None:
    """Tell OpenLineage, where its provider listens, what the running task read and wrote.

    Args:
        reads: place in the settings: ``archive``, ``staging``, ``warehouse`` or ``published``.
        writes: another one.
    """
    from airflow.sdk.lineage import get_hook_lineage_collector

    collector, task = get_hook_lineage_collector(), cast(Any, get_current_context()["task"])
    collector.add_input_asset(task, uri=_place(reads))
    collector.add_output_asset(task, uri=_place(writes))


def _place(name: str) -> str:
    here = settings()
    path = here.staging / str(current_year()) if name == "staging" else getattr(here, name)
    return str(path) if "://" in str(path) else f"file://{path}"


def refresh_of(confs: Any) -> None:
    """Start one run of ``refresh_statistics`` for each configuration of a mapped task's answer."""
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

    TriggerDagRunOperator.partial(task_id="refresh", trigger_dag_id="refresh_statistics").expand(conf=confs)
