"""A signal that reads the order of plays and nothing else, asked only when somebody played.

Of what listeners do, a like, dislike or skip leaves that order as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.pipeline.live.latest import Latest
from segue.signals import Profile, Scores, SignalWrapper

MOST_BYTES: Final = 16_000_000


@dataclass(frozen=True)
class UnchangedByOpinions(SignalWrapper):
    """A signal by whose listeners' histories alone it scores, with the last scores of each."""

    _kept: Latest[Scores] = field(default_factory=lambda: Latest(MOST_BYTES))

    def for_listeners(self, profiles: Sequence[Profile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores; see `Signal.for_listeners`."""
        rows = [self._row(profile) for profile in profiles]
        return np.stack(rows) if rows else self.signal.for_listeners(profiles)

    def _row(self, profile: Profile) -> Scores:
        if not profile.user:
            return self._asked(profile)
        history = profile.history.tobytes()
        row = self._kept.get(profile.user, history)
        if row is None:
            row = self._asked(profile)
            self._kept.put(profile.user, history, row, row.nbytes)
        return row

    def _asked(self, profile: Profile) -> Scores:
        row: Scores = self.signal.for_listeners([profile])[0]
        return row
