"""Read a catalogue directory; report every mistake with file, key and remedy."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from icdp.catalog.catalog import Catalog
from icdp.catalog.model import Binding, Check, IndexRules, Node, Province, Series, Source
from icdp.catalog.units import Units
from icdp.errors import CatalogError

M = TypeVar("M", bound=BaseModel)


@lru_cache(maxsize=8)
def load_catalog(directory: Path) -> Catalog:
    """Load and validate the catalogue in ``directory``.

    ``index.yaml`` and ``tree.yaml`` are required; a catalogue that is only used to score a
    table of values needs no more. Provinces, series, bindings, checks and sources are read where present.

    Raises:
        CatalogError: a file is missing, unreadable, or contradicts another; names file and key.
    """
    rules = _one(directory / "index.yaml", IndexRules)
    catalog = Catalog(
        directory=directory,
        rules=rules,
        nodes=_many(directory / "tree.yaml", Node, "node"),
        provinces=_many(directory / "provinces.csv", Province, "adcode"),
        series=_many(directory / "series.csv", Series, "series"),
        units=_units(directory / "units.yaml"),
        bindings=_bindings(directory / "bindings.yaml"),
        checks=_many(directory / "quality.yaml", Check, "check"),
        sources=_sources(directory / "sources"),
    )
    catalog.validate()
    return catalog


def read_yaml(path: Path) -> Any:
    """Parse a YAML file, refusing duplicate keys.

    Raises:
        CatalogError: the file is missing, not UTF-8, or not YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader
    except FileNotFoundError as exc:
        raise CatalogError(f"{path}: the file is missing; a catalogue needs it") from exc
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as exc:
        raise CatalogError(f"{path}: cannot be read as UTF-8 YAML ({' '.join(str(exc).split())}); correct the file") from exc


class _UniqueKeys(yaml.SafeLoader):
    """YAML keeps the last of two equal keys in silence; a catalogue must not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(k, deep=True) for k, _ in node.value]  # type: ignore[no-untyped-call]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"key {key!r} stands twice at line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def _rows(path: Path) -> list[Any]:
    if not path.exists():
        return []
    if path.suffix == ".yaml":
        data = read_yaml(path)
        if not isinstance(data, list):
            raise CatalogError(f"{path}: must be a list of entries, one a line")
        return data
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except (csv.Error, UnicodeDecodeError) as exc:
        raise CatalogError(f"{path}: cannot be read as UTF-8 CSV ({exc}); correct the file") from exc
    for row in rows:
        if "aliases" in row:
            row["aliases"] = tuple(a for a in (row["aliases"] or "").split(";") if a)  # type: ignore[assignment]
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
        key = ".".join(str(part) for part in first["loc"]) or "entry"
        given = first.get("input")
        shown = "" if isinstance(given, dict) else f" (it is {given!r})"
        raise CatalogError(f"{where}: key {key!r}: {first['msg']}{shown}; correct this entry") from exc


def _units(path: Path) -> Units:
    if not path.exists():
        return Units({})
    table: dict[str, tuple[str, float]] = {}
    for unit, entry in read_yaml(path).items():
        try:
            kind, factor = entry
            table[str(unit)] = (str(kind), float(factor))
        except (TypeError, ValueError) as exc:
            raise CatalogError(f"{path}: unit {unit!r} must be [kind, factor], it is {entry!r}") from exc
    return Units(table)


def _bindings(path: Path) -> dict[str, tuple[Binding, ...]]:
    if not path.exists():
        return {}
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise CatalogError(f"{path}: must map each indicator to its list of bindings")
    result = {}
    for indicator, entries in data.items():
        if not isinstance(entries, list):
            raise CatalogError(f"{path}: {indicator}: must be a list of bindings, it is {entries!r}; write [] for none")
        result[str(indicator)] = tuple(
            _validate(Binding, entry, f"{path}: {indicator}[{number}]") for number, entry in enumerate(entries)
        )
    return result


def _sources(directory: Path) -> dict[str, Source]:
    found = (_one(path, Source) for path in sorted(directory.glob("*.yaml")))
    return {source.source: source for source in found}
