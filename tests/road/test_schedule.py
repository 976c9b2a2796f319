"""The real scheduler over the years: what unpausing starts, one source asked anew, a correction, another panel."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from tests.replica.nbs_site import NbsSite
from tests.replica.server import Replica, serving
from tests.replica.sites import PLACES

from icdp.operation import commands
from icdp.operation.api import UNFINISHED_STATES, AirflowApi, Json
from icdp.operation.components import Components
from icdp.operation.follow import Chain
from icdp.operation.home import AirflowHome
from icdp.settings import JUDGEMENTS, Settings

pytestmark = pytest.mark.scheduler
REFRESH, SCORE, PUBLISH = "refresh_statistics", "score_index", "publish_index"
PATIENCE_S = 240.0


class Revised(NbsSite):
    """The bureau's site, which may revise 四川's GDP per capita of 2023."""

    revised = False

    def _values(self, series: str, wanted: dict[str, Any], body: dict[str, Any], period: str) -> list[dict[str, Any]]:
        values = super()._values(series, wanted, body, period)
        for value in values:
            if self.revised and series == "gdp_per_capita" and period[:4] == "2023" and value.get("da", "")[:2] == "51":
                value["value"] = str(float(value["value"]) + 1000)
        return values


@pytest.fixture(scope="module")
def replicas() -> Iterator[dict[str, Replica]]:
    with ExitStack() as stack:
        sites = {source: place.site for source, place in PLACES.items()} | {"nbs": Revised}
        yield {source: stack.enter_context(serving(site())) for source, site in sites.items()}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("years")


@pytest.fixture(autouse=True)
def live(home: Path, replicas: dict[str, Replica], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICDP_HOME", str(home))
    monkeypatch.setenv("ICDP_CHANNEL", "live")
    for source, replica in replicas.items():
        monkeypatch.setenv(f"ICDP_{source.upper()}_BASE_URL", replica.url + PLACES[source].root)


def make(what: str, dag_id: str, body: Json, year: int) -> int:
    """Start one run of a DAG and follow its year to the end."""
    position = (REFRESH, SCORE, PUBLISH).index(dag_id)

    def begin(api: AirflowApi, components: Components) -> list[Chain]:
        return [Chain(year, api.trigger(dag_id, body), position=position)]

    return commands.make(what, begin)


def metadata(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(AirflowHome(Settings(home=home)).database)) as connection:
        return connection.execute(sql).fetchall()


def runs(home: Path) -> list[tuple[str, str | None]]:
    """(DAG, partition key) of every run, in the order they came."""
    assert {state for (state,) in metadata(home, "SELECT state FROM dag_run")} <= {"success"}
    return metadata(home, "SELECT dag_id, partition_key FROM dag_run ORDER BY id")


def scores(home: Path, year: int) -> list[tuple[Any, ...]]:
    sql = "SELECT edition, adcode, node, score FROM scores WHERE year = ? ORDER BY ALL"
    with duckdb.connect(str(home / "published" / "icdp.duckdb"), read_only=True) as connection:
        return connection.execute(sql, [year]).fetchall()


def editions(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "published" / "editions").iterdir())


def test_one_source_of_one_year_is_asked_anew_and_its_correction_makes_that_year_alone(
    home: Path, replicas: dict[str, Replica]
) -> None:
    # 2024 over the other channel: asking every replica for two years takes minutes.
    forms: dict[int, Json] = {2023: {"year": 2023}, 2024: {"year": 2024, "channel": "facts"}}

    def begin(api: AirflowApi, components: Components) -> list[Chain]:
        return [Chain(year, api.trigger(REFRESH, {"conf": form})) for year, form in forms.items()]

    assert commands.make("2023 and 2024", begin) == 0
    assert editions(home) == ["2023-r1", "2024-r1"]
    before = {year: scores(home, year) for year in (2023, 2024)}
    asked = {source: len(replica.requests) for source, replica in replicas.items()}
    earlier = runs(home)

    replicas["nbs"].site.revised = True  # type: ignore[attr-defined]
    form = {"conf": {"year": 2023, "refetch": True, "sources": ["nbs"]}}
    assert make("2023 with the bureau asked anew", REFRESH, form, 2023) == 0

    again = {source for source, replica in replicas.items() if len(replica.requests) > asked[source]}
    assert again == {"nbs"}
    assert runs(home)[len(earlier) :] == [(REFRESH, None), (SCORE, "2023"), (PUBLISH, "2023")]
    assert editions(home) == ["2023-r1", "2023-r2", "2024-r1"]
    assert scores(home, 2024) == before[2024]
    assert {edition for edition, *_ in scores(home, 2023)} == {"2023-r2"}
    old = {(adcode, node): score for _, adcode, node, score in before[2023]}
    moved = {node for _, adcode, node, score in scores(home, 2023) if score != old[adcode, node]}
    assert "composite" in moved


def test_another_panel_makes_new_revisions_of_the_years_chosen(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = tmp_path / "synthetic"
    shutil.copytree(JUDGEMENTS, panel)
    told = (panel / "panel.yaml").read_text(encoding="utf-8")
    (panel / "panel.yaml").write_text(told.replace("id: baseline-1", "id: synthetic-1"), encoding="utf-8")
    for file in panel.glob("*.csv"):  # every judgement becomes indifference
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        place = head.split(",").index("value")
        equal = [",".join([*cells[:place], "1", *cells[place + 1 :]]) for cells in (line.split(",") for line in lines)]
        file.write_text("\n".join([head, *equal]) + "\n", encoding="utf-8")
    monkeypatch.setenv("ICDP_JUDGEMENTS", str(panel))
    before, earlier = scores(home, 2023), runs(home)

    assert make("2024 with another panel", SCORE, {"conf": {"year": 2024}}, 2024) == 0

    assert runs(home)[len(earlier) :] == [(SCORE, None), (PUBLISH, "2024")]
    assert editions(home) == ["2023-r1", "2023-r2", "2024-r1", "2024-r2"]
    assert scores(home, 2023) == before
    with duckdb.connect(str(home / "published" / "icdp.duckdb"), read_only=True) as connection:
        panels = connection.execute("SELECT edition, panel FROM history.editions ORDER BY edition").fetchall()
    assert panels[-2:] == [("2024-r1", "baseline-1"), ("2024-r2", "synthetic-1")]


def test_a_dag_that_did_not_change_keeps_its_version(home: Path) -> None:
    # Three commands have read the DAGs anew by now; a version more would mean that a DAG differs from parse to parse.
    assert metadata(home, "SELECT dag_id, count(*) FROM dag_version GROUP BY dag_id HAVING count(*) > 1") == []
    assert metadata(home, "SELECT count(*) FROM dag_run WHERE created_dag_version_id IS NULL") == [(0,)]


def test_unpausing_makes_one_run_for_the_newest_year_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ICDP_CHANNEL", *(f"ICDP_{source.upper()}_BASE_URL" for source in PLACES)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("ICDP_HOME", str(tmp_path))
    today = datetime.now(ZoneInfo("Asia/Shanghai"))
    due = datetime(today.year, 10, 15, 3, tzinfo=ZoneInfo("Asia/Shanghai"))
    newest = today.year - (1 if today >= due else 2)
    assert commands.up() == 0
    try:
        home = AirflowHome(Settings(home=tmp_path))
        api = AirflowApi(home.port())
        api.log_in(home.password())
        assert metadata(tmp_path, "SELECT count(*) FROM dag_run") == [(0,)]
        api.pause(REFRESH, paused=False)
        deadline = time.monotonic() + PATIENCE_S
        while not _ended(api, newest):
            assert time.monotonic() < deadline
            time.sleep(1)
    finally:
        commands.down()
    found = metadata(tmp_path, "SELECT dag_id, partition_key, run_type FROM dag_run ORDER BY id")
    assert found[0] == (REFRESH, str(newest), "scheduled")
    # What follows it follows by its asset; a year that cannot be scored stops before.
    assert found[1:] in ([], [(SCORE, str(newest), "asset_triggered"), (PUBLISH, str(newest), "asset_triggered")])


def _ended(api: AirflowApi, year: int) -> bool:
    """Whether the year has come as far as it comes: to its edition, or to a failure."""
    found = [run for dag_id in (REFRESH, SCORE, PUBLISH) for run in api.runs(dag_id).values()]
    if any(run["state"] in UNFINISHED_STATES for run in found):
        return False
    return any(run["state"] == "failed" or run["dag_id"] == PUBLISH for run in found)
