"""For all tests: no network, the shipped catalogue, and two years loaded or published from the shipped figures."""

from __future__ import annotations

import ipaddress
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from icdp import road
from icdp.catalog import Catalog, load_catalog
from icdp.settings import CATALOG, JUDGEMENTS, Settings


class ByFile(LoadScopeScheduling):
    """A file is run by one worker; all that start an Airflow by the same one, for it picks a port and then takes it."""

    airflow = frozenset(
        path.name for path in Path(__file__).parent.rglob("test_*.py") if "pytest.mark.scheduler" in path.read_text()
    )

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "airflow" if Path(path).name in self.airflow else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Share the tests out by file."""
    return ByFile(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs servers of Debian's and a quarter of an hour, unless it is named (`make test-distributed`)."""
    named = any("distributed" in str(argument) for argument in config.invocation_params.args)
    return True if collection_path.name == "distributed" and not named else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: while one worker runs Airflow, the others do everything else."""
    items.sort(key=lambda item: item.get_closest_marker("scheduler") is None)


class NetworkUsedError(RuntimeError):
    """A test tried to leave this machine."""


def _refuse_outside(family: int, address: Any) -> None:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    try:
        inside = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        inside = host == "localhost"
    if not inside:
        raise NetworkUsedError(f"a test may not connect to {host}:{address[1]}; point it at a server on this machine")


@pytest.fixture(scope="session", autouse=True)
def network_used() -> Iterator[type[Exception]]:
    """Refuse every connection but to this machine; the value is the error it meets."""
    with pytest.MonkeyPatch.context() as patch:
        for name, position in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
            original = getattr(socket.socket, name)

            def guarded(
                own: socket.socket, *arguments: Any, _original: Any = original, _position: int = position
            ) -> Any:
                _refuse_outside(own.family, arguments[_position])
                return _original(own, *arguments)

            patch.setattr(socket.socket, name, guarded)
        yield NetworkUsedError


@pytest.fixture(scope="session", autouse=True)
def shipped_data_untouched() -> Iterator[None]:
    """Tell when a test edited the shipped catalogue or judgements instead of a copy of its own."""
    before = {path: path.read_bytes() for root in (CATALOG, JUDGEMENTS) for path in root.rglob("*") if path.is_file()}
    yield
    changed = [str(path) for path, content in before.items() if not path.exists() or path.read_bytes() != content]
    assert not changed, f"the tests changed {', '.join(changed)}"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The shipped catalogue."""
    return load_catalog(CATALOG)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2023 and 2024 of the shipped figures in a warehouse; only to be read."""
    settings = Settings(home=tmp_path_factory.mktemp("loaded"))
    for year in (2023, 2024):
        road.acquire(settings, "facts", year)
        road.stage(settings, "facts", year)
        road.load(settings, year)
    return settings


@pytest.fixture
def own_loaded(loaded: Settings, tmp_path: Path) -> Settings:
    """The same in a home and with facts of the test's own."""
    shutil.copytree(loaded.home, tmp_path / "home")
    shutil.copytree(loaded.facts, tmp_path / "facts")
    return replace(loaded, home=tmp_path / "home", facts=tmp_path / "facts")


def score(settings: Settings, year: int) -> None:
    """Take every step of the road but the last."""
    for source in road.plan(settings, year):
        road.acquire(settings, source, year)
        road.stage(settings, source, year)
    road.load(settings, year)
    road.check(settings, year)
    road.score(settings, year)


def make(settings: Settings, year: int, *, report: bool = False) -> str:
    """Take every step of the road; return what publishing said."""
    score(settings, year)
    return road.publish(settings, year, report=report)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2023 and 2024 published; only to be read."""
    settings = Settings(home=tmp_path_factory.mktemp("made"))
    assert [make(settings, year) for year in (2024, 2023)] == ["2024-r1 published", "2023-r1 published"]
    return settings


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2023, published without a report, and 2024 with one; only to be read."""
    settings = Settings(home=tmp_path_factory.mktemp("reported"))
    assert make(settings, 2023) == "2023-r1 published"
    assert make(settings, 2024, report=True) == "2024-r1 published"
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


@pytest.fixture(scope="session")
def score_year() -> Callable[[Settings, int], None]:
    return score


@pytest.fixture(scope="session")
def run_year() -> Callable[..., str]:
    return make


@pytest.fixture(scope="session")
def published(made: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    # A copy: a process may hold one file open under one configuration only, and the commands have their own.
    copy = shutil.copy(made.published / "icdp.duckdb", tmp_path_factory.mktemp("published"))
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection
