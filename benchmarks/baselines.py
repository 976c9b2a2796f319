"""What somebody would write in an afternoon with numpy: the named baselines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
GROUPS = ((3, 2, 2), (4, 3), (5, 3, 2))
"""Sizes of the groups of indicators in each dimension."""


def places(scores: Array) -> NDArray[np.int64]:
    """Return places 1 ... along the last axis; ties as they come."""
    return (-scores).argsort(axis=-1).argsort(axis=-1) + 1


def minmax(x: Array, sign: Array) -> Array:
    """Min-max over the units, which are the last axis but one."""
    low, high = x.min(axis=-2, keepdims=True), x.max(axis=-2, keepdims=True)
    return np.where(sign > 0, x - low, high - x) / (high - low)


def flat(x: Array, sign: Array, weights: Array) -> NDArray[np.int64]:
    """Weighted mean of all indicators for each row of weights: places, draws x units."""
    return places(weights @ minmax(x, sign).T)


def shares(random: np.random.Generator, draws: int, k: int) -> Array:
    """Draw weights of k siblings, a quarter more or less than equal ones: draws x k."""
    drawn = 1.0 + 0.25 * (2.0 * random.random((draws, k)) - 1.0)
    return drawn / drawn.sum(axis=1, keepdims=True)


def three_levels(x: Array, sign: Array, draws: int, seed: int) -> list[NDArray[np.int64]]:
    """Draw all weights of three levels; places on the composite and the dimensions, draws x units each."""
    random = np.random.default_rng(seed)
    z, first, dimensions = minmax(x, sign), 0, []
    for sizes in GROUPS:
        groups = []
        for k in sizes:
            groups.append(shares(random, draws, k) @ z[:, first : first + k].T)
            first += k
        dimensions.append(np.einsum("dku,dk->du", np.stack(groups, axis=1), shares(random, draws, len(sizes))))
    composite = np.einsum("dku,dk->du", np.stack(dimensions, axis=1), shares(random, draws, len(GROUPS)))
    return [places(scores) for scores in (composite, *dimensions)]


def judged_and_measured(
    x: Array, sign: Array, logarithms: list[Array], draws: int, seed: int
) -> list[NDArray[np.int64]]:
    """The same with AHP weights of resampled experts above and entropy weights of resampled units below.

    Args:
        x: units x indicators.
        sign: indicators.
        logarithms: of the dimensions' nodes and, last, of the root: experts x items x items.
        draws: how many.
        seed: of numpy's generator.
    """
    random = np.random.default_rng(seed)
    z, units = minmax(x, sign), len(x)
    resampled = random.integers(0, units, (draws, units))
    experts = random.integers(0, len(logarithms[0]), (draws, len(logarithms[0])))
    first, dimensions = 0, []
    for sizes, judgements in zip(GROUPS, logarithms[:-1], strict=True):
        groups = []
        for k in sizes:
            own = z[:, first : first + k]
            groups.append(entropy(own[resampled]) @ own.T)
            first += k
        dimensions.append(np.einsum("dku,dk->du", np.stack(groups, axis=1), priorities(judgements[experts])))
    composite = np.einsum("dku,dk->du", np.stack(dimensions, axis=1), priorities(logarithms[-1][experts]))
    return [places(scores) for scores in (composite, *dimensions)]


def priorities(logarithms: Array) -> Array:
    """Return principal eigenvectors of merged matrices: draws x experts x n x n -> draws x n."""
    values, vectors = np.linalg.eig(np.exp(logarithms.mean(axis=1)))
    largest = values.real.argmax(axis=1)
    vector = np.abs(np.take_along_axis(vectors.real, largest[:, np.newaxis, np.newaxis], axis=2)[:, :, 0])
    return vector / vector.sum(axis=1, keepdims=True)


def entropy(z: Array) -> Array:
    """Return entropy weights of (..., units, k)."""
    p = z / z.sum(axis=-2, keepdims=True)
    h = -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-2) / np.log(z.shape[-2])
    return (1.0 - h) / (1.0 - h).sum(axis=-1, keepdims=True)


def panel_of_years(x: Array, sign: Array, upper: list[Array]) -> list[NDArray[np.int64]]:
    """Score and rank years x units x indicators on all 12 nodes; given weights above, entropy weights below."""
    z, first, every, dimensions = minmax(x, sign), 0, [], []
    for sizes, weights in zip(GROUPS, upper[:-1], strict=True):
        groups = []
        for k in sizes:
            own = z[:, :, first : first + k]
            groups.append(np.einsum("yuk,yk->yu", own, entropy(own)))
            first += k
        dimensions.append(np.tensordot(weights, np.stack(groups), axes=1))
        every += groups
    composite = np.tensordot(upper[-1], np.stack(dimensions), axes=1)
    return [places(scores) for scores in (composite, *dimensions, *every)]
