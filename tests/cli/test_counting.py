"""`icdp sources counted`: a person can check a count title by title. All titles are synthetic."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.replica.conftest import Waits
from tests.replica.policies_site import ANSWERING, LAYOUT, SERIES, PoliciesSite, numbers
from tests.replica.server import serving
from tests.replica.taking import settings_for, taken_from

YEAR, SICHUAN = 2023, "510000"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the portals were asked for 2023."""
    folder = tmp_path_factory.mktemp("portals")
    with serving(PoliciesSite()) as replica:
        settings = settings_for(folder, "policies", replica.url)
        taken_from(settings, "policies", YEAR, Waits().clock)
    return settings.home


def test_the_titles_counted_are_as_many_as_the_figure(icdp: Run, home: Path) -> None:
    done = icdp("sources", "counted", "policies", str(YEAR), "--format", "json", home=home)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    for code in ANSWERING:
        for series, number in numbers(code, YEAR).items():
            own = [row for row in rows if (row["adcode"], row["series"]) == (code, series)]
            assert len(own) == number
            assert all(row["counted"] and row["title"] and row["url"].startswith("https://") for row in own)


def test_what_was_found_and_not_counted_has_its_reason(icdp: Run, home: Path) -> None:
    asked = ("sources", "counted", "policies", str(YEAR), "--province", "四川", "--series", SERIES[0], "--all")
    rows = json.loads(icdp(*asked, "--format", "json", home=home).stdout)
    assert {(row["adcode"], row["series"]) for row in rows} == {(SICHUAN, SERIES[0])}
    assert sum(row["counted"] for row in rows) == numbers(SICHUAN, YEAR)[SERIES[0]]
    left_out = [row for row in rows if not row["counted"]]
    assert left_out
    assert all(row["reason"] for row in left_out)
    shown = icdp(*asked, home=home).stdout
    assert f"不计 not counted: {len(left_out)}" in shown


def test_provinces_that_are_not_covered_are_named(icdp: Run, home: Path) -> None:
    shown = icdp("sources", "counted", "policies", str(YEAR), home=home, COLUMNS="400").stdout
    assert shown.count("未覆盖 not covered") == len(LAYOUT.not_covered)
    assert "湖北：失败 failed" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nbs", "2023"), "nbs counts no titles"),
        (("policies", "2022"), "nothing of policies was taken for 2022"),
        (("policies", "2023", "--series", "gdp"), "policies gives no series 'gdp'"),
        (("policies", "2023", "--province", "新北"), "新北"),
    ],
)
def test_what_cannot_be_listed_is_said(icdp: Run, home: Path, arguments: tuple[str, ...], message: str) -> None:
    done = icdp("sources", "counted", *arguments, home=home)
    assert done.returncode != 0
    assert message in " ".join(done.stderr.split())


def test_a_count_made_before_all_is_published_is_marked(icdp: Run, tmp_path: Path) -> None:
    with serving(PoliciesSite(walled=set(LAYOUT.portals) - {SICHUAN, "320000", "610000"})) as replica:
        settings = settings_for(tmp_path, "policies", replica.url)
        taken_from(settings, "policies", YEAR, Waits(start=datetime(2024, 2, 1, 3, tzinfo=UTC)).clock)
    shown = icdp("sources", "counted", "policies", str(YEAR), "--province", "四川", home=settings.home).stdout
    assert "四川：尚不完整 not complete yet" in shown
    assert "2024-07-31" in shown
