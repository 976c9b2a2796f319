"""The Airflow home of this machine (``$ICDP_HOME/airflow``): configuration, secrets, lock.

Everything Airflow needs stands in its ``airflow.cfg``, so that ``AIRFLOW_HOME=var/airflow airflow …`` by hand
sees the same installation as ``make run`` does.
"""

from __future__ import annotations

import base64
import configparser
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from icdp.errors import IcdpError
from icdp.settings import INCLUDE, REPOSITORY, Settings, inherited_environment

HOST = "127.0.0.1"
USER = "admin"
# Both stand in the environment of every process started here, and in no other: see components.sweep.
STARTED_FOR = "AIRFLOW_STARTED_FOR"
POOLS = INCLUDE / "pools.json"

# A cluster policy of Airflow: with an end date behind it the clock of a DAG makes no run, now or in later years,
# while runs by hand, backfills and asset events go on as ever. (Unpausing would otherwise make the newest year.)
# Tasks are forks of the scheduler: what it has loaded none of them need load, which takes longer than many a task. Not
# where Airflow stays up (`up`): there a change to the code is to be heeded by the next task.
ONE_COMMAND = '''"""Written by `python -m icdp.operation`: only the years asked for are made; the schedule rests."""

import sys

if "scheduler" in sys.argv:
    import icdp.gate
    import icdp.report.making
    import icdp.road


def dag_policy(dag):
    """Let the clock of every DAG rest."""
    dag.end_date = dag.start_date
'''


@dataclass(frozen=True, slots=True)
class AirflowHome:
    """Paths and settings of one local Airflow.

    Attributes:
        settings: where the project's state lies.
    """

    settings: Settings

    @property
    def path(self) -> Path:
        """``AIRFLOW_HOME``."""
        return self.settings.home / "airflow"

    @property
    def logs(self) -> Path:
        """Task logs (by DAG, run and task) and one file for each component."""
        return self.path / "logs"

    @property
    def passwords(self) -> Path:
        """The file Airflow's login reads; mode 0600."""
        return self.path / "simple_auth_manager_passwords.json.generated"

    @property
    def database(self) -> Path:
        """Airflow's metadata (SQLite)."""
        return self.path / "airflow.db"

    @property
    def unfinished(self) -> Path:
        """Present while years are being made; still there afterwards when that was interrupted."""
        return self.path / "unfinished.json"

    @property
    def policy(self) -> Path:
        """What one command adds to Airflow: the schedule rests, tasks start loaded; absent under ``up``."""
        return self.path / "config" / "airflow_local_settings.py"

    def password(self) -> str:
        """Return the password of the user ``admin``."""
        return str(json.loads(self.passwords.read_text(encoding="utf-8"))[USER])

    def prepare(self, *, by_clock: bool) -> int:
        """Write configuration, secrets and policy.

        Args:
            by_clock: whether the yearly schedule is alive (``up``) or rests (``run``, ``backfill``).

        Returns:
            The port of the API server.
        """
        for folder in (self.path, self.logs, self.policy.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)  # its database and logs are nobody else's business
        self.policy.unlink(missing_ok=True)
        if not by_clock:
            self.policy.write_text(ONE_COMMAND, encoding="utf-8")
        keys = self._keys()
        if not self.passwords.exists():
            _write_secret(self.passwords, json.dumps({USER: secrets.token_urlsafe(12)}))
        port = free_port(8080)
        _write_secret(self.path / "airflow.cfg", self._configuration(port, keys))
        return port

    def environment(self, purpose: str) -> dict[str, str]:
        """Return the environment of a child: ours without foreign Airflow settings, with this home.

        Args:
            purpose: ``run`` or ``up``; marks the process as started here.
        """
        inherited = inherited_environment()
        ours = {name: value for name, value in inherited.items() if not name.startswith("AIRFLOW")}
        python_path = [str(INCLUDE), *filter(None, [inherited.get("PYTHONPATH")])]
        return {
            **ours,
            "ICDP_HOME": str(self.settings.home),
            "AIRFLOW_HOME": str(self.path),
            STARTED_FOR: purpose,
            "PYTHONPATH": os.pathsep.join(python_path),
            "PYTHONWARNINGS": "ignore",
            # Process titles would otherwise be written over the environment that components.sweep reads.
            "SPT_NOENV": "1",
        }

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of this home, so that no second command works on it.

        Raises:
            IcdpError: another process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise IcdpError(
                    f"process {file.read().strip() or '?'} is already at work on {self.settings.home}; "
                    "wait until it has ended, or set ICDP_HOME to another folder"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _keys(self) -> dict[str, str]:
        path = self.path / "keys.json"
        if not path.exists():
            keys = {
                "jwt_secret": secrets.token_urlsafe(48),
                "secret_key": secrets.token_urlsafe(32),
                "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
            }
            _write_secret(path, json.dumps(keys))
        return {str(name): str(value) for name, value in json.loads(path.read_text(encoding="utf-8")).items()}

    def _configuration(self, port: int, keys: dict[str, str]) -> str:
        sections = {
            "core": {
                "executor": "LocalExecutor",
                "parallelism": str(max(2, min(os.cpu_count() or 2, 8))),  # forked at once, hence no more than cores
                "dags_folder": str(REPOSITORY / "dags"),
                "plugins_folder": str(REPOSITORY / "plugins"),
                "load_examples": "False",
                "fernet_key": keys["fernet_key"],
                "execution_api_server_url": f"http://{HOST}:{port}/execution/",
                "simple_auth_manager_users": f"{USER}:admin",
                "simple_auth_manager_passwords_file": str(self.passwords),
            },
            "database": {"sql_alchemy_conn": f"sqlite:///{self.database}"},
            "api": {
                "host": HOST,
                "port": str(port),
                "base_url": f"http://{HOST}:{port}",
                "workers": "1",
                "secret_key": keys["secret_key"],
            },
            "api_auth": {"jwt_secret": keys["jwt_secret"]},
            "logging": {"base_log_folder": str(self.logs)},
            "scheduler": {"scheduler_idle_sleep_time": "0.2"},
            "dag_processor": {"refresh_interval": "30"},
        }
        lines = ["# Written anew by `python -m icdp.operation` at every start."]
        for section, options in sections.items():
            lines += ["", f"[{section}]", *(f"{name} = {value.replace('%', '%%')}" for name, value in options.items())]
        return "\n".join(lines) + "\n"

    def port(self) -> int:
        """Return the port written at the last start."""
        parser = configparser.ConfigParser()
        parser.read(self.path / "airflow.cfg", encoding="utf-8")
        return parser.getint("api", "port")


def free_port(wanted: int) -> int:
    """Return ``wanted`` if nobody listens there, else a free port of the loopback address."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As the server itself does: a port still waiting after a stopped server counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise IcdpError(f"no free port on {HOST}; end a server you do not need and start again")


def _write_secret(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    draft = path.with_suffix(path.suffix + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
