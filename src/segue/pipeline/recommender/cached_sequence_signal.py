"""A sequence signal that is computed again only after a new play.

Likes, dislikes and skips leave the order of plays, and so its scores, as they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.pipeline.recommender.caching import VersionedCache
from segue.signals import Scores, SignalWrapper, UserProfile

MAX_BYTES: Final = 16_000_000


@dataclass(frozen=True)
class CachedSequenceSignal(SignalWrapper):
    """A signal that depends on the play history alone, with each listener's latest scores."""

    _cache: VersionedCache[Scores] = field(default_factory=lambda: VersionedCache(MAX_BYTES))

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores; see `Signal.for_listeners`."""
        rows = [self._row(profile) for profile in profiles]
        return np.stack(rows) if rows else self.signal.for_listeners(profiles)

    def _row(self, profile: UserProfile) -> Scores:
        if not profile.user:
            return self._computed(profile)
        history = profile.history.tobytes()
        row = self._cache.get(profile.user, history)
        if row is None:
            row = self._computed(profile)
            self._cache.put(profile.user, history, row, row.nbytes)
        return row

    def _computed(self, profile: UserProfile) -> Scores:
        row: Scores = self.signal.for_listeners([profile])[0]
        return row
