"""A failure a named person answers for does not stop the year, is published, and ends on its day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from tests.conftest import make

from icdp import road
from icdp.catalog import Catalog
from icdp.catalog.checks import Waiver
from icdp.errors import QualityError
from icdp.settings import Settings

LAST = date(2026, 11, 23)
AFTER = date(2026, 11, 24)
REASON = "the bureau corrected its table after the facts were accepted"


def entry(**changed: object) -> str:
    cells = {
        "check": "gdp_per_capita_identity", "subject": "gdp_per_capita", "year": 2024, "reason": REASON, "name": "Somebody", "expires": LAST,
    } | changed  # fmt: skip
    return "- " + "\n  ".join(f"{key}: {value!s}" for key, value in cells.items()) + "\n"


def waive(settings: Settings, *entries: str) -> None:
    (settings.catalog / "quality" / "waivers.yaml").write_text("".join(entries), encoding="utf-8")


def spoil(settings: Settings) -> None:
    path = settings.facts / "series" / "gdp.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("2024,510000,"))
    cells = lines[at].split(",")
    cells[2] = f"{float(cells[2]) * 1.06:.1f}"
    lines[at] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def load(settings: Settings, year: int = 2024) -> None:
    road.acquire(settings, "facts", year)
    road.stage(settings, "facts", year)
    road.load(settings, year)


def test_a_waived_error_does_not_stop_the_year_and_is_published_with_who_and_why(own: Settings) -> None:
    spoil(own)
    load(own)
    with pytest.raises(QualityError, match="gdp_per_capita_identity"):
        road.check(own, 2024, LAST)
    waive(own, entry())
    assert "1 waived" in road.check(own, 2024, LAST)
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r2 published"
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT check_id, passed, waived, waiver FROM quality_results WHERE year = 2024 AND waived"
        ).fetchall()
    assert rows == [("gdp_per_capita_identity", False, True, f"Somebody: {REASON} (until 2026-11-23)")]


def test_the_day_after_its_last_a_waiver_excuses_nothing_and_is_an_error_itself(own: Settings) -> None:
    spoil(own)
    load(own)
    waive(own, entry())
    with pytest.raises(QualityError) as caught:
        road.check(own, 2024, AFTER)
    assert "year 2024: 2 checks failed" in str(caught.value)
    assert "waiver_expired (gdp_per_capita_identity (gdp_per_capita))" in str(caught.value)
    assert "until 2026-11-23, Somebody" in str(caught.value)
    with pytest.raises(QualityError, match="failed its checks"):
        road.score(own, 2024)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "the check did not fail"),
        ({"check": "no_such_check", "subject": "gdp"}, "there is no such check"),
        ({"subject": "gdp"}, "the check did not fail"),
    ],
    ids=["a check that passes", "a check that does not exist", "another subject"],
)
def test_a_waiver_that_excuses_nothing_is_warned_of(own: Settings, changed: dict[str, object], told: str) -> None:
    waive(own, entry(**changed))
    load(own)
    road.check(own, 2024, LAST)
    with duckdb.connect(str(own.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT severity, observed FROM quality_results WHERE check_id = 'waiver_without_use' AND NOT passed"
        ).fetchall()
    assert rows == [("warn", told)]


def test_a_waiver_of_another_year_is_not_looked_at(own: Settings) -> None:
    waive(own, entry(year=2023, expires=date(2020, 1, 1)))
    load(own)
    assert "waived" not in road.check(own, 2024, AFTER)


def test_the_shipped_catalogue_waives_nothing(catalog: Catalog) -> None:
    assert catalog.waivers == ()


def test_every_run_stays_and_the_same_one_is_kept_once(own: Settings) -> None:
    load(own)
    road.check(own, 2024, LAST)
    spoil(own)
    load(own)
    for _ in range(2):
        with pytest.raises(QualityError):
            road.check(own, 2024, LAST)
    waive(own, entry())
    road.check(own, 2024, LAST)
    with duckdb.connect(str(own.warehouse), read_only=True) as connection:
        runs = connection.execute(
            "SELECT run, errors, waived FROM quality_runs WHERE year = 2024 ORDER BY position"
        ).fetchall()
        failed = connection.execute(
            "SELECT check_id, waived FROM quality_history WHERE run = ? AND severity = 'error' AND NOT passed",
            [runs[-2][0]],
        ).fetchall()
        positions = connection.execute("SELECT position FROM quality_runs WHERE year = 2024 ORDER BY 1").fetchall()
    assert [(errors, waived) for _, errors, waived in runs][-3:] == [(0, 0), (1, 0), (0, 1)]
    assert failed == [("gdp_per_capita_identity", False)]  # what failed before is still told
    assert positions == [(i + 1,) for i in range(len(runs))]


def test_a_run_again_makes_no_new_edition(own: Settings, tmp_path: Path) -> None:
    """Neither the editions made meanwhile nor the day change what the checks find."""
    assert make(own, 2024) == "2024-r1 unchanged"
    assert make(own, 2023) == "2023-r1 unchanged"
    load(own)
    road.check(own, 2024, date(2030, 1, 1))
    road.score(own, 2024)
    assert road.publish(own, 2024) == "2024-r1 unchanged"


def test_a_revision_with_fewer_provinces_says_so_however_often_it_is_made(own: Settings) -> None:
    (own.catalog / "quality" / "baseline.csv").write_text("series,year,rows\n", encoding="utf-8")
    path = own.facts / "series" / "llm_filings.csv"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("2024,630000,")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert make(own, 2024) == "2024-r2 published"
    assert make(own, 2024) == "2024-r2 unchanged"
    with duckdb.connect(str(own.published / "icdp.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT edition, subject, observed, expected FROM history.quality_results "
            "WHERE year = 2024 AND check_id = 'coverage_kept' AND NOT passed"
        ).fetchall()
    assert ("2024-r2", "llm_filings (2024-r1)", "30 provinces", "at least 31, as 2024-r1") in rows


def test_the_year_in_which_a_figure_is_at_last_too_old_says_so(own_loaded: Settings, catalog: Catalog) -> None:
    """The year before is built with figures that this one may no longer use."""
    year = 2020 + catalog.lookback + 1
    load(own_loaded, year)
    with pytest.raises(QualityError):
        road.check(own_loaded, year, LAST)
    with duckdb.connect(str(own_loaded.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT subject, observed FROM quality_results WHERE year = ? AND check_id = 'coverage_kept' AND NOT passed",
            [year],
        ).fetchall()
    assert (f"industrial_power_price ({year - 1})", "not in use") in rows


def test_a_waiver_tells_who_why_and_until_when() -> None:
    waiver = Waiver.model_validate(
        {"check": "a", "subject": "b", "year": 2024, "reason": REASON, "name": "Somebody", "expires": "2026-11-23"}
    )
    assert waiver.text == f"Somebody: {REASON} (until 2026-11-23)"
