"""Models that are a matrix from items to items: a listener's scores are their history times it.

Such a matrix is kept sparse, the largest entries of each column, so that scoring a history costs
what its items have entries. An item without any column entry has nothing to say: its score is NaN.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.listening.matrices import Ids, Matrix, Scores, rows_with, without
from segue.listening.model import ListeningModel


class ItemItemModel(ListeningModel):
    """A model whose `weights_` ``[n_items, n_items]`` say what an item adds to each other."""

    weights_: Matrix

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]``: the sum of what the items of a history add, NaN for none.

        NaN, too, for a history of none that has entries.
        """
        scores: Scores = (histories @ self.weights_).toarray().astype(np.float32, copy=False)
        told = rows_with(histories, self.spoken_for_[histories.indices])
        scores[~told] = np.nan
        return without(scores, self.spoken_for_)

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: what each of `item_ids` adds to every item."""
        scores: Scores = self.weights_[item_ids].toarray().astype(np.float32, copy=False)
        scores[~self.spoken_for_[item_ids]] = np.nan
        return without(scores, self.spoken_for_)

    def _keep(self, weights: Matrix, spoken_for: NDArray[np.bool_] | None = None) -> None:
        self.weights_ = sparse.csr_array(weights, dtype=np.float32)
        if spoken_for is not None:
            self.spoken_for_ = spoken_for  # as it was saved: what is mapped is not looked through
            return
        self.weights_.sort_indices()
        self.spoken_for_ = np.bincount(self.weights_.indices, minlength=weights.shape[1]) > 0

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        kept = self.weights_
        return {"data": kept.data, "indices": kept.indices, "indptr": kept.indptr}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        n = len(arrays["indptr"]) - 1
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        self._keep(sparse.csr_array(parts, shape=(n, n)), arrays.get("spoken_for"))


def largest_of_columns(block: NDArray[np.float32], most: int) -> Matrix:
    """Return the `most` entries of largest size of each column of a dense block, as CSC.

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
