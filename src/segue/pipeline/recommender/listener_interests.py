"""The interests of listeners with their names, kept until the listener's likes have changed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.engine import CatalogueArrays, Recommendation, TrackWords
from segue.engine.interest_names import InterestNamer
from segue.engine.interests import Interest, interests_of, nearest_interest, track_vectors
from segue.errors import UnknownInterestError
from segue.library import StoredCatalogue
from segue.pipeline.recommender.caching import VersionedCache
from segue.signals import UserProfile

_MAX_BYTES: Final = 16_000_000
_FEW_LIKES: Final = 100
"""With more likes, interests are found again when their number has grown or shrunk by `_GROWTH`."""
_GROWTH: Final = 1.05


@dataclass(frozen=True, slots=True)
class NamedInterests:
    """The interests of one listener, largest share first, and a name of each."""

    interests: Sequence[Interest]
    names: Sequence[str]

    def number(self, wanted: str) -> int:
        """Return the place of an interest, from 0, by its number, its name or a part of it.

        Raises
        ------
        UnknownInterestError
            If there is no such interest, or several have this part.
        """
        if not self.interests:
            raise UnknownInterestError(
                "There are no interests yet: play or like more tracks that have tags, genres or"
                " analyzed audio."
            )
        if wanted.strip().isdigit() and 1 <= int(wanted) <= len(self.names):
            return int(wanted) - 1
        word = wanted.strip().casefold()
        names = [name.casefold() for name in self.names]
        found = [place for place, name in enumerate(names) if word == name]
        found = found or [place for place, name in enumerate(names) if word and word in name]
        if len(found) != 1:
            shown = "; ".join(f"{place + 1}: {name}" for place, name in enumerate(self.names))
            raise UnknownInterestError(
                f"{'Several interests have' if found else 'No interest has'} the name {wanted!r}:"
                f" give one of {shown}."
            )
        return found[0]

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        parts = ((one.positions, one.weights, one.examples, one.centroid) for one in self.interests)
        return 500 + sum(array.nbytes for own in parts for array in own)


class ListenerInterests:
    """Finds and names interests over one catalogue. Safe in several threads."""

    def __init__(
        self, facts: CatalogueArrays, words: TrackWords, catalogue: StoredCatalogue
    ) -> None:
        self._facts, self._catalogue = facts, catalogue
        self._namer = InterestNamer(words, lambda position: catalogue.tracks[position].artist)
        self._kept: VersionedCache[NamedInterests] = VersionedCache(_MAX_BYTES)
        self._lock = threading.Lock()

    def of(self, profile: UserProfile) -> NamedInterests:
        """Return the interests of a listener."""
        liked = profile.weights > 0
        n_liked = int(np.count_nonzero(liked))
        version = profile.positions[liked].tobytes() + profile.weights[liked].tobytes()
        if n_liked > _FEW_LIKES:  # one like more changes nothing, and clustering takes time
            version = str(int(np.log(n_liked) / np.log(_GROWTH))).encode()
        owner = profile.user or version
        found = self._kept.get(owner, version)
        if found is None:
            with self._lock:  # the namer computes its base once
                interests = interests_of(profile, self._facts)
                found = NamedInterests(interests, self._namer.names(interests))
            self._kept.put(owner, version, found, found.n_bytes + len(version))
        return self._current(found, profile) if n_liked > _FEW_LIKES else found

    def _current(self, found: NamedInterests, profile: UserProfile) -> NamedInterests:
        """Return interests with the present likes: new ones belong to the nearest interest."""
        liked = profile.liked
        known = np.concatenate([one.positions for one in found.interests] or [liked[:0]])
        new = np.setdiff1d(liked, known)
        if not len(new) and len(known) == len(liked):
            return found
        labels = nearest_interest(found.interests, track_vectors(self._facts, new))
        weight_of = dict(zip(profile.positions.tolist(), profile.weights.tolist(), strict=True))
        changed = []
        for number, one in enumerate(found.interests):
            positions = np.concatenate([one.positions, new[labels == number]])
            positions = positions[np.isin(positions, liked)]
            weights = np.array([weight_of[place] for place in positions.tolist()], np.float32)
            examples = one.examples[np.isin(one.examples, liked)]
            changed.append(replace(one, positions=positions, weights=weights, examples=examples))
        total = float(sum(one.weights.sum() for one in changed)) or 1.0
        kept = [
            (replace(one, share=float(one.weights.sum()) / total), name)
            for one, name in zip(changed, found.names, strict=True)
            if len(one.positions)
        ]
        return NamedInterests([one for one, _ in kept], [name for _, name in kept])

    def named(self, found: NamedInterests, tracks: Sequence[Recommendation]) -> list[str | None]:
        """Return the name of the interest that each track belongs to; None where it has none."""
        positions = [self._catalogue.positions[track.track_id] for track in tracks]
        vectors = track_vectors(self._facts, np.array(positions, np.int64))
        places = nearest_interest(found.interests, vectors).tolist()
        return [found.names[place] if place >= 0 else None for place in places]
