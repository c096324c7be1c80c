"""Artists, albums and genres as items of lists, for one listener."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from segue.library import AnnotationKind, AnnotationRecord
from segue.pipeline.catalogue.browse import (
    UNKNOWN_ALBUM,
    UNKNOWN_ARTIST,
    Album,
    Artist,
    BrowseIndex,
)
from segue.pipeline.catalogue.play_counts import counts_by_position
from segue.pipeline.catalogue.similar_entities import SimilarReason, similar_entities
from segue.serve.app_state import AppState
from segue.serve.responses import from_cursor, to_cursor
from segue.serve.schemas import ArtistLink, StrictModel

_N_SIMILAR = 12


class ArtistItem(BaseModel):
    """An artist; its id is also that of its cover."""

    id: str
    name: str | None = Field(description="null for the tracks without an artist.")
    n_albums: int
    n_tracks: int
    plays: int = Field(description="Plays of the listener who sends the request.")
    liked: bool = Field(description="Whether the listener likes the artist.")


class AlbumItem(BaseModel):
    """An album; its id is also that of its cover."""

    id: str
    title: str | None = Field(description="null for the tracks of an artist without an album.")
    artist: ArtistLink | None
    year: int | None
    genres: list[str]
    n_tracks: int
    duration: float = Field(description="Seconds.")
    plays: int = Field(description="Plays of the listener who sends the request.")
    liked: bool = Field(description="Whether the listener likes the album.")


class SimilarArtistItem(BaseModel):
    """A similar artist, and what makes it similar."""

    artist: ArtistItem
    reason: SimilarReason | None


class SimilarAlbumItem(BaseModel):
    """A similar album, and what makes it similar."""

    album: AlbumItem
    reason: SimilarReason | None


class LetterItem(BaseModel):
    """A first letter, and the number of names that begin with it; articles are ignored."""

    letter: str = Field(description="An upper-case letter, or # for all other characters.")
    n: int


class LikedRequest(StrictModel):
    """Whether the listener likes an artist or album."""

    liked: bool


class BrowseItems:
    """Makes items of artists and albums with the plays and likes of a listener."""

    def __init__(self, app_state: AppState, listener: str | None) -> None:
        self.index: BrowseIndex = app_state.browse_index()
        self._app_state, self.listener = app_state, listener
        n_tracks = len(self.index.album_of)
        self.counts: NDArray[Any] = np.zeros(n_tracks, np.int64)
        self.last: NDArray[Any] = np.full(n_tracks, np.nan)
        self._liked: set[str] = set()
        if listener is not None:
            plays = app_state.plays.of(listener)
            self.counts, self.last = counts_by_position(self.index.catalogue, plays)
            kinds: tuple[AnnotationKind, ...] = ("artist", "album")
            self._liked = {
                one.item
                for kind in kinds
                for one in app_state.library.annotations.all(listener, kind)
                if one.starred is not None
            }

    @property
    def version(self) -> tuple[object, ...]:
        """What the items depend on, for the entity tag of a response."""
        likes = sorted(self._liked)
        return self.index.version, self._app_state.version(), self.listener, *likes

    def likes(self, item: str) -> bool:
        """Return whether the listener likes the artist or album with an id."""
        return item in self._liked

    def artist(self, artist: Artist) -> dict[str, Any]:
        """Return the `ArtistItem` of an artist."""
        return {
            "id": artist.id,
            "name": None if artist.name == UNKNOWN_ARTIST else artist.name,
            "n_albums": len(artist.albums),
            "n_tracks": len(artist.tracks),
            "plays": int(self.counts[artist.tracks].sum()),
            "liked": self.likes(artist.id),
        }

    def album(self, album: Album) -> dict[str, Any]:
        """Return the `AlbumItem` of an album."""
        artist = self.index.artists[album.artist]
        return {
            "id": album.id,
            "title": None if album.name == UNKNOWN_ALBUM else album.name,
            "artist": None
            if artist.name == UNKNOWN_ARTIST
            else {"id": artist.id, "name": artist.name},
            "year": album.year,
            "genres": list(album.genres),
            "n_tracks": len(album.tracks),
            "duration": album.duration,
            "plays": int(self.counts[album.tracks].sum()),
            "liked": self.likes(album.id),
        }

    def artists(self, numbers: Iterable[int]) -> list[dict[str, Any]]:
        """Return the items of the artists of some numbers."""
        return [self.artist(self.index.artists[number]) for number in numbers]

    def albums(self, numbers: Iterable[int]) -> list[dict[str, Any]]:
        """Return the items of the albums of some numbers."""
        return [self.album(self.index.albums[number]) for number in numbers]

    def similar(self, kind: Literal["artist", "album"], item: str) -> list[dict[str, Any]]:
        """Return the similar artists of an artist, or albums of an album, with their reasons."""
        state = self._app_state.state_or_none()
        if state is None:
            return []
        found = similar_entities(state, self.index, kind, item, k=_N_SIMILAR, user=self.listener)
        make = self.artists if kind == "artist" else self.albums
        items = make(one.number for one in found)
        return [{kind: item, "reason": one.reason} for item, one in zip(items, found, strict=True)]

    def most_played(self, tracks: NDArray[np.int32], k: int) -> list[int]:
        """Return the positions of the tracks that the listener played most, without unplayed."""
        order = tracks[np.argsort(-self.counts[tracks], kind="stable")][:k]
        return [int(one) for one in order if self.counts[one] > 0]

    def most_popular(self, tracks: NDArray[np.int32], k: int) -> list[int]:
        """Return the positions of the tracks that most listeners like."""
        state = self._app_state.state_or_none()
        if state is not None:
            known = tracks[tracks < len(state.facts.listeners)]
            tracks = known[np.argsort(-np.asarray(state.facts.listeners)[known], kind="stable")]
        return [int(one) for one in tracks[:k]]


def page_of(numbers: NDArray[Any], cursor: str | None, limit: int) -> tuple[list[int], str | None]:
    """Return the part of a list after a cursor, and the cursor after it."""
    (start,) = from_cursor(cursor, (int,)) if cursor else (0,)
    start = max(start, 0)
    part = numbers[start : start + limit].tolist()
    more = start + limit < len(numbers)
    return part, to_cursor(start + limit) if more else None


def letters_of(found: Iterable[str]) -> list[dict[str, Any]]:
    """Return the `LetterItem` of each first letter, in order, ``#`` last.

    >>> letters_of(["B", "A", "#", "B"])
    [{'letter': 'A', 'n': 1}, {'letter': 'B', 'n': 2}, {'letter': '#', 'n': 1}]
    """
    counts: dict[str, int] = {}
    for letter in found:
        counts[letter] = counts.get(letter, 0) + 1
    return [
        {"letter": letter, "n": counts[letter]}
        for letter in sorted(counts, key=lambda one: (one == "#", one))
    ]


def set_liked(
    app_state: AppState, listener: str, kind: AnnotationKind, item: str, at: float | None
) -> None:
    """Store whether a listener likes an artist or album; a rating stays."""
    store = app_state.library.annotations
    before = store.of(listener, kind, [item]).get(item)
    rating = None if before is None else before.rating
    store.put(listener, [AnnotationRecord(kind=kind, item=item, starred=at, rating=rating)])
