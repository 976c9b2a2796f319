"""What other systems read of an edition: Frictionless, SDMX, DCAT; held against their own tools where these are installed."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from icdp.catalog import Catalog
from icdp.publishing import sdmx
from icdp.publishing.schema import tables
from icdp.settings import Settings
from icdp.warehouse.staging import read_parquet


@pytest.fixture(scope="module")
def edition(made: Settings) -> Path:
    return made.published / "editions" / "2024-r1"


@pytest.fixture(scope="module")
def package(edition: Path) -> dict[str, Any]:
    return dict(json.loads((edition / "datapackage.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def dataset(edition: Path) -> dict[str, Any]:
    return dict(json.loads((edition / "dcat.jsonld").read_text(encoding="utf-8")))


def message(edition: Path, name: str) -> list[dict[str, str]]:
    with (edition / "sdmx" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_data_package_describes_every_table_and_its_columns(edition: Path, package: dict[str, Any]) -> None:
    assert [resource["name"] for resource in package["resources"]] == list(tables())
    for resource in package["resources"]:
        content = (edition / resource["path"]).read_bytes()
        header = next(csv.reader(content.decode("utf-8-sig").splitlines()))
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert (resource["bytes"], resource["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
        assert all(field["title"] and field["description"] for field in resource["schema"]["fields"])


def test_every_title_in_the_schema_is_text() -> None:
    """An unquoted `a: b` in schema.yaml is a mapping to YAML, and no validator of a package takes it."""
    for table in tables().values():
        for name, told in table.columns.items():
            assert [type(part) for part in told] == [str] * 3, f"{table.name}.{name}"


def test_frictionless_finds_the_package_valid_and_a_changed_file_not(edition: Path, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(edition / "datapackage.json"))
    assert report.valid, report.flatten(["name", "message"])
    assert len(report.tasks) == len(tables())
    copy = shutil.copytree(edition, tmp_path / "edition")
    path = copy / "csv" / "weights.csv"
    path.chmod(0o644)
    path.write_text(path.read_text(encoding="utf-8").replace("environment", "surroundings"), encoding="utf-8")
    assert not frictionless.validate(str(copy / "datapackage.json")).valid


def test_sdmx_values_are_the_published_ones_and_missing_cells_say_so(
    edition: Path, catalog: Catalog, published: duckdb.DuckDBPyConnection
) -> None:
    rows = message(edition, "values")
    assert list(rows[0]) == [
        "STRUCTURE", "STRUCTURE_ID", "ACTION", *sdmx.DIMENSIONS, "OBS_VALUE", *sdmx.ATTRIBUTES,
    ]  # fmt: skip
    assert {(r["STRUCTURE"], r["STRUCTURE_ID"], r["ACTION"], r["FREQ"], r["TIME_PERIOD"]) for r in rows} == {
        ("dataflow", "ICDP:VALUES(1.0)", "I", "A", "2024")
    }
    expected = {
        (indicator, adcode): (value, status, unit)
        for indicator, adcode, value, status, unit in published.execute(
            "SELECT indicator, adcode, value, status, unit FROM history.indicator_values WHERE edition = '2024-r1'"
        ).fetchall()
    }
    there = {
        (r["INDICATOR"], r["REF_AREA"]): (float(r["OBS_VALUE"]), r["OBS_STATUS"], r["UNIT_MEASURE"])
        for r in rows
        if r["OBS_VALUE"]
    }
    assert there == expected
    used = {indicator for indicator, _ in expected}
    missing = {(i, a) for i in used for a in catalog.provinces} - expected.keys()
    assert {(r["INDICATOR"], r["REF_AREA"]) for r in rows if r["OBS_STATUS"] == "O"} == missing
    assert {r["OBS_STATUS"] for r in rows} <= sdmx.OBS_STATUS.keys()


def test_sdmx_scores_are_the_published_ones(edition: Path, published: duckdb.DuckDBPyConnection) -> None:
    there = {
        (r["INDICATOR"], r["REF_AREA"]): (float(r["OBS_VALUE"]), int(r["RANK"])) for r in message(edition, "scores")
    }
    assert there == {
        (node, adcode): (score, rank)
        for node, adcode, score, rank in published.execute(
            "SELECT node, adcode, score, rank FROM history.scores WHERE edition = '2024-r1'"
        ).fetchall()
    }


def test_scores_of_a_provisional_edition_are_provisional_and_missing_ones_missing(
    edition: Path, catalog: Catalog
) -> None:
    content = {name: read_parquet(edition / "parquet" / f"{name}.parquet") for name in ("editions", "scores")}
    content["editions"]["status"] = "provisional"
    content["scores"].loc[content["scores"]["adcode"] == "540000", ["score", "rank"]] = None
    told = sdmx.scores(catalog, content)
    assert set(told["OBS_STATUS"][told["REF_AREA"] != "540000"]) == {"P"}
    assert set(told["OBS_STATUS"][told["REF_AREA"] == "540000"]) == {"O"}
    assert told["OBS_VALUE"][told["REF_AREA"] == "540000"].isna().all()


def test_another_index_has_its_own_agency(catalog: Catalog) -> None:
    other = replace(catalog, rules=catalog.rules.model_copy(update={"id": "other"}))
    own = pd.Series({"edition": "2024-r1", "published_at": pd.Timestamp("2026-01-01", tz="UTC")})
    flows = sdmx.structure(other, own)["data"]["dataflows"]
    assert {flow["agencyID"] for flow in flows} == {"OTHER"}


@pytest.mark.parametrize("name", ["values", "scores"])
def test_an_sdmx_library_reads_the_message_by_its_structure(edition: Path, name: str) -> None:
    io = pytest.importorskip("pysdmx.io")
    (found,) = io.get_datasets(edition / "sdmx" / f"{name}.csv", edition / "sdmx" / "structure.json")
    assert found.structure.id == name.upper()
    assert list(found.data.columns) == [*sdmx.DIMENSIONS, "OBS_VALUE", *sdmx.ATTRIBUTES]
    assert len(found.data) == len(message(edition, name))


def test_the_structure_lists_every_code_the_messages_use(edition: Path) -> None:
    lists = {
        entry["id"]: {code["id"] for code in entry["codes"]}
        for entry in json.loads((edition / "sdmx" / "structure.json").read_text(encoding="utf-8"))["data"]["codelists"]
    }
    rows = [*message(edition, "values"), *message(edition, "scores")]
    for column, codes in {
        "REF_AREA": "CL_AREA",
        "INDICATOR": "CL_INDICATOR",
        "FREQ": "CL_FREQ",
        "OBS_STATUS": "CL_OBS_STATUS",
    }.items():
        assert {row[column] for row in rows} <= lists[codes]
    assert len(lists["CL_AREA"]) == 31


def test_dcat_says_what_it_is_whose_on_which_terms_of_when_and_where(edition: Path, dataset: dict[str, Any]) -> None:
    def english(key: str) -> str:
        return next(text["@value"] for text in dataset[key] if text["@language"] == "en")

    assert dataset["@type"] == "dcat:Dataset"
    assert english("dct:title").endswith(", edition 2024-r1")
    assert [text["@value"] for text in dataset["dct:publisher"]["foaf:name"]] == ["ICDP 项目", "The ICDP project"]
    assert dataset["dct:temporal"]["dcat:startDate"]["@value"] == "2024-01-01"
    assert dataset["dct:temporal"]["dcat:endDate"]["@value"] == "2024-12-31"
    assert len({place["dct:identifier"] for place in dataset["dct:spatial"]}) == 31
    # The licence and the methodology it points to lie in the edition itself.
    for key in ("dct:license", "dct:conformsTo"):
        assert (edition / dataset[key]["@id"]).is_file()
    assert len(dataset["dcat:distribution"]) == 2 * len(tables())
    for entry in dataset["dcat:distribution"]:
        content = (edition / entry["dcat:downloadURL"]["@id"]).read_bytes()
        assert entry["dcat:byteSize"] == len(content)
        assert entry["spdx:checksum"]["spdx:checksumValue"] == hashlib.sha256(content).hexdigest()
