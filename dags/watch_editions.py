"""Daily look whether the newest year that is due has an edition. Wiring only; the work is in icdp.gate."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag, task

from icdp.assets import READS_EDITIONS, TASK_DEFAULTS, run_date, settings


@dag(
    dag_id="watch_editions",
    dag_display_name="4 · Watch editions",
    description="Fails while the newest year that is due has no edition",
    schedule=CronTriggerTimetable("0 6 * * *", timezone="Asia/Shanghai"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    tags=["icdp", "edition"],
    doc_md="""
Every morning: is there an edition of the newest year that is due (`publication.due` and `publication.patience_days` of
the catalogue)? If not, the task fails and says so, and those in the Airflow variable `icdp_notify` get a mail.
It sees what no run can tell of itself: a paused DAG, a refused year, a request nobody answers for **one statistical year**.
""",
)
def watch_editions() -> None:
    """Wire the one task."""

    @task(**READS_EDITIONS)
    def overdue() -> str:
        from icdp import gate

        return gate.overdue(settings(), run_date())

    overdue()


watch_editions()
