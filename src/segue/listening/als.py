"""iALS: implicit matrix factorisation by alternating least squares, regularised by frequency.

Minimises, over factors ``x_u`` and ``y_i`` of `dimensions` numbers,

``sum over listened c (1 - x_u.y_i)^2 + sum over disliked c (x_u.y_i)^2
+ unobserved * sum over all (x_u.y_i)^2 + sum of l_u |x_u|^2 + sum of l_i |y_i|^2``

with ``l_u = regularization (n_u + unobserved n_items)^frequency`` and the same for items: whoever
has more listens is regularised more (Rendle et al., Revisiting the performance of iALS on item
recommendation benchmarks, 2022; the objective is Hu, Koren and Volinsky's, 2008). `c` is 1, or
grows with how much a track was played.

Each half step solves one least-squares problem a row, exactly. The part that all rows share,
``unobserved Y'Y``, is diagonal once the factors are rotated into its eigenvectors; what is left is
of the rank of a row's listens, so a row of few listens costs ``n^2 dimensions`` and not
``dimensions^3`` (Woodbury).

Where features of items are given, factors of items that few know are drawn towards what their
features speak for (see `segue.listening.content`): an item that nobody knows has a place, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.listening.content import ContentMap, drawn_towards, has_features
from segue.listening.model import Ids, ListeningModel, Matrix, Scores

Factors = NDArray[np.float32]

_BLOCK_NUMBERS = 8_000_000
"""Floats that a block of rows may gather: bounds the memory of a half step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsSettings:
    """How the factors are learned."""

    dimensions: int = 128
    regularization: float = 0.01
    frequency: float = 1.0  # 0: everybody alike, 1: in proportion to their listens
    unobserved: float = 0.05  # weight of what nobody listened to
    strength: float = 0.0  # what a listen gains in weight by its value over the mean
    iterations: int = 12
    prior: float = 3.0  # listeners that an item's features are worth
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that no fit could use."""
        for name in ("dimensions", "iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")
        for name in ("regularization", "unobserved"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be above 0.")


class Als(ListeningModel):
    """Implicit alternating least squares; a listener is folded in by one half step."""

    kind = "als"
    settings_class = AlsSettings
    settings: AlsSettings

    def _fit(self, user_items: Matrix, item_features: Matrix | None) -> None:
        rng = np.random.default_rng(self.settings.seed)
        n_items, d = user_items.shape[1], min(self.settings.dimensions, *user_items.shape)
        scale = 1 / np.sqrt(d)
        self.item_factors_: Factors = (rng.standard_normal((n_items, d)) * scale).astype(np.float32)
        by_item = user_items.T.tocsr()
        self.mean_strength_ = _mean_strength(user_items)
        for _ in range(self.settings.iterations):
            users = self._solve(user_items, self.item_factors_)
            self.item_factors_ = self._solve(by_item, users)
        self.spoken_for_ = np.diff(by_item.indptr) > 0
        if item_features is not None:
            self._place_by_content(item_features, np.diff(by_item.indptr))

    def _place_by_content(self, features: Matrix, listeners: NDArray[np.int64]) -> None:
        mapped = ContentMap.fit(features, self.item_factors_, self.spoken_for_)
        if mapped is None:
            return
        described = has_features(features)
        places = np.flatnonzero(described)
        self.item_factors_[places] = drawn_towards(
            self.item_factors_[places],
            mapped.predict(features[places]),
            listeners[places],
            self.settings.prior,
        )
        self.spoken_for_ |= described

    def _solve(self, rows: Matrix, factors: Factors) -> Factors:
        return half_step(rows, factors, self.settings, self.mean_strength_)

    def factors_of(self, histories: Matrix) -> Factors:
        """Return ``[n, dimensions]``: where listeners with such histories stand."""
        return self._solve(histories, self.item_factors_)

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]``: scalar products of factors; NaN for items without a place."""
        scores: Scores = self.factors_of(histories) @ self.item_factors_.T
        scores[:, ~self.spoken_for_] = np.nan
        return scores

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: cosines of items' factors."""
        length = np.linalg.norm(self.item_factors_, axis=1, keepdims=True)
        unit = self.item_factors_ / np.maximum(length, 1e-12)
        cosines: Scores = unit[item_ids] @ unit.T
        cosines[:, ~self.spoken_for_] = np.nan
        return cosines

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        return {
            "item_factors": self.item_factors_,
            "spoken_for": self.spoken_for_,
            "mean_strength": np.array(self.mean_strength_),
        }

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.item_factors_ = arrays["item_factors"]
        self.spoken_for_ = arrays["spoken_for"]
        self.mean_strength_ = float(arrays["mean_strength"])


def half_step(
    rows: Matrix, factors: Factors, settings: AlsSettings, mean_strength: float = 1.0
) -> Factors:
    """Return the best factors ``[n, d]`` of `rows` ``[n, m]``, given those ``[m, d]`` of columns.

    A row without a listen gets zeros.
    """
    gram = settings.unobserved * (factors.T @ factors).astype(np.float64)
    shared, rotation = np.linalg.eigh(gram)
    shared = np.maximum(shared, 0)
    rotated = factors @ rotation.astype(np.float32)
    n_columns = rows.shape[1]
    counts = np.diff(rows.indptr)
    solved = np.zeros((rows.shape[0], factors.shape[1]), np.float32)
    for block in _blocks(counts, factors.shape[1]):
        n = int(counts[block].max())
        places = rows.indptr[block][:, None] + np.arange(n)
        there = np.arange(n) < counts[block][:, None]
        places = np.where(there, places, 0)
        values = np.where(there, rows.data[places], 0)
        confidence = np.where(there, _confidence(values, mean_strength, settings.strength), 0)
        ridge = settings.regularization * (
            (counts[block] + settings.unobserved * n_columns) ** settings.frequency
        )
        solved[block] = _solve_block(
            rotated[rows.indices[places]], confidence, values > 0, shared, ridge
        )
    return solved @ rotation.T.astype(np.float32)


def _solve_block(
    gathered: Factors,
    confidence: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    shared: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> Factors:
    """Solve ``(G'CG + diag(shared + ridge)) x = G'C wanted`` for every row of a block.

    Parameters
    ----------
    gathered
        ``[b, n, d]``: rotated factors of each row's columns.
    confidence, wanted
        ``[b, n]``; confidence 0 where a row has fewer than `n`.
    shared, ridge
        ``[d]`` and ``[b]``.
    """
    n, d = gathered.shape[1:]
    diagonal = (shared + ridge[:, None]).astype(np.float32)  # [b, d]
    root = np.sqrt(confidence).astype(np.float32)
    weighted = gathered * root[:, :, None]
    target = (root * wanted)[:, :, None]
    if n < d:
        scaled = weighted / diagonal[:, None, :]
        inner = scaled @ weighted.transpose(0, 2, 1)
        inner[:, np.arange(n), np.arange(n)] += 1
        answer = np.linalg.solve(inner, target)
        return (scaled.transpose(0, 2, 1) @ answer)[:, :, 0]
    system = weighted.transpose(0, 2, 1) @ weighted
    system[:, np.arange(d), np.arange(d)] += diagonal
    right = weighted.transpose(0, 2, 1) @ target
    solved: Factors = np.linalg.solve(system, right)[:, :, 0]
    return solved


def _blocks(counts: NDArray[np.int64], d: int) -> Iterator[NDArray[np.int64]]:
    """Give the rows that have listens, those of like length together, in blocks."""
    order = np.argsort(counts, kind="stable")
    order = order[np.searchsorted(counts[order], 1) :]
    start = 0
    while start < len(order):
        stop = start + 1
        first = max(int(counts[order[start]]), 1)
        while stop < len(order):
            n = int(counts[order[stop]])
            # rows of up to a quarter more listens share a block, padded with nothing
            if (
                n > max(first * 1.25, first + 2)
                or (stop - start + 1) * (n * d + min(n, d) ** 2) > _BLOCK_NUMBERS
            ):
                break
            stop += 1
        yield order[start:stop]
        start = stop


def _confidence(
    values: NDArray[np.float32], mean_strength: float, strength: float
) -> NDArray[np.float64]:
    """Return the weight of each listen: 1, or more where it was played more than is usual."""
    relative = np.abs(values) / max(mean_strength, 1e-12)
    return np.asarray((1 - strength) + strength * relative, np.float64)


def _mean_strength(user_items: Matrix) -> float:
    return float(np.abs(user_items.data).mean()) if user_items.nnz else 1.0
