"""Small catalogues and observations of synthetic figures; a few shipped series to load quickly."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from icdp import road
from icdp.archive import Archive
from icdp.catalog import Catalog, load_catalog
from icdp.settings import CATALOG, FACTS, Settings
from icdp.warehouse import write
from icdp.warehouse.load import load_year
from icdp.warehouse.values import Values

SHIPPED = ("gdp_per_capita", "power_generation", "thermal_generation", "nuclear_generation")


@pytest.fixture
def make_catalog(tmp_path: Path) -> Callable[..., Catalog]:
    """Return a function that makes a catalogue of the 31 provinces with indicators of its own.

    ``bindings`` maps an indicator to (expression, unit, fidelity) each; ``series`` maps a series to its unit.
    """

    def make(
        bindings: Mapping[str, Sequence[tuple[str, str, str]]],
        series: Mapping[str, str],
        unit: str = "户",
        max_age: int = 1,
        missing: str = "carry",
    ) -> Catalog:
        folder = tmp_path / "catalog"
        folder.mkdir()
        for name in ("provinces.csv", "units.yaml"):
            shutil.copy(CATALOG / name, folder)
        index = yaml.safe_load((CATALOG / "index.yaml").read_text(encoding="utf-8"))
        del index["report"]  # it names an indicator of the shipped tree
        (folder / "index.yaml").write_text(yaml.safe_dump(index, allow_unicode=True), encoding="utf-8")
        (folder / "sources").mkdir()
        shutil.copy(CATALOG / "sources" / "facts.yaml", folder / "sources")
        names = {"name_zh": "合成", "name_en": "Synthetic"}
        leaf = {"parent": "all", "unit": unit, "direction": 1, "max_age": max_age, "missing": missing, **names}
        tree = [{"node": "all", "parent": None, "weights": "equal", **names}, *({"node": i, **leaf} for i in bindings)]
        entries = {
            indicator: [
                {"expression": e, "unit": u, "fidelity": f, "note_zh": f"注 {e}", "note_en": f"note {e}"}
                for e, u, f in choices
            ]
            for indicator, choices in bindings.items()
        }
        (folder / "tree.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        (folder / "bindings.yaml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
        rows = "".join(f"{name},合成,Synthetic,{unit},0,1e12\n" for name, unit in series.items())
        (folder / "series.csv").write_text(f"series,name_zh,name_en,unit,min,max\n{rows}", encoding="utf-8")
        return load_catalog(folder)

    return make


@pytest.fixture(scope="session")
def adcodes(catalog: Catalog) -> list[str]:
    return list(catalog.provinces)


@pytest.fixture
def observed(adcodes: list[str]) -> Callable[..., pd.DataFrame]:
    """Return a function that makes observations of one series and year, one for each of ``values``."""

    def make(
        series: str,
        year: int,
        values: Sequence[float] | Mapping[str, float],
        *,
        unit: str = "户",
        basis: str = "published",
        layer: str = "base",
        source: str = "facts",
        payload: str = "p1",
        retrieved_at: str = "2026-01-01",
    ) -> pd.DataFrame:
        pairs = values.items() if isinstance(values, Mapping) else zip(adcodes, values, strict=False)
        rows: list[dict[str, Any]] = [
            {
                "series": series, "year": year, "adcode": adcode, "payload_sha256": payload, "value": float(value),
                "value_text": str(value), "unit": unit, "basis": basis, "publisher": "某统计局", "title": "某年鉴",
                "address": f"https://{source}.example/{series}", "locator": f"行{row}", "note": "", "row": row,
                "source": source, "layer": layer, "receipt": f"r-{payload}",
                "retrieved_at": pd.Timestamp(retrieved_at, tz="UTC"),
            }
            for row, (adcode, value) in enumerate(pairs, start=1)
        ]  # fmt: skip
        return pd.DataFrame(rows)

    return make


@pytest.fixture
def few(tmp_path: Path) -> Settings:
    """A home whose facts are four shipped series, so that a load takes little time; the files may be edited."""
    (tmp_path / "facts" / "series").mkdir(parents=True)
    for name in SHIPPED:
        shutil.copy(FACTS / "series" / f"{name}.csv", tmp_path / "facts" / "series")
    return Settings(home=tmp_path / "home", facts=tmp_path / "facts")


@pytest.fixture
def take() -> Callable[[Settings, int], None]:
    """Return a function that acquires and stages the facts for a year."""

    def run(settings: Settings, year: int) -> None:
        road.acquire(settings, "facts", year)
        road.stage(settings, "facts", year)

    return run


@pytest.fixture
def load(take: Callable[[Settings, int], None]) -> Callable[[Settings, int], Values]:
    """Return a function that takes and loads a year."""

    def run(settings: Settings, year: int) -> Values:
        take(settings, year)
        with write(settings.warehouse) as connection:
            return load_year(
                connection,
                load_catalog(settings.catalog),
                Archive(settings.archive),
                settings.staging / str(year),
                year,
            )

    return run
