"""The scale common to all years: the same value gives the same score in every year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.comparing.conftest import INDICATORS, PROVINCES, figures, tree

from icdp.errors import DataError
from icdp.scoring import Node, Settings, Tree, score
from icdp.scoring.panel import Scale, frozen_weights, score_on_scale

INDEX = tree(direction=-1)
WEIGHTS = {"p": 0.6, "q": 0.4, "x": 0.3, "y": 0.7, "u": 0.2, "v": 0.8}
SCALE = Scale(dict.fromkeys(INDICATORS, (0.0, 10.0)), WEIGHTS)
seeds = st.integers(0, 10_000)


def composite(values: pd.DataFrame, scale: Scale = SCALE) -> pd.Series:
    return score_on_scale(INDEX, values, scale, 0.5).scores["root"]


def test_a_score_by_hand() -> None:
    values = pd.DataFrame([[5.0, 2.0, 4.0, 10.0]], index=["A"], columns=INDICATORS)
    result = score_on_scale(INDEX, values, SCALE, 0.5)
    # p = 0.3 * 0.5 + 0.7 * 0.2; u is better when lower: q = 0.2 * 0.6 + 0.8 * 1
    assert result.scores.loc["A"].to_dict() == pytest.approx({"root": 54.2, "p": 29.0, "q": 92.0})
    assert result.ranks.loc["A"].to_list() == [1, 1, 1]
    assert result.outside.empty


@given(seeds, st.floats(0.01, 1000), st.floats(-1000, 1000))
def test_units_do_not_matter(seed: int, factor: float, shift: float) -> None:
    values = figures(seed)
    other = values.assign(x=values["x"] * factor + shift)
    ends = (SCALE.goalposts["x"][0] * factor + shift, SCALE.goalposts["x"][1] * factor + shift)
    moved = Scale({**SCALE.goalposts, "x": ends}, WEIGHTS)
    np.testing.assert_allclose(composite(other, moved), composite(values), atol=1e-6)


def test_on_a_years_own_ends_and_weights_it_is_the_yearly_score() -> None:
    values = figures(7)
    index = Tree([n if n.id != "root" else Node("root", weighting="equal") for n in INDEX.nodes])
    yearly = score(index, values, None, Settings())
    own = Scale({i: (values[i].min(), values[i].max()) for i in INDICATORS}, dict.fromkeys(WEIGHTS, 0.5))
    np.testing.assert_allclose(score_on_scale(index, values, own, 0.5).scores, yearly.scores, atol=1e-9)


@given(seeds, seeds)
def test_who_improves_on_every_indicator_never_loses(seed: int, other: int) -> None:
    before, steps = figures(seed), figures(other)
    better = before + steps.assign(u=-steps["u"]) / 10
    assert (composite(better) > composite(before)).all()


def test_a_province_that_improves_gains_here_though_it_falls_in_its_year() -> None:
    before = figures(3)
    after = (before + 0.2).assign(u=before["u"] - 0.2)
    for name in PROVINCES[1:]:
        after.loc[name] = [9.9, 9.9, 0.1, 9.9]  # all others leap ahead
    ranks = [score_on_scale(INDEX, v, SCALE, 0.5).ranks.loc["A", "root"] for v in (before, after)]
    assert ranks[1] > ranks[0]
    assert composite(after)["A"] > composite(before)["A"]


@given(seeds, st.floats(20, 1e6))
def test_neither_other_provinces_nor_a_later_year_move_a_score(seed: int, far: float) -> None:
    values = figures(seed)
    later = values.copy()
    later.loc["E"] = [far, far, -far, far]
    np.testing.assert_allclose(composite(later)[PROVINCES[:-1]], composite(values)[PROVINCES[:-1]], atol=1e-7)


def test_a_value_beyond_the_goalposts_is_not_capped_and_is_named() -> None:
    values = pd.DataFrame([[20.0, 10, 0, 10], [-10.0, 0, 10, 0]], index=["A", "B"], columns=INDICATORS)
    result = score_on_scale(INDEX, values, SCALE, 0.5)
    assert result.scores["p"].to_dict() == pytest.approx({"A": 130.0, "B": -30.0})
    assert result.scores["q"].to_dict() == pytest.approx({"A": 100.0, "B": 0.0})
    assert result.outside.to_dict("records") == [
        {"indicator": "x", "unit": "A", "value": 20.0, "low": 0.0, "high": 10.0},
        {"indicator": "x", "unit": "B", "value": -10.0, "low": 0.0, "high": 10.0},
    ]


def test_an_indicator_the_year_has_not_lowers_the_coverage_and_may_cost_the_score() -> None:
    values = figures(4).drop(columns="y")
    result = score_on_scale(INDEX, values, SCALE, 0.5)
    assert result.coverage["p"].to_list() == pytest.approx([0.3] * 5)  # 0.7 of p is missing
    assert result.scores["p"].isna().all()
    assert result.coverage["root"].to_list() == pytest.approx([0.4] * 5)
    assert result.scores["root"].isna().all()
    assert score_on_scale(INDEX, values, SCALE, 0.3).scores["p"].notna().all()


def test_goalposts_of_a_stranger_are_refused() -> None:
    with pytest.raises(DataError, match="'w' has goalposts but is no indicator of the tree"):
        score_on_scale(INDEX, figures(1), Scale({"w": (0.0, 1.0)}, {}), 0.5)


def test_frozen_weights_are_the_means_of_the_years_rescaled_to_what_is_on_the_scale() -> None:
    years = [
        {"p": 0.5, "q": 0.5, "x": 0.2, "y": 0.8, "u": 0.1, "v": 0.9},
        {"p": 0.7, "q": 0.3, "x": 0.4, "y": 0.6, "u": 0.0, "v": 1.0},
    ]
    assert frozen_weights(INDEX, ["x", "y", "u"], years) == pytest.approx(
        {"p": 0.6, "q": 0.4, "x": 0.3, "y": 0.7, "u": 1.0}
    )
    assert frozen_weights(INDEX, ["x"], years) == {"p": 1.0, "x": 1.0}
    with pytest.raises(DataError, match="y has no weight in one of the years"):
        frozen_weights(INDEX, ["x", "y"], [{"p": 1.0, "x": 1.0}])
