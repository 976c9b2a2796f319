"""The shipped uncertainty rules, and the spread of errors that follows from them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from icdp.catalog import Catalog
from icdp.catalog.uncertainty import Factors, ValueErrors
from icdp.scoring.uncertainty import FACTORS, Assumptions
from icdp.scoring.uncertainty.from_catalog import assumed, assumptions_of, spread_of_errors

CORRELATION = {"as_defined": 1.0, "partial": 0.8, "estimated": 0.6, "proxy": 0.5}


def values(rows):
    return pd.DataFrame(rows, columns=["adcode", "indicator", "value", "fidelity", "year", "value_year"])


def errors(carried=0.9):
    return ValueErrors(correlation=CORRELATION, carried_per_year=carried, reason_zh="因", reason_en="reason")


def test_the_spread_is_what_the_correlation_leaves_unexplained():
    e = float(np.e)
    table = values(
        [
            ("1", "a", 1.0, "partial", 2024, 2024),
            ("2", "a", e, "proxy", 2024, 2024),
            ("3", "a", e**2, "as_defined", 2024, 2022),
            ("4", "a", e, "as_defined", 2024, 2024),
            ("1", "b", 0.0, "proxy", 2024, 2024),
            ("2", "b", 4.0, "proxy", 2024, 2024),
        ]
    )
    found = spread_of_errors(errors(), table)
    spread = np.std([0.0, 1.0, 2.0, 1.0], ddof=1)
    carried = 0.9**2
    np.testing.assert_allclose(found["a"], spread * np.sqrt([1 - 0.64, 1 - 0.25, 1 - carried**2, 0.0]), atol=1e-12)
    # 0 has no logarithm and one value alone has no spread: no error is put on either.
    assert found["b"].to_dict() == {"1": 0.0, "2": 0.0, "3": 0.0, "4": 0.0}


def test_every_factor_of_the_engine_has_its_rule_and_its_assumption(catalog: Catalog):
    assert tuple(Factors.model_fields) == FACTORS
    assert catalog.uncertainty is not None
    table = assumed(catalog.uncertainty, ("values",))
    told = table[table["factor"] != ""]
    assert set(told["factor"]) == set(FACTORS)
    assert (told["reason_zh"].str.len() > 5).all()
    assert (told["reason_en"].str.len() > 5).all()
    assert set(told.loc[told["in_use"], "factor"]) == {"values"}
    settings = table.set_index(["factor", "setting"])["value"]
    assert settings["values", "correlation.proxy"] == 0.85
    assert settings["aggregation", "levels.0"] == 1.0
    assert settings["", "draws"] == 10_000


def test_a_factor_that_the_catalogue_leaves_out_is_certain(catalog: Catalog):
    rules = catalog.uncertainty.model_copy(update={"factors": Factors()})
    model = assumptions_of(rules, values([]))
    default = Assumptions()
    told = {"floor", "levels"}  # without another aggregation they mean nothing
    assert all(getattr(model, f.name) == getattr(default, f.name) for f in fields(Assumptions) if f.name not in told)
    assert assumed(rules, ())["factor"].unique().tolist() == [""]


@pytest.mark.parametrize("fidelity", list(CORRELATION))
def test_the_less_faithful_a_figure_the_larger_its_error(catalog: Catalog, fidelity):
    ranked = catalog.uncertainty.factors.values.correlation
    assert list(ranked) == list(CORRELATION)
    assert ranked[fidelity] <= ranked["as_defined"]
    assert sorted(ranked.values(), reverse=True) == list(ranked.values())
