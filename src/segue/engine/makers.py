"""Whose a track is: which tracks are of one artist, and which of one album.

By name, spelled however, or by the columns `artist_id` and `album_id` where a dataset has no names.
An id that is a number below zero means unknown. Two artists may have an album of one name each, so
an album of several artists counts as one for each of them.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from segue.types import Track

_UNKNOWN = re.compile(r"-\d+")


def artist_keys(
    tracks: Sequence[Track], key: Callable[[str], str] = str.casefold
) -> list[tuple[str, str] | None]:
    """Return what is the same for tracks of one artist; None where the artist is unknown.

    `key` says what makes two spellings of a name the same.

    >>> artist_keys([Track(track_id="1", artist="Air"), Track(track_id="2")])
    [('name', 'air'), None]
    """
    key = cache(key)  # an artist has many tracks
    return [
        ("name", key(track.artist)) if track.artist else _identified(track, "artist_id")
        for track in tracks
    ]


def artist_numbers(
    tracks: Sequence[Track], key: Callable[[str], str] = str.casefold
) -> NDArray[np.int64]:
    """Return the number of each track's artist, ``[n_tracks]``; -1 where it is unknown."""
    return _numbered(artist_keys(tracks, key))


def album_numbers(
    tracks: Sequence[Track], key: Callable[[str], str] = str.casefold
) -> NDArray[np.int64]:
    """Return the number of each track's album, ``[n_tracks]``; -1 where it is unknown."""
    artists = artist_keys(tracks, key)
    key = cache(key)
    return _numbered(
        [
            (artist, key(track.album)) if track.album else _identified(track, "album_id")
            for track, artist in zip(tracks, artists, strict=True)
        ]
    )


def _identified(track: Track, column: str) -> tuple[str, str] | None:
    number = track.metadata.get(column)
    return ("id", number) if number and not _UNKNOWN.fullmatch(number) else None


def _numbered(keys: Sequence[Hashable | None]) -> NDArray[np.int64]:
    """Return a number for each key, equal ones alike; -1 where there is none.

    >>> _numbered(["b", None, "a", "b"]).tolist()
    [0, -1, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    return np.array(
        [-1 if key is None else numbers.setdefault(key, len(numbers)) for key in keys], np.int64
    )
