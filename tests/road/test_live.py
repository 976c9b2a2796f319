"""The live channel through the real scheduler, against replicas of the sites."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest
from tests.replica.server import Replica, serving, status
from tests.replica.sites import PLACES, truth

from icdp.settings import INCLUDE

pytestmark = pytest.mark.scheduler

# They show today's state only, and have nothing for years that are past.
WITHOUT_HISTORY = ["govsites", "ipv4"]


def run(home: Path, replicas: dict[str, Replica], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the runner in the live channel, every source pointed at its replica."""
    addresses = {
        f"ICDP_{source.upper()}_BASE_URL": replica.url + PLACES[source].root for source, replica in replicas.items()
    }
    environment = {
        **os.environ, **addresses, "ICDP_HOME": str(home), "ICDP_CHANNEL": "live", "PYTHONPATH": str(INCLUDE), "COLUMNS": "200",
    }  # fmt: skip
    command = [sys.executable, "-m", "icdp.operation", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)


def ask(home: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "published" / "icdp.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_two_live_years_equal_the_facts_and_a_failed_source_makes_one_provisional(tmp_path: Path) -> None:
    with ExitStack() as stack:
        replicas = {source: stack.enter_context(serving(place.site())) for source, place in PLACES.items()}
        made = run(tmp_path, replicas, "backfill", "--from", "2023", "--to", "2024")
        assert made.returncode == 0, made.stdout + made.stderr
        for year in (2023, 2024):
            live = ask(
                tmp_path,
                f"SELECT DISTINCT l.series, l.adcode, l.value, l.value_year, l.layer, v.layer, l.source FROM lineage l JOIN indicator_values v "
                f"USING (year, adcode, indicator) WHERE l.year = {year} AND l.source <> 'facts'",
            )
            assert {row[0] for row in live} >= {
                "llm_filings",
                "higher_education_institutions",
                "gdp_per_capita",
                "fixed_broadband_users",
                "power_generation",
                "ipv4_share_registered",
            }
            assert {row[4:6] for row in live} == {("live", "live")}
            right = {key: truth(*key) for key in {(str(r[6]), str(r[0]), int(str(r[3]))) for r in live}}
            wrong = [r for r in live if right[str(r[6]), str(r[0]), int(str(r[3]))][str(r[1])] != r[2]]
            assert wrong == []
        outcomes = ask(tmp_path, "SELECT DISTINCT source, outcome FROM source_results ORDER BY ALL")
        assert outcomes == [
            (source, "absent" if source in WITHOUT_HISTORY else "accepted") for source in sorted({"facts", *PLACES})
        ]
        assert all(not replicas[source].requests for source in WITHOUT_HISTORY)
        assert ask(tmp_path, "SELECT edition, status FROM editions ORDER BY 1") == [
            ("2023-r1", "final"),
            ("2024-r1", "final"),
        ]

        # The archive has both years: nobody is asked, nothing changes.
        asked = sum(len(replica.requests) for replica in replicas.values())
        again = run(tmp_path, replicas, "backfill", "--from", "2023", "--to", "2024")
        assert "Nothing changed" in again.stdout
        assert sum(len(replica.requests) for replica in replicas.values()) == asked

        # A year in which a site refuses is made with the shipped figures, says so, and the run tells.
        replicas["nbs"].fault(status(403), times=1000)
        refused = run(tmp_path, replicas, "run", "--year", "2022")
        assert refused.returncode == 0, refused.stdout
        assert "acquire nbs" in refused.stdout
        assert "status 403" in refused.stdout
        assert ask(tmp_path, "SELECT status FROM editions WHERE year = 2022") == [("provisional",)]
        told = ask(
            tmp_path,
            "SELECT outcome, reason FROM source_results WHERE year = 2022 AND source = 'nbs' AND outcome = 'failed'",
        )
        assert len(told) == 1
        assert "status 403" in str(told[0][1])
