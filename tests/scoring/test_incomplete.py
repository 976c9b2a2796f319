"""Open pairs: completed so that lambda_max is smallest, and judged by the random index of incomplete matrices."""

import ahpy
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icdp.scoring.ahp import RANDOM_INDEX, consistency_of, cr_if_mended, random_index, worst_pairs
from icdp.scoring.comparisons import Comparisons
from icdp.scoring.group import ahp_weights, assess
from icdp.scoring.incomplete import complete, components
from icdp.scoring.perron import perron
from icdp.scoring.ratio import complete_matrix

# ahpy 2.1, README, "Missing Pairwise Comparisons", after Bozóki, Fülöp & Rónyai (2010): prints 0.7302971068355002.
README = {("a", "b"): 1.0, ("a", "c"): 5.0, ("a", "d"): 2.0, ("b", "c"): 3.0, ("b", "d"): 4.0}
SCALE = [1 / k for k in range(9, 1, -1)] + [float(k) for k in range(1, 10)]


def random_incomplete(seed: int, n: int, missing: int) -> np.ndarray:
    """Return a synthetic matrix of random judgements with open pairs, its comparisons connected."""
    rng = np.random.default_rng(seed)
    rows, columns = np.triu_indices(n, 1)
    while True:
        matrix = np.eye(n)
        values = rng.choice(SCALE, len(rows))
        values[rng.choice(len(rows), missing, replace=False)] = np.nan
        matrix[rows, columns], matrix[columns, rows] = values, 1 / values
        if len(components(~np.isnan(matrix))) == 1:
            return matrix


def test_the_printed_example_of_one_open_pair():
    matrix = complete_matrix(README, list("abcd"))
    assert matrix.loc["c", "d"] == pytest.approx(np.sqrt(8 / 15), abs=1e-9)
    assert matrix.loc["c", "d"] == pytest.approx(0.7302971068355002, abs=1e-6)
    weights = perron(matrix.to_numpy())[0]
    assert weights == pytest.approx([0.3738, 0.392, 0.0985, 0.1357], abs=5.1e-5)  # as printed


@pytest.mark.parametrize(("seed", "n", "missing"), [(0, 4, 1), (1, 4, 2), (2, 5, 3), (3, 6, 4), (4, 7, 6)])
def test_completion_agrees_with_ahpy_which_stops_earlier(seed, n, missing):
    matrix = random_incomplete(seed, n, missing)
    items = [f"i{k}" for k in range(n)]
    known = {
        (items[i], items[j]): matrix[i, j] for i in range(n) for j in range(i + 1, n) if not np.isnan(matrix[i, j])
    }
    peer = dict(ahpy.Compare("c", known, precision=12).target_weights)
    ours = perron(complete(matrix))[0]
    assert [peer[item] for item in items] == pytest.approx(ours.tolist(), abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 8), st.data())
def test_no_other_completion_has_a_smaller_root(seed, n, data):
    missing = data.draw(st.integers(1, (n - 1) * (n - 2) // 2))
    matrix = random_incomplete(seed, n, missing)
    full = complete(matrix)
    known = ~np.isnan(matrix)
    assert full[known].tolist() == matrix[known].tolist()
    assert full * full.T == pytest.approx(np.ones((n, n)), abs=1e-12)
    root = perron(full)[1]
    rng = np.random.default_rng(seed)
    for size in (1e-3, 0.1, 1.0):
        steps = np.triu(rng.normal(0, size, (n, n)), 1) * np.triu(~known, 1)
        other = full * np.exp(steps - steps.T)
        assert perron(other)[1] >= root - 1e-10


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.05, 1.0), min_size=3, max_size=9), st.integers(0, 10**6))
def test_a_tree_of_judgements_is_completed_without_contradiction(shares, seed):
    w, n = np.array(shares), len(shares)
    rng = np.random.default_rng(seed)
    matrix = np.full((n, n), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for k in range(1, n):
        other = rng.integers(0, k)
        matrix[k, other], matrix[other, k] = w[k] / w[other], w[other] / w[k]
    full = complete(matrix)
    assert full == pytest.approx(w[:, None] / w, rel=1e-9)
    assert consistency_of(float(perron(full)[1]), n, "saaty1980", (n - 1) * (n - 2) // 2).cr == 0.0


@pytest.mark.parametrize(("n", "missing"), [(4, 1), (5, 3), (6, 6)])
def test_the_random_index_of_incomplete_matrices_is_what_random_ones_give(n, missing):
    roots = [perron(complete(random_incomplete(seed, n, missing)))[1] for seed in range(250)]
    mean = (np.mean(roots) - n) / (n - 1)
    # Of 250 matrices the mean is known to 6 %; the index of complete matrices would be off by 40 % and more.
    assert random_index(n, "alonso_lamata2006", missing) == pytest.approx(mean, rel=0.15)
    assert random_index(n, "alonso_lamata2006") > 1.4 * mean


def test_the_random_index_falls_from_the_printed_table_to_zero():
    for table, printed in RANDOM_INDEX.items():
        assert random_index(6, table) == printed[6]
        assert random_index(6, table, 5) == pytest.approx(printed[6] / 2)
        assert random_index(6, table, 10) == 0.0
        assert random_index(2, table) == 0.0


def test_an_incomplete_expert_is_gated_by_the_smaller_index_and_blamed_for_given_judgements_only():
    items = list("abcd")
    judged = {("a", "b"): 1.0, ("b", "c"): 2.0, ("a", "c"): 6.0, ("c", "d"): 3.0}
    comparisons = Comparisons.from_judgements({"li": ("root, expert li", judged)}, items)
    assert comparisons.missing.tolist() == [2]
    (entry,) = assess(comparisons, "saaty1980", {"default": 0.1})
    assert (entry.consistency.missing, entry.consistency.ri) == (2, pytest.approx(0.90 / 3))
    assert entry.consistency.cr == pytest.approx(entry.consistency.ci / 0.30)
    assert not entry.accepted
    assert entry.consistency.ci / 0.90 < 0.1  # the index of complete matrices would have let it pass
    assert {(pair.row, pair.col) for pair in entry.worst} <= set(judged)


def test_mending_is_measured_with_the_open_pairs_completed_anew():
    items = list("abcd")
    judged = {("a", "b"): 1.0, ("b", "c"): 2.0, ("a", "c"): 6.0, ("c", "d"): 3.0}
    comparisons = Comparisons.from_judgements({"li": ("li", judged)}, items)
    values, known = comparisons.values[0], comparisons.judged[0]
    pairs = worst_pairs(values, perron(values)[0], known, items, 3)
    crs = cr_if_mended(values, known, items, pairs, "saaty1980")
    for pair, cr in zip(pairs, crs, strict=True):
        proposal = {"3": 3.0, "2": 2.0, "4": 4.0, "1": 1.0}[pair.proposal]
        again = Comparisons.from_judgements({"li": ("li", judged | {(pair.row, pair.col): proposal})}, items)
        assert cr == pytest.approx(assess(again, "saaty1980", {"default": 1})[0].consistency.cr, abs=1e-12)
    assert cr_if_mended(values, known, items, [], "saaty1980") == []


def test_complete_and_incomplete_experts_merge_together(square):
    full = {("a", "b"): 2.0, ("a", "c"): 4.0, ("b", "c"): 2.0}
    part = {("a", "b"): 2.0, ("b", "c"): 2.0}
    comparisons = Comparisons.from_judgements({"li": ("li", full), "wu": ("wu", part)}, list("abc"))
    result = ahp_weights("root", comparisons, ri_table="saaty1980", thresholds={"default": 0.1})
    assert result.weights.tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7], abs=1e-12)
    assert [entry.consistency.missing for entry in result.consistency] == [0, 1]
    pd.testing.assert_frame_equal(comparisons.frame("li"), square([[1, 2, 4], [0.5, 1, 2], [0.25, 0.5, 1]]))
