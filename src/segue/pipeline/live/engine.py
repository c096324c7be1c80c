"""The engine of a library that is open: what every signal says to a listener is kept for a while.

A list made with other weights, dials or exclusions then costs a product and the choice of the best.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine, Ranked, Rows
from segue.pipeline.live.latest import Latest, digest, whose
from segue.pipeline.live.weights import Beliefs
from segue.signals import Profile

MOST_BYTES: Final = 160_000_000
"""Of scores: of 40 listeners at 100,000 tracks, a few more than half of sixty in two processes."""


@dataclass(frozen=True)
class LiveEngine(Engine):
    """An engine that remembers what signals said, and what it offered."""

    beliefs: Beliefs | None = None
    _kept: Latest[Rows] = field(default_factory=lambda: Latest(MOST_BYTES))

    def rows(self, profile: Profile) -> Rows:
        """Return what every signal says to a listener, from the last time if nothing is new."""
        found = self._kept.get(*whose(profile))
        if found is None:
            (found,) = self.rows_of([profile])
            self._kept.put(*whose(profile), found, found.n_bytes)
        return found

    def expect(self, profiles: Sequence[Profile]) -> None:
        """Score those listeners together who are not remembered: vectors are read once for all."""
        asked = {digest(profile): profile for profile in profiles}
        new = [profile for profile in asked.values() if not self.at_hand(profile)]
        if new:
            for profile, rows in zip(new, self.rows_of(new), strict=True):
                self._kept.put(*whose(profile), rows, rows.n_bytes)

    def remembers(self, user: str) -> bool:
        """Return whether what signals said to a listener is kept, if perhaps not the latest."""
        return self._kept.holds(user)

    def at_hand(self, profile: Profile) -> bool:
        """Return whether what the signals say to a listener is kept from the last time."""
        return self._kept.get(*whose(profile)) is not None

    def recommend(
        self,
        profile: Profile,
        k: int,
        *,
        exclude: NDArray[np.bool_] | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> Ranked:
        """Return the best `k` tracks for a listener; see `Engine.recommend`."""
        found = super().recommend(profile, k, exclude=exclude, weights=weights)
        if self.beliefs is not None and profile.user is not None:
            self.beliefs.offer(profile.user, found)
        return found


def follows_from(engine: Engine, profile: Profile) -> bytes:
    """Return what tells whether an engine would score a listener otherwise than before."""
    return digest(profile) + engine.listener_weights(profile).tobytes()
