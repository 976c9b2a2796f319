"""Agreement with published libraries, where they are right."""

import importlib
import sys

import ahpy
import numpy as np
import pandas as pd
import pymcdm.weights
import pytest
from skcriteria.preprocessing.weighters import entropy_weights as skcriteria_entropy

from icdp.scoring.ahp import consistency, principal_eigenvector
from icdp.scoring.entropy import entropy_weights

# scikit-criteria 0.9 deletes this attribute of the standard library on import, for the whole process.
importlib.metadata = sys.modules["importlib.metadata"]

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_entropy_agrees_with_pymcdm_without_zeros(seed):
    z = np.random.default_rng(seed).uniform(0.01, 1.0, (31, 6))
    ours = entropy_weights(pd.DataFrame(z)).weights.to_numpy()
    assert ours == pytest.approx(pymcdm.weights.entropy_weights(z), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_entropy_agrees_with_scikit_criteria_with_zeros(seed):
    z = np.random.default_rng(seed).uniform(0.0, 1.0, (31, 6))
    z = (z - z.min(axis=0)) / (z.max(axis=0) - z.min(axis=0))
    z[z < 0.2] = 0.0
    ours = entropy_weights(pd.DataFrame(z)).weights.to_numpy()
    assert ours == pytest.approx(skcriteria_entropy(z), abs=1e-12)


@pytest.mark.parametrize("name", ["saaty1990_transportation_3x3", "consistent_4x4", "saaty_school_6x6"])
def test_priorities_and_cr_agree_with_ahpy(examples, square, name):
    case = examples["ahp"][name]
    matrix = square(case["matrix"])
    items = list(matrix.index)
    pairs = {(a, b): matrix.loc[a, b] for i, a in enumerate(items) for b in items[i + 1 :]}
    peer = ahpy.Compare("criteria", pairs, precision=12, random_index="saaty")
    ours = principal_eigenvector(matrix)[0]
    # ahpy iterates and rounds on its way.
    assert {item: ours[item] for item in items} == pytest.approx(dict(peer.target_weights), abs=1e-8)
    assert consistency(matrix, "saaty2005").cr == pytest.approx(peer.consistency_ratio, abs=1e-6)
