"""Weights of each listener, which feedback moves and which are stored with it.

When a listener plays, likes, skips or dislikes a track that their latest list offered, the
posterior of their weights takes one step (see `segue.engine.weights`). It is written together with
the event, so that no event counts twice and every process reads the same. The latest step of each
listener can be undone by the process that took it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import Ranked, WeightPosterior, Weights, updated
from segue.library import Event, ReadConnection, StoredPosterior
from segue.pipeline.recommender.caching import SizedCache

_MAX_OFFERED: Final = 200
_MAX_IMPRESSIONS_BYTES: Final = 16_000_000
_MAX_POSTERIORS_BYTES: Final = 8_000_000
_OVERHEAD_BYTES: Final = 500
_LIKED: Final = {"play": True, "like": True, "skip": False, "dislike": False}


@dataclass(frozen=True, slots=True)
class _Step:
    """The step of the event with a key, from one stored posterior to another."""

    key: str
    before: StoredPosterior
    after: StoredPosterior

    @property
    def n_bytes(self) -> int:
        return 4 * len(self.after.precision) + _OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Impressions:
    """The first tracks of a listener's latest pool ``[n]``, features ``[n, n_signals]``."""

    positions: NDArray[np.int64]
    features: NDArray[np.float32]

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return self.positions.nbytes + self.features.nbytes + _OVERHEAD_BYTES


class WeightPosteriors(Mapping[str, WeightPosterior]):
    """The posterior of each listener's weights: moved by feedback, else as training learned it."""

    def __init__(self, reader: ReadConnection, weights: Weights, signals: str) -> None:
        self._reader, self._learned, self._signals = reader, weights, signals
        self._posteriors: SizedCache[str, WeightPosterior | None] = SizedCache(
            _MAX_POSTERIORS_BYTES
        )
        self._impressions: SizedCache[str, Impressions] = SizedCache(_MAX_IMPRESSIONS_BYTES)
        self._steps: SizedCache[str, _Step] = SizedCache(_MAX_POSTERIORS_BYTES)

    @property
    def weights(self) -> Weights:
        """The weights of everyone, with these posteriors for each listener."""
        return replace(self._learned, listeners=self) if self._learned.personal else self._learned

    def __getitem__(self, user: str) -> WeightPosterior:
        found = self._posteriors.get(user)
        if found is None:
            stored = self._reader.posterior(user)
            found = None if stored is None else self._decoded(StoredPosterior(*stored))
            if found is None:
                found = self._learned.posterior(user)
            self._posteriors.put(user, found, 8 * found.precision.size + _OVERHEAD_BYTES)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._learned.listeners)

    def __len__(self) -> int:
        return len(self._learned.listeners)

    def invalidate(self, user: str) -> None:
        """Read a posterior again at its next use: some process has moved it."""
        self._posteriors.drop(user)

    def record(self, user: str, pool: Ranked) -> None:
        """Record the tracks that a listener is offered."""
        if pool.features is not None and self._learned.personal:
            positions = pool.positions[:_MAX_OFFERED].copy()
            self.restore(user, Impressions(positions, pool.features[:_MAX_OFFERED].copy()))

    def impressions(self, user: str) -> Impressions | None:
        """Return the tracks that a listener was offered last."""
        return self._impressions.get(user)

    def restore(self, user: str, impressions: Impressions) -> None:
        """Record tracks that were offered before and are offered again."""
        self._impressions.put(user, impressions, impressions.n_bytes)

    def moved(
        self, event: Event, position: int | None, stored: StoredPosterior | None
    ) -> StoredPosterior | None:
        """Return the posterior after an event on the track at `position`; None for no change."""
        if event.kind == "undo":
            step = self._steps.get(event.user)
            undone = step is not None and step.key == event.undoes and step.after == stored
            return step.before if step is not None and undone else None
        liked, offered = _LIKED.get(event.kind), self._impressions.get(event.user)
        if liked is None or offered is None or position is None:
            return None
        rank = np.flatnonzero(offered.positions == position)
        if not len(rank):
            return None
        before = None if stored is None else self._decoded(stored)
        if before is None:
            before = self._learned.posterior(event.user)
        track = offered.features[rank[0]].astype(np.float64)
        after = updated(before, track, offered.features, liked=liked)
        if not np.isfinite(after.mean).all():
            return None
        step = _Step(event.key, self._encoded(before), self._encoded(after))
        self._steps.put(event.user, step, step.n_bytes)
        return step.after

    def _encoded(self, posterior: WeightPosterior) -> StoredPosterior:
        return StoredPosterior(
            self._signals,
            np.asarray(posterior.mean, np.float64).tobytes(),
            np.asarray(posterior.precision, np.float64).tobytes(),
        )

    def _decoded(self, stored: StoredPosterior) -> WeightPosterior | None:
        """Return a stored posterior, None if it belongs to other weights."""
        n = len(self._learned.everyone)
        if stored.signals != self._signals or len(stored.mean) != 8 * n:
            return None
        values: Any = np.frombuffer
        return WeightPosterior(
            values(stored.mean).copy(), values(stored.precision).reshape(n, n).copy()
        )
