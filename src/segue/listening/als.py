"""iALS: implicit matrix factorization by alternating least squares, regularized by frequency.

Minimises, over factors ``x_u`` and ``y_i`` of `dimensions` numbers,

``sum over listened c (1 - x_u.y_i)^2 + sum over disliked c (x_u.y_i)^2
+ unobserved * sum over all (x_u.y_i)^2 + sum of l_u |x_u|^2 + sum of l_i |y_i|^2``

with ``l_u = regularization (n_u + unobserved n_items)^frequency`` and the same for items, so that
users with more listens are regularized more (Rendle et al., Revisiting the performance of iALS on
item recommendation benchmarks, 2022; the objective is Hu, Koren and Volinsky's, 2008). `c` is 1, or
grows with the strength of an opinion relative to the mean like of its user.

Each half step solves one least-squares problem a row, exactly. The part that all rows share,
``unobserved Y'Y``, is diagonal after the factors are rotated into its eigenvectors. The rest has
the rank of a row's listens, so that a row of n listens costs ``n^2 dimensions`` and not
``dimensions^3`` (Woodbury).

If item features are given, factors of items with few listeners are shrunk towards a prediction from
their features (see `segue.listening.content`), so that items without listeners are scored too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.index import for_each
from segue.listening.content import ContentMap, finite, has_features, shrunk_towards
from segue.listening.matrices import (
    Ids,
    Matrix,
    Scores,
    mask_columns,
    relative_strengths,
    rows_with,
)
from segue.listening.model import ListeningModel

Factors = NDArray[np.float32]

_BLOCK_NUMBERS = 500_000
"""Maximum number of floats a block of rows gathers: fits a core's cache, bounds memory."""
_FEW = 64
"""Up to this many rows are solved without threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsSettings:
    """Settings of the factorization."""

    dimensions: int = 128
    regularization: float = 0.01
    frequency: float = 1.0  # 0: the same for all users, 1: in proportion to their listens
    unobserved: float = 0.05  # weight of pairs without a listen
    strength: float = 0.0  # dependence of the weight of a listen on its relative strength
    iterations: int = 12
    prior: float = 3.0  # listeners that count as much as the features
    seed: int = 0

    def __post_init__(self) -> None:
        """Check ranges."""
        for name in ("dimensions", "iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")
        for name in ("regularization", "unobserved"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be above 0.")
        if not self.prior >= 0:
            raise ValueError(f"prior is {self.prior}: it must be at least 0.")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}: it must be from 0 to 1.")


class Als(ListeningModel):
    """Implicit alternating least squares; a history is folded in by one half step.

    `item_factors_` ``[n_items, dimensions]`` are in the basis in which `shared_` is diagonal, so
    that the cost of folding in depends only on the length of the history.
    """

    kind = "als"
    settings_class = AlsSettings
    settings: AlsSettings

    def _fit(self, user_items: Matrix, item_features: Matrix | None, _: Matrix | None) -> None:
        rng = np.random.default_rng(self.settings.seed)
        d = max(min(self.settings.dimensions, *user_items.shape), 1)
        items = rng.standard_normal((user_items.shape[1], d), np.float32) / np.float32(np.sqrt(d))
        rows = self._weighted(user_items)
        by_item = rows.T.tocsr()
        for _ in range(self.settings.iterations):
            users = self._solve(rows, *_diagonal(items, self.settings.unobserved)[:2])
            items = self._solve(by_item, *_diagonal(users, self.settings.unobserved)[:2])
        listeners = np.diff(by_item.indptr)
        self.scored_ = listeners > 0
        predicted = None if item_features is None else self._predicted(items, item_features)
        self._placed = items, predicted, listeners
        self._place()

    def _predicted(
        self, items: Factors, features: Matrix
    ) -> tuple[NDArray[np.int64], Factors] | None:
        """Return the items with features, and their predicted factors."""
        features = finite(features)
        mapped = ContentMap.fit(features, items, self.scored_)
        if mapped is None:
            return None
        described = has_features(features)
        places = np.flatnonzero(described)
        self.scored_ = self.scored_ | described
        return places, mapped.predict(features[places])

    def _place(self) -> None:
        """Set the factors of items, shrunk towards the predicted ones."""
        items, predicted, listeners = self._placed
        if predicted is not None:
            places, towards = predicted
            items = items.copy()
            items[places] = shrunk_towards(
                items[places], towards, listeners[places], self.settings.prior
            )
        self.item_factors_, self.shared_, _ = _diagonal(items, self.settings.unobserved)

    def with_prior(self, prior: float) -> Self:
        """Return the model with another `prior`, which needs no fit, until the model is saved."""
        other = type(self)(replace(self.settings, prior=prior))
        other.__dict__.update({**self.__dict__, "settings": other.settings})
        other._place()
        return other

    def _weighted(self, rows: Matrix) -> Matrix:
        return relative_strengths(rows, 1.0) if self.settings.strength else rows

    def _solve(self, rows: Matrix, factors: Factors, shared: Factors) -> Factors:
        return _solve_rows(rows, factors, shared, self.settings)

    def factors_of(self, histories: Matrix) -> Factors:
        """Return ``[n, dimensions]``: the factors of users with such histories."""
        return self._solve(self._weighted(histories), self.item_factors_, self.shared_)

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]``: scalar products of factors.

        NaN for items without factors, and for histories that like none of the others.
        """
        scores: Scores = self.factors_of(histories) @ self.item_factors_.T
        likes = (histories.data > 0) & self.scored_[histories.indices]
        scores[~rows_with(histories, likes)] = np.nan
        return mask_columns(scores, self.scored_)

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: cosines of items' factors, NaN for items without factors."""
        length = np.maximum(np.linalg.norm(self.item_factors_, axis=1), np.float32(1e-12))
        unit = self.item_factors_[item_ids] / length[item_ids, None]
        cosines: Scores = (unit @ self.item_factors_.T) / length
        cosines[~self.scored_[item_ids]] = np.nan
        return mask_columns(cosines, self.scored_)

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        return {
            "item_factors": self.item_factors_,
            "shared": self.shared_,
            "spoken_for": self.scored_,
        }

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.item_factors_ = arrays["item_factors"]
        self.shared_ = arrays["shared"]
        self.scored_ = arrays["spoken_for"]


def half_step(rows: Matrix, factors: Factors, settings: AlsSettings) -> Factors:
    """Return the optimal factors ``[n, d]`` of `rows` ``[n, m]``, given those of the columns.

    Values of `rows` are relative strengths. A row without a listen gets zeros.
    """
    rotated, shared, rotation = _diagonal(factors, settings.unobserved)
    return _solve_rows(rows, rotated, shared, settings) @ rotation.T


def _diagonal(factors: Factors, unobserved: float) -> tuple[Factors, Factors, Factors]:
    """Return factors ``[m, d]`` in a basis where ``unobserved Y'Y`` is diagonal.

    Also that diagonal ``[d]``, and the rotation ``[d, d]``: ``factors @ rotation``.
    """
    gram = unobserved * (factors.T @ factors).astype(np.float64)
    diagonal, rotation = np.linalg.eigh(gram)
    rotation = rotation.astype(np.float32)
    return factors @ rotation, np.maximum(diagonal, 0).astype(np.float32), rotation


def _solve_rows(rows: Matrix, factors: Factors, shared: Factors, settings: AlsSettings) -> Factors:
    """Return the optimal factors ``[n, d]`` of rows; `factors` are as `_diagonal` returns them."""
    d = factors.shape[1]
    counts = np.diff(rows.indptr)
    solved = np.zeros((rows.shape[0], d), np.float32)
    least = settings.unobserved * rows.shape[1]

    def solve(block: NDArray[np.int64]) -> None:
        ridge = settings.regularization * (counts[block] + least) ** settings.frequency
        diagonal = shared + ridge.astype(np.float32)[:, None]
        small = counts[block[-1]] < d
        listens = _listens(rows, block, d, settings.strength)
        solved[block] = (_solve_few if small else _solve_many)(factors, listens, diagonal)

    blocks = _blocks(counts, d)
    if len(counts) <= _FEW:
        for block in blocks:
            solve(block)
    else:
        for_each(solve, blocks)
    return solved


@dataclass(frozen=True, slots=True)
class _Listens:
    """Listens of a block of rows, each ``[b, n]``; short rows are padded with weight 0."""

    columns: NDArray[np.int64]
    root: Factors  # of the weight of each listen
    wanted: Factors  # the root for likes, 0 for dislikes


def _listens(rows: Matrix, block: NDArray[np.int64], d: int, strength: float) -> Iterator[_Listens]:
    """Yield the listens of a block's rows, in parts that fit `_BLOCK_NUMBERS`."""
    starts, counts = rows.indptr[block], rows.indptr[block + 1] - rows.indptr[block]
    most = int(counts[-1])  # a block is sorted by counts
    step = max(_BLOCK_NUMBERS // (len(block) * d), d)
    for first in range(0, most, step):
        offsets = np.arange(first, min(first + step, most))
        places = starts[:, None] + offsets
        if counts[0] < most:
            there = offsets < counts[:, None]
            places[~there] = 0
            values = np.where(there, rows.data[places], 0)
        else:
            there = np.True_
            values = rows.data[places]
        root = np.where(there, np.sqrt(_confidence(values, strength)), 0)
        yield _Listens(rows.indices[places], root, root * (values > 0))


def _solve_few(factors: Factors, listens: Iterator[_Listens], diagonal: Factors) -> Factors:
    """Solve rows with fewer listens than dimensions by Woodbury: a system the size of the listens.

    With ``V = sqrt(C) G / sqrt(D)``: ``(G'CG + D)^-1 = (I - V'(I + VV')^-1 V)`` between two
    ``1 / sqrt(D)``, so the result is ``V'(I + VV')^-1 wanted / sqrt(D)``.
    """
    own = next(listens)
    scale = 1 / np.sqrt(diagonal)  # [b, d]
    scaled = factors.take(own.columns, axis=0)  # [b, n, d]
    scaled *= own.root[:, :, None]
    scaled *= scale[:, None, :]
    inner = scaled @ scaled.transpose(0, 2, 1)
    n = inner.shape[1]
    inner[:, np.arange(n), np.arange(n)] += 1
    solution = np.linalg.solve(inner, own.wanted[:, :, None])
    return np.asarray((solution.transpose(0, 2, 1) @ scaled)[:, 0] * scale, np.float32)


def _solve_many(factors: Factors, listens: Iterator[_Listens], diagonal: Factors) -> Factors:
    """Solve ``(G'CG + D) x = G'C wanted`` for each row, ``[b, d]``."""
    b, d = diagonal.shape
    system = np.zeros((b, d, d), np.float32)
    right = np.zeros((b, d, 1), np.float32)
    for part in listens:
        weighted = factors.take(part.columns, axis=0)
        weighted *= part.root[:, :, None]
        across = weighted.transpose(0, 2, 1)
        system += across @ weighted
        right += across @ part.wanted[:, :, None]
    system[:, np.arange(d), np.arange(d)] += diagonal
    return np.asarray(np.linalg.solve(system, right)[:, :, 0], np.float32)


def _blocks(counts: NDArray[Any], d: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows that have listens in blocks of similar length, sorted by length.

    The longest rows come first, so that no thread works alone on them at the end. Lengths in a
    block differ by up to an eighth.
    """
    order = np.argsort(counts, kind="stable")
    lengths = counts[order]
    stop = len(order)
    while stop and lengths[stop - 1] > 0:
        most = int(lengths[stop - 1])
        size = max(_BLOCK_NUMBERS // (most * d + min(most, d) ** 2), 1)
        least = d if most >= d else 1  # both ways to solve have their own blocks
        similar = int(np.searchsorted(lengths, max(least, most - most // 8)))
        start = max(stop - size, similar)
        yield order[start:stop]
        stop = start


def _confidence(values: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Return the weight of each listen: 1, or more if it is stronger than the mean like."""
    if not strength:
        return np.ones_like(values)
    return np.asarray((1 - strength) + strength * np.abs(values), np.float32)
