"""Temporal: likeness of how music moves, as a network hears it in sequences of descriptors."""

import numpy as np
from numpy.typing import NDArray

from segue.signals.vectors import VectorSignal, from_embeddings

NAME = "temporal"


def temporal(
    embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None
) -> VectorSignal:
    """Return the signal of an encoder's embeddings ``[n_tracks, d]``, centred on the train ones."""
    return from_embeddings(NAME, embeddings, train)
