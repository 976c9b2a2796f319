"""The shipped catalogue is the index the methodology describes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from icdp.catalog import Catalog, load_catalog
from icdp.errors import NotFoundError
from icdp.settings import CATALOG

# 智算产业发展研究报告 (2024), chapter 5: three dimensions, eight sub-dimensions, 24 indicators with unit.
STRUCTURE = {
    "environment": {
        "policy": {"ai_policies": "个", "aidc_policies": "个", "dual_carbon_policies": "个"},
        "economy": {"gdp_per_capita": "元", "labor_cost": "元"},
        "energy": {"industrial_power_price": "元/千瓦时", "green_power": "亿千瓦时"},
    },
    "infrastructure": {
        "network": {"fiber_users": "万户", "g5_stations": "个/万人", "ipv4_share": "%", "ipv6_penetration": "%"},
        "compute": {"idc_racks": "万架", "total_compute": "EFLOPS", "aidc_compute": "EFLOPS"},
    },
    "application": {
        "ai_rd": {
            "ai_industry_scale": "亿元",
            "llm_filings": "个",
            "ai_enterprises": "个",
            "ai_patents": "个",
            "research_institutions": "个",
        },
        "digitalization": {"cloud_adoption": "%", "websites": "个", "gov_websites": "个"},
        "industry_practice": {"digital_city_share": "%", "ai_parks": "个"},
    },
}

# GB/T 2260, first two digits.
CODES = [11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46]
CODES += [50, 51, 52, 53, 54, 61, 62, 63, 64, 65]


def test_the_tree_is_that_of_the_report(catalog: Catalog) -> None:
    assert catalog.root == "composite"
    built = {
        dimension: {
            sub: {leaf: catalog.nodes[leaf].unit for leaf in catalog.children(sub)}
            for sub in catalog.children(dimension)
        }
        for dimension in catalog.children("composite")
    }
    assert built == STRUCTURE
    assert [list(built), *(list(subs) for subs in built.values())] == [
        list(STRUCTURE),
        *(list(subs) for subs in STRUCTURE.values()),
    ], "the order in which nodes are shown"
    levels = [catalog.level(node) for node in catalog.nodes]
    assert [levels.count(level) for level in range(5)] == [1, 3, 8, 24, 0]


def test_upper_weights_are_ahp_and_lower_ones_entropy(catalog: Catalog) -> None:
    by_level = {catalog.level(n.node): set() for n in catalog.nodes.values()}
    for node in catalog.nodes.values():
        by_level[catalog.level(node.node)].add(node.weights)
    assert by_level == {0: {"ahp"}, 1: {"ahp"}, 2: {"entropy"}, 3: {None}}


def test_only_the_price_of_electricity_counts_against_a_province(catalog: Catalog) -> None:
    assert {k: n.direction for k, n in catalog.indicators.items() if n.direction != 1} == {"industrial_power_price": -1}


def test_there_are_the_31_provinces_without_hong_kong_macao_and_taiwan(catalog: Catalog) -> None:
    assert sorted(catalog.provinces) == [f"{code}0000" for code in CODES]
    assert len({p.short_zh for p in catalog.provinces.values()}) == 31
    assert {p.region for p in catalog.provinces.values()} == {"华北", "东北", "华东", "中南", "西南", "西北"}


@pytest.mark.parametrize(
    ("name", "adcode"),
    [
        ("四川", "510000"),
        ("四川省", "510000"),
        ("Sichuan", "510000"),
        ("SICHUAN", "510000"),
        ("510000", "510000"),
        ("北 京", "110000"),
        ("北\u3000京", "110000"),
        (" 内蒙古自治区\n", "150000"),
        ("陕西", "610000"),
        ("Shaanxi", "610000"),
        ("Shanxi", "140000"),
    ],
)
def test_a_province_is_found_by_any_of_its_names(catalog: Catalog, name: str, adcode: str) -> None:
    assert catalog.province(name).adcode == adcode


@pytest.mark.parametrize("name", ["", "全国", "香港", "台湾省", "810000", "51000", "四", "Sichuan Sheng"])
def test_an_unknown_province_is_refused_and_not_guessed(catalog: Catalog, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        catalog.province(name)
    assert str(caught.value) == f"{name!r} is none of the 31 provinces; use e.g. 四川, 四川省, Sichuan or 510000"


def test_every_name_of_every_province_leads_back_to_it(catalog: Catalog) -> None:
    for p in catalog.provinces.values():
        for name in (p.adcode, p.name_zh, p.short_zh, p.name_en, *p.aliases):
            assert catalog.province(name) == p


def test_every_indicator_says_how_it_is_made_or_that_it_cannot(catalog: Catalog) -> None:
    assert list(catalog.bindings) == list(catalog.indicators)
    assert all(catalog.bindings.values())
    assert catalog.rules.values.min_provinces == 25
    assert catalog.lookback == 10


def test_no_id_of_the_index_stands_in_the_code() -> None:
    """The index is data: another tree works by pointing at another directory."""
    leaves = {leaf for subs in STRUCTURE.values() for sub in subs.values() for leaf in sub}
    ids = leaves | {sub for subs in STRUCTURE.values() for sub in subs}
    package = Path(__file__).parents[2] / "include" / "icdp"
    quoted = re.compile(rf"""["']({"|".join(sorted(ids))})["']""")
    found = {
        f"{path.name}: {match[1]}"
        for path in package.rglob("*.py")
        for match in quoted.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_the_digest_of_a_catalogue_changes_with_any_of_its_files(tmp_path: Path) -> None:
    copy = tmp_path / "catalog"
    shutil.copytree(CATALOG, copy)
    shipped = load_catalog(CATALOG).sha256()
    changed = load_catalog(copy)
    assert changed.sha256() == shipped, "where the catalogue lies does not matter"
    for path in sorted(p for p in copy.rglob("*") if p.is_file()):
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert changed.sha256() != shipped, path
        path.write_bytes(content)
    assert changed.sha256() == shipped
