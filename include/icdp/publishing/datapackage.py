"""``datapackage.json``: the CSV files of an edition as a Frictionless Data Package (https://specs.frictionlessdata.io)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from icdp.catalog import Catalog
from icdp.publishing.schema import Table, tables

TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMPTZ": "datetime",
}


def datapackage(folder: Path, catalog: Catalog, content: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Describe the CSV files that lie in ``folder``.

    Args:
        folder: the edition, with its tables written.
        catalog: title, publisher and licence.
        content: its tables, ``editions`` and ``lineage`` among them.
    """
    rules, own = catalog.rules, content["editions"].iloc[0]
    publishers = sorted(set(content["lineage"]["publisher"]))
    return {
        "profile": "data-package",
        "name": f"{rules.id}-{own['edition']}",
        "title": f"{rules.title_zh} {own['edition']} / {rules.title_en}, edition {own['edition']}",
        "description": f"{rules.model}: {rules.reference}",
        "version": str(own["edition"]),
        "created": pd.Timestamp(own["published_at"]).isoformat(),
        "keywords": ["composite indicator", rules.id],
        "licenses": [
            {
                "path": rules.publication.licence_path,
                "title": f"{rules.publication.licence_zh} / {rules.publication.licence_en}",
            }
        ],
        "contributors": [
            {"title": f"{rules.publication.publisher_zh} {rules.publication.publisher_en}", "role": "publisher"}
        ],
        "sources": [{"title": publisher} for publisher in publishers],
        "resources": [_resource(folder, table) for table in tables().values()],
    }


def _resource(folder: Path, table: Table) -> dict[str, Any]:
    path = f"csv/{table.name}.csv"
    content = (folder / path).read_bytes()
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": path,
        "title": table.zh,
        "description": table.en,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [_field(name, *told) for name, told in table.columns.items()],
            "missingValues": [""],
        },
    }


def _field(name: str, kind: str, zh: str, en: str) -> dict[str, str]:
    field = {"name": name, "type": TYPES[kind], "title": zh, "description": en}
    # DuckDB writes moments as 2026-11-23 00:00:00+00.
    return field | {"format": "any"} if field["type"] == "datetime" else field
