"""What an edition and the editions before it tell, as the report asks for it: every number with the query that finds it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml
from markupsafe import escape

from icdp.look import LANGUAGES, Language
from icdp.publishing.schema import tables

Row = Mapping[str, Any]
OWN = (
    "editions", "provinces", "nodes", "scores", "scores_panel", "rank_changes", "indicator_values", "lineage",
    "indicator_coverage", "weights", "contributions", "rank_intervals", "rank_sensitivity", "uncertainty_assumptions",
    "audit_nodes", "audit_importance", "judged_weights", "rules", "consistency", "consensus", "quality_results",
)  # fmt: skip
"""What is read of the edition itself."""
EARLIER = ("editions", "scores", "scores_panel")
"""What is read of the editions before."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the text.

    Attributes:
        value: as the query gives it; None when it is missing.
        query: SQL without ``SELECT`` that finds it in the edition's own database.
        digits: decimals shown.
        style: empty, ``percent`` (a share) or ``signed``.
    """

    value: float | None
    query: str
    digits: int = 0
    style: str = ""

    @property
    def text(self) -> str:
        """Return it as it is printed; a dash when it is missing."""
        if self.value is None:
            return "–"
        shown = f"{self.value * (100 if self.style == 'percent' else 1):,.{self.digits}f}"
        if float(shown.replace(",", "")) == 0:
            shown = shown.removeprefix("-")
        if self.style == "signed" and not shown.startswith("-") and float(shown.replace(",", "")) != 0:
            shown = f"+{shown}"
        return shown.replace("-", "−") + ("%" if self.style == "percent" else "")

    def shown(self, digits: int, style: str | None = None) -> Number:
        """Return the same number printed otherwise."""
        return Number(self.value, self.query, digits, self.style if style is None else style)

    def __html__(self) -> str:
        if self.value is None:
            return "–"
        query = str(escape(self.query)).replace("&#39;", "'")  # quoted by ", so ' may stand
        return f'<data value="{self.value:.10g}" data-q="{query}">{self.text}</data>'

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.value is not None


def literal(value: object) -> str:
    """Return a value as SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def where(key: Mapping[str, object]) -> str:
    """Return the condition that a row has these values."""
    return " AND ".join(
        f"{name} IS NULL" if value is None else f"{name}={literal(value)}" for name, value in key.items()
    )


def plain(value: object) -> Any:
    """Return a cell as Python's own value; None when it is missing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    item = getattr(value, "item", None)
    return item() if callable(item) else value


class Told:
    """One edition, for its report.

    Args:
        edition: its name.
        own: its tables.
        earlier: name -> tables of each edition published before it.
        about: titles of the index and of the panel, in the languages, and what to plot the composite against.
    """

    def __init__(
        self,
        edition: str,
        own: Mapping[str, pd.DataFrame],
        earlier: Mapping[str, Mapping[str, pd.DataFrame]],
        about: Mapping[str, str],
    ) -> None:
        self.edition, self.own, self.earlier, self.about = edition, own, earlier, about
        self.medians: dict[str, Number] = {}
        self._indices: dict[tuple[str, tuple[str, ...]], dict[tuple[object, ...], Row]] = {}
        self.summary: Row = self.rows("editions")[0]
        self.year = int(self.summary["year"])
        self.nodes: dict[str, Row] = {str(r["node"]): r for r in self.rows("nodes")}
        self.provinces: dict[str, Row] = {str(r["adcode"]): r for r in self.rows("provinces")}
        self.rules = {(str(r["node"]), str(r["rule"])): json.loads(str(r["value"])) for r in self.rows("rules")}

    @classmethod
    def read(cls, folder: Path, earlier: Sequence[Path]) -> Told:
        """Read an edition's folder and those of the editions published before it.

        A table or column that the edition's software did not know yet is empty.
        """
        own = _tables(folder, OWN)
        before = {path.name: _tables(path, EARLIER) for path in sorted(earlier)}
        return cls(str(own["editions"]["edition"].iloc[0]), own, before, _about(folder / "made_from"))

    def rows(self, table: str, **key: object) -> list[Row]:
        """Return the rows of a table, in its order, that have these values."""
        return [row for row in self._all[table] if all(row[name] == value for name, value in key.items())]

    def in_tree_order(self, table: str, column: str) -> list[Row]:
        """Return the rows of a table in the order of the nodes in a column."""
        order = {node: position for position, node in enumerate(self.nodes)}
        return sorted(self.rows(table), key=lambda row: order[row[column]])

    @cached_property
    def _all(self) -> dict[str, list[Row]]:
        return {name: rows_of(frame) for name, frame in self.own.items()}

    def row(self, table: str, **key: object) -> Row | None:
        """Return the one row with these values, None when there is none."""
        names = tuple(key)
        if (table, names) not in self._indices:
            self._indices[table, names] = {tuple(row[n] for n in names): row for row in reversed(self._all[table])}
        return self._indices[table, names].get(tuple(key.values()))

    def at(self, table: str, column: str, digits: int = 0, style: str = "", **key: object) -> Number:
        """Return one cell as a number."""
        row = self.row(table, **key)
        return Number(None if row is None else row[column], f"{column} FROM {table} WHERE {where(key)}", digits, style)

    def count(self, table: str, condition: str, values: Iterable[object]) -> Number:
        """Return how many rows fulfil an SQL condition; ``values`` are those rows, found without SQL."""
        return Number(len(list(values)), f"count(*) FROM {table} WHERE {condition}")

    @cached_property
    def root(self) -> str:
        """Return the composite's node."""
        return next(name for name, row in self.nodes.items() if row["level"] == 0)

    def children(self, node: str) -> list[str]:
        """Return the nodes right below, in the order of the tree."""
        return [name for name, row in self.nodes.items() if row["parent"] == node]

    @cached_property
    def dimensions(self) -> list[str]:
        """Return the nodes below the composite that have children of their own and scores."""
        return [name for name in self.children(self.root) if self.children(name) and self.ranked(name)]

    @cached_property
    def indicators(self) -> list[str]:
        """Return the leaves."""
        return [name for name in self.nodes if not self.children(name)]

    @cached_property
    def used(self) -> list[str]:
        """Return the indicators in use."""
        used = {row["indicator"] for row in self.rows("indicator_coverage", in_use=True)}
        return [name for name in self.indicators if name in used]

    @cached_property
    def composite(self) -> list[Row]:
        """Return the ranked provinces' scores on the composite, best first."""
        return self.ranked(self.root)

    @cached_property
    def unranked(self) -> list[str]:
        """Return the provinces without a rank on the composite."""
        ranked = {row["adcode"] for row in self.composite}
        return [adcode for adcode in self.provinces if adcode not in ranked]

    def ranked(self, node: str) -> list[Row]:
        """Return the scores of the ranked provinces on a node, best first."""
        found = [row for row in self.rows_of_node(node) if row["rank"] is not None]
        return sorted(found, key=lambda row: (row["rank"], row["adcode"]))

    def rows_of_node(self, node: str) -> list[Row]:
        """Return the scores of all provinces on a node."""
        return self._of_node.get(node, [])

    @cached_property
    def _of_node(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows("scores"):
            found.setdefault(str(row["node"]), []).append(row)
        return found

    def lineage_of(self, node: str) -> list[str]:
        """Return a node and those above it, from below the composite down."""
        found: list[str] = []
        current: str | None = node
        while current is not None and current != self.root:
            found.insert(0, current)
            current = self.nodes[current]["parent"]
        return found

    def name(self, node: str, language: Language) -> str:
        """Return the name of a node."""
        return str(self.nodes[node][f"name_{language}"])

    def province(self, adcode: str, language: Language) -> str:
        """Return the short name of a province."""
        return str(self.provinces[adcode]["short_zh" if language == "zh" else "name_en"])

    @cached_property
    def tiers(self) -> list[float]:
        """Return the thresholds of the tiers, falling."""
        return [float(t) for t in self.rules.get(("", "scoring.tiers"), [])]

    @cached_property
    def is_arithmetic(self) -> bool:
        """Return whether the composite is a weighted sum of indicators all the way down."""
        inner = [node for node in self.nodes if self.children(node)]
        return all(self.rules.get((node, "node.aggregation"), "arithmetic") == "arithmetic" for node in inner)

    @cached_property
    def history(self) -> dict[int, str]:
        """Return year -> the edition that stood when this one was published, this one for its own year."""
        latest = {int(t["editions"]["year"].iloc[0]): name for name, t in sorted(self.earlier.items(), key=_revision)}
        return dict(sorted((latest | {self.year: self.edition}).items()))

    @cached_property
    def past(self) -> dict[tuple[str, str, int], Row]:
        """Return (table, province, year) -> the composite's row in the editions of :attr:`history`."""
        found = {}
        for year, edition in self.history.items():
            told = self.own if edition == self.edition else self.earlier[edition]
            for table in ("scores", "scores_panel"):
                frame = told[table]
                for row in rows_of(frame[frame["level"] == 0]):
                    found[table, str(row["adcode"]), year] = row
        return found

    def in_year(self, table: str, column: str, adcode: str, year: int, digits: int = 0) -> Number:
        """Return a cell of the composite's row of an earlier year."""
        row = self.past.get((table, adcode, year))
        key = {"edition": self.history[year], "level": 0, "adcode": adcode}
        return Number(None if row is None else row[column], f"{column} FROM history.{table} WHERE {where(key)}", digits)

    @cached_property
    def against(self) -> str | None:
        """Return the edition the changes are told against: that of the year before, else the revision before."""
        found = {str(row["against"]) for row in self.rows("rank_changes")}
        return min(found, key=lambda name: (name.startswith(f"{self.year}-"), name)) if found else None


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return a table's rows with Python's own values, None for what is missing."""
    columns = {name: [plain(value) for value in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _revision(item: tuple[str, object]) -> tuple[str, int]:
    year, _, revision = item[0].partition("-r")
    return year, int(revision)


def _tables(folder: Path, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    found = {}
    with duckdb.connect() as connection:
        for name in names:
            path, wanted = (
                folder / "parquet" / f"{name}.parquet",
                list(dict.fromkeys(("edition", *tables()[name].columns))),
            )
            there = path.exists()
            frame = connection.read_parquet(str(path)).df() if there else pd.DataFrame(columns=wanted)
            found[name] = frame.reindex(columns=[*dict.fromkeys((*wanted, *frame.columns))])
    return found


def _about(made_from: Path) -> dict[str, str]:
    """Return what the edition's own copies of ``index.yaml`` and ``panel.yaml`` say about it."""
    about = dict.fromkeys(("model", "reference", "horizontal"), "")
    about |= {f"{key}_{language}": "" for key in ("title", "publisher", "licence", "panel") for language in LANGUAGES}
    index = _yaml(made_from / "catalog" / "index.yaml")
    publication, report = index.get("publication") or {}, index.get("report") or {}
    told = (
        index
        | publication
        | report
        | {
            f"panel_{language}": title
            for language in LANGUAGES
            if (title := _yaml(made_from / "judgements" / "panel.yaml").get(f"title_{language}"))
        }
    )
    return {key: str(told.get(key) or "") for key in about}


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}
