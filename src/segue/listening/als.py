"""iALS: implicit matrix factorization by alternating least squares, regularized by frequency.

Minimises, over factors ``x_u`` and ``y_i`` of `dimensions` numbers,

``sum over listened c (1 - x_u.y_i)^2 + sum over disliked c (x_u.y_i)^2
+ unobserved * sum over all (x_u.y_i)^2 + sum of l_u |x_u|^2 + sum of l_i |y_i|^2``

with ``l_u = regularization (n_u + unobserved n_items)^frequency`` and the same for items, so that
users with more listens are regularized more (Rendle et al., Revisiting the performance of iALS on
item recommendation benchmarks, 2022; the objective is Hu, Koren and Volinsky's, 2008). `c` is 1, or
grows with the strength of an opinion relative to the mean like of its user.

Each half step solves one least-squares problem a row, exactly: see `segue.listening.als_solver`.

If item features are given, factors of items with few listeners are shrunk towards a prediction from
their features (see `segue.listening.content`), so that items without listeners are scored too.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.listening.als_solver import AlsSettings, Factors, HalfStep, diagonalized, solve_rows
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
        users_step, items_step = (
            HalfStep(one, d, self.settings, self.runner) for one in (rows, by_item)
        )
        for _ in range(self.settings.iterations):
            users = users_step(items)
            items = items_step(users)
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
        self.item_factors_, self.shared_, _ = diagonalized(items, self.settings.unobserved)

    def with_prior(self, prior: float) -> Self:
        """Return the model with another `prior`, which needs no fit, until the model is saved."""
        other = type(self)(replace(self.settings, prior=prior))
        other.__dict__.update({**self.__dict__, "settings": other.settings})
        other._place()
        return other

    def _weighted(self, rows: Matrix) -> Matrix:
        return relative_strengths(rows, 1.0) if self.settings.strength else rows

    def _solve(self, rows: Matrix, factors: Factors, shared: Factors) -> Factors:
        return solve_rows(rows, factors, shared, self.settings)

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
