"""The services of docker-compose.yaml as processes of this machine: their commands, variables and volumes, no container.

What a container would give is put in its place: a volume is a folder, the name of a service is a port of the loopback
address, ``restart: unless-stopped`` is a thread that starts again what has ended.
"""

from __future__ import annotations

import base64
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import requests
from tests.deployment import compose

BIN = Path(sys.executable).parent
MARK = "ICDP_TEST_TOPOLOGY"
POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), default=None)
PATIENCE_S = 240.0


class FailedError(AssertionError):
    """The topology did not do what it should in time."""


def lacking() -> list[str]:
    """Return which servers of Debian this machine has not."""
    found = {"postgresql": POSTGRES, "redis-server": shutil.which("redis-server"), "moto": BIN / "moto_server"}
    return [name for name, path in found.items() if path is None or not Path(path).exists()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Topology:
    """Every process of the distributed profile, each in folders of its own under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = {
            name: free_port() for name in ("postgres", "redis", "api-server", "objects", "health", "health-2")
        }
        self.variables = {
            **compose.SECRETS,
            **compose.DISTRIBUTED,
            "FERNET_KEY": base64.urlsafe_b64encode(b"synthetic" * 4)[:43].decode() + "=",
            "JWT_SECRET": "synthetic" * 4,
            "ICDP_CHANNEL": "facts",
            # So that a test need not wait for what takes minutes in production.
            "HEARTBEAT_TIMEOUT": "30",
            "QUEUED_TIMEOUT": "60",
        }
        self.services = compose.services(self.variables)
        # Not under root: every pytest that starts on this machine shuts its folder of temporary files to other users.
        self.postgres = Path(tempfile.mkdtemp(prefix="icdp-postgres-"))
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.starts: dict[str, Callable[[], subprocess.Popen[bytes]]] = {}
        self.ended_by_itself: list[str] = []
        self.lock = threading.RLock()
        self.closed = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.session = requests.Session()

    # -- life -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Topology:
        try:
            self._up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _up(self) -> None:
        (self.root / "logs").mkdir(parents=True)
        self._start("postgres", self._postgres)
        self.wait("Postgres", lambda: self._listens("postgres"))
        self._start("redis", self._redis)
        self._start("objects", self._objects)
        self.wait("Redis", lambda: self._listens("redis"))
        self.wait("object storage", lambda: self._listens("objects"))
        self._once("bucket")
        self._create_database()
        self._once("init")
        for name in ("api-server", "dag-processor", "scheduler", "triggerer"):
            self._start(name, lambda name=name: self._ours(name, name))
        for number in (1, 2):
            self._start(f"worker-{number}", lambda n=number: self._ours("worker", f"worker-{n}"))
        self._start("worker-warehouse", lambda: self._ours("worker-warehouse", "worker-warehouse"))
        self.watcher.start()
        self.wait("API server", self._log_in)
        self.wait("DAGs", lambda: len(self.get("dags")["dags"]) == 5)
        self.wait("scheduler", lambda: self.get("monitor/health")["scheduler"]["status"] == "healthy")

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        if self.watcher.is_alive():
            self.watcher.join()
        for process in reversed(self.running.values()):
            _kill(process.pid)
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == str(self.root):
                    process.kill()
        shutil.rmtree(self.postgres, ignore_errors=True)

    def second_scheduler(self) -> None:
        """Start a scheduler beside the one there is, as `--scale scheduler=2` would."""
        with self.lock:
            self._start("scheduler-2", lambda: self._ours("scheduler", "scheduler-2"))

    def restored_metadata(self, dump: Path) -> None:
        """Write the metadata database out, lose it, and restore it, while nothing that uses it runs."""
        assert POSTGRES
        names = [name for name in self.running if name not in ("postgres", "redis", "objects")]
        address = ["-h", "127.0.0.1", "-p", str(self.ports["postgres"]), "-U", "airflow"]
        environment = {"PGPASSWORD": self.variables["POSTGRES_PASSWORD"], "PATH": "/usr/bin:/bin"}
        with self.lock:
            for name in names:
                _kill(self.running[name].pid)
                self.running[name].wait()
            for tool, *arguments in (
                ("pg_dump", "--format", "custom", "--file", str(dump), "airflow"),
                ("dropdb", "airflow"),
                ("createdb", "airflow"),
                ("pg_restore", "--dbname", "airflow", "--exit-on-error", str(dump)),
            ):
                command = [POSTGRES.with_name(tool), *address, *arguments]
                subprocess.run(command, env=environment, check=True, capture_output=True)
            for name in names:
                self.running[name] = self.starts[name]()
        self.wait("API server", self._log_in)

    def kill(self, name: str) -> None:
        """SIGKILL a service with all its processes, as the end of its container would, and start it again."""
        with self.lock:
            _kill(self.running[name].pid)
            self.running[name].wait()
            self.running[name] = self.starts[name]()

    def _start(self, name: str, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.starts[name] = start
        self.running[name] = start()

    def _watch(self) -> None:
        """Restart what ended by itself, as the file says of every server."""
        while not self.closed.wait(1.0):
            with self.lock:
                for name, process in self.running.items():
                    if process.poll() is not None:
                        self.ended_by_itself.append(name)
                        self.running[name] = self.starts[name]()

    def wait(self, what: str, reached: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        """Poll until ``reached()``."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(requests.RequestException, OSError, KeyError):
                if reached():
                    return
            if time.monotonic() > deadline:
                raise FailedError(
                    f"{what} was not reached in {seconds:.0f} s; ended: {self.ended_by_itself}; {self.root}/logs"
                )
            time.sleep(0.25)

    def _listens(self, name: str) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports[name])) == 0

    # -- processes ------------------------------------------------------------------------------------------------

    def environment(self, service: str, instance: str) -> dict[str, str]:
        """Return what a process of a service sees: the image's variables and the file's, with our folders and ports."""
        given = compose.image_environment() | self.services[service].environment
        translated = {name: self._here(value, service, instance) for name, value in given.items()}
        return {
            **translated,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.ports["api-server"]),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(
                self.ports["health-2" if instance == "scheduler-2" else "health"]
            ),
            "PATH": f"{BIN}:/usr/bin:/bin",
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            MARK: str(self.root),
            # Process titles would otherwise be written over the environment that the clearing away reads.
            "SPT_NOENV": "1",
        }

    def _here(self, text: str, service: str, instance: str) -> str:
        volumes = {mount.target: self.root / "volumes" / mount.volume for mount in self.services[service].mounts}
        own = self.root / "containers" / instance
        folders = {"/opt/airflow": own / "airflow", "/opt/state": own / "state", "/opt/icdp": compose.ROOT} | volumes
        for target, folder in sorted(folders.items(), key=lambda pair: -len(pair[0])):
            if folder != compose.ROOT:
                folder.mkdir(parents=True, exist_ok=True)
            text = text.replace(target, str(folder))
        if (published := volumes.get("/opt/state/published")) is not None:
            link = folders["/opt/state"] / "published"
            if not link.exists():
                link.symlink_to(published)
        hosts = {
            "@postgres/": "postgres",
            "api-server:8080": "api-server",
            "redis:6379": "redis",
            "objects:8333": "objects",
        }
        for written, name in hosts.items():
            put = f"127.0.0.1:{self.ports[name]}"
            text = text.replace(written, f"@{put}/" if written.startswith("@") else put)
        return text

    def _ours(self, service: str, instance: str) -> subprocess.Popen[bytes]:
        arguments = [self._here(part, service, instance) for part in self.services[service].arguments]
        if "celery" in arguments:
            arguments += ["--celery-hostname", f"{instance}@%h"]  # in containers each has a host name of its own
        return self._spawn(instance, arguments, self.environment(service, instance))

    def _once(self, service: str) -> None:
        if self._ours(service, service).wait(PATIENCE_S):
            raise FailedError(f"{service} failed: {(self.root / 'logs' / f'{service}.log').read_text()[-2000:]}")

    def _spawn(
        self, instance: str, arguments: list[str], environment: dict[str, str], user: str | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.root / "logs" / f"{instance}.log").open("ab") as log:
            return subprocess.Popen(
                [shutil.which(arguments[0], path=environment.get("PATH")) or arguments[0], *arguments[1:]],
                env=environment, cwd=self.postgres if user else self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, user=user,
            )  # fmt: skip

    def command(self, service: str, *arguments: str) -> str:
        """Return what a command printed in the container of a service (`docker compose exec`).

        Raises:
            FailedError: it failed.
        """
        answer = subprocess.run(
            [str(BIN / arguments[0]), *arguments[1:]], env=self.environment(service, service), cwd=self.root,
            capture_output=True, text=True, check=False, timeout=5 * PATIENCE_S,
        )  # fmt: skip
        if answer.returncode:
            raise FailedError(f"{arguments}: {answer.stdout}{answer.stderr}")
        return answer.stdout

    # -- servers --------------------------------------------------------------------------------------------------

    def _postgres(self) -> subprocess.Popen[bytes]:
        assert POSTGRES
        user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        data = self.postgres / "data"
        if not data.exists():
            secret = self.postgres / "password"
            secret.write_text(self.variables["POSTGRES_PASSWORD"])
            for path in (self.postgres, secret) if user else ():
                shutil.chown(path, user)
            subprocess.run(
                [POSTGRES.with_name("initdb"), "-D", data, "-U", "airflow", "-A", "scram-sha-256", "--pwfile", secret],
                check=True, capture_output=True, user=user, cwd=self.postgres,
            )  # fmt: skip
        (data / "postmaster.pid").unlink(missing_ok=True)
        arguments = [
            str(POSTGRES),
            "-D",
            str(data),
            "-p",
            str(self.ports["postgres"]),
            "-h",
            "127.0.0.1",
            "-k",
            str(data),
        ]
        return self._spawn("postgres", arguments, {MARK: str(self.root), "PATH": "/usr/bin:/bin"}, user)

    def _create_database(self) -> None:
        assert POSTGRES
        subprocess.run(
            [POSTGRES.with_name("createdb"), "-h", "127.0.0.1", "-p", str(self.ports["postgres"]), "-U", "airflow", "airflow"],
            env={"PGPASSWORD": self.variables["POSTGRES_PASSWORD"], },
            check=True, capture_output=True,
        )  # fmt: skip

    def _redis(self) -> subprocess.Popen[bytes]:
        service = self.services["redis"]
        data = self.root / "volumes" / "broker"
        data.mkdir(parents=True, exist_ok=True)
        here = f"redis-server --port {self.ports['redis']} --bind 127.0.0.1 --dir {data}"
        arguments = [part.replace("exec redis-server", f"exec {here}") for part in service.arguments]
        return self._spawn("redis", arguments, {**service.environment, MARK: str(self.root), "PATH": "/usr/bin:/bin"})

    def _objects(self) -> subprocess.Popen[bytes]:
        arguments = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(self.ports["objects"])]
        return self._spawn("objects", arguments, {MARK: str(self.root), "PATH": "/usr/bin:/bin"})

    # -- Airflow's API --------------------------------------------------------------------------------------------

    def _log_in(self) -> bool:
        answer = self.session.post(
            f"http://127.0.0.1:{self.ports['api-server']}/auth/token",
            json={"username": "admin", "password": self.variables["ADMIN_PASSWORD"]},
            timeout=5,
        )
        if answer.ok:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer.ok

    def get(self, path: str, **query: object) -> dict[str, object] | dict[str, list[dict[str, object]]]:
        """Return an answer of Airflow's API."""
        answer = self.session.get(
            f"http://127.0.0.1:{self.ports['api-server']}/api/v2/{path}", params={"limit": 100, **query}, timeout=20
        )
        answer.raise_for_status()
        return answer.json()

    def every(self, path: str, what: str) -> list[dict[str, object]]:
        """Return all entries of a list that Airflow gives page by page."""
        found: list[dict[str, object]] = []
        while True:
            page = self.get(path, offset=len(found), order_by="id")
            found += page[what]  # type: ignore[arg-type]
            if not page[what] or len(found) >= page["total_entries"]:  # type: ignore[operator]
                return found

    def tasks(self) -> list[dict[str, object]]:
        """Return every task instance of every run of every DAG."""
        return self.every("dags/~/dagRuns/~/taskInstances", "task_instances")

    def runs(self) -> list[dict[str, object]]:
        """Return every run of every DAG."""
        return self.every("dags/~/dagRuns", "dag_runs")


def _kill(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [*parent.children(recursive=True), parent]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
