"""The page without Airflow, over 2023 and 2024 as published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi.testclient import TestClient
from tests.conftest import make

from icdp.page.app import create_app
from icdp.settings import Settings

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def client(made: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(made), raise_server_exceptions=True) as found:
        yield found


@pytest.fixture(scope="module")
def ask(client: TestClient) -> Ask:
    """Ask the API and return what it answers."""

    def asked(path: str, **parameters: Any) -> Any:
        answer = client.get(f"/api/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asked


@pytest.fixture
def tampered(made: Settings, tmp_path: Path) -> Callable[[str], Settings]:
    """Return a copy of what is published on which some SQL was run: texts no source has given yet."""

    def tamper(sql: str) -> Settings:
        published = tmp_path / "published"
        published.mkdir()
        copy = published / "icdp.duckdb"
        copy.write_bytes((made.published / "icdp.duckdb").read_bytes())
        (published / "editions").symlink_to(made.published / "editions")
        with duckdb.connect(str(copy)) as connection:
            connection.execute(sql)
        return replace(made, home=tmp_path)

    return tamper


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2023 published before 2024, so that 2024 is held against it."""
    settings = Settings(home=tmp_path_factory.mktemp("in-order"))
    for year in (2023, 2024):
        make(settings, year)
    return settings


@pytest.fixture(scope="module")
def own_changes(in_order: Settings) -> Iterator[Ask]:
    """Ask the API over editions published in the order of their years."""
    with TestClient(create_app(in_order)) as found:
        yield lambda path, **parameters: found.get(f"/api/{path}", params=parameters).json()
