"""The engine: standardize the scores of each signal, weight and add them, rank.

For one listener, the scores of each signal are scaled to mean 0 and standard deviation 1 over the
candidates that it scores. A track that a signal does not score gets that signal's mean, 0: no
advantage and no disadvantage. The score is the weighted sum, so the weighted parts are the
explanation, and sum to the score exactly.

**Seeds** of a request are scored apart from the listener's history, by the signals that compare
tracks, and both scores, scaled to one reach (of their best over their mean), are added in the
shares of the profile. So three seeds are not drowned by a thousand plays.

Tracks with equal scores are ordered by a hash of their position, never by the catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.examples import Example
from segue.engine.randomness import uniform
from segue.engine.standardization import SeededScores, SignalScores
from segue.engine.weight_prior import prior_weights
from segue.engine.weights import Weights, learn, shares
from segue.index import best
from segue.signals import SIGNALS, Scores, Signal, UserProfile, reads_same

_TIE: Final = 1e-5
_FOREMOST: Final = 20
"""The least number of best scores by whose mean two kinds of scores are made comparable."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best tracks for one listener or seed, best first.

    `positions` [k], `scores` [k], `parts` [k, n_signals + n_dials] that sum to the scores, the
    `weights` [n_signals] that were used, and the names of the `dials` whose parts follow those of
    the signals. `features` [k, n_signals] are the standardized scores, including those of signals
    without weight.
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float32]
    parts: NDArray[np.float32]
    weights: NDArray[np.float64]
    dials: tuple[str, ...] = ()
    features: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of all signals for a `profile`, without seeds."""

    profile: UserProfile
    rows: SignalScores


@dataclass(frozen=True)
class Engine:
    """Blends signals over one catalogue.

    `recordings` are groups of positions that are one recording in several files: only one file of
    each is recommended, and none if one is known or the seed. Tracks that are `missing`, by
    position, are never recommended.
    """

    signals: Sequence[Signal]
    weights: Weights
    recordings: Sequence[Sequence[int]] = ()
    missing: Sequence[int] | NDArray[np.int64] = ()

    @classmethod
    def fit(
        cls, signals: Sequence[Signal], examples: Sequence[Example], *, seed: int = 0
    ) -> "Engine":
        """Return an engine whose weights are learned from the choices of listeners."""
        return cls(signals, learn(signals, examples, seed=seed))

    def global_weights(self) -> NDArray[np.float64]:
        """Return the global weights, ``[n_signals]``."""
        return shares(self.weights.everyone)

    def listener_weights(self, profile: UserProfile) -> NDArray[np.float64]:
        """Return one listener's weights, ``[n_signals]``."""
        return self.weights.of(profile.user)

    def comparing_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return weights for comparing tracks, ``[n_signals]``: half learned, half the prior.

        Weights are learned from what is played next, which may have little to do with what is
        similar: without the prior, a library could be left with nothing that compares sound.
        """
        comparing = self._comparing()
        expected = prior_weights([signal.name for signal in self.signals])
        return (shares(weights * comparing) + shares(expected * comparing)) / 2 * comparing

    def _comparing(self) -> NDArray[np.float64]:
        return np.array([_compares_tracks(signal.name) for signal in self.signals], np.float64)

    def recommend(
        self,
        profile: UserProfile,
        k: int,
        *,
        exclude: NDArray[np.bool_] | None = None,
        weights: NDArray[np.float64] | None = None,
        seed_weights: NDArray[np.float64] | None = None,
        rows: SignalScores | SeededScores | None = None,
    ) -> Ranked:
        """Return the best `k` tracks for a listener, or all candidates if there are fewer.

        Parameters
        ----------
        exclude
            Tracks to leave out, ``[n_tracks]``; by default those that the listener knows.
        weights
            Weights of the blend, ``[n_signals]``; by default the listener's. If no signal with a
            weight scores any candidate, the signals that do get equal weights.
        seed_weights
            Weights for the seeds of the profile, ``[n_signals]``; by default `weights` if given,
            else `comparing_weights`.
        rows
            What `rows` returns for the listener, if it was computed before.
        """
        rows = rows or self.rows(profile)
        if exclude is None:
            exclude = np.zeros(rows.n_tracks, bool)
            exclude[profile.known] = True
        excluded = self.all_excluded(exclude)
        own = self.listener_weights(profile) if weights is None else weights
        if isinstance(rows, SeededScores):
            if seed_weights is None:
                seed_weights = self.comparing_weights(own) if weights is None else own
            return self._rank_seeded(rows, own, seed_weights, excluded, k)
        if weights is None:
            return self.blended(rows, own, excluded, k)
        return rank(rows, weights, excluded, k, self.recordings)

    def rows(self, profile: UserProfile) -> SignalScores | SeededScores:
        """Return the scores of every signal for a listener, and for the seeds of a request."""
        return self.rows_of([profile])[0]

    def rows_of(
        self, profiles: Sequence[UserProfile], earlier: Sequence[Scored | None] = ()
    ) -> list[SignalScores | SeededScores]:
        """Return the scores of every signal for each listener; vectors are read once for all.

        Parameters
        ----------
        earlier
            Earlier scores of each listener, or None. Signals for which nothing has changed since
            are not asked again.
        """
        seeds = [replace(one.seeds, silent=one.silent) for one in profiles if one.seeds is not None]
        scored = self.scores_of([*profiles, *seeds], earlier)
        own, by_seeds = scored[: len(profiles)], iter(scored[len(profiles) :])
        return [
            rows
            if profile.seeds is None
            else SeededScores(rows, next(by_seeds), profile.seed_share)
            for profile, rows in zip(profiles, own, strict=True)
        ]

    def scores_of(
        self, profiles: Sequence[UserProfile], earlier: Sequence[Scored | None] = ()
    ) -> list[SignalScores]:
        """Return the same without the seeds of requests."""
        before = [*earlier, *[None] * (len(profiles) - len(earlier))]
        kept = [
            self._unchanged(profile, one) for profile, one in zip(profiles, before, strict=True)
        ]
        found: list[Scores | None] = [
            None if one is None else np.empty_like(one.rows.centred) for one in before
        ]
        for place, signal in enumerate(self.signals):
            changed = [number for number, same in enumerate(kept) if place not in same]
            if not changed:
                continue
            scores = signal.for_listeners([profiles[number] for number in changed])
            for number, row in zip(changed, scores, strict=True):
                rows = found[number]
                if rows is None:
                    rows = found[number] = np.empty((len(self.signals), len(row)), np.float32)
                rows[place] = np.nan if signal.name in profiles[number].silent else row
        return [
            SignalScores.of(
                np.zeros((0, 0), np.float32) if rows is None else rows,
                None if one is None else one.rows,
                same,
            )
            for rows, one, same in zip(found, before, kept, strict=True)
        ]

    def _unchanged(self, profile: UserProfile, earlier: Scored | None) -> set[int]:
        """Return the places of the signals that read the same as for the `earlier` scores."""
        if earlier is None:
            return set()
        places = enumerate(self.signals)
        return {place for place, one in places if reads_same(one, profile, earlier.profile)}

    def _rank_seeded(
        self,
        rows: SeededScores,
        weights: NDArray[np.float64],
        seed_weights: NDArray[np.float64],
        excluded: NDArray[np.bool_],
        k: int,
    ) -> Ranked:
        """Rank by seeds and history; where one of them scores nothing, the other one decides."""
        comparing = self._comparing()
        sides = [
            (rows.seeds, _usable(rows.seeds, seed_weights * comparing, ~excluded), rows.share),
            (rows.history, _usable(rows.history, weights, ~excluded), 1 - rows.share),
        ]
        n_tracks = len(excluded)
        total, scored = np.zeros(n_tracks, np.float32), np.zeros(n_tracks, bool)
        scaled = []
        for scores, own, part in sides:
            blended, mean, spread = scores.blended(own, excluded)
            says = ~np.isnan(blended)
            reach = _reach(blended[says])
            scale = part / reach if reach > 0 else 0.0
            total += np.where(says, blended, 0) * np.float32(scale)
            scored |= says & (part > 0)
            scaled.append((scores, own * scale, own * part, mean, spread))
        total[~scored] = np.nan
        keep_one_of_each(total, self.recordings)
        found = best_positions(total, k)
        parts = np.zeros((len(weights), len(found)), np.float32)
        shown = np.zeros(len(weights))
        for scores, slopes, counts, mean, spread in scaled:
            parts += scores.features(found, mean, spread) * slopes[:, None].astype(np.float32)
            shown += counts
        order = score_order(found, parts.sum(axis=0))
        return Ranked(found[order], parts.sum(axis=0)[order], parts[:, order].T, shares(shown))

    def blended(
        self,
        rows: SignalScores | Scores,
        weights: NDArray[np.float64],
        excluded: NDArray[np.bool_],
        k: int,
    ) -> Ranked:
        """Rank by weights, or by all signals equally if none with a weight scores a candidate."""
        if not isinstance(rows, SignalScores):
            rows = SignalScores.of(np.array(rows, np.float32))
        found = rank(rows, weights, excluded, k, self.recordings)
        if len(found.positions):
            return found
        speaks = rows.speaks(~excluded).astype(np.float64)
        if not speaks.any():
            return found
        return rank(rows, speaks / speaks.sum(), excluded, k, self.recordings)

    def similar(self, position: int, k: int, excluded: NDArray[np.bool_] | None = None) -> Ranked:
        """Return the `k` tracks most similar to the one at `position`, without itself.

        Parameters
        ----------
        excluded
            Tracks that are left out, ``[n_tracks]``.
        """
        rows = np.stack([signal.for_track(position) for signal in self.signals])
        exclude = np.zeros(rows.shape[1], bool) if excluded is None else excluded.copy()
        exclude[position] = True
        scores = SignalScores.of(rows)
        learned = self.comparing_weights(self.global_weights())
        weights = _usable(scores, learned, ~exclude)
        return rank(scores, weights, self.all_excluded(exclude), k, self.recordings)

    def all_excluded(self, exclude: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return `exclude` with other files of its recordings and all missing tracks."""
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

    Returns fewer if fewer are left. Only the best of each group of positions in `recordings` is
    ranked.
    """
    if not isinstance(rows, SignalScores):
        rows = SignalScores.of(np.array(rows, np.float32))
    total, mean, spread = rows.blended(weights, exclude)
    keep_one_of_each(total, recordings)
    found = best_positions(total, k)
    features = rows.features(found, mean, spread)
    parts = features * weights[:, None].astype(np.float32)
    scores = parts.sum(axis=0)
    order = score_order(found, scores)
    return Ranked(
        found[order],
        scores[order],
        parts[:, order].T,
        weights,
        features=features[:, order].T,
    )


def _reach(scores: NDArray[np.float32]) -> float:
    """Return how far the best scores are above the mean; 0 if all are equal.

    The standard deviation would not do: scores of a long history have a longer tail.
    """
    n = min(max(_FOREMOST, len(scores) // 100), len(scores))
    if not n:
        return 0.0
    top = np.partition(scores, len(scores) - n)[len(scores) - n :]
    return float(top.mean(dtype=np.float64) - scores.mean(dtype=np.float64))


def _compares_tracks(name: str) -> bool:
    return name not in SIGNALS or SIGNALS[name].compares_tracks


def _usable(
    rows: SignalScores, weights: NDArray[np.float64], candidates: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return weights of the signals that score any candidate; equal ones if none has a weight."""
    speaks = rows.speaks(candidates)
    own: NDArray[np.float64] = np.where(speaks, weights, 0)
    if not own.any():
        own = speaks.astype(np.float64)
    return np.asarray(own / max(own.sum(), 1e-12), np.float64)


def best_positions(total: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the positions of the best `k` scores, without NaN; equal scores by a hash."""
    if k < len(total):
        total = total + _tie_breaks(len(total))
    positions: NDArray[np.int64] = best(total[None, :], min(k, len(total)))[0][0]
    return positions[positions >= 0]


def score_order(positions: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the order of tracks by their scores, best first, NaN last; equal ones by a hash."""
    # sums in a different order may differ in their last digits
    return np.asarray(np.lexsort((uniform(0, positions), -scores)), np.int64)


@lru_cache(maxsize=4)
def _tie_breaks(n_tracks: int) -> NDArray[np.float32]:
    """Return what to add to scores ``[n_tracks]`` so that equal ones differ; less than 1e-5."""
    return (uniform(0, np.arange(n_tracks)) * _TIE).astype(np.float32)


def keep_one_of_each(scores: NDArray[np.float32], recordings: Sequence[Sequence[int]]) -> None:
    """Set the scores of all but the best track of each group to NaN, in place.

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
