import numpy as np
import pandas as pd
import pytest

from icdp.errors import DataError
from icdp.scoring.normalise import normalise

NAN = float("nan")


def frame(**columns):
    return pd.DataFrame(columns, index=["u", "v", "w", "x"][: len(next(iter(columns.values())))])


def test_ends_are_exactly_zero_and_one_and_a_negative_indicator_is_turned_round():
    z, dropped = normalise(frame(more=[0.1, 0.3, 0.7], less=[0.1, 0.3, 0.7]), pd.Series({"more": 1, "less": -1}))
    assert dropped == {}
    assert z["more"].tolist() == [0.0, pytest.approx(1 / 3, abs=1e-15), 1.0]
    assert z["less"].tolist() == [1.0, pytest.approx(2 / 3, abs=1e-15), 0.0]


def test_missing_stays_missing_and_enters_neither_end():
    z, _ = normalise(frame(a=[NAN, 10.0, 20.0, 15.0]), {"a": 1})
    assert np.isnan(z.loc["u", "a"])
    assert z["a"].dropna().tolist() == [0.0, 1.0, 0.5]


def test_negative_values_are_fine():
    z, _ = normalise(frame(a=[-10.0, 0.0, 10.0]), {"a": 1})
    assert z["a"].tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ([5.0, 5.0, 5.0], "constant"),
        ([0.0, 0.0, 0.0], "constant"),
        ([NAN, 5.0, NAN], "constant"),
        ([0.3, 0.1 + 0.2, 0.3], "constant"),
        ([NAN, NAN, NAN], "no value"),
    ],
)
def test_a_column_without_information_is_dropped_with_its_reason(column, reason):
    z, dropped = normalise(frame(a=column, b=[1.0, 2.0, 3.0]), {"a": 1, "b": 1})
    assert dropped == {"a": reason}
    assert list(z.columns) == ["b"]


def test_huge_and_tiny_spreads_do_not_leave_the_unit_interval():
    z, _ = normalise(frame(a=[-1e308, 0.0, 1e308], b=[1e-300, 2e-300, 3e-300]), {"a": 1, "b": 1})
    assert z["a"].tolist() == [0.0, 0.5, 1.0]
    assert z["b"].tolist() == pytest.approx([0.0, 0.5, 1.0])


def test_no_indicator_at_all_gives_an_empty_frame():
    z, dropped = normalise(pd.DataFrame(index=["u", "v"]), {})
    assert z.empty
    assert dropped == {}


@pytest.mark.parametrize(
    ("values", "directions", "message"),
    [
        (frame(a=[1.0, float("inf")]), {"a": 1}, "unit 'v', indicator 'a': inf is infinite"),
        (frame(a=[1.0, -float("inf")]), {"a": 1}, "unit 'v', indicator 'a': -inf is infinite"),
        (frame(a=[1.0, "n/a"]), {"a": 1}, "unit 'v', indicator 'a': 'n/a' is no number; correct it or leave"),
        (frame(a=[1.0, 2.0]), {}, "indicator 'a' has the direction None; give 1 or -1"),
        (frame(a=[1.0, 2.0]), {"a": 0}, "indicator 'a' has the direction 0"),
        (pd.DataFrame({"a": [1, 2]}, index=["u", "u"]), {"a": 1}, "unit 'u' is given twice"),
        (pd.DataFrame([[1, 2]], index=["u"], columns=["a", "a"]), {"a": 1}, "indicator 'a' is given twice"),
    ],
)
def test_what_cannot_be_normalised_is_refused_with_unit_and_indicator(values, directions, message):
    with pytest.raises(DataError, match=message):
        normalise(values, directions)
