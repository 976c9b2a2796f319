"""Two years made from the shipped figures by the road itself, without Airflow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from icdp import road
from icdp.settings import Settings


def make(settings: Settings, year: int) -> str:
    """Take every step of the road; return what publishing said."""
    for source in road.plan(settings):
        road.acquire(settings, source, year)
        road.stage(settings, source, year)
    road.load(settings, year)
    road.check(settings, year)
    road.score(settings, year)
    return road.publish(settings, year)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2023 and 2024 published; only to be read."""
    settings = Settings(home=tmp_path_factory.mktemp("made"))
    assert [make(settings, year) for year in (2024, 2023)] == ["2024-r1 published", "2023-r1 published"]
    return settings


@pytest.fixture
def own(made: Settings, tmp_path: Path) -> Settings:
    """The same in a home of the test's own, with facts, catalogue and judgements it may edit."""
    home = tmp_path / "home"
    shutil.copytree(made.home, home)
    for name in ("facts", "catalog", "judgements"):
        shutil.copytree(getattr(made, name), tmp_path / name)
    return replace(
        made, home=home, facts=tmp_path / "facts", catalog=tmp_path / "catalog", judgements=tmp_path / "judgements"
    )


@pytest.fixture
def run_year() -> Callable[[Settings, int], str]:
    return make


@pytest.fixture(scope="session")
def published(made: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as connection:
        yield connection
