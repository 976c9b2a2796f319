"""The monthly look: which sources and years, what counts as a change, and that only changed years are refreshed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from icdp import road
from icdp.settings import Settings


def test_order_of_the_watch(dag_bag: Any) -> None:
    tasks = dag_bag.dags["watch_sources"].task_dict
    assert {name: sorted(task.upstream_task_ids) for name, task in tasks.items()} == {
        "plan": [],
        "look": ["plan"],
        "changed": ["look"],
        "refresh": ["changed"],
    }
    assert tasks["refresh"].partial_kwargs["trigger_dag_id"] == "refresh_statistics"
    # With one, `make run` would start a run without tasks: its start dates lie far ahead.
    assert tasks["refresh"].partial_kwargs["logical_date"] is None


def test_a_failed_source_takes_no_other_down(dag_bag: Any) -> None:
    refresh, watch = dag_bag.dags["refresh_statistics"].task_dict, dag_bag.dags["watch_sources"].task_dict
    assert [task.trigger_rule.value for task in (refresh["each_source.stage"], refresh["load"], watch["changed"])] == [
        "all_done"
    ] * 3
    assert refresh["check"].trigger_rule.value == "all_success"


def test_with_shipped_figures_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert road.open_looks(Settings(home=tmp_path), date(2026, 11, 5)) == []


def test_every_live_source_is_looked_at_for_the_open_years(tmp_path: Path) -> None:
    looks = road.open_looks(replace(Settings(home=tmp_path), channel="live"), date(2026, 11, 5))
    assert {look["year"] for look in looks} == {2024, 2025}
    live = [source for source in road.plan(Settings(home=tmp_path, channel="live"), 2024) if source != "facts"]
    assert {look["source"] for look in looks} <= set(live)
    assert len(looks) == len(live) * 2


def test_a_year_never_taken_is_left_to_its_own_run(tmp_path: Path) -> None:
    assert road.look(Settings(home=tmp_path), "facts", 2024) is None


def test_each_changed_year_is_refreshed_once() -> None:
    assert road.to_refresh([2024, None, 2025, 2024]) == [{"year": 2024}, {"year": 2025}]
