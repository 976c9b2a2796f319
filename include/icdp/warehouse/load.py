"""Staging to warehouse: one year's slice replaced in one transaction."""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pandas as pd

from icdp.archive import Archive, Receipt
from icdp.catalog import Catalog
from icdp.errors import DataError, NotFoundError
from icdp.files import AnyPath
from icdp.sources.acquire import nothing_for_year, payload_of, read_problems
from icdp.sources.base import adapter
from icdp.warehouse.connection import replace_year
from icdp.warehouse.staging import read_parquet, read_receipts
from icdp.warehouse.values import Values, build_values

_SLICE = """
    SELECT o.*, i.source, i.layer, i.receipt, r.retrieved_at
    FROM year_inputs i
    JOIN observations o USING (payload_sha256)
    JOIN receipts r ON r.receipt = i.receipt
    WHERE i.year = $year AND o.year BETWEEN $year - $lookback - $behind AND $year + $ahead
    ORDER BY o.series, o.year, o.adcode, i.source, i.item
"""

# Bytes that were already the newest of their item are no new vintage, however often they are taken.
_NEW_VINTAGES = """
    WITH newest AS (
        FROM year_vintages WHERE year = $year
        QUALIFY row_number() OVER (PARTITION BY source, item ORDER BY position DESC) = 1)
    INSERT INTO year_vintages BY NAME
    SELECT i.*, coalesce(n.position, 0) + 1 AS position
    FROM year_inputs i LEFT JOIN newest n USING (source, item)
    WHERE i.year = $year AND n.payload_sha256 IS DISTINCT FROM i.payload_sha256
"""
_VINTAGES = """
    SELECT v.year, v.source, v.item, v.layer, v.position AS revision, CAST(r.retrieved_at AS DATE) AS vintage,
        o.* EXCLUDE (year, address), o.year AS value_year, o.address AS source_url, v.receipt
    FROM year_vintages v
    JOIN receipts r USING (receipt)
    JOIN observations o ON o.payload_sha256 = v.payload_sha256
    JOIN reach USING (series)
    WHERE v.year = $year AND o.year BETWEEN $year - reach.before AND $year + reach.after
"""


def load_year(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    archive: Archive,
    staging: AnyPath,
    year: int,
    sources: Collection[str] | None = None,
) -> Values:
    """Load what is staged for ``year`` and build its values, inside the caller's transaction.

    A source that gave nothing usable is recorded in ``source_results`` and left out, unless it is required.

    Args:
        connection: the warehouse, inside a transaction.
        catalog: the index as data.
        archive: where the receipts lie.
        staging: the folder of the year (``<source>.parquet``, ``<source>.receipts.json``).
        year: the statistical year.
        sources: those that were asked; by default all that are staged.

    Raises:
        NotFoundError: nothing is staged for the year, or a required source is not.
        DataError: what is staged of a required source was parsed from other payloads than those listed.
    """
    inputs: list[dict[str, object]] = []
    results: list[dict[str, object]] = []
    for source in catalog.sources.values():
        asked = (staging / f"{source.source}.receipts.json").exists() if sources is None else source.source in sources
        if not asked:
            continue
        results += [{"source": source.source, **told} for told in read_problems(staging, source.source)]
        if nothing_for_year(staging, source.source) and not source.required:
            continue
        try:
            receipts, parsed = _staged(archive, staging, source.source, year)
        except (NotFoundError, DataError) as exc:
            if source.required or sources is None:
                raise
            results.append({"source": source.source, "item": "", "outcome": "not_used", "reason": str(exc)})
            continue
        _keep(connection, receipts, parsed)
        for r in receipts:
            row: dict[str, object] = {"source": r.source, "item": r.item, "receipt": r.id}
            inputs.append(row | {"layer": source.layer, "payload_sha256": r.payload_sha256})
            results.append(row | {"outcome": "accepted", "reason": ""})
    if not inputs:
        raise NotFoundError(f"{staging}: nothing is staged for {year}; acquire and stage a source first")
    replace_year(connection, "year_inputs", year, pd.DataFrame(inputs).assign(year=year))
    connection.execute(_NEW_VINTAGES, {"year": year})
    columns = ["source", "item", "outcome", "reason", "receipt"]
    replace_year(connection, "source_results", year, pd.DataFrame(results, columns=columns).assign(year=year))
    built = build_values(catalog, observations_of(connection, catalog, year), year)
    replace_year(connection, "indicator_values", year, built.values)
    replace_year(connection, "lineage", year, built.lineage)
    replace_year(connection, "indicator_coverage", year, built.coverage)
    return built


def _staged(archive: Archive, staging: AnyPath, source: str, year: int) -> tuple[list[Receipt], pd.DataFrame]:
    listed = staging / f"{source}.receipts.json"
    receipts = read_receipts(listed, archive, source)
    if not receipts:
        raise NotFoundError(f"{listed}: {source} gave nothing for {year}; acquire it again")
    parsed = read_parquet(staging / f"{source}.parquet")
    if not set(parsed["payload_sha256"]) <= {r.payload_sha256 for r in receipts}:
        raise DataError(f"{listed}: names other payloads than were parsed; stage {source} of {year} again")
    return receipts, parsed


def observations_of(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, year: int, ahead: int = 0, behind: int = 0
) -> pd.DataFrame:
    """Return every observation the index of ``year`` may draw on, with its source, layer and receipt.

    Args:
        connection: the warehouse.
        catalog: says how far back values may come from.
        year: the statistical year.
        ahead: years after it to return at least; values draw on them only to interpolate.
        behind: years before its oldest to return as well; nor on these.
    """
    span = {"lookback": catalog.lookback, "ahead": max(ahead, catalog.lookahead), "behind": behind}
    return connection.execute(_SLICE, {"year": year, **span}).df()


def vintages_of(connection: duckdb.DuckDBPyConnection, catalog: Catalog, year: int) -> pd.DataFrame:
    """Return every vintage of every observation that the index of ``year`` might use, with its day."""
    reach = [(series, *years) for series, years in catalog.reach.items()]
    connection.register("reach", pd.DataFrame(reach, columns=["series", "before", "after"]))
    found = connection.execute(_VINTAGES, {"year": year}).df()
    connection.unregister("reach")
    return found


def keep_vintages(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, archive: Archive, year: int, vintages: pd.DataFrame
) -> None:
    """Put the vintages an edition told of in place of those of the year, parsing their payloads anew.

    Args:
        connection: the warehouse, inside a transaction.
        catalog: the edition's own.
        archive: where the payloads lie.
        year: the statistical year.
        vintages: the edition's table ``observations``.
    """
    keys = ["source", "item", "layer", "revision", "payload_sha256", "receipt"]
    told = vintages[keys].drop_duplicates().rename(columns={"revision": "position"}).assign(year=year)
    for row in told.itertuples():
        receipt = archive.receipt(str(row.source), str(row.receipt))
        figures = adapter(receipt.source, catalog).parse(payload_of(archive, receipt), catalog)
        _keep(connection, [receipt], figures.assign(payload_sha256=receipt.payload_sha256))
    connection.register("told", told)
    connection.execute(
        "DELETE FROM year_vintages WHERE year = ? AND (source, item) IN (SELECT (source, item) FROM told)", [year]
    )
    connection.execute("INSERT INTO year_vintages BY NAME FROM told")
    connection.unregister("told")


def _keep(connection: duckdb.DuckDBPyConnection, receipts: list[Receipt], observations: pd.DataFrame) -> None:
    """Add payloads, receipts and observations; a payload parsed anew replaces its own rows only."""
    table = pd.DataFrame(
        [
            {
                "receipt": r.id, "source": r.source, "item": r.item, "payload_sha256": r.payload_sha256,
                "request": r.request, "retrieved_at": pd.Timestamp(r.retrieved_at), "publisher": r.publisher,
                "terms": r.terms, "code_version": r.code_version, "bytes": r.bytes, "media_type": r.media_type,
            }
            for r in receipts
        ]
    )  # fmt: skip
    connection.register("taken", table)
    connection.register("parsed", observations)
    connection.execute(
        "INSERT OR IGNORE INTO payloads BY NAME SELECT DISTINCT payload_sha256, bytes, media_type FROM taken"
    )
    connection.execute("INSERT OR IGNORE INTO receipts BY NAME SELECT * EXCLUDE (bytes, media_type) FROM taken")
    connection.execute("DELETE FROM observations WHERE payload_sha256 IN (SELECT payload_sha256 FROM taken)")
    connection.execute("INSERT INTO observations BY NAME SELECT DISTINCT * FROM parsed")
    connection.unregister("taken")
    connection.unregister("parsed")
