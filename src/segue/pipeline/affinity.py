"""How much each track is to a listener's taste, for colours of the map: worked out once a state."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.standing import standing
from segue.pipeline.live.engine import follows_from
from segue.pipeline.live.latest import Latest
from segue.pipeline.opening.opened import Opened

MOST_BYTES: Final = 16_000_000


class Affinities:
    """The tastes that were asked for last, over one opened library. For any number of threads.

    What is kept of a listener holds until their profile or their weights are others.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._kept: Latest[NDArray[np.uint8]] = Latest(MOST_BYTES)

    def of(self, listener: str) -> NDArray[np.uint8]:
        """Return how high each track stands with a listener, ``[n_tracks]``: see `standing`.

        Raises
        ------
        UnknownListenerError
            If the library does not know them.
        """
        profile = self._opened.listener(listener)
        engine = self._opened.engine
        state = follows_from(engine, profile)
        found = self._kept.get(listener, state)
        if found is None:
            found = standing(engine, profile)
            self._kept.put(listener, state, found, found.nbytes)
        return found
