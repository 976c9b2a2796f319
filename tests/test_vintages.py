"""Three vintages of one series: nothing is deleted, and any day can be asked what was known on it.

The second and third vintage are synthetic: the shipped figures, changed.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from tests.conftest import make
from typer.testing import CliRunner

from icdp import road
from icdp.cli.app import app
from icdp.errors import NotFoundError, QualityError
from icdp.publishing.reader import open_published
from icdp.publishing.verify import differences
from icdp.replay import rebuilt, score_as_of
from icdp.settings import Settings

YEAR, SICHUAN = 2024, "510000"
# day of acceptance -> factor on 四川's figure of the year
VINTAGES = {date(2025, 1, 31): 1.0, date(2025, 6, 15): 1.02, date(2025, 12, 20): 0.98}
BEFORE, BETWEEN, AFTER = date(2025, 3, 1), date(2025, 6, 30), date(2026, 1, 1)


def accept_on(path: Path, day: date, factor: float = 1.0) -> None:
    """Set a facts file's day of acceptance and multiply 四川's figure of the year."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("accepted_on:"):
            lines[number] = f"accepted_on: '{day}'"
        if line.startswith(f"{YEAR},{SICHUAN},") and factor != 1.0:
            cells = line.split(",")
            cells[2] = str(float(cells[2]) * factor)
            lines[number] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def facts_of(settings: Settings, folder: Path, day: date) -> Settings:
    """Return the settings with facts of their own: as they stood on one of the days of ``VINTAGES``."""
    shutil.copytree(settings.facts, folder)
    for path in sorted((folder / "series").glob("*.csv")):
        accept_on(path, date(2025, 1, 1))
    accept_on(folder / "series" / "gdp_per_capita.csv", day, VINTAGES[day])
    return replace(settings, facts=folder)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2024 made three times, each on the day after a vintage was accepted; only to be read."""
    root = tmp_path_factory.mktemp("three")
    with pytest.MonkeyPatch.context() as patch:
        for number, day in enumerate(VINTAGES, start=1):
            settings = facts_of(Settings(home=root / "home"), root / f"facts{number}", day)

            class Then(datetime):
                @classmethod
                def now(cls, tz: object = None, day: date = day) -> datetime:
                    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)

            patch.setattr(road, "datetime", Then)
            assert make(settings, YEAR) == f"2024-r{number} published"
    return settings


def figure(settings: Settings, day: date) -> list[tuple[object, ...]]:
    with open_published(settings.published) as db:
        db.as_of(day)
        return db.connection.execute(
            "SELECT vintage, revision, value FROM observations "
            "WHERE series = 'gdp_per_capita' AND value_year = 2024 AND adcode = '510000'"
        ).fetchall()


def printed(settings: Settings) -> float:
    text = (settings.facts.parent / "facts1" / "series" / "gdp_per_capita.csv").read_text(encoding="utf-8")
    return next(float(r[2]) for r in csv.reader(text.splitlines()) if r[:2] == [str(YEAR), SICHUAN])


def test_a_day_is_answered_with_the_vintage_known_on_it(three: Settings) -> None:
    first = printed(three)
    assert figure(three, date(2025, 1, 30)) == []
    assert figure(three, date(2025, 1, 31)) == [(date(2025, 1, 31), 1, first)]
    assert figure(three, BEFORE) == [(date(2025, 1, 31), 1, first)]
    assert figure(three, BETWEEN) == [(date(2025, 6, 15), 2, first * 1.02)]
    assert figure(three, AFTER) == [(date(2025, 12, 20), 3, first * 0.98)]


def test_a_revised_figure_adds_a_vintage_and_deletes_none(three: Settings) -> None:
    with duckdb.connect(str(three.published / "icdp.duckdb"), read_only=True) as db:
        kept = db.execute(
            "SELECT revision, count(*), count(DISTINCT payload_sha256) FROM observations "
            "WHERE series = 'gdp_per_capita' AND value_year = 2024 GROUP BY revision ORDER BY revision"
        ).fetchall()
    assert kept == [(1, 31, 1), (2, 31, 1), (3, 31, 1)]


def test_the_other_series_have_one_vintage_however_often_the_year_is_made(three: Settings) -> None:
    with duckdb.connect(str(three.published / "icdp.duckdb"), read_only=True) as db:
        assert db.execute(
            "SELECT DISTINCT revision, vintage FROM observations WHERE series <> 'gdp_per_capita'"
        ).fetchall() == [(1, date(2025, 1, 1))]


def test_editions_are_those_published_by_that_day(three: Settings) -> None:
    def editions(day: date) -> list[tuple[object, ...]]:
        with open_published(three.published) as db:
            db.as_of(day)
            assert db.connection.execute("SELECT count(DISTINCT edition) <= 1 FROM scores").fetchall() == [(True,)]
            return db.connection.execute(
                "SELECT e.edition, v.value FROM editions e LEFT JOIN indicator_values v "
                "ON v.edition = e.edition AND v.indicator = 'gdp_per_capita' AND v.adcode = '510000'"
            ).fetchall()

    first = printed(three)
    assert editions(date(2025, 1, 31)) == []
    assert editions(BEFORE) == [("2024-r1", first)]
    assert editions(BETWEEN) == [("2024-r2", first * 1.02)]
    assert editions(AFTER) == [("2024-r3", first * 0.98)]


def test_vintages_outlive_the_warehouse_in_the_editions(three: Settings, tmp_path: Path) -> None:
    own = replace(three, home=tmp_path / "home")
    shutil.copytree(three.home, own.home)
    own.warehouse.unlink()
    path = shutil.copytree(three.facts, tmp_path / "facts") / "series" / "gdp_per_capita.csv"
    accept_on(path, date(2026, 2, 1), 1.01)
    own = replace(own, facts=tmp_path / "facts")
    assert make(own, YEAR) == "2024-r4 published"
    first = printed(three)
    assert figure(own, date(2026, 2, 1)) == [(date(2026, 2, 1), 1, first * 0.98 * 1.01)]
    assert figure(own, BETWEEN) == [(date(2025, 6, 15), 2, first * 1.02)]


@pytest.mark.parametrize("edition", ["2024-r1", "2024-r2", "2024-r3"])
def test_every_edition_is_reproduced_with_the_vintages_of_its_time(three: Settings, edition: str) -> None:
    with rebuilt(three, edition) as again:
        assert differences(three.published / "editions" / edition, again) == []


def scores_of(settings: Settings) -> pd.DataFrame:
    with open_published(settings.published) as db:
        return db.frame("SELECT adcode, node, score, rank FROM scores ORDER BY adcode, node")


@pytest.mark.parametrize(("day", "vintage"), [(BEFORE, 0), (BETWEEN, 1), (AFTER, 2)])
def test_a_year_rescored_as_of_a_day_is_the_year_as_it_would_have_been_made_then(
    three: Settings, tmp_path: Path, day: date, vintage: int
) -> None:
    again = score_as_of(three, YEAR, day)["scores"][["adcode", "node", "score", "rank"]]
    then = facts_of(Settings(home=tmp_path / "home"), tmp_path / "facts", list(VINTAGES)[vintage])
    make(then, YEAR)
    again = again.sort_values(["adcode", "node"], ignore_index=True)
    pd.testing.assert_frame_equal(again, scores_of(then), check_exact=True, check_dtype=False)


def test_a_rescored_year_leaves_no_trace(three: Settings) -> None:
    def state() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(three.home.rglob("*")) if p.is_file()}

    before = state()
    score_as_of(three, YEAR, BETWEEN)
    assert state() == before


def test_a_day_on_which_nothing_was_known_is_refused(three: Settings) -> None:
    with pytest.raises(NotFoundError, match=r"2024 as of 2024-12-31: facts: nothing of 2024 was known on 2024-12-31"):
        score_as_of(three, YEAR, date(2024, 12, 31))


def test_a_day_on_which_too_little_was_known_is_refused_by_the_checks(made: Settings, tmp_path: Path) -> None:
    own = replace(made, home=tmp_path / "home", facts=tmp_path / "facts")
    shutil.copytree(made.facts, own.facts)
    accept_on(own.facts / "series" / "gdp_per_capita.csv", date(2025, 1, 1))
    make(own, YEAR)
    with pytest.raises(QualityError, match="enough_indicators"):
        score_as_of(own, YEAR, date(2025, 6, 1))


def test_the_command_answers_as_of_a_day(three: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ICDP_HOME", str(three.home))

    def icdp(*arguments: str) -> str:
        answer = CliRunner().invoke(app, [*arguments, "--format", "csv"])
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    sql = "SELECT value FROM observations WHERE series = 'gdp_per_capita' AND value_year = 2024 AND adcode = '510000'"
    first = printed(three)
    for day, factor in ((BEFORE, 1.0), (BETWEEN, 1.02), (AFTER, 0.98)):
        answer = icdp("query", "--as-of", str(day), sql)
        assert answer.splitlines() == ["value", str(first * factor)]
    told = icdp("rescore", "2024", "--as-of", str(BETWEEN), "--out", str(tmp_path / "r"))
    expected = score_as_of(three, YEAR, BETWEEN)["scores"]
    composite = expected[expected["level"] == 0].set_index("adcode")["score"]
    rows = list(csv.DictReader(told.splitlines()))
    assert {row["as_of"] for row in rows} == {str(BETWEEN)}
    assert {row["adcode"]: float(row["score"]) for row in rows} == composite.to_dict()
    values = pd.read_csv(tmp_path / "r" / "indicator_values.csv", dtype={"adcode": str})
    sichuan = (values["adcode"] == SICHUAN) & (values["indicator"] == "gdp_per_capita")
    assert values[sichuan]["value"].tolist() == [first * 1.02]
