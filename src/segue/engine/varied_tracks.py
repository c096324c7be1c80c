"""Choose tracks for a listener of whom nothing is known: many artists and genres, popular first.

The first tracks are of different artists, and of each genre in turn; among tracks that are equal in
this, those that more listeners like are more likely. The choice is random by seed and listener.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.randomness import gumbel

_POOL = 2_000
"""Number of candidates whose genres are compared."""


def varied_tracks(
    facts: CatalogueArrays,
    allowed: NDArray[np.bool_],
    *,
    seed: int = 0,
    user: str | None = None,
) -> NDArray[np.int64]:
    """Return up to 2,000 of the `allowed` tracks ``[n_tracks]`` by position, the first ones first.

    Examples
    --------
    >>> from segue.catalogue_ids import CatalogueIds
    >>> from segue.types import Track
    >>> tracks = [Track(track_id=str(i), artist="ab"[i % 2], genres=("x",)) for i in range(4)]
    >>> facts = CatalogueArrays.of(tracks, CatalogueIds.of([[0], [1], [0], [1]], [-1] * 4))
    >>> found = varied_tracks(facts, np.ones(4, bool))
    >>> sorted(tracks[i].artist for i in found[:2])
    ['a', 'b']
    """
    positions = np.flatnonzero(allowed)
    score = np.log1p(facts.listeners[positions]) + gumbel(seed, positions, user)
    positions = positions[np.argsort(-score, kind="stable")]
    artists = facts.ids.artist[positions].astype(np.int64)
    unknown = artists < 0
    artists[unknown] = -1 - np.arange(int(unknown.sum()))  # each one for itself
    of_artist = _numbered(artists)
    order = np.argsort(of_artist, kind="stable")[:_POOL]
    positions, of_artist = positions[order], of_artist[order]
    genres = _main_genres(facts, positions)
    in_genre = _numbered(of_artist * (len(facts.genres) + 1) + genres)
    chosen: NDArray[np.int64] = positions[np.lexsort((in_genre, of_artist))]
    return chosen


def _numbered(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each entry how many entries of the same group are before it.

    >>> _numbered(np.array([7, 3, 7, 7, 3])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(groups, kind="stable")
    _, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    found = np.empty(len(groups), np.int64)
    found[order] = np.arange(len(groups)) - np.repeat(starts, counts)
    return found


def _main_genres(facts: CatalogueArrays, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the column of each track's largest genre, the number of genres for none."""
    found = np.full(len(positions), len(facts.genres), np.int64)
    if not len(facts.genres) or not len(positions):
        return found
    mixes = sparse.coo_array(facts.mixes[positions])
    order = np.lexsort((-mixes.col, mixes.data))  # the last entry of a row stays
    found[mixes.row[order]] = mixes.col[order]
    return found
