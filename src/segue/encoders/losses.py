"""Loss of each objective, in pure Keras. Imports Keras: only training imports this module.

Source of the contrast: Khosla et al., Supervised contrastive learning, 2020 (the sum outside the
logarithm).
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from segue.encoders.objectives import TEMPERATURE, Objective


def loss_of(objective: Objective, label_smoothing: float) -> Callable[[Any, Any], Any]:
    """Return the loss, ``(targets, outputs) -> [batch]`` or a mean of that.

    Outputs are those of each branch ``[batch, n_branches, n_outputs]``, targets are repeated.
    """
    loss: Callable[[Any, Any], Any]
    match objective:
        case "classes":
            loss = keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)
        case "tags":
            loss = keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
        case "contrast":
            loss = contrast_of_branches
    return loss


def contrast_of_branches(groups: Any, vectors: Any) -> Any:
    """Return the mean over the branches of `contrast`."""
    n_branches = vectors.shape[1]
    each = [contrast(groups[:, branch], vectors[:, branch]) for branch in range(n_branches)]
    return sum(each[1:], start=each[0]) / n_branches


def contrast(groups: Any, vectors: Any) -> Any:
    """Return the supervised contrastive loss of each crop ``[batch]``.

    Parameters
    ----------
    groups : tensor ``[batch, 1]``
        Number of the group of each crop.
    vectors : tensor ``[batch, d]``
        Of length one.
    """
    itself = ops.diag(ops.ones_like(vectors[:, 0]))
    logits = ops.matmul(vectors, ops.transpose(vectors)) / TEMPERATURE - 1e9 * itself
    shares = logits - ops.logsumexp(logits, axis=1, keepdims=True)
    together = ops.cast(ops.equal(groups, ops.transpose(groups)), vectors.dtype) - itself
    n_together = ops.maximum(ops.sum(together, axis=1), 1.0)
    return -ops.sum(together * shares, axis=1) / n_together
