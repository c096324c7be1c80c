"""Percentile rank of each track for a listener, for the colors of the map."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.percentile_ranks import percentile_ranks
from segue.pipeline.recommender.caching import VersionedCache
from segue.pipeline.recommender.serving_state import ServingState

MAX_BYTES: Final = 16_000_000


class Affinities:
    """Affinities of the listeners who asked last, in one serving state. Safe in several threads.

    They are computed again when the profile or the weights of the listener have changed.
    """

    def __init__(self, state: ServingState) -> None:
        self._state = state
        self._cache: VersionedCache[NDArray[np.uint8]] = VersionedCache(MAX_BYTES)

    def of(self, listener: str) -> NDArray[np.uint8]:
        """Return `percentile_ranks` of a listener, ``[n_tracks]``.

        Raises
        ------
        UnknownListenerError
            If the library does not know the listener.
        """
        query, engine = self._state.query(listener), self._state.engine
        version = query.key.version + engine.listener_weights(query.profile).tobytes()
        found = self._cache.get(listener, version)
        if found is None:
            found = percentile_ranks(engine, query.profile)
            self._cache.put(listener, version, found, found.nbytes)
        return found
