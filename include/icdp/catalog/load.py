"""Read a catalogue directory; report every mistake with file, key and remedy."""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from icdp.catalog.catalog import Catalog
from icdp.catalog.checks import MODELS, BaselineRow, Check, Waiver
from icdp.catalog.model import Binding, IndexRules, Node, PanelScale, Province, Series, Source
from icdp.catalog.uncertainty import UncertaintyRules
from icdp.catalog.units import Units
from icdp.errors import CatalogError

M = TypeVar("M", bound=BaseModel)
QUALITY = "quality"
WAIVERS = "waivers.yaml"
BASELINE = "baseline.csv"


def load_catalog(directory: Path) -> Catalog:
    """Load and validate the catalogue in ``directory``.

    ``index.yaml`` and ``tree.yaml`` are required; a catalogue that is only used to score a
    table of values needs no more. One that has ``sources`` also needs provinces, series, units and
    bindings; checks, panel scale and uncertainty are read where present.

    Raises:
        CatalogError: a file is missing, unreadable, or contradicts another; names file and key.
    """
    files = sorted(path for path in directory.rglob("*") if path.suffix in (".yaml", ".csv"))
    return _load(directory, tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files))


@lru_cache(maxsize=8)
def _load(directory: Path, stamps: tuple[tuple[Path, int, int], ...]) -> Catalog:
    """Read the files in the state that ``stamps`` tells of: an edited catalogue is read anew."""
    rules = _one(directory / "index.yaml", IndexRules)
    sources = _sources(directory / "sources")
    needed = ("tree.yaml", "provinces.csv", "series.csv", "units.yaml", "bindings.yaml") if sources else ("tree.yaml",)
    for name in needed:
        if not (directory / name).exists():
            raise _missing(directory / name)
    catalog = Catalog(
        directory=directory,
        rules=rules,
        nodes=_many(directory / "tree.yaml", Node, "node"),
        provinces=_many(directory / "provinces.csv", Province, "adcode"),
        series=_many(directory / "series.csv", Series, "series"),
        units=_units(directory / "units.yaml"),
        bindings=_bindings(directory / "bindings.yaml"),
        checks=_checks(directory / QUALITY),
        waivers=_waivers(directory / QUALITY / WAIVERS),
        baseline=_baseline(directory / QUALITY / BASELINE),
        sources=sources,
        panel_scale=_one(scale, PanelScale) if (scale := directory / "panel_scale.yaml").exists() else None,
        uncertainty=_one(path, UncertaintyRules) if (path := directory / "uncertainty.yaml").exists() else None,
    )
    catalog.validate()
    return catalog


def parse_yaml(text: str) -> Any:
    """Parse YAML text, refusing duplicate keys.

    Raises:
        yaml.YAMLError: the text is not YAML, or a key stands twice.
    """
    return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader


def read_yaml(path: Path) -> Any:
    """Parse a YAML file, refusing duplicate keys.

    Raises:
        CatalogError: the file is missing, not UTF-8, or not YAML.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise _missing(path) from exc
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as exc:
        told = " ".join(str(exc).split())
        raise CatalogError(f"{path}: cannot be read as UTF-8 YAML ({told}); correct the file") from exc


def _missing(path: Path) -> CatalogError:
    return CatalogError(f"{path}: the file is missing; a catalogue needs it")


class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML keeps the last of two equal keys in silence; a catalogue must not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [(k.start_mark.line + 1, self.construct_object(k, deep=True)) for k, _ in node.value]
        seen: list[Any] = []
        for line, key in keys:
            if key in seen:
                raise yaml.YAMLError(f"key {key!r} stands twice, again in line {line}")
            seen.append(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _rows(path: Path) -> list[Any]:
    if not path.exists():
        return []
    if path.suffix == ".yaml":
        data = read_yaml(path)
        if not isinstance(data, list):
            raise CatalogError(f"{path}: must be a list of entries; write one `- {{...}}` a line")
        return data
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows: list[dict[str, Any]] = []
            for row in reader:
                if None in row or None in row.values():
                    raise csv.Error(f"line {reader.line_num} has other cells than the header")
                rows.append(row)
    except (csv.Error, UnicodeDecodeError) as exc:
        raise CatalogError(f"{path}: cannot be read as UTF-8 CSV ({exc}); correct the file") from exc
    for row in rows:
        if "aliases" in row:
            row["aliases"] = tuple(a for a in row["aliases"].split(";") if a)
    return rows


def _many(path: Path, model: type[M], key: str) -> dict[str, M]:
    entries: dict[str, M] = {}
    for number, row in enumerate(_rows(path), start=1):
        name = row.get(key, f"entry {number}") if isinstance(row, dict) else f"entry {number}"
        entry = _validate(model, row, f"{path}: {name}")
        if name in entries:
            raise CatalogError(f"{path}: {key} {name!r} stands twice (entry {number}); remove one")
        entries[name] = entry
    return entries


def _one(path: Path, model: type[M]) -> M:
    return _validate(model, read_yaml(path), str(path))


def _validate(model: type[M], data: Any, where: str) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        first = exc.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        what = f"key {key!r}: " if key else ""
        told = (
            "must map keys to values" if first["type"] == "model_type" else first["msg"].removeprefix("Value error, ")
        )
        ours = first["type"] == "value_error"  # then the message says what was given
        shown = "" if ours or isinstance(first["input"], dict) else f" (it is {first['input']!r})"
        raise CatalogError(f"{where}: {what}{told}{shown}; correct this entry") from exc


def _units(path: Path) -> Units:
    if not path.exists():
        return Units({})
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise CatalogError(f"{path}: must map each unit to [kind, factor]; write `unit: [kind, factor]` a line")
    table: dict[str, tuple[str, float]] = {}
    for unit, entry in data.items():
        match entry:
            case [str(kind), int() | float() as factor] if math.isfinite(factor) and factor > 0:
                table[str(unit)] = (kind, float(factor))
            case _:
                raise CatalogError(f"{path}: unit {unit!r} is {entry!r}; write [kind, factor] with a factor above 0")
    return Units(table)


def _bindings(path: Path) -> dict[str, tuple[Binding, ...]]:
    if not path.exists():
        return {}
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise CatalogError(f"{path}: must map each indicator to its list of bindings; write `indicator: []` a line")
    result = {}
    for indicator, entries in data.items():
        if not isinstance(entries, list):
            raise CatalogError(f"{path}: {indicator}: must be a list of bindings, it is {entries!r}; write [] for none")
        result[str(indicator)] = tuple(
            _validate(Binding, entry, f"{path}: {indicator}[{number}]") for number, entry in enumerate(entries)
        )
    return result


def _checks(directory: Path) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for path in sorted(directory.glob("*.yaml")):
        if path.name == WAIVERS:
            continue
        for number, row in enumerate(_rows(path), start=1):
            name = row.get("check", f"entry {number}") if isinstance(row, dict) else f"entry {number}"
            rule = row.get("rule") if isinstance(row, dict) else None
            if rule is not None and rule not in MODELS:
                known = ", ".join(sorted(MODELS))
                raise CatalogError(f"{path}: {name}: key 'rule': {rule!r} is no rule; use one of {known}")
            entry = {**row, "file": path.name} if isinstance(row, dict) else row
            check = _validate(MODELS[rule] if rule else Check, entry, f"{path}: {name}")
            if check.check in checks:
                first = checks[check.check].file
                raise CatalogError(
                    f"{path}: check {check.check!r} stands twice (entry {number}, first in {first}); remove one"
                )
            checks[check.check] = check
    return checks


def _waivers(path: Path) -> tuple[Waiver, ...]:
    waivers: dict[tuple[str, str, int], Waiver] = {}
    for number, row in enumerate(_rows(path), start=1):
        waiver = _validate(Waiver, row, f"{path}: entry {number}")
        key = (waiver.check, waiver.subject, waiver.year)
        if key in waivers:
            raise CatalogError(f"{path}: {waiver.check} of {waiver.subject} in {waiver.year} is waived twice; keep one")
        waivers[key] = waiver
    return tuple(waivers.values())


def _baseline(path: Path) -> dict[tuple[str, int], int]:
    rows: dict[tuple[str, int], int] = {}
    for number, row in enumerate(_rows(path), start=2):
        entry = _validate(BaselineRow, row, f"{path}, row {number}")
        if (entry.series, entry.year) in rows:
            raise CatalogError(f"{path}, row {number}: {entry.series} of {entry.year} stands twice; keep one")
        rows[entry.series, entry.year] = entry.rows
    return rows


def _sources(directory: Path) -> dict[str, Source]:
    sources = {}
    for path in sorted(directory.glob("*.yaml")):
        source = _one(path, Source)
        if source.source != path.stem:
            raise CatalogError(f"{path}: source {source.source!r} is not the file's name; rename one of the two")
        sources[source.source] = source
    return sources
