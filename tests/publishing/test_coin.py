"""The pair for COINr and the COIN Tool: held to the rules of COINr's check_iData and check_iMeta, and aggregated as COINr does."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from icdp.settings import Settings


@pytest.fixture(scope="module")
def folder(made: Settings) -> Path:
    return made.published / "editions" / "2024-r1" / "coin"


@pytest.fixture(scope="module")
def data(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "iData.csv")


@pytest.fixture(scope="module")
def meta(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "iMeta.csv")


def test_the_units_are_as_coinr_wants_them(data: pd.DataFrame) -> None:
    assert {"uCode", "uName"} <= set(data.columns)
    assert len(data) == data["uCode"].nunique() == 31
    assert all(re.fullmatch(r"CN[0-9]{6}", code) for code in data["uCode"])


def test_the_tree_is_as_coinr_wants_it(data: pd.DataFrame, meta: pd.DataFrame) -> None:
    assert {"Level", "iCode", "Parent", "Direction", "Type", "Weight", "iName"} <= set(meta.columns)
    assert meta["iCode"].is_unique
    assert set(meta["Type"]) == {"Indicator", "Aggregate", "Group", "Other"}
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", code) for code in meta["iCode"]), "names of columns in R"
    indicators = meta[meta["Type"] == "Indicator"]
    assert set(indicators["iCode"]) == set(data.columns) - {"uCode", "uName", "uName_zh", "Region"}
    assert set(meta.loc[meta["Type"].isin(["Group", "Other"]), "iCode"]) == {"Region", "uName_zh"}
    tree = meta[meta["Level"].notna()]
    assert set(indicators["Level"]) == {1}
    assert set(tree["Direction"]) <= {-1, 1}
    assert tree["Weight"].notna().all()
    assert tree["Parent"].isna().sum() == 1, "one index at the top"
    level = dict(zip(tree["iCode"], tree["Level"], strict=True))
    for row in tree.dropna(subset=["Parent"]).itertuples():
        assert level[row.Parent] == row.Level + 1, row.iCode


def test_coinr_s_own_aggregation_gives_the_published_scores(
    data: pd.DataFrame, meta: pd.DataFrame, made: Settings
) -> None:
    """n_minmax(0, 100), then the weighted arithmetic mean of what is there, level by level."""
    values = data.set_index("uCode")
    tree = meta[meta["Level"].notna()].set_index("iCode")
    scores: dict[str, pd.Series[float]] = {}
    for code, row in tree.sort_values("Level").iterrows():
        if row["Type"] == "Indicator":
            x = values[code] * row["Direction"]
            scores[code] = 100 * (x - x.min()) / (x.max() - x.min())
            continue
        children = tree.index[tree["Parent"] == code]
        parts = pd.DataFrame({child: scores[child] for child in children})
        weights = parts.notna() * tree.loc[children, "Weight"]
        scores[code] = (parts * weights).sum(axis=1) / weights.sum(axis=1).replace(0, np.nan)
    with duckdb.connect(str(made.published / "icdp.duckdb"), read_only=True) as connection:
        published = connection.execute(
            "SELECT 'CN' || adcode AS u, node, score FROM scores WHERE year = 2024 AND score IS NOT NULL"
        ).fetchall()
    assert len(published) > 31
    assert {(u, node): scores[node][u] for u, node, _ in published} == pytest.approx(
        {(u, node): score for u, node, score in published}, abs=1e-6
    )
