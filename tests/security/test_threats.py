"""docs/security.md names for every threat the code and the tests; they must be there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from icdp.settings import REPOSITORY

ROWS = re.findall(
    r"^\| (.+?) \| (.+?) \| (`.+?`) \| (`.+?::.+?`) \|$",
    (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def named_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_there_are_threats() -> None:
    assert len(ROWS) >= 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_its_tests_and_its_code_are_there(row: tuple[str, str, str, str]) -> None:
    _, _, code, tests = row
    for name in re.findall(r"`([^`]+)`", tests):
        file, _, test = name.partition("::")
        found = named_in(REPOSITORY / "tests" / file)
        assert found if test == "*" else test in found, name
    for name in re.findall(r"`([^`]+)`", code):
        roots = (REPOSITORY, REPOSITORY / "include")
        assert any(list(root.glob(name)) for root in roots), name
