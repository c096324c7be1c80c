"""Convert the stored listens of one listener to arrays for the engine."""

import numpy as np
from numpy.typing import NDArray

from segue.engine import Listens
from segue.library import StoredListens


def read_listens(stored: StoredListens, rows: NDArray[np.int64]) -> Listens:
    """Return listens by position.

    Parameters
    ----------
    rows
        The rows of the catalogue's tracks, ascending.
    """
    places = np.searchsorted(rows, stored.rows)
    places = np.minimum(places, max(len(rows) - 1, 0))
    tracks = np.where(rows[places] == stored.rows, places, -1) if len(rows) else places - 1
    return Listens(
        np.zeros(len(tracks), np.int64),
        tracks.astype(np.int64),
        stored.plays,
        stored.ms_played,
        stored.skipped,
        stored.completed,
        stored.rating,
        stored.timestamp,
        stored.position,
    )
