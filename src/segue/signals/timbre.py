"""Timbre: likeness of sound, as the CNN hears it in windows of the spectrogram."""

import numpy as np
from numpy.typing import NDArray

from segue.signals.vectors import VectorSignal, from_embeddings

NAME = "timbre"
MODEL = "cnn"


def timbre(embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None) -> VectorSignal:
    """Return the signal of the CNN's embeddings ``[n_tracks, d]``, centred on the train tracks."""
    return from_embeddings(NAME, embeddings, train)
