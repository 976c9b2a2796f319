"""``coin/``: an edition as the pair of tables that COINr (R) and the JRC's COIN Tool read: ``iData.csv`` and ``iMeta.csv``.

Becker, W. et al. (2022): COINr, an R package for developing composite indicators, JOSS 7(78), 4567; the columns are
those of its ``new_coin(iData, iMeta)``. In R: ``new_coin(read.csv("iData.csv"), read.csv("iMeta.csv"))``, then
``Normalise(coin, dset = "Raw", global_specs = list(f_n = "n_minmax", f_n_para = list(c(0, 100))))`` and
``Aggregate(coin, dset = "Normalised", f_ag = "a_amean", w = "Original")`` give the published scores where every node
is the weighted mean of its children (``docs/files.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from icdp.scoring.tree import Tree

FOLDER, DATA, META = "coin", "iData.csv", "iMeta.csv"
META_COLUMNS = ("Level", "iCode", "iName", "Direction", "Weight", "Type", "Parent", "Unit", "iName_zh")


def i_data(content: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the units: ``uCode`` (``CN`` and the province's code, so that R reads a text), names, region, values in use.

    Args:
        content: the tables of an edition.
    """
    provinces = content["provinces"].sort_values("adcode", ignore_index=True)
    used = content["indicator_coverage"].loc[content["indicator_coverage"]["in_use"].astype(bool), "indicator"]
    values = content["indicator_values"].pivot(index="adcode", columns="indicator", values="value")
    own = pd.DataFrame(
        {
            "uCode": "CN" + provinces["adcode"].astype(str),
            "uName": provinces["name_en"],
            "uName_zh": provinces["short_zh"],
            "Region": provinces["region"],
        }
    )
    found = values.reindex(index=provinces["adcode"], columns=sorted(used)).reset_index(drop=True)
    return pd.concat([own, found.astype(float)], axis=1)


def i_meta(tree: Tree, content: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the indicators in use and the nodes above them, from level 1 (indicators) up; weights among siblings.

    Args:
        tree: the index.
        content: the tables of an edition.
    """
    weights = content["weights"].set_index("node")["local_weight"].astype(float)
    units = content["indicator_coverage"].set_index("indicator")["unit"]
    names = content["nodes"].set_index("node")
    inside = {*weights.index, tree.root}
    rows = []
    for node in tree.nodes:
        if node.id not in inside:
            continue
        leaf = tree.is_leaf(node.id)
        rows.append(
            (
                _level(tree, node.id), node.id, names["name_en"][node.id],
                node.direction if leaf else 1, weights.get(node.id, 1.0),
                "Indicator" if leaf else "Aggregate", node.parent, units.get(node.id) if leaf else None,
                names["name_zh"][node.id],
            )
        )  # fmt: skip
    told = pd.DataFrame(rows, columns=list(META_COLUMNS)).sort_values("Level", kind="stable")
    others = pd.DataFrame({"iCode": ["Region", "uName_zh"], "iName": ["Region", "Chinese name"], "Type": ["Group", "Other"],
                           "iName_zh": ["地区", "中文名"]})  # fmt: skip
    whole = pd.concat([told, others], ignore_index=True)
    return whole.astype({"Level": "Int64", "Direction": "Int64"})


def write_coin(folder: Path, tree: Tree, content: Mapping[str, pd.DataFrame]) -> None:
    """Write both tables into a folder; a missing value is ``NA``, as R writes it."""
    for name, table in ((DATA, i_data(content)), (META, i_meta(tree, content))):
        table.to_csv(folder / name, index=False, na_rep="NA", lineterminator="\n")


def _level(tree: Tree, node: str) -> int:
    children = tree.children(node)
    return 1 + max(_level(tree, child) for child in children) if children else 1
