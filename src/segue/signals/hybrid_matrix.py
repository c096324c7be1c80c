"""A matrix of which some columns are full and most are nearly empty, kept as what it is.

The combined vector of a track has a hundred numbers and several hundred genres and tags, of which a
track has a few. A product with all of it would mostly read zeros.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_FULL = 0.25
"""Part of its entries from which a column counts as full."""
_GAIN = 2 / 3
"""Of the numbers read: a matrix that would not save so much stays as it is."""


@dataclass(frozen=True)
class HybridMatrix:
    """``[n, d]``: `full` columns ``[n, a]`` that stand at `columns` ``[a]``, and the `rest`, CSR.

    It is indexed by rows, which gives a dense array, and multiplied with dense ones from the right.
    """

    full: NDArray[np.float32]
    columns: NDArray[np.int64]
    rest: Any

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        n, d = self.rest.shape
        return int(n), int(d)

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        if isinstance(rows, int | np.integer):
            one: NDArray[np.float32] = self[[int(rows)]][0]
            return one
        found: NDArray[np.float32] = self.rest[rows].toarray()
        found[:, self.columns] = self.full[rows]
        return found

    def __matmul__(self, other: NDArray[Any]) -> NDArray[Any]:
        product: NDArray[Any] = self.full @ other[self.columns]
        product += self.rest @ other
        return product

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[np.arange(self.shape[0])]
        return whole if dtype is None else whole.astype(dtype)


def as_hybrid(matrix: NDArray[np.float32]) -> "HybridMatrix | NDArray[np.float32]":
    """Return a dense matrix as a hybrid one where that is much smaller, else as it is.

    >>> wide = np.zeros((100, 50), np.float32)
    >>> wide[:, 0] = 1
    >>> type(as_hybrid(wide)).__name__, type(as_hybrid(wide[:, :1])).__name__
    ('HybridMatrix', 'ndarray')
    """
    n, d = matrix.shape
    counts = np.count_nonzero(matrix, axis=0)
    full = counts > _FULL * n
    # an entry of a sparse matrix is two numbers
    if n * int(full.sum()) + 2 * int(counts[~full].sum()) > _GAIN * n * d:
        return matrix
    columns = np.flatnonzero(full)
    rest = np.where(full, np.float32(0), matrix)
    return HybridMatrix(np.ascontiguousarray(matrix[:, columns]), columns, sparse.csr_array(rest))
