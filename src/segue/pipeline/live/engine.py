"""The engine of a library that is open: what every signal says to a listener is kept for a while.

A list made with other weights, dials or exclusions then costs a product and the choice of the best.
What is kept belongs to a profile, down to its last number: after feedback it is another one.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine, Explainer, Listed, OwnTracks, Pick, Ranked, Rows, Shared
from segue.engine.dials import Dials
from segue.engine.explanations import MOST_TAGS, Common
from segue.library import StoredTracks
from segue.pipeline.live.bounded import Bounded
from segue.pipeline.live.weights import Beliefs
from segue.pipeline.opening.words import WordIndex
from segue.signals import Profile

MOST_BYTES: Final = 128_000_000
_MOST_COMMON: Final = 4_000_000
_MOST_OWN: Final = 16_000_000
_MOST_DIGESTS: Final = 64


@dataclass(frozen=True)
class LiveEngine(Engine):
    """An engine that remembers what signals said, and what it offered."""

    beliefs: Beliefs | None = None
    _kept: Bounded[Hashable, tuple[bytes, Rows]] = field(
        default_factory=lambda: Bounded(MOST_BYTES)
    )

    def rows(self, profile: Profile) -> Rows:
        """Return what every signal says to a listener, from the last time if nothing is new.

        Of a listener the latest profile is kept, of seeds each.
        """
        told = digest(profile)
        found = self._remembered(profile, told)
        if found is None:
            (found,) = self.rows_of([profile])
            self._remember(profile, told, found)
        return found

    def expect(self, profiles: Sequence[Profile]) -> None:
        """Score those listeners together who are not remembered: vectors are read once for all."""
        asked = {digest(profile): profile for profile in profiles}
        new = {told: one for told, one in asked.items() if self._remembered(one, told) is None}
        if new:
            for (told, one), rows in zip(new.items(), self.rows_of([*new.values()]), strict=True):
                self._remember(one, told, rows)

    def remembers(self, user: str) -> bool:
        """Return whether what signals said to a listener is kept, if perhaps not the latest."""
        return self._kept.holds(user)

    def at_hand(self, profile: Profile) -> bool:
        """Return whether what the signals say to a listener is kept from the last time."""
        return self._remembered(profile, digest(profile)) is not None

    def _remembered(self, profile: Profile, told: bytes) -> Rows | None:
        kept = self._kept.get(profile.user or told)
        return kept[1] if kept is not None and kept[0] == told else None

    def _remember(self, profile: Profile, told: bytes, rows: Rows) -> None:
        self._kept.put(profile.user or told, (told, rows), rows.n_bytes)

    def recommend(
        self,
        profile: Profile,
        k: int,
        *,
        exclude: NDArray[np.bool_] | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> Ranked:
        """Return the best `k` tracks for a listener; see `Engine.recommend`."""
        found = super().recommend(profile, k, exclude=exclude, weights=weights)
        if self.beliefs is not None and profile.user is not None:
            self.beliefs.offer(profile.user, found)
        return found


def digest(profile: Profile) -> bytes:
    """Return by what two profiles are told to be the same."""
    return _digest_of(_TheProfile(profile))


@dataclass(frozen=True, slots=True, eq=False)
class _TheProfile:
    """A profile that is the same as itself alone: its arrays are not looked at."""

    profile: Profile

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TheProfile) and other.profile is self.profile

    def __hash__(self) -> int:
        return id(self.profile)


@lru_cache(_MOST_DIGESTS)  # each is asked for several times for one list
def _digest_of(one: _TheProfile) -> bytes:
    told, profile = blake2b(digest_size=16), one.profile
    parts: tuple[NDArray[Any], ...] = (
        profile.positions,
        profile.weights,
        profile.known,
        profile.history,
        profile.ages,
        *profile.friends,
    )
    for part in parts:
        told.update(len(part).to_bytes(8, "little"))
        told.update(np.ascontiguousarray(part).data)
    return told.digest()


def follows_from(engine: Engine, profile: Profile) -> bytes:
    """Return what tells whether an engine would score a listener otherwise than before."""
    return digest(profile) + engine.listener_weights(profile).tobytes()


@dataclass
class LiveExplainer(Explainer):
    """Explains lists without reading all tracks that a listener likes."""

    words: WordIndex | None = None
    _commons: Bounded[bytes, Common] = field(default_factory=lambda: Bounded(_MOST_COMMON))
    _owns: Bounded[bytes, OwnTracks] = field(default_factory=lambda: Bounded(_MOST_OWN))

    def picks(
        self, found: Listed, profile: Profile, dials: Dials
    ) -> tuple[dict[str, float], list[Pick]]:
        """Return what `Explainer.picks` does; the tracks of the list are read together."""
        self.need(found.ranked.positions)
        return super().picks(found, profile, dials)

    def need(self, positions: NDArray[np.int64]) -> None:
        """Read tracks that will be named."""
        if isinstance(self.tracks, StoredTracks):
            self.tracks.at(positions.tolist())

    def own(self, profile: Profile) -> OwnTracks:
        """Return a listener's own tracks, from the last time if nothing is new."""
        key = digest(profile)
        found = self._owns.get(key)
        if found is None:
            found = super().own(profile)
            self._owns.put(key, found, found.n_bytes)
        return found

    def common(self, profile: Profile) -> Common:
        """Return what says what a track has in common with those that a listener likes."""
        if self.words is None:
            return super().common(profile)
        key = digest(profile)
        found = self._commons.get(key)
        if found is None:
            found = _Common(self.tracks, self.facts.artists, self.words, profile)
            self._commons.put(key, found, 20_000)
        return found


class _Common:
    """What the tracks that a listener likes have, and how much of it: numbers instead of names."""

    def __init__(
        self,
        tracks: Sequence[Any],
        artists: NDArray[np.int64],
        words: WordIndex,
        profile: Profile,
    ) -> None:
        self._tracks, self._of, self._words = tracks, artists, words
        likes = profile.weights > 0
        places, weights = profile.positions[likes], profile.weights[likes].astype(np.float64)
        self._artists = set(artists[places].tolist()) - {-1}
        genres, tags = words.genres[0], words.tags[0]
        self._genres = {*genres[places].indices.tolist()}
        own: Any = tags[places]
        totals = np.bincount(own.indices, np.repeat(weights, np.diff(own.indptr)))
        self._tags = {int(tag): float(totals[tag]) for tag in np.unique(own.indices)}

    def with_track(self, position: int) -> Shared:
        """Return what the track at a position shares with them."""
        genres, genre_names = self._words.genres
        tags, tag_names = self._words.tags
        part = slice(tags.indptr[position], tags.indptr[position + 1])
        worth = {
            tag_names[tag]: self._tags[tag] * float(np.log1p(max(count, 0)))
            for tag, count in zip(
                tags.indices[part].tolist(), tags.data[part].tolist(), strict=True
            )
            if tag in self._tags
        }
        own = genres.indices[genres.indptr[position] : genres.indptr[position + 1]].tolist()
        return Shared(
            self._tracks[position].artist if int(self._of[position]) in self._artists else None,
            [genre_names[genre] for genre in own if genre in self._genres],
            sorted(worth, key=lambda tag: (-worth[tag], tag))[:MOST_TAGS],
        )
