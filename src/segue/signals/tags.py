"""Tags: similarity of tags given by people or predicted by a pretrained encoder.

The weight of a tag is ``log(1 + count)`` times its inverse document frequency,
``1 + ln((1 + n) / (1 + df))``, counted over the train tracks only. A track is a vector of length
one, and similarity is the cosine.
"""

from collections.abc import Callable, Sequence
from math import log, log1p

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.signals.definition import SignalColor, SignalDefinition, SignalInfo
from segue.signals.vectors import VectorSignal, unit_rows
from segue.types import Track

NAME = "tags"


def tags(tracks: Sequence[Track], train: NDArray[np.bool_] | None = None) -> VectorSignal:
    """Return the signal of the tags of `tracks`, with document frequencies of the `train` ones."""
    return VectorSignal(NAME, unit_rows(tag_matrix(tracks, train)))


def tag_matrix(tracks: Sequence[Track], train: NDArray[np.bool_] | None = None) -> sparse.csr_array:
    """Return ``[n_tracks, n_tags]``: weights of tags, one column for each tag."""
    rarity = tag_rarity(
        [track for position, track in enumerate(tracks) if train is None or train[position]]
    )
    columns: dict[str, int] = {}
    indices, values, starts = [], [], [0]
    for track in tracks:
        for tag, count in track.tags.items():
            if count > 0:
                indices.append(columns.setdefault(tag, len(columns)))
                values.append(log1p(count) * rarity(tag))
        starts.append(len(indices))
    return sparse.csr_array(
        (np.array(values, np.float32), np.array(indices, np.int64), np.array(starts)),
        shape=(len(tracks), max(len(columns), 1)),
    )


def tag_rarity(tracks: Sequence[Track]) -> Callable[[str], float]:
    """Return a function from a tag to its inverse document frequency.

    >>> idf = tag_rarity([Track(track_id="1", tags={"folk": 3}), Track(track_id="2")])
    >>> round(idf("folk"), 3), round(idf("unknown"), 3)
    (1.405, 2.099)
    """
    n_tracks = len(tracks)
    document_frequency: dict[str, int] = {}
    for track in tracks:
        for tag in track.tags:
            document_frequency[tag] = document_frequency.get(tag, 0) + 1
    return lambda tag: 1 + log((1 + n_tracks) / (1 + document_frequency.get(tag, 0)))


TAGS = SignalDefinition(
    SignalInfo(
        NAME,
        title="Tags",
        description="Described by the same tags",
        color=SignalColor("#5b5b0f", "#b8830a"),
    ),
    load=VectorSignal.load,
    from_tracks=lambda given: tags(given.tracks, given.train),
)
