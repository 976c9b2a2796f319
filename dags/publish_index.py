"""Year partition: the edition of a scored year. Wiring only; the work is in icdp.road."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import PartitionedAssetTimetable, dag, task

from icdp.assets import (
    EDITION,
    SCORES,
    TASK_DEFAULTS,
    WAREHOUSE_POOL,
    announce,
    current_year,
    settings,
    tell_lineage,
    year_field,
)


@dag(
    dag_id="publish_index",
    dag_display_name="3 · Publish index",
    description="Edition of one statistical year: built beside, verified, renamed into place",
    schedule=PartitionedAssetTimetable(assets=SCORES),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    # Without a clock of its own there is nothing to hold back; a paused consumer piles up queued runs.
    is_paused_upon_creation=False,
    max_active_runs=16,
    params=year_field(),
    default_args=TASK_DEFAULTS,
    tags=["icdp", "edition"],
    doc_md="""
Publishes the scores of **one statistical year** as an edition (`2024-r1`, `2024-r2`, …).

- By itself: whenever `score_index` has finished a year.
- By hand: *Trigger*, fill in `year`.
- Unchanged content makes no new edition; changed content makes the next revision and supersedes the last one.

Success emits the asset `edition` for the year.
""",
)
def publish_index() -> None:
    """Wire the one task."""

    # In the pool although it only reads: a writer would lock the warehouse against it.
    @task(pool=WAREHOUSE_POOL, outlets=[EDITION])
    def publish() -> str:
        from icdp import road

        summary = road.publish(settings(), current_year(), report=True)
        announce(EDITION)
        tell_lineage("warehouse", "published")
        return summary

    publish()


publish_index()
