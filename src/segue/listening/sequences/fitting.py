"""The one call that makes the mixture of whatever was played, in bounded time and memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.listening.sequences.attentive import AttentiveSettings
from segue.listening.sequences.components import SequenceSettings
from segue.listening.sequences.mixture import SequenceModel

_LEAST_FOR_NETWORK = 5_000
"""Plays below which a network has nothing to learn that the other components do not know."""


def fit_sequences(
    sequences: Sequence[ArrayLike],
    n_items: int,
    artists: ArrayLike | None = None,
    albums: ArrayLike | None = None,
    *,
    seed: int = 0,
    attentive: bool = True,
    most_plays: int = 2_000_000,
) -> SequenceModel:
    """Return the mixture, fitted on sequences of item positions.

    What is learned is of everybody, and a history is all that is needed of a listener; so where
    there are more plays than `most_plays`, listeners are drawn (each with all plays, the latest
    10,000 of them) until they have as many. That bounds time to some minutes and memory to some
    gigabytes, whatever comes in.

    Parameters
    ----------
    sequences, n_items, artists, albums
        As `NextItemModel.fit`.
    attentive
        Whether the self-attentive component is tried; without the extra ``train``, or with fewer
        than 5,000 plays, it is not.
    """
    rng = np.random.default_rng(seed)
    drawn: list[NDArray[Any]] = []
    room = most_plays
    for number in rng.permutation(len(sequences)):
        if room <= 0:
            break
        drawn.append(np.asarray(sequences[number])[-10_000:])
        room -= len(drawn[-1])
    enough = sum(map(len, drawn)) >= _LEAST_FOR_NETWORK
    network = AttentiveSettings(seed=seed) if attentive and enough else None
    settings = SequenceSettings(attentive=network, seed=seed)
    return SequenceModel(settings).fit(drawn, n_items, artists, albums)
