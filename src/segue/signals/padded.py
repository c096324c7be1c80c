"""A signal of an earlier catalogue, which does not know tracks added since.

Catalogues grow at their end, so positions keep their meaning. Scores of newer tracks are NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.signals.signal import Scores, Signal, SignalWrapper, UserProfile

_SETTINGS = "padding"


@dataclass(frozen=True)
class PaddedSignal(SignalWrapper):
    """`signal` over the first `n_known` tracks of a catalogue that has `n_tracks` now."""

    n_known: int
    n_tracks: int

    @classmethod
    def around(cls, signal: Signal, settings: Mapping[str, Any]) -> Signal:
        """Return `signal` padded as `save` wrote into its settings, if it was padded."""
        padding = settings.get(_SETTINGS)
        return signal if padding is None else cls(signal, **padding)

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores, NaN for newer tracks."""
        newer = np.arange(self.n_known, self.n_tracks)
        scores = self.signal.for_listeners([one.without(newer).unmet(newer) for one in profiles])
        return self._padded(scores)

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]`` scores; all NaN for a newer track."""
        if position >= self.n_known:
            return np.full(self.n_tracks, np.nan, np.float32)
        row: Scores = self._padded(self.signal.for_track(position)[None])[0]
        return row

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays of the wrapped signal, with the padding among the settings."""
        settings, arrays = self.signal.save()
        padding = {"n_known": self.n_known, "n_tracks": self.n_tracks}
        return {**settings, _SETTINGS: padding}, arrays

    def _padded(self, scores: Scores) -> Scores:
        wide = np.full((len(scores), self.n_tracks), np.nan, np.float32)
        wide[:, : self.n_known] = scores
        return wide


def padded(signal: Signal, n_known: int, n_tracks: int) -> Signal:
    """Return `signal` over `n_tracks`, of which it knows the first `n_known`."""
    return signal if n_known == n_tracks else PaddedSignal(signal, n_known, n_tracks)
