"""Start, watch and stop Airflow's processes; nothing started here is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psutil

from icdp.errors import IcdpError
from icdp.operation.home import STARTED_FOR, AirflowHome

PATIENCE_S = 8.0
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Components:
    """Airflow's processes of one command, each in a process group and with a log file of its own.

    Attributes:
        home: the Airflow home they work on.
        purpose: ``run`` (stopped when the block ends) or ``up`` (stays).
    """

    home: AirflowHome
    purpose: str
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start ``airflow name arguments`` beside us."""
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", name, *arguments],
                env=self.home.environment(self.purpose),
                cwd=self.home.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started[name] = process
        return process

    def finish(self, name: str) -> None:
        """Wait for a command that ends by itself.

        Raises:
            IcdpError: it ended with an error.
        """
        code = self.started[name].wait()
        del self.started[name]
        if code:
            raise IcdpError(f"airflow {name} ended with code {code}: {self._last_words(name)}; see {self.log(name)}")

    def watch(self) -> None:
        """Make sure that every component still runs.

        Raises:
            IcdpError: one has ended.
        """
        for name, process in self.started.items():
            if process.poll() is not None:
                raise IcdpError(
                    f"airflow {name} ended by itself (code {process.returncode}): "
                    f"{self._last_words(name)}; see {self.log(name)}"
                )

    def log(self, name: str) -> Path:
        """Return the log file of one component."""
        return self.home.logs / f"{name}.log"

    def __enter__(self) -> Components:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, except what ``up`` leaves running on success."""
        if self.purpose == "up" and kind is None:
            return
        # A second Ctrl-C must not interrupt the clearing away.
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING_SIGNALS}
        for process in self.started.values():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.started.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
        sweep(self.home, self.purpose)
        for process in self.started.values():
            process.wait()
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def _last_words(self, name: str) -> str:
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def ours(home: AirflowHome, purpose: str) -> list[psutil.Process]:
    """Return the live processes started here for ``purpose`` on this home, and no others."""
    wanted = {"AIRFLOW_HOME": str(home.path), STARTED_FOR: purpose}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            environment = process.environ()
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.pid != os.getpid() and wanted.items() <= environment.items():
                found.append(process)
    return found


def sweep(home: AirflowHome, purpose: str) -> int:
    """End what is still there of an earlier command (one that was killed, say); return how many processes."""
    count = 0
    # Again and again: a process may have been starting another while the list was made.
    for _ in range(10):
        processes = ours(home, purpose)
        if not processes:
            break
        count += len(processes)
        for process in processes:
            with suppress(psutil.Error):
                process.terminate()
        _, alive = psutil.wait_procs(processes, timeout=2.0)
        for process in alive:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=PATIENCE_S)
    return count


def wait_until(condition: str, reached: Callable[[], bool], components: Components, seconds: float = 180.0) -> None:
    """Poll until ``reached()`` is true.

    Raises:
        IcdpError: a component ended meanwhile, or the time is over.
    """
    deadline = time.monotonic() + seconds
    while not reached():
        components.watch()
        if time.monotonic() > deadline:
            raise IcdpError(f"{condition} was not reached in {seconds:.0f} s; see the logs in {components.home.logs}")
        time.sleep(0.2)
