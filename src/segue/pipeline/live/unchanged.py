"""A signal that reads the order of plays and nothing else, asked only when somebody played.

Of what listeners do, a like, dislike or skip leaves that order as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.pipeline.live.bounded import Bounded
from segue.signals import Profile, Scores, Signal

MOST_BYTES: Final = 16_000_000


@dataclass(frozen=True)
class UnchangedByOpinions:
    """A signal by whose listeners' histories alone it scores, with the last scores of each."""

    signal: Signal
    _kept: Bounded[str, tuple[NDArray[np.int64], Scores]] = field(
        default_factory=lambda: Bounded(MOST_BYTES)
    )

    @property
    def name(self) -> str:
        """What the signal is called."""
        return self.signal.name

    def for_listeners(self, profiles: Sequence[Profile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores; see `Signal.for_listeners`."""
        rows = [self._row(profile) for profile in profiles]
        return np.stack(rows) if rows else self.signal.for_listeners(profiles)

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]`` scores by likeness to the track at `position`."""
        return self.signal.for_track(position)

    def _row(self, profile: Profile) -> Scores:
        kept = self._kept.get(profile.user) if profile.user else None
        if kept is not None and np.array_equal(kept[0], profile.history):
            return kept[1]
        row: Scores = self.signal.for_listeners([profile])[0]
        if profile.user:
            self._kept.put(profile.user, (profile.history, row), row.nbytes)
        return row
