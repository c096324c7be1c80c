"""Engine of a serving state, which keeps the latest scores of each listener.

A list with other weights, dials or exclusions then costs one matrix product and a selection. After
feedback only signals are asked that read something that has changed: what friends like concerns
one signal, the age of plays another, and likes leave the order of plays as it was.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine, Ranked, Scored, SeededScores, SignalScores
from segue.pipeline.recommender.caching import VersionedCache
from segue.pipeline.recommender.query import CacheKey, RecommendationQuery, cache_key
from segue.pipeline.recommender.weight_posteriors import WeightPosteriors
from segue.signals import UserProfile

MAX_BYTES: Final = 160_000_000
"""Size of cached scores: 40 listeners at 100,000 tracks."""


@dataclass(frozen=True)
class CachedEngine(Engine):
    """An engine that keeps what signals scored, and records which tracks it offered to whom."""

    posteriors: WeightPosteriors | None = None
    _scores: VersionedCache[tuple[UserProfile, SignalScores | SeededScores]] = field(
        default_factory=lambda: VersionedCache(MAX_BYTES)
    )

    def rows(self, profile: UserProfile) -> SignalScores | SeededScores:
        """Return the scores of every signal for a listener; see `Engine.rows`."""
        return self.rows_by_key(profile, cache_key(profile))

    def rows_by_key(self, profile: UserProfile, key: CacheKey) -> SignalScores | SeededScores:
        """Return the same for a profile whose `cache_key` is known."""
        cached = self._scores.get(*key)
        return self._scored({key: profile})[0] if cached is None else cached[1]

    def score(self, queries: Sequence[RecommendationQuery]) -> None:
        """Score the listeners of several queries together, so that vectors are read once."""
        profiles = {query.key: query.profile for query in queries if not self.has_scored(query)}
        if profiles:
            self._scored(profiles)

    def _scored(
        self, profiles: Mapping[CacheKey, UserProfile]
    ) -> list[SignalScores | SeededScores]:
        """Score listeners by key, and keep the scores in place of earlier ones."""
        earlier = [self._earlier(key.owner) for key in profiles]
        found = self.rows_of(list(profiles.values()), earlier)
        for (key, profile), rows in zip(profiles.items(), found, strict=True):
            self._scores.put(*key, (profile, rows), rows.n_bytes)
        return found

    def _earlier(self, owner: Hashable) -> Scored | None:
        """Return the latest scores of a listener, current or not; None if they are of seeds."""
        latest = self._scores.latest(owner)
        if latest is None or isinstance(latest[1], SeededScores):
            return None
        return Scored(latest[0], latest[1])

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
