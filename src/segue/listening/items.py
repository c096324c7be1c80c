"""Base of item-item models: the scores of a history are its product with an item-item matrix.

The matrix is sparse, with the largest entries of each column, so that the cost of scoring is the
number of entries of the history's items. The score of an item without entries is NaN.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.listening.matrices import Ids, Matrix, Scores, mask_columns, rows_with
from segue.listening.model import ListeningModel


class ItemItemModel(ListeningModel):
    """Model whose `weights_` ``[n_items, n_items]`` are the contribution of each item to others."""

    weights_: Matrix

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]``: sums of the contributions of a history's items.

        NaN for items without entries, and for histories of items that contribute to none.
        """
        scores: Scores = (histories @ self.weights_).toarray().astype(np.float32, copy=False)
        known = rows_with(histories, self._contributes[histories.indices])
        scores[~known] = np.nan
        return mask_columns(scores, self.scored_)

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: contributions of each of `item_ids` to all items."""
        scores: Scores = self.weights_[item_ids].toarray().astype(np.float32, copy=False)
        scores[~self._contributes[item_ids]] = np.nan
        return mask_columns(scores, self.scored_)

    def _keep(self, weights: Matrix, spoken_for: NDArray[np.bool_] | None = None) -> None:
        self.weights_ = sparse.csr_array(weights, dtype=np.float32)
        self._contributes = np.diff(self.weights_.indptr) > 0
        if spoken_for is not None:
            self.scored_ = spoken_for  # as saved: a memory-mapped matrix is not read through
            return
        self.weights_.sort_indices()
        self.scored_ = np.bincount(self.weights_.indices, minlength=weights.shape[1]) > 0

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        kept = self.weights_
        return {"data": kept.data, "indices": kept.indices, "indptr": kept.indptr}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        n = len(arrays["indptr"]) - 1
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        self._keep(sparse.csr_array(parts, shape=(n, n)), arrays.get("spoken_for"))


def largest_of_columns(block: NDArray[np.float32], most: int) -> Matrix:
    """Return the `most` entries of largest magnitude of each column of a dense block, as CSC.

    >>> block = np.array([[1, 0], [-3, 2], [2, 0]], np.float32)
    >>> largest_of_columns(block, 2).toarray().tolist()
    [[0.0, 0.0], [-3.0, 2.0], [2.0, 0.0]]
    """
    n_rows, n_columns = block.shape
    if most >= n_rows:
        return sparse.csc_array(block)
    rows = np.argpartition(-np.abs(block), most - 1, axis=0)[:most]
    values = np.take_along_axis(block, rows, axis=0)
    starts = np.arange(n_columns + 1) * most
    kept = sparse.csc_array((values.T.ravel(), rows.T.ravel(), starts), shape=block.shape)
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept


def largest_of_rows(block: Matrix, most: int) -> Matrix:
    """Return the `most` entries of largest magnitude of each row of a sparse block, as CSR.

    Of equal entries those that are stored first are kept.

    >>> block = sparse.csr_array(np.array([[1, -3, 2], [0, 2, 0]], np.float32))
    >>> largest_of_rows(block, 2).toarray().tolist()
    [[0.0, -3.0, 2.0], [0.0, 2.0, 0.0]]
    """
    rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    order = np.lexsort((-np.abs(block.data), rows))
    rank = np.arange(block.nnz) - block.indptr[rows]
    chosen = order[rank < most]
    kept = sparse.csr_array(
        (block.data[chosen].astype(np.float32), (rows[chosen], block.indices[chosen])),
        shape=block.shape,
    )
    kept.eliminate_zeros()
    return kept
