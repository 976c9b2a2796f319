"""A backup brings everything back, and whatever is wrong with it is told before anything is written."""

from __future__ import annotations

import io
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.states import state
from typer.testing import CliRunner

from icdp import road
from icdp.cli.app import app
from icdp.errors import DataError, NotFoundError
from icdp.publishing.verify import differences
from icdp.replay import rebuilt
from icdp.restoring.backup import create_backup, restore_backup
from icdp.settings import Settings


@pytest.fixture
def running(own: Settings) -> Settings:
    """An installation with a (synthetic) database of Airflow that is in use."""
    folder = own.home / "airflow"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "task.log").write_text("no state")
    (folder / "keys.json").write_text("{}")
    (folder / "keys.json").chmod(0o600)
    return own


@pytest.mark.parametrize("name", ["backup.tar", "backup.tar.gz"])
def test_everything_comes_back(running: Settings, tmp_path: Path, name: str) -> None:
    before = state(running)
    with closing(sqlite3.connect(running.home / "airflow" / "airflow.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE dag_run (id)")
        database.execute("INSERT INTO dag_run VALUES (7)")
        database.commit()  # lies in the log of writes only, as it does while Airflow runs
        count, size = create_backup(running, tmp_path / name)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    there = replace(running, home=tmp_path / "elsewhere")
    assert restore_backup(there, tmp_path / name) == count
    assert size > 1_000_000
    assert state(there) == before
    with closing(sqlite3.connect(there.home / "airflow" / "airflow.db")) as database:
        assert database.execute("SELECT id FROM dag_run").fetchall() == [(7,)]
    assert (there.home / "airflow" / "keys.json").stat().st_mode & 0o777 == 0o600
    assert not (there.home / "airflow" / "logs").exists()
    with rebuilt(there, "2024-r1") as again:
        assert differences(there.published / "editions" / "2024-r1", again) == []
    assert road.publish(there, 2024) == "2024-r1 unchanged"


def test_an_archive_in_a_bucket_is_part_of_it(own: Settings, tmp_path: Path) -> None:
    bucket = replace(own, archive_url=f"memory://{tmp_path.name}/archive")
    for path in (own.home / "archive").rglob("*"):
        if path.is_file():
            target = bucket.archive / path.relative_to(own.home / "archive").as_posix()
            target.write_bytes(path.read_bytes())
            path.unlink()
    create_backup(bucket, tmp_path / "backup.tar")
    other = replace(own, home=tmp_path / "elsewhere", archive_url=f"memory://{tmp_path.name}/other")
    with pytest.raises(DataError, match="is not empty"):
        restore_backup(replace(other, archive_url=bucket.archive_url), tmp_path / "backup.tar")
    restore_backup(other, tmp_path / "backup.tar")
    with rebuilt(other, "2024-r1") as again:
        assert differences(other.published / "editions" / "2024-r1", again) == []
    assert not (other.home / "archive").exists()


def test_nothing_is_written_over(own: Settings, tmp_path: Path) -> None:
    create_backup(own, tmp_path / "backup.tar")
    before = state(own)
    with pytest.raises(DataError, match="is not empty; move what is there away, or set ICDP_HOME"):
        restore_backup(own, tmp_path / "backup.tar")
    assert state(own) == before


def test_an_empty_home_and_a_target_in_the_home_are_refused(own: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nothing is there to be kept"):
        create_backup(Settings(home=tmp_path / "nowhere"), tmp_path / "backup.tar")
    with pytest.raises(DataError, match="name a file on another disk"):
        create_backup(own, own.home / "backup.tar")
    assert not (own.home / "backup.tar").exists()


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(b"2024-r1", 3_000_000)
    content[place : place + 7] = b"2024-r9"
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2_000_000])


def with_member(change: Callable[[tarfile.TarInfo], None]) -> Callable[[Path], None]:
    def add(path: Path) -> None:
        with tarfile.open(path, "a") as tar:
            info = tarfile.TarInfo("added")
            info.size = 3
            change(info)
            tar.addfile(info, io.BytesIO(b"bad"))

    return add


def as_link(info: tarfile.TarInfo) -> None:
    info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (altered, "files are not as they were written"),
        (cut, "take another"),
        (lambda path: path.write_bytes(b"no tar at all"), "cannot be read as a backup"),
        (with_member(lambda info: setattr(info, "name", "more")), "1 files are not as they were written, more first"),
        (with_member(lambda info: setattr(info, "name", "../outside")), "no plain file with a name of its own"),
        (with_member(lambda info: setattr(info, "name", "/outside")), "no plain file with a name of its own"),
        (with_member(as_link), "no plain file with a name of its own"),
        (with_member(lambda info: setattr(info, "name", "warehouse.duckdb")), "no plain file with a name of its own"),
    ],
    ids=["altered", "cut off", "no tar", "a file more", "upwards", "absolute", "a link", "twice"],
)
def test_a_backup_that_is_not_as_it_was_written_leaves_nothing(
    own: Settings, tmp_path: Path, harm: Callable[[Path], None], message: str
) -> None:
    file = tmp_path / "backup.tar"
    create_backup(own, file)
    harm(file)
    there = replace(own, home=tmp_path / "restored" / "home")
    with pytest.raises(DataError, match=message):
        restore_backup(there, file)
    assert list((tmp_path / "restored").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_the_commands_say_how_much_it_was(own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICDP_HOME", str(own.home))
    made = CliRunner().invoke(app, ["backup", "create", str(tmp_path / "backup.tar")])
    assert made.exit_code == 0, made.output
    monkeypatch.setenv("ICDP_HOME", str(tmp_path / "again"))
    restored = CliRunner().invoke(app, ["backup", "restore", str(tmp_path / "backup.tar")])
    assert restored.exit_code == 0, restored.output
    number = made.output.split(": ")[1].split()[0]
    assert restored.output.startswith(f"{tmp_path / 'again'}: {number} ")
