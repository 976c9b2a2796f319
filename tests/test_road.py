"""The steps of a year without Airflow: order, refusals, repetition."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from icdp import road
from icdp.errors import DataError, IcdpError, JudgementError, NotFoundError, QualityError
from icdp.publishing.verify import differences
from icdp.replay import rebuilt
from icdp.settings import CATALOG, Settings

YEAR = 2024


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2024 acquired, staged, loaded and checked; only to be copied."""
    settings = Settings(home=tmp_path_factory.mktemp("checked"))
    for source in road.plan(settings, YEAR):
        road.acquire(settings, source, YEAR)
        road.stage(settings, source, YEAR)
    road.load(settings, YEAR)
    road.check(settings, YEAR)
    return settings


@pytest.fixture
def own(checked: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(checked.home, tmp_path / "home")
    for name in ("facts", "judgements"):
        shutil.copytree(getattr(checked, name), tmp_path / name)
    return replace(checked, home=tmp_path / "home", facts=tmp_path / "facts", judgements=tmp_path / "judgements")


def content(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        names = [n for (n,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        return {
            name: connection.execute(
                f"SELECT COLUMNS(lambda c: c <> 'published_at') FROM {name} ORDER BY ALL"
            ).fetchall()
            for name in names
        }


def refresh(settings: Settings) -> None:
    road.acquire(settings, "facts", YEAR)
    road.stage(settings, "facts", YEAR)
    road.load(settings, YEAR)
    road.check(settings, YEAR)


def spoil(settings: Settings, series: str, start: str, change: Callable[[str], str]) -> None:
    path = settings.facts / "series" / f"{series}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith(start))
    lines[number] = change(lines[number])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_without_the_live_channel_only_the_shipped_figures_are_asked(own: Settings) -> None:
    assert road.plan(own, 2024) == ["facts"]


def test_every_step_may_run_twice(own: Settings, checked: Settings) -> None:
    own = replace(own, facts=checked.facts)  # copied files would have receipts of their own
    road.score(own, YEAR)
    road.publish(own, YEAR)
    before = content(own)
    refresh(own)
    refresh(own)
    assert (road.score(own, YEAR), road.score(own, YEAR)) == (
        "2024: 31 provinces scored, 广东 first",
        "2024: 31 provinces scored, 广东 first",
    )
    assert road.publish(own, YEAR) == "2024-r1 unchanged"
    assert content(own) == before


def test_a_failed_check_stops_the_year_before_scoring_and_its_results_stay(own: Settings) -> None:
    road.score(own, YEAR)
    road.publish(own, YEAR)
    published = (own.published / "icdp.duckdb").read_bytes()
    spoil(own, "gdp_per_capita", "2024,510000,", lambda line: line.replace(line.split(",")[2], "8", 1))
    with pytest.raises(QualityError) as caught:
        refresh(own)
    assert "year 2024: 2 checks failed, nothing is scored" in str(caught.value)
    assert "plausible_range (gdp_per_capita): 8 to" in str(caught.value)
    assert "四川 2024 = 8" in str(caught.value)
    with duckdb.connect(str(own.warehouse), read_only=True) as connection:
        failed = connection.execute(
            "SELECT check_id, subject FROM quality_results WHERE severity = 'error' AND NOT passed ORDER BY check_id"
        )
        assert failed.fetchall() == [
            ("gdp_per_capita_identity", "gdp_per_capita"),
            ("plausible_range", "gdp_per_capita"),
        ]
    with pytest.raises(QualityError, match="year 2024 failed its checks"):
        road.score(own, YEAR)
    # The scores of the figures that were there before are gone from the warehouse, the edition stands.
    with pytest.raises(NotFoundError, match="year 2024 has no scores"):
        road.publish(own, YEAR)
    assert (own.published / "icdp.duckdb").read_bytes() == published


BAD_FIGURES: dict[str, tuple[Callable[[str], str], str]] = {
    "an unknown province": (
        lambda line: line.replace("510000", "519999"),
        r"adcode '519999' is none of the 31 provinces",
    ),
    "a text for a value": (
        lambda line: line.replace(line.split(",")[2], "约六万", 1),
        r"value '约六万' is no finite number",
    ),
    "a year out of range": (lambda line: "1999" + line[4:], r"year 1999 lies outside 2000-2100"),
    "a row twice": (lambda line: f"{line}\n{line}", r"gdp_per_capita of 510000 in 2024 stands twice"),
    "a missing cell": (lambda line: ",".join(line.split(",")[:3]), r"3 cells, expected 5"),
}


@pytest.mark.parametrize("fault", BAD_FIGURES)
def test_a_bad_figure_is_named_with_file_and_row_and_changes_nothing(own: Settings, fault: str) -> None:
    change, message = BAD_FIGURES[fault]
    before = content(own)
    spoil(own, "gdp_per_capita", "2024,510000,", change)
    road.acquire(own, "facts", YEAR)
    with pytest.raises(IcdpError, match=rf"^facts/gdp_per_capita, row \d+: .*{message}"):
        road.stage(own, "facts", YEAR)
    assert content(own) == before


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        ("unit: 元", "unit: 亿千瓦时", r"row \d+: unit '亿千瓦时' of gdp_per_capita cannot become 元"),
        ("year,adcode,value,citation,locator", "year,adcode,value,citation", r"columns are .* expected"),
        ("series: gdp_per_capita", "series: gdp_pro_kopf", "the head names series 'gdp_pro_kopf'"),
    ],
    ids=["a wrong unit", "a missing column", "another series' head"],
)
def test_a_bad_file_is_named_and_changes_nothing(own: Settings, find: str, put: str, message: str) -> None:
    before = content(own)
    path = own.facts / "series" / "gdp_per_capita.csv"
    text = path.read_text(encoding="utf-8")
    assert find in text
    path.write_text(text.replace(find, put), encoding="utf-8")
    with pytest.raises(IcdpError, match=message):
        refresh(own)
    assert content(own) == before


def test_an_inconsistent_or_contradictory_panel_is_refused_and_changes_nothing(own: Settings) -> None:
    road.score(own, YEAR)
    before = content(own)
    path = own.judgements / "project.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("composite,application,environment,1,", "composite,environment,application,9,"), encoding="utf-8"
    )
    with pytest.raises(JudgementError, match=r"composite.*CR"):
        road.score(own, YEAR)
    path.write_text(text + "composite,environment,infrastructure,3,\n", encoding="utf-8")
    with pytest.raises(JudgementError, match="not reciprocal"):
        road.score(own, YEAR)
    assert content(own) == before


def test_steps_out_of_order_say_what_to_run_first(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(NotFoundError, match="facts has no receipts for this year; acquire it first"):
        road.stage(settings, "facts", YEAR)
    with pytest.raises(NotFoundError, match="facts has no receipts for this year; acquire it first"):
        road.load(settings, YEAR)
    with pytest.raises(NotFoundError, match="year 2024 is not in the warehouse; run refresh_statistics"):
        road.check(settings, YEAR)
    with pytest.raises(QualityError, match="year 2024 was not checked; run refresh_statistics"):
        road.score(settings, YEAR)


def test_the_live_channel_without_a_live_source_is_refused(tmp_path: Path) -> None:
    shutil.copytree(CATALOG, tmp_path / "catalog")
    own = Settings(home=tmp_path, catalog=tmp_path / "catalog")
    assert road.plan(own, 2024) == ["facts"]
    for path in (own.catalog / "sources").glob("*.yaml"):
        if path.stem != "facts":
            path.unlink()
    with pytest.raises(DataError, match="names no live source"):
        road.plan(replace(own, channel="live"), 2024)


def test_a_year_made_over_object_storage_is_the_year_made_on_one_disk(made: Settings, tmp_path: Path) -> None:
    bucket = f"memory://{tmp_path.name}/archive"
    here = Settings(home=tmp_path, archive_url=bucket, staging_url=f"{bucket}/staging")
    # As on two machines: what takes and stages has a disk of its own.
    there = replace(here, home=tmp_path / "another machine")
    for source in road.plan(there, 2024):
        road.acquire(there, source, 2024)
        road.stage(there, source, 2024)
    assert not there.home.exists()
    road.load(here, 2024)
    road.check(here, 2024)
    road.score(here, 2024)
    assert road.publish(here, 2024) == "2024-r1 published"
    assert sorted(path.name for path in here.home.iterdir()) == ["published", "warehouse.duckdb"]
    on_disk, over = (
        json.loads((s.published / "editions" / "2024-r1" / "edition.json").read_text()) for s in (made, here)
    )
    assert over["edition"]["content_sha256"] == on_disk["edition"]["content_sha256"]
    with rebuilt(here, "2024-r1") as again:
        assert differences(here.published / "editions" / "2024-r1", again) == []
