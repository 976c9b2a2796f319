"""A validated catalogue: the index as data, and the questions the pipeline asks of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icdp.catalog.checks import Check, Waiver
from icdp.catalog.model import Binding, IndexRules, Node, PanelScale, Province, Series, Source
from icdp.catalog.uncertainty import UncertaintyRules
from icdp.catalog.units import Units
from icdp.errors import CatalogError, NotFoundError


@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything that is particular to one index. See ``load_catalog``."""

    directory: Path
    rules: IndexRules
    nodes: Mapping[str, Node]
    provinces: Mapping[str, Province]
    series: Mapping[str, Series]
    units: Units
    bindings: Mapping[str, tuple[Binding, ...]]
    checks: Mapping[str, Check]
    waivers: tuple[Waiver, ...]
    baseline: Mapping[tuple[str, int], int]
    sources: Mapping[str, Source]
    panel_scale: PanelScale | None = None
    uncertainty: UncertaintyRules | None = None
    _names: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def root(self) -> str:
        """The id of the composite node."""
        return next(n.node for n in self.nodes.values() if n.parent is None)

    @property
    def indicators(self) -> dict[str, Node]:
        """The leaves of the tree in catalogue order."""
        return {k: n for k, n in self.nodes.items() if n.is_indicator}

    @property
    def lookback(self) -> int:
        """The largest max_age: how many years before a year its figures may come from."""
        return max(n.max_age or 0 for n in self.indicators.values())

    @property
    def reach(self) -> dict[str, tuple[int, int]]:
        """How many years before and after a year the figures of each series named in a binding may be from."""
        found: dict[str, tuple[int, int]] = {}
        for name, bindings in self.bindings.items():
            node = self.indicators[name]
            before = 0 if node.missing == "leave" else node.max_age or 0
            after = before if node.missing == "interpolate" else 0
            for series in (s for binding in bindings for s in binding.expression.series):
                most = found.get(series, (0, 0))
                found[series] = max(most[0], before), max(most[1], after)
        return found

    @property
    def lookahead(self) -> int:
        """How many years after a year its figures may come from: to interpolate, the next known one is needed."""
        return max((after for _, after in self.reach.values()), default=0)

    def level(self, node: str) -> int:
        """Return the depth of ``node``; the composite is 0."""
        depth, parent = 0, self.nodes[node].parent
        while parent is not None:
            depth, parent = depth + 1, self.nodes[parent].parent
        return depth

    def children(self, node: str) -> list[str]:
        """Return the children of ``node`` in catalogue order."""
        return [n.node for n in self.nodes.values() if n.parent == node]

    def province(self, name: str) -> Province:
        """Find a province by code, full, short or English name, or alias.

        Raises:
            NotFoundError: no province has that name; it is never guessed.
        """
        key = _fold(name)
        if key not in self._names:
            raise NotFoundError(
                f"{name!r} is none of the {len(self.provinces)} provinces; use e.g. 四川, 四川省, Sichuan or 510000"
            )
        return self.provinces[self._names[key]]

    def sha256(self) -> str:
        """Return the digest of all files of the catalogue: which index this is."""
        digest = hashlib.sha256()
        for path in sorted(p for p in self.directory.rglob("*") if p.suffix in (".yaml", ".csv")):
            digest.update(str(path.relative_to(self.directory)).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def validate(self) -> None:
        """Hold the files against each other.

        Raises:
            CatalogError: a name, a unit or a parent does not exist; names file, key and remedy.
        """
        self._validate_tree()
        self._validate_provinces()
        self._validate_methods()
        self._validate_series()
        self._validate_bindings()
        self._validate_checks()
        self._validate_sources()
        self._validate_panel_scale()

    def _validate_tree(self) -> None:
        path = self.directory / "tree.yaml"
        for node in self.nodes.values():
            if node.parent is not None and node.parent not in self.nodes:
                raise CatalogError(f"{path}: {node.node}: parent {node.parent!r} is no node; add it or correct it")
            if node.parent is not None and self.nodes[node.parent].is_indicator:
                raise CatalogError(
                    f"{path}: {node.node}: parent {node.parent!r} is an indicator, which has no children; correct it"
                )
            if not node.is_indicator and not self.children(node.node):
                raise CatalogError(f"{path}: {node.node}: an inner node without children; remove it or add indicators")
        roots = [n.node for n in self.nodes.values() if n.parent is None]
        if len(roots) != 1:
            raise CatalogError(
                f"{path}: parent is null at {', '.join(roots) or 'no node'}; exactly one node is the root; correct it"
            )
        for node in self.nodes.values():
            seen, current = {node.node}, node.parent
            while current is not None:
                if current in seen:
                    raise CatalogError(f"{path}: {node.node}: its parents form a circle; correct one `parent`")
                seen.add(current)
                current = self.nodes[current].parent

        horizontal = self.rules.report.horizontal
        if horizontal is not None and horizontal not in self.indicators:
            raise CatalogError(
                f"{self.directory / 'index.yaml'}: report.horizontal {horizontal!r} is no indicator of tree.yaml; correct it"
            )

    def _validate_provinces(self) -> None:
        path = self.directory / "provinces.csv"
        expected = self.rules.units
        if expected is not None and path.exists() and len(self.provinces) != expected:
            raise CatalogError(
                f"{path}: has {len(self.provinces)} rows, index.yaml says units: {expected}; correct one of the two"
            )
        tiles: dict[tuple[int | None, int | None], str] = {}
        for p in self.provinces.values():
            if p.tile_row is not None and (tiles.setdefault((p.tile_column, p.tile_row), p.adcode)) != p.adcode:
                there = tiles[p.tile_column, p.tile_row]
                raise CatalogError(f"{path}: {p.adcode}: its tile is that of {there}; place one of the two elsewhere")
            for name in (p.adcode, p.name_zh, p.short_zh, p.name_en, *p.aliases):
                other = self._names.setdefault(_fold(name), p.adcode)
                if other != p.adcode:
                    raise CatalogError(f"{path}: {p.adcode}: the name {name!r} belongs to {other} already; remove one")

    def _validate_methods(self) -> None:
        # Not at the top: the engine's package reads catalogues, and numpy is not needed to read one's other files.
        from icdp.scoring.from_catalog import settings_of, tree_of
        from icdp.scoring.uncertainty.from_catalog import check_factors

        tree_of(self)
        settings_of(self)
        check_factors(self)

    def _validate_series(self) -> None:
        for s in self.series.values():
            if s.unit not in self.units:
                raise CatalogError(
                    f"{self.directory / 'series.csv'}: {s.series}: unit {s.unit!r} is not in units.yaml; "
                    "add it there or correct it"
                )

    def _validate_bindings(self) -> None:
        path = self.directory / "bindings.yaml"
        if not self.bindings:
            return
        for name in self.bindings:
            if name not in self.indicators:
                raise CatalogError(f"{path}: {name!r} is no indicator of tree.yaml; correct the name")
        for name, node in self.indicators.items():
            if name not in self.bindings:
                raise CatalogError(f"{path}: {name} has no entry; write `{name}: []` when nothing fits")
            for number, binding in enumerate(self.bindings[name]):
                self._validate_binding(f"{path}: {name}[{number}]", node, binding)

    def _validate_binding(self, where: str, node: Node, binding: Binding) -> None:
        if binding.unit not in self.units:
            raise CatalogError(f"{where}: unit {binding.unit!r} is not in units.yaml; add it there or correct it")
        for series in binding.expression.series:
            if series not in self.series:
                raise CatalogError(f"{where}: series {series!r} is not in series.csv; add it or correct the name")
            unit = self.series[series].unit
            if binding.expression.is_linear and not self.units.convertible(unit, binding.unit):
                raise CatalogError(
                    f"{where}: series {series!r} is in {unit}, which cannot become {binding.unit}; correct the unit"
                )
        if binding.fidelity != "proxy" and not self.units.convertible(binding.unit, str(node.unit)):
            raise CatalogError(
                f"{where}: {binding.unit} cannot become the indicator's {node.unit}; only a proxy keeps its own unit"
            )

    def _validate_checks(self) -> None:
        folder = self.directory / "quality"
        for check in self.checks.values():
            where = f"{folder / check.file}: {check.check}"
            for series in check.series_named():
                self._known_series(where, series)
            for name in check.indicators_named():
                if name not in self.indicators:
                    raise CatalogError(f"{where}: {name!r} is no indicator of tree.yaml; correct the name")
        for series, _ in self.baseline:
            self._known_series(str(folder / "baseline.csv"), series)

    def _known_series(self, where: str, series: str) -> None:
        if series not in self.series:
            raise CatalogError(f"{where}: series {series!r} is not in series.csv; add it or correct the name")

    def _validate_sources(self) -> None:
        for source in self.sources.values():
            for series in (name for e in source.expects for name in (e.series, e.like) if name is not None):
                if series not in self.series:
                    raise CatalogError(
                        f"{self.directory / 'sources' / f'{source.source}.yaml'}: expects: series {series!r} is not in "
                        "series.csv; add it there or correct the name"
                    )

    def _validate_panel_scale(self) -> None:
        if (scale := self.panel_scale) is None:
            return
        path = self.directory / "panel_scale.yaml"
        on_scale = {g.indicator for g in scale.goalposts}
        anew = "remove the file, publish the years and freeze the scale anew (icdp panel freeze)"
        if unknown := sorted(on_scale - self.indicators.keys()):
            raise CatalogError(f"{path}: goalposts: {unknown[0]!r} is no indicator of tree.yaml; {anew}")
        totals: dict[str, float] = {}
        for node, weight in scale.weights.items():
            parent = self.nodes[node].parent if node in self.nodes else None
            if parent is None:
                raise CatalogError(f"{path}: weights: {node!r} is no node below the composite; {anew}")
            totals[parent] = totals.get(parent, 0.0) + weight
        for indicator in on_scale:
            node, parent = indicator, self.nodes[indicator].parent
            while parent is not None:
                if node not in scale.weights:
                    raise CatalogError(f"{path}: weights: {node} has none; {anew}")
                node, parent = parent, self.nodes[parent].parent
        for parent, total in totals.items():
            if abs(total - 1.0) > 1e-9:
                raise CatalogError(f"{path}: the weights below {parent} sum to {total:.12g}, not 1; correct them")


def _fold(name: str) -> str:
    """Province names differ by blanks and case only (``北 京``, ``sichuan``)."""
    return "".join(name.split()).casefold()
