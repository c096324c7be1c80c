"""Convert the stored listens of one listener to arrays for the engine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.engine import LearningRules, Listens
from segue.library import StoredListens


def read_listens(
    stored: StoredListens,
    rows: NDArray[np.int64],
    rules: LearningRules | None = None,
    hidden: NDArray[np.bool_] | None = None,
) -> Listens:
    """Return listens by position.

    Parameters
    ----------
    rows
        The rows of the catalogue's tracks, ascending.
    rules
        What is not learned from; None if everything is.
    hidden
        Tracks whose listens are left out, ``[n_tracks]``; None for none.
    """
    places = np.searchsorted(rows, stored.rows)
    places = np.minimum(places, max(len(rows) - 1, 0))
    tracks = np.where(rows[places] == stored.rows, places, -1) if len(rows) else places - 1
    tracks = tracks.astype(np.int64)
    if hidden is not None:
        tracks[(tracks >= 0) & hidden[tracks]] = -1
    return Listens(
        np.zeros(len(tracks), np.int64),
        tracks,
        stored.plays,
        stored.ms_played,
        stored.skipped,
        stored.completed,
        stored.rating,
        stored.timestamp,
        stored.position,
        None if rules is None else rules.ignored(tracks, stored.timestamp, stored.sources),
        _session_numbers(stored.sessions),
    )


def _session_numbers(sessions: Sequence[str | None]) -> NDArray[np.int64] | None:
    """Return a number for each session, -1 for unknown; None if all are unknown."""
    if not any(sessions):
        return None
    numbers: dict[str | None, int] = {None: -1}
    return np.array([numbers.setdefault(one, len(numbers) - 1) for one in sessions], np.int64)
