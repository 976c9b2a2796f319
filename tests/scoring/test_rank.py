import pandas as pd
import pytest

from icdp.errors import DataError
from icdp.scoring.rank import competition_rank, tiers


def test_ties_share_the_better_rank(examples):
    case = examples["ranks"]
    ranks = competition_rank(pd.Series(case["scores"]))
    assert ranks.tolist() == [1, 2, 2, 4, 4, 4, 7]
    assert ranks.tolist() == case["peers"]["pandas min"]


def test_float_noise_does_not_split_a_tie(examples):
    ranks = competition_rank(pd.Series([0.3, 0.1 + 0.2, 0.2]))
    assert ranks.tolist() == examples["ranks"]["float_noise"]["expected"]


def test_missing_is_unranked(examples):
    ranks = competition_rank(pd.Series([0.9, None, 0.5]))
    assert [None if pd.isna(rank) else rank for rank in ranks] == examples["ranks"]["nan"]["expected"]
    assert str(ranks.dtype) == "Int64"


def test_tiers_begin_above_their_thresholds():
    scores = pd.Series([50.1, 50.0, 49.9999999999 + 1e-10, 25.0000001, 25.0, 0.0, None])
    found = tiers(scores)
    assert [None if pd.isna(tier) else tier for tier in found] == [1, 2, 2, 2, 3, 3, None]


def test_tiers_are_configuration():
    assert tiers(pd.Series([90.0, 70.0, 50.0, 10.0]), [80, 60, 40]).tolist() == [1, 2, 3, 4]


def test_rising_thresholds_are_refused():
    with pytest.raises(DataError, match=r"\[25, 50\] do not fall"):
        tiers(pd.Series([1.0]), [25, 50])
