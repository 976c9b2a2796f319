"""Each kind of mistake in a catalogue is one CatalogError that names file, key and remedy."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from icdp.catalog import load_catalog
from icdp.catalog.checks import MODELS
from icdp.errors import CatalogError
from icdp.settings import CATALOG

Edit = Callable[[Path], None]
CITIES = """digital_city_share:
  - {expression: digital_city_share, unit: '%', fidelity: as_defined, note_zh: "分析人员工作簿录入", note_en: "entered by analysts"}
"""


def delete(name: str) -> Edit:
    return lambda folder: (folder / name).unlink()


def swap(name: str, old: str, new: str) -> Edit:
    """Replace the first ``old``, which must be there."""

    def edit(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r} any more; the test is out of date"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def whole(name: str, text: str | bytes) -> Edit:
    content = text if isinstance(text, bytes) else text.encode()
    return lambda folder: (folder / name).write_bytes(content) and None


def append(name: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return edit


def delete_line(name: str, start: str) -> Edit:
    def edit(folder: Path) -> None:
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert len(kept) == len(lines) - 1
        (folder / name).write_text("".join(kept), encoding="utf-8")

    return edit


def both(first: Edit, second: Edit) -> Edit:
    def edit(folder: Path) -> None:
        first(folder)
        second(folder)

    return edit


NODE = "- {node: gov_websites, parent: digitalization, unit: 个, direction: 1, max_age: 1,"
GDP = "gdp_per_capita:\n  - {expression: gdp_per_capita, unit: 元, fidelity: as_defined,"


def gdp(expression: str = "gdp_per_capita", unit: str = "元", fidelity: str = "as_defined") -> Edit:
    entry = f"gdp_per_capita:\n  - {{expression: \"{expression}\", unit: '{unit}', fidelity: {fidelity},"
    return swap("bindings.yaml", GDP, entry)


MISTAKES: dict[str, tuple[Edit, str]] = {
    "no index.yaml": (
        delete("index.yaml"),
        "index.yaml: the file is missing; a catalogue needs it",
    ),
    "no tree.yaml": (
        delete("tree.yaml"),
        "tree.yaml: the file is missing; a catalogue needs it",
    ),
    "no provinces.csv": (
        delete("provinces.csv"),
        "provinces.csv: the file is missing; a catalogue needs it",
    ),
    "no bindings.yaml": (
        delete("bindings.yaml"),
        "bindings.yaml: the file is missing; a catalogue needs it",
    ),
    "bad YAML": (
        append("tree.yaml", "- {node: half"),
        "tree.yaml: cannot be read as UTF-8 YAML (while parsing a flow mapping in \"<unicode string>\", line N, column 3 did not find expected ',' or '}' in \"<unicode string>\", line N, column 1); correct the file",
    ),
    "not UTF-8": (
        whole("units.yaml", "个: [count, 1]".encode("gbk")),
        "units.yaml: cannot be read as UTF-8 YAML ('utf-8' codec can't decode byte 0xb8 in position 0: invalid start byte); correct the file",
    ),
    "CSV not UTF-8": (
        whole("series.csv", "series,name_zh\ngdp,地区".encode("gbk")),
        "series.csv: cannot be read as UTF-8 CSV ('utf-8' codec can't decode byte 0xb5 in position 19: invalid start byte); correct the file",
    ),
    "duplicate key": (
        append("bindings.yaml", "gdp_per_capita: []\n"),
        "bindings.yaml: cannot be read as UTF-8 YAML (key 'gdp_per_capita' stands twice, again in line N); correct the file",
    ),
    "duplicate key in an entry": (
        swap("tree.yaml", NODE, NODE + " unit: 家,"),
        "tree.yaml: cannot be read as UTF-8 YAML (key 'unit' stands twice, again in line N); correct the file",
    ),
    "tree is no list": (
        whole("tree.yaml", "node: composite\n"),
        "tree.yaml: must be a list of entries; write one `- {...}` a line",
    ),
    "units is no map": (
        whole("units.yaml", "- 个\n"),
        "units.yaml: must map each unit to [kind, factor]; write `unit: [kind, factor]` a line",
    ),
    "bindings is no map": (
        whole("bindings.yaml", "- 个\n"),
        "bindings.yaml: must map each indicator to its list of bindings; write `indicator: []` a line",
    ),
    "bindings entry is no list": (
        swap("bindings.yaml", CITIES, "digital_city_share: none\n"),
        "bindings.yaml: digital_city_share: must be a list of bindings, it is 'none'; write [] for none",
    ),
    "unknown key": (
        swap("tree.yaml", NODE, NODE + " colour: red,"),
        "tree.yaml: gov_websites: key 'colour': Extra inputs are not permitted (it is 'red'); correct this entry",
    ),
    "node twice": (
        append("tree.yaml", NODE.replace("digitalization", "ai_rd") + " name_zh: 又一, name_en: Again}\n"),
        "tree.yaml: node 'gov_websites' stands twice (entry N); remove one",
    ),
    "unknown parent": (
        swap("tree.yaml", NODE, NODE.replace("digitalization", "digital")),
        "tree.yaml: gov_websites: parent 'digital' is no node; add it or correct it",
    ),
    "unknown parent above a later node": (
        swap("tree.yaml", "- {node: environment, parent: composite", "- {node: environment, parent: top"),
        "tree.yaml: environment: parent 'top' is no node; add it or correct it",
    ),
    "indicator as parent": (
        swap("tree.yaml", NODE, NODE.replace("digitalization", "websites")),
        "tree.yaml: gov_websites: parent 'websites' is an indicator, which has no children; correct it",
    ),
    "circle": (
        both(
            swap("tree.yaml", "- {node: policy, parent: environment", "- {node: policy, parent: deeper"),
            append("tree.yaml", "- {node: deeper, parent: policy, weights: equal, name_zh: 深, name_en: Deeper}\n"),
        ),
        "tree.yaml: policy: its parents form a circle; correct one `parent`",
    ),
    "second root": (
        append(
            "tree.yaml",
            "- {node: other, parent: null, weights: equal, name_zh: 别, name_en: Other}\n- {node: leaf, parent: other, unit: 个, direction: 1, max_age: 0, name_zh: 叶, name_en: Leaf}\n",
        ),
        "tree.yaml: parent is null at composite, other; exactly one node is the root; correct it",
    ),
    "no root": (
        swap("tree.yaml", "{node: composite, parent: null", "{node: composite, parent: policy"),
        "tree.yaml: parent is null at no node; exactly one node is the root; correct it",
    ),
    "inner node without children": (
        append("tree.yaml", "- {node: other, parent: composite, weights: equal, name_zh: 别, name_en: Other}\n"),
        "tree.yaml: other: an inner node without children; remove it or add indicators",
    ),
    "indicator without unit": (
        swap("tree.yaml", NODE, NODE.replace("unit: 个, ", "")),
        "tree.yaml: gov_websites: unit is missing; an indicator needs unit, direction and max_age, an inner node weights; correct this entry",
    ),
    "inner node with unit": (
        swap("tree.yaml", "{node: policy, parent: environment, ", "{node: policy, parent: environment, unit: 个, "),
        "tree.yaml: policy: an inner node (it has weights) takes no unit, direction or max_age; correct this entry",
    ),
    "direction of no sign": (
        swap("tree.yaml", NODE, NODE.replace("direction: 1", "direction: 2")),
        "tree.yaml: gov_websites: key 'direction': Input should be 1 or -1 (it is 2); correct this entry",
    ),
    "negative age": (
        swap("tree.yaml", NODE, NODE.replace("max_age: 1", "max_age: -1")),
        "tree.yaml: gov_websites: key 'max_age': Input should be greater than or equal to 0 (it is -1); correct this entry",
    ),
    "id with blanks": (
        swap("tree.yaml", NODE, NODE.replace("gov_websites", "gov websites")),
        "tree.yaml: gov websites: key 'node': String should match pattern '^[a-z][a-z0-9_]*$' (it is 'gov websites'); correct this entry",
    ),
    "unknown indicator in bindings": (
        append("bindings.yaml", "gdp: []\n"),
        "bindings.yaml: 'gdp' is no indicator of tree.yaml; correct the name",
    ),
    "indicator without bindings": (
        swap("bindings.yaml", CITIES, ""),
        "bindings.yaml: digital_city_share has no entry; write `digital_city_share: []` when nothing fits",
    ),
    "unknown series": (
        gdp("gdp_per_head"),
        "bindings.yaml: gdp_per_capita[0]: series 'gdp_per_head' is not in series.csv; add it or correct the name",
    ),
    "forbidden call": (
        gdp("__import__('os').getcwd()"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': \"__import__('os').getcwd()\" in \"__import__('os').getcwd()\" is not allowed; use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "forbidden attribute": (
        gdp("gdp_per_capita.real"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'gdp_per_capita.real' in 'gdp_per_capita.real' is not allowed; use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "forbidden power": (
        gdp("gdp_per_capita ** 2"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'gdp_per_capita ** 2' in 'gdp_per_capita ** 2' is not allowed; use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "forbidden comparison": (
        gdp("gdp_per_capita > 0"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'gdp_per_capita > 0' in 'gdp_per_capita > 0' is not allowed; use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "forbidden subscript": (
        gdp("gdp_per_capita[0]"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'gdp_per_capita[0]' in 'gdp_per_capita[0]' is not allowed; use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "absent_as_zero of an expression": (
        gdp("gdp_per_capita + absent_as_zero(gdp + 1)"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'absent_as_zero(gdp + 1)' in 'gdp_per_capita + absent_as_zero(gdp + 1)' is not allowed; use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "broken expression": (
        gdp("gdp_per_capita +"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'gdp_per_capita +' cannot be read as an expression: invalid syntax; correct this entry",
    ),
    "expression of numbers only": (
        gdp("1 + 2"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': '1 + 2' names no series outside absent_as_zero; add one; correct this entry",
    ),
    "expression that nothing need be there for": (
        gdp("absent_as_zero(gdp_per_capita)"),
        "bindings.yaml: gdp_per_capita[0]: key 'expression': 'absent_as_zero(gdp_per_capita)' names no series outside absent_as_zero; add one; correct this entry",
    ),
    "unknown unit of a binding": (
        gdp(unit="圆"),
        "bindings.yaml: gdp_per_capita[0]: unit '圆' is not in units.yaml; add it there or correct it",
    ),
    "inconvertible unit of a binding": (
        gdp(unit="万户"),
        "bindings.yaml: gdp_per_capita[0]: series 'gdp_per_capita' is in 元, which cannot become 万户; correct the unit",
    ),
    "another unit that is not a proxy": (
        gdp("gdp_per_capita * 1", unit="万户"),
        "bindings.yaml: gdp_per_capita[0]: 万户 cannot become the indicator's 元; only a proxy keeps its own unit",
    ),
    "unknown fidelity": (
        gdp(fidelity="guess"),
        "bindings.yaml: gdp_per_capita[0]: key 'fidelity': Input should be 'as_defined', 'partial', 'estimated' or 'proxy' (it is 'guess'); correct this entry",
    ),
    "note missing": (
        swap("bindings.yaml", 'note_en: "current prices"', 'remark: "current prices"'),
        "bindings.yaml: gdp_per_capita[0]: key 'note_en': Field required; correct this entry",
    ),
    "unit of a series": (
        swap(
            "series.csv", "gdp,地区生产总值,Gross regional product,亿元", "gdp,地区生产总值,Gross regional product,亿圆"
        ),
        "series.csv: gdp: unit '亿圆' is not in units.yaml; add it there or correct it",
    ),
    "bounds of a series": (
        swap("series.csv", "亿元,500,300000", "亿元,300000,500"),
        "series.csv: gdp: min 300000.0 is not below max 500.0; correct this entry",
    ),
    "text for a bound": (
        swap("series.csv", "亿元,500,300000", "亿元,500,many"),
        "series.csv: gdp: key 'max': Input should be a valid number, unable to parse string as a number (it is 'many'); correct this entry",
    ),
    "series twice": (
        append("series.csv", "gdp,又一,Again,亿元,0,1\n"),
        "series.csv: series 'gdp' stands twice (entry N); remove one",
    ),
    "too few cells": (
        append("series.csv", "gnp,又一,Again,亿元\n"),
        "series.csv: cannot be read as UTF-8 CSV (line N has other cells than the header); correct the file",
    ),
    "too many cells": (
        append("series.csv", "gnp,又一,Again,亿元,0,1,2\n"),
        "series.csv: cannot be read as UTF-8 CSV (line N has other cells than the header); correct the file",
    ),
    "unit without factor": (
        swap("units.yaml", "万个: [count, 10000]", "万个: count"),
        "units.yaml: unit '万个' is 'count'; write [kind, factor] with a factor above 0",
    ),
    "factor 0": (
        swap("units.yaml", "万个: [count, 10000]", "万个: [count, 0]"),
        "units.yaml: unit '万个' is ['count', 0]; write [kind, factor] with a factor above 0",
    ),
    "wrong number of provinces": (
        delete_line("provinces.csv", "650000"),
        "provinces.csv: has 30 rows, index.yaml says units: 31; correct one of the two",
    ),
    "province twice": (
        append("provinces.csv", "110000,甲,甲,Jia,华北,9,9,\n"),
        "provinces.csv: adcode '110000' stands twice (entry N); remove one",
    ),
    "code of five digits": (
        swap("provinces.csv", "110000,", "11000,"),
        "provinces.csv: 11000: key 'adcode': String should match pattern '^[0-9]{6}$' (it is '11000'); correct this entry",
    ),
    "same name of two provinces": (
        swap("provinces.csv", "天津市,天津,", "天津市,北京,"),
        "provinces.csv: 120000: the name '北京' belongs to 110000 already; remove one",
    ),
    "same tile twice": (
        swap("provinces.csv", "天津,Tianjin,华北,7,2,", "天津,Tianjin,华北,6,2,"),
        "provinces.csv: 120000: its tile is that of 110000; place one of the two elsewhere",
    ),
    "same alias twice": (
        both(
            swap("provinces.csv", "北京,Beijing,华北,6,2,", "北京,Beijing,华北,6,2,京津"),
            swap("provinces.csv", "天津,Tianjin,华北,7,2,", "天津,Tianjin,华北,7,2,京 津"),
        ),
        "provinces.csv: 120000: the name '京 津' belongs to 110000 already; remove one",
    ),
    "name empty": (
        swap("provinces.csv", "天津市,天津,", "天津市,,"),
        "provinces.csv: 120000: key 'short_zh': String should have at least 1 character (it is ''); correct this entry",
    ),
    "unknown severity": (
        swap("quality/tables.yaml", "severity: error", "severity: fatal"),
        "quality/tables.yaml: tables_sound: key 'severity': Input should be 'error', 'warn' or 'note' (it is 'fatal'); correct this entry",
    ),
    "check of an unknown series": (
        swap("quality/totals.yaml", "series: gov_websites", "series: gov_sites"),
        "quality/totals.yaml: gov_websites_national: series 'gov_sites' is not in series.csv; add it or correct the name",
    ),
    "check of an unknown series in an expression": (
        swap("quality/identities.yaml", "left: &gdp gdp * 20000", "left: &gdp gnp * 20000"),
        "quality/identities.yaml: gdp_per_capita_identity: series 'gnp' is not in series.csv; add it or correct the name",
    ),
    "check of an unknown indicator": (
        swap("quality/index.yaml", "negative: [industrial_power_price]", "negative: [power_price]"),
        "quality/index.yaml: directions: 'power_price' is no indicator of tree.yaml; correct the name",
    ),
    "check with an unknown rule": (
        swap("quality/totals.yaml", "rule: sum_between", "rule: sum_amid"),
        "quality/totals.yaml: ipv4_share_sum: key 'rule': 'sum_amid' is no rule; use one of "
        + ", ".join(sorted(MODELS)),
    ),
    "check without a rule": (
        swap("quality/totals.yaml", "  rule: sum_between\n", ""),
        "quality/totals.yaml: ipv4_share_sum: key 'rule': Field required; correct this entry",
    ),
    "report against no indicator": (
        swap("index.yaml", "horizontal: gdp_per_capita", "horizontal: gdp"),
        r"index.yaml: report.horizontal 'gdp' is no indicator of tree.yaml; correct it",
    ),
    "check without a parameter of its rule": (
        swap("quality/totals.yaml", "  min: 90\n", ""),
        "quality/totals.yaml: ipv4_share_sum: key 'min': Field required; correct this entry",
    ),
    "check with a parameter of another rule": (
        swap("quality/totals.yaml", "  min: 90\n", "  min: 90\n  tolerance: 1\n"),
        "quality/totals.yaml: ipv4_share_sum: key 'tolerance': Extra inputs are not permitted (it is 1); correct this entry",
    ),
    "check with an expression that is none": (
        swap("quality/identities.yaml", "right: gdp_per_capita", "right: max(gdp)"),
        "quality/identities.yaml: gdp_per_capita_identity: key 'right': 'max(gdp)' in 'max(gdp)' is not allowed; "
        "use series names, numbers, + - * / and absent_as_zero(series); correct this entry",
    ),
    "check in SQL that speaks of no year": (
        append(
            "quality/sources.yaml",
            "- {check: q, rule: sql, severity: warn, about: year, message_zh: q, message_en: q, reason: q, sql: SELECT 1}\n",
        ),
        "quality/sources.yaml: q: sql must use $year: every check speaks of one year; correct this entry",
    ),
    "check without a message": (
        swap("quality/totals.yaml", "  message_zh: 各省占比合计不对；某省错、缺或重复。\n", ""),
        "quality/totals.yaml: ipv4_share_sum: key 'message_zh': Field required; correct this entry",
    ),
    "waiver without an end": (
        whole("quality/waivers.yaml", "- {check: a, subject: b, year: 2024, reason: long enough a reason, name: c}\n"),
        "quality/waivers.yaml: entry N: key 'expires': Field required; correct this entry",
    ),
    "waiver without a ground": (
        whole(
            "quality/waivers.yaml", "- {check: a, subject: b, year: 2024, reason: ok, name: c, expires: 2027-01-01}\n"
        ),
        "quality/waivers.yaml: entry N: key 'reason': String should have at least 10 characters (it is 'ok'); correct this entry",
    ),
    "waiver twice": (
        whole(
            "quality/waivers.yaml",
            "- {check: a, subject: b, year: 2024, reason: long enough a reason, name: c, expires: 2027-01-01}\n" * 2,
        ),
        "quality/waivers.yaml: a of b in 2024 is waived twice; keep one",
    ),
    "baseline of an unknown series": (
        append("quality/baseline.csv", "gnp,2024,31\n"),
        "quality/baseline.csv: series 'gnp' is not in series.csv; add it or correct the name",
    ),
    "baseline twice": (
        append("quality/baseline.csv", "gdp,2024,31\n"),
        "quality/baseline.csv, row N: gdp of 2024 stands twice; keep one",
    ),
    "check twice": (
        append(
            "quality/totals.yaml",
            "- {check: not_stale, rule: not_older_than_max_age, severity: error, about: year, message_zh: 再, message_en: again, reason: again}\n",
        ),
        "quality/totals.yaml: check 'not_stale' stands twice (entry N, first in tables.yaml); remove one",
    ),
    "tiers that do not fall": (
        swap("index.yaml", "tiers: [50, 25]", "tiers: [25, 50]"),
        "index.yaml: key 'scoring': tiers [25.0, 50.0] must fall strictly, e.g. [50, 25]; correct this entry",
    ),
    "no default threshold": (
        swap("index.yaml", "default: 0.10, ", ""),
        "index.yaml: key 'scoring': cr_threshold needs a `default`; correct this entry",
    ),
    "coverage above 1": (
        swap("index.yaml", "min_coverage: 0.5", "min_coverage: 1.5"),
        "index.yaml: key 'scoring.min_coverage': Input should be less than or equal to 1 (it is 1.5); correct this entry",
    ),
    "text for a number": (
        swap("index.yaml", "min_provinces: 25", "min_provinces: most"),
        "index.yaml: key 'values.min_provinces': Input should be a valid integer, unable to parse string as an integer (it is 'most'); correct this entry",
    ),
    "source with another name": (
        swap("sources/facts.yaml", "source: facts", "source: fact"),
        "sources/facts.yaml: source 'fact' is not the file's name; rename one of the two",
    ),
    "source without terms": (
        swap("sources/facts.yaml", "terms:", "licence:"),
        "sources/facts.yaml: key 'terms': Field required; correct this entry",
    ),
    "empty index": (
        whole("index.yaml", ""),
        "index.yaml: must map keys to values (it is None); correct this entry",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_key_and_remedy(tmp_path: Path, mistake: str) -> None:
    edit, expected = MISTAKES[mistake]
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    edit(folder)
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    message = re.sub(r"\b(line|entry|row) [0-9]+", r"\1 N", str(caught.value))  # so that the catalogue may grow
    assert message == f"{folder}/{expected}"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "units.yaml",
            "个: [count, 1]\n家: [count, 1]\n个: [count, 2]\n",
            "cannot be read as UTF-8 YAML (key '个' stands twice, again in line 3); correct the file",
        ),
        (
            "series.csv",
            "series,name_zh,name_en,unit,min,max\ngdp,一,One,亿元,0,1\ngnp,二,Two,亿元,0\n",
            "cannot be read as UTF-8 CSV (line 3 has other cells than the header); correct the file",
        ),
        (
            "quality/totals.yaml",
            "- {check: a, rule: unique_keys, severity: warn, about: year, message_zh: x, message_en: x, reason: x}\n"
            * 2,
            "check 'a' stands twice (entry 2, first in totals.yaml); remove one",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, text: str, expected: str) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        load_catalog(folder)
    assert str(caught.value) == f"{folder / name}: {expected}"


def test_a_catalogue_that_only_scores_needs_index_and_tree_alone(tmp_path: Path) -> None:
    for name in ("index.yaml", "tree.yaml"):
        shutil.copy(CATALOG / name, tmp_path)
    catalog = load_catalog(tmp_path)
    assert len(catalog.indicators) == 24
    assert (catalog.provinces, catalog.series, catalog.bindings, catalog.sources) == ({}, {}, {}, {})


def test_a_catalogue_with_sources_needs_all_that_makes_values(tmp_path: Path) -> None:
    for name in ("index.yaml", "tree.yaml"):
        shutil.copy(CATALOG / name, tmp_path)
    shutil.copytree(CATALOG / "sources", tmp_path / "sources")
    for name in ("provinces.csv", "series.csv", "units.yaml", "bindings.yaml"):
        with pytest.raises(CatalogError) as caught:
            load_catalog(tmp_path)
        assert str(caught.value) == f"{tmp_path / name}: the file is missing; a catalogue needs it"
        shutil.copy(CATALOG / name, tmp_path)
    assert load_catalog(tmp_path).checks == {}
