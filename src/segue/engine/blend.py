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
from segue.engine.standardization import SignalScores
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
    missing: Sequence[int] | NDArray[np.int64] = ()

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
        rows: SignalScores | None = None,
    ) -> Ranked:
        """Return the best `k` tracks for a listener; fewer where fewer candidates are left.

        Parameters
        ----------
        exclude
            Tracks that may not come, ``[n_tracks]``; by default those the listener has met.
        weights
            To blend with, ``[n_signals]``; by default the listener's own, or, where none of the
            signals that count has anything to say, those that have, alike.
        rows
            What `rows` returns for the listener, where it was computed before.
        """
        rows = rows or self.rows(profile)
        if exclude is None:
            exclude = np.zeros(rows.centred.shape[1], bool)
            exclude[profile.known] = True
        if weights is None:
            return self.blended(rows, self.listener_weights(profile), self.all_excluded(exclude), k)
        return rank(rows, weights, self.all_excluded(exclude), k, self.recordings)

    def rows(self, profile: Profile) -> SignalScores:
        """Return what every signal says to a listener."""
        return self.rows_of([profile])[0]

    def rows_of(self, profiles: Sequence[Profile]) -> list[SignalScores]:
        """Return what every signal says to each listener; vectors are read once for all."""
        found = [np.zeros((0, 0), np.float32)] * len(profiles)
        for place, signal in enumerate(self.signals):
            scores = signal.for_listeners(profiles)
            if not place:
                shape = len(self.signals), scores.shape[1]
                found = [np.empty(shape, np.float32) for _ in profiles]
            for rows, row in zip(found, scores, strict=True):
                rows[place] = row
        return [SignalScores.of(rows) for rows in found]

    def blended(
        self,
        rows: SignalScores | Scores,
        weights: NDArray[np.float64],
        excluded: NDArray[np.bool_],
        k: int,
    ) -> Ranked:
        """Rank by learned weights, or by whatever speaks where nothing that counts does."""
        if not isinstance(rows, SignalScores):
            rows = SignalScores.of(np.array(rows, np.float32))
        found = rank(rows, weights, excluded, k, self.recordings)
        if len(found.positions):
            return found
        speaks = rows.speaks(~excluded).astype(np.float64)
        if not speaks.any():
            return found
        return rank(rows, speaks / speaks.sum(), excluded, k, self.recordings)

    def similar(self, position: int, k: int) -> Ranked:
        """Return the `k` tracks most like the one at `position`, which is not among them."""
        rows = np.stack([signal.for_track(position) for signal in self.signals])
        exclude = np.zeros(rows.shape[1], bool)
        exclude[position] = True
        speaks = (~np.isnan(rows[:, ~exclude])).any(axis=1)
        weights = np.where(speaks, self.global_weights(), 0)
        if not weights.any():
            weights = speaks.astype(float)
        shared = weights / max(weights.sum(), 1e-12)
        return rank(SignalScores.of(rows), shared, self.all_excluded(exclude), k, self.recordings)

    def all_excluded(self, exclude: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return what may not come, ``[n_tracks]``, where the tracks of `exclude` may not."""
        excluded = self.files_of(exclude)
        excluded[np.asarray(self.missing, np.int64)] = True
        return excluded

    def files_of(self, tracks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return `tracks` ``[n_tracks]`` with the other files of their recordings."""
        found = tracks.copy()
        places, starts = _flat(self.recordings)
        if len(starts):
            touched = np.logical_or.reduceat(tracks[places], starts)
            found[places] |= np.repeat(touched, np.diff([*starts, len(places)]))
        return found


def rank(
    rows: SignalScores | Scores,
    weights: NDArray[np.float64],
    exclude: NDArray[np.bool_],
    k: int,
    recordings: Sequence[Sequence[int]] = (),
) -> Ranked:
    """Blend the scores ``[n_signals, n_tracks]`` and return the best `k` that are not excluded.

    Fewer come where fewer are left. Of each of `recordings`, groups of positions, only the best
    comes.
    """
    if not isinstance(rows, SignalScores):
        rows = SignalScores.of(np.array(rows, np.float32))
    total, mean, spread = rows.blended(weights, exclude)
    keep_one_of_each(total, recordings)
    positions = best(total[None, :], min(k, len(total)))[0][0]
    found = positions[positions >= 0]
    features = rows.features(found, mean, spread)
    parts = features * weights[:, None].astype(np.float32)
    scores = parts.sum(axis=0)
    # what was added up in another order may differ in its last digits
    order = np.lexsort((found, -scores))
    return Ranked(
        found[order],
        scores[order],
        parts[:, order].T,
        weights,
        features=features[:, order].T,
    )


def keep_one_of_each(scores: NDArray[np.float32], recordings: Sequence[Sequence[int]]) -> None:
    """Leave a score, in place, only to the best track of each group; NaN to the others.

    >>> scores = np.array([0.1, 0.5, 0.4], np.float32)
    >>> keep_one_of_each(scores, [[0, 2]])
    >>> np.isnan(scores).tolist()
    [True, False, False]
    """
    places, starts = _flat(recordings)
    if not len(starts):
        return
    values = np.nan_to_num(scores[places], nan=-np.inf)
    groups = np.repeat(np.arange(len(starts)), np.diff([*starts, len(places)]))
    order = np.lexsort((np.arange(len(places)), -values, groups))
    kept = np.zeros(len(places), bool)
    kept[order[starts]] = True
    scores[places[~kept]] = np.nan


def _flat(groups: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the members of all groups, one group after another, and where each starts."""
    if not len(groups):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing
    lengths = np.fromiter((len(group) for group in groups), np.int64, len(groups))
    places = np.fromiter((place for group in groups for place in group), np.int64, lengths.sum())
    starts: NDArray[np.int64] = np.cumsum(lengths) - lengths
    return places, starts
