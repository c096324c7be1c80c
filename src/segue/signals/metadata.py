"""Metadata: similarity of artists, album, genres and year; tags are a signal of their own.

Each of the four is one block of a sparse vector, scaled to its share. The whole is scaled to length
one, so that blocks without values leave their share to the others. Years are two neighboring
half-decade bins, so that 1999 and 2000 are close.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

import numpy as np
from scipy import sparse

from segue.catalogue_ids import CatalogueIds, Ids
from segue.signals.definition import SignalColor, SignalDefinition, SignalInfo
from segue.signals.vectors import VectorSignal, unit_rows
from segue.types import Track

NAME = "metadata"

SHARES = {"artist": 1.0, "album": 0.5, "genre": 1.0, "year": 0.5}
"""Squared length of each block before the whole is scaled to one."""

OTHER_ARTIST = 0.5
"""Weight of each artist after the first one, before the block is scaled."""

_BIN_YEARS = 5


def metadata(tracks: Sequence[Track], ids: CatalogueIds) -> VectorSignal:
    """Return the metadata signal of `tracks` with their artists and albums, both by position."""
    columns: dict[str, int] = {}
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for position, track in enumerate(tracks):
        for name, value in _weights(track, ids.of_track(position), int(ids.album[position])):
            indices.append(columns.setdefault(name, len(columns)))
            values.append(value)
        starts.append(len(indices))
    matrix = sparse.csr_array(
        (np.array(values, np.float32), np.array(indices, np.int64), np.array(starts)),
        shape=(len(tracks), max(len(columns), 1)),
    )
    return VectorSignal(NAME, unit_rows(matrix))


def _weights(track: Track, artists: Ids, album: int) -> Iterable[tuple[str, float]]:
    """Yield the named weights of one track, each block scaled to its share."""
    blocks: Mapping[str, Mapping[str, float]] = {
        "artist": {
            str(artist): OTHER_ARTIST if place else 1.0
            for place, artist in enumerate(artists.tolist())
        },
        "album": {str(album): 1.0} if album >= 0 else {},
        "genre": dict.fromkeys(track.genres, 1.0),
        "year": _year_bins(track.year) if track.year else {},
    }
    for block, weights in blocks.items():
        length = sqrt(sum(weight * weight for weight in weights.values()))
        if length > 0:
            for name, weight in weights.items():
                yield f"{block}\0{name}", weight / length * sqrt(SHARES[block])


def _year_bins(year: int) -> dict[str, float]:
    """Return the two bins around a year, weighted by the distance to their centers.

    >>> _year_bins(2000)
    {'400': 1.0}
    >>> {name: round(weight, 1) for name, weight in _year_bins(1999).items()}
    {'399': 0.2, '400': 0.8}
    """
    lower, past = divmod(year, _BIN_YEARS)
    share = past / _BIN_YEARS
    bins = {str(lower): 1 - share, str(lower + 1): share}
    return {name: weight for name, weight in bins.items() if weight > 0}


METADATA = SignalDefinition(
    SignalInfo(
        NAME,
        title="Metadata",
        description="Same artist, album, genre or year",
        color=SignalColor("#d9b247", "#c2b606"),
    ),
    load=VectorSignal.load,
    from_tracks=lambda given: metadata(given.tracks, given.ids),
)
