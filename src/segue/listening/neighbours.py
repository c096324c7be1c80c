"""Two strong baselines from co-occurrence: item-kNN and RP3beta.

- *Item-kNN*: cosine similarity of the users who like two items, shrunk if few like both
  (Sarwar et al., 2001; shrinkage: Bell and Koren, 2007).
- *RP3beta*: random walk item - user - item, whose probability is divided by the popularity of the
  last item to the power `beta` (Paudel et al., 2017).

Both are fitted on likes only, each with value 1. Scoring subtracts for dislikes as it adds for
likes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from segue.listening.items import ItemItemModel, largest_of_rows
from segue.listening.matrices import Matrix, liked

_BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKnnSettings:
    """Settings of item-kNN."""

    neighbours: int = 100
    shrinkage: float = 10.0  # users in common that halve a similarity, roughly

    def __post_init__(self) -> None:
        """Check ranges."""
        _check_neighbours(self.neighbours)
        if not self.shrinkage >= 0:
            raise ValueError(f"shrinkage is {self.shrinkage}: it must be at least 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rp3BetaSettings:
    """Settings of the walk."""

    neighbours: int = 200
    alpha: float = 0.8  # power of every step's probability
    beta: float = 0.4  # power of the popularity that is divided by

    def __post_init__(self) -> None:
        """Check ranges."""
        _check_neighbours(self.neighbours)


class ItemKnn(ItemItemModel):
    """Nearest items by shrunk cosine."""

    kind = "item-knn"
    settings_class = ItemKnnSettings
    settings: ItemKnnSettings

    def _fit(self, user_items: Matrix, *_: Matrix | None) -> None:
        matrix = _binary(liked(user_items))
        by_item = matrix.T.tocsr()
        length = np.sqrt(np.diff(by_item.indptr))
        parts = []
        for block in _blocks(matrix.shape[1]):
            common = (by_item[block] @ matrix).tocsr()
            rows = block.start + np.repeat(np.arange(common.shape[0]), np.diff(common.indptr))
            shrunk = length[rows] * length[common.indices] + self.settings.shrinkage
            common.data = common.data / np.maximum(shrunk, 1e-9)
            parts.append(_nearest(common, block, self.settings.neighbours))
        self._keep(_by_column(parts, matrix.shape[1]))


class Rp3Beta(ItemItemModel):
    """Random walk with popularity discount."""

    kind = "rp3beta"
    settings_class = Rp3BetaSettings
    settings: Rp3BetaSettings

    def _fit(self, user_items: Matrix, *_: Matrix | None) -> None:
        matrix = _binary(liked(user_items))
        by_item = matrix.T.tocsr()
        alpha = self.settings.alpha
        out = _scaled(by_item, np.diff(by_item.indptr), alpha).T.tocsr()  # item to user
        back = _scaled(matrix, np.diff(matrix.indptr), alpha).T.tocsr()  # user to item
        arrival = np.maximum(np.diff(by_item.indptr), 1) ** self.settings.beta
        parts = []
        for block in _blocks(matrix.shape[1]):
            walked = (back[block] @ out).tocsr()
            rows = np.repeat(np.arange(walked.shape[0]), np.diff(walked.indptr))
            walked.data = walked.data / arrival[block.start + rows]
            parts.append(_nearest(walked, block, self.settings.neighbours))
        self._keep(_by_column(parts, matrix.shape[1]))


def _check_neighbours(neighbours: int) -> None:
    if neighbours < 1:
        raise ValueError(f"neighbours is {neighbours}: it must be at least 1.")


def _binary(matrix: Matrix) -> Matrix:
    ones = matrix.copy()
    ones.data = np.ones_like(ones.data)
    return ones


def _scaled(matrix: Matrix, counts: Any, alpha: float) -> Matrix:
    """Return each row divided by its count, all to the power `alpha`."""
    share = 1 / np.maximum(counts, 1) ** alpha
    return (sparse.diags_array(share.astype(np.float32)) @ matrix).tocsr()


def _blocks(n: int) -> list[slice]:
    return [slice(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK)]


def _nearest(block_of_rows: Matrix, block: slice, most: int) -> Matrix:
    own = block.start + np.repeat(np.arange(block_of_rows.shape[0]), np.diff(block_of_rows.indptr))
    block_of_rows.data[block_of_rows.indices == own] = 0  # no item is its own neighbor
    return largest_of_rows(block_of_rows, most)


def _by_column(parts: list[Matrix], n: int) -> Matrix:
    """Return the matrix of which `parts` are blocks of columns, each given by rows."""
    return sparse.vstack(parts, format="csr").T.tocsr() if parts else sparse.csr_array((n, n))
