"""Contract of signals, which score tracks for listeners or by similarity to a track.

Tracks are positions in one catalogue. A score is any finite number, higher is better, comparable
within one row only. NaN means that a signal cannot score (a track without audio, a listener without
history), which is not the same as a low score.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Scores = NDArray[np.float32]

DISLIKE = 0.5
"""Weight of the mean of the disliked tracks relative to that of the liked ones (Rocchio's gamma to
beta): skips say less about taste than plays."""

EXPLICIT_DISLIKE = 0.5
"""An opinion of this size below zero is an explicit dislike; implicit ones stay above it."""

SEED_SHARE = 0.8
"""Share of seeds in the scores of a listener with a history, by default."""

OPINIONS = ("positions", "weights")
"""Fields of a profile that most signals read."""

MAX_PLAYS = 1_000
"""Number of plays kept of a history, the latest ones."""


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A listener's data for scoring.

    `positions` are the tracks with an opinion, each once, and `weights` its strength: above zero
    liked, below zero disliked. `known` are all tracks the listener has played or rated.

    `history` are the latest 1,000 plays in order, oldest first, with repeats; empty if the order is
    unknown. `ages` are the days since each of these plays; empty if times are unknown. `sessions`
    are the numbers of their sessions, -1 where unknown; empty if all are. `friends` are the
    positions of the tracks that each friend likes. `user` is the listener's name, if known. Signals
    named in `silent` do not score tracks for this listener.

    `seeds` are the tracks that a request names, as a profile of their own: they count for
    `seed_share` of the scores, and the listener's history for the rest.
    """

    positions: NDArray[np.int64]
    weights: NDArray[np.float32]
    known: NDArray[np.int64]
    history: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    ages: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    friends: tuple[NDArray[np.int64], ...] = ()
    user: str | None = None
    silent: frozenset[str] = frozenset()
    sessions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    seeds: "UserProfile | None" = None
    seed_share: float = SEED_SHARE

    def __post_init__(self) -> None:
        """Check that weights match positions, and ages the history."""
        if self.positions.shape != self.weights.shape or self.positions.ndim != 1:
            raise ValueError(
                f"positions {self.positions.shape} and weights {self.weights.shape} must be two"
                " vectors of one length"
            )
        if len(self.ages) and self.ages.shape != self.history.shape:
            raise ValueError(
                f"ages {self.ages.shape} and history {self.history.shape} must be two vectors of"
                " one length, or ages empty"
            )

    @property
    def liked(self) -> NDArray[np.int64]:
        """Positions of the tracks with a weight above zero."""
        return self.positions[self.weights > 0]

    @property
    def disliked(self) -> NDArray[np.int64]:
        """Positions of the tracks that the listener dislikes explicitly: they never come."""
        return self.positions[self.weights <= -EXPLICIT_DISLIKE]

    def without(self, positions: NDArray[np.int64]) -> "UserProfile":
        """Return the profile without opinions on `positions` and without plays of them.

        They stay in `known`.
        """
        keep = ~np.isin(self.positions, positions)
        played = ~np.isin(self.history, positions)
        return replace(
            self,
            positions=self.positions[keep],
            weights=self.weights[keep],
            history=self.history[played],
            ages=self.ages[played] if len(self.ages) else self.ages,
            sessions=self.sessions[played] if len(self.sessions) else self.sessions,
        )

    def with_opinion(self, position: int, opinion: float) -> "UserProfile":
        """Return the profile with another opinion of a track, which is known from then on."""
        others = self.positions != position
        return replace(
            self,
            positions=np.append(self.positions[others], position),
            weights=np.append(self.weights[others], np.float32(opinion)),
            known=np.union1d(self.known, [position]),
        )

    def unmet(self, positions: NDArray[np.int64]) -> "UserProfile":
        """Return the profile with these tracks removed from `known`."""
        return replace(self, known=np.setdiff1d(self.known, positions))

    def played(self, position: int) -> "UserProfile":
        """Return the profile after one more play.

        >>> profile = UserProfile(np.array([0]), np.float32([1]), np.array([0]), np.array([0, 0]))
        >>> profile.played(3).history.tolist()
        [0, 0, 3]
        """
        return replace(
            self,
            history=np.append(self.history, position)[-MAX_PLAYS:],
            ages=np.append(self.ages, np.float32(0))[-MAX_PLAYS:] if len(self.ages) else self.ages,
            sessions=np.append(self.sessions, self.sessions[-1:])[-MAX_PLAYS:],  # the last goes on
            known=np.union1d(self.known, [position]),
        )


class Signal(Protocol):
    """Scores every track of one catalogue. Scoring many listeners equals scoring one at a time.

    A signal may name the fields of a profile that its scores depend on in an attribute `reads`: see
    `reads_same`.

    Its class also has a class method ``load(settings, arrays)``, which reverses `save`; what it is
    called and built from is said by a `segue.signals.definition.SignalDefinition`.
    """

    @property
    def name(self) -> str:
        """The signal's name in weights, explanations and the API."""

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores."""

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]`` scores by similarity to the track at `position`."""

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the settings (JSON values) and the named arrays that ``load`` takes.

        Arrays may be memory-mapped and read-only when they are loaded.
        """


@dataclass(frozen=True)
class SignalWrapper:
    """Base of signals that wrap another `signal`; each part not overridden is the wrapped one's."""

    signal: Signal

    @property
    def name(self) -> str:
        """The name of the wrapped signal."""
        return self.signal.name

    @property
    def reads(self) -> tuple[str, ...] | None:
        """The fields of a profile that the wrapped signal reads; None if it does not name them."""
        return getattr(self.signal, "reads", None)

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]`` scores."""
        return self.signal.for_listeners(profiles)

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]`` scores by similarity to the track at `position`."""
        return self.signal.for_track(position)

    def save(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays of the wrapped signal: a wrapper adds nothing to store."""
        return self.signal.save()


def reads_same(signal: Signal, one: UserProfile, other: UserProfile) -> bool:
    """Return whether a signal scores two profiles alike, because all that it reads is equal.

    False for a signal that does not name what it reads.

    >>> profile = UserProfile(np.array([0]), np.float32([1]), np.array([0]))
    >>> class Likes:
    ...     name, reads = "likes", OPINIONS
    >>> reads_same(Likes(), profile, profile.unmet(np.array([0])))
    True
    >>> reads_same(Likes(), profile, profile.with_opinion(3, 1.0))
    False
    """
    reads: Sequence[str] | None = getattr(signal, "reads", None)
    if reads is None or (signal.name in one.silent) != (signal.name in other.silent):
        return False
    return all(_equal(getattr(one, name), getattr(other, name)) for name in reads)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return np.array_equal(one, other)


def profile_matrix(profiles: Sequence[UserProfile], n_tracks: int) -> sparse.csr_array:
    """Return ``[n_profiles, n_tracks]``: in each row likes sum to 1 and dislikes to -DISLIKE.

    >>> profile = UserProfile(np.array([0, 2, 3]), np.float32([1, 3, -2]), np.array([0, 2, 3]))
    >>> profile_matrix([profile], 4).toarray().tolist()
    [[0.25, 0.0, 0.75, -0.5]]
    """
    columns = [np.zeros(0, np.int64)]
    values = [np.zeros(0, np.float32)]
    starts = [0]
    for profile in profiles:
        weights = profile.weights.astype(np.float32)
        liked = float(weights[weights > 0].sum()) or 1.0
        disliked = float(-weights[weights < 0].sum()) or 1.0
        columns.append(profile.positions)
        values.append(np.where(weights > 0, weights / liked, weights * DISLIKE / disliked))
        starts.append(starts[-1] + len(profile.positions))
    data = np.concatenate(values).astype(np.float32)
    # int32 as in large matrices: scipy would copy those to the wider type
    numbers = np.concatenate(columns).astype(np.int32), np.array(starts, np.int32)
    return sparse.csr_array((data, *numbers), shape=(len(profiles), n_tracks))
