"""A signal of an earlier catalogue: tracks that came since are unknown to it.

Catalogues grow at their end, so positions keep their meaning. Scores of newer tracks are NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue.signals.signal import Profile, Scores, Signal


@dataclass(frozen=True)
class PaddedSignal:
    """`signal` over the first `n_known` tracks of a catalogue that has `n_tracks` now."""

    signal: Signal
    n_known: int
    n_tracks: int

    @property
    def name(self) -> str:
        """What the signal is called."""
        return self.signal.name

    def for_listeners(self, profiles: Sequence[Profile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``, NaN for tracks that came since."""
        newer = np.arange(self.n_known, self.n_tracks)
        scores = self.signal.for_listeners([one.without(newer).unmet(newer) for one in profiles])
        return self._wide(scores)

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]``; all NaN for a track that came since."""
        if position >= self.n_known:
            return np.full(self.n_tracks, np.nan, np.float32)
        row: Scores = self._wide(self.signal.for_track(position)[None])[0]
        return row

    def _wide(self, scores: Scores) -> Scores:
        wide = np.full((len(scores), self.n_tracks), np.nan, np.float32)
        wide[:, : self.n_known] = scores
        return wide
