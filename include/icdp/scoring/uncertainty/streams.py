"""Random numbers by the number of the draw: the same whatever the blocks, the threads and the order of asking."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_PER_STEP = 4  # doubles that one step of the Philox counter gives


def uniforms(seed: int, source: str, stream: int, start: int, stop: int, width: int) -> Array:
    """Return the uniform numbers of some draws of one source of uncertainty.

    A counter-based generator (Philox4x64-10; Salmon et al. 2011) whose key is made from seed, source and
    stream, and whose counter is the number of the draw: every draw has numbers of its own, always as many.

    Args:
        seed: of the whole analysis.
        source: name of the source of uncertainty.
        stream: 0, 1, ...: independent samples of the same source.
        start: first draw.
        stop: the draw after the last.
        width: numbers a draw needs.

    Returns:
        width x draws, in [0, 1).
    """
    steps = -(-width // _PER_STEP)
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(source.encode()), stream))
    bits = np.random.Philox(key=sequence.generate_state(2, np.uint64), counter=start * steps)
    numbers = np.random.Generator(bits).random((stop - start, steps * _PER_STEP))
    return np.ascontiguousarray(numbers[:, :width].T)


def normals(seed: int, source: str, stream: int, start: int, stop: int, width: int) -> Array:
    """Return standard normal numbers (Box & Muller 1958), width x draws; arguments as for :func:`uniforms`.

    The transformation takes as many uniform numbers for every draw, which no rejection method does.
    """
    half = -(-width // 2)
    flat = uniforms(seed, source, stream, start, stop, 2 * half)
    radius = np.sqrt(-2.0 * np.log1p(-flat[:half]))
    angle = 2.0 * np.pi * flat[half:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:width]


def resamples(numbers: Array, among: int) -> Array:
    """Return how often each of ``among`` members is in the bootstrap sample that uniform numbers draw.

    Args:
        numbers: sample size x draws, in [0, 1).
        among: number of members.

    Returns:
        members x draws; each column sums to the sample size (Efron 1979).
    """
    chosen = np.minimum((numbers * among).astype(np.int64), among - 1)
    draws = numbers.shape[1]
    flat = np.bincount((chosen * draws + np.arange(draws)).ravel(), minlength=among * draws)
    return flat.reshape(among, draws).astype(np.float64)
