"""Cells that were filled, and provinces of which too little is known, in a published edition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from icdp.cli.app import app
from icdp.publishing.reader import open_published
from icdp.settings import Settings

Run = Callable[[Settings, int], str]
GDP = "indicator = 'gdp_per_capita' AND adcode = '510000' AND year = 2023"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def lines_of(settings: Settings) -> dict[str, str]:
    text = (settings.facts / "series" / "gdp_per_capita.csv").read_text(encoding="utf-8")
    return {line[:4]: line for line in text.splitlines() if line[5:12] == "510000,"}


def test_an_interpolated_cell_says_so_from_the_table_to_the_trace(
    own: Settings, run_year: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = lines_of(own)
    before, after = (float(figures[year].split(",")[2]) for year in ("2022", "2024"))
    edit(own.facts / "series" / "gdp_per_capita.csv", figures["2023"] + "\n", "")
    edit(own.catalog / "quality" / "baseline.csv", "gdp_per_capita,2023,31\n", "gdp_per_capita,2023,30\n")
    assert run_year(own, 2023) == "2023-r2 published"
    with open_published(own.published) as db:
        carried = db.frame(f"SELECT value, value_year, status, fill FROM indicator_values WHERE {GDP}")
        assert carried.values.tolist() == [[before, 2022, "I", "carried"]]
    edit(own.catalog / "tree.yaml", "node: gdp_per_capita,", "node: gdp_per_capita, missing: interpolate,")
    assert run_year(own, 2023) == "2023-r3 published"
    with open_published(own.published) as db:
        drawn = db.frame(f"SELECT value, value_year, status, fill FROM indicator_values WHERE {GDP}")
        assert drawn.values.tolist() == [[(before + after) / 2, 2023, "I", "interpolated"]]
        rests = db.frame(f"SELECT value_year, of_adcode, value, fill FROM lineage WHERE {GDP} ORDER BY 1")
        assert rests.values.tolist() == [
            [2022, "510000", before, "interpolated"], [2024, "510000", after, "interpolated"],
        ]  # fmt: skip
        told = db.frame(
            "SELECT when_missing, carried, imputed FROM indicator_coverage WHERE indicator = 'gdp_per_capita' AND year = 2023"
        )
        assert told.values.tolist() == [["interpolate", 0, 1]]
        known = db.frame("SELECT known FROM scores WHERE level = 0 AND adcode = '510000' AND year = 2023")
        used = db.frame("SELECT count(*) AS n FROM indicator_coverage WHERE in_use AND year = 2023")
        assert known["known"][0] == (used["n"][0] - 1) / used["n"][0]
    monkeypatch.setenv("ICDP_HOME", str(own.home))
    people = CliRunner().invoke(app, ["trace", "四川", "gdp_per_capita", "2023"], env={"COLUMNS": "300"}).output
    assert "两年间插值 interpolated between two years (2023)" in people
    assert "gdp_per_capita 2022" in people
    assert "gdp_per_capita 2024" in people


def test_a_province_of_which_too_little_is_known_is_scored_and_not_ranked(own: Settings, run_year: Run) -> None:
    edit(own.catalog / "index.yaml", "min_province_coverage: 0.65", "min_province_coverage: 0.95")
    assert run_year(own, 2024) == "2024-r2 published"
    with open_published(own.published) as db:
        table = db.frame("SELECT adcode, score, rank, tier, known FROM scores WHERE level = 0 AND year = 2024")
        before = db.frame("SELECT adcode, score FROM history.scores WHERE level = 0 AND edition = '2024-r1'")
        changes = db.frame(
            """SELECT adcode, part, score_before - score_after AS moved, score_points, rank_after - rank_before AS fell,
                   rank_places FROM rank_changes
               WHERE edition = '2024-r2' AND against = '2024-r1' AND node = 'composite'"""
        )
        notes = db.frame("SELECT adcode, detail FROM run_notes WHERE kind = 'unit_not_ranked' AND year = 2024")
    assert table.set_index("adcode")["score"].to_dict() == before.set_index("adcode")["score"].to_dict()
    assert sorted(table["rank"].dropna().astype(int)) == list(range(1, 31))
    without = table[table["rank"].isna()]
    assert without[["adcode", "known"]].values.tolist() == [["540000", pytest.approx(16 / 18)]]
    assert without["tier"].isna().all()
    assert notes["adcode"].tolist() == ["540000"]
    # The new rule moves no score, and every place it moves is the method's.
    assert changes["score_points"].tolist() == [0.0] * len(changes)
    method = changes[changes["part"] == "method"].set_index("adcode")
    assert method["rank_places"].isna().tolist() == (method.index == "540000").tolist()
    places = method.drop(index="540000")
    assert places["rank_places"].tolist() == (-places["fell"].astype(float)).tolist()
    assert changes[(changes["part"] != "method") & (changes["adcode"] != "540000")]["rank_places"].eq(0).all()


def test_in_the_shipped_years_every_province_is_ranked(published: duckdb.DuckDBPyConnection) -> None:
    composite = "FROM scores WHERE level = 0"
    assert published.execute(f"SELECT count(*) {composite} AND rank IS NULL").fetchone() == (0,)
    assert published.execute(f"SELECT min(known) > 0.65 {composite}").fetchone() == (True,)
    fills = published.execute("SELECT DISTINCT fill, status = 'I' FROM indicator_values ORDER BY ALL").fetchall()
    assert fills == [("carried", True), ("none", False)]
