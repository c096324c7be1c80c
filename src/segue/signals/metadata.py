"""Metadata: likeness of artist, album, genres, tags and year.

Each of the five is one block of a sparse vector, scaled to its share; the blocks that a track lacks
leave the others their room, since the whole is scaled to length one. Tags are weighted by
``log(1 + count)`` and by how rare they are, ``1 + ln((1 + n) / (1 + df))``, counted over the train
tracks only. Years are two neighbouring half-decade bins, so that 1999 and 2000 are close.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log, log1p, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.signals.vectors import VectorSignal
from segue.types import Track

NAME = "metadata"

SHARES = {"artist": 1.0, "album": 0.5, "genre": 1.0, "tag": 1.0, "year": 0.5}
"""Squared length of each block before the whole is scaled to one."""

_BIN_YEARS = 5


def metadata(
    tracks: Sequence[Track],
    train: NDArray[np.bool_] | None = None,
    *,
    artist_key: Callable[[str], str] = str.casefold,
) -> VectorSignal:
    """Return the metadata signal of `tracks`.

    Parameters
    ----------
    tracks
        The catalogue, by position.
    train
        Which tracks the rarity of tags is counted over, ``[n_tracks]``; all if not given.
    artist_key
        What makes two spellings of an artist the same.
    """
    rarity = tag_rarity(
        [track for position, track in enumerate(tracks) if train is None or train[position]]
    )
    columns: dict[str, int] = {}
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for track in tracks:
        for name, value in _weights(track, rarity, artist_key):
            indices.append(columns.setdefault(name, len(columns)))
            values.append(value)
        starts.append(len(indices))
    matrix = sparse.csr_array(
        (np.array(values, np.float32), np.array(indices, np.int64), np.array(starts)),
        shape=(len(tracks), max(len(columns), 1)),
    )
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return VectorSignal(
        NAME, sparse.csr_array(sparse.diags_array(scale) @ matrix, dtype=np.float32)
    )


def tag_rarity(tracks: Sequence[Track]) -> Callable[[str], float]:
    """Return the function from a tag to how rare it is: ``1 + ln((1 + n) / (1 + df))``.

    >>> rare = tag_rarity([Track(track_id="1", tags={"folk": 3}), Track(track_id="2")])
    >>> round(rare("folk"), 3), round(rare("never met"), 3)
    (1.405, 2.099)
    """
    n_tracks = len(tracks)
    document_frequency: dict[str, int] = {}
    for track in tracks:
        for tag in track.tags:
            document_frequency[tag] = document_frequency.get(tag, 0) + 1
    return lambda tag: 1 + log((1 + n_tracks) / (1 + document_frequency.get(tag, 0)))


def _weights(
    track: Track, rarity: Callable[[str], float], artist_key: Callable[[str], str]
) -> Iterable[tuple[str, float]]:
    """Give the named weights of one track, each block scaled to its share."""
    artist = artist_key(track.artist) if track.artist else None
    blocks: Mapping[str, Mapping[str, float]] = {
        "artist": {artist: 1.0} if artist else {},
        "album": {f"{artist or ''}\0{track.album.casefold()}": 1.0} if track.album else {},
        "genre": dict.fromkeys(track.genres, 1.0),
        "tag": {tag: log1p(max(count, 0)) * rarity(tag) for tag, count in track.tags.items()},
        "year": _year_bins(track.year) if track.year else {},
    }
    for block, weights in blocks.items():
        length = sqrt(sum(weight * weight for weight in weights.values()))
        if length > 0:
            for name, weight in weights.items():
                yield f"{block}\0{name}", weight / length * sqrt(SHARES[block])


def _year_bins(year: int) -> dict[str, float]:
    """Give the two bins around a year, weighted by how near their centres are.

    >>> _year_bins(2000)
    {'400': 1.0}
    >>> {name: round(weight, 1) for name, weight in _year_bins(1999).items()}
    {'399': 0.2, '400': 0.8}
    """
    lower, past = divmod(year, _BIN_YEARS)
    share = past / _BIN_YEARS
    bins = {str(lower): 1 - share, str(lower + 1): share}
    return {name: weight for name, weight in bins.items() if weight > 0}
