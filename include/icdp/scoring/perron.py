"""The largest eigenvalue of positive matrices and its vector, for many matrices at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def perron(matrices: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Perron vectors and Perron roots of positive square matrices.

    A dense eigen-solver, not a power iteration with a fixed number of steps.

    Args:
        matrices: ... x n x n, every cell above 0.

    Returns:
        vectors (... x n, positive, sum 1) and roots (...).
    """
    values, vectors = np.linalg.eig(matrices)
    largest = np.argmax(values.real, axis=-1)[..., np.newaxis]
    root = np.take_along_axis(values.real, largest, axis=-1)[..., 0]
    vector = np.take_along_axis(vectors, largest[..., np.newaxis, :], axis=-1)[..., 0]
    # Perron-Frobenius: this vector is real and of one sign; the solver may return it complex and negative.
    positive = np.abs(vector.real)
    return positive / positive.sum(axis=-1, keepdims=True), root
