"""Timbre: similarity of sound, from an encoder that reads windows of a spectrogram."""

import numpy as np
from numpy.typing import NDArray

from segue.signals.definition import SignalColor, SignalDefinition, SignalInfo
from segue.signals.vectors import VectorSignal, from_embeddings

NAME = "timbre"


def timbre(embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None) -> VectorSignal:
    """Return the signal of an encoder's embeddings ``[n_tracks, d]``, centered on `train`."""
    return from_embeddings(NAME, embeddings, train)


TIMBRE = SignalDefinition(
    SignalInfo(
        NAME,
        title="Timbre",
        description="Similar sound: instruments and voices",
        color=SignalColor("#4d56ba", "#516ada"),
    ),
    load=VectorSignal.load,
    from_embeddings=timbre,
)
