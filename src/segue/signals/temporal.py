"""Temporal: similarity of rhythm and form, from an encoder that reads sequences of descriptors."""

import numpy as np
from numpy.typing import NDArray

from segue.signals.definition import SignalColor, SignalDefinition, SignalInfo
from segue.signals.vectors import VectorSignal, from_embeddings

NAME = "temporal"


def temporal(
    embeddings: NDArray[np.float32], train: NDArray[np.bool_] | None = None
) -> VectorSignal:
    """Return the signal of an encoder's embeddings ``[n_tracks, d]``, centered on `train`."""
    return from_embeddings(NAME, embeddings, train)


TEMPORAL = SignalDefinition(
    SignalInfo(
        NAME,
        title="Rhythm and form",
        description="Similar rhythm and development over time",
        color=SignalColor("#71acfd", "#7099de"),
    ),
    load=VectorSignal.load,
    from_embeddings=temporal,
)
