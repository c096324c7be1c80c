"""Why tracks are recommended, in a library that is open: nothing is worked out twice for a list."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.engine import Explainer, Listed, OwnTracks, Pick, Shared
from segue.engine.dials import Dials
from segue.engine.explanations import MOST_TAGS, Common, shared_artist
from segue.library import StoredTracks
from segue.pipeline.live.latest import Latest, whose
from segue.pipeline.opening.words import WordIndex
from segue.signals import Profile

_MOST_COMMON: Final = 8_000_000
_MOST_OWN: Final = 32_000_000
_NUMBER: Final = 28
"""Bytes of a number that stands in a set."""


@dataclass
class LiveExplainer(Explainer):
    """Explains lists without reading all tracks that a listener likes."""

    words: WordIndex | None = None
    _commons: Latest[Common] = field(default_factory=lambda: Latest(_MOST_COMMON))
    _owns: Latest[OwnTracks] = field(default_factory=lambda: Latest(_MOST_OWN))

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
        found = self._owns.get(*whose(profile))
        if found is None:
            found = super().own(profile)
            self._owns.put(*whose(profile), found, found.n_bytes)
        return found

    def common(self, profile: Profile) -> Common:
        """Return what says what a track has in common with those that a listener likes."""
        if self.words is None:
            return super().common(profile)
        found = self._commons.get(*whose(profile))
        if found is None:
            found = _Common(self.tracks, self.facts.ids, self.words, profile)
            self._commons.put(*whose(profile), found, found.n_bytes)
        return found


class _Common:
    """What the tracks that a listener likes have, and how much of it: numbers instead of names."""

    def __init__(
        self,
        tracks: Sequence[Any],
        ids: CatalogueIds,
        words: WordIndex,
        profile: Profile,
    ) -> None:
        self._tracks, self._ids, self._words = tracks, ids, words
        likes = profile.weights > 0
        places, weights = profile.positions[likes], profile.weights[likes].astype(np.float64)
        self._artists = set(ids.of_tracks(places).tolist())
        genres, tags = words.genres[0], words.tags[0]
        self._genres = {*genres[places].indices.tolist()}
        own: Any = tags[places]
        totals = np.bincount(own.indices, np.repeat(weights, np.diff(own.indptr)))
        self._tags = {int(tag): float(totals[tag]) for tag in np.unique(own.indices)}

    @property
    def n_bytes(self) -> int:
        """How much room it takes."""
        kept = (self._artists, self._genres, self._tags)
        return sum(sys.getsizeof(one) + 2 * _NUMBER * len(one) for one in kept)

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
            shared_artist(self._tracks[position], self._ids.of_track(position), self._artists),
            [genre_names[genre] for genre in own if genre in self._genres],
            sorted(worth, key=lambda tag: (-worth[tag], tag))[:MOST_TAGS],
        )
