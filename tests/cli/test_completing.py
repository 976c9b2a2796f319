"""What the shell proposes, asked the way bash and zsh ask it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import Run

from icdp.settings import INCLUDE, Settings


def proposed(home: Path, words: str) -> list[str]:
    """Ask the installed command: the shell knows it by this name."""
    asked = {"_ICDP_COMPLETE": "complete_bash", "COMP_WORDS": f"icdp {words}", "COMP_CWORD": str(len(words.split(" ")))}
    environment = {**os.environ, "ICDP_HOME": str(home), "PYTHONPATH": str(INCLUDE), **asked}
    command = Path(sys.executable).with_name("icdp")
    answer = subprocess.run([command], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert answer.stderr == ""
    return answer.stdout.split()


def test_a_script_for_the_shell_can_be_had(icdp: Run) -> None:
    script = icdp("--show-completion", "bash").stdout
    assert "complete_bash" in script


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("rank ", ["2024", "2023", "2024-r1", "2023-r1"]),
        ("rank 2024", ["2024", "2024-r1"]),
        ("profile 四", ["四川"]),
        ("profile Sich", ["Sichuan"]),
        ("profile 四川 2023", ["2023", "2023-r1"]),
        ("trace 四川 green", ["green_power"]),
        ("rank 2024 --node e", ["environment", "economy", "energy"]),
        ("rank 2024 --node nothing", []),
    ],
)
def test_editions_provinces_nodes_and_indicators_are_proposed(made: Settings, words: str, answer: list[str]) -> None:
    assert proposed(made.home, words) == answer


def test_all_provinces_are_proposed_when_nothing_is_typed(made: Settings, published: duckdb.DuckDBPyConnection) -> None:
    names = [name for (name,) in published.execute("SELECT short_zh FROM provinces ORDER BY adcode").fetchall()]
    assert proposed(made.home, "profile ") == names


def test_where_nothing_is_published_nothing_is_proposed_and_nothing_said(tmp_path: Path) -> None:
    for words in ("rank ", "rank 2024 --node ", "trace 四川 "):
        assert proposed(tmp_path, words) == []
