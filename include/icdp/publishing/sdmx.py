"""``sdmx/``: values and scores of an edition as SDMX-CSV 2.1, with their structure as an SDMX-JSON 2.0 message.

https://github.com/sdmx-twg/sdmx-csv and https://github.com/sdmx-twg/sdmx-json; statuses are codes of the
cross-domain code list CL_OBS_STATUS 2.2 (https://sdmx.org/guidelines-for-cdcl).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from icdp.catalog import Catalog

VERSION = "1.0"
DIMENSIONS = ("FREQ", "REF_AREA", "INDICATOR", "TIME_PERIOD")
ATTRIBUTES = ("OBS_STATUS", "UNIT_MEASURE", "VALUE_YEAR", "FILL", "FIDELITY", "RANK", "EDITION")
OBS_STATUS = {
    "A": ("正常值", "Normal value"),
    "E": ("估计值", "Estimated value"),
    "I": ("接收机构插补的值", "Value imputed by a receiving agency"),
    "O": ("缺值", "Missing value"),
    "P": ("暂定值", "Provisional value"),
}
_CONCEPTS = {
    "FREQ": ("频率", "Frequency of observation"),
    "REF_AREA": ("省份（GB/T 2260）", "Province (GB/T 2260)"),
    "INDICATOR": ("指标或节点", "Indicator or node of the index"),
    "TIME_PERIOD": ("统计年度", "Statistical year"),
    "OBS_VALUE": ("数值", "Observation value"),
    "OBS_STATUS": ("状态", "Observation status"),
    "UNIT_MEASURE": ("单位", "Unit of measure"),
    "VALUE_YEAR": ("数值所述年份", "Year the value describes"),
    "FILL": ("填补方式", "How a value without a figure of the year came about"),
    "FIDELITY": ("口径一致性", "Faithfulness to the definition"),
    "RANK": ("位次", "Rank"),
    "EDITION": ("版本", "Edition"),
}
_URN = "urn:sdmx:org.sdmx.infomodel."


def values(catalog: Catalog, content: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the indicator values in use; a province without one has status ``O`` and no value."""
    own = content["editions"].iloc[0]
    used = content["indicator_coverage"].loc[content["indicator_coverage"]["in_use"].astype(bool)]
    cells = pd.MultiIndex.from_product(
        [sorted(used["indicator"]), list(catalog.provinces)], names=["indicator", "adcode"]
    )
    table = content["indicator_values"].set_index(["indicator", "adcode"]).reindex(cells).reset_index()
    unit = table["indicator"].map(used.set_index("indicator")["unit"])
    return _message(
        catalog,
        "VALUES",
        own,
        table.assign(
            INDICATOR=table["indicator"],
            OBS_VALUE=table["value"],
            OBS_STATUS=table["status"].fillna("O"),
            UNIT_MEASURE=unit,
            VALUE_YEAR=table["value_year"].astype("Int64"),
            FILL=table["fill"],
            FIDELITY=table["fidelity"],
        ),
    )


def scores(catalog: Catalog, content: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the scores of all nodes; those of a provisional edition have status ``P``, a missing one ``O``."""
    own = content["editions"].iloc[0]
    status = "A" if own["status"] == "final" else "P"
    table = content["scores"].sort_values(["level", "node", "adcode"], ignore_index=True)
    return _message(
        catalog,
        "SCORES",
        own,
        table.assign(
            INDICATOR=table["node"],
            OBS_VALUE=table["score"],
            OBS_STATUS=table["score"].notna().map({True: status, False: "O"}),
            UNIT_MEASURE="0-100",
            RANK=table["rank"].astype("Int64"),
        ),
    )


def _message(catalog: Catalog, flow: str, own: pd.Series[Any], table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of an SDMX-CSV 2.1 message in their order."""
    columns = ["STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "OBS_VALUE", *ATTRIBUTES]
    told = table.assign(
        STRUCTURE="dataflow",
        STRUCTURE_ID=f"{agency(catalog)}:{flow}({VERSION})",
        ACTION="I",
        FREQ="A",
        REF_AREA=table["adcode"],
        TIME_PERIOD=int(own["year"]),
        EDITION=own["edition"],
    )
    return told.reindex(columns=columns)


def agency(catalog: Catalog) -> str:
    """Return the id under which the index is an agency."""
    return catalog.rules.id.upper()


def structure(catalog: Catalog, own: pd.Series[Any]) -> dict[str, Any]:
    """Return the structure message: code lists, concepts, the one data structure and its two dataflows."""
    maintainer = agency(catalog)
    flows = {
        "VALUES": (f"{catalog.rules.title_zh}：指标数值", f"{catalog.rules.title_en}: values"),
        "SCORES": (f"{catalog.rules.title_zh}：得分", f"{catalog.rules.title_en}: scores"),
    }
    return {
        "meta": {
            "schema": "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/develop/structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json",
            "id": f"{maintainer}_{own['edition']}",
            "prepared": pd.Timestamp(own["published_at"]).isoformat(),
            "test": False,
            "contentLanguages": ["zh", "en"],
            "sender": {"id": maintainer},
        },
        "data": {
            "codelists": _codelists(catalog, maintainer),
            "conceptSchemes": [
                _maintainable("CONCEPTS", maintainer, "概念", "Concepts")
                | {"concepts": [_named(name, zh, en) for name, (zh, en) in _CONCEPTS.items()]}
            ],
            "dataStructures": [_data_structure(maintainer)],
            "dataflows": [
                _maintainable(name, maintainer, zh, en)
                | {"structure": f"{_URN}datastructure.DataStructure={maintainer}:INDEX({VERSION})"}
                for name, (zh, en) in flows.items()
            ],
        },
    }


def _codelists(catalog: Catalog, maintainer: str) -> list[dict[str, Any]]:
    areas = [_named(p.adcode, p.name_zh, p.name_en) for p in catalog.provinces.values()]
    nodes = [_named(n.node, n.name_zh, n.name_en) for n in catalog.nodes.values()]
    return [
        _maintainable("CL_AREA", maintainer, "省份", "Provinces") | {"codes": areas},
        _maintainable("CL_INDICATOR", maintainer, "指标体系", "Tree of the index") | {"codes": nodes},
        _maintainable("CL_FREQ", "SDMX", "频率", "Frequency", "2.1")
        | {"isPartial": True, "codes": [_named("A", "年", "Annual")]},
        _maintainable("CL_OBS_STATUS", "SDMX", "观测状态", "Observation status", "2.2")
        | {"isPartial": True, "codes": [_named(code, *names) for code, names in OBS_STATUS.items()]},
    ]


def _data_structure(maintainer: str) -> dict[str, Any]:
    coded = {
        "FREQ": "SDMX:CL_FREQ(2.1)",
        "REF_AREA": f"{maintainer}:CL_AREA({VERSION})",
        "INDICATOR": f"{maintainer}:CL_INDICATOR({VERSION})",
        "OBS_STATUS": "SDMX:CL_OBS_STATUS(2.2)",
    }

    def component(name: str, kind: str = "String") -> dict[str, Any]:
        shown = (
            {"enumeration": f"{_URN}codelist.Codelist={coded[name]}"}
            if name in coded
            else {"format": {"dataType": kind}}
        )
        concept = f"{_URN}conceptscheme.Concept={maintainer}:CONCEPTS({VERSION}).{name}"
        return {"id": name, "conceptIdentity": concept, "localRepresentation": shown}

    numbers = {"VALUE_YEAR": "Integer", "RANK": "Integer"}
    return _maintainable("INDEX", maintainer, "指数", "Index") | {
        "dataStructureComponents": {
            "dimensionList": {
                "id": "DimensionDescriptor",
                "dimensions": [component(name) | {"position": at} for at, name in enumerate(DIMENSIONS[:-1])],
                "timeDimension": component(DIMENSIONS[-1], "GregorianYear"),
            },
            "measureList": {"id": "MeasureDescriptor", "measures": [component("OBS_VALUE", "Double")]},
            "attributeList": {
                "id": "AttributeDescriptor",
                "attributes": [
                    component(name, numbers.get(name, "String"))
                    | {
                        "usage": "mandatory" if name == "OBS_STATUS" else "optional",
                        "attributeRelationship": {"observation": {}},
                    }
                    for name in ATTRIBUTES
                ],
            },
        }
    }


def _named(identifier: str, zh: str, en: str) -> dict[str, Any]:
    return {"id": identifier, "name": en, "names": {"zh": zh, "en": en}}


def _maintainable(identifier: str, maintainer: str, zh: str, en: str, version: str = VERSION) -> dict[str, Any]:
    return _named(identifier, zh, en) | {"agencyID": maintainer, "version": version, "isExternalReference": False}
