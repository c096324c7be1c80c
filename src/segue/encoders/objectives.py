"""Objectives of encoders: targets and measures of each. Numpy only.

- ``classes``: one class a track. Targets ``[n, n_classes]`` of ones and zeros.
- ``tags``: any number of tags a track. Targets ``[n, n_tags]`` of ones and zeros.
- ``contrast``: groups of tracks (of an artist, of an album, or the crops of one track), for
  libraries with too few labels. Targets ``[n, 1]``: the number of the group of each track.

The second output of a network is a probability of each class or tag, or, for ``contrast``, a vector
of length one that only training needs.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Objective = Literal["classes", "tags", "contrast"]
Float32 = NDArray[np.float32]

TEMPERATURE = 0.1
"""Temperature of the contrast."""

_MIN_PROBABILITY = 1e-7


def targets_of(objective: Objective, labels: NDArray[np.generic], n_outputs: int) -> Float32:
    """Return the targets of the loss for the labels of some tracks.

    Examples
    --------
    >>> targets_of("classes", np.array([1, 0]), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    >>> targets_of("contrast", np.array([7, 3]), 0).tolist()
    [[7.0], [3.0]]
    """
    match objective:
        case "classes":
            return np.eye(n_outputs, dtype=np.float32)[labels.astype(np.int64)]
        case "tags":
            return labels.astype(np.float32)
        case "contrast":
            return labels.astype(np.float32)[:, None]


def is_labelled(objective: Objective, labels: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which tracks have a label ``[n]``."""
    if objective == "tags":
        return np.asarray(labels.astype(np.bool_).any(axis=1))
    return np.asarray(labels.astype(np.int64) >= 0)


def measure(objective: Objective, outputs: Float32, targets: Float32) -> tuple[float, float]:
    """Return the loss, and the share of correct tracks.

    A track is correct if its most probable class or tag is its own; for ``contrast``, if its
    nearest neighbor is of its group, among tracks with others in their group.

    Parameters
    ----------
    outputs : float32 ``[n, n_outputs]``
    targets : float32
        As `targets_of` returns them.
    """
    if objective == "contrast":
        return _contrast(outputs, targets[:, 0])
    chances = np.clip(outputs, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    loss = -(targets * np.log(chances)).sum(axis=1)
    if objective == "tags":
        loss = (loss - ((1 - targets) * np.log(1 - chances)).sum(axis=1)) / targets.shape[1]
    right = targets[np.arange(len(targets)), outputs.argmax(axis=1)] > 0
    return float(loss.mean()), float(right.mean())


def _contrast(vectors: Float32, groups: Float32) -> tuple[float, float]:
    together = groups[:, None] == groups[None, :]
    np.fill_diagonal(together, val=False)
    cosine = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(cosine, -np.inf)
    judged = together.any(axis=1)
    if not judged.any():
        return 0.0, 0.0
    share = np.exp((cosine - 1.0) / TEMPERATURE)
    share /= share.sum(axis=1, keepdims=True)
    surprise = -np.log(np.maximum(share, _MIN_PROBABILITY)) * together
    losses = surprise.sum(axis=1)[judged] / together.sum(axis=1)[judged]
    right = together[np.arange(len(groups)), cosine.argmax(axis=1)][judged]
    return float(losses.mean()), float(right.mean())
