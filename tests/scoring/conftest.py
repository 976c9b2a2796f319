"""The printed worked examples, each with its citation, and small builders."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

EXAMPLES = json.loads((Path(__file__).parent / "worked_examples.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def examples() -> dict[str, Any]:
    return EXAMPLES


@pytest.fixture(scope="session")
def square():
    """Return a function that names the rows and columns of a comparison matrix a, b, c, ..."""

    def build(matrix, items=None):
        names = list(items or "abcdefghijklmno"[: len(matrix)])
        return pd.DataFrame(matrix, index=names, columns=names, dtype=float)

    return build


@pytest.fixture
def write_panel(tmp_path):
    """Return a function that writes a panel directory: expert -> CSV text below the header."""

    def write(experts, panel="id: test\ntitle_zh: 测试\ntitle_en: Test\nnote: made for a test\n", header=None):
        folder = tmp_path / "panel"
        folder.mkdir(exist_ok=True)
        if panel is not None:
            (folder / "panel.yaml").write_text(panel, encoding="utf-8")
        for expert, rows in experts.items():
            text = (header or "parent,row_item,col_item,value,reason") + "\n" + rows
            (folder / f"{expert}.csv").write_text(text, encoding="utf-8")
        return folder

    return write
