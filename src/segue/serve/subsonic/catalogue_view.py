"""The shelves that a process holds, what a listener played, and what they marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library, Mark, Opinion, PlayCounts
from segue.pipeline.browse import BrowseIndex, browse_index
from segue.pipeline.recommender.caching import StaleWhileRevalidate, VersionedCache
from segue.serve.held import Held
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError

_MAX_PLAYS_BYTES: Final = 16_000_000
_WORST = 1
"""The rating of what is disliked elsewhere."""


class CatalogueView(NamedTuple):
    """A catalogue and its shelves, which speak of the same positions."""

    catalogue: Catalogue
    shelves: BrowseIndex

    def position(self, track_id: str) -> int:
        """Return the position of a track.

        Raises
        ------
        SubsonicError
            If there is none of that id.
        """
        found = self.catalogue.positions.get(track_id)
        if found is None:
            raise SubsonicError(NOT_FOUND, "There is no such song.")
        return found

    def duration(self, track_id: str) -> float | None:
        """Return the seconds of a track, None where they are unknown."""
        position = self.catalogue.positions.get(track_id)
        found = np.nan if position is None else float(self.shelves.durations[position])
        return found if found > 0 else None

    def tracks_of(self, item: str) -> NDArray[np.int32]:
        """Return the positions of a song, of an album's songs, or of an artist's.

        Raises
        ------
        SubsonicError
            If there is nothing of that id.
        """
        found = self.catalogue.positions.get(item)
        if found is not None:
            return np.array([found], np.int32)
        shelf = self.shelves.album(item) or self.shelves.artist(item)
        if shelf is None:
            raise SubsonicError(NOT_FOUND, "There is nothing of that id.")
        return shelf.tracks


def catalogue_view(holding: Held) -> CatalogueView:
    """Return the catalogue with its shelves, or the one before while those are put up."""
    library = holding.library
    latest: StaleWhileRevalidate[Catalogue, CatalogueView] = holding.memo(
        "halls",
        "of all catalogues",
        lambda: StaleWhileRevalidate(
            lambda catalogue: CatalogueView(catalogue, browse_index(library, catalogue))
        ),
    )
    return latest.get(holding.catalogue())


def played_by(holding: Held, user: str) -> PlayCounts:
    """Return how often a listener played each track."""
    cache: VersionedCache[PlayCounts] = holding.memo(
        "plays", "of listeners", lambda: VersionedCache(_MAX_PLAYS_BYTES)
    )
    latest = holding.library.browse.latest_listen(user)
    found = cache.get(user, latest)
    if found is None:
        found = holding.library.browse.plays(user)
        n_bytes = found.rows.nbytes + found.counts.nbytes + found.last.nbytes
        cache.put(user, latest, found, n_bytes)
    return found


def counts_of(
    view: CatalogueView, plays: PlayCounts
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return plays and the last one's time by position, ``[n_tracks]`` each; NaN is never."""
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
    """What a listener said of a song, album or artist, as players show it."""

    starred: float | None = None
    rating: int | None = None


NOTHING: Final = Annotation()


def song_annotations(
    library: Library, user: str, track_ids: Sequence[str]
) -> dict[str, Annotation]:
    """Return stars and ratings of songs, by id.

    A mark counts as long as what was said since, on the page or elsewhere, is the same; otherwise a
    like is a star, and a dislike the lowest rating.
    """
    marks = library.marks.of(user, "song", track_ids)
    opinions = library.histories.opinions(user, track_ids)
    named = marks.keys() | opinions.keys()
    return {one: annotation_of(marks.get(one), opinions.get(one)) for one in named}


def annotation_of(mark: Mark | None, opinion: Opinion | None) -> Annotation:
    """Return what a mark and an opinion of one song come to."""
    kind = opinion.kind if opinion else None
    if mark is not None and mark.opinion == kind:
        return Annotation(mark.starred, mark.rating)
    if opinion is None:
        return NOTHING
    return Annotation(opinion.at) if kind == "like" else Annotation(None, _WORST)


def shelf_annotations(
    library: Library, user: str, kind: Any, ids: Sequence[str]
) -> dict[str, Annotation]:
    """Return stars and ratings of albums or artists, by id."""
    wanted = set(ids)
    marks = library.marks.all(user, kind)  # there are few, and there may be many ids
    return {one.item: Annotation(one.starred, one.rating) for one in marks if one.item in wanted}
