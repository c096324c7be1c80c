"""One request for recommendations, resolved once where it enters and passed down as it is."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from segue.engine import Dials, Exclusions
from segue.signals import UserProfile

if TYPE_CHECKING:
    from numpy.typing import NDArray


class CacheKey(NamedTuple):
    """Owner and version that results of one profile are cached under.

    The owner is the listener, or the version itself where a profile belongs to no listener.
    """

    owner: Hashable
    version: bytes


@dataclass(frozen=True, slots=True)
class Seeds:
    """Ids of tracks that a request likes and dislikes, besides the listener's own opinions."""

    like: Sequence[str] = ()
    dislike: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.like or self.dislike)


@dataclass(frozen=True, slots=True)
class RecommendationQuery:
    """A request for `k` tracks.

    `profile` is the listener as the seeds or one interest make them, `key` its `cache_key`.
    `has_history` is whether the library knows opinions of the listener, apart from the seeds;
    `whole` is then the profile with all interests.
    """

    profile: UserProfile
    key: CacheKey
    k: int = 10
    dials: Dials = field(default_factory=Dials)
    exclusions: Exclusions | None = None
    seeds: Seeds = field(default_factory=Seeds)
    has_history: bool = True
    whole: UserProfile | None = None
    rules_of: str | None = None
    """The listener whose rules exclude tracks that are never played."""

    def result_key(self, weights: "NDArray[np.float64]", rules: str = "") -> bytes:
        """Return a digest of everything that the list depends on within one serving state.

        Parameters
        ----------
        weights
            Those of the listener, which feedback moves.
        rules
            The version of all rules of listeners.
        """
        request = (
            self.profile.user,
            self.rules_of,
            rules,
            self.k,
            tuple(self.seeds.like),
            tuple(self.seeds.dislike),
            self.dials,
            self.exclusions,
        )
        parts = self.key.version + weights.tobytes() + repr(request).encode("utf-8", "replace")
        return blake2b(parts, digest_size=16).digest()


def cache_key(profile: UserProfile) -> CacheKey:
    """Return the key that results of a profile are cached under."""
    version = profile_digest(profile)
    if profile.seeds is not None:  # besides the scores of the listener without seeds
        return CacheKey((profile.user, "seeds"), version)
    return CacheKey(profile.user or version, version)


def profile_digest(profile: UserProfile) -> bytes:
    """Return a digest of everything in a profile that scores depend on."""
    digest = blake2b(digest_size=16)
    parts: tuple[NDArray[Any], ...] = (
        profile.positions,
        profile.weights,
        profile.known,
        profile.history,
        profile.ages,
        *profile.friends,
    )
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(part).data)
    digest.update(repr(sorted(profile.silent)).encode())
    if profile.seeds is not None:
        digest.update(repr(profile.seed_share).encode() + profile_digest(profile.seeds))
    return digest.digest()
