"""An edition scored again with other weights, without some indicators or with another normalisation: nothing is written."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

from icdp.comparing.state import TABLES
from icdp.errors import IcdpError
from icdp.page.asking import State
from icdp.page.models import Moved, Weighed, WhatIf
from icdp.page.refusals import Refused
from icdp.scoring.engine import Result
from icdp.scoring.normalise import NORMALISATIONS, parameters_of
from icdp.whatif.scenario import Case, Scenario

SHARE = r"^[a-z][a-z0-9_]{0,63}:(0|0?\.[0-9]{1,6})$"
_PANEL = ("judgements", "consistency", "consensus")
_COLUMNS = ["node", "local_weight", "effective_weight"]


class Cases:
    """The newest cases asked for, by edition and content: a slider asks for the same one again and again.

    Args:
        most: cases kept.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Case] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, state: State) -> Case:
        """Return the case of the edition asked for."""
        key = (state.edition, state.content_sha256)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        case = _read(state)
        with self._lock:
            self._kept[key] = case
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return case


def _read(state: State) -> Case:
    names = dict.fromkeys((*TABLES, *_PANEL))
    tables = {name: state.db.frame(f"FROM history.{name} WHERE edition = $e", e=state.edition) for name in names}
    try:
        return Case.of(state.edition, tables)
    except IcdpError as exc:
        raise Refused(422, f"{state.edition} 发布时还不能推演：{exc}", str(exc)) from exc


def scenario(state: State, weights: Sequence[str], drop: Sequence[str], normalise: str | None) -> Scenario:
    """Return what is to be changed.

    Args:
        state: knows the nodes.
        weights: like ``policy:0.4``, shares among siblings below 1.
        drop: nodes left out.
        normalise: for every indicator.

    Raises:
        Refused: no such node, a share that is none, the same node twice.
    """
    shares: dict[str, float] = {}
    for text in weights:
        node, _, share = text.partition(":")
        if not re.fullmatch(SHARE, text) or node in shares:
            raise Refused(422, f"weight={text!r} 应写作 policy:0.4：节点与其同级权重（0 至 1 以下），每个节点一次",
                          f"weight={text!r} is not like policy:0.4, a node once and its share from 0 to below 1")  # fmt: skip
        shares[node] = float(share)
    for node in (*shares, *drop):
        if node not in state.nodes:
            raise Refused(404, f"{state.edition} 没有节点 {node}", f"{state.edition} has no node {node}")
    return Scenario(weights=shares, drop=tuple(dict.fromkeys(drop)), normalise=normalise)


def whatif(case: Case, state: State, node: str | None, changes: Scenario) -> WhatIf:
    """Return ranks and weights of the edition beside those of a scenario.

    Raises:
        Refused: the engine cannot score it so.
    """
    chosen = state.node(node)
    try:
        result = case.changed(changes).score()
    except IcdpError as exc:
        raise Refused(422, f"无法这样计算：{exc}", str(exc)) from exc
    return WhatIf(
        edition=state.edition, node=chosen,
        zh="假设推演，不是版本；其余照该版本。", en="A calculation, not an edition; all else as in the edition.",
        weights=changes.weights, drop=list(changes.drop), normalise=changes.normalise,
        items=_moved(state, chosen, result), weighed=_weighed(state, result),
    )  # fmt: skip


def _moved(state: State, node: str, result: Result) -> list[Moved]:
    found = state.of_edition(
        """SELECT s.adcode, p.short_zh, p.name_en, s.score, s.rank
           FROM history.scores s JOIN history.provinces p USING (edition, adcode)
           WHERE s.edition = $edition AND s.node = $node ORDER BY s.rank NULLS LAST, s.adcode""",
        node=node,
    )
    rows = []
    for row in found:
        score, rank = _plain(result.scores[node][row["adcode"]]), _plain(result.ranks[node][row["adcode"]])
        places = None if rank is None or row["rank"] is None else row["rank"] - int(rank)
        rows.append(Moved(**row, score_new=score, rank_new=None if rank is None else int(rank), places=places))
    return sorted(rows, key=lambda moved: (moved.rank_new is None, moved.rank_new, moved.adcode))


def _weighed(state: State, result: Result) -> list[Weighed]:
    own = state.of_edition("SELECT node, local_weight, effective_weight FROM history.weights WHERE edition = $edition")
    before = {row["node"]: row for row in own}
    after = {row["node"]: row for row in result.weights[_COLUMNS].to_dict("records")}
    none: dict[str, Any] = {}
    return [
        Weighed(
            node=node,
            **{name: before.get(node, none).get(name) for name in _COLUMNS[1:]},
            **{f"{name}_new": after.get(node, none).get(name) for name in _COLUMNS[1:]},
        )
        for node in state.nodes
        if node in before or node in after
    ]


def _plain(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


@cache
def normalisations() -> tuple[str, ...]:
    """Return the normalisations that need no parameter: the choices of a scenario."""
    return tuple(method for method in NORMALISATIONS if not any(parameters_of(method).values()))
