"""Standardize columns to mean 0 and standard deviation 1 over a set of tracks.

Unknown values (NaN) and constant columns become 0.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

CLIP: Final = 5.0
"""Values are clipped at this many standard deviations, to bound outliers."""

Matrix = NDArray[np.float32]


def moments(vectors: Matrix) -> tuple[Matrix, Matrix]:
    """Return mean and standard deviation of each column, NaN ignored; inf if constant."""
    known = ~np.isnan(vectors)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, vectors, 0).sum(axis=0, dtype=np.float64) / count
    spread = np.sqrt(np.where(known, (vectors - mean) ** 2, 0).sum(axis=0) / count)
    # avoids huge values when a constant column gets a different value later
    flat = spread <= 1e-6 * np.maximum(np.abs(mean), 1)
    return mean.astype(np.float32), np.where(flat, np.inf, spread).astype(np.float32)


def scaled(vectors: Matrix, mean: Matrix, scale: Matrix) -> Matrix:
    """Return the columns in standard deviations from the mean, clipped; 0 where unknown."""
    columns = np.nan_to_num((vectors - mean) / scale, nan=0.0)
    return np.asarray(np.clip(columns, -CLIP, CLIP), np.float32)
