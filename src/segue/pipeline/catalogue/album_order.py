"""Order and filter the albums of a library, for lists of albums."""

from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from segue.pipeline.catalogue.browse import BrowseIndex

AlbumSort = Literal["name", "artist", "year", "added", "played", "recent", "random"]
ALBUM_SORTS: Final[tuple[AlbumSort, ...]] = get_args(AlbumSort)
"""Orders of albums: by name, artist, year (latest first), time of addition (latest first), plays
(most first), last play (latest first), or at random. `played` and `recent` leave out albums that
the listener never played."""

Numbers = NDArray[np.int64]


def ordered_albums(
    index: BrowseIndex,
    sort: AlbumSort,
    *,
    counts: NDArray[Any],
    last: NDArray[Any],
    seed: int = 0,
) -> Numbers:
    """Return the numbers of all albums in an order.

    Parameters
    ----------
    counts, last
        Plays and time of the last play of each track ``[n_tracks]``; NaN means never.
    seed
        Of the random order.
    """
    if sort == "name":
        return np.arange(len(index.albums))
    if sort == "random":
        return np.random.default_rng(seed).permutation(len(index.albums)).astype(np.int64)
    years = np.array([album.year or 0 for album in index.albums], np.int64)
    if sort == "artist":
        artists = np.array([album.artist for album in index.albums], np.int64)
        return np.lexsort((years, artists))
    if sort == "year":
        return most_first(years, positive=False)
    values, gather = {
        "added": (np.arange(len(index.album_of)) + 1.0, np.maximum),  # tracks are in this order
        "played": (counts, np.add),
        "recent": (last, np.maximum),
    }[sort]
    return most_first(album_values(index, values, gather))


def albums_where(
    index: BrowseIndex,
    *,
    genre: str | None = None,
    letter: str | None = None,
    years: tuple[int, int] | None = None,
) -> NDArray[np.bool_]:
    """Return which albums have a genre, a first letter, and a year in a range ``[n_albums]``."""
    found = np.ones(len(index.albums), bool)
    if genre is not None:
        known = index.genre(genre)
        found &= np.isin(np.arange(len(found)), index.album_of[known.tracks] if known else [])
    if letter is not None:
        found &= np.array([album.letter == letter for album in index.albums], bool)
    if years is not None:
        of_albums = np.array([album.year or -1 for album in index.albums], np.int64)
        found &= (of_albums >= years[0]) & (of_albums <= years[1])
    return found


def album_values(index: BrowseIndex, values: NDArray[Any], gather: Any) -> NDArray[np.float64]:
    """Aggregate values of tracks ``[n_tracks]`` for each album ``[n_albums]``."""
    found = np.zeros(len(index.albums))
    placed = np.flatnonzero(index.album_of >= 0)
    gather.at(found, index.album_of[placed], np.nan_to_num(values[placed]))
    return found


def most_first(values: NDArray[Any], *, positive: bool = True) -> Numbers:
    """Return numbers by descending value; with `positive`, without those of no value.

    >>> most_first(np.array([1, 0, 2])).tolist()
    [2, 0]
    """
    order = np.argsort(-values, kind="stable")
    return order[values[order] > 0] if positive else order
