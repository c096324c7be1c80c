"""Listeners of a library that is open: read when they are asked for, and current with all feedback.

What is known of a listener is kept for a while, and what the feedback log says since is added to
it; that other processes write the log, too, makes no difference. Ages of plays are those of at most
ten minutes ago.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.heard import Heard
from segue.library import Event, Library
from segue.pipeline.live.bounded import Bounded
from segue.pipeline.opening.listens import read_listens
from segue.pipeline.opening.snapshot import Snapshot
from segue.signals import Profile

MOST_BYTES: Final = 32_000_000
STALE_SECONDS: Final = 600.0
_MOST_EVENTS: Final = 10_000
_OVERHEAD: Final = 2_000  # bytes of objects around arrays


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one listener up to a `number` of the log, and the profile made of it."""

    heard: Heard
    friends: Sequence[str]
    number: int
    profile: Profile | None = None
    made: float = 0.0

    @property
    def n_bytes(self) -> int:
        return _OVERHEAD + 68 * len(self.heard.tracks) + 40 * len(self.heard.played)


class Listeners(Mapping[str, Profile]):
    """The profile of each listener. Safe to be used by several threads."""

    def __init__(self, library: Library, snapshot: Snapshot) -> None:
        self._reader, self._feedback = library.reader, library.feedback
        self._snapshot = snapshot
        self._known: Bounded[str, _Known] = Bounded(MOST_BYTES)
        self._lock = threading.RLock()
        self._now = snapshot.latest
        self._changes: int | None = None
        self.number = snapshot.number
        """How far the feedback log is followed."""

    def __getitem__(self, user: str) -> Profile:
        with self._lock:
            found = self._of(user)
            if found is None or not len(found.heard.tracks):
                raise KeyError(user)
            if found.profile is None or self._now - found.made > STALE_SECONDS:
                found = replace(found, profile=self._profile(user, found), made=self._now)
                self._known.put(user, found, found.n_bytes)
            profile = found.profile
        if profile is None:
            raise KeyError(user)
        return profile

    def __contains__(self, user: object) -> bool:
        return isinstance(user, str) and self.get(user) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._reader.listeners())

    def __len__(self) -> int:
        return len(self._reader.listeners())

    def follow(self) -> list[str]:
        """Take in what has come to the log; return who did something."""
        with self._lock:
            changes = self._feedback.changes()
            if changes == self._changes:
                return []
            happened: list[str] = []
            while events := self._feedback.after(self.number, most=_MOST_EVENTS):
                for event in events:
                    self._take_in(event)
                self.number = events[-1].number or self.number
                happened += [event.user for event in events]
                if len(events) < _MOST_EVENTS:
                    break
            self._changes = changes
            return happened

    def _take_in(self, event: Event) -> None:
        at = time.time() if event.at is None else event.at
        if event.kind == "play":
            self._now = max(self._now, min(at, time.time()))
        known = self._known.get(event.user)
        if known is None or (event.number or 0) <= known.number:
            return
        place = self._snapshot.catalogue.positions.get(event.track_id)
        if place is None:
            return  # it came after the snapshot
        duration = float(self._snapshot.durations[place])
        heard = known.heard.after(
            event.kind, place, at, event.ms_played, None if np.isnan(duration) else duration
        )
        changed = _Known(heard, known.friends, event.number or 0)
        self._known.put(event.user, changed, changed.n_bytes)
        for friend in known.friends:
            theirs = self._known.get(friend)
            if theirs is not None:
                self._known.put(friend, replace(theirs, profile=None), theirs.n_bytes)

    def _of(self, user: str) -> _Known | None:
        known = self._known.get(user)
        if known is not None:
            return known
        row = self._reader.listener_row(user)
        if row is None:
            return None
        stored = self._reader.listener(row)
        listens = read_listens(stored.listens, self._snapshot.catalogue.rows, self._snapshot.scales)
        heard = Heard.of(listens, self._snapshot.durations)
        known = _Known(heard, stored.friends, stored.number)
        self._known.put(user, known, known.n_bytes)
        return known

    def _profile(self, user: str, known: _Known) -> Profile:
        friends = []
        for friend in known.friends:
            theirs = self._of(friend)
            if theirs is not None and len(theirs.heard.tracks):
                friends.append(_liked(theirs.heard))
        return known.heard.profile(user, self._now, friends)


def _liked(heard: Heard) -> NDArray[np.int64]:
    return heard.profile("", 0.0).liked
