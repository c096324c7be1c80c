"""Multinomial logistic regression on track vectors: baselines, heads, a member of the ensemble.

Columns are standardized over the training tracks and clipped at five standard deviations; an
unknown value (tempo, key) is replaced by the mean. Classes are weighted equally. The regularization
strength is chosen by the likelihood of the classes of the validation part, or of held-out folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from segue.encoders.mixtures import log_loss
from segue.pipeline.training.scaling import Matrix, moments, scaled

STRENGTHS: Final = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Candidate inverse regularization strengths (scikit-learn's C)."""

USUAL_STRENGTH: Final = 0.03
"""The strength used if there is no validation part: the best on folds of GTZAN by artist."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted regression as plain arrays.

    `mean` and `scale` are ``[d]``, `weights` ``[d, n_classes]``, `bias` ``[n_classes]``: -inf for
    a class without training tracks, so that its probability is 0. `strength` is the chosen one.
    """

    mean: Matrix
    scale: Matrix
    weights: Matrix
    bias: Matrix
    strength: float

    def probabilities(self, vectors: Matrix) -> Matrix:
        """Return ``[n, n_classes]``; a row is NaN if its whole vector is NaN."""
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
        """Read the file of `save`; raises OSError, ValueError, EOFError or KeyError on failure."""
        # opened here, because np.load does not close a file that it cannot read
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
    """Fit on the tracks of `train`; None if they have fewer than two classes.

    Parameters
    ----------
    vectors : float32 ``[n, d]``
        NaN where a value is unknown.
    labels : int64 ``[n]``
    train, valid : bool ``[n]``
        Masks of the labeled tracks used to fit, and to choose the strength.
    n_classes : int
    """
    known = np.unique(labels[train])
    if len(known) < 2:
        return None
    choosing = valid & np.isin(labels, known)
    if not choosing.any():
        strengths = (USUAL_STRENGTH,)
    path = _path(vectors, labels, train, n_classes, strengths)
    losses = [log_loss(one.probabilities(vectors[choosing]), labels[choosing]) for one in path]
    return path[int(np.argmin(losses))]


def fit_in_folds(
    vectors: Matrix,
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    n_classes: int,
    *,
    strengths: Sequence[float] = STRENGTHS,
) -> tuple[Logistic, Matrix] | None:
    """Fit on all tracks in folds, with the strength that predicts held-out folds best.

    Parameters
    ----------
    folds : int64 ``[n]``
        -1 for the tracks to leave out.

    Returns
    -------
    fitted : Logistic
        Of all tracks in folds.
    held_out : float32 ``[n, n_classes]``
        Probabilities by the regression that did not learn from the fold of the track, NaN without.
    """
    inside = folds >= 0
    if len(np.unique(labels[inside])) < 2:
        return None
    held_out = np.full((len(strengths), len(labels), n_classes), np.nan, np.float32)
    for fold in np.unique(folds[inside]).tolist():
        train, judged = inside & (folds != fold), folds == fold
        if len(np.unique(labels[train])) < 2:
            return None
        for number, one in enumerate(_path(vectors, labels, train, n_classes, strengths)):
            held_out[number, judged] = one.probabilities(vectors[judged])
    losses = [log_loss(chances[inside], labels[inside]) for chances in held_out]
    best = int(np.argmin(losses))
    return _path(vectors, labels, inside, n_classes, [strengths[best]])[0], held_out[best]


def _path(
    vectors: Matrix,
    labels: NDArray[np.int64],
    train: NDArray[np.bool_],
    n_classes: int,
    strengths: Sequence[float],
) -> list[Logistic]:
    """Return the regressions on the tracks of `train`, one for each strength."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    known = np.unique(labels[train])
    mean, scale = moments(vectors[train])
    found = []
    # small products: with several threads this was 100 times slower on a busy machine
    with threadpool_limits(1):
        columns = scaled(vectors[train], mean, scale).astype(np.float64)
        axes = _row_space(columns)
        columns = columns @ axes.T
        for strength in strengths:
            model = LogisticRegression(C=strength, max_iter=2_000, class_weight="balanced")
            model.fit(columns, labels[train])
            weights, bias = _all_classes(model, axes, known, n_classes)
            found.append(Logistic(mean, scale, weights, bias, strength))
    return found


def _row_space(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return orthonormal axes ``[min(n, d), d]`` that span the rows ``[n, d]``.

    The weights of a ridge penalty lie in that space: fitted along the axes they are the same, and
    with more columns than tracks they are found in a fraction of the time.
    """
    n, d = columns.shape
    return np.eye(d) if d <= n else np.linalg.qr(columns.T)[0].T


def _all_classes(
    model: Any, axes: NDArray[np.float64], known: NDArray[np.int64], n_classes: int
) -> tuple[Matrix, Matrix]:
    """Return weights and bias over all classes of a model fitted on the `known` classes.

    The model was fitted along `axes`, ``[n_axes, d]``.
    """
    rows, offsets = model.coef_ @ axes, model.intercept_
    if len(known) == 2:  # scikit-learn stores only the difference of their rows
        rows = np.concatenate((-rows, rows)) / 2
        offsets = np.concatenate((-offsets, offsets)) / 2
    weights = np.zeros((rows.shape[1], n_classes), np.float32)
    bias = np.full(n_classes, -np.inf, np.float32)
    weights[:, known], bias[known] = rows.T, offsets
    return weights, bias
