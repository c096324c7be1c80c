"""EASE: closed-form linear item-item model, scaled by popularity.

For a matrix ``X [n_users, n_items]``, ``P = (X'X + l I)^-1`` gives the weights
``B = I - P / diag(P)`` that best reconstruct each column from the others (Steck, Embarrassingly
shallow autoencoders for sparse data, 2019).

*Popularity scaling.* Columns are divided by ``listeners^balance`` first, and scores multiplied by
``listeners^lift`` after, so that the regularization acts equally on all items and popular items do
not dominate. ``balance = lift = 0`` is plain EASE.

*The smaller side.* With fewer users than items no ``[n_items, n_items]`` matrix is needed: by
``P = (I - X'KX) / l`` with ``K = (XX' + l I)^-1 [n_users, n_users]``, a history `h` scores
``h - (h - (hX')KX) / (l diag P)``. With fewer items, `B` is computed for the `most_items` most
popular items, and its largest entries are kept; scores of all other items are NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from segue.index import for_each
from segue.listening.items import ItemItemModel, largest_of_columns
from segue.listening.matrices import Ids, Matrix, Scores, liked, mask_columns, rows_with

_BLOCK = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class EaseSettings:
    """Regularization, popularity scaling and limits of size."""

    regularization: float = 100.0
    balance: float = 0.0  # columns are divided by popularity to this power
    lift: float = 0.0  # scores are multiplied by popularity to this power
    most_users: int = 5_000  # maximum size of the user side
    most_items: int = 12_000  # of the item side: [n, n] numbers, n^3 / 3 operations
    kept: int = 300  # entries of each column of the item side

    def __post_init__(self) -> None:
        """Check ranges."""
        if not self.regularization > 0:
            raise ValueError(f"regularization is {self.regularization}: it must be above 0.")
        for name in ("most_items", "kept"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")


class Ease(ItemItemModel):
    """Popularity-scaled EASE, solved on whichever side is smaller."""

    kind = "ease"
    settings_class = EaseSettings
    settings: EaseSettings

    def _fit(self, user_items: Matrix, item_features: Matrix | None) -> None:  # noqa: ARG002
        matrix = liked(user_items)
        self._count(np.bincount(matrix.indices, minlength=matrix.shape[1]))
        n_users, n_liked = matrix.shape[0], int((self.listeners_ > 0).sum())
        self.by_users_ = n_users <= self.settings.most_users and n_users < n_liked
        scaled = self._scaled(matrix)
        if self.by_users_:
            self._fit_users(scaled)
        else:
            self._fit_items(scaled)

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]``; NaN for items that are not popular enough for the model."""
        scaled = self._scaled(histories)
        scores = self._by_users(scaled) if self.by_users_ else super().score(scaled)
        scores *= self._lift
        return scores

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: the scores of a history that likes only that item."""
        n = len(item_ids)
        shape = (n, self.n_items)
        ones, rows = np.ones(n, np.float32), np.arange(n + 1)
        return self.score(sparse.csr_array((ones, np.asarray(item_ids), rows), shape=shape))

    def _fit_users(self, scaled: Matrix) -> None:
        n_users = scaled.shape[0]
        gram = (scaled @ scaled.T).toarray().astype(np.float64)
        gram[np.diag_indices(n_users)] += self.settings.regularization
        kernel = linalg.inv(gram, overwrite_a=True, check_finite=False)
        self.kernel_ = kernel.astype(np.float32)
        self._by_item = scaled.T.tocsr()
        # diag(X'KX), a block of items at a time
        inside = np.zeros(scaled.shape[1])
        for start in range(0, scaled.shape[1], _BLOCK):
            part = self._by_item[start : start + _BLOCK]
            inside[start : start + _BLOCK] = np.asarray(
                part.multiply(part @ kernel).sum(axis=1)
            ).ravel()
        self.diagonal_ = np.maximum(1 - inside, 1e-9).astype(np.float32)  # l times diag(P)
        self.scored_ = self.listeners_ > 0

    def _by_users(self, scaled: Matrix) -> Scores:
        common = scaled @ self._by_item
        through = np.asarray(common.toarray(), np.float32) @ self.kernel_  # [n, n_users]
        rest: Scores = (self._by_item @ through.T).T
        scores = np.asarray(rest / self.diagonal_, np.float32)
        rows = np.repeat(np.arange(scaled.shape[0]), np.diff(scaled.indptr))
        # an item does not predict itself: the diagonal of B is zero
        own = scaled.data * (1 - 1 / self.diagonal_[scaled.indices])
        scores[rows, scaled.indices] += own
        scores[~rows_with(scaled, self.scored_[scaled.indices])] = np.nan
        return mask_columns(scores, self.scored_)

    def _fit_items(self, scaled: Matrix) -> None:
        n_items = scaled.shape[1]
        order = np.argsort(-self.listeners_, kind="stable")[: self.settings.most_items]
        chosen = np.sort(order[self.listeners_[order] > 0])
        inverse = _inverse(_gram(scaled[:, chosen], self.settings.regularization))
        diagonal = np.diagonal(inverse).copy()
        parts: dict[int, Matrix] = {}

        def fit_block(start: int) -> None:
            columns = np.arange(start, min(start + _BLOCK, len(chosen)))
            weights = inverse[columns].T / -diagonal[columns]
            weights[columns, np.arange(len(columns))] = 0
            parts[start] = largest_of_columns(weights, self.settings.kept)

        for_each(fit_block, range(0, len(chosen), _BLOCK))
        in_order = [parts[start] for start in sorted(parts)]
        small = sparse.hstack(in_order, format="coo") if in_order else sparse.coo_array((0, 0))
        full = sparse.csr_array(
            (small.data, (chosen[small.row], chosen[small.col])), shape=(n_items, n_items)
        )
        self._keep(full)
        self.scored_ = np.isin(np.arange(n_items), chosen)

    def _count(self, listeners: NDArray[np.int64]) -> None:
        """Set the number of listeners of each item, and the factors of columns and scores."""
        self.listeners_ = listeners
        popularity = np.maximum(listeners, 1.0)
        self._balance = (popularity**-self.settings.balance).astype(np.float32)
        self._lift = (popularity**self.settings.lift).astype(np.float32)

    def _scaled(self, matrix: Matrix) -> Matrix:
        """Return the signs of a matrix, scaled by popularity."""
        signs = np.sign(matrix.data) * self._balance[matrix.indices]
        return sparse.csr_array((signs, matrix.indices, matrix.indptr), shape=matrix.shape)

    def _needs_user_items(self) -> bool:
        return bool(self.by_users_)

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        shared = {"listeners": self.listeners_}
        if self.by_users_:
            return {**shared, "kernel": self.kernel_, "diagonal": self.diagonal_}
        return {**shared, **super()._arrays(), "spoken_for": self.scored_}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._count(arrays["listeners"])
        self.by_users_ = "kernel" in arrays
        if self.by_users_:
            self.kernel_, self.diagonal_ = arrays["kernel"], arrays["diagonal"]
            self._by_item = self._scaled(liked(self._fitted())).T.tocsr()
            self.scored_ = self.listeners_ > 0
        else:
            super()._restore(arrays)


def _gram(matrix: Matrix, regularization: float) -> NDArray[np.float32]:
    """Return ``X'X + regularization I``, dense."""
    n = matrix.shape[1]
    gram = np.empty((n, n), np.float32)
    by_item = matrix.T.tocsr()

    def fill(start: int) -> None:
        block = slice(start, start + _BLOCK // 4)
        gram[block] = (by_item[block] @ matrix).toarray()

    for_each(fill, range(0, n, _BLOCK // 4))
    gram[np.diag_indices(n)] += np.float32(regularization)
    return gram


def _inverse(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the inverse of a symmetric positive definite matrix, which is overwritten."""
    if not len(matrix):
        return matrix
    # the transpose is the same matrix in LAPACK's order: nothing is copied
    factor, bad = linalg.lapack.spotrf(matrix.T, lower=1, overwrite_a=1)
    if bad:
        raise np.linalg.LinAlgError("the Gram matrix is not positive definite")
    inverse, _ = linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    whole: NDArray[np.float32] = inverse + inverse.T  # zeros above the diagonal
    whole[np.diag_indices(len(whole))] /= 2
    return whole
