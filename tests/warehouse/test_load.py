"""A year is a slice: loaded anew it is the same, and no other year and no older vintage changes with it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from icdp import road
from icdp.archive import Archive
from icdp.catalog import Catalog
from icdp.errors import DataError, NotFoundError
from icdp.settings import FACTS, Settings
from icdp.warehouse import write
from icdp.warehouse.load import load_year, observations_of
from icdp.warehouse.values import Values

Take = Callable[[Settings, int], None]
Load = Callable[[Settings, int], Values]
Rows = list[tuple[object, ...]]
SLICED = ("year_inputs", "indicator_values", "lineage", "indicator_coverage")

# One shipped figure and a synthetic one in its place.
OLD, NEW = "2024,510000,", "2024,510000,70000"


def query(settings: Settings, sql: str) -> Rows:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def tables(settings: Settings) -> dict[str, Rows]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


def slices(settings: Settings, year: int) -> dict[str, Rows]:
    return {name: query(settings, f"FROM {name} WHERE year = {year} ORDER BY ALL") for name in SLICED}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def revise(settings: Settings) -> tuple[str, str]:
    """Change one figure of 2024 in the facts; return the digests of the file before and after."""
    path = settings.facts / "series" / "gdp_per_capita.csv"
    before = digest(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (number,) = [i for i, line in enumerate(lines) if line.startswith(OLD)]
    _, _, _, rest = lines[number].split(",", 3)
    lines[number] = f"{NEW},{rest}"
    path.write_text("".join(lines), encoding="utf-8")
    return before, digest(path)


def sichuan(settings: Settings, year: int) -> tuple[object, ...]:
    (row,) = query(
        settings,
        "SELECT value, value_year, payload_sha256 FROM indicator_values "
        f"WHERE indicator = 'gdp_per_capita' AND adcode = '510000' AND year = {year}",
    )
    return row


def test_loading_a_year_twice_gives_the_same_tables(few: Settings, load: Load) -> None:
    load(few, 2024)
    first = tables(few)
    load(few, 2024)
    assert tables(few) == first
    assert len(first["observations"]) == len(
        [line for f in (few.facts / "series").glob("*.csv") for line in f.read_text().split("---\n", 2)[2].splitlines()]
    ) - len(list((few.facts / "series").glob("*.csv")))


def test_what_is_loaded_is_what_is_returned(few: Settings, load: Load) -> None:
    values = load(few, 2024)
    assert query(few, "SELECT adcode, indicator, value FROM indicator_values ORDER BY ALL") == sorted(
        values.values[["adcode", "indicator", "value"]].itertuples(index=False, name=None)
    )
    used = {"gdp_per_capita", "green_power"}
    assert set(values.coverage.loc[values.coverage["in_use"], "indicator"]) == used
    assert query(few, "SELECT count(*) FROM indicator_coverage WHERE year = 2024") == [(24,)]


def test_loading_another_year_changes_nothing_of_this_one(few: Settings, load: Load) -> None:
    load(few, 2024)
    before = slices(few, 2024)
    load(few, 2023)
    assert slices(few, 2024) == before
    assert slices(few, 2023) != before
    assert all(len(rows) > 0 for rows in slices(few, 2023).values())


def test_the_order_in_which_years_are_loaded_does_not_matter(few: Settings, load: Load, tmp_path: Path) -> None:
    other = replace(few, home=tmp_path / "other")
    for settings, years in ((few, (2023, 2024)), (other, (2024, 2023))):
        for year in years:
            load(settings, year)
    assert tables(few) == tables(other)


def test_a_second_vintage_leaves_the_observations_of_the_first(few: Settings, load: Load) -> None:
    load(few, 2023)
    load(few, 2024)
    of_2023 = slices(few, 2023)
    was = sichuan(few, 2024)
    before, after = revise(few)
    load(few, 2024)
    assert was[2] == before
    assert sichuan(few, 2024) == (70000.0, 2024, after)
    both = "SELECT value, payload_sha256 FROM observations WHERE {} ORDER BY value"
    kept = query(few, both.format("series = 'gdp_per_capita' AND adcode = '510000' AND year = 2024"))
    assert sorted(kept) == sorted([(was[0], before), (70000.0, after)])
    assert slices(few, 2023) == of_2023, "the year that was not loaded anew keeps its inputs"
    inputs = dict(
        query(few, "SELECT year, payload_sha256 FROM year_inputs WHERE item = 'gdp_per_capita' ORDER BY year")  # type: ignore[arg-type]
    )
    assert inputs == {2023: before, 2024: after}
    assert Archive(few.archive).get(before) != Archive(few.archive).get(after)
    load(few, 2023)
    assert sichuan(few, 2023)[2] == after, "loaded anew it takes the vintage of now"


def test_the_slice_of_a_year_sees_its_own_vintage_alone(few: Settings, load: Load, catalog: Catalog) -> None:
    load(few, 2023)
    before, after = revise(few)
    load(few, 2024)
    with write(few.warehouse) as connection:
        seen = {year: observations_of(connection, catalog, year) for year in (2023, 2024)}
    vintages = {y: set(t.loc[t["series"] == "gdp_per_capita", "payload_sha256"]) for y, t in seen.items()}
    assert vintages == {2023: {before}, 2024: {after}}
    for year, table in seen.items():
        assert not table.duplicated(["series", "year", "adcode"]).any()
        assert table["year"].between(year - catalog.lookback, year).all(), "nothing later than the year itself"


def test_an_exception_after_the_load_leaves_all_as_it_was(
    few: Settings, load: Load, take: Take, catalog: Catalog
) -> None:
    load(few, 2024)
    before = tables(few)
    revise(few)
    take(few, 2024)

    def half() -> None:
        with write(few.warehouse) as connection:
            load_year(connection, catalog, Archive(few.archive), few.staging / "2024", 2024)
            raise RuntimeError("synthetic")

    with pytest.raises(RuntimeError, match="synthetic"):
        half()
    assert tables(few) == before


def test_a_year_for_which_nothing_is_staged_is_refused(few: Settings, load: Load, catalog: Catalog) -> None:
    load(few, 2024)
    before = tables(few)
    folder = few.staging / "2023"
    with pytest.raises(NotFoundError) as caught, write(few.warehouse) as connection:
        load_year(connection, catalog, Archive(few.archive), folder, 2023)
    assert str(caught.value) == f"{folder}: nothing is staged for 2023; acquire and stage a source first"
    assert tables(few) == before


def test_receipts_that_were_not_parsed_are_refused(few: Settings, take: Take, catalog: Catalog) -> None:
    take(few, 2024)
    revise(few)
    road.acquire(few, "facts", 2024)  # but not staged
    with pytest.raises(DataError) as caught, write(few.warehouse) as connection:
        load_year(connection, catalog, Archive(few.archive), few.staging / "2024", 2024)
    listed = few.staging / "2024" / "facts.receipts.json"
    assert str(caught.value) == f"{listed}: names other payloads than were parsed; stage facts of 2024 again"


def test_a_source_acquired_and_never_staged_is_refused(few: Settings, catalog: Catalog) -> None:
    road.acquire(few, "facts", 2024)
    with (
        pytest.raises(NotFoundError, match=r"facts\.parquet: nothing is staged there"),
        write(few.warehouse) as connection,
    ):
        load_year(connection, catalog, Archive(few.archive), few.staging / "2024", 2024)


def test_a_series_withdrawn_from_the_facts_leaves_the_year_but_not_the_warehouse(few: Settings, load: Load) -> None:
    load(few, 2024)
    (few.facts / "series" / "gdp_per_capita.csv").unlink()
    values = load(few, 2024)
    assert set(values.values["indicator"]) == {"green_power"}
    assert query(few, "SELECT count(*) FROM observations WHERE series = 'gdp_per_capita'") != [(0,)]
    shutil.copy(FACTS / "series" / "gdp_per_capita.csv", few.facts / "series")
    assert set(load(few, 2024).values["indicator"]) == {"green_power", "gdp_per_capita"}


def test_the_layer_of_the_source_is_written_beside_every_value_and_figure(few: Settings, load: Load) -> None:
    load(few, 2024)
    for table in ("year_inputs", "indicator_values", "lineage"):
        assert query(few, f"SELECT DISTINCT source, layer FROM {table}") == [("facts", "base")]
