"""Bringing signals of any scale to one: mean 0 and standard deviation 1 over the candidates."""

import numpy as np
from numpy.typing import NDArray

from segue.signals import Scores


def standardise(rows: Scores, candidates: NDArray[np.bool_]) -> Scores:
    """Bring each row to mean 0 and standard deviation 1 over its candidates; 0 where it is NaN.

    >>> rows = np.array([[1.0, 3.0, np.nan, 99.0]], np.float32)
    >>> standardise(rows, np.array([True, True, True, False]))[0, :3].tolist()
    [-1.0, 1.0, 0.0]
    """
    says = ~np.isnan(rows)
    counted = says & candidates
    n = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    mean = np.where(counted, rows, 0).sum(axis=1, keepdims=True, dtype=np.float64) / n
    centred = np.where(says, rows - mean, 0)
    variance = np.where(counted, centred**2, 0).sum(axis=1, keepdims=True) / n
    spread = np.sqrt(variance)
    # a signal that scores all alike has nothing to say either
    flat = spread <= 1e-6 * np.maximum(np.abs(mean), 1e-3)
    return np.where(flat, 0, centred / np.where(flat, 1, spread)).astype(np.float32)
