"""What the DAGs share on Airflow's side: assets, retries, year field, notices, the request to a person. The package's only Airflow import."""

from __future__ import annotations

import logging
from copy import copy
from dataclasses import asdict, replace
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from airflow.sdk import (
    Asset,
    BaseNotifier,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    Variable,
    get_current_context,
)

from icdp.decision import CHOICES, Decision, Request
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

# One slot: DuckDB lets one process write a file (docs/adr/0002-one-writer-pool.md); with workers on several machines
# the queue keeps its tasks on the machine where the file lies (docs/adr/0016-one-worker-holds-the-state.md).
WAREHOUSE = {"pool": "warehouse", "queue": "warehouse"}
READS_EDITIONS = {"queue": "warehouse"}

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

RECIPIENTS = "icdp_notify"
"""Airflow variable: addresses, separated by commas, that are told of failures, waivers and waiting requests."""


class Mail(BaseNotifier):
    """Mail over Airflow's connection ``smtp_default`` to those the variable ``icdp_notify`` names; to nobody without it.

    A mail that cannot be sent is written in the log and stops nothing.

    Args:
        subject: template of one line.
        text: template of the rest.
        only_with: sent only when this stands in the text.
    """

    template_fields = ("subject", "text")

    def __init__(self, subject: str, text: str, only_with: str = "") -> None:
        super().__init__()
        self.subject, self.text, self.only_with = subject, text, only_with

    def __call__(self, *arguments: Any) -> None:
        """Render a copy and send it: rendering writes over the templates, and one notice serves every task."""
        super(Mail, copy(self)).__call__(*arguments)

    def notify(self, context: Any) -> None:
        """Send it."""
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        listed = str(Variable.get(RECIPIENTS, default="") or "").split(",")
        to = [address.strip() for address in listed if address.strip()]
        if not to or self.only_with not in self.text:
            return
        try:
            body = f"<pre>{escape(self.text)}</pre>"
            SmtpNotifier(to=to, subject=self.subject, html_content=body).notify(context)
        except Exception:
            logging.getLogger(__name__).exception("no mail could be sent to %s; see connection smtp_default", to)


FAILED = Mail(
    "ICDP: {{ dag.dag_id }} · {{ ti.task_id }} 失败 failed ({{ dag_run.partition_key or params.year or run_id }})",
    "{{ dag.dag_id }} · {{ ti.task_id }} · {{ run_id }}\n\n{{ exception }}\n\n{{ ti.log_url }}",
)
WAIVED = Mail(
    "ICDP: 有豁免 a check is waived ({{ dag_run.partition_key or params.year or run_id }})",
    "{{ ti.xcom_pull(task_ids=ti.task_id) }}\n\n谁、为何、至何日见表 quality_results。Who, why and until when: table quality_results.",
    only_with="waived",
)
TASK_DEFAULTS: dict[str, Any] = {
    "owner": "icdp",
    "retries": 3,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=30),
    "on_failure_callback": [FAILED],
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
    """Return the installation's settings; an archive of ``s3://connection@bucket/…`` is reached by that connection."""
    # Not at the top: every parse of a DAG file would pay for it.
    from icdp.settings import Settings

    found = Settings.from_environment()
    if "@" in (found.archive_url or ""):
        from airflow.sdk import ObjectStoragePath

        opened: Any = ObjectStoragePath
        found = replace(found, object_storage=opened)
    channel = get_current_context()["params"].get("channel")
    return replace(found, channel=channel) if channel else found


def refetch_field() -> dict[str, Param]:
    """Return the form fields of what is asked: anew or not, which sources, over which channel."""
    # The names of files: reading the catalogue itself would cost every parse of the DAG.
    sources = sorted(path.stem for path in (Path(__file__).parents[1] / "catalog" / "sources").glob("*.yaml"))
    return {
        "refetch": Param(
            False,
            type="boolean",
            title="Refetch",
            description="Ask the live sources again, though the archive has what they gave for this year.",
        ),
        "sources": Param(
            [],
            type="array",
            items={"type": "string", "enum": sources},
            uniqueItems=True,
            examples=sources,
            title="Sources",
            description="With refetch: ask only these again, the others are read from the archive. Empty: all of them.",
        ),
        "channel": Param(
            None,
            type=["null", "string"],
            enum=[None, "facts", "live"],
            title="Channel",
            description="For this run only, in place of ICDP_CHANNEL.",
        ),
    }


def asks_anew(source: str) -> bool:
    """Return whether the running task is to ask a live source anew."""
    form = get_current_context()["params"]
    return bool(form.get("refetch", False)) and source in (form.get("sources") or [source])


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

    # No logical date: a year is made, not a moment; `make run` holds the clock back by start dates far ahead.
    TriggerDagRunOperator.partial(task_id="refresh", trigger_dag_id="refresh_statistics", logical_date=None).expand(
        conf=confs
    )


def ask_or_publish(request: Request | None) -> str:
    """Hand what is to be decided to the next task; return which task that is."""
    if request is None:
        return "publish"
    get_current_context()["ti"].xcom_push(key="request", value=asdict(request))
    return "ask"


def asked() -> Any:
    """Wire the task that waits for a person; it holds no worker and no slot meanwhile."""
    from airflow.providers.standard.operators.hitl import HITLOperator

    subject, body = (
        f"{{{{ ti.xcom_pull(task_ids='draft', key='request')['{part}'] }}}}" for part in ("subject", "body")
    )
    return HITLOperator(
        task_id="ask",
        subject=subject,
        body=body,
        options=list(CHOICES),
        params={
            "reason": Param(
                "", type="string", maxLength=2000, title="理由 Reason", description="写入版本 goes into the edition"
            ),
            "refetch": Param(False, type="boolean", title="重算时重新抓取 Refetch on a re-run"),
        },
        notifiers=[Mail(subject, "{{ ti.log_url }}\n\n" + body)],
        execution_timeout=None,  # of the waiting, were it set
    )


def next_after(decision: Decision) -> list[str]:
    """Return the tasks a decision leads to."""
    return {"approved": ["publish"], "rejected": [], "rerun": ["rerun"]}[decision.decision]


def rerun_conf(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the configuration of the refresh a person asked for."""
    return [{"year": current_year(), "refetch": bool((answer.get("params_input") or {}).get("refetch", False))}]
