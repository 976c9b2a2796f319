"""The real scheduler with a person in the way: one year waits and holds up no other; reject, re-run, approve."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
import requests

from icdp.decision import CHOICES
from icdp.operation import commands
from icdp.operation.api import AirflowApi, Json
from icdp.operation.components import Components
from icdp.operation.follow import Chain

pytestmark = pytest.mark.scheduler
APPROVE, REJECT, RERUN = CHOICES


class Person(threading.Thread):
    """Answers each year's requests in turn, as somebody at the page would.

    Attributes:
        answers: year -> what to answer to its first, second, … request, and why.
        ready: year -> asked before a year is answered.
        seen: the requests answered.
        refused: what went wrong on the way, e.g. a database that was busy; asked again each time.
    """

    def __init__(
        self, api: AirflowApi, answers: dict[int, list[tuple[str, str]]], ready: dict[int, Callable[[], bool]]
    ) -> None:
        super().__init__(daemon=True)
        self.dags, self.session, self.answers, self.ready = f"{api.root}/api/v2/dags", api.session, answers, ready
        self.seen: list[Json] = []
        self.refused: list[requests.RequestException] = []

    def run(self) -> None:
        # As long as the test: a person who leaves before the last answer would let it wait for ever.
        while any(self.answers.values()):
            try:
                self.look()
            except requests.RequestException as error:
                self.refused.append(error)
            time.sleep(0.3)

    def look(self) -> None:
        # Airflow writes a request down before its task waits; an answer in between would wake nobody.
        for request in (r for r in self.unanswered() if r["task_instance"]["state"] == "awaiting_input"):
            year = int(re.findall(r"[0-9]{4}", request["subject"])[0])
            if self.answers[year] and self.ready.get(year, lambda: True)():
                chosen, reason = self.answers[year][0]
                self.answer(request, chosen, reason=reason, refetch=False)
                self.answers[year].pop(0)
                self.seen.append(request)

    def unanswered(self) -> list[Json]:
        wanted = {"limit": "100", "response_received": "false"}
        answer = self.session.get(f"{self.dags}/~/dagRuns/~/hitlDetails", params=wanted, timeout=30)
        answer.raise_for_status()
        return list(answer.json()["hitl_details"])

    def answer(self, request: Json, chosen: str, **fields: object) -> None:
        task = request["task_instance"]
        path = f"{task['dag_id']}/dagRuns/{quote(task['dag_run_id'])}/taskInstances/{task['task_id']}/-1/hitlDetails"
        body = {"chosen_options": [chosen], "params_input": fields}
        self.session.patch(f"{self.dags}/{path}", json=body, timeout=30).raise_for_status()


def test_a_waiting_year_holds_up_no_other_and_a_person_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICDP_HOME", str(tmp_path))
    monkeypatch.setenv("ICDP_REQUIRE_APPROVAL", "true")
    editions = tmp_path / "published" / "editions"
    persons = []

    def begin(api: AirflowApi, components: Components) -> list[Chain]:
        answers = {
            2022: [(REJECT, "synthetic: check the power figures")],
            2023: [(RERUN, "synthetic: once more"), (APPROVE, "synthetic: now right")],
            2024: [(APPROVE, "")],
        }
        # 2022 and 2023 wait until 2024 is published: they must not be in its way.
        after_2024 = (editions / "2024-r1").is_dir
        person = Person(api, answers, {2022: after_2024, 2023: after_2024})
        person.start()
        persons.append(person)
        return [
            Chain(year, api.trigger("refresh_statistics", {"partition_key": str(year)})) for year in (2022, 2023, 2024)
        ]

    assert commands.make("three years", begin) == 1
    said = capsys.readouterr().out
    assert "2024: edition 2024-r1 published" in said
    assert "2023: edition 2023-r1 published" in said
    assert "not published, rejected by admin: synthetic: check the power figures" in said
    # At least the two that waited for 2024; an answer that comes at once is not waited for.
    assert said.count("等待批准 waits for a decision: http://127.0.0.1:") >= 2
    assert sorted(path.name for path in editions.iterdir()) == ["2023-r1", "2024-r1"]
    with duckdb.connect(str(tmp_path / "published" / "icdp.duckdb"), read_only=True) as connection:
        told = connection.execute(
            "SELECT year, decision, decided_by, reason FROM approvals ORDER BY decided_at"
        ).fetchall()
    assert sorted(told) == [
        (2023, "approved", "admin", "synthetic: now right"),
        (2023, "rerun", "admin", "synthetic: once more"),
        (2024, "approved", "admin", ""),
    ]
    (person,) = persons
    body = next(request["body"] for request in person.seen if "2024-r1" in request["subject"])
    assert "| 1 | " in body
    assert "变化最大" in body

    # What is published is not asked about again, whoever rejected what before.
    def again(api: AirflowApi, components: Components) -> list[Chain]:
        return [Chain(2024, api.trigger("refresh_statistics", {"partition_key": "2024"}))]

    assert commands.make("2024", again) == 0
    assert "2024: edition 2024-r1 unchanged" in capsys.readouterr().out
