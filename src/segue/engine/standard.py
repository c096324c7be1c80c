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
    standard = np.empty(rows.shape, np.float32)
    for row, into in zip(rows, standard, strict=True):
        _standardise_row(row, candidates, into)
    return standard


def _standardise_row(
    row: NDArray[np.float32], candidates: NDArray[np.bool_], into: NDArray[np.float32]
) -> None:
    silent = np.isnan(row)
    some_silent = bool(silent.any())
    counted = row[candidates & ~silent] if some_silent else row[candidates]
    mean = float(counted.mean(dtype=np.float64)) if len(counted) else 0.0
    spread = float(counted.std(dtype=np.float64)) if len(counted) else 0.0
    if spread <= 1e-6 * max(abs(mean), 1e-3):
        into[:] = 0  # a signal that scores all alike has nothing to say either
        return
    np.subtract(row, np.float32(mean), out=into)
    into *= np.float32(1 / spread)
    if some_silent:
        into[silent] = 0
