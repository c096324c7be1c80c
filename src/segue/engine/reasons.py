"""Say in words why a track is recommended: one sentence from its strongest true reason.

A reason is tried for the signal that decides the rank, then for the others by the size of their
part. Each is worded only from what the listener did: an artist is named only if the listener played
or likes their tracks, a track only if the signal itself finds it similar or often played before.
Signals that add less than `MIN_PART` are no reason.

Conventions
-----------
- Sentences begin with a capital and have no full stop.
- "lately" is the last 30 days, "often" at least three plays.
- A `Reason` has the same in parts, for sentences in other languages: `WORDS` has its kinds.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.item_attribution import HistoryVectors, shares_of
from segue.engine.recommendations import Reason, Recommendation
from segue.index import contenders
from segue.signals import SIGNALS, Signal, UserProfile
from segue.text import plural
from segue.types import Track

MIN_PART = 0.005
"""Least part of a score that is a reason: smaller ones are displayed as 0.00."""

LATELY_DAYS = 30
OFTEN = 3
_FOLLOWERS = 0.05
"""Largest share of tracks that follow another as often as one that "often" does."""

_MAX_FOLLOWED = 200
"""Number of tracks of which the followers are kept: some MB at 100,000 tracks."""

_MAX_LATEST = 3
_MAX_SCANNED = 20
"""Numbers of latest tracks that another may follow, and of plays that they are taken from."""

_MAX_WORDS = 3
WORDS: Final[Mapping[str, str]] = {
    "artist-lately": "You play {artist} often lately ({plays} in 30 days)",
    "artist-often": "You play {artist} often ({plays})",
    "artist-played": "You have played {artist} ({plays})",
    "artist-liked": "You like {tracks} by {artist}",
    "after": "Often played after {track}",
    "popular": "Liked by {listeners} here",
    "friends": "Liked by {n} of your friends",
    "listeners": "Played by listeners who like {track}",
    "artist": "You like tracks by {artist}",
    "genres": "You like {names}",
    "tags": "Tagged {names}, as tracks that you like are",
    "timbre": "Sounds similar to {track}, which you like",
    "temporal": "Rhythm and form are similar to {track}, which you like",
    "lyrics": "Lyrics are about the same as those of {track}, which you like",
    "similar": "Similar to {track}, which you like",
    "start": "To get started: {genre}",
    "start-any": "To get started",
    "signal": "{title}: similar to {track}, which you like",
}
"""Sentence of each kind of reason; `plays`, `tracks` and `listeners` are `n` with its noun."""

_LIKENESSES = {"timbre": "timbre", "temporal": "temporal", "lyrics": "lyrics", "knn": "similar"}
"""Kind of the reason that a signal finds a track similar; "signal" for all others."""


def worded(reason: Reason) -> str:
    """Return a reason as a sentence without full stop.

    >>> worded(Reason("artist-often", "recency", {"artist": "Weir", "n": 4}))
    'You play Weir often (4 plays)'
    >>> worded(Reason("tags", "tags", {"names": ("calm", "slow")}))
    'Tagged calm and slow, as tracks that you like are'
    """
    values: dict[str, object] = dict(reason.values)
    names, n = values.get("names"), values.get("n")
    if isinstance(names, tuple):
        values["names"] = _list(names)
    if isinstance(n, int):
        values["plays"], values["tracks"] = plural(n, "play"), plural(n, "track")
        values["listeners"] = plural(n, "other listener")
    return WORDS[reason.kind].format(**values)


class _Wording(Protocol):
    def __call__(self, pick: Recommendation, position: int, /) -> Reason | None: ...


class Followers:
    """The tracks that follow a track better than nearly all others do, by the sequence signal.

    Those of the latest tracks are kept: a listener's last play is the same from list to list, and
    all tracks must be scored for it.
    """

    def __init__(self, signals: Sequence[Signal]) -> None:
        self._signal = next((one for one in signals if one.name == "sequence"), None)
        self._kept = lru_cache(_MAX_FOLLOWED)(self._of)

    def follows(self, position: int, before: int) -> bool:
        """Return whether the track at `position` is among the followers of the one `before`."""
        found = self._kept(before)
        place = int(np.searchsorted(found, position))
        return place < len(found) and int(found[place]) == position

    def _of(self, position: int) -> NDArray[np.int32]:
        """Return positions, ascending, of the tracks with scores that at most a share reaches."""
        if self._signal is None:
            return np.zeros(0, np.int32)
        scores = np.nan_to_num(self._signal.for_track(position), nan=-np.inf)
        scores[position] = -np.inf
        most = int(_FOLLOWERS * len(scores)) + 1
        near = contenders(scores, min(most + 1, len(scores)))
        ranked = np.sort(scores[near])
        next_best = ranked[-most - 1] if most < len(ranked) else -np.inf
        return np.flatnonzero(scores > next_best).astype(np.int32)


class ReasonFinder:
    """Finds reasons for the recommendations of one listener."""

    def __init__(
        self,
        signals: Sequence[Signal],
        tracks: Sequence[Track],
        facts: CatalogueArrays,
        profile: UserProfile,
        own: HistoryVectors,
        *,
        followers: "Followers",
    ) -> None:
        self._signals = {signal.name: signal for signal in signals}
        self._tracks, self._facts, self._profile, self._own = tracks, facts, profile, own
        self._likes = profile.weights > 0
        self._followers = followers
        self._wordings: dict[str, _Wording] = {
            "recency": self._by_recency,
            "sequence": self._by_sequence,
            "popularity": self._by_popularity,
            "friends": self._by_friends,
            "collaborative": self._by_taste,
            "metadata": self._by_metadata,
            "tags": self._by_tags,
        }

    def find(self, pick: Recommendation, position: int) -> Reason | None:
        """Return the strongest reason that can be worded; None if there is none.

        Parameters
        ----------
        position
            That of the track in the catalogue.
        """
        parts = sorted(pick.why.items(), key=lambda part: (part[0] != pick.top_signal, -part[1]))
        for name, part in parts:
            if part >= MIN_PART and name in self._signals:
                wording = self._wordings.get(name)
                reason = wording(pick, position) if wording else self._by_likeness(name, position)
                if reason is not None:
                    return reason
        return None

    def _by_recency(self, pick: Recommendation, position: int) -> Reason | None:
        artist = int(self._facts.ids.artist[position])
        if artist < 0 or pick.artist is None:
            return None
        history = self._profile.history
        by_artist = self._facts.ids.artist[history] == artist
        n_plays, ages = int(by_artist.sum()), self._profile.ages
        n_lately = int((by_artist & (ages <= LATELY_DAYS)).sum()) if len(ages) else 0
        if n_lately >= OFTEN:
            return Reason("artist-lately", "recency", {"artist": pick.artist, "n": n_lately})
        if n_plays:
            kind = "artist-often" if n_plays >= OFTEN else "artist-played"
            return Reason(kind, "recency", {"artist": pick.artist, "n": n_plays})
        n_liked = int((self._facts.ids.artist[self._profile.liked] == artist).sum())
        if n_liked:
            return Reason("artist-liked", "recency", {"artist": pick.artist, "n": n_liked})
        return None

    def _by_sequence(self, pick: Recommendation, position: int) -> Reason | None:  # noqa: ARG002
        if not self._facts.listeners[position] > 0:
            return None
        for latest in self._latest():
            if self._followers.follows(position, latest):
                return Reason("after", "sequence", {"track": self._name(latest)})
        return None

    def _latest(self) -> list[int]:
        """Return the latest different tracks of the history, the last one first."""
        latest = self._profile.history[: -_MAX_SCANNED - 1 : -1].tolist()
        return list(dict.fromkeys(latest))[:_MAX_LATEST]

    def _by_popularity(self, pick: Recommendation, position: int) -> Reason | None:  # noqa: ARG002
        own = bool((self._profile.liked == position).any())
        n = int(self._facts.listeners[position]) - own
        if n <= 0:
            return None
        return Reason("popular", "popularity", {"n": n})

    def _by_friends(self, pick: Recommendation, position: int) -> Reason | None:  # noqa: ARG002
        n = sum(bool((liked == position).any()) for liked in self._profile.friends)
        return Reason("friends", "friends", {"n": n}) if n else None

    def _by_taste(self, pick: Recommendation, position: int) -> Reason | None:  # noqa: ARG002
        shares = shares_of(self._signals["collaborative"], self._profile, position)
        own = None if shares is None else self._strongest(shares, position)
        if own is None:
            return None
        return Reason("listeners", "collaborative", {"track": self._name(own)})

    def _by_metadata(self, pick: Recommendation, position: int) -> Reason | None:
        common = pick.in_common
        if common.artist:
            return Reason("artist", "metadata", {"artist": common.artist})
        if common.genres:
            return Reason("genres", "metadata", {"names": tuple(common.genres[:_MAX_WORDS])})
        return self._by_likeness("metadata", position)

    def _by_tags(self, pick: Recommendation, position: int) -> Reason | None:
        tags = pick.in_common.tags
        if tags:
            return Reason("tags", "tags", {"names": tuple(tags[:_MAX_WORDS])})
        return self._by_likeness("tags", position)

    def _by_likeness(self, name: str, position: int) -> Reason | None:
        """Name the liked track that a signal finds most similar to the track at a position."""
        if name not in self._own.compared:
            return None
        taken, usual = self._own.compared[name]
        alike = (taken.products(np.array([position]))[0] - usual) * self._own.weights
        own = self._strongest(alike, position)
        if own is None:
            return None
        known = SIGNALS.get(name)
        title = {"title": known.info.title} if known else {}
        kind = _LIKENESSES.get(name, "signal" if known else "similar")
        return Reason(kind, name, {**title, "track": self._name(own)})

    def _strongest(self, amounts: NDArray[np.floating], position: int) -> int | None:
        """Return the liked track with the largest of `amounts`, other than that at `position`."""
        able = self._likes & (self._profile.positions != position) & (amounts > 0)
        if not able.any():
            return None
        return int(self._profile.positions[np.where(able, amounts, -np.inf).argmax()])

    def _name(self, position: int) -> str:
        track = self._tracks[position]
        return _join(track.artist, track.title) or track.track_id


def _join(artist: str | None, title: str | None) -> str:
    return " - ".join(part for part in (artist, title) if part)


def _list(names: Sequence[str]) -> str:
    """Return names as one text.

    >>> _list(["calm", "slow"]), _list(["calm"])
    ('calm and slow', 'calm')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
