"""Sobol indices against functions whose indices are known analytically."""

from __future__ import annotations

import numpy as np
import pytest

from icdp.scoring.uncertainty.sobol import sobol_indices
from icdp.scoring.uncertainty.streams import uniforms


def ishigami(x):
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def outcomes(function, width, draws, low, high):
    first, second = (low + (high - low) * uniforms(1, "x", stream, 0, draws, width).T for stream in (0, 1))
    exchanged = np.stack([np.where(np.arange(width) == i, second, first) for i in range(width)])
    return function(first), function(second), np.stack([function(x) for x in exchanged])


def test_ishigami(examples):
    known = examples["sobol"]["ishigami"]["analytic"]
    a, b, ab = outcomes(ishigami, 3, 20_000, -np.pi, np.pi)
    found = sobol_indices(a[:, np.newaxis], b[:, np.newaxis], ab[:, :, np.newaxis], resamples=300)
    np.testing.assert_allclose(found.first[:, 0], known["S1"], atol=0.02)
    np.testing.assert_allclose(found.total[:, 0], known["ST"], atol=0.02)
    for interval, truth in ((found.first_interval, known["S1"]), (found.total_interval, known["ST"])):
        width = interval[1, :, 0] - interval[0, :, 0]
        assert (interval[0, :, 0] - width <= truth).all()
        assert (truth <= interval[1, :, 0] + width).all()
        assert (width < 0.05).all()


def test_sobol_g(examples):
    a = np.array(examples["sobol"]["sobol_g8"]["a"])
    known = examples["sobol"]["sobol_g8"]["analytic"]
    found = sobol_indices(
        *(
            y[..., np.newaxis]
            for y in outcomes(lambda x: np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1), 8, 20_000, 0, 1)
        )
    )
    np.testing.assert_allclose(found.first[:, 0], known["S1"], atol=0.025)
    np.testing.assert_allclose(found.total[:, 0], known["ST"], atol=0.025)
    assert np.isnan(found.first_interval).all()


def test_bootstrap_intervals_cover_the_truth_as_often_as_they_say(examples):
    truth = np.array(examples["sobol"]["ishigami"]["analytic"]["S1"])
    inside = []
    for seed in range(60):
        first, second = (np.pi * (2 * uniforms(seed, "x", stream, 0, 512, 3).T - 1) for stream in (0, 1))
        exchanged = [np.where(np.arange(3) == i, second, first) for i in range(3)]
        y = [ishigami(x)[:, np.newaxis] for x in (first, second, *exchanged)]
        found = sobol_indices(y[0], y[1], np.stack(y[2:]), resamples=200, seed=seed)
        inside.append((found.first_interval[0, :, 0] <= truth) & (truth <= found.first_interval[1, :, 0]))
    assert 0.82 <= np.mean(inside) <= 0.97  # 180 intervals of 90 %


def test_a_constant_has_no_indices_and_a_sum_of_two_halves_has_one_half_each():
    a, b, ab = outcomes(lambda x: np.stack([x[:, 0] + x[:, 1], np.full(len(x), 3.0)], axis=1), 2, 20_000, 0, 1)
    found = sobol_indices(a, b, ab)
    np.testing.assert_allclose(found.first[:, 0], 0.5, atol=0.02)
    np.testing.assert_allclose(found.total[:, 0], 0.5, atol=0.02)
    assert np.isnan(found.first[:, 1]).all()
    assert np.isnan(found.total[:, 1]).all()


@pytest.mark.parametrize("constant", [0.0, 1e6])
def test_a_constant_added_changes_nothing(constant):
    y = outcomes(ishigami, 3, 2000, -np.pi, np.pi)
    moved = sobol_indices(*(part[..., np.newaxis] + constant for part in y))
    np.testing.assert_allclose(moved.first, sobol_indices(*(part[..., np.newaxis] for part in y)).first, atol=1e-6)
