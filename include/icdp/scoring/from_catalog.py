"""The engine's tree and settings out of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from icdp.catalog import Catalog
from icdp.catalog.model import PanelScale
from icdp.errors import CatalogError, NotFoundError
from icdp.scoring.engine import Settings
from icdp.scoring.normalise import Normalisation
from icdp.scoring.opinions import OpinionRules
from icdp.scoring.panel import Scale
from icdp.scoring.tree import Node, Tree


def tree_of(catalog: Catalog) -> Tree:
    """Return the catalogue's nodes as the engine's tree.

    Raises:
        CatalogError: a method or a parameter that the engine does not have; names file, node and remedy.
    """
    path = catalog.directory / "tree.yaml"
    nodes = []
    for n in catalog.nodes.values():
        own = None if n.normalisation is None else _normalisation(catalog, n.normalisation, f"{path}: {n.node}")
        nodes.append(
            Node(
                n.node,
                n.parent,
                direction=n.direction,
                weighting=n.weights,
                aggregation=n.aggregation,
                exponent=n.exponent,
                ahp_share=n.ahp_share,
                weight=n.weight,
                normalisation=own,
            )
        )
    try:
        return Tree(nodes)
    except CatalogError as exc:
        raise CatalogError(f"{path}: {exc}") from exc


def settings_of(catalog: Catalog) -> Settings:
    """Return the scoring rules of ``index.yaml`` as the engine's settings.

    Raises:
        CatalogError: a normalisation that the engine does not have, or that only an indicator can have.
    """
    rules, where = catalog.rules.scoring, f"{catalog.directory / 'index.yaml'}: scoring"
    normalisation = _normalisation(catalog, rules.normalisation, where)
    if normalisation.method == "goalposts" or isinstance(normalisation.parameters.get("reference"), int | float):
        raise CatalogError(
            f"{where}: normalisation {normalisation} is in one indicator's unit; give it to that indicator in tree.yaml"
        )
    return Settings(
        ri_table=rules.ri_table,
        cr_thresholds=rules.cr_threshold,
        min_coverage=rules.min_coverage,
        tier_thresholds=rules.tiers,
        normalisation=normalisation,
        opinions=OpinionRules(**catalog.rules.experts.model_dump()),
        min_unit_coverage=rules.min_province_coverage,
        winsorise=frozenset(n.node for n in catalog.nodes.values() if n.outliers == "winsorise"),
    )


def scale_of(scale: PanelScale) -> Scale:
    """Return the catalogue's panel scale as the engine's."""
    return Scale({g.indicator: (g.min, g.max) for g in scale.goalposts}, scale.weights)


def _normalisation(catalog: Catalog, given: str | Mapping[str, Any], where: str) -> Normalisation:
    """Return a normalisation as the catalogue writes it: a name, or ``{method: name, parameter: value, ...}``.

    ``reference_unit`` names the unit whose value is the reference, by any name it has where the catalogue has
    provinces.
    """
    entries = {"method": given} if isinstance(given, str) else dict(given)
    try:
        if not isinstance(method := entries.pop("method", None), str):
            raise CatalogError("normalisation has no `method`; write it like {method: minmax, scale: [0.01, 1]}")
        if "reference_unit" in entries:
            if "reference" in entries:
                raise CatalogError("normalisation has `reference` and `reference_unit`; keep one of them")
            label = str(entries.pop("reference_unit"))
            entries["reference"] = catalog.province(label).adcode if catalog.provinces else label
        elif isinstance(entries.get("reference"), str):
            raise CatalogError("normalisation: `reference` must be a number; name a unit as `reference_unit`")
        return Normalisation(method, {k: tuple(v) if isinstance(v, list) else v for k, v in entries.items()})
    except (CatalogError, NotFoundError) as exc:
        raise CatalogError(f"{where}: {exc}") from exc
