"""Follow years through the three DAGs until each has an edition or has failed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from icdp.decision import Decision
from icdp.errors import IcdpError
from icdp.operation import DAGS
from icdp.operation.api import UNFINISHED_STATES, AirflowApi, Json
from icdp.operation.components import Components

POLL_S = 0.7
# An asset event becomes a run within a second or two; far beyond that nothing will come.
HANDOVER_S = 60.0


@dataclass
class Chain:
    """One year on its way: the run of the present DAG, and in the end an outcome or a failure.

    Attributes:
        year: the statistical year.
        run_id: the run of ``DAGS[position]``.
        position: which of the three DAGs.
        outcome: what the publishing task returned.
        failure: why the year stopped.
    """

    year: int
    run_id: str
    position: int = 0
    outcome: str | None = None
    failure: str | None = None
    waiting_since: float | None = None

    @property
    def dag_id(self) -> str:
        """The DAG the year is in."""
        return DAGS[self.position]

    @property
    def is_open(self) -> bool:
        """Whether the year is still on its way."""
        return self.outcome is None and self.failure is None


@dataclass
class Follower:
    """Polls Airflow and prints one line for each finished task (or DAG run).

    Attributes:
        api: the API session.
        components: watched meanwhile.
        console: where progress goes.
        by_task: a line for each task, else one for each DAG run.
    """

    api: AirflowApi
    components: Components
    console: Console
    by_task: bool = True
    said: set[tuple[str, ...]] = field(default_factory=set)
    origins: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def follow(self, chains: list[Chain]) -> None:
        """Wait until every chain has an outcome or a failure, and nothing is at work any more.

        Raises:
            IcdpError: a component of Airflow ended meanwhile.
        """
        while True:
            self.components.watch()
            runs = {dag_id: self.api.runs(dag_id) for dag_id in DAGS}
            for chain in chains:
                if chain.is_open:
                    self._advance(chain, runs)
            if not any(chain.is_open for chain in chains) and not self._at_work(runs, chains):
                return
            time.sleep(POLL_S)

    def _advance(self, chain: Chain, runs: dict[str, dict[str, Json]]) -> None:
        run = runs[chain.dag_id].get(chain.run_id)
        if run is None:
            raise IcdpError(f"Airflow lost run {chain.run_id} of {chain.dag_id}; start again")
        self._report_tasks(chain, run)
        if run["state"] == "failed":
            chain.failure = self._failure(chain)
        elif run["state"] == "success":
            self._report_run(chain, run)
            self._hand_over(chain, runs)

    def _hand_over(self, chain: Chain, runs: dict[str, dict[str, Json]]) -> None:
        """Take the run the finished one woke; at the last DAG, note what it made."""
        if chain.dag_id == DAGS[-1]:
            self._end(chain)
            return
        following = DAGS[chain.position + 1]
        candidates = [run for run in runs[following].values() if run["partition_key"] == str(chain.year)]
        for run in candidates:
            if chain.run_id in self._origins(following, run):
                chain.position += 1
                chain.run_id, chain.waiting_since = run["dag_run_id"], None
                return
        if any(run["start_date"] is None for run in candidates):
            return
        chain.waiting_since = chain.waiting_since or time.monotonic()
        if time.monotonic() - chain.waiting_since > HANDOVER_S:
            chain.failure = f"{chain.dag_id} succeeded but did not start {following}; see {self._scheduler_log()}"

    def _end(self, chain: Chain) -> None:
        """Note what the last DAG made, or what a person decided instead."""
        states = {task["task_id"]: task["state"] for task in self.api.tasks(chain.dag_id, chain.run_id)}
        if states["publish"] != "skipped":
            chain.outcome = self.api.returned(chain.dag_id, chain.run_id, "publish")
            return
        decision = Decision.of(chain.year, "", self.api.answered(chain.dag_id, chain.run_id, "ask"))
        told = f"{decision.decision} by {decision.decided_by}: {decision.reason or 'no reason given'}"
        if decision.decision == "rerun":
            self._line("↻", "yellow", chain, "decide", told)
            chain.run_id = str(self.api.left(chain.dag_id, chain.run_id, "refresh", "trigger_run_id", 0))
            chain.position = 0
        else:
            chain.failure = f"not published, {told}"

    def _origins(self, dag_id: str, run: Json) -> set[str]:
        if run["start_date"] is None:
            return set()  # Airflow 3.3 answers this question about a queued run with an internal error
        # What woke a run is fixed when the run is made.
        key = (dag_id, str(run["dag_run_id"]))
        if key not in self.origins:
            self.origins[key] = self.api.woken_by(*key)
        return self.origins[key]

    def _at_work(self, runs: dict[str, dict[str, Json]], chains: list[Chain]) -> bool:
        """Tell whether some run of a year we made is still at work (one left by an interrupted start, say)."""
        years = {str(chain.year) for chain in chains}
        return any(
            run["state"] in UNFINISHED_STATES and run["partition_key"] in years
            for of_dag in runs.values()
            for run in of_dag.values()
        )

    def _report_tasks(self, chain: Chain, run: Json) -> None:
        # Whoever asked for seven years is told of no task, but of those that wait for a person.
        if run["state"] == "queued" or not (self.by_task or chain.dag_id == DAGS[-1]):
            return
        for task in self.api.tasks(chain.dag_id, chain.run_id):
            key = (chain.run_id, task["task_id"], str(task["map_index"]), str(task["try_number"]), str(task["state"]))
            if key in self.said:
                continue
            self.said.add(key)
            if task["state"] == "awaiting_input":
                where = f"{self.api.root}/required_actions"
                self._line("?", "yellow", chain, _name(task), f"等待批准 waits for a decision: {where}")
            elif not self.by_task:
                continue
            elif task["state"] == "success":
                self._line("✓", "green", chain, _name(task), f"{task['duration'] or 0:.1f} s")
            elif task["state"] == "failed":
                self._line("✗", "red", chain, _name(task), last_error(self._task_log(chain, task)))
            elif task["state"] == "up_for_retry":
                reason = last_error(self._task_log(chain, task))
                self._line("…", "yellow", chain, _name(task), f"will be tried again: {reason}")

    def _report_run(self, chain: Chain, run: Json) -> None:
        key = (chain.run_id, "run")
        if not self.by_task and key not in self.said:
            self.said.add(key)
            self._line("✓", "green", chain, "", f"{run['duration'] or 0:.1f} s")

    def _line(self, mark: str, colour: str, chain: Chain, what: str, more: str) -> None:
        parts = [part for part in (chain.dag_id, what) if part]
        self.console.print(
            Text.assemble(f"  {chain.year} ", (mark, colour), f" {' · '.join(parts)}  ", (more, "dim")), soft_wrap=True
        )

    def _failure(self, chain: Chain) -> str:
        failed = [task for task in self.api.tasks(chain.dag_id, chain.run_id) if task["state"] == "failed"]
        if not failed:
            return f"{chain.dag_id} failed without a failed task; see {self._scheduler_log()}"
        logs = {_name(task): self._task_log(chain, task) for task in failed}
        return "\n".join(f"{chain.dag_id} · {name}: {last_error(log)}\n  log: {log}" for name, log in logs.items())

    def _task_log(self, chain: Chain, task: Json) -> Path:
        folder = self.components.home.logs / f"dag_id={chain.dag_id}" / f"run_id={chain.run_id}"
        folder /= f"task_id={task['task_id']}"
        if task["map_index"] >= 0:
            folder /= f"map_index={task['map_index']}"
        return folder / f"attempt={task['try_number']}.log"

    def _scheduler_log(self) -> Path:
        return self.components.log("scheduler")


def _name(task: Json) -> str:
    """Return a task's name; of a mapped one with what it was mapped over."""
    name = str(task["task_id"]).rsplit(".", 1)[-1]
    return f"{name} {task['rendered_map_index']}" if task.get("rendered_map_index") else name


def last_error(log: Path) -> str:
    """Return the message of the last exception in a task log (JSON lines), or its last error line."""
    if not log.exists():
        return "the task left no log"
    message = "the log holds no error"
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict):
            continue
        if details := entry.get("error_detail"):
            raised = details[0]  # the ones after it are its causes
            message = f"{raised.get('exc_type')}: {raised.get('exc_value')}"
        elif str(entry.get("level")).lower() in ("error", "critical"):
            message = str(entry.get("event"))
    return message
