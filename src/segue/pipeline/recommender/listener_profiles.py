"""Profiles of the listeners of one snapshot, current with all feedback.

A profile is read from the library when it is first asked for, without the listens that rules of the
listener exclude from learning. Later events of the feedback log, which other processes write as
well, are added to it; after a change of rules it is read again. Ages of plays are at most ten
minutes old.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import ProfileAccumulator
from segue.library import Event, Library
from segue.library.feedback import LIVE
from segue.pipeline.recommender.caching import SizedCache
from segue.pipeline.recommender.listener_filters import ListenerFilters
from segue.pipeline.recommender.query import CacheKey, cache_key
from segue.pipeline.recommender.read_listens import read_listens
from segue.pipeline.recommender.snapshot import Snapshot, sharing_of
from segue.signals import SIGNALS, UserProfile

MAX_BYTES: Final = 32_000_000
STALE_SECONDS: Final = 600.0
_EVENTS_PER_READ: Final = 10_000
_OVERHEAD_BYTES: Final = 2_000
_MIXED: Final = frozenset(name for name, one in SIGNALS.items() if one.mixes_listeners)


@dataclass(frozen=True, slots=True)
class _Listener:
    """Listens of one listener up to a `number` of the log, and the profile computed from them."""

    accumulator: ProfileAccumulator
    friends: Sequence[str]
    number: int
    resolved: tuple[UserProfile, CacheKey] | None = None
    computed_at: float = 0.0

    @property
    def n_bytes(self) -> int:
        return (
            _OVERHEAD_BYTES + 68 * len(self.accumulator.tracks) + 40 * len(self.accumulator.played)
        )


class ListenerProfiles(Mapping[str, UserProfile]):
    """The profile of each listener. Safe in several threads."""

    def __init__(self, library: Library, snapshot: Snapshot) -> None:
        self._reader, self._feedback = library.reader, library.feedback
        self._snapshot = snapshot
        self.rules = ListenerFilters(library, snapshot)
        self._listeners: SizedCache[str, _Listener] = SizedCache(MAX_BYTES)
        self._lock = threading.RLock()
        self._now = snapshot.latest
        self._changes: int | None = None
        self._sharing = self._reader.sharing()
        self.number = snapshot.number
        """Number of the last event of the feedback log that was read."""

    def resolve(self, user: str) -> tuple[UserProfile, CacheKey] | None:
        """Return the profile of a listener and its cache key; None if nothing is known of them."""
        with self._lock:
            found = self._listener(user)
            if found is None or found.accumulator.is_empty:
                return None
            if found.resolved is None or self._now - found.computed_at > STALE_SECONDS:
                profile = self._profile(user, found)
                found = replace(
                    found, resolved=(profile, cache_key(profile)), computed_at=self._now
                )
                self._listeners.put(user, found, found.n_bytes)
            return found.resolved

    def silent(self, user: str | None) -> frozenset[str]:
        """Return the signals that are off for a listener: see `segue.library.sharing`.

        After a change of consent they are off for everyone until a snapshot follows it.
        """
        withheld = self._sharing.withheld
        outdated = not self._snapshot.state.endswith(sharing_of(withheld))
        return _MIXED if user in withheld or outdated else frozenset()

    def __getitem__(self, user: str) -> UserProfile:
        found = self.resolve(user)
        if found is None:
            raise KeyError(user)
        return found[0]

    def __contains__(self, user: object) -> bool:
        return isinstance(user, str) and self.resolve(user) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._reader.listeners())

    def __len__(self) -> int:
        return len(self._reader.listeners())

    def follow(self) -> list[str]:
        """Read the new events of the feedback log; return the listeners who caused them."""
        with self._lock:
            changes = self._feedback.changes()
            if changes == self._changes:
                return []
            users: list[str] = []
            if self.rules.follow():
                self._listeners.clear()
            sharing = self._reader.sharing()
            if sharing != self._sharing:
                self._sharing = sharing
                self._listeners.clear()
            while events := self._feedback.after(self.number, most=_EVENTS_PER_READ):
                for event in events:
                    self._apply(event)
                self.number = events[-1].number or self.number
                users += [event.user for event in events]
                if len(events) < _EVENTS_PER_READ:
                    break
            self._changes = changes
            return users

    def ignores(self, event: Event) -> bool:
        """Return whether a rule of the listener excludes a play or skip from learning."""
        rules = self.rules.learning(event.user)
        if rules is None:
            return False
        position = self._snapshot.catalogue.positions.get(event.track_id)
        at = np.array([time.time() if event.at is None else event.at])
        return bool(rules.ignored(np.array([-1 if position is None else position]), at, [LIVE])[0])

    def _apply(self, event: Event) -> None:
        at = time.time() if event.at is None else event.at
        ignored = self.ignores(event)
        if event.kind == "play" and not ignored and event.user not in self._sharing.withheld:
            self._now = max(self._now, min(at, time.time()))
        known = self._listeners.get(event.user)
        if known is None or (event.number or 0) <= known.number:
            return
        if event.kind == "undo":
            self._listeners.drop(event.user)  # read again at the next use, without that listen
            self._invalidate(known.friends)
            return
        position = self._snapshot.catalogue.positions.get(event.track_id)
        if position is None:
            return  # the track was added after the snapshot
        duration = float(self._snapshot.durations[position])
        accumulator = known.accumulator.after(
            event.kind,
            position,
            at,
            event.ms_played,
            None if np.isnan(duration) else duration,
            ignored=ignored,
        )
        changed = _Listener(accumulator, known.friends, event.number or 0)
        self._listeners.put(event.user, changed, changed.n_bytes)
        self._invalidate(known.friends)

    def _invalidate(self, friends: Sequence[str]) -> None:
        """Compute the profiles of the friends of a listener again at their next use."""
        for friend in friends:
            theirs = self._listeners.get(friend)
            if theirs is not None:
                self._listeners.put(friend, replace(theirs, resolved=None), theirs.n_bytes)

    def _listener(self, user: str) -> _Listener | None:
        known = self._listeners.get(user)
        if known is not None:
            return known
        row = self._reader.listener_row(user)
        if row is None:
            return None
        stored = self._reader.listener(row)
        rules = self.rules.learning(user)
        catalogue = self._snapshot.catalogue
        listens = read_listens(stored.listens, catalogue.rows, rules, catalogue.hidden)
        accumulator = ProfileAccumulator.of(listens, self._snapshot.durations)
        known = _Listener(accumulator, stored.friends, stored.number)
        self._listeners.put(user, known, known.n_bytes)
        return known

    def _profile(self, user: str, known: _Listener) -> UserProfile:
        friends = []
        refusing = self._sharing.refusing
        for friend in known.friends if user not in refusing else ():
            theirs = None if friend in refusing else self._listener(friend)
            if theirs is not None and not theirs.accumulator.is_empty:
                friends.append(_liked(theirs.accumulator))
        # of those who withhold their listens, no play moves the time of others
        now = max(self._now, known.accumulator.last)
        profile = known.accumulator.profile(user, now, friends)
        return replace(profile, silent=self.silent(user))


def _liked(accumulator: ProfileAccumulator) -> NDArray[np.int64]:
    return accumulator.profile("", 0.0).liked
