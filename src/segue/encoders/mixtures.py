"""Log-linear mixtures of class probabilities: of branches of a network, of models of an ensemble.

The probability of a class is proportional to the product of the members' probabilities to the power
of their weights: a weight is trust and temperature in one. Numpy and scipy only.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

MIN_CHANCE = 1e-7


def mix(chances: Sequence[NDArray[np.floating]], weights: Sequence[float]) -> Float64:
    """Return the mixture of class probabilities ``[n, n_classes]``; NaN where a member has none.

    Members of weight 0 are left out, also where they have no probabilities.

    Examples
    --------
    >>> sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    >>> mix([sure, unsure], [1.0, 1.0]).round(3).tolist()
    [[0.9, 0.1]]
    """
    logits = np.zeros(chances[0].shape)
    for one, weight in zip(chances, weights, strict=True):
        if weight:
            logits += weight * np.log(np.maximum(one, MIN_CHANCE))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def mixture_weights(
    chances: Sequence[NDArray[np.floating]], labels: NDArray[np.int64], prior: float
) -> list[float]:
    """Return the weights, 0 or more, that maximize the likelihood of `labels` (convex).

    Parameters
    ----------
    chances : sequence of ``[n, n_classes]``
        Class probabilities of each member for the same tracks, which none learned from.
    labels : int64 ``[n]``
    prior : float > 0
        Precision of a Gaussian prior around equal weights that sum to 1.

    Examples
    --------
    >>> sure, wrong = np.array([[0.9, 0.1]] * 60), np.array([[0.2, 0.8]] * 60)
    >>> found = mixture_weights([sure, wrong], np.zeros(60, np.int64), 20.0)
    >>> found[0] > 1, found[1] < 0.2
    (True, True)
    >>> mixture_weights([sure[:0], wrong[:0]], np.zeros(0, np.int64), 20.0)
    [0.5, 0.5]
    """
    from scipy.optimize import minimize

    equal = np.full(len(chances), 1.0 / len(chances))
    if not len(labels):
        return [float(weight) for weight in equal]
    logs = np.stack([np.log(np.maximum(one, MIN_CHANCE)) for one in chances]).astype(np.float64)
    right = logs[:, np.arange(len(labels)), labels]  # [n_members, n]

    def loss(weights: Float64) -> tuple[float, Float64]:
        logits = np.tensordot(weights, logs, 1)
        highest = logits.max(axis=1, keepdims=True)
        powers = np.exp(logits - highest)
        total = powers.sum(axis=1)
        value = (np.log(total) + highest[:, 0] - weights @ right).sum()
        expected = (logs * (powers / total[:, None])).sum(axis=2)
        away = weights - equal
        slope = (expected - right).sum(axis=1) + prior * away
        return float(value + prior * (away @ away) / 2), slope

    found = minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(equal))
    return [float(weight) for weight in found.x]


def log_loss(chances: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the mean negative log-likelihood of `labels`, 0 if there are none."""
    if not len(labels):
        return 0.0
    right = chances[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, MIN_CHANCE)).mean())
