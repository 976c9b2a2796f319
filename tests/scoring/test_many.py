"""Many tables at once score and rank as each does alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.scoring.uncertainty.indices import figures, panel, three_levels

from icdp.errors import DataError
from icdp.scoring import Settings, score
from icdp.scoring.many import score_many


@pytest.fixture
def tables():
    random = np.random.default_rng(8)
    tree = three_levels()
    years = {year: figures(tree, random, 40) for year in range(2015, 2021)}
    years[2016]["d0g0i0"] = 3.0  # constant in this year only
    years[2017].iloc[[1, 5], [3, 9]] = np.nan
    years[2018] = years[2018].drop(columns=["d1g1i0", "d1g1i1", "d1g1i2"])  # a whole group without data
    years[2019] = years[2019].sample(frac=1.0, random_state=1).iloc[:-3]  # other units, another order
    years[2020].iloc[7] = np.nan
    return tree, years, panel(tree, random)


def test_each_table_is_scored_and_ranked_as_alone(tables):
    tree, years, judges = tables
    rules = Settings(winsorise=frozenset(tree.leaves()))
    found = score_many(tree, years, judges, rules)
    assert list(found) == list(years)
    for year, values in years.items():
        alone = score(tree, values, judges, rules)
        pd.testing.assert_frame_equal(found[year].scores, alone.scores, rtol=1e-9, atol=1e-9)
        pd.testing.assert_frame_equal(found[year].ranks.astype("Int64"), alone.ranks.fillna(0).astype("Int64"))


def test_what_is_no_indicator_or_no_number_is_refused(tables):
    tree, years, judges = tables
    with pytest.raises(DataError, match="2016: 'beauty' is no indicator of the tree"):
        score_many(tree, years | {2016: years[2016].assign(beauty=1.0)}, judges)
    with pytest.raises(DataError, match="is infinite"):
        score_many(tree, years | {2016: years[2016].replace(3.0, np.inf)}, judges)
    with pytest.raises(DataError, match="nothing can be scored"):
        score_many(tree, {2015: years[2015] * 0.0}, judges)
