"""What a new edition says about those before it, through the whole road."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from icdp import road
from icdp.comparing.changes import changes
from icdp.comparing.state import State
from icdp.errors import DataError
from icdp.publishing.against import read_edition
from icdp.publishing.reader import open_published
from icdp.settings import Settings

Run = Callable[[Settings, int], str]
GDP = "gdp_per_capita"


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.published / "icdp.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def parts_moved(settings: Settings, edition: str, against: str) -> set[object]:
    return {
        part
        for (part,) in query(
            settings,
            f"SELECT part FROM history.rank_changes WHERE edition = '{edition}' AND against = '{against}' "
            "GROUP BY part HAVING max(abs(score_points)) > 0 OR max(abs(rank_places)) > 0",
        )
    }


def add_to_gdp(settings: Settings, year: int, plus: float) -> None:
    """Replace 四川's figure of a year by a synthetic one, within what the checks let pass."""
    path = settings.facts / "series" / f"{GDP}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    (number,) = [i for i, line in enumerate(lines) if line.startswith(f"{year},510000,")]
    cells = lines[number].split(",")
    lines[number] = ",".join([*cells[:2], str(float(cells[2]) + plus), *cells[3:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_corrected_figure_is_data_revision_and_the_weights_that_follow_from_it(own: Settings, run_year: Run) -> None:
    add_to_gdp(own, 2024, 3500)
    assert run_year(own, 2024) == "2024-r2 published"
    assert parts_moved(own, "2024-r2", "2024-r1") == {"data_revision", "entropy_weights"}
    ((points,),) = query(
        own,
        "SELECT score_points FROM history.rank_changes WHERE edition = '2024-r2' AND against = '2024-r1' "
        "AND node = 'economy' AND adcode = '510000' AND part = 'data_revision'",
    )
    assert float(str(points)) > 1
    assert query(own, "SELECT DISTINCT edition, against FROM history.rank_changes ORDER BY ALL") == [
        ("2024-r2", "2023-r1"), ("2024-r2", "2024-r1"),
    ]  # fmt: skip


def test_other_judgements_are_judgements(own: Settings) -> None:
    path = own.judgements / "project.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("infrastructure,compute,network,1,", "infrastructure,compute,network,3,"), encoding="utf-8"
    )
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    assert parts_moved(own, "2024-r2", "2024-r1") == {"judgements"}
    weights = (
        "SELECT node, round(weight, 9) FROM judged_weights WHERE parent = 'infrastructure' AND year = 2024 ORDER BY 1"
    )
    assert query(own, weights) == [("compute", 0.75), ("network", 0.25)]
    # 2023 has no figures of `compute`, and yet its edition tells what the experts think of it.
    assert query(own, weights.replace("2024", "2023")) == [("compute", 0.5), ("network", 0.5)]


def test_another_min_coverage_is_method_and_stands_among_the_rules(own: Settings) -> None:
    path = own.catalog / "index.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("min_coverage: 0.5 ") == 1
    path.write_text(text.replace("min_coverage: 0.5 ", "min_coverage: 0.95"), encoding="utf-8")
    road.load(own, 2024)
    road.check(own, 2024)
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    rule = "SELECT edition, value FROM history.rules WHERE rule = 'scoring.min_coverage' AND year = 2024 ORDER BY 1"
    assert query(own, rule) == [("2024-r1", "0.5"), ("2024-r2", "0.95")]
    moved = parts_moved(own, "2024-r2", "2024-r1")
    assert "method" in moved
    assert not moved & {"performance", "data_revision", "judgements", "coverage"}


def test_other_normalisation_and_aggregation_are_method_and_the_edition_can_be_scored_again(own: Settings) -> None:
    for name, old, new in (
        ("index.yaml", "  ri_table:", "  normalisation: {method: minmax, scale: [0.01, 1]}\n  ri_table:"),
        ("tree.yaml", "{node: economy, parent: environment,", "{node: economy, parent: environment, aggregation: geometric,"),
        ("tree.yaml", "unit: 元, direction: 1,", "unit: 元, normalisation: {method: percentile, scale: [0.01, 1]}, outliers: winsorise, direction: 1,"),
    ):  # fmt: skip
        path = own.catalog / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    road.load(own, 2024)
    road.check(own, 2024)
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    assert parts_moved(own, "2024-r2", "2024-r1") >= {"method"}
    states = [State.of(name, read_edition(own.published / "editions" / name)) for name in ("2024-r1", "2024-r2")]
    assert states[1].tree["economy"].aggregation == "geometric"
    assert changes(*states).rescored < 1e-9


def test_a_figure_of_last_year_restated_is_told_apart_from_performance(own: Settings, run_year: Run) -> None:
    add_to_gdp(own, 2023, 3500)
    # The figures of 2024 are the same: last year's restatement alone makes no edition of this year.
    assert run_year(own, 2024) == "2024-r1 unchanged"
    add_to_gdp(own, 2024, 3500)
    assert run_year(own, 2024) == "2024-r2 published"
    assert "data_revision" in parts_moved(own, "2024-r2", "2023-r1")
    ((known, printed),) = query(
        own,
        f"SELECT e.value, v.value FROM earlier_values e JOIN history.indicator_values v USING (adcode, indicator, value_year) "
        f"WHERE e.edition = '2024-r2' AND v.edition = '2023-r1' AND e.indicator = '{GDP}' AND adcode = '510000'",
    )
    assert float(str(known)) - float(str(printed)) == 3500
    # The year before is corrected in its own edition; this year's stays, though it was held against the former one.
    assert run_year(own, 2023) == "2023-r2 published"
    assert run_year(own, 2024) == "2024-r2 unchanged"


def test_values_off_the_panel_scale_and_other_judgements_are_noted(own: Settings) -> None:
    path = own.catalog / "panel_scale.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("max: 4332.780000000001", "max: 4000").replace("judgements: baseline-1", "judgements: older")
    text = text.replace("expression: ipv4_share,", "expression: ipv4_share_registered,")
    path.write_text(text, encoding="utf-8")
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    notes = query(
        own, "SELECT kind, node, adcode FROM run_notes WHERE kind LIKE 'panel%' AND year = 2024 ORDER BY position"
    )
    assert notes == [
        ("panel_judgements", "composite", ""), ("panel_missing", "ipv4_share", ""),
        ("panel_outside", "green_power", "510000"), ("panel_outside", "green_power", "530000"),
    ]  # fmt: skip
    low = query(own, "SELECT DISTINCT coverage < 0.99 FROM scores_panel WHERE node = 'network' AND year = 2024")
    assert low == [(True,)]
    # The yearly scale does not feel it.
    assert parts_moved(own, "2024-r2", "2024-r1") == set()


def test_without_a_panel_scale_a_year_has_no_scores_on_it(own: Settings) -> None:
    (own.catalog / "panel_scale.yaml").unlink()
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    assert query(own, "SELECT count(*) FROM scores_panel WHERE year = 2024") == [(0,)]


def test_a_database_of_an_older_version_says_so_and_the_next_publishing_rebuilds_it(own: Settings) -> None:
    database = own.published / "icdp.duckdb"
    database.chmod(0o644)
    with duckdb.connect(str(database)) as connection:
        connection.execute("DROP VIEW rank_changes; DROP TABLE history.rank_changes")
    with (
        open_published(own.published) as db,
        pytest.raises(DataError, match=r"icdp\.duckdb was made by an older version .*; publish any year again"),
    ):
        db.frame("FROM rank_changes")
    assert road.publish(own, 2024) == "2024-r1 unchanged"
    assert query(own, "SELECT count(*) FROM rank_changes WHERE year = 2024") == [(0,)]


def test_the_figures_of_earlier_years_follow_the_binding_in_use(own: Settings, catalog_years: pd.DataFrame) -> None:
    assert catalog_years["value_year"].max() == 2023
    assert catalog_years.groupby("indicator")["adcode"].nunique().max() == 31
    assert not catalog_years.duplicated(["indicator", "adcode", "value_year"]).any()
    wage = catalog_years[(catalog_years["indicator"] == "labor_cost") & (catalog_years["value_year"] == 2020)]
    lines = (own.facts / "series" / "avg_wage_urban_nonprivate.csv").read_text(encoding="utf-8").splitlines()
    yearly = next(line.split(",")[2] for line in lines if line.startswith("2020,510000,"))
    assert wage.set_index("adcode")["value"]["510000"] == pytest.approx(float(yearly) / 12, rel=1e-12)


@pytest.fixture
def catalog_years(published: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return published.execute("FROM earlier_values WHERE year = 2024").df()


def test_publishing_twice_from_scratch_gives_the_same_changes(own: Settings, tmp_path: Path) -> None:
    again = replace(own, home=tmp_path / "again")
    shutil.copytree(own.home, again.home)
    shutil.rmtree(again.published / "editions" / "2024-r1")
    assert road.publish(again, 2024) == "2024-r1 published"
    # Made in the order 2024, 2023, the first 2024-r1 had no year before it; now it has.
    assert query(own, "SELECT DISTINCT against FROM rank_changes WHERE year = 2024") == []
    assert query(again, "SELECT DISTINCT against FROM rank_changes WHERE year = 2024") == [("2023-r1",)]
    shutil.rmtree(again.published / "editions" / "2024-r1")
    bytes_of = again.published / "editions" / "2024-r1" / "parquet" / "rank_changes.parquet"
    road.publish(again, 2024)
    first = bytes_of.read_bytes()
    shutil.rmtree(again.published / "editions" / "2024-r1")
    road.publish(again, 2024)
    assert bytes_of.read_bytes() == first
