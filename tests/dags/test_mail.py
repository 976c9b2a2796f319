"""Notices by mail, through Airflow's own notifier to a server on this machine; without recipients nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from icdp.operation.home import free_port


class Kept:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        self.to.append(list(envelope.rcpt_tos))
        return "250 kept"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    handler = Kept()
    port = free_port(8025)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    extra = "disable_ssl=true&disable_tls=true&from_email=icdp%40institute.example"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{port}/?{extra}")
    yield handler
    controller.stop()


def failure(dag_bag: Any) -> dict[str, Any]:
    """The context of a failed task, as far as a notice reads it."""
    from types import SimpleNamespace

    dag = dag_bag.dags["refresh_statistics"]
    return {
        "dag": dag,
        "ti": SimpleNamespace(task_id="check", log_url="http://127.0.0.1:8080/log"),
        "run_id": "manual__2026",
        "dag_run": SimpleNamespace(partition_key="2024"),
        "params": {"year": None},
        "exception": ValueError("year 2024: 1 checks failed <script>"),
    }


def test_a_failed_task_tells_everybody_named(kept: Kept, dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_ICDP_NOTIFY", "a@institute.example, b@institute.example")
    task = dag_bag.dags["refresh_statistics"].task_dict["check"]
    for notice in task.on_failure_callback:
        notice(failure(dag_bag))
    assert kept.to == [["a@institute.example", "b@institute.example"]]
    (mail,) = kept.mails
    assert mail["from"] == "icdp@institute.example"
    assert mail["subject"] == "ICDP: refresh_statistics · check 失败 failed (2024)"
    body = mail.get_body(("html", "plain"))
    assert body is not None
    text = body.get_content()
    assert "year 2024: 1 checks failed &lt;script&gt;" in text
    assert "http://127.0.0.1:8080/log" in text


def test_every_task_tells_of_its_failure(dag_bag: Any) -> None:
    from icdp.assets import FAILED

    silent = [
        f"{dag.dag_id}.{task.task_id}"
        for dag in dag_bag.dags.values()
        for task in dag.tasks
        if [type(notice) for notice in task.on_failure_callback] != [type(FAILED)]
    ]
    assert silent == []


def test_without_recipients_nothing_is_sent(kept: Kept, dag_bag: Any) -> None:
    from icdp.assets import FAILED

    FAILED(failure(dag_bag))
    assert kept.mails == []


def test_a_waiver_is_told_and_a_year_without_one_is_not(
    kept: Kept, dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from icdp.assets import WAIVED

    monkeypatch.setenv("AIRFLOW_VAR_ICDP_NOTIFY", "a@institute.example")
    context = failure(dag_bag)
    for said in ("2024: 130 checks, 3 warnings", "2024: 130 checks, 3 warnings, 1 waived"):
        context["ti"].xcom_pull = lambda task_ids, said=said: said
        WAIVED(context)
    assert [mail["subject"] for mail in kept.mails] == ["ICDP: 有豁免 a check is waived (2024)"]
    check = dag_bag.dags["refresh_statistics"].task_dict["check"]
    assert [type(notice) for notice in check.on_success_callback] == [type(WAIVED)]


def test_a_mail_server_that_is_down_stops_nothing(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from icdp.assets import FAILED

    monkeypatch.setenv("AIRFLOW_VAR_ICDP_NOTIFY", "a@institute.example")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://127.0.0.1:1/?disable_ssl=true&retry_limit=1&timeout=1")
    FAILED(failure(dag_bag))
    assert "no mail could be sent to ['a@institute.example']" in caplog.text
