"""The production file: complete, pinned, without a default secret, and each process with what it needs only."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.deployment import compose
from tests.deployment.compose import DISTRIBUTED, FILE, ROOT, SECRETS

from icdp.settings import Settings

ONE_HOST = {"postgres", "init", "api-server", "scheduler", "dag-processor", "triggerer"}
WORKERS = {"redis", "worker", "worker-warehouse"}
# Not read by a service: by compose itself.
OF_COMPOSE = {"COMPOSE_PROFILES"}


def one_host() -> dict[str, compose.Service]:
    return compose.services(SECRETS)


def distributed() -> dict[str, compose.Service]:
    return compose.services(SECRETS | DISTRIBUTED)


def test_the_file_is_what_the_compose_specification_allows() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_one_host_by_default_and_workers_and_object_storage_by_profile() -> None:
    assert set(one_host()) == ONE_HOST
    assert set(compose.services(SECRETS | {"COMPOSE_PROFILES": "distributed"})) == ONE_HOST | WORKERS
    assert set(distributed()) == ONE_HOST | WORKERS | {"objects", "bucket"}


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_nothing_starts_without_a_secret(secret: str) -> None:
    with pytest.raises(compose.MissingError, match=rf"^{secret}: set {secret} in \.env$"):
        compose.services(SECRETS | {secret: ""})


@pytest.mark.parametrize(
    ("service", "variable", "secret"),
    [
        ("redis", "REDISCLI_AUTH", "REDIS_PASSWORD"),
        ("objects", "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        ("objects", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_a_server_of_a_profile_ends_at_once_without_its_secret(service: str, variable: str, secret: str) -> None:
    found = compose.services(SECRETS | DISTRIBUTED | {secret: ""})[service]
    assert found.environment[variable] == ""
    # The check comes before the server: what it would start is not on this machine's path.
    answer = subprocess.run(
        found.arguments, env={**found.environment, "PATH": "/nowhere"}, executable="/bin/sh",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode != 0
    assert "in .env" in answer.stderr, answer.stderr


def test_no_secret_has_a_default() -> None:
    for name, default in compose.asked_for().items():
        if re.search("PASSWORD|SECRET|KEY", name):
            assert default in (None, ""), name
            assert compose.example()[name] == "", name


def test_every_variable_is_explained_in_the_example_and_none_else_is() -> None:
    asked, told = compose.asked_for(), compose.example()
    assert asked.keys() | OF_COMPOSE == told.keys()
    # The example says what happens without it; what is commented out shows what to set.
    text = compose.EXAMPLE.read_text(encoding="utf-8")
    for name, default in asked.items():
        if re.search(rf"^{name}=\S", text, re.MULTILINE):
            assert told[name] == default, name


def test_the_switches_are_understood_by_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    for services in (one_host(), distributed()):
        for service in services.values():
            with monkeypatch.context() as patch:
                for name, value in service.environment.items():
                    if name.startswith("ICDP_"):
                        patch.setenv(name, value)
                Settings.from_environment()
    assert one_host()["scheduler"].environment["ICDP_CHANNEL"] == "live"


def test_every_image_is_pinned() -> None:
    for name, service in distributed().items():
        if "build" in service.raw:
            assert service.raw["image"] == "icdp:local"
        else:
            assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-bookworm)?", service.raw["image"]), name
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)$", text, re.MULTILINE) == ["python:3.11.14-slim-bookworm"]
    assert "--require-hashes --no-deps -r requirements.txt -r requirements-production.txt" in text
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["airflow"]


def test_every_volume_is_used_and_every_used_one_is_named() -> None:
    used = {mount.volume for services in (one_host(), distributed()) for s in services.values() for mount in s.mounts}
    assert used == set(compose.resolved(SECRETS)["volumes"])


def test_every_server_has_a_health_check_limits_and_comes_back() -> None:
    for name, service in distributed().items():
        assert re.fullmatch(r"\d+[mg]", service.raw["mem_limit"]), name
        assert service.raw["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name
        if service.ends_by_itself:
            assert service.raw["healthcheck"] == {"disable": True}, name
        else:
            assert service.raw["restart"] == "unless-stopped", name
            assert {"test", "interval", "timeout", "retries"} <= service.raw["healthcheck"].keys(), name


def test_nothing_is_reached_from_outside_but_the_page_from_this_host() -> None:
    ports = {name: service.raw["ports"] for name, service in distributed().items() if "ports" in service.raw}
    assert ports == {"api-server": ["127.0.0.1:8080:8080"]}


def test_our_processes_have_no_privilege_of_the_host() -> None:
    for service in distributed().values():
        assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & service.raw.keys()
        if "build" in service.raw:
            assert service.raw["cap_drop"] == ["ALL"]
            assert service.raw["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize(
    ("variable", "holders"),
    [
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", {"init", "api-server", "scheduler", "dag-processor", "triggerer"}),
        ("AIRFLOW__CORE__FERNET_KEY", {"init", "api-server", "scheduler", "dag-processor", "triggerer"}),
        ("AIRFLOW__API_AUTH__JWT_SECRET", {"api-server", "scheduler"}),
        ("AIRFLOW__API__SECRET_KEY", {"api-server"}),
        ("ADMIN_PASSWORD", {"init"}),
        ("POSTGRES_PASSWORD", {"postgres"}),
        ("AIRFLOW__CELERY__BROKER_URL", {"scheduler", "worker", "worker-warehouse"}),
        ("AWS_SECRET_ACCESS_KEY", {"scheduler", "worker", "worker-warehouse", "objects", "bucket"}),
    ],
)
def test_a_secret_is_known_to_those_alone_that_need_it(variable: str, holders: set[str]) -> None:
    assert {name for name, service in distributed().items() if variable in service.environment} == holders


def writers(services: dict[str, compose.Service], volume: str) -> set[str]:
    return {n for n, s in services.items() for m in s.mounts if m.volume == volume and not m.read_only}


def test_one_process_alone_holds_the_warehouse_and_publishes() -> None:
    for services, holder in ((one_host(), "scheduler"), (distributed(), "worker-warehouse")):
        assert writers(services, "state") == writers(services, "published") == {holder}
        readers = {n for n, s in services.items() for m in s.mounts if m.volume in ("state", "published")} - {holder}
        assert readers == {"api-server"}
    holder = distributed()["worker-warehouse"]
    assert option(holder, "--concurrency") == "1"
    assert option(holder, "--queues") == "warehouse"
    # A name of its own: compose refuses to scale it.
    assert holder.raw["container_name"] == "icdp-worker-warehouse"
    assert "deploy" not in holder.raw


def test_general_workers_are_scaled_at_will_and_take_nothing_of_the_warehouse() -> None:
    worker = compose.services(SECRETS | DISTRIBUTED | {"WORKERS": "7"})["worker"]
    assert worker.raw["deploy"]["replicas"] == "7"
    assert option(worker, "--queues") == "default"
    assert {mount.target for mount in worker.mounts} == {"/opt/logs"}


def option(service: compose.Service, name: str) -> str:
    return service.arguments[service.arguments.index(name) + 1]


def test_what_is_copied_into_the_image_is_let_through_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = {
        name.removeprefix("./")
        for line in re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
        for name in line.split()
    }
    let_through = {entry.removeprefix("!") for entry in ignored if entry.startswith("!")}
    assert ignored[0] == "*"
    for name in copied:
        assert any(re.fullmatch(pattern.replace(".", r"\.").replace("*", ".*"), name) for pattern in let_through), name
        assert (ROOT / name).exists(), name
    assert yaml.safe_load(FILE.read_text(encoding="utf-8"))["x-image"]["build"] == "."


def test_the_first_steps_of_the_runbook_make_a_file_with_which_everything_starts(tmp_path: Path) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n(cp \.env\.example .*?)```", runbook, re.DOTALL)
    *steps, start = block.strip().splitlines()
    assert start == "docker compose up --build --detach --wait"
    shutil.copy(compose.EXAMPLE, tmp_path)
    subprocess.run(["/bin/sh", "-euc", "\n".join(steps)], check=True, cwd=tmp_path)
    written = tmp_path / ".env"
    assert written.stat().st_mode & 0o077 == 0
    variables = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(\S*)$", written.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(compose.services(variables)) == ONE_HOST
    assert len({variables[name] for name in SECRETS}) == len(SECRETS)
    assert len(base64.urlsafe_b64decode(variables["FERNET_KEY"])) == 32
