"""Predict item factors from item features, for items with few or no listeners.

A ridge regression maps features ``[n_items, d]`` to the factors ``[n_items, dimensions]`` of a
matrix factorization, learned on items with listeners. Items without listeners get the prediction;
the others a mean of prediction and own factors, in which the prediction counts as `prior` of their
`n` listeners:

``y = (n y_own + prior y_predicted) / (n + prior)``

The ridge is chosen by the prediction error on held-out items. (Mapping attributes to factors:
Gantner et al., 2010.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from segue.listening.matrices import rows_with

Factors = NDArray[np.float32]

_RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_MIN_KNOWN_ITEMS = 20
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class ContentMap:
    """The fitted map: `weights` ``[d + 1, dimensions]``, of which the last row is the intercept."""

    weights: Factors
    ridge: float

    @classmethod
    def fit(cls, features: Any, factors: Factors, known: NDArray[np.bool_]) -> "ContentMap | None":
        """Learn from the `known` items; None if they are too few.

        Parameters
        ----------
        features
            ``[n_items, d]``, dense or sparse; rows of NaN or zeros where unknown.
        """
        whole = _with_constant(features)
        places = np.flatnonzero(known)
        if len(places) < _MIN_KNOWN_ITEMS:
            return None
        held_out = np.arange(len(places)) % _FOLDS == 0
        inner, outer = places[~held_out], places[held_out]
        gram, right = _normal_equations(whole[inner], factors[inner])
        errors = [
            float(((whole[outer] @ _solved(gram, right, ridge) - factors[outer]) ** 2).sum())
            for ridge in _RIDGES
        ]
        ridge = _RIDGES[int(np.argmin(errors))]
        return cls(_solved(*_normal_equations(whole[places], factors[places]), ridge), ridge)

    def predict(self, features: Any) -> Factors:
        """Return the predicted factors ``[n_items, dimensions]``."""
        predicted: Factors = _with_constant(features) @ self.weights
        return predicted


def shrunk_towards(
    own: Factors, predicted: Factors, listeners: NDArray[Any], prior: float
) -> Factors:
    """Return the mean of own and predicted factors, weighted by listeners and `prior`.

    >>> own, predicted = np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)
    >>> shrunk_towards(own, predicted, np.array([0, 3]), prior=1.0).ravel().tolist()
    [0.0, 0.75]
    """
    share = (listeners / (listeners + prior))[:, None] if prior > 0 else np.float32(1)
    between: Factors = (share * own + (1 - share) * predicted).astype(np.float32)
    return between


def has_features(features: Any) -> NDArray[np.bool_]:
    """Return a mask ``[n_items]`` of the rows that are not all zero or NaN."""
    known = finite(features)
    if sparse.issparse(known):
        return rows_with(known, known.data != 0)
    return np.asarray(known.any(axis=1))


def finite(features: Any) -> Any:
    """Return features as float32, CSR or dense as given, with zeros for NaN and infinity."""
    if sparse.issparse(features):
        kept = sparse.csr_array(features, dtype=np.float32, copy=True)
        kept.data = np.nan_to_num(kept.data, posinf=0, neginf=0)
        return kept
    return np.nan_to_num(np.asarray(features, np.float32), posinf=0, neginf=0)


def _with_constant(features: Any) -> Any:
    known = finite(features)
    constant = np.ones((known.shape[0], 1), np.float32)
    if sparse.issparse(known):
        return sparse.hstack([known, sparse.csr_array(constant)], format="csr")
    return np.concatenate([known, constant], axis=1)


def _normal_equations(
    features: Any, factors: Factors
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    gram = features.T @ features
    dense = gram.toarray() if sparse.issparse(gram) else gram
    return dense.astype(np.float64), (features.T @ factors).astype(np.float64)


def _solved(gram: NDArray[np.float64], right: NDArray[np.float64], ridge: float) -> Factors:
    """Solve with a ridge in units of the mean eigenvalue."""
    level = np.trace(gram) / len(gram)
    system = gram + max(ridge * level, 1e-9) * np.eye(len(gram))
    return np.asarray(linalg.solve(system, right, assume_a="pos"), np.float32)
