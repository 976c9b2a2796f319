"""A warehouse that is lost or spoilt is made again with the same tables, or stays as it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import duckdb
import pytest
from tests.states import correct, rows

from icdp import road
from icdp.errors import DataError, IcdpError
from icdp.restoring.rebuild import rebuild_warehouse
from icdp.settings import Settings

Run = Callable[[Settings, int], str]


@pytest.mark.parametrize("fate", ["spoilt", "cut off", "lost"])
def test_the_warehouse_is_made_again_with_the_same_tables(own: Settings, fate: str) -> None:
    before = rows(own.warehouse)
    if fate == "lost":
        own.warehouse.unlink()
    else:
        content = own.warehouse.read_bytes()
        own.warehouse.write_bytes(content[:5000] if fate == "cut off" else b"spoilt" + content[6:])
        with pytest.raises(DataError, match="`icdp warehouse rebuild`"):
            road.load(own, 2024)
        content = own.warehouse.read_bytes()
    done, aside = rebuild_warehouse(own)
    assert [(row.year, row.made_from) for row in done] == [(2023, "2023-r1"), (2024, "2024-r1")]
    assert rows(own.warehouse) == before
    assert (aside is None) == (fate == "lost")
    assert aside is None or aside.read_bytes() == content
    assert not list(own.home.glob(".rebuild-*"))
    # And the years made upon it are those that stand.
    assert road.publish(own, 2024) == "2024-r1 unchanged"


def test_revisions_and_years_without_an_edition_come_back(
    own: Settings, run_year: Run, score_year: Callable[[Settings, int], None]
) -> None:
    correct(own)
    assert run_year(own, 2024) == "2024-r2 published"
    score_year(own, 2022)
    before = rows(own.warehouse)
    own.warehouse.unlink()
    done, _ = rebuild_warehouse(own)
    assert [(row.year, row.made_from) for row in done] == [(2022, "archive"), (2023, "2023-r1"), (2024, "2024-r2")]
    again = rows(own.warehouse)
    assert {table for table in before if before[table] != again[table]} == set()
    assert road.publish(own, 2024) == "2024-r2 unchanged"


def test_a_warehouse_at_work_is_left_alone(own: Settings) -> None:
    before = own.warehouse.read_bytes()
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(own.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(DataError, match="a task is at work on it; wait until it has ended"):
            rebuild_warehouse(own)
        holder.communicate()
    assert own.warehouse.read_bytes() == before


def test_a_rebuilding_that_fails_leaves_what_stood(own: Settings) -> None:
    before = own.warehouse.read_bytes()
    with duckdb.connect(str(own.warehouse), read_only=True) as connection:
        (payload,) = connection.execute("SELECT payload_sha256 FROM year_inputs WHERE year = 2024").fetchall()[0]
    (own.home / "archive" / "payloads" / payload[:2] / payload).unlink()
    with pytest.raises(IcdpError, match="the archive has no such payload"):
        rebuild_warehouse(own)
    assert own.warehouse.read_bytes() == before
    assert not list(own.home.glob("*.aside-*"))


def test_there_must_be_something_to_rebuild_from(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = Settings(home=tmp_path_factory.mktemp("empty"))
    with pytest.raises(DataError, match="restore them from a backup first"):
        rebuild_warehouse(settings)
    assert not settings.warehouse.exists()
