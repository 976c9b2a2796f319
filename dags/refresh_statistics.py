"""Year partition: figures of every source into the warehouse, checked. Wiring only; the work is in icdp.road."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronPartitionTimetable, dag, task, task_group

from icdp.assets import (
    STATISTICS,
    TASK_DEFAULTS,
    WAIVED,
    WAREHOUSE,
    announce,
    asks_anew,
    current_year,
    refetch_field,
    run_date,
    settings,
    tell_lineage,
    year_field,
)


@dag(
    dag_id="refresh_statistics",
    dag_display_name="1 · Refresh statistics",
    description="Figures of one statistical year: acquire and stage every source, load the warehouse, check",
    # Each autumn, when the yearbooks are out, for the year before: the run of October 2026 makes "2025".
    schedule=CronPartitionTimetable("0 3 15 10 *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=16,
    params=year_field() | refetch_field(),
    default_args=TASK_DEFAULTS,
    tags=["icdp", "statistics"],
    doc_md="""
Brings the figures of **one statistical year** into the warehouse and checks them.

- By the clock: every 15 October, for the year before. First unpausing makes one run for the newest year.
- By hand: *Trigger*, fill in `year`. Several years: `airflow backfill create --dag-id refresh_statistics
  --from-date 2019-01-01 --to-date 2024-12-31`.
- A failed check of severity *error* stops the year here; nothing is scored.
- A failed source takes no other down: the year is made with the rest and is `provisional`, unless the source is required.
- What was taken before is read from the archive; *refetch* asks the live sources anew, or just the `sources` named.
- Safe to repeat: a year's figures are replaced in one transaction.

Success emits the asset `statistics` for the year, which starts `score_index`.
""",
)
def refresh_statistics() -> None:
    """Wire plan → (acquire → stage) per source → load → check."""

    @task
    def plan() -> list[str]:
        from icdp import road

        # A run without a usable year ends here, before any source is asked.
        return road.plan(settings(), current_year())

    @task(map_index_template="{{ task.op_kwargs['source'] }}")
    def acquire(source: str) -> str:
        from icdp import road

        return road.acquire(settings(), source, current_year(), fresh=asks_anew(source))

    # Also after a failed acquire: what was accepted before, or besides what failed, is used.
    @task(map_index_template="{{ task.op_kwargs['source'] }}", trigger_rule="all_done")
    def stage(source: str) -> str:
        from icdp import road

        summary = road.stage(settings(), source, current_year())
        tell_lineage("archive", "staging")
        return summary

    @task_group
    def each_source(source: str) -> None:
        acquire(source=source) >> stage(source=source)

    # One source takes no other down: load decides by what the catalogue requires.
    @task(**WAREHOUSE, trigger_rule="all_done")
    def load() -> str:
        from icdp import road

        summary = road.load(settings(), current_year())
        tell_lineage("staging", "warehouse")
        return summary

    @task(**WAREHOUSE, outlets=[STATISTICS], on_success_callback=[WAIVED])
    def check() -> str:
        from icdp import road

        summary = road.check(settings(), current_year(), run_date())
        announce(STATISTICS)
        tell_lineage("warehouse", "warehouse")
        return summary

    each_source.expand(source=plan()) >> load() >> check()


refresh_statistics()
