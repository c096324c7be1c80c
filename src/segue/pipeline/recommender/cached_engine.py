"""Engine and sequence signal of a serving state: both keep the latest scores of each listener.

A list with other weights, dials or exclusions then costs one matrix product and a selection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine, Ranked, SeededScores, SignalScores
from segue.pipeline.recommender.caching import VersionedCache
from segue.pipeline.recommender.query import CacheKey, RecommendationQuery, cache_key
from segue.pipeline.recommender.weight_posteriors import WeightPosteriors
from segue.signals import Scores, SignalWrapper, UserProfile

MAX_BYTES: Final = 160_000_000
"""Size of cached scores: 40 listeners at 100,000 tracks."""
MAX_SEQUENCE_BYTES: Final = 16_000_000
"""Size of cached scores of the sequence signal: again 40 listeners at 100,000 tracks."""


@dataclass(frozen=True)
class CachedEngine(Engine):
    """An engine that keeps what signals scored, and records which tracks it offered to whom."""

    posteriors: WeightPosteriors | None = None
    _scores: VersionedCache[SignalScores | SeededScores] = field(
        default_factory=lambda: VersionedCache(MAX_BYTES)
    )

    def rows(self, profile: UserProfile) -> SignalScores | SeededScores:
        """Return the scores of every signal for a listener; see `Engine.rows`."""
        return self.rows_by_key(profile, cache_key(profile))

    def rows_by_key(self, profile: UserProfile, key: CacheKey) -> SignalScores | SeededScores:
        """Return the same for a profile whose `cache_key` is known."""
        rows = self._scores.get(*key)
        if rows is None:
            (rows,) = self.rows_of([profile])
            self._scores.put(*key, rows, rows.n_bytes)
        return rows

    def score(self, queries: Sequence[RecommendationQuery]) -> None:
        """Score the listeners of several queries together, so that vectors are read once."""
        profiles = {query.key: query.profile for query in queries if not self.has_scored(query)}
        if profiles:
            rows = self.rows_of(list(profiles.values()))
            for key, own in zip(profiles, rows, strict=True):
                self._scores.put(*key, own, own.n_bytes)

    def has_scored(self, query: RecommendationQuery) -> bool:
        """Return whether the current scores for the listener of a query are cached."""
        return self._scores.get(*query.key) is not None

    def has_scores(self, user: str) -> bool:
        """Return whether any scores of a listener are cached, current or not."""
        return user in self._scores

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
        """Return the best `k` tracks for a listener; see `Engine.recommend`."""
        found = super().recommend(
            profile, k, exclude=exclude, weights=weights, seed_weights=seed_weights, rows=rows
        )
        if self.posteriors is not None and profile.user is not None:
            self.posteriors.record(profile.user, found)
        return found


@dataclass(frozen=True)
class CachedSequenceSignal(SignalWrapper):
    """A signal that depends on the play history alone, with each listener's latest scores.

    Likes, dislikes and skips leave the order of plays, and so its scores, as they were.
    """

    _cache: VersionedCache[Scores] = field(
        default_factory=lambda: VersionedCache(MAX_SEQUENCE_BYTES)
    )

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
