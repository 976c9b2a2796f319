"""The JRC's rule for outliers, and at most five values pulled in."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from icdp.scoring.engine import Settings, score
from icdp.scoring.outliers import is_outlying, shape, treat, winsorise
from icdp.scoring.tree import Node, Tree

finite = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=6, max_size=40)


def test_the_estimators_are_those_of_excel_and_coinr() -> None:
    """Printed in Microsoft's documentation of SKEW and KURT for 3,4,5,2,3,4,5,6,4,7: 0.359543 and -0.151799637."""
    skewness, kurtosis = shape(pd.Series([3.0, 4, 5, 2, 3, 4, 5, 6, 4, 7]))
    assert skewness == pytest.approx(0.359543, abs=5e-7)
    assert kurtosis == pytest.approx(-0.151799637, abs=5e-10)


@given(finite)
def test_the_estimators_are_those_of_scipy(values: list[float]) -> None:
    column = pd.Series(values)
    if column.std() < 1e-6 * max(1.0, column.abs().max()):
        return  # both divide by almost nothing
    skewness, kurtosis = shape(column)
    assert skewness == pytest.approx(stats.skew(values, bias=False), rel=1e-6, abs=1e-6)
    assert kurtosis == pytest.approx(stats.kurtosis(values, bias=False), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "outlying"),
    [(2.1, 3.6, True), (-2.1, 3.6, True), (2.0, 9, False), (9, 3.5, False), (math.nan, 9, False)],
)
def test_both_must_be_beyond(skewness: float, kurtosis: float, outlying: bool) -> None:
    assert is_outlying(skewness, kurtosis) is outlying


def test_one_value_far_away_is_pulled_in_to_the_next() -> None:
    values = pd.Series([*range(1, 31), 1000.0], index=[f"u{i}" for i in range(31)])
    treated, notes = treat(pd.DataFrame({"a": values, "b": values}), {"a"})
    assert treated["a"]["u30"] == 30.0
    assert treated["a"].drop("u30").equals(values.drop("u30"))
    assert treated["b"].equals(values)  # not named: not touched
    assert [(n.kind, n.node, n.unit, n.detail) for n in notes] == [("winsorised", "a", "u30", "1000 counted as 30")]


def test_below_as_well_as_above() -> None:
    values = pd.Series([-1000.0, *range(1, 31)])
    treated = winsorise(values)
    assert treated is not None
    assert treated[0] == 1.0


def test_where_five_do_not_suffice_nothing_changes_and_that_is_told() -> None:
    values = pd.DataFrame({"a": [0.0] * 40 + [10.0**i for i in range(6, 14)]})
    assert winsorise(values["a"]) is None
    treated, notes = treat(values, {"a"})
    assert treated.equals(values)
    assert [n.kind for n in notes] == ["not_winsorised"]


@given(finite)
def test_at_most_five_change_nobody_overtakes_and_the_rest_stays(values: list[float]) -> None:
    column = pd.Series(values)
    treated = winsorise(column)
    if treated is None:
        return
    assert not is_outlying(*shape(treated))
    # Equal values are pulled in together, so that ranks never part.
    distinct = column[treated != column].nunique()
    assert distinct <= 5
    order = np.argsort(values, kind="stable")
    assert (np.diff(treated.to_numpy()[order]) >= 0).all()


def test_missing_stays_missing() -> None:
    treated = winsorise(pd.Series([math.nan, *range(1, 31), 1000.0]))
    assert treated is not None
    assert math.isnan(treated[0])
    assert treated[31] == 30.0


def test_the_engine_scales_the_treated_values_only_where_told() -> None:
    tree = Tree([Node("root", None, weighting="equal"), Node("a", "root", direction=1)])
    values = pd.DataFrame({"a": [*map(float, range(1, 31)), 1000.0]}, index=[f"u{i:02d}" for i in range(31)])
    plain, treated = score(tree, values, None), score(tree, values, None, Settings(winsorise=frozenset({"a"})))
    assert plain.normalized["a"]["u29"] == pytest.approx(29 / 999)
    assert treated.normalized["a"]["u29"] == 1.0
    assert [n.kind for n in plain.notes] == []
    assert [n.kind for n in treated.notes] == ["winsorised"]
