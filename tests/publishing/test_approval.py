"""A year that waits for a person: what they are shown, that nothing passes without them, what the edition tells of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.publishing.test_verify import differences, edit, folder_of
from typer.testing import CliRunner

from icdp import gate, road
from icdp.catalog import Catalog
from icdp.cli.app import app
from icdp.decision import CHOICES, Decision, Request
from icdp.errors import DataError, NotFoundError
from icdp.publishing.approval import _plain
from icdp.publishing.reader import open_published
from icdp.replay import rebuilt
from icdp.settings import Settings
from icdp.warehouse import connection as warehouse

APPROVE, REJECT, RERUN = CHOICES
MORNING = datetime(2100, 1, 4, 1, tzinfo=UTC)  # after anything that a test publishes


def answer(chosen: str, reason: str = "", at: datetime = MORNING, **user: str) -> dict[str, Any]:
    """An answer as Airflow's operator returns it."""
    return {
        "chosen_options": [chosen],
        "params_input": {"reason": reason, "refetch": False},
        "responded_at": at,
        "responded_by_user": user or {"id": "7", "name": "synthetic analyst"},
    }


@pytest.fixture
def waiting(own: Settings) -> Settings:
    """2024 scored with another judgement and not published: synthetic, r2 waits."""
    edit(own.judgements / "project.csv", "infrastructure,compute,network,1,", "infrastructure,compute,network,3,")
    road.score(own, 2024)
    return replace(own, require_approval=True)


def ask(settings: Settings) -> Request:
    asked = gate.to_decide(settings, 2024)
    assert asked is not None
    return asked


def test_nobody_is_asked_unless_the_installation_wants_it(waiting: Settings) -> None:
    assert gate.to_decide(replace(waiting, require_approval=False), 2024) is None


def test_nobody_is_asked_about_what_stands_published(own: Settings) -> None:
    assert gate.to_decide(replace(own, require_approval=True), 2024) is None
    assert road.publish(replace(own, require_approval=True), 2024) == "2024-r1 unchanged"


def test_a_person_sees_ranking_changes_warnings_and_coverage(waiting: Settings) -> None:
    asked = ask(waiting)
    assert asked.subject == "发布 2024-r2？ Publish 2024-r2?"
    with warehouse.write(waiting.warehouse) as connection:
        ranking = connection.execute(
            "SELECT rank, adcode, score, tier FROM scores WHERE year = 2024 AND level = 0 ORDER BY rank, adcode"
        ).fetchall()
        warned = connection.execute(
            "SELECT check_id FROM quality_results WHERE year = 2024 AND NOT passed AND severity = 'warn'"
        ).fetchall()
        missing = connection.execute(
            "SELECT indicator FROM indicator_coverage WHERE year = 2024 AND NOT in_use"
        ).fetchall()
    with open_published(waiting.published) as db:
        names = dict(db.connection.execute("SELECT adcode, short_zh FROM provinces").fetchall())
        nodes = dict(db.connection.execute("SELECT node, name_zh FROM nodes").fetchall())
        before = dict(
            db.connection.execute("SELECT adcode, rank FROM scores WHERE year = 2024 AND level = 0").fetchall()
        )
    rows = [line for line in asked.body.splitlines() if line.startswith("| ") and names_in(line, names.values())]
    assert rows == [
        f"| {rank} | {names[adcode]} | {score:.2f} | {tier} | {before[adcode]} |"
        for rank, adcode, score, tier in ranking
    ]
    assert "与 2024-r1 对照" in asked.body
    assert warned
    for (check,) in warned:
        assert f"`{check}`" in asked.body
    for (indicator,) in missing:
        assert nodes[indicator] in asked.body
    moved = [adcode for rank, adcode, _, _ in ranking if before[adcode] != rank]
    assert moved
    assert "专家判断 judgements" in asked.body  # what was changed is what moved them


def names_in(line: str, names: Any) -> bool:
    return any(f"| {name} |" in line for name in names)


def test_a_year_without_any_edition_has_nothing_to_be_held_against(
    own: Settings, score_year: Callable[[Settings, int], None]
) -> None:
    score_year(own, 2019)
    asked = gate.to_decide(replace(own, require_approval=True), 2019)
    assert asked is not None
    assert "没有可对照的版本" in asked.body
    assert "发布 2019-r1？" in asked.subject


def test_nothing_passes_without_an_approval_of_exactly_this_content(waiting: Settings) -> None:
    with pytest.raises(DataError, match=r"year 2024: nobody approved these scores .* answer its request"):
        road.publish(waiting, 2024)
    asked = ask(waiting)
    gate.decide(waiting, 2024, "another content", answer(APPROVE))
    with pytest.raises(DataError, match="nobody approved"):
        road.publish(waiting, 2024)
    gate.decide(waiting, 2024, asked.content_sha256, answer(APPROVE, "looks right"))
    gate.decide(waiting, 2024, asked.content_sha256, answer(REJECT, "no, wait", MORNING + timedelta(hours=1)))
    with pytest.raises(DataError, match="nobody approved"):  # the last word counts
        road.publish(waiting, 2024)
    assert not folder_of(waiting, "2024-r2").exists()


def test_who_decided_what_and_when_goes_into_the_edition(waiting: Settings) -> None:
    asked = ask(waiting)
    gate.decide(waiting, 2024, asked.content_sha256, answer(REJECT, "  compare with <b>last</b> year  "))
    for _ in range(2):  # killed after the decision and started again
        gate.decide(waiting, 2024, asked.content_sha256, answer(APPROVE, "", MORNING + timedelta(days=1), id="chief"))
    assert gate.to_decide(waiting, 2024) is None
    assert road.publish(waiting, 2024) == "2024-r2 published"
    with open_published(waiting.published) as db:
        told = db.frame(
            "SELECT decision, decided_by, decided_at, reason, content_sha256 FROM approvals WHERE year = 2024"
        )
        edition = db.frame("SELECT content_sha256 FROM editions WHERE year = 2024")
    assert told.drop(columns="content_sha256").to_dict("list") == {
        "decision": ["rejected", "approved"],
        "decided_by": ["synthetic analyst", "chief"],
        "decided_at": [MORNING, MORNING + timedelta(days=1)],
        "reason": ["compare with <b>last</b> year", ""],
    }
    assert set(told["content_sha256"]) == set(edition["content_sha256"])
    with rebuilt(waiting, "2024-r2") as again:
        assert differences(folder_of(waiting, "2024-r2"), again) == []


def test_decisions_of_an_earlier_edition_are_not_told_again(waiting: Settings) -> None:
    gate.decide(waiting, 2024, ask(waiting).content_sha256, answer(APPROVE, "", datetime.now(UTC)))
    assert road.publish(waiting, 2024) == "2024-r2 published"
    edit(waiting.judgements / "project.csv", "infrastructure,compute,network,3,", "infrastructure,compute,network,2,")
    road.score(waiting, 2024)
    gate.decide(waiting, 2024, ask(waiting).content_sha256, answer(APPROVE, "third", datetime.now(UTC)))
    assert road.publish(waiting, 2024) == "2024-r3 published"
    with open_published(waiting.published) as db:
        assert db.frame("SELECT reason FROM approvals WHERE edition = '2024-r3'")["reason"].tolist() == ["third"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chosen_options": ["Yes"]}, "is no answer"),
        ({"chosen_options": []}, "is no answer"),
        ({"chosen_options": [APPROVE, REJECT]}, "is no answer"),
        ({"responded_by_user": None}, "names nobody"),
    ],
)
def test_what_is_no_answer_decides_nothing(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Decision.of(2024, "0" * 64, answer(APPROVE) | changed)


def test_text_from_outside_formats_nothing() -> None:
    assert _plain("a | b\n# <img src=x> [x](javascript:1)") == (r"a \| b \# \<img src=x\> \[x\]\(javascript:1\)")


@pytest.mark.parametrize(
    ("day", "year"),
    [(date(2026, 10, 29), 2024), (date(2026, 10, 30), 2025), (date(2027, 1, 1), 2025), (date(2026, 1, 1), 2024)],
)
def test_a_year_is_missed_when_its_day_and_the_patience_are_over(catalog: Catalog, day: date, year: int) -> None:
    assert (catalog.rules.publication.due, catalog.rules.publication.patience_days) == ("10-15", 14)
    assert catalog.rules.publication.newest_due(day) == year


def test_a_late_year_is_told_with_what_to_do(made: Settings) -> None:
    assert gate.overdue(made, date(2026, 10, 20)) == "2024: 2024-r1"
    with pytest.raises(NotFoundError, match="2025 has no edition, 14 days after it was due"):
        gate.overdue(made, date(2026, 11, 1))


def test_the_decisions_can_be_queried(waiting: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.decide(waiting, 2024, ask(waiting).content_sha256, answer(APPROVE, "seen"))
    road.publish(waiting, 2024)
    monkeypatch.setenv("ICDP_HOME", str(waiting.home))
    result = CliRunner().invoke(app, ["query", "SELECT edition, decided_by FROM approvals"])
    assert result.exit_code == 0
    assert "synthetic analyst" in result.output
