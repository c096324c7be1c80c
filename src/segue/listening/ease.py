"""EASE: closed-form linear item-item model, scaled by popularity.

For a matrix ``X [n_users, n_items]``, ``P = (X'X + l I)^-1`` gives the weights
``B = I - P / diag(P)`` that best reconstruct each column from the others (Steck, Embarrassingly
shallow autoencoders for sparse data, 2019).

*Popularity scaling.* Columns are divided by ``listeners^balance`` first, and scores multiplied by
``listeners^lift`` after, so that the regularization acts equally on all items and popular items do
not dominate. ``balance = lift = 0`` is plain EASE.

*Strengths.* A like is as large as its value relative to the mean like of its user, to the power
`strength`, and never larger than 3; a dislike in a history is the same below zero. ``strength = 0``
is plain EASE, in which all likes are 1.

*Labels.* Tags, artists, albums and genres of items are further rows of `X`, one row a label, as if
a user liked the items with that label; `label_weight` scales them. They are not scaled by
popularity, because the labels of an item do not depend on its listeners. Items without listeners
are scored by their labels, and their popularity is predicted from the number and the weights of
these: well-described items have more listeners.

*The smaller side.* With fewer rows than items no ``[n_items, n_items]`` matrix is needed: by
``P = (I - X'KX) / l`` with ``K = (XX' + l I)^-1 [n_rows, n_rows]``, a history `h` scores
``h - (h - (hX')KX) / (l diag P)``. With fewer items, `B` is computed, and the largest entries of
its columns are kept. With many of both, the `most_items` most popular items predict each other and
all other items: ``P_SS X_S'x_j`` is the ridge regression of another item `j` on the popular ones
`S`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from segue.index import for_each
from segue.listening.items import ItemItemModel, largest_of_columns
from segue.listening.matrices import (
    Ids,
    Matrix,
    Scores,
    liked,
    mask_columns,
    relative_strengths,
    rows_with,
)

_BLOCK = 1_024
_MIN_KNOWN_ITEMS = 20
_SPARSE = 0.1
"""Up to this share of nonzero numbers a sparse product is faster than a dense one."""
_PARTS = ("data", "indices", "indptr")


@dataclass(frozen=True, slots=True, kw_only=True)
class EaseSettings:
    """Regularization, popularity scaling, strengths, labels and limits of size.

    Defaults are plain EASE; those of `segue.listening.collaborative` are better.
    """

    regularization: float = 100.0
    balance: float = 0.0  # columns are divided by popularity to this power
    lift: float = 0.0  # scores are multiplied by popularity to this power
    strength: float = 0.0  # likes are as large as their relative strength to this power
    label_weight: float = 0.0  # of the rows of labels
    max_rows: int = 3_000  # of users and labels; the most frequent labels are used
    min_labels: int = 500  # that are used with few or many users, and two more for each user
    most_users: int = 5_000  # maximum size of the user side
    most_items: int = 12_000  # of the item side: [n, n] numbers, n^3 / 3 operations
    kept: int = 300  # entries of each column of the item side
    n_kept_others: int = 60  # of each column of an item that is not among the most popular

    def max_labels(self, n_users: int) -> int:
        """Return the maximum number of labels: more users can teach more of them."""
        return max(min(self.min_labels + 2 * n_users, self.max_rows - n_users), self.min_labels)

    def __post_init__(self) -> None:
        """Check ranges."""
        if not self.regularization > 0:
            raise ValueError(f"regularization is {self.regularization}: it must be above 0.")
        for name in ("strength", "label_weight"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 0.")
        for name in ("most_items", "kept", "n_kept_others"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")


class Ease(ItemItemModel):
    """Popularity-scaled EASE, solved on whichever side is smaller."""

    kind = "ease"
    settings_class = EaseSettings
    settings: EaseSettings

    def _fit(self, user_items: Matrix, _: Matrix | None, item_labels: Matrix | None) -> None:
        matrix = liked(user_items)
        self._count(np.bincount(matrix.indices, minlength=matrix.shape[1]))
        rows = self._scaled(matrix)
        if item_labels is not None and self.settings.label_weight:
            self._set_popularity(_popularity(self.popularity_, self.listeners_, item_labels))
            rows = sparse.vstack(
                [rows, self._label_rows(item_labels, matrix.shape[0])], format="csr"
            )
        scored = np.bincount(rows.indices, minlength=rows.shape[1]) > 0
        few_users = matrix.shape[0] <= self.settings.most_users
        self.by_users_ = few_users and rows.shape[0] < int(scored.sum())
        if self.by_users_:
            self._fit_users(rows)
        else:
            self._fit_items(rows, scored)

    def _label_rows(self, item_labels: Matrix, n_users: int) -> Matrix:
        """Return ``[n_labels, n_items]``: rows of the labels that most items share."""
        labels = sparse.csc_array(item_labels, dtype=np.float32)
        n_items = np.diff(labels.indptr)
        order = np.argsort(-n_items, kind="stable")[: self.settings.max_labels(n_users)]
        chosen = np.sort(order[n_items[order] > 1])
        return sparse.csr_array((labels[:, chosen] * np.float32(self.settings.label_weight)).T)

    def with_lift(self, lift: float) -> Self:
        """Return the model with another `lift`, which needs no fit; arrays are shared."""
        other = type(self)(replace(self.settings, lift=lift))
        other.__dict__.update({**self.__dict__, "settings": other.settings})
        other._set_popularity(self.popularity_)
        return other

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]``; NaN for items with neither listeners nor labels."""
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

    def _fit_users(self, rows: Matrix) -> None:
        n_rows = rows.shape[0]
        gram = (rows @ rows.T).toarray().astype(np.float64)
        gram[np.diag_indices(n_rows)] += self.settings.regularization
        self.kernel_ = _inverse(gram).astype(np.float32)
        self._by_item = rows.T.tocsr()
        # diag(X'KX), a block of items at a time
        inside = np.zeros(rows.shape[1])
        for start in range(0, rows.shape[1], _BLOCK):
            part = self._by_item[start : start + _BLOCK]
            inside[start : start + _BLOCK] = np.asarray(
                part.multiply(part @ self.kernel_).sum(axis=1)
            ).ravel()
        self.diagonal_ = np.maximum(1 - inside, 1e-6).astype(np.float32)  # l times diag(P)
        self.scored_ = np.diff(self._by_item.indptr) > 0

    def _by_users(self, scaled: Matrix) -> Scores:
        common = scaled @ self._by_item
        # [n, n_rows]; a single history reads only the rows of the kernel that it has in common
        few = common.nnz * (2 if common.shape[0] == 1 else 8) < common.shape[0] * common.shape[1]
        through = (common if few else common.toarray()) @ self.kernel_
        rest: Scores = (self._by_item @ through.T).T
        scores = np.asarray(rest / self.diagonal_, np.float32)
        rows = np.repeat(np.arange(scaled.shape[0]), np.diff(scaled.indptr))
        # an item does not predict itself: the diagonal of B is zero
        own = scaled.data * (1 - 1 / self.diagonal_[scaled.indices])
        scores[rows, scaled.indices] += own
        scores[~rows_with(scaled, self.scored_[scaled.indices])] = np.nan
        return mask_columns(scores, self.scored_)

    def _fit_items(self, rows: Matrix, scored: NDArray[np.bool_]) -> None:
        n_items = rows.shape[1]
        order = np.argsort(-self.listeners_, kind="stable")[: self.settings.most_items]
        chosen = np.sort(order[scored[order]])
        inverse = _inverse(_gram(rows[:, chosen], self.settings.regularization))
        diagonal = np.diagonal(inverse).copy()
        others = np.setdiff1d(np.flatnonzero(scored), chosen)
        inputs = rows[:, chosen].T.tocsr()
        by_column = rows.tocsc()
        parts: dict[int, Matrix] = {}

        def fit_block(start: int) -> None:
            columns = np.arange(start, min(start + _BLOCK, len(chosen)))
            weights = inverse[columns].T / -diagonal[columns]
            weights[columns, np.arange(len(columns))] = 0
            parts[start] = largest_of_columns(weights, self.settings.kept)

        def fit_others(start: int) -> None:
            together = inputs @ by_column[:, others[start : start + _BLOCK]]
            dense = together.nnz > _SPARSE * np.prod(together.shape)
            columns = together.toarray() if dense else together
            weights = np.asarray((columns.T @ inverse).T, np.float32)
            parts[len(chosen) + start] = largest_of_columns(weights, self.settings.n_kept_others)

        for_each(fit_block, range(0, len(chosen), _BLOCK))
        for_each(fit_others, range(0, len(others), _BLOCK))
        in_order = [parts[start] for start in sorted(parts)]
        small = sparse.hstack(in_order, format="coo") if in_order else sparse.coo_array((0, 0))
        columns = np.concatenate([chosen, others])
        full = sparse.csr_array(
            (small.data, (chosen[small.row], columns[small.col])), shape=(n_items, n_items)
        )
        self._keep(full)
        self.scored_ = scored

    def _count(self, listeners: NDArray[np.int64]) -> None:
        """Set the number of listeners of each item, and the factors derived from it."""
        self.listeners_ = listeners
        self._balance = (np.maximum(listeners, 1.0) ** -self.settings.balance).astype(np.float32)
        self._set_popularity(np.maximum(listeners, 1.0))

    def _set_popularity(self, popularity: NDArray[Any]) -> None:
        self.popularity_ = popularity.astype(np.float32)
        self._lift = self.popularity_ ** np.float32(self.settings.lift)

    def _scaled(self, matrix: Matrix) -> Matrix:
        """Return the relative strengths of opinions, scaled by popularity."""
        strengths = relative_strengths(matrix, self.settings.strength)
        values = strengths.data * self._balance[matrix.indices]
        return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        shared: dict[str, NDArray[Any]] = {
            "listeners": self.listeners_,
            "popularity": self.popularity_,
        }
        if not self.by_users_:
            return {**shared, **super()._arrays(), "spoken_for": self.scored_}
        rows = {f"by_item.{one}": getattr(self._by_item, one) for one in _PARTS}
        return {**shared, **rows, "kernel": self.kernel_, "diagonal": self.diagonal_}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._count(arrays["listeners"])
        if "popularity" in arrays:  # not in models saved before labels
            self._set_popularity(arrays["popularity"])
        self.by_users_ = "kernel" in arrays
        if not self.by_users_:
            super()._restore(arrays)
            return
        self.kernel_, self.diagonal_ = arrays["kernel"], arrays["diagonal"]
        if "by_item.data" in arrays:
            shape = (self.n_items, len(self.kernel_))
            parts = tuple(arrays[f"by_item.{one}"] for one in _PARTS)
            self._by_item = sparse.csr_array(parts, shape=shape)
        else:
            self._by_item = self._scaled(liked(self._fitted())).T.tocsr()
        self.scored_ = np.diff(self._by_item.indptr) > 0


def _popularity(
    popularity: NDArray[np.float32], listeners: NDArray[np.int64], labels: Matrix
) -> NDArray[np.float32]:
    """Return the popularity of items, predicted for those with labels and without listeners.

    A regression of the logarithm on number and length of the labels, and their squares. New items
    with fewer or more labels than any known item are predicted as if they had as few or as many.
    """
    labels = sparse.csr_array(labels)
    number = np.log1p(np.diff(labels.indptr))
    length = np.sqrt(np.asarray(labels.multiply(labels).sum(axis=1)).ravel())
    known = (listeners > 0) & (number > 0)
    if known.sum() < _MIN_KNOWN_ITEMS:
        return popularity
    number, length = (np.clip(one, one[known].min(), one[known].max()) for one in (number, length))
    inputs = np.stack([np.ones_like(number), number, number**2, length, length**2], axis=1)
    weights = np.linalg.lstsq(inputs[known], np.log(listeners[known]), rcond=None)[0]
    # no more popular than any known item
    highest = np.log(listeners.max())
    predicted = np.exp(np.clip(inputs @ weights, 0, highest))
    new = (listeners == 0) & (number > 0)
    return np.where(new, predicted, popularity).astype(np.float32)


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


def _inverse(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return the inverse of a symmetric positive definite matrix, which is overwritten."""
    if not len(matrix):
        return matrix
    wide = matrix.dtype == np.float64
    factorize, invert = (
        (linalg.lapack.dpotrf, linalg.lapack.dpotri)
        if wide
        else (linalg.lapack.spotrf, linalg.lapack.spotri)
    )
    # the transpose is the same matrix in LAPACK's order: nothing is copied
    factor, bad = factorize(matrix.T, lower=1, overwrite_a=1)
    if bad:
        raise np.linalg.LinAlgError("the Gram matrix is not positive definite")
    inverse, _ = invert(factor, lower=1, overwrite_c=1)
    whole: NDArray[Any] = inverse + inverse.T  # zeros above the diagonal
    whole[np.diag_indices(len(whole))] /= 2
    return whole
