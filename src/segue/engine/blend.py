"""The engine: standardise each signal, weigh, add, take the best, and say why.

For one listener, each signal's scores are brought to mean 0 and standard deviation 1 over the
candidates it speaks about. A track that a signal says nothing about gets that signal's mean, 0: it
is neither helped nor harmed. The score is the weighted sum, so the weighted parts are the
explanation, and they add up to the score exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine.examples import Example
from segue.engine.standard import standardise
from segue.engine.weights import Weights, learn, shares
from segue.index import best
from segue.signals import Profile, Scores, Signal


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best tracks for one listener or seed, best first.

    `positions` [k], `scores` [k], `parts` [k, n_signals + n_dials] that sum to the scores, the
    `weights` [n_signals] that were used, and the names of the `dials` whose parts follow those of
    the signals. `features` [k, n_signals] are the standardised scores, of signals without weight,
    too.
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float32]
    parts: NDArray[np.float32]
    weights: NDArray[np.float64]
    dials: tuple[str, ...] = ()
    features: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Engine:
    """Blends signals over one catalogue.

    `recordings` are the positions of tracks
    that are one recording in several files: only one of them comes, and none beside a track of its
    own that is known or asked about. Tracks that are `missing`, by position, never come.
    """

    signals: Sequence[Signal]
    weights: Weights
    recordings: Sequence[Sequence[int]] = ()
    missing: Sequence[int] = ()

    @classmethod
    def fit(
        cls, signals: Sequence[Signal], examples: Sequence[Example], *, seed: int = 0
    ) -> "Engine":
        """Return the engine whose weights are learned from what listeners chose."""
        return cls(signals, learn(signals, examples, seed=seed))

    def global_weights(self) -> NDArray[np.float64]:
        """Return the weights for everyone, ``[n_signals]``."""
        return shares(self.weights.everyone)

    def listener_weights(self, profile: Profile) -> NDArray[np.float64]:
        """Return one listener's own weights, ``[n_signals]``."""
        return self.weights.of(profile.user)

    def recommend(
        self,
        profile: Profile,
        k: int,
        *,
        exclude: NDArray[np.bool_] | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> Ranked:
        """Return the best `k` tracks for a listener; fewer where fewer candidates are left.

        Parameters
        ----------
        exclude
            Tracks that may not come, ``[n_tracks]``; by default those the listener has met.
        weights
            To blend with, ``[n_signals]``; by default the listener's own, or, where none of the
            signals that count has anything to say, those that have, alike.
        """
        rows = np.stack([signal.for_listeners([profile])[0] for signal in self.signals])
        if exclude is None:
            exclude = np.zeros(rows.shape[1], bool)
            exclude[profile.known] = True
        if weights is None:
            return self.blended(rows, self.listener_weights(profile), self.barred(exclude), k)
        return self._rank(rows, weights, exclude, k)

    def blended(
        self, rows: Scores, weights: NDArray[np.float64], barred: NDArray[np.bool_], k: int
    ) -> Ranked:
        """Rank by learned weights, or by whatever speaks where nothing that counts does."""
        found = rank(rows, weights, barred, k, self.recordings)
        if len(found.positions):
            return found
        speaks = (~np.isnan(rows[:, ~barred])).any(axis=1).astype(np.float64)
        if not speaks.any():
            return found
        return rank(rows, speaks / speaks.sum(), barred, k, self.recordings)

    def similar(self, position: int, k: int) -> Ranked:
        """Return the `k` tracks most like the one at `position`, which is not among them."""
        rows = np.stack([signal.for_track(position) for signal in self.signals])
        exclude = np.zeros(rows.shape[1], bool)
        exclude[position] = True
        speaks = (~np.isnan(rows[:, ~exclude])).any(axis=1)
        weights = np.where(speaks, self.global_weights(), 0)
        if not weights.any():
            weights = speaks.astype(float)
        return self._rank(rows, weights / max(weights.sum(), 1e-12), exclude, k)

    def _rank(
        self, rows: Scores, weights: NDArray[np.float64], exclude: NDArray[np.bool_], k: int
    ) -> Ranked:
        barred = self.barred(exclude)
        return rank(rows, weights, barred, k, self.recordings)

    def barred(self, exclude: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return what may not come, ``[n_tracks]``, where the tracks of `exclude` may not."""
        barred = self.files_of(exclude)
        barred[list(self.missing)] = True
        return barred

    def files_of(self, tracks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return `tracks` ``[n_tracks]`` with the other files of their recordings."""
        found = tracks.copy()
        for group in self.recordings:
            if tracks[list(group)].any():
                found[list(group)] = True
        return found


def rank(
    rows: Scores,
    weights: NDArray[np.float64],
    exclude: NDArray[np.bool_],
    k: int,
    recordings: Sequence[Sequence[int]] = (),
) -> Ranked:
    """Blend the scores ``[n_signals, n_tracks]`` and return the best `k` that are not excluded.

    Fewer come where fewer are left. Of each of `recordings`, groups of positions, only the best
    comes.
    """
    features = standardise(rows, ~exclude)
    parts = features * weights[:, None].astype(np.float32)
    total = parts.sum(axis=0)
    # where no signal that counts says anything there is no reason to recommend
    total[exclude | _silent(rows, weights)] = np.nan
    keep_one_of_each(total, recordings)
    positions, scores = best(total[None, :], min(k, len(total)))
    found = positions[0][positions[0] >= 0]
    top = scores[0][: len(found)]
    return Ranked(found, top, parts[:, found].T, weights, features=features[:, found].T)


def _silent(rows: Scores, weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return of which tracks no signal that counts says anything, ``[n_tracks]``."""
    silent = np.ones(rows.shape[1], bool)
    for place in np.flatnonzero(weights > 0):
        silent &= np.isnan(rows[place])
        if not silent.any():
            break
    return silent


def keep_one_of_each(scores: NDArray[np.float32], recordings: Sequence[Sequence[int]]) -> None:
    """Leave a score, in place, only to the best track of each group; NaN to the others.

    >>> scores = np.array([0.1, 0.5, 0.4], np.float32)
    >>> keep_one_of_each(scores, [[0, 2]])
    >>> np.isnan(scores).tolist()
    [True, False, False]
    """
    for group in recordings:
        places = np.array(group)
        known = places[~np.isnan(scores[places])]
        if len(known) > 1:
            scores[places[places != known[np.argmax(scores[known])]]] = np.nan
