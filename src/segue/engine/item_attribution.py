"""Attribution of a track's score to the listener's own tracks.

Signals whose scores are sums over the history can be divided: those that compare vectors by cosine
(`segue.signals.vectors`: history weight times the similarity above average), and any that is
`Explaining`. A signal's part of a score is divided in these proportions, so the shares of a signal
sum to its part. Where hubs are removed, the part is no longer a sum of cosines, but is divided in
proportion to them all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segue.engine.blend import Ranked
from segue.signals import RowSubset, Signal, UserProfile, VectorSignal
from segue.signals.signal import profile_matrix

_CANCELLED = 0.05
"""Amounts that cancel to less than this share of their sizes are not attributed."""

Pulls = NDArray[np.float64]
Vector = NDArray[np.float64]


class Explaining(Protocol):
    """A signal that can say how much each known track adds to another's score."""

    def pulls(self, profile: UserProfile, position: int) -> NDArray[np.float32]:
        """Return how much each of `profile.positions` adds to the score of `position`."""


@dataclass(frozen=True, slots=True)
class HistoryVectors:
    """The vectors of a listener's own tracks, ready to be compared with others.

    `weights` ``[n]`` are those of the history; `compared` holds for each vector signal the rows of
    the tracks and their mean similarity to all tracks, ``[n]``.
    """

    weights: Vector
    compared: Mapping[str, tuple[RowSubset, Vector]]

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        parts = (taken.n_bytes + usual.nbytes for taken, usual in self.compared.values())
        return self.weights.nbytes + sum(parts)


class ItemAttribution:
    """Divides scores among the listener's own tracks, for the signals of one engine.

    The mean cosine of every track with all others is computed once for each signal, when it is
    first needed.
    """

    def __init__(self, signals: Sequence[Signal], n_tracks: int) -> None:
        self._signals, self._n_tracks = signals, n_tracks
        self._usual: dict[str, NDArray[np.float32]] = {}

    def own(self, profile: UserProfile) -> HistoryVectors:
        """Return the vectors of a listener's own tracks."""
        weights = profile_matrix([profile], self._n_tracks).data.astype(np.float64)
        compared = {
            signal.name: (
                signal.subset(profile.positions),
                self._usual_of(signal)[profile.positions].astype(np.float64),
            )
            for signal in self._signals
            if isinstance(signal, VectorSignal)
        }
        return HistoryVectors(weights, compared)

    def of(self, ranked: Ranked, profile: UserProfile, own: HistoryVectors) -> Pulls:
        """Return how much each known track adds to each of a list, ``[k, len(profile.positions)]``.

        Signals that cannot be divided add nothing. `own` is what `own` returns for the profile.
        """
        total = np.zeros((len(ranked.positions), len(profile.positions)))
        for column, signal in enumerate(self._signals):
            parts = ranked.parts[:, column].astype(np.float64)
            if not parts.any():
                continue
            raw = _told(signal, profile, ranked.positions)
            if raw is None and signal.name in own.compared:
                taken, usual = own.compared[signal.name]
                raw = own.weights * (taken.products(ranked.positions) - usual)
            if raw is None:
                continue
            sums = raw.sum(axis=1)
            says = (np.abs(sums) > _CANCELLED * np.abs(raw).sum(axis=1)) & (sums * parts > 0)
            total += raw * np.divide(parts, sums, out=np.zeros_like(sums), where=says)[:, None]
        return total

    def _usual_of(self, signal: VectorSignal) -> NDArray[np.float32]:
        usual = self._usual.get(signal.name)
        if usual is None:
            usual = signal.vectors @ signal.center.astype(np.float32)
            self._usual[signal.name] = usual
        return usual


def _told(signal: Signal, profile: UserProfile, positions: NDArray[np.int64]) -> Pulls | None:
    """Return the amounts of an `Explaining` signal, ``[k, n]``; None for other signals."""
    rows = [shares_of(signal, profile, position) for position in positions.tolist()]
    if any(row is None for row in rows):
        return None
    return np.array(rows, np.float64).reshape(len(positions), len(profile.positions))


def shares_of(signal: Signal, profile: UserProfile, position: int) -> NDArray[np.float32] | None:
    """Return how much each known track adds to a score, ``[n]``; None if the signal cannot say."""
    pulls: Callable[[UserProfile, int], NDArray[np.float32]] | None
    pulls = getattr(signal, "pulls", None)
    return None if pulls is None else pulls(profile, position)
