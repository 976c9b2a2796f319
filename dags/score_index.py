"""Year partition: scores of a checked year. Wiring only; the work is in icdp.road."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import PartitionedAssetTimetable, dag, task

from icdp.assets import (
    SCORES,
    STATISTICS,
    TASK_DEFAULTS,
    WAREHOUSE,
    announce,
    current_year,
    settings,
    tell_lineage,
    year_field,
)


@dag(
    dag_id="score_index",
    dag_display_name="2 · Score index",
    description="Scores of one statistical year: normalisation, AHP and entropy weights, aggregation",
    schedule=PartitionedAssetTimetable(assets=STATISTICS),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    # Without a clock of its own there is nothing to hold back; a paused consumer piles up queued runs.
    is_paused_upon_creation=False,
    max_active_runs=16,
    params=year_field(),
    default_args=TASK_DEFAULTS,
    tags=["icdp", "scores"],
    doc_md="""
Scores **one statistical year** out of the warehouse and writes the scores beside the figures.

- By itself: whenever `refresh_statistics` has finished a year.
- By hand: *Trigger*, fill in `year` (after a change of judgements or of the catalogue, say).
- Safe to repeat: a year's scores are replaced in one transaction.

Success emits the asset `scores` for the year, which starts `publish_index`.
""",
)
def score_index() -> None:
    """Wire the one task."""

    @task(**WAREHOUSE, outlets=[SCORES])
    def score() -> str:
        from icdp import road

        summary = road.score(settings(), current_year())
        announce(SCORES)
        tell_lineage("warehouse", "warehouse")
        return summary

    score()


score_index()
