"""Multinomial logistic regression on vectors of tracks: baselines, heads, and the ensemble's part.

Columns are standardised over the train tracks and cut at five deviations, so that one odd track
does not decide; what is unknown of a track (its tempo, its key) counts as the mean. Classes weigh
alike. How strongly it is regularised is chosen on valid, by the likelihood of its classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from segue.pipeline.training.scaling import Matrix, moments, scaled

STRENGTHS: Final = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Inverse strengths of regularisation (scikit-learn's C) that valid chooses from."""

USUAL_STRENGTH: Final = 0.01
"""The one to take where there is no valid part."""

_LEAST_CHANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted regression, in plain arrays.

    `mean` and `scale` are ``[d]``, `weights` ``[d, n_classes]``, `bias` ``[n_classes]``: -inf for
    a class that train did not hold, so that its probability is 0. `strength` is the one chosen.
    """

    mean: Matrix
    scale: Matrix
    weights: Matrix
    bias: Matrix
    strength: float

    def probabilities(self, vectors: Matrix) -> Matrix:
        """Return ``[n, n_classes]``; rows of NaN for vectors that are wholly unknown."""
        logits = scaled(vectors, self.mean, self.scale) @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances: Matrix = powers / powers.sum(axis=1, keepdims=True)
        chances[np.isnan(vectors).all(axis=1)] = np.nan
        return chances

    def save(self, path: Path) -> None:
        """Write the arrays as ``.npz``."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises OSError, ValueError, EOFError or KeyError if it cannot."""
        # opened here, since np.load leaves a file open that it cannot read
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays: dict[str, Any] = {field.name: found[field.name] for field in fields(cls)}
        return cls(**{**arrays, "strength": float(arrays["strength"])})


def fit_logistic(
    vectors: Matrix,
    labels: NDArray[np.int64],
    train: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    n_classes: int,
    *,
    strengths: Sequence[float] = STRENGTHS,
) -> Logistic | None:
    """Fit on the tracks of `train`; None where they hold fewer than two classes.

    Parameters
    ----------
    vectors : float32 ``[n, d]``
        NaN where a value is unknown.
    labels : int64 ``[n]``
    train, valid : bool ``[n]``
        Tracks with a label and a vector to learn from, and to choose the strength on.
    n_classes : int
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    known = np.unique(labels[train])
    if len(known) < 2:
        return None
    mean, scale = moments(vectors[train])
    columns = scaled(vectors, mean, scale)
    choosing = valid & np.isin(labels, known)
    best: tuple[float, Logistic] | None = None
    for strength in strengths if choosing.any() else (USUAL_STRENGTH,):
        model = LogisticRegression(C=strength, max_iter=2_000, class_weight="balanced")
        # the products are small: several threads were a hundred times slower on a busy machine
        with threadpool_limits(1):
            model.fit(columns[train].astype(np.float64), labels[train])
        fitted = Logistic(mean, scale, *_all_classes(model, known, n_classes), strength)
        loss = _loss(fitted.probabilities(vectors[choosing]), labels[choosing])
        if best is None or loss < best[0]:
            best = loss, fitted
    return best[1] if best else None


def _loss(chances: Matrix, labels: NDArray[np.int64]) -> float:
    if not len(labels):
        return 0.0
    right = chances[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, _LEAST_CHANCE)).mean())


def _all_classes(model: Any, known: NDArray[np.int64], n_classes: int) -> tuple[Matrix, Matrix]:
    """Return weights and bias over all classes of a model that was fitted on the `known` ones."""
    rows, offsets = model.coef_, model.intercept_
    if len(known) == 2:  # scikit-learn keeps the difference of their rows only
        rows = np.concatenate((-rows, rows)) / 2
        offsets = np.concatenate((-offsets, offsets)) / 2
    weights = np.zeros((rows.shape[1], n_classes), np.float32)
    bias = np.full(n_classes, -np.inf, np.float32)
    weights[:, known], bias[known] = rows.T, offsets
    return weights, bias
