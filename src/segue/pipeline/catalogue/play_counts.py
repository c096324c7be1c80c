"""How often, and when last, a listener played each track of a catalogue."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library, PlayCounts
from segue.pipeline.recommender.caching import VersionedCache

_MAX_BYTES: Final = 16_000_000


class PlayCountCache:
    """The play counts of the listeners of a library, read again after each new listen."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._cache: VersionedCache[PlayCounts] = VersionedCache(_MAX_BYTES)

    def of(self, user: str) -> PlayCounts:
        """Return how often a listener played each track."""
        latest = self._library.browse.latest_listen(user)
        found = self._cache.get(user, latest)
        if found is None:
            found = self._library.browse.plays(user)
            n_bytes = found.rows.nbytes + found.counts.nbytes + found.last.nbytes
            self._cache.put(user, latest, found, n_bytes)
        return found


def counts_by_position(
    catalogue: Catalogue, plays: PlayCounts
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return play counts and times of the last play, ``[n_tracks]`` each; NaN means never."""
    n_tracks = len(catalogue)
    counts, last = np.zeros(n_tracks, np.int64), np.full(n_tracks, np.nan)
    if n_tracks:
        rows = np.asarray(catalogue.rows)
        places = np.minimum(np.searchsorted(rows, plays.rows), n_tracks - 1)
        known = rows[places] == plays.rows
        counts[places[known]], last[places[known]] = plays.counts[known], plays.last[known]
    return counts, last
