"""Year partition: the edition of a scored year. Wiring only; the work is in icdp.road."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import PartitionedAssetTimetable, dag, task

from icdp.assets import (
    EDITION,
    SCORES,
    TASK_DEFAULTS,
    WAREHOUSE,
    announce,
    ask_or_publish,
    asked,
    current_year,
    next_after,
    refresh_of,
    rerun_conf,
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
    # A year that waits for a person is an active run and must hold up no other.
    max_active_runs=64,
    params=year_field(),
    default_args=TASK_DEFAULTS,
    tags=["icdp", "edition"],
    doc_md="""
Publishes the scores of **one statistical year** as an edition (`2024-r1`, `2024-r2`, …).

- By itself: whenever `score_index` has finished a year.
- By hand: *Trigger*, fill in `year`.
- With `ICDP_REQUIRE_APPROVAL=true` new content waits at `ask` until a person answers under *Required actions*:
  approve, reject with a reason, or re-run the year from its refresh. What was decided goes into the edition.
- Unchanged content makes no new edition; changed content makes the next revision and supersedes the last one.

Success emits the asset `edition` for the year.
""",
)
def publish_index() -> None:
    """Wire draft → (ask → decide →) publish, or a new refresh."""

    # In the pool although most of it only reads: a writer would lock the warehouse against it.
    @task.branch(**WAREHOUSE)
    def draft() -> str:
        from icdp import gate

        return ask_or_publish(gate.to_decide(settings(), current_year()))

    @task.branch(**WAREHOUSE)
    def decide(answer: dict[str, object], content_sha256: str) -> list[str]:
        from icdp import gate

        return next_after(gate.decide(settings(), current_year(), content_sha256, answer))

    @task(**WAREHOUSE, outlets=[EDITION], trigger_rule="none_failed_min_one_success")
    def publish() -> str:
        from icdp import road

        summary = road.publish(settings(), current_year(), report=True)
        announce(EDITION)
        tell_lineage("warehouse", "published")
        return summary

    @task
    def rerun(answer: dict[str, object]) -> list[dict[str, object]]:
        return rerun_conf(answer)

    drafted, ask, published = draft(), asked(), publish()
    decided = decide(ask.output, "{{ ti.xcom_pull(task_ids='draft', key='request')['content_sha256'] }}")
    again = rerun(ask.output)
    drafted >> ask >> decided >> [published, again]
    drafted >> published
    refresh_of(again)


publish_index()
