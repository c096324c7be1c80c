"""The catalogue for players: artists and albums, play counts, stars and ratings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.library import AnnotationRecord, Catalogue, Library, Opinion, PlayCounts
from segue.pipeline.catalogue.browse import BrowseIndex, browse_index
from segue.pipeline.recommender.caching import StaleWhileRevalidate, VersionedCache
from segue.serve.app_state import AppState
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError

_MAX_PLAYS_BYTES: Final = 16_000_000
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
    library = app_state.library
    latest: StaleWhileRevalidate[Catalogue, CatalogueView] = app_state.memo(
        "halls",
        "of all catalogues",
        lambda: StaleWhileRevalidate(
            lambda catalogue: CatalogueView(catalogue, browse_index(library, catalogue))
        ),
    )
    return latest.get(app_state.catalogue())


def played_by(app_state: AppState, user: str) -> PlayCounts:
    """Return how often a listener played each track."""
    cache: VersionedCache[PlayCounts] = app_state.memo(
        "plays", "of listeners", lambda: VersionedCache(_MAX_PLAYS_BYTES)
    )
    latest = app_state.library.browse.latest_listen(user)
    found = cache.get(user, latest)
    if found is None:
        found = app_state.library.browse.plays(user)
        n_bytes = found.rows.nbytes + found.counts.nbytes + found.last.nbytes
        cache.put(user, latest, found, n_bytes)
    return found


def counts_of(
    view: CatalogueView, plays: PlayCounts
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return play counts and times of the last play, ``[n_tracks]`` each; NaN means never."""
    n_tracks = len(view.catalogue)
    counts, last = np.zeros(n_tracks, np.int64), np.full(n_tracks, np.nan)
    if n_tracks:
        rows = np.asarray(view.catalogue.rows)
        places = np.minimum(np.searchsorted(rows, plays.rows), n_tracks - 1)
        known = rows[places] == plays.rows
        counts[places[known]], last[places[known]] = plays.counts[known], plays.last[known]
    return counts, last


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
