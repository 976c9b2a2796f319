"""The little of Airflow's REST API (v2) that the runner needs."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

import requests

from icdp.errors import IcdpError
from icdp.operation.home import HOST, USER

Json = dict[str, Any]
UNFINISHED_STATES = ("queued", "running")


class AirflowApi:
    """One logged-in session with the API server on this machine."""

    def __init__(self, port: int) -> None:
        """Prepare a session; nothing is sent yet."""
        self.root = f"http://{HOST}:{port}"
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy of the environment has no business with the loopback address

    def is_up(self) -> bool:
        """Tell whether the server answers."""
        try:
            return self.session.get(f"{self.root}/api/v2/version", timeout=2).ok
        except requests.RequestException:
            return False

    def health(self, component: str) -> bool:
        """Tell whether a component reports itself healthy."""
        state = self._call("GET", "monitor/health").get(component) or {}
        return state.get("status") == "healthy"

    def log_in(self, password: str) -> None:
        """Get a token for the user ``admin``."""
        answer = self._request("POST", f"{self.root}/auth/token", {"username": USER, "password": password})
        self.session.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def set_pool(self, name: str, pool: Json) -> None:
        """Create a pool, or bring it to the wanted size."""
        known = {found["name"] for found in self._call("GET", "pools", limit=100)["pools"]}
        if name in known:
            self._call("PATCH", f"pools/{quote(name)}", {"pool": name, **pool})
        else:
            self._call("POST", "pools", {"name": name, **pool})

    def dags(self) -> dict[str, Json]:
        """Return the DAGs that were parsed, by id."""
        return {dag["dag_id"]: dag for dag in self._call("GET", "dags", limit=100)["dags"]}

    def import_errors(self) -> list[str]:
        """Return what went wrong while parsing, one text for each file."""
        errors = self._call("GET", "importErrors", limit=100)["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Pause or unpause a DAG."""
        self._call("PATCH", f"dags/{dag_id}", {"is_paused": paused})

    def trigger(self, dag_id: str, body: Json) -> str:
        """Start a run by hand; return its id."""
        return str(self._call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, **body})["dag_run_id"])

    def runs(self, dag_id: str) -> dict[str, Json]:
        """Return the newest runs of a DAG by run id."""
        found = self._call("GET", f"dags/{dag_id}/dagRuns", limit=100, order_by="-id")["dag_runs"]
        return {run["dag_run_id"]: run for run in found}

    def woken_by(self, dag_id: str, run_id: str) -> set[str]:
        """Return the ids of the runs whose asset events started a run."""
        events = self._call("GET", f"dags/{dag_id}/dagRuns/{quote(run_id)}/upstreamAssetEvents")["asset_events"]
        return {str(event["source_run_id"]) for event in events}

    def tasks(self, dag_id: str, run_id: str) -> list[Json]:
        """Return the task instances of a run."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
        return cast("list[Json]", self._call("GET", path, limit=100)["task_instances"])

    def returned(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Return what a task returned, as text."""
        return str(self.left(dag_id, run_id, task_id, "return_value"))

    def left(self, dag_id: str, run_id: str, task_id: str, key: str, map_index: int = -1) -> Any:
        """Return what a task left under a key."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}/xcomEntries/{key}"
        return self._call("GET", path, map_index=map_index, deserialize=False)["value"]

    def answered(self, dag_id: str, run_id: str, task_id: str) -> Json:
        """Return the answer a task waited for."""
        return self._call("GET", f"dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}/-1/hitlDetails")

    def abandon(self, dag_id: str, run_id: str, note: str) -> None:
        """Mark an unfinished run as failed."""
        self._call("PATCH", f"dags/{dag_id}/dagRuns/{quote(run_id)}", {"state": "failed", "note": note})

    def cancel_backfills(self, dag_id: str) -> None:
        """Cancel every backfill that has not ended."""
        for backfill in self._call("GET", "backfills", dag_id=dag_id, limit=100)["backfills"]:
            if backfill["completed_at"] is None:
                self._call("PUT", f"backfills/{backfill['id']}/cancel")

    def _call(self, method: str, path: str, body: Json | None = None, **query: object) -> Json:
        return self._request(method, f"{self.root}/api/v2/{path}", body, query)

    def _request(self, method: str, url: str, body: Json | None, query: dict[str, object] | None = None) -> Json:
        parameters = {name: str(value) for name, value in (query or {}).items()}
        try:
            answer = self.session.request(method, url, json=body, params=parameters, timeout=30)
        except requests.RequestException as error:
            raise IcdpError(f"Airflow's API server does not answer {method} {url}: {error}") from error
        if not answer.ok:
            raise IcdpError(f"Airflow refused {method} {url}: {answer.status_code} {answer.text[:500]}")
        return cast("Json", answer.json())
