"""Artists and albums that a new listener chooses from, and the tracks that a choice likes.

Artists and albums with many tracks come first, one of each genre in turn.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.errors import UnknownTrackError
from segue.pipeline.catalogue.browse import (
    UNKNOWN_ALBUM,
    UNKNOWN_ARTIST,
    Album,
    Artist,
    BrowseIndex,
)

LIKED_TRACKS: Final = 3
"""Number of tracks that a chosen artist or album likes."""

Item = TypeVar("Item", Artist, Album)


@dataclass(frozen=True, slots=True)
class PickChoices:
    """Artists and albums to choose from."""

    artists: Sequence[Artist]
    albums: Sequence[Album]


def pick_choices(index: BrowseIndex, words: str = "", *, most: int = 24) -> PickChoices:
    """Return up to `most` artists and albums, of many genres, or those whose names have `words`."""
    artists = [one for one in index.artists if one.name != UNKNOWN_ARTIST and len(one.tracks)]
    albums = [one for one in index.albums if one.name != UNKNOWN_ALBUM and len(one.tracks)]
    key = comparison_key(words) if words.strip() else ""
    if key:
        artists = [one for one in artists if key in comparison_key(one.name)]
        albums = [
            one
            for one in albums
            if key in comparison_key(one.name)
            or (one.artist >= 0 and key in comparison_key(index.artists[one.artist].name))
        ]
    return PickChoices(
        _in_turn(artists, lambda one: _genre_of(index, one.albums))[:most],
        _in_turn(albums, lambda one: next(iter(one.genres), ""))[:most],
    )


def picked_tracks(
    index: BrowseIndex,
    artists: Iterable[str],
    albums: Iterable[str],
    listeners: NDArray[np.float32] | None = None,
) -> list[int]:
    """Return the positions of the best tracks of some artists and albums, by their ids.

    Parameters
    ----------
    listeners
        The number of listeners who like each track, ``[n_tracks]``: the best are liked by most.

    Raises
    ------
    UnknownTrackError
        If there is no such artist or album.
    """
    found: dict[int, None] = {}
    for items, item_of in ((artists, index.artist), (albums, index.album)):
        for item_id in items:
            item = item_of(item_id)
            if item is None:
                raise UnknownTrackError("There is no such artist or album: load the page again.")
            found.update(dict.fromkeys(_best(index, item.tracks, listeners)))
    return list(found)


def _best(
    index: BrowseIndex, tracks: NDArray[np.int32], listeners: NDArray[np.float32] | None
) -> list[int]:
    """Return the most liked tracks; among equal ones the first of each album."""
    by_album: Counter[int] = Counter()
    place: dict[int, int] = {}
    for track in tracks.tolist():
        album = int(index.album_of[track])
        place[track] = by_album[album]
        by_album[album] += 1
    liked = np.zeros(len(tracks)) if listeners is None else listeners[tracks]
    ranked = sorted(
        zip(tracks.tolist(), liked.tolist(), strict=True), key=lambda one: (-one[1], place[one[0]])
    )
    return [track for track, _ in ranked[:LIKED_TRACKS]]


def _genre_of(index: BrowseIndex, albums: Iterable[int]) -> str:
    genres = Counter(genre for number in albums for genre in index.albums[number].genres[:1])
    return genres.most_common(1)[0][0] if genres else ""


def _in_turn(items: Iterable[Item], genre_of: Callable[[Item], str]) -> list[Item]:
    """Return items by number of tracks, one of each genre in turn."""
    ordered = sorted(items, key=lambda one: -len(one.tracks))
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for place, item in enumerate(ordered):
        genre = genre_of(item)
        turns.append((seen[genre], place))
        seen[genre] += 1
    return [ordered[place] for _, place in sorted(turns)]
