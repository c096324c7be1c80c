"""The catalogue for players: artists and albums, play counts, stars and ratings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.library import AnnotationRecord, Catalogue, Library, Opinion
from segue.pipeline.catalogue.browse import BrowseIndex
from segue.serve.app_state import AppState
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError

_WORST = 1
"""Rating shown for a song that was disliked on the web page."""


class CatalogueView(NamedTuple):
    """A catalogue with its artists and albums, by the same track positions."""

    catalogue: Catalogue
    shelves: BrowseIndex

    def position(self, track_id: str) -> int:
        """Return the position of a track.

        Raises
        ------
        SubsonicError
            If there is no track of this id.
        """
        found = self.catalogue.positions.get(track_id)
        if found is None:
            raise SubsonicError(NOT_FOUND, "There is no such song.")
        return found

    def duration(self, track_id: str) -> float | None:
        """Return the duration of a track in seconds; None if it is unknown."""
        position = self.catalogue.positions.get(track_id)
        found = np.nan if position is None else float(self.shelves.durations[position])
        return found if found > 0 else None

    def tracks_of(self, item: str) -> NDArray[np.int32]:
        """Return the positions of a song, or of the songs of an album or artist.

        Raises
        ------
        SubsonicError
            If there is no item of this id.
        """
        found = self.catalogue.positions.get(item)
        if found is not None:
            return np.array([found], np.int32)
        shelf = self.shelves.album(item) or self.shelves.artist(item)
        if shelf is None:
            raise SubsonicError(NOT_FOUND, "There is no item with this id.")
        return shelf.tracks


def catalogue_view(app_state: AppState) -> CatalogueView:
    """Return the catalogue view; the previous one while a new one is being built."""
    index = app_state.browse_index()
    return CatalogueView(index.catalogue, index)


@dataclass(frozen=True, slots=True)
class Annotation:
    """Star and rating of a song, album or artist."""

    starred: float | None = None
    rating: int | None = None


NO_ANNOTATION: Final = Annotation()


def song_annotations(
    library: Library, user: str, track_ids: Sequence[str]
) -> dict[str, Annotation]:
    """Return stars and ratings of songs, by id.

    A star or rating counts until the listener likes or dislikes the song elsewhere; then a like is
    shown as a star and a dislike as the lowest rating.
    """
    marks = library.annotations.of(user, "song", track_ids)
    opinions = library.histories.opinions(user, track_ids)
    named = marks.keys() | opinions.keys()
    return {one: annotation_of(marks.get(one), opinions.get(one)) for one in named}


def annotation_of(mark: AnnotationRecord | None, opinion: Opinion | None) -> Annotation:
    """Return star and rating of a song from its annotation and opinion."""
    kind = opinion.kind if opinion else None
    if mark is not None and mark.opinion == kind:
        return Annotation(mark.starred, mark.rating)
    if opinion is None:
        return NO_ANNOTATION
    return Annotation(opinion.at) if kind == "like" else Annotation(None, _WORST)


def shelf_annotations(
    library: Library, user: str, kind: Any, ids: Sequence[str]
) -> dict[str, Annotation]:
    """Return stars and ratings of albums or artists, by id."""
    wanted = set(ids)
    marks = library.annotations.all(user, kind)  # there are few, and there may be many ids
    return {one.item: Annotation(one.starred, one.rating) for one in marks if one.item in wanted}
