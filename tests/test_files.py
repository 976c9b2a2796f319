"""Atomic replacing: the old content or the new, never half of either, and nothing left behind."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from icdp.files import replacing
from icdp.settings import INCLUDE


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_content_is_in_place_after_the_block_and_not_before(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "down" / "table.csv"
    with replacing(target) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert not target.exists()
        assert temporary.parent == target.parent, "another file system could not be renamed from"
    assert target.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert names(target.parent) == ["table.csv"]


def test_a_reader_sees_the_old_content_while_the_new_is_written(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old", encoding="utf-8")
    with replacing(target) as temporary:
        temporary.write_text("ne", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
        temporary.write_text("new", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_content_and_no_temporary_file(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old", encoding="utf-8")

    def write_half() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half of the ne", encoding="utf-8")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["table.csv"]


def test_an_exception_makes_no_file_where_none_was(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="synthetic"), replacing(tmp_path / "table.csv"):
        raise ValueError("synthetic")
    assert names(tmp_path) == []


def test_a_rename_that_fails_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(IsADirectoryError), replacing(tmp_path / "table.csv") as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert names(tmp_path) == ["table.csv"]


def test_a_kill_in_the_middle_leaves_the_old_content_and_the_next_writer_succeeds(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old", encoding="utf-8")
    script = """
import os, signal, sys
from pathlib import Path
from icdp.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the ne")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script, str(target)], cwd=INCLUDE, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert target.read_text(encoding="utf-8") == "old"
    with replacing(target) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "new"


def test_of_two_writers_the_later_rename_wins_whole(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with replacing(target) as first:
        first.write_text("first, and longer", encoding="utf-8")
        with replacing(target) as second:
            second.write_text("second", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "second"
    assert target.read_text(encoding="utf-8") == "first, and longer"
    assert names(tmp_path) == ["table.csv"]


def test_a_read_only_file_is_replaced_by_a_read_only_file(tmp_path: Path) -> None:
    target = tmp_path / "payload"
    for content in (b"old", b"new"):
        with replacing(target, mode=0o444) as temporary:
            temporary.write_bytes(content)
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o444
