"""The machine fails in every step: killed, disk full, clock put back. Nothing is lost, doubled, or half there."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from tests.restoring.step import in_child, run
from tests.states import State, correct, state

from icdp import road
from icdp.publishing.editions import list_editions
from icdp.publishing.verify import differences
from icdp.replay import rebuilt
from icdp.settings import Settings

STEPS = ("acquire", "stage", "load", "check", "score", "publish")
YEAR = 2024
Run = Callable[[Settings, int], str]


class Undisturbed:
    """The state before and after each step of a year, and how many signs of work the step gave."""

    def __init__(self, root: Path) -> None:
        self.before: dict[str, Path] = {}
        self.after: dict[str, State] = {}
        self.signs: dict[str, int] = {}
        home = root / "home"
        home.mkdir()
        for name in STEPS:
            self.before[name] = root / f"before {name}"
            shutil.copytree(home, self.before[name])
            done = in_child(name, Settings(home=home), YEAR)
            assert done.code == 0, done.said
            self.signs[name] = int(done.said)
            self.after[name] = state(Settings(home=home))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("name", STEPS)
def test_a_step_killed_at_any_point_and_repeated_ends_as_if_nothing_had_been(
    undisturbed: Undisturbed, tmp_path: Path, name: str
) -> None:
    signs = undisturbed.signs[name]
    assert signs >= 4
    for number in sorted({1, 2, signs // 4, signs // 2, 3 * signs // 4} - {0}):
        settings = Settings(home=tmp_path / str(number))
        shutil.copytree(undisturbed.before[name], settings.home)
        killed = in_child(name, settings, YEAR, number)
        assert killed.code == -signal.SIGKILL, (number, killed.said)
        run(name, settings, YEAR)
        assert state(settings) == undisturbed.after[name], number
        shutil.rmtree(settings.home)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of so many KiB, which may be enlarged; only root can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted: list[Path] = []

    def of(size: int) -> Path:
        options = f"size={size}k" + (",remount" if mounted else "")
        mount = shutil.which("mount")
        assert mount
        done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"no small disk can be made here: {done.stderr.decode().strip()}")
        mounted.append(place)
        return place

    yield of
    if mounted and (umount := shutil.which("umount")):
        subprocess.run([umount, place], check=True)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_on_a_full_disk_fails_and_ends_right_when_there_is_room(
    undisturbed: Undisturbed, small_disk: Callable[[int], Path], name: str
) -> None:
    before = undisturbed.before[name]
    used = sum((path.stat().st_size + 4095) // 4096 * 4 for path in before.rglob("*") if path.is_file())
    disk = small_disk(used + 2048)
    home = disk / "home"
    shutil.copytree(before, home)
    there = state(Settings(home=home))
    with (disk / "ballast").open("wb") as ballast:
        # Room for a little of what the step writes, not for all of it.
        size = shutil.disk_usage(disk).free - 24 * 1024
        ballast.write(bytes(max(size, 0)))
    failed = in_child(name, Settings(home=home), YEAR)
    assert failed.code == 1, failed.said
    assert "space" in failed.said.splitlines()[-1].lower(), failed.said
    left = state(Settings(home=home))
    for place in ("warehouse", "published", "editions"):
        assert left[place] == there[place], place
    small_disk(used + 400_000)
    run(name, Settings(home=home), YEAR)
    assert state(Settings(home=home)) == undisturbed.after[name]


def test_a_clock_put_back_makes_no_edition_older_than_the_one_it_follows(
    own: Settings, run_year: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Yesteryear(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(road, "datetime", Yesteryear)
    correct(own)
    assert run_year(own, 2024) == "2024-r2 published"
    in_order = sorted(list_editions(own.published / "editions"), key=lambda edition: edition.moment)
    assert [edition.name for edition in in_order] == ["2024-r1", "2023-r1", "2024-r2"]
    with rebuilt(own, "2024-r2") as again:
        assert differences(own.published / "editions" / "2024-r2", again) == []


def test_a_reader_keeps_the_edition_it_opened_while_others_come(own: Settings, run_year: Run) -> None:
    sql = "SELECT edition, count(*) FROM scores WHERE year = 2024 GROUP BY ALL"
    database = str(own.published / "icdp.duckdb")
    # In a process of its own, as readers are: one process opens a file once only.
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(c.execute(sys.argv[2]).fetchall(), flush=True);"
        " sys.stdin.readline(); print(c.execute(sys.argv[2]).fetchall(), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, database, sql], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout
        first = reader.stdout.readline()
        correct(own)
        assert run_year(own, 2024) == "2024-r2 published"
        second, _ = reader.communicate("\n")
    assert first == second
    assert "2024-r1" in first
    with closing(duckdb.connect(database, read_only=True)) as connection:
        assert {edition for edition, _ in connection.execute(sql).fetchall()} == {"2024-r2"}
