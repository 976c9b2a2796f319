"""Monthly look at the live sources: years whose payloads changed are refreshed. Wiring only; the work is in icdp.road."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag, task

from icdp.assets import TASK_DEFAULTS, refresh_of, run_date, settings


@dag(
    dag_id="watch_sources",
    dag_display_name="0 · Watch sources",
    description="New or changed payloads of the open years; refreshes just those years",
    schedule=CronTriggerTimetable("0 4 5 * *", timezone="Asia/Shanghai"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=16,
    default_args=TASK_DEFAULTS,
    tags=["icdp", "sources"],
    doc_md="""
Asks every live source once a month whether it has something new for a year that is still open
(`publication.open_years` of the catalogue), and starts `refresh_statistics` for **one statistical year** each
where it has. With `ICDP_CHANNEL=facts` there is nothing to ask.

A source that fails leaves what was accepted before as it is, and the other sources are looked at all the same.
""",
)
def watch_sources() -> None:
    """Wire plan → look (each source and open year) → one refresh for each changed year."""

    @task
    def plan() -> list[dict[str, str | int]]:
        from icdp import road

        return road.open_looks(settings(), run_date())

    @task(map_index_template="{{ task.op_kwargs['source'] }} {{ task.op_kwargs['year'] }}")
    def look(source: str, year: int) -> int | None:
        from icdp import road

        return road.look(settings(), source, year)

    @task(trigger_rule="all_done")
    def changed(years: list[int | None]) -> list[dict[str, int]]:
        from icdp import road

        return road.to_refresh(years)

    refresh_of(changed(look.expand_kwargs(plan())))


watch_sources()
