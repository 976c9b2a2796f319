import math

import numpy as np
import pandas as pd
import pytest

from icdp.errors import DataError
from icdp.scoring.entropy import entropy_weights

NAN = float("nan")


def table(matrix):
    return pd.DataFrame(matrix, columns=[f"c{i}" for i in range(len(matrix[0]))])


def edge(examples, name):
    case = examples["entropy_edge_cases"][name]
    return table([[NAN if cell == "nan" else cell for cell in row] for row in case["matrix"]]), case


@pytest.mark.parametrize("name", ["xu2004", "elsayed2017", "ulutas2019"])
def test_printed_examples_are_reproduced(examples, name):
    case = examples["entropy"][name]
    result = entropy_weights(table(case["matrix"]))
    for key in ("entropy", "divergence", "weights"):
        assert getattr(result, key).tolist() == pytest.approx(case["reference"][key], abs=1e-12)
    assert result.weights.tolist() == pytest.approx(case["printed"], abs=0.51 * 10 ** -case["printed_digits"])
    assert result.weights.sum() == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("name", ["constant_column", "zero_in_column", "single_nonzero_value", "one_column"])
def test_edge_cases_with_a_right_answer(examples, name):
    matrix, case = edge(examples, name)
    assert entropy_weights(matrix).weights.tolist() == pytest.approx(case["reference"], abs=1e-12)


def test_a_constant_column_weighs_exactly_nothing(examples):
    result = entropy_weights(edge(examples, "constant_column")[0])
    assert result.weights["c3"] == 0.0
    assert result.uninformative == {"c3": "constant"}


def test_a_single_nonzero_value_has_the_largest_weight_and_is_reported(examples):
    result = entropy_weights(edge(examples, "single_nonzero_value")[0])
    assert result.single_nonzero == ["c3"]
    assert result.entropy["c3"] == 0.0
    assert result.weights.idxmax() == "c3"


def test_an_all_zero_column_weighs_nothing_and_leaves_the_others_alone(examples):
    matrix, _ = edge(examples, "all_zero_column")
    result = entropy_weights(matrix)
    alone = entropy_weights(matrix.drop(columns="c3"))
    assert result.uninformative == {"c3": "all zero"}
    assert result.weights.tolist() == [*alone.weights.tolist(), 0.0]


@pytest.mark.parametrize("name", ["all_columns_constant", "single_unit"])
def test_a_group_that_tells_no_units_apart_weighs_equally_and_says_so(examples, name):
    result = entropy_weights(edge(examples, name)[0])
    assert result.weights.tolist() == [1 / 3, 1 / 3, 1 / 3]
    assert result.equal_fallback


def test_one_indicator_alone_weighs_one_without_a_fallback():
    result = entropy_weights(table([[2.0], [2.0]]))
    assert result.weights.tolist() == [1.0]
    assert not result.equal_fallback


def test_m_is_the_number_of_units_with_a_value(examples):
    matrix, _ = edge(examples, "nan_value")
    result = entropy_weights(matrix)
    h = -sum(p * math.log(p) for p in (2 / 6, 1 / 6, 3 / 6)) / math.log(3)  # three values of four units
    assert result.entropy["c1"] == pytest.approx(h, abs=1e-15)
    assert np.isfinite(result.weights).all()


def test_a_column_without_any_value_weighs_nothing():
    result = entropy_weights(table([[1.0, NAN], [2.0, NAN]]))
    assert result.weights.tolist() == [1.0, 0.0]
    assert result.uninformative == {"c1": "no value"}


def test_zeros_are_not_shifted():
    exact = -sum(p * math.log(p) for p in (0.5, 0.5)) / math.log(4)
    result = entropy_weights(table([[0.0, 1.0], [0.0, 2.0], [1.0, 3.0], [1.0, 4.0]]))
    assert result.entropy["c0"] == pytest.approx(exact, abs=1e-15)


def test_negative_values_are_refused_by_cell(examples):
    with pytest.raises(DataError, match="energy: unit 1, indicator 'c1': -5 is negative; normalise"):
        entropy_weights(edge(examples, "negative_value")[0], "energy")


def test_infinite_values_are_refused_by_cell():
    with pytest.raises(DataError, match="unit 0, indicator 'c1': inf is infinite"):
        entropy_weights(table([[1.0, math.inf], [2.0, 1.0]]))


def test_no_indicator_is_refused():
    with pytest.raises(DataError, match="policy: no indicator to weigh"):
        entropy_weights(pd.DataFrame(index=["u"]), "policy")
