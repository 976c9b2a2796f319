"""docker-compose.yaml as `docker compose config` would resolve it, for tests without a Docker engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yaml"
EXAMPLE = ROOT / ".env.example"
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>[A-Z0-9_]+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")

SECRETS = {
    name: f"synthetic{number}"
    for number, name in enumerate(("POSTGRES_PASSWORD", "ADMIN_PASSWORD", "JWT_SECRET", "API_SECRET_KEY", "FERNET_KEY"))
}
DISTRIBUTED = {
    "COMPOSE_PROFILES": "distributed,object-storage",
    "EXECUTOR": "CeleryExecutor",
    "LOCAL_STATE": "unused",
    "LOCAL_PUBLISHED": "unused-published",
    "REDIS_PASSWORD": "synthetic",
    "ICDP_ARCHIVE": "s3://icdp/archive",
    "AWS_ACCESS_KEY_ID": "synthetic",
    "AWS_SECRET_ACCESS_KEY": "synthetic",
}


class MissingError(Exception):
    """A variable that must be set is not."""


@dataclass(frozen=True)
class Mount:
    """A volume in a container."""

    volume: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class Service:
    """A service of the file, resolved."""

    name: str
    raw: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.raw.get("environment", {}).items()}

    @property
    def arguments(self) -> list[str]:
        """What runs in the container; our image's entry point is `airflow`."""
        entrypoint = self.raw.get("entrypoint", ["airflow"] if "build" in self.raw else [])
        return [*entrypoint, *self.raw.get("command", [])]

    @property
    def mounts(self) -> list[Mount]:
        parts = [entry.split(":") for entry in self.raw.get("volumes", [])]
        return [Mount(part[0], part[1], part[2:] == ["ro"]) for part in parts]

    @property
    def profiles(self) -> set[str]:
        return set(self.raw.get("profiles", []))

    @property
    def ends_by_itself(self) -> bool:
        return self.raw.get("restart") == "no"


def resolved(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the whole file with its variables put in.

    Raises:
        MissingError: a variable that must be set is not; with what the file says of it.
    """
    # Anchors first, as compose does; a merge that yields a secret asks for it where it is used.
    return dict(_put_in(yaml.safe_load(FILE.read_text(encoding="utf-8")), variables))


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    """Return the services that the profiles of ``COMPOSE_PROFILES`` start."""
    wanted = set(variables.get("COMPOSE_PROFILES", "").split(","))
    found = {name: Service(name, raw) for name, raw in resolved(variables)["services"].items()}
    return {name: service for name, service in found.items() if not service.profiles or service.profiles & wanted}


def _put_in(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _put_in(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_put_in(inner, variables) for inner in value]
    return _VARIABLE.sub(lambda match: _one(match, variables), value) if isinstance(value, str) else value


def _one(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["escaped"]:
        return "$"
    given = variables.get(match["name"], "")
    if match["kind"] == "?" and not given:
        raise MissingError(f"{match['name']}: {match['rest']}")
    return given or (match["rest"] if match["kind"] == "-" else "") or ""


def asked_for() -> dict[str, str | None]:
    """Return every variable of the file with its default; None where it must be set."""
    found = {}
    for match in _VARIABLE.finditer(FILE.read_text(encoding="utf-8")):
        if match["name"]:
            found[match["name"]] = None if match["kind"] == "?" else (match["rest"] or "")
    return found


def example() -> dict[str, str]:
    """Return every variable that `.env.example` names, those in comments too, with its value."""
    pairs = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=(\S*)", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(pairs)


def image_environment() -> dict[str, str]:
    """Return what the Dockerfile sets for every process."""
    block = re.search(r"^ENV ((?:.*\\\n)*.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert block
    return dict(re.findall(r"([A-Z0-9_]+)=(\S+)", block[1]))
