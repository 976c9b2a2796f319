"""The shipped scale follows from the shipped figures; what can be on a scale and what cannot."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.comparing.conftest import YEARS, tree

from icdp.catalog import Catalog
from icdp.comparing.freeze import as_yaml, freeze
from icdp.errors import DataError
from icdp.scoring.from_catalog import tree_of
from icdp.settings import CATALOG, Settings


def test_the_shipped_scale_is_made_from_the_shipped_figures(six: Settings, catalog: Catalog) -> None:
    shipped = catalog.panel_scale
    assert shipped is not None
    with duckdb.connect(str(six.published / "icdp.duckdb"), read_only=True) as db:
        frames = [db.execute(f"FROM {name}").df() for name in ("indicator_coverage", "indicator_values", "weights")]
    again = freeze(tree_of(catalog), *frames, judgements="baseline-1", version=shipped.version)
    assert again.model_dump(exclude={"goalposts", "weights"}) == shipped.model_dump(exclude={"goalposts", "weights"})
    assert again.weights == pytest.approx(shipped.weights, abs=1e-12)
    assert [(g.indicator, g.expression, g.unit) for g in again.goalposts] == [
        (g.indicator, g.expression, g.unit) for g in shipped.goalposts
    ]
    for ours, theirs in zip(again.goalposts, shipped.goalposts, strict=True):
        assert (ours.min, ours.max) == (pytest.approx(theirs.min, rel=1e-12), pytest.approx(theirs.max, rel=1e-12))
    command = "icdp panel freeze --from 2019 --to 2024 --out panel_scale.yaml"
    assert as_yaml(shipped, command) == (CATALOG / "panel_scale.yaml").read_text(encoding="utf-8")


def test_the_shipped_scale_has_what_was_made_the_same_way_in_all_years(six: Settings, catalog: Catalog) -> None:
    assert catalog.panel_scale is not None
    with duckdb.connect(str(six.published / "icdp.duckdb"), read_only=True) as db:
        always = db.execute(
            "SELECT indicator, min(value), max(value) FROM indicator_values GROUP BY indicator "
            "HAVING count(DISTINCT year) = 6 AND count(DISTINCT (expression, unit)) = 1 ORDER BY 1"
        ).fetchall()
    ends = sorted((g.indicator, g.min, g.max) for g in catalog.panel_scale.goalposts)
    assert ends == [(name, pytest.approx(low), pytest.approx(high)) for name, low, high in always]
    assert len(ends) == 14
    assert catalog.panel_scale.left_out.keys() | {name for name, *_ in ends} == catalog.indicators.keys()
    assert {"idc_racks", "llm_filings", "g5_stations"} <= catalog.panel_scale.left_out.keys()


def yearly(table: dict[str, dict[int, list[float]]], **expressions: dict[int, str]) -> tuple[pd.DataFrame, ...]:
    """Synthetic coverage, values and weights: indicator -> year -> values."""
    coverage, values, weights = [], [], []
    for year in sorted({y for told in table.values() for y in told}):
        for name in ("x", "y", "u", "v"):
            used = table[name].get(year)
            expression = expressions.get(name, {}).get(year, name)
            coverage.append((year, name, used is not None, expression if used else None, "1" if used else None))
            values += [(year, name, value) for value in used or []]
            weights.append((year, name, 0.5))
        weights += [(year, "p", 0.6), (year, "q", 0.4)]
    return (
        pd.DataFrame(coverage, columns=["year", "indicator", "in_use", "expression", "unit"]),
        pd.DataFrame(values, columns=["year", "indicator", "value"]),
        pd.DataFrame(weights, columns=["year", "node", "local_weight"]),
    )


def test_an_indicator_is_left_out_for_a_stated_reason() -> None:
    frames = yearly(
        {
            "x": {2020: [1.0, 2.0], 2021: [0.5, 3.0]},
            "y": {2021: [1.0, 2.0]},
            "u": {2020: [1.0, 2.0], 2021: [3.0, 4.0]},
            "v": {2020: [7.0, 7.0], 2021: [7.0, 7.0]},
        },
        u={2021: "u / 2"},
    )
    scale = freeze(tree(), *frames, judgements="synthetic", version="1")
    assert [(g.indicator, g.min, g.max) for g in scale.goalposts] == [("x", 0.5, 3.0)]
    assert scale.left_out == {
        "y": "not in use in 2020", "u": "several bindings: u [1]; u / 2 [1]", "v": "constant over all years",
    }  # fmt: skip
    assert scale.weights == {"p": 1.0, "x": 1.0}
    assert (scale.first, scale.last) == (2020, 2021)


def test_no_indicator_for_a_scale_is_refused() -> None:
    frames = yearly({"x": {2020: [1.0, 2.0]}, "y": {2021: [1.0, 2.0]}, "u": {}, "v": {}})
    with pytest.raises(
        DataError, match="no indicator was in use by one binding in all of 2020-2021; freeze a shorter span"
    ):
        freeze(tree(), *frames, judgements="synthetic", version="1")


def test_every_year_has_its_scores_on_the_scale_and_a_later_run_of_it_the_same(six: Settings, catalog: Catalog) -> None:
    with duckdb.connect(str(six.published / "icdp.duckdb"), read_only=True) as db:
        table = db.execute("FROM scores_panel").df()
        values = db.execute("SELECT year, adcode, indicator, value FROM indicator_values").df()
    scale = catalog.panel_scale
    assert scale is not None
    composite = table[table["node"] == "composite"]
    assert composite.groupby("year").size().to_dict() == dict.fromkeys(YEARS, 31)
    assert set(zip(table["scale_version"], table["span_first"], table["span_last"], strict=True)) == {
        (scale.version, 2019, 2024)
    }
    assert table["score"].dropna().between(0, 100).all()
    # 四川, 2024 by hand: no value of it is missing, so the composite is the sum of products.
    sichuan = values[(values["adcode"] == "510000") & (values["year"] == 2024)].set_index("indicator")["value"]
    total = 0.0
    for g in scale.goalposts:
        node, weight = g.indicator, 1.0
        while node != "composite":
            weight *= scale.weights[node]
            node = str(catalog.nodes[node].parent)
        z = (sichuan[g.indicator] - g.min) / (g.max - g.min)
        total += 100 * weight * (z if catalog.nodes[g.indicator].direction == 1 else 1 - z)
    own = composite[(composite["adcode"] == "510000") & (composite["year"] == 2024)]["score"]
    assert own.to_list() == [pytest.approx(total, abs=1e-9)]
    # GDP per capita of every province rose over the span, and so did no price of power.
    wide = table[table["node"] == "economy"].pivot(index="adcode", columns="year", values="score")
    assert (wide[2024] > wide[2019]).all()
    assert np.isfinite(wide.to_numpy()).all()
