"""Timbre: likeness of sound, as a network hears it in windows of a spectrogram."""

import numpy as np
from numpy.typing import NDArray

from segue.signals.vectors import VectorSignal, from_embeddings

NAME = "timbre"


def timbre(embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None) -> VectorSignal:
    """Return the signal of an encoder's embeddings ``[n_tracks, d]``, centred on the train ones."""
    return from_embeddings(NAME, embeddings, train)
