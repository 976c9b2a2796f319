"""One edition as its published tables tell it: all that is needed to score it again, or a mixture of two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icdp.errors import DataError
from icdp.scoring.normalise import Normalisation
from icdp.scoring.tree import Node, Tree

TABLES = (
    "editions", "nodes", "rules", "scores", "indicator_values", "indicator_coverage", "weights", "judged_weights",
    "earlier_values",
)  # fmt: skip
"""The published tables a state is read from."""

METHOD = ("scoring.", "node.")
"""Rules by these names turn values into scores; the others decide which values there are."""

_OF_NODE = ("weights", "aggregation", "exponent", "ahp_share", "weight")

CELL = ["adcode", "indicator"]
_KEPT = [*CELL, "value", "unit", "expression", "status", "value_year"]


@dataclass(frozen=True, eq=False)
class State:
    """What one edition was scored from, and its scores.

    Attributes:
        edition: its name.
        year: its statistical year.
        panel: id of the experts' panel.
        tree: the index.
        rules: name -> value, as JSON text, of every rule that turns values into scores.
        min_coverage: share of a node's weight a province needs for a score.
        normalisation: of the indicators that have none of their own.
        winsorise: the indicators whose outliers are pulled in.
        values: one row per province and indicator with a value.
        coverage: indicator -> what is used of it.
        judged: judged parent -> weights of all its children, in use or not.
        computed: other parent -> weights of its children in use.
        earlier: adcode, indicator, value_year, value: figures of earlier years as this edition knows them.
        scores: adcode, node, score, rank.
        provinces: adcode -> name.
    """

    edition: str
    year: int
    panel: str
    tree: Tree
    rules: Mapping[str, str]
    min_coverage: float
    normalisation: Normalisation
    winsorise: frozenset[str]
    values: pd.DataFrame
    coverage: pd.DataFrame
    judged: Mapping[str, Mapping[str, float]]
    computed: Mapping[str, Mapping[str, float]]
    earlier: pd.DataFrame
    scores: pd.DataFrame
    provinces: Mapping[str, str]

    @classmethod
    def of(cls, edition: str, tables: Mapping[str, pd.DataFrame]) -> State:
        """Read an edition's tables (:data:`TABLES`).

        Raises:
            DataError: the edition was published before its tables held all this.
        """
        stated = tables["rules"][["node", "rule", "value"]].astype(str)
        said = {(node, rule): value for node, rule, value in stated.itertuples(index=False, name=None)}
        if ("", "scoring.min_coverage") not in said:
            raise DataError(
                f"{edition} was published before editions told their own rules; publish its year again (publish_index) "
                "and compare the new revision"
            )
        judged = tables["judged_weights"]
        local = tables["weights"]
        own = local[~local["parent"].isin(judged["parent"])]
        summary, scores = tables["editions"].iloc[0], tables["scores"]
        return cls(
            edition=edition,
            year=int(summary["year"]),
            panel=str(summary["panel"]),
            tree=_tree(tables["nodes"], said),
            rules={f"{rule} {node}".strip(): value for (node, rule), value in said.items() if rule.startswith(METHOD)},
            min_coverage=float(json.loads(said["", "scoring.min_coverage"])),
            normalisation=_normalisation(said.get(("", "scoring.normalisation"))) or Normalisation(),
            winsorise=frozenset(node for (node, rule), value in said.items() if rule == "node.outliers" and value),
            values=tables["indicator_values"][_KEPT].reset_index(drop=True),
            coverage=tables["indicator_coverage"].set_index("indicator"),
            judged=_by_parent(judged, "weight"),
            computed=_by_parent(own, "local_weight"),
            earlier=tables["earlier_values"][[*CELL, "value_year", "value"]],
            scores=scores[["adcode", "node", "score", "rank"]],
            provinces=dict(zip(scores["adcode"], scores["province"], strict=True)),
        )


def _by_parent(table: pd.DataFrame, column: str) -> dict[str, dict[str, float]]:
    return {str(parent): dict(zip(rows["node"], rows[column], strict=True)) for parent, rows in table.groupby("parent")}


def _tree(nodes: pd.DataFrame, said: Mapping[tuple[str, str], str]) -> Tree:
    built = []
    ordered = nodes.sort_values("position")
    direction = pd.to_numeric(ordered["direction"]).to_numpy(dtype=float, na_value=np.nan)
    parents = ordered["parent"].where(ordered["parent"].notna(), "")
    for node, parent, sign in zip(ordered["node"].astype(str), parents.astype(str), direction, strict=True):
        own = {rule: json.loads(said[node, f"node.{rule}"]) for rule in _OF_NODE if (node, f"node.{rule}") in said}
        built.append(
            Node(
                node,
                parent or None,
                direction=None if np.isnan(sign) else int(sign),
                weighting=own.pop("weights", None),
                normalisation=_normalisation(said.get((node, "node.normalisation"))),
                **own,
            )
        )
    return Tree(built)


def _normalisation(said: str | None) -> Normalisation | None:
    if said is None:
        return None
    entries = json.loads(said)
    if isinstance(entries, str):  # as editions wrote it when there were no parameters
        return Normalisation(entries)
    method = entries.pop("method")
    return Normalisation(method, {k: tuple(v) if isinstance(v, list) else v for k, v in entries.items()})
