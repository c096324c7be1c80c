"""Say in words why a track is recommended: one sentence from its strongest true reason.

A reason is tried for the signal that decides the rank, then for the others by the size of their
part. Each is worded only from what the listener did: an artist is named only if the listener played
or likes their tracks, a track only if the signal itself finds it similar or often played before.
Signals that add less than `MIN_PART` are no reason.

Conventions
-----------
- Sentences begin with a capital and have no full stop.
- "lately" is the last 30 days, "often" at least three plays.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.item_attribution import HistoryVectors, shares_of
from segue.engine.recommendations import Recommendation
from segue.signals import SIGNALS, Signal, UserProfile
from segue.text import plural
from segue.types import Track

MIN_PART = 0.005
"""Least part of a score that is a reason: smaller ones are displayed as 0.00."""

LATELY_DAYS = 30
OFTEN = 3
_FOLLOWERS = 0.05
"""Largest share of tracks that follow another as often as one that "often" does."""

_MAX_LATEST = 3
_MAX_SCANNED = 20
"""Numbers of latest tracks that another may follow, and of plays that they are taken from."""

_MAX_WORDS = 3
_SIMILAR = {
    "timbre": "Sounds similar to {}, which you like",
    "temporal": "Rhythm and form are similar to {}, which you like",
    "knn": "Similar to {}, which you like",
    "lyrics": "Lyrics are about the same as those of {}, which you like",
}


class _Wording(Protocol):
    def __call__(self, pick: Recommendation, position: int, /) -> str | None: ...


class ReasonWriter:
    """Words reasons for the recommendations of one listener."""

    def __init__(
        self,
        signals: Sequence[Signal],
        tracks: Sequence[Track],
        facts: CatalogueArrays,
        profile: UserProfile,
        own: HistoryVectors,
    ) -> None:
        self._signals = {signal.name: signal for signal in signals}
        self._tracks, self._facts, self._profile, self._own = tracks, facts, profile, own
        self._likes = profile.weights > 0
        self._followers: dict[int, NDArray[np.float32]] = {}
        self._wordings: dict[str, _Wording] = {
            "recency": self._by_recency,
            "sequence": self._by_sequence,
            "popularity": self._by_popularity,
            "friends": self._by_friends,
            "collaborative": self._by_taste,
            "metadata": self._by_metadata,
            "tags": self._by_tags,
        }

    def write(self, pick: Recommendation, position: int) -> str | None:
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

    def _by_recency(self, pick: Recommendation, position: int) -> str | None:
        artist = int(self._facts.ids.artist[position])
        if artist < 0 or pick.artist is None:
            return None
        history = self._profile.history
        by_artist = self._facts.ids.artist[history] == artist
        n_plays, ages = int(by_artist.sum()), self._profile.ages
        n_lately = int((by_artist & (ages <= LATELY_DAYS)).sum()) if len(ages) else 0
        if n_lately >= OFTEN:
            return f"You play {pick.artist} often lately ({plural(n_lately, 'play')} in 30 days)"
        if n_plays:
            word = "play {} often" if n_plays >= OFTEN else "have played {}"
            return f"You {word.format(pick.artist)} ({plural(n_plays, 'play')})"
        liked = self._facts.ids.artist[self._profile.liked] == artist
        return (
            f"You like {plural(int(liked.sum()), 'track')} by {pick.artist}" if any(liked) else None
        )

    def _by_sequence(self, pick: Recommendation, position: int) -> str | None:  # noqa: ARG002
        if not self._facts.listeners[position] > 0:
            return None
        for latest in self._latest():
            if latest not in self._followers:
                self._followers[latest] = self._signals["sequence"].for_track(latest)
            scores = self._followers[latest]
            others = np.delete(scores >= scores[position], [latest, position])
            if latest != position and others.sum() <= _FOLLOWERS * len(scores):
                return f"Often played after {self._name(latest)}"
        return None

    def _latest(self) -> list[int]:
        """Return the latest different tracks of the history, the last one first."""
        latest = self._profile.history[: -_MAX_SCANNED - 1 : -1].tolist()
        return list(dict.fromkeys(latest))[:_MAX_LATEST]

    def _by_popularity(self, pick: Recommendation, position: int) -> str | None:  # noqa: ARG002
        own = bool((self._profile.liked == position).any())
        n = int(self._facts.listeners[position]) - own
        if n <= 0:
            return None
        return f"Liked by {plural(n, 'other listener')} here"

    def _by_friends(self, pick: Recommendation, position: int) -> str | None:  # noqa: ARG002
        n = sum(bool((liked == position).any()) for liked in self._profile.friends)
        return f"Liked by {n} of your friends" if n else None

    def _by_taste(self, pick: Recommendation, position: int) -> str | None:  # noqa: ARG002
        shares = shares_of(self._signals["collaborative"], self._profile, position)
        own = None if shares is None else self._strongest(shares, position)
        return None if own is None else f"Played by listeners who like {self._name(own)}"

    def _by_metadata(self, pick: Recommendation, position: int) -> str | None:
        common = pick.in_common
        if common.artist:
            return f"You like tracks by {common.artist}"
        if common.genres:
            return f"You like {_list(common.genres)}"
        return self._by_likeness("metadata", position)

    def _by_tags(self, pick: Recommendation, position: int) -> str | None:
        tags = pick.in_common.tags
        if tags:
            return f"Tagged {_list(tags)}, as tracks that you like are"
        return self._by_likeness("tags", position)

    def _by_likeness(self, name: str, position: int) -> str | None:
        """Name the liked track that a signal finds most similar to the track at a position."""
        if name not in self._own.compared:
            return None
        taken, usual = self._own.compared[name]
        alike = (taken.products(np.array([position]))[0] - usual) * self._own.weights
        own = self._strongest(alike, position)
        if own is None:
            return None
        known = SIGNALS.get(name)
        other = f"{known.info.title}: similar to {{}}, which you like" if known else ""
        return _SIMILAR.get(name, other or "Similar to {}, which you like").format(self._name(own))

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
    """Return up to three names as one text.

    >>> _list(["calm", "slow"]), _list(["calm"])
    ('calm and slow', 'calm')
    """
    *first, last = names[:_MAX_WORDS]
    return f"{', '.join(first)} and {last}" if first else last
