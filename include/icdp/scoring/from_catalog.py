"""The engine's tree and settings out of a catalogue."""

from __future__ import annotations

from icdp.catalog import Catalog
from icdp.catalog.model import PanelScale
from icdp.scoring.engine import Settings
from icdp.scoring.panel import Scale
from icdp.scoring.tree import Node, Tree


def tree_of(catalog: Catalog) -> Tree:
    """Return the catalogue's nodes as the engine's tree."""
    return Tree(Node(n.node, n.parent, direction=n.direction, weighting=n.weights) for n in catalog.nodes.values())


def settings_of(catalog: Catalog) -> Settings:
    """Return the scoring rules of ``index.yaml`` as the engine's settings."""
    rules = catalog.rules.scoring
    return Settings(
        ri_table=rules.ri_table,
        cr_thresholds=rules.cr_threshold,
        min_coverage=rules.min_coverage,
        tier_thresholds=rules.tiers,
        min_unit_coverage=rules.min_province_coverage,
        winsorise=frozenset(n.node for n in catalog.nodes.values() if n.outliers == "winsorise"),
    )


def scale_of(scale: PanelScale) -> Scale:
    """Return the catalogue's panel scale as the engine's."""
    return Scale({g.indicator: (g.min, g.max) for g in scale.goalposts}, scale.weights)
