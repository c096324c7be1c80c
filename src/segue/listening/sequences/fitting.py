"""Fit the mixture on any number of plays in bounded time and memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.listening.sequences.attentive import AttentiveSettings
from segue.listening.sequences.components import SequenceSettings
from segue.listening.sequences.mixture import SequenceModel
from segue.listening.sequences.model import Plays

_MIN_PLAYS_FOR_NETWORK = 5_000
"""With fewer plays a network learns nothing that the other components do not."""


def fit_sequences(
    sequences: Sequence[ArrayLike],
    n_items: int,
    artists: ArrayLike | None = None,
    albums: ArrayLike | None = None,
    *,
    sessions: Sequence[ArrayLike] | None = None,
    seed: int = 0,
    attentive: bool = True,
    max_plays: int = 2_000_000,
) -> SequenceModel:
    """Return the mixture, fitted on sequences of item positions.

    If there are more plays than `max_plays`, listeners are sampled, each with their latest 10,000
    plays, until that number is reached: scoring needs only a listener's history, not the listener.
    This bounds time to some minutes and memory to some gigabytes.

    Parameters
    ----------
    sequences, n_items, artists, albums
        As `NextItemModel.fit`.
    sessions
        Numbers of the sessions of the plays of each sequence, empty where they are unknown: items
        do not follow others across sessions.
    attentive
        Whether to try the self-attentive component; it is not tried without the extra ``train`` or
        with fewer than 5,000 plays.
    """
    rng = np.random.default_rng(seed)
    drawn: list[NDArray[Any]] = []
    theirs: list[NDArray[Any]] = []
    room = max_plays
    for number in rng.permutation(len(sequences)):
        if room <= 0:
            break
        drawn.append(np.asarray(sequences[number])[-10_000:])
        if sessions is not None:
            theirs.append(np.asarray(sessions[number])[-10_000:])
        room -= len(drawn[-1])
    enough = sum(map(len, drawn)) >= _MIN_PLAYS_FOR_NETWORK
    network = AttentiveSettings(seed=seed) if attentive and enough else None
    settings = SequenceSettings(attentive=network, seed=seed)
    plays = Plays.of(drawn, n_items, theirs or None)
    return SequenceModel(settings).fit(plays, n_items, artists, albums)
