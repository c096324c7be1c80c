"""Tracks by artist, album and genre, whose names are compared without regard to case."""

import numpy as np

from segue.library import Catalogue
from segue.pipeline.opening.opened import Opened
from segue.types import Track


def first_with(
    catalogue: Catalogue,
    opened: Opened | None,
    start: int,
    most: int,
    *,
    artist: str | None = None,
    album: str | None = None,
    genre: str | None = None,
) -> list[int]:
    """Return the first positions from `start` whose tracks are there and have these names.

    Only tracks that may have them are read, where the library is `opened`: by its index of names,
    and by the genres that stand in arrays.
    """
    candidates = np.arange(start, len(catalogue))
    if opened is not None and opened.words is not None:
        may = np.ones(len(catalogue), bool)
        may[list(opened.engine.missing)] = False
        for name in filter(None, (artist, album)):
            if any(letter.isalnum() for letter in name):
                may &= np.isin(np.arange(len(catalogue)), opened.words.named(name))
        if genre is not None:
            matrix, genres = opened.words.genres
            columns = [place for place, one in enumerate(genres) if _same(one, genre)]
            may &= np.asarray(matrix[:, columns].sum(axis=1)).ravel() > 0
        candidates = start + np.flatnonzero(may[start:])
    found: list[int] = []
    for position in candidates.tolist():
        if _fits(catalogue.tracks[position], artist, album, genre):
            found.append(position)
            if len(found) == most:
                break
    return found


def _fits(track: Track, artist: str | None, album: str | None, genre: str | None) -> bool:
    return (
        not track.missing
        and (artist is None or _same(track.artist, artist))
        and (album is None or _same(track.album, album))
        and (genre is None or any(_same(one, genre) for one in track.genres))
    )


def _same(one: str | None, other: str) -> bool:
    return (one or "").casefold() == other.casefold()
