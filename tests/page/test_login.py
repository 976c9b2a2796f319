"""The page in the real Airflow app: nobody gets anything but the login, a viewer reads, nobody writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from icdp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATHS = [
    "/icdp/", "/icdp/?view=map&lang=en", "/icdp/api/openapi.json", "/icdp/api/editions", "/icdp/api/scores",
    "/icdp/api/provinces", "/icdp/api/provinces/110000", "/icdp/api/provinces/110000/indicators/green_power",
    "/icdp/api/compare?adcode=110000&adcode=310000", "/icdp/api/history", "/icdp/api/changes", "/icdp/api/indicators",
    "/icdp/api/weights", "/icdp/api/quality", "/icdp/api/approvals", "/icdp/api/sources", "/icdp/api/whatif?weight=policy:0.4",
    "/icdp/api/downloads", "/icdp/api/downloads/2024-r1/edition.json",
]  # fmt: skip
ABSENT = ["/icdp/docs", "/icdp/openapi.json", "/icdp/api/nothing", "/icdp/static/x/main.js"]


@pytest.fixture(scope="module")
def answers(made: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {
        "AIRFLOW_HOME": str(home), "ICDP_HOME": str(made.home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"), "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False", "PYTHONPATH": os.pathsep.join([str(ROOT / "include"), str(ROOT)]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.page.airflow_home", *PATHS, *ABSENT],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert "ANSWERS" in done.stdout, done.stdout[-2000:] + done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.split("ANSWERS", 1)[1].splitlines()[0])
    return told


def addresses(answers: dict[str, Any]) -> list[str]:
    return [path for path in answers if path.startswith("/icdp") and path not in ABSENT]


def test_nobody_gets_anything(answers: dict[str, Any]) -> None:
    for path in [*addresses(answers), *ABSENT]:
        assert answers[path]["nobody"]["status"] == 401, path
        assert json.loads(answers[path]["nobody"]["text"])["zh"] == "请先登录"
        assert answers[path]["forged"]["status"] in (401, 403), path


def test_a_browser_is_led_to_the_login_and_back(answers: dict[str, Any]) -> None:
    for path in [*addresses(answers), *ABSENT]:
        told = answers[path]["page of nobody"]
        assert told["status"] == 303, path
        target = urlsplit(told["to"])
        assert target.path == "/api/v2/auth/login"
        assert parse_qs(target.query) == {"next": [path]}


def test_a_viewer_reads(answers: dict[str, Any]) -> None:
    assert len(addresses(answers)) == len(PATHS) + 1  # and a script
    for path in addresses(answers):
        for who in ("viewer", "cookie of a viewer", "admin"):
            assert answers[path][who]["status"] == 200, (path, who, answers[path][who])
    for path in ABSENT:
        assert answers[path]["viewer"]["status"] == 404


def test_nobody_writes_not_even_an_admin(answers: dict[str, Any]) -> None:
    for path in addresses(answers):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert answers[path][method]["status"] == 405, (path, method)


def test_every_route_was_tried(answers: dict[str, Any]) -> None:
    tried = [urlsplit(path).path.removeprefix("/icdp") for path in addresses(answers)]

    def matches(route: str, path: str) -> bool:
        parts, own = route.split("/"), path.split("/")
        if "{path:path}" in route:
            return own[: len(parts) - 1] == [p if "{" not in p else o for p, o in zip(parts, own, strict=False)][:-1]
        return len(parts) == len(own) and all("{" in p or p == o for p, o in zip(parts, own, strict=True))

    catching = {"/{path:path}"}
    assert [
        route for route in set(answers["routes"]) - catching if not any(matches(route, path) for path in tried)
    ] == []


def test_airflow_takes_the_plugin_in_without_complaint(answers: dict[str, Any]) -> None:
    assert answers["importErrors"]["import_errors"] == []
    (own,) = [plugin for plugin in answers["plugins"]["plugins"] if plugin["name"] == "icdp"]
    assert [app["url_prefix"] for app in own["fastapi_apps"]] == ["/icdp"]
    (view,) = own["external_views"]
    assert (view["href"], view["destination"], view["url_route"]) == ("icdp/", "nav", "icdp")


def test_the_folder_of_plugins_holds_wiring_only() -> None:
    assert [path.name for path in (ROOT / "plugins").rglob("*.py")] == ["icdp_plugin.py"]


def test_a_task_does_not_load_the_page() -> None:
    program = "import sys, icdp_plugin; print([m for m in ('icdp.page.app', 'fastapi.routing', 'pandas') if m in sys.modules])"
    path = os.pathsep.join([str(ROOT / "include"), str(ROOT / "plugins")])
    bare = "import airflow.plugins_manager, sys; print([m for m in ('icdp.page.app', 'fastapi.routing', 'pandas') if m in sys.modules])"
    loaded = [
        subprocess.run(
            [sys.executable, "-c", text],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for text in (program, bare)
    ]
    assert loaded[0] == loaded[1]
