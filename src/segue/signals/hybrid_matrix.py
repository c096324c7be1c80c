"""Matrices with some full and many nearly empty columns, and matrices as named arrays.

The combined vector of a track has a hundred numbers and several hundred genres and tags, of which a
track has a few. A product with all of it would mostly read zeros.

`matrix_parts` and `matrix_from` turn a dense, sparse or hybrid matrix into named arrays and back,
without copying: they may be memory-mapped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_FULL = 0.25
"""Share of nonzero entries above which a column is stored dense."""
_GAIN = 2 / 3
"""A hybrid is used only if it has at most this share of the dense numbers."""


@dataclass(frozen=True)
class HybridMatrix:
    """Matrix ``[n, d]`` of dense columns `full` ``[n, a]`` at `columns` ``[a]``, and a CSR `rest`.

    Indexing rows gives a dense array. It can be multiplied with a dense array on its right.
    """

    full: NDArray[np.float32]
    columns: NDArray[np.int64]
    rest: Any

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
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

    def left_product(self, left: Any) -> NDArray[np.float32]:
        """Return ``left @ self`` as a dense array, for a CSR matrix `left`.

        ``@`` cannot: scipy refuses a right factor that is neither its own nor an array.
        """
        product: NDArray[np.float32] = (left @ self.rest).toarray()
        product[:, self.columns] = left @ self.full
        return product

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[np.arange(self.shape[0])]
        return whole if dtype is None else whole.astype(dtype)


def as_hybrid(matrix: NDArray[np.float32]) -> "HybridMatrix | NDArray[np.float32]":
    """Return a dense matrix as a `HybridMatrix` if that is much smaller, else unchanged.

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


def matrix_parts(name: str, matrix: Any) -> dict[str, NDArray[Any]]:
    """Return a dense, CSR or hybrid matrix as named arrays, for `matrix_from`.

    A dense matrix is one array called `name`; the others are ``name.data``, ``name.indices``, ...
    """
    if isinstance(matrix, HybridMatrix):
        parts = matrix_parts(name, matrix.rest)
        return parts | {f"{name}.full": matrix.full, f"{name}.columns": matrix.columns}
    if not sparse.issparse(matrix):
        return {name: np.ascontiguousarray(matrix)}
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": narrow(matrix.indices),
        f"{name}.indptr": narrow(matrix.indptr),
        f"{name}.shape": np.array(matrix.shape, np.int64),
    }


def matrix_from(arrays: Mapping[str, NDArray[Any]], name: str) -> Any:
    """Return the matrix that `matrix_parts` turned into arrays; they are not copied."""
    if name in arrays:
        return arrays[name]
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    shape = tuple(arrays[f"{name}.shape"].tolist())
    matrix = sparse.csr_array(parts, shape=shape, copy=False)
    if f"{name}.full" in arrays:
        return HybridMatrix(arrays[f"{name}.full"], arrays[f"{name}.columns"], matrix)
    return matrix


def narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return int64 numbers as int32 if they fit: scipy copies a matrix to the wider of two.

    >>> narrow(np.array([1, 2])).dtype, narrow(np.array([2**40])).dtype
    (dtype('int32'), dtype('int64'))
    """
    fits = numbers.size == 0 or int(numbers.max()) < 2**31
    return numbers.astype(np.int32) if fits and numbers.dtype == np.int64 else numbers
