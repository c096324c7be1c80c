"""Tracks by artist, album and genre, whose names are compared without regard to case."""

import numpy as np

from segue.library import Catalogue
from segue.pipeline.recommender.serving_state import ServingState
from segue.types import Track


def first_with(
    catalogue: Catalogue,
    state: ServingState | None,
    start: int,
    most: int,
    *,
    artist: str | None = None,
    album: str | None = None,
    genre: str | None = None,
) -> list[int]:
    """Return the first positions from `start` whose tracks are there and have these names.

    Where the library is opened (`state`), only tracks that may have them are read: the index of
    names and the arrays of genres say which.
    """
    candidates = np.arange(start, len(catalogue))
    if state is not None:
        may = np.ones(len(catalogue), bool)
        may[list(state.engine.missing)] = False
        for name in filter(None, (artist, album)):
            if any(letter.isalnum() for letter in name):
                may &= np.isin(np.arange(len(catalogue)), state.snapshot.vocabulary.named(name))
        if genre is not None:
            matrix, genres = state.snapshot.vocabulary.words.genres
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
