"""A scenario: what is changed in a published edition, and the edition scored again with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icdp.comparing.state import State
from icdp.errors import DataError
from icdp.scoring.engine import Result, Settings, score
from icdp.scoring.judgements import Judgement, Judgements
from icdp.scoring.normalise import Normalisation
from icdp.scoring.tree import Node, Tree

IMPUTED = ("interpolated", "group_median")
Share = Annotated[float, Field(ge=0, lt=1)]


class Scenario(BaseModel):
    """What is changed. A file of these keys can be kept and used again.

    Attributes:
        name: for the heading.
        weights: node -> its share among its siblings, 0-1; the siblings keep their proportions.
        drop: indicators or nodes that are left out.
        normalise: a normalisation for every indicator, in place of its own.
        aggregate: node -> its aggregation.
        panel: another panel of experts: an imported panel's id, or a directory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    weights: dict[str, Share] = {}
    drop: tuple[str, ...] = ()
    normalise: str | None = None
    aggregate: dict[str, str] = {}
    panel: str | None = None

    @classmethod
    def read(cls, path: Path) -> Scenario:
        """Read a scenario's file.

        Raises:
            DataError: it cannot be read, or a key is wrong.
        """
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
            scenario = cls.model_validate(found if found is not None else {})
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
            raise DataError(f"{path}: cannot be read ({' '.join(str(exc).split())}); name a scenario's file") from exc
        except ValidationError as exc:
            first = exc.errors()[0]
            raise DataError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from exc
        return scenario if scenario.name else scenario.model_copy(update={"name": path.stem})

    def text(self) -> str:
        """Return the text of its file."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude_defaults=True), allow_unicode=True, sort_keys=False)


@dataclass(frozen=True, eq=False)
class Case:
    """All that the engine needs, as the edition's own tables tell it.

    Attributes:
        state: the edition.
        values: units x indicators.
        imputed: units x indicators, True where the value is filled in.
        tree: the index.
        judgements: the experts' panel; None where no node is judged.
        settings: the numeric rules.
    """

    state: State
    values: pd.DataFrame
    imputed: pd.DataFrame
    tree: Tree
    judgements: Judgements | None
    settings: Settings

    @classmethod
    def of(cls, edition: str, tables: Mapping[str, pd.DataFrame]) -> Case:
        """Read an edition's tables: those of a :class:`State`, and `judgements`, `consistency`, `consensus`.

        Raises:
            DataError: the edition was published before its tables held all this.
        """
        state = State.of(edition, tables)
        cells = tables["indicator_values"]
        units, leaves = sorted(state.provinces), state.tree.leaves()
        wide = cells.pivot(index="adcode", columns="indicator", values="value").reindex(index=units, columns=leaves)
        filled = cells.assign(imputed=cells["fill"].isin(IMPUTED)) if "fill" in cells else cells.assign(imputed=False)
        imputed = filled.pivot(index="adcode", columns="indicator", values="imputed")
        imputed = imputed.reindex(index=units, columns=leaves).eq(True)
        return cls(
            state, wide.astype(float), imputed, state.tree, _panel(state.panel, tables), _settings(state, tables)
        )

    def score(self) -> Result:
        """Score the edition again; raises as :func:`icdp.scoring.engine.score`."""
        return score(self.tree, self.values, self.judgements, self.settings, self.imputed)

    def changed(self, scenario: Scenario, panel: Judgements | None = None) -> Case:
        """Return the case with a scenario's changes.

        Args:
            scenario: what is changed; nodes by id.
            panel: the panel the scenario names, read.

        Raises:
            DataError: a node that is none, shares of siblings that leave nothing to the others, everything dropped.
            CatalogError: a method the engine does not have.
        """
        known = {node.id for node in self.tree.nodes}
        for node in (*scenario.weights, *scenario.drop, *scenario.aggregate):
            if node not in known:
                raise DataError(f"{node!r} is no node of {self.state.edition}; use one of {', '.join(sorted(known))}")
        dropped = {leaf for node in scenario.drop for leaf in self.tree.leaves(node)}
        values = self.values.drop(columns=sorted(dropped))
        if values.dropna(axis=1, how="all").empty:
            raise DataError("every indicator is dropped; leave some")
        settings = self.settings
        nodes = {node.id: node for node in self.tree.nodes}
        if scenario.normalise is not None:
            settings = replace(settings, normalisation=Normalisation(scenario.normalise))
            nodes = {name: replace(node, normalisation=None) for name, node in nodes.items()}
        for node, method in scenario.aggregate.items():
            nodes[node] = replace(nodes[node], aggregation=method, exponent=None)
        for parent in {nodes[node].parent for node in scenario.weights}:
            if parent is None:
                raise DataError(f"{self.tree.root} is the whole index and has no weight; name a node below it")
            nodes |= self._fixed(parent, scenario.weights, nodes)
        return replace(
            self, values=values, imputed=self.imputed.drop(columns=sorted(dropped)), settings=settings,
            tree=Tree(list(nodes.values())), judgements=panel if panel is not None else self._asked(nodes),
        )  # fmt: skip

    def _asked(self, nodes: Mapping[str, Node]) -> Judgements | None:
        """Return the panel without the parents that are weighted otherwise now."""
        if self.judgements is None:
            return None
        return replace(self.judgements, given=tuple(j for j in self.judgements.given if nodes[j.parent].judged))

    def _fixed(self, parent: str, weights: Mapping[str, float], nodes: Mapping[str, Node]) -> dict[str, Node]:
        """Return the parent with fixed weights, those set and the others' own in proportion."""
        children = self.tree.children(parent)
        own = dict(self.state.judged.get(parent) or self.state.computed.get(parent, {}))
        given = {child: weights[child] for child in children if child in weights}
        rest = {child: own.get(child, 0.0) for child in children if child not in given}
        left = 1.0 - sum(given.values())
        if left < 0 or (left > 0 and sum(rest.values()) <= 0):
            told = ", ".join(f"{child} {share:g}" for child, share in given.items())
            raise DataError(f"{parent}: {told} sum to {1 - left:g}, and the others cannot make it 1; change the shares")
        scale = left / sum(rest.values()) if sum(rest.values()) > 0 else 0.0
        shares = given | {child: scale * share for child, share in rest.items()}
        fixed = {child: replace(nodes[child], weight=share) for child, share in shares.items()}
        return fixed | {parent: replace(nodes[parent], weighting="fixed", ahp_share=None)}


def _settings(state: State, tables: Mapping[str, pd.DataFrame]) -> Settings:
    general = tables["rules"][tables["rules"]["node"] == ""]
    said = {str(rule): json.loads(str(value)) for rule, value in zip(general["rule"], general["value"], strict=True)}
    limits: dict[Any, float] = said["scoring.cr_threshold"]
    return Settings(
        ri_table=said["scoring.ri_table"],
        cr_thresholds={key if key == "default" else int(key): limit for key, limit in limits.items()},
        min_coverage=state.min_coverage,
        tier_thresholds=tuple(said["scoring.tiers"]),
        normalisation=state.normalisation,
        min_unit_coverage=said.get("scoring.min_province_coverage", 0.0),
        winsorise=state.winsorise,
    )


def _panel(panel: str, tables: Mapping[str, pd.DataFrame]) -> Judgements | None:
    cells = tables["judgements"]
    if cells.empty:
        return None
    completed = cells["completed"].eq(True) if "completed" in cells else False
    told = cells[
        (cells["row_item"] < cells["col_item"]) & ~(completed if "completed" in cells else cells["value"].isna())
    ]
    given = tuple(
        Judgement(str(r.parent), str(r.expert), str(r.row_item), str(r.col_item), float(str(r.value)))
        for r in told.itertuples()
    )
    experts = tables["consistency"].dropna(subset=["expert_weight"])
    weights = dict(zip(experts["expert"].astype(str), experts["expert_weight"].astype(float), strict=True))
    merges = set(tables["consensus"]["merge"].astype(str))
    unequal = len({round(weight, 12) for weight in weights.values()}) > 1
    return Judgements(
        panel, given=given, expert_weights=weights if unequal else None, merge="aip" if merges == {"aip"} else "aij"
    )
