"""Own weights that move with every like, skip and play, and are kept with it.

A track that was on offer in the listener's latest list and was played, liked, skipped or disliked
moves what is believed of the listener's weights by one step (see `segue.engine.weights`). The
belief is written together with the event that moved it, so that no event moves it twice, and every
process reads the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import Belief, Ranked, Weights, updated
from segue.library import Event, KeptBelief, Reader
from segue.pipeline.live.bounded import Bounded

_ON_OFFER: Final = 200
_MOST_OFFERS: Final = 16_000_000
_MOST_BELIEFS: Final = 8_000_000
_LIKED: Final = {"play": True, "like": True, "skip": False, "dislike": False}


@dataclass(frozen=True, slots=True)
class Offer:
    """The first tracks of a listener's latest pool ``[n]``, features ``[n, n_signals]``."""

    positions: NDArray[np.int64]
    features: NDArray[np.float32]


class Beliefs(Mapping[str, Belief]):
    """What is believed of each listener: what feedback has taught, else what training learned."""

    def __init__(self, reader: Reader, weights: Weights, signals: str) -> None:
        self._reader, self._learned, self._signals = reader, weights, signals
        self._held: Bounded[str, Belief | None] = Bounded(_MOST_BELIEFS)
        self._offers: Bounded[str, Offer] = Bounded(_MOST_OFFERS)

    @property
    def personal(self) -> Weights:
        """The weights of everyone, with these beliefs about each."""
        return replace(self._learned, listeners=self) if self._learned.personal else self._learned

    def __getitem__(self, user: str) -> Belief:
        found = self._held.get(user)
        if found is None:
            kept = self._reader.belief(user)
            found = None if kept is None else self._read(KeptBelief(*kept))
            if found is None:
                found = self._learned.belief(user)
            self._held.put(user, found, 8 * found.precision.size + 500)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._learned.listeners)

    def __len__(self) -> int:
        return len(self._learned.listeners)

    def forget(self, user: str) -> None:
        """Read a belief again when it is asked for next: it was moved, here or elsewhere."""
        self._held.drop(user)

    def offer(self, user: str, pool: Ranked) -> None:
        """Note what is on offer to a listener."""
        if pool.features is None or not self._learned.personal:
            return
        found = Offer(pool.positions[:_ON_OFFER].copy(), pool.features[:_ON_OFFER].copy())
        self.offer_again(user, found)

    def offered(self, user: str) -> Offer | None:
        """Return what is on offer to a listener."""
        return self._offers.get(user)

    def offer_again(self, user: str, offer: Offer) -> None:
        """Note that what was on offer before is so again."""
        self._offers.put(user, offer, offer.positions.nbytes + offer.features.nbytes + 500)

    def moved(self, event: Event, place: int | None, kept: KeptBelief | None) -> KeptBelief | None:
        """Return what is to be kept after an event on the track at `place`; None for no change."""
        liked, offer = _LIKED.get(event.kind), self._offers.get(event.user)
        if liked is None or offer is None or place is None:
            return None
        there = np.flatnonzero(offer.positions == place)
        if not len(there):
            return None
        before = None if kept is None else self._read(kept)
        if before is None:
            before = self._learned.belief(event.user)
        track = offer.features[there[0]].astype(np.float64)
        after = updated(before, track, offer.features, liked=liked)
        if not np.isfinite(after.mean).all():
            return None
        return KeptBelief(
            self._signals,
            np.asarray(after.mean, np.float64).tobytes(),
            np.asarray(after.precision, np.float64).tobytes(),
        )

    def _read(self, kept: KeptBelief) -> Belief | None:
        """Return the belief that is kept, if it began from these weights."""
        n = len(self._learned.everyone)
        if kept.signals != self._signals or len(kept.mean) != 8 * n:
            return None
        values: Any = np.frombuffer
        return Belief(values(kept.mean).copy(), values(kept.precision).reshape(n, n).copy())
