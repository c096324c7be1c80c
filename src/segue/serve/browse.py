"""Tracks of an artist, album or genre, in the order in which they were added."""

import numpy as np

from segue.library import Catalogue, Library
from segue.pipeline.recommender.exclusion_index import ExclusionIndex
from segue.pipeline.recommender.serving_state import ServingState


def first_with(
    library: Library,
    catalogue: Catalogue,
    state: ServingState | None,
    start: int,
    most: int,
    *,
    artist: str | None = None,
    album: str | None = None,
    genre: str | None = None,
) -> list[int]:
    """Return the first positions from `start` with tracks of these names, in any spelling.

    Missing tracks are left out. Where the library is opened (`state`), its arrays are used.
    """
    index = state.snapshot.exclusion_index if state else ExclusionIndex.of(library, catalogue)
    found = np.ones(len(catalogue), bool)
    for kind, name in (("artist", artist), ("album", album), ("genre", genre)):
        if name is not None:
            found &= index.having(kind, [name])
    found[:start] = False
    positions: list[int] = []
    for position in np.flatnonzero(found).tolist():
        if not catalogue.tracks[position].missing:
            positions.append(position)
            if len(positions) == most:
                break
    return positions
