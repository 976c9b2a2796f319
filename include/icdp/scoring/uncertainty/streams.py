"""Random numbers by the number of the draw: the same whatever the blocks, the threads and the order of asking."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from icdp.scoring.normalisations import Array

_PER_STEP = 4  # doubles that one step of the Philox counter gives


def uniforms(seed: int, factor: str, stream: int, start: int, stop: int, width: int) -> Array:
    """Return the uniform numbers of some draws of one uncertain factor.

    A counter-based generator (Philox4x64-10; Salmon et al. 2011) whose key is made from seed, factor and
    stream, and whose counter is the number of the draw: every draw has numbers of its own, always as many.

    Args:
        seed: of the whole analysis.
        factor: its name.
        stream: 0, 1, ...: independent samples of the same factor.
        start: first draw.
        stop: the draw after the last.
        width: numbers a draw needs.

    Returns:
        width x draws, in [0, 1).
    """
    steps = -(-width // _PER_STEP)
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(factor.encode()), stream))
    bits = np.random.Philox(key=sequence.generate_state(2, np.uint64), counter=start * steps)
    numbers = np.random.Generator(bits).random((stop - start, steps * _PER_STEP))
    return np.ascontiguousarray(numbers[:, :width].T)


def normals(seed: int, factor: str, stream: int, start: int, stop: int, width: int) -> Array:
    """Return standard normal numbers (Box & Muller 1958), width x draws; arguments as for :func:`uniforms`.

    The transformation takes as many uniform numbers for every draw, which no rejection method does.
    """
    half = -(-width // 2)
    flat = uniforms(seed, factor, stream, start, stop, 2 * half)
    radius = np.sqrt(-2.0 * np.log1p(-flat[:half]))
    angle = 2.0 * np.pi * flat[half:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:width]


def members(numbers: Array, among: int) -> NDArray[np.int64]:
    """Return which of ``among`` members each uniform number in [0, 1) draws."""
    return np.minimum((numbers * among).astype(np.int64), among - 1)


def times_drawn(chosen: NDArray[np.int64], among: int) -> Array:
    """Return how often each member is in the bootstrap sample of each draw (Efron 1979).

    Args:
        chosen: sample size x draws, see :func:`members`.
        among: number of members.

    Returns:
        members x draws; each column sums to the sample size.
    """
    draws = chosen.shape[1]
    flat = np.bincount((chosen * draws + np.arange(draws)).ravel(), minlength=among * draws)
    return flat.reshape(among, draws).astype(np.float64)
