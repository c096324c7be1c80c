"""Whether the reasons that segue gives for a recommendation are true of the person."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from segue.engine import Recommendation

from .api import SHOWN
from .behavior import EPISODE
from .libraries import PersonaLibrary
from .simulate import Simulated

NOT_DISLIKED = -0.2
"""Least affinity of a track that may be named as one that the person likes."""
OFTEN = 3
"""Least plays of an artist that a person plays "often"."""


class TrueReasons:
    """Compares reasons with what a person played and likes."""

    def __init__(self, opened: PersonaLibrary, one: Simulated, liked: int | None) -> None:
        world = opened.world
        tracks = [stream.track for stream in one.streams if stream.track != EPISODE]
        tracks += [] if liked is None else [liked]
        self._world, self._affinity = world, one.taste.affinity.copy()
        if liked is not None:
            self._affinity[liked] = 1.0
        self._played = set(tracks)
        self._artists = Counter(world.artists[world.artist[track]] for track in tracks)
        self._alone = len(opened.people) == 1

    def share(self, tracks: Sequence[Recommendation]) -> float:
        """Return the share of recommendations of which every reason is true."""
        if not tracks:
            return float("nan")
        return float(np.mean([not self.faults(one) for one in tracks]))

    def faults(self, one: Recommendation) -> list[str]:
        """Return what is not true of the reasons of a recommendation."""
        found = []
        for own in one.influenced_by:
            track = self._world.track(own.track_id)
            if abs(own.pull) < SHOWN:
                found.append("influence of +0.00")
            if track not in self._played:
                found.append("influenced by a track that was never played")
            elif self._affinity[track] < NOT_DISLIKED:
                found.append("influenced by a track that is not liked")
        artist = one.in_common.artist
        if artist is not None and artist not in self._artists:
            found.append("artist in common was never played")
        return found + self._signal_faults(one)

    def _signal_faults(self, one: Recommendation) -> list[str]:
        top = one.top_signal
        if top is None:
            return []
        found = []
        if one.why[top] < SHOWN:
            found.append("strongest reason of +0.00")
        if top == "recency" and self._artists[one.artist or ""] < OFTEN:
            found.append("artist is not played often")
        if top in {"popularity", "collaborative"} and self._alone:
            found.append("other listeners, where there are none")
        return found
