"""Weights of siblings, on arrays: units on the last axis but one, any leading (batch) dimensions before it.

Every method is measured on the siblings' normalised values, so what the normalisation makes equal (the standard
deviations of z scores, say) weighs the same. Weights are never negative and sum to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.normalisations import Array, constant

NOISE = 1e-12
"""A conflict 1 - r below this is rounding noise of a perfect correlation."""

EXPLAINED = 0.6
"""Share of the variance that the components retained explain at least (OECD Handbook 2008, 6.1)."""


def equal(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """1 / k for each of k siblings."""
    return np.full((*x.shape[:-2], x.shape[-1]), 1.0 / x.shape[-1])


def informative(x: Array) -> NDArray[np.bool_]:
    """Tell which columns (..., k) have values that differ."""
    low, high = (end.reduce(x, axis=-2) for end in (np.fmin, np.fmax))
    found: NDArray[np.bool_] = ~np.isnan(low) & ~constant(low, high)
    return found


def entropy(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """Shannon entropy: 1 - H over its sum; the definition is :func:`icdp.scoring.entropy.entropy_weights`.

    Args:
        x: (..., units, k), not negative; NaN is missing. A column with a negative value gives NaN.
        given: not used.
        ahp_share: not used.
    """
    shares = np.where(x > 0, x, 0.0)
    total = shares.sum(axis=-2, keepdims=True)
    shares /= np.where(total > 0, total, 1.0)
    logarithms = np.log(np.where(shares > 0, shares, 1.0))
    count = (~np.isnan(x)).sum(axis=-2)
    h = -(shares * logarithms).sum(axis=-2) / np.log(np.where(count > 1, count, 2))
    divergence = np.where(informative(x), 1.0 - np.clip(h, 0.0, 1.0), 0.0)
    return _over_sum(np.where((x < 0).any(axis=-2), np.nan, divergence))


def standard_deviation(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """Sample standard deviation (n - 1) over its sum (Diakoulaki et al. 1995; Jahan & Edwards 2013).

    Args:
        x: (..., units, k); NaN is missing.
        given: not used.
        ahp_share: not used.
    """
    return _over_sum(_deviation(x))


def critic(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """CRITIC: standard deviation times conflict, s_j sum_k (1 - r_jk), over its sum.

    Diakoulaki, Mavrotas & Papayannakis (1995), Computers & Operations Research 22(7). r is Pearson's,
    over the units that have both values. Directions are in the normalised values already, as in the paper
    (pymcdm takes raw ones and no direction).

    Args:
        x: (..., units, k); NaN is missing. Undefined correlations give NaN.
        given: not used.
        ahp_share: not used.
    """
    return _over_sum(_deviation(x) * conflict(x), informative(x))


def conflict(x: Array) -> Array:
    """Return sum_k (1 - r_jk) of each column, (..., k), over the columns that tell units apart."""
    known = informative(x)
    both = known[..., :, np.newaxis] & known[..., np.newaxis, :]
    each = np.where(both, 1.0 - correlation(x), 0.0)
    total: Array = np.where(each < NOISE, 0.0, each).sum(axis=-1)
    return total


@dataclass(frozen=True)
class Components:
    """Principal components of the correlations of k columns, over the units that have a value in all of them.

    Attributes:
        eigenvalues: (..., k), falling.
        loadings: (..., k columns, k components): eigenvector times the root of its eigenvalue; the sign makes
            the sum of a component's loadings positive.
        retained: (..., k), the components kept.
    """

    eigenvalues: Array
    loadings: Array
    retained: NDArray[np.bool_]


def components(x: Array, keep: int | None = None) -> Components:
    """Decompose the correlations of the columns (OECD Handbook 2008, 3.1).

    Retained are the components with an eigenvalue of 1 or more (Kaiser) and as many as explain 60 % of the
    variance, or the first ``keep``; components of equal eigenvalue stay together. A column that tells no units
    apart is out: its loadings are 0.

    Args:
        x: (..., units, k); units with a missing value are left out. NaN where fewer than 3 are left.
        keep: how many components to retain.
    """
    complete = ~np.isnan(x).any(axis=-1, keepdims=True)
    whole = np.where(complete, x, np.nan)
    enough = complete.sum(axis=-2) >= 3
    known = informative(whole)
    both = known[..., :, np.newaxis] & known[..., np.newaxis, :]
    eigenvalues, vectors = np.linalg.eigh(np.where(both & enough[..., np.newaxis], correlation(whole), 0.0))
    eigenvalues, vectors = np.maximum(eigenvalues[..., ::-1], 0.0), vectors[..., ::-1]
    loadings = vectors * np.sqrt(eigenvalues)[..., np.newaxis, :]
    loadings *= np.where(loadings.sum(axis=-2, keepdims=True) < 0, -1.0, 1.0)
    before = np.cumsum(eigenvalues, axis=-1) - eigenvalues
    if keep is None:
        wanted = (before < EXPLAINED * eigenvalues.sum(axis=-1, keepdims=True) - NOISE) | (eigenvalues >= 1.0 - 1e-9)
    else:
        wanted = np.broadcast_to(np.arange(x.shape[-1]) < keep, eigenvalues.shape)
    least = np.where(wanted, eigenvalues, np.inf).min(axis=-1, keepdims=True)
    retained = (eigenvalues >= least - 1e-9) & (eigenvalues > NOISE)
    nothing = np.where(enough, 1.0, np.nan)
    return Components(eigenvalues * nothing, loadings * nothing[..., np.newaxis], retained)


def pca(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """Principal components: communality over its sum, w_j = sum_p l_jp^2 / sum_jp l_jp^2, p the retained ones.

    The squared loadings of each retained component, scaled to sum 1 and weighted by the variance it explains
    (OECD Handbook 2008, pp. 89-91, without its assignment of each indicator to one factor). Communalities do
    not depend on a rotation of the factors nor on their arbitrary signs, and are not negative: an indicator
    opposed to the others weighs by the strength of the relation. (COINr's ``get_PCA``, R/PCA.R, takes the raw
    loadings of the first component, which may be negative.) Two indicators always weigh the same.

    Args:
        x: (..., units, k); units with a missing value are left out, as there. NaN if fewer than 3 are left.
        given: not used.
        ahp_share: not used.
    """
    found = components(x)
    communality = (found.loadings**2 * found.retained[..., np.newaxis, :]).sum(axis=-1)
    return _over_sum(communality)


def from_given(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """Return weights that were judged or fixed, scaled to sum 1.

    Args:
        x: not used, but for its shape.
        given: (..., k), not negative.
        ahp_share: not used.
    """
    if given is None:
        raise ValueError("weights that are given (ahp, fixed) must be handed over in `given`")
    return np.broadcast_to(given / given.sum(axis=-1, keepdims=True), (*x.shape[:-2], x.shape[-1]))


def ahp_entropy(x: Array, given: Array | None = None, ahp_share: float | None = None) -> Array:
    """Judged weights a mixed with entropy weights e.

    Without ``ahp_share`` multiplicative, a e over its sum (Zeleny 1982); with it linear,
    ahp_share a + (1 - ahp_share) e.

    Args:
        x: (..., units, k), not negative; NaN is missing.
        given: (..., k), the judged weights.
        ahp_share: 0-1.
    """
    return mix(from_given(x, given), entropy(x), ahp_share)


def mix(judged: Array, measured: Array, ahp_share: float | None) -> Array:
    """Mix judged and measured weights, (..., k) each, as :func:`ahp_entropy` says."""
    if ahp_share is None:
        return _over_sum(judged * measured)
    mixed: Array = ahp_share * judged + (1.0 - ahp_share) * measured
    return mixed


WEIGHTINGS: dict[str, Callable[[Array, Array | None, float | None], Array]] = {
    "ahp": from_given,
    "entropy": entropy,
    "equal": equal,
    "fixed": from_given,
    "critic": critic,
    "std": standard_deviation,
    "pca": pca,
    "ahp_entropy": ahp_entropy,
}
"""f(x (..., units, k), given (..., k) or None, ahp_share or None) -> (..., k), not negative, sum 1."""


def correlation(x: Array) -> Array:
    """Pearson correlations (..., k, k) of the columns of (..., units, k), over the units that have both values.

    NaN where fewer than two have, or where one of the two columns is constant among them.
    """
    present = ~np.isnan(x)
    known = present.astype(float)
    count = known.sum(axis=-2, keepdims=True)
    mean = np.where(present, x, 0.0).sum(axis=-2, keepdims=True) / np.where(count > 0, count, 1.0)
    deviations = np.where(present, x - mean, 0.0)
    turned, mask = np.swapaxes(deviations, -1, -2), np.swapaxes(known, -1, -2)
    pairs = mask @ known
    sums = turned @ known  # of column i over the units where j is present
    squares = np.swapaxes(deviations**2, -1, -2) @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = turned @ deviations - sums * np.swapaxes(sums, -1, -2) / pairs
        variance = squares - sums**2 / pairs
        variance = np.where(variance > NOISE * squares, variance, np.nan)
        r = covariance / np.sqrt(variance * np.swapaxes(variance, -1, -2))
    return np.asarray(np.clip(r, -1.0, 1.0), dtype=np.float64)


def _deviation(x: Array) -> Array:
    """Return sample standard deviations (..., k), exactly 0 for a column that tells no units apart."""
    present = ~np.isnan(x)
    count = present.sum(axis=-2, keepdims=True)
    mean = np.where(present, x, 0.0).sum(axis=-2, keepdims=True) / np.where(count > 0, count, 1)
    squares = np.where(present, x - mean, 0.0) ** 2
    deviation = np.sqrt(squares.sum(axis=-2) / np.maximum(count[..., 0, :] - 1, 1))
    return np.where(informative(x), deviation, 0.0)


def _over_sum(raw: Array, candidates: NDArray[np.bool_] | None = None) -> Array:
    """Scale (..., k) to sum 1; where all are 0, the candidates (all, if none is one) weigh the same."""
    total = raw.sum(axis=-1, keepdims=True)
    some = np.ones(raw.shape, dtype=bool) if candidates is None else candidates
    some = some | ~some.any(axis=-1, keepdims=True)
    even = some / some.sum(axis=-1, keepdims=True)
    weights: Array = np.where(total == 0.0, even, raw / np.where(total == 0.0, 1.0, total))
    return weights
