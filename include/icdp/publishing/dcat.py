"""``dcat.jsonld``: an edition as a dataset of a catalogue (DCAT 3, https://www.w3.org/TR/vocab-dcat-3/)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from icdp.catalog import Catalog
from icdp.publishing.schema import tables

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "adms": "http://www.w3.org/ns/adms#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_MEDIA = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
}


def dcat(folder: Path, catalog: Catalog, content: Mapping[str, pd.DataFrame], supersedes: str | None) -> dict[str, Any]:
    """Describe the edition in ``folder``, whose tables are written.

    Args:
        folder: the edition.
        catalog: title, publisher, licence, methodology, provinces.
        content: its tables, ``editions`` and ``nodes`` among them.
        supersedes: the edition it replaces.
    """
    rules, own = catalog.rules, content["editions"].iloc[0]
    publication, year = rules.publication, int(own["year"])
    about = {
        "@context": CONTEXT,
        "@id": f"urn:{rules.id}:edition:{own['edition']}",
        "@type": "dcat:Dataset",
        "dct:identifier": str(own["edition"]),
        "dct:title": _both(f"{rules.title_zh} {own['edition']}", f"{rules.title_en}, edition {own['edition']}"),
        "dct:description": _both(
            f"{len(catalog.provinces)} 省，{int(own['indicators_used'])}/{int(own['indicators_total'])} 项指标，判断矩阵 {own['panel']}",
            f"{len(catalog.provinces)} provinces, {int(own['indicators_used'])} of {int(own['indicators_total'])} indicators, judgements {own['panel']}",
        ),
        "dct:publisher": {
            "@type": "foaf:Agent",
            "foaf:name": _both(publication.publisher_zh, publication.publisher_en),
        },
        "dct:license": {
            "@id": publication.licence_path,
            "@type": "dct:LicenseDocument",
            "rdfs:label": _both(publication.licence_zh, publication.licence_en),
        },
        "dct:issued": {"@type": "xsd:dateTime", "@value": pd.Timestamp(own["published_at"]).isoformat()},
        "dct:language": ["zh", "en"],
        "dct:accrualPeriodicity": {"@id": "http://purl.org/cld/freq/annual"},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": f"{year}-01-01"},
            "dcat:endDate": {"@type": "xsd:date", "@value": f"{year}-12-31"},
        },
        "dct:spatial": [
            {"@type": "dct:Location", "dct:identifier": p.adcode, "skos:prefLabel": _both(p.name_zh, p.name_en)}
            for p in catalog.provinces.values()
        ],
        "dct:conformsTo": {
            "@id": publication.methodology_path,
            "@type": "dct:Standard",
            "dct:title": f"{rules.model} {rules.reference}".strip(),
        },
        "dcat:version": str(own["edition"]),
        "adms:status": str(own["status"]),
        "dcat:theme": [
            {"@type": "skos:Concept", "skos:notation": n.node, "skos:prefLabel": _both(n.name_zh, n.name_en)}
            for n in catalog.nodes.values()
            if catalog.level(n.node) == 1
        ],
        "dcat:distribution": [
            _distribution(folder, f"{kind}/{table.name}.{kind}", _MEDIA[kind], table.zh, table.en)
            for table in tables().values()
            for kind in _MEDIA
        ],
    }
    if supersedes is not None:
        about["dcat:previousVersion"] = {"@id": f"urn:{rules.id}:edition:{supersedes}"}
    return about


def _distribution(folder: Path, path: str, media: str, zh: str, en: str) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    return {
        "@type": "dcat:Distribution",
        "dct:title": _both(zh, en),
        "dcat:downloadURL": {"@id": path},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{media}"},
        "dcat:byteSize": len(content),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": hashlib.sha256(content).hexdigest(),
        },
    }


def _both(zh: str, en: str) -> list[dict[str, str]]:
    return [{"@language": "zh", "@value": zh}, {"@language": "en", "@value": en}]
