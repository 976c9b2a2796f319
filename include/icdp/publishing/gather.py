"""The content of one year's edition, read from the warehouse and the catalogue."""

from __future__ import annotations

import hashlib
import json

import duckdb
import pandas as pd

from icdp import __version__
from icdp.catalog import Catalog
from icdp.errors import DataError, NotFoundError
from icdp.publishing.schema import tables
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.scoring.normalise import Normalisation
from icdp.scoring.uncertainty.tables import TABLES as ROBUSTNESS
from icdp.warehouse.load import observations_of, vintages_of
from icdp.warehouse.values import earlier_values

# Where bytes came from may change without a change of any figure: the edition that stands still leads to its own bytes.
PROVENANCE = ("payload_sha256", "receipt", "retrieved_at", "row")
# What is known of other years, was known before, or is said against other editions may change without this year's figures.
UNCOMPARED = ("editions", "inputs", "source_results", "earlier_values", "rank_changes", "observations", "approvals")

QUERIES = {
    "scores": "SELECT s.*, p.short_zh AS province FROM scores s JOIN p USING (adcode)",
    "indicator_values": """SELECT v.*, p.short_zh AS province, n.normalized FROM indicator_values v JOIN p USING (adcode)
        LEFT JOIN normalized n USING (year, adcode, indicator)""",
    "scores_panel": "SELECT s.*, p.short_zh AS province FROM scores_panel s JOIN p USING (adcode)",
    "lineage": """SELECT l.*, s.score AS composite, c.points, c.weight AS own_weight, n.normalized,
            v.value AS indicator_value, v.unit AS indicator_unit, v.fill, v.expression
        FROM lineage l JOIN indicator_values v USING (year, adcode, indicator)
        LEFT JOIN normalized n USING (year, adcode, indicator)
        LEFT JOIN contributions c USING (year, adcode, indicator)
        LEFT JOIN scores s ON s.year = l.year AND s.adcode = l.adcode AND s.level = 0""",
    "indicator_coverage": "SELECT * FROM indicator_coverage s",
    "weights": "SELECT * FROM weights s",
    "contributions": "SELECT * FROM contributions s",
    **{name: f"SELECT * FROM {name} s" for name in ROBUSTNESS},  # noqa: S608 - names of the schema
    "judgements": "SELECT * FROM judgements s",
    "judged_weights": "SELECT * FROM judged_weights s",
    "consistency": "SELECT * FROM consistency s",
    "consensus": "SELECT * FROM consensus s",
    "quality_results": "SELECT * FROM quality_results s",
    "run_notes": "SELECT * FROM run_notes s",
    "inputs": "SELECT * FROM year_inputs s",
    "source_results": "SELECT * FROM source_results s",
}


def gather(connection: duckdb.DuckDBPyConnection, catalog: Catalog, year: int) -> dict[str, pd.DataFrame]:
    """Return every table of the year's edition, without what only the edition itself knows.

    Left out are the column ``edition`` and, of table ``editions``, the revision, the moment and the
    edition superseded; and the tables about other years and editions (:func:`beside`).

    Raises:
        NotFoundError: the year was not scored.
        DataError: the catalogue is not the one the year was scored with.
    """
    run = connection.execute("SELECT * FROM score_runs WHERE year = ?", [year]).df()
    if run.empty:
        raise NotFoundError(
            f"year {year} has no scores in the warehouse; run refresh_statistics and score_index for it first"
        )
    if run["catalog_sha256"][0] != catalog.sha256():
        raise DataError(
            f"year {year} was scored with another catalogue than {catalog.directory}; run score_index again"
        )
    provinces = pd.DataFrame([p.model_dump(exclude={"aliases"}) for p in catalog.provinces.values()])
    connection.register("p", provinces)
    content = {
        name: connection.execute(f"FROM ({query}) WHERE year = ?", [year]).df() for name, query in QUERIES.items()
    }
    connection.unregister("p")
    content["observations"] = vintages_of(connection, catalog, year)
    content["provinces"] = provinces
    content["nodes"] = _nodes(catalog)
    content["rules"] = _rules(catalog).assign(year=year)
    content["editions"] = _summary(catalog, content, run)
    return content


def beside(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, content: dict[str, pd.DataFrame], year: int
) -> dict[str, pd.DataFrame]:
    """Return ``earlier_values``: made for a new edition only, for it takes time and tells of other years."""
    observations = observations_of(connection, catalog, year)
    known = earlier_values(catalog, observations, content["indicator_coverage"], year)
    return {"earlier_values": known.assign(year=year)}


def digest(content: dict[str, pd.DataFrame]) -> str:
    """Return the SHA-256 of what a reader would see.

    Numbers count with 10 significant digits, so that another processor's last bit is no new edition.
    """
    total = hashlib.sha256()
    for name, table in tables().items():
        if name in UNCOMPARED:
            continue
        columns = [c for c in table.columns if c not in ("edition", *PROVENANCE)]
        rows = content[name].sort_values(list(table.order), ignore_index=True)[columns]
        total.update(f"{name}\n{rows.to_csv(index=False, float_format='%.10g')}".encode())
    seen = content["editions"][["status", "indicators_used", "indicators_total", "panel", "panel_sha256"]]
    total.update(seen.to_csv(index=False).encode())
    return total.hexdigest()


_OF_VALUES = ("max_age", "missing")


def _rules(catalog: Catalog) -> pd.DataFrame:
    """Return every numeric rule of index.yaml and of each node, whatever rules there are, as JSON text."""
    general = {
        f"{section}.{name}": value
        for section in ("values", "scoring")
        for name, value in getattr(catalog.rules, section).model_dump(mode="json").items()
    }
    # A normalisation as the engine reads it, with what stands short for something written out.
    general["scoring.normalisation"] = _written_out(settings_of(catalog).normalisation)
    rows = [("", rule, value) for rule, value in general.items()]
    tree = tree_of(catalog)
    # Name, place, unit and direction of a node stand in `nodes`.
    told = {"node", "parent", "name_zh", "name_en", "unit", "direction"}
    for node in catalog.nodes.values():
        kept = node.model_dump(
            mode="json", exclude=told if node.is_indicator else told | {"missing"}, exclude_none=True
        )
        if (own := tree[node.node].normalisation) is not None:
            kept["normalisation"] = _written_out(own)
        # How old a figure may be, and what stands in for none, decide which values there are, not what becomes of them.
        rows += [(node.node, f"{'values' if name in _OF_VALUES else 'node'}.{name}", kept[name]) for name in kept]
    texts = [(node, rule, json.dumps(value, sort_keys=True, ensure_ascii=False)) for node, rule, value in rows]
    return pd.DataFrame(texts, columns=["node", "rule", "value"])


def _written_out(normalisation: Normalisation) -> dict[str, object]:
    return {"method": normalisation.method, **normalisation.parameters}


def _nodes(catalog: Catalog) -> pd.DataFrame:
    rows = [
        (n.node, n.parent, catalog.level(n.node), n.name_zh, n.name_en, n.unit, n.direction, position)
        for position, n in enumerate(catalog.nodes.values())
    ]
    names = ["node", "parent", "level", "name_zh", "name_en", "unit", "direction", "position"]
    return pd.DataFrame(rows, columns=names).astype({"direction": "Int64"})


def _summary(catalog: Catalog, content: dict[str, pd.DataFrame], run: pd.DataFrame) -> pd.DataFrame:
    rules = catalog.rules
    coverage = content["indicator_coverage"]
    used = coverage[coverage["in_use"]]
    current = int((used["provinces_current"] >= rules.values.min_provinces).sum())
    troubled = bool((~content["source_results"]["outcome"].isin(["accepted", "absent"])).any())
    cells = len(catalog.provinces) * len(catalog.indicators)
    return run[["year", "panel", "panel_sha256", "catalog_sha256", "inputs_sha256"]].assign(
        status="final" if current >= rules.publication.final_from and not troubled else "provisional",
        coverage=len(content["indicator_values"]) / cells,
        indicators_used=len(used),
        indicators_total=len(catalog.indicators),
        code_version=__version__,
    )
