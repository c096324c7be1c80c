"""Convert the stored listens of one listener to arrays for the engine."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from segue.engine.profile_accumulator import Listens
from segue.engine.profiles import LIVE, Scale, on_unit_scale, rating_scale
from segue.library import StoredListens


def read_listens(
    stored: StoredListens, rows: NDArray[np.int64], scales: Mapping[str, Scale]
) -> Listens:
    """Return listens by position, with ratings scaled to [-1, 1].

    Parameters
    ----------
    rows
        The rows of the catalogue's tracks, ascending.
    scales
        Scales of ratings by source; an unknown one is found from the ratings of this listener.
    """
    places = np.searchsorted(rows, stored.rows)
    places = np.minimum(places, max(len(rows) - 1, 0))
    tracks = np.where(rows[places] == stored.rows, places, -1) if len(rows) else places - 1
    rated = ~np.isnan(stored.rating)
    rating, marked = np.zeros(len(rated)), np.zeros(len(rated), bool)
    if rated.any():
        sources = np.array(stored.sources, object)
        for source in set(sources[rated].tolist()):
            own = rated & (sources == source)
            scale = scales.get(source) or rating_scale(stored.rating[own], source)
            rating[own] = on_unit_scale(stored.rating[own], scale)
            marked |= own & (source == LIVE)
    return Listens(
        tracks.astype(np.int64),
        stored.plays,
        stored.ms_played,
        stored.skipped,
        rating,
        rated,
        marked,
        stored.timestamp,
        stored.position,
    )
