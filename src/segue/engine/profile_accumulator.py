"""Accumulate the listens of listeners, so that adding one more is cheap.

`accumulate` adds up the listens of many listeners at once, `ProfileAccumulator.after` adds a single
event, with the same result. The size is bounded by the number of known tracks, not of listens: sums
by track, and the latest thousand completed listens with their times.

A history is in the order of times. Listens without a time count in the sums, and have no place in
it; only a listener without any time has the order of `position`. Where positions begin again in
each session, sessions are in the order of their rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from segue.engine.opinions import opinions
from segue.listens import Outcomes, ReportedListens, outcomes, positions_across_sessions
from segue.signals import UserProfile
from segue.signals.signal import MAX_PLAYS

Kind = Literal["play", "skip", "like", "dislike", "clear"]
Places = NDArray[np.int64]
Values = NDArray[np.float64]
Durations = Sequence[float | None] | Values | None

SECONDS_A_DAY: Final = 86_400.0
EXPLICIT: Final = {"like": 1.0, "dislike": -1.0, "clear": np.nan}
_NO_PLACES, _NO_VALUES = np.zeros(0, np.int64), np.zeros(0)
_UNDATED: Final = -np.inf
_NO_SESSION: Final = -1


@dataclass(frozen=True, slots=True)
class Listens:
    """Listens in any order, each field ``[n]``, NaN for unknown.

    `users` are numbers of listeners, `tracks` positions, -1 for tracks that are not in the
    catalogue. `rating` is an explicit opinion in [-1, 1]. `order` is the position in a history
    without times. `ignored` listens are not learned from (see `segue.engine.learning_rules`): they
    only make their track known. None: all are. `sessions` are numbers of sessions, -1 for unknown.
    """

    users: Places
    tracks: Places
    plays: Values
    ms_played: Values
    skipped: Values
    completed: Values
    rating: Values
    timestamp: Values
    order: Values
    ignored: NDArray[np.bool_] | None = None
    sessions: Places | None = None

    def take(self, rows: Places | NDArray[np.bool_]) -> "Listens":
        """Return some of the listens."""
        columns = [getattr(self, name) for name in self.__slots__]
        taken: list[Any] = [None if one is None else one[rows] for one in columns]
        return Listens(*taken)


@dataclass(frozen=True, slots=True)
class TrackSums:
    """What is known of each track of one listener, each field ``[n]``.

    Numbers of `completed` listens and of `skipped` ones; `met` counts the listens that make a track
    known. `explicit` is the latest explicit opinion (NaN: none), the mean of equally late ones,
    given at the time `explicit_at` (-inf: unknown, NaN: never).
    """

    completed: Values
    skipped: Values
    met: Values
    explicit: Values
    explicit_at: Values

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which tracks the listener has met or rated."""
        return (self.met > 0) | ~np.isnan(self.explicit)

    def take(self, rows: Places) -> "TrackSums":
        """Return the sums of some tracks."""
        return TrackSums(*(getattr(self, name)[rows] for name in self.__slots__))

    def with_track(self, place: int) -> "TrackSums":
        """Return the sums with an empty entry at a place."""
        empty = {"explicit": np.nan, "explicit_at": np.nan}
        return TrackSums(
            *(
                np.insert(getattr(self, name), place, empty.get(name, 0.0))
                for name in self.__slots__
            )
        )

    def changed(self, place: int, **values: float) -> "TrackSums":
        """Return the sums with other values at a place."""
        columns = {name: getattr(self, name) for name in self.__slots__}
        for name, value in values.items():
            columns[name] = columns[name].copy()
            columns[name][place] = value
        return TrackSums(**columns)


@dataclass(frozen=True, slots=True)
class ProfileAccumulator:
    """The accumulated listens of one listener; immutable.

    `tracks` ``[n]``, ascending, are all tracks with listens or statements, with their `sums`.
    `played` are the latest completed listens that have an order, oldest first, and `moments` their
    times, or their positions if not `timed`. `sessions` are the numbers of their sessions, -1 where
    unknown; empty if all are.
    """

    tracks: Places
    sums: TrackSums
    played: Places
    moments: Values
    timed: bool
    sessions: Places = field(default_factory=lambda: _NO_PLACES)

    @classmethod
    def of(cls, listens: Listens, durations: Durations = None) -> "ProfileAccumulator":
        """Add up one listener's listens."""
        found = accumulate(listens, durations)
        if found:
            return found[0][1]
        return ProfileAccumulator(
            _NO_PLACES, TrackSums(*[_NO_VALUES] * 5), _NO_PLACES, _NO_VALUES, timed=True
        )

    @property
    def is_empty(self) -> bool:
        """Whether no track is known."""
        return not self.sums.known.any()

    @property
    def last(self) -> float:
        """Time of the last play; -inf if unknown."""
        return float(self.moments[-1]) if self.timed and len(self.moments) else -np.inf

    def after(
        self,
        kind: Kind,
        track: int,
        at: float,
        ms_played: float | None = None,
        duration: float | None = None,
        *,
        ignored: bool = False,
    ) -> "ProfileAccumulator":
        """Return the accumulator with one more event.

        Parameters
        ----------
        track
            Position of the track.
        at
            Time of the event, in seconds since 1970.
        duration
            Duration of the track in seconds, None if unknown.
        ignored
            Whether a play or skip is not learned from: it only makes its track known.
        """
        if kind in EXPLICIT:
            return self._stated(track, EXPLICIT[kind], at)
        one = np.ones(1)
        unknown = one * np.nan
        listen = ReportedListens(
            plays=one,
            ms_played=unknown if ms_played is None else one * ms_played,
            seconds=unknown if duration is None else one * duration,
            skipped=one * (kind == "skip"),
            completed=unknown,
            rated=one > 1,
        )
        outcome = _without_ignored(outcomes(listen), one * ignored > 0)
        if not outcome.met[0]:
            return self
        found = self._with(track)
        place = int(np.searchsorted(found.tracks, track))
        numbers = {
            name: float(getattr(found.sums, name)[place] + added[0])
            for name, added in zip(("completed", "skipped", "met"), outcome, strict=True)
        }
        found = replace(found, sums=found.sums.changed(place, **numbers))
        return found._played(track, at) if outcome.completed[0] > 0 else found

    def profile(
        self, user: str, now: float, friends: Sequence[NDArray[np.int64]] = ()
    ) -> UserProfile:
        """Return the listener's profile; `now` is the time of the last listen of all users.

        Plays of disliked tracks are no part of the history.
        """
        opinion = opinions(self.sums.completed, self.sums.skipped, self.sums.explicit)
        known = self.sums.known
        says = (opinion != 0) & known
        disliked = self.tracks[opinion < 0]
        kept = ~np.isin(self.played, disliked)
        ages = np.zeros(0, np.float32)
        if self.timed and len(self.moments):
            ages = ((now - self.moments[kept]) / SECONDS_A_DAY).astype(np.float32)
        return UserProfile(
            self.tracks[says],
            opinion[says],
            self.tracks[known],
            self.played[kept],
            ages,
            friends=tuple(friends),
            user=user,
            sessions=self.sessions[kept] if len(self.sessions) else self.sessions,
        )

    def _with(self, track: int) -> "ProfileAccumulator":
        """Return the accumulator with an entry for a track."""
        place = int(np.searchsorted(self.tracks, track))
        if place < len(self.tracks) and self.tracks[place] == track:
            return self
        tracks = np.insert(self.tracks, place, track)
        return replace(self, tracks=tracks, sums=self.sums.with_track(place))

    def _stated(self, track: int, value: float, at: float) -> "ProfileAccumulator":
        """Return the accumulator after an explicit statement: the latest one counts."""
        found = self._with(track)
        place = int(np.searchsorted(found.tracks, track))
        if at < found.sums.explicit_at[place]:
            return self
        return replace(found, sums=found.sums.changed(place, explicit=value, explicit_at=at))

    def _played(self, track: int, at: float) -> "ProfileAccumulator":
        """Return the accumulator with one more completed listen, which has a time."""
        if not self.timed:  # an order by position ends where times begin
            one, moment = np.array([track]), np.array([at])
            return replace(self, played=one, moments=moment, timed=True, sessions=_NO_PLACES)
        place = int(np.searchsorted(self.moments, at, side="right"))
        sessions = self.sessions
        if len(sessions):
            sessions = np.insert(sessions, place, _NO_SESSION)[-MAX_PLAYS:]
        return replace(
            self,
            sessions=sessions,
            played=np.insert(self.played, place, track)[-MAX_PLAYS:],
            moments=np.insert(self.moments, place, at)[-MAX_PLAYS:],
        )


def accumulate(
    listens: Listens, durations: Durations = None
) -> list[tuple[int, ProfileAccumulator]]:
    """Add up the listens of each listener; return their numbers, ascending, with the sums.

    Listens of tracks that are not in the catalogue are ignored, and so are listeners with no other.

    Parameters
    ----------
    durations
        Seconds of each track by position, None or NaN if unknown; None if all are.
    """
    if listens.sessions is not None:  # before listens are left out, which may show a restart
        order = positions_across_sessions(listens.users, listens.sessions, listens.order)
        listens = replace(listens, order=order)
    listens = listens.take(listens.tracks >= 0)
    if not len(listens.tracks):
        return []
    outcome = learned_outcomes(listens, durations)
    rated = ~np.isnan(listens.rating)
    users, tracks, pairs = _pairs(listens)
    n = len(users)
    # a row that counts no plays at a known time takes an earlier opinion back
    stated = rated | ((listens.plays == 0) & ~np.isnan(listens.timestamp))
    completed, skipped, met = (np.bincount(pairs, one, n).astype(np.float64) for one in outcome)
    sums = TrackSums(completed, skipped, met, *_latest_opinions(pairs, n, listens, stated))
    keep = (sums.met > 0) | ~np.isnan(sums.explicit_at)
    listeners, starts = np.unique(users, return_index=True)
    bounds = [*starts.tolist(), n]
    histories = _histories(listens, outcome.completed > 0)
    nothing = _NO_PLACES, _NO_VALUES, True, _NO_PLACES
    found = []
    for place, listener in enumerate(listeners.tolist()):
        part = np.flatnonzero(keep[bounds[place] : bounds[place + 1]]) + bounds[place]
        history = histories.get(listener, nothing)
        found.append((listener, ProfileAccumulator(tracks[part], sums.take(part), *history)))
    return found


def learned_outcomes(listens: Listens, durations: Durations = None) -> Outcomes:
    """Return what each listen counts as; ignored ones are neither completed nor skipped.

    `durations` are those of `accumulate`; the duration of a track at -1 is unknown.
    """
    outcome = outcomes(
        ReportedListens(
            listens.plays,
            listens.ms_played,
            _seconds(listens.tracks, durations),
            listens.skipped,
            listens.completed,
            ~np.isnan(listens.rating),
        )
    )
    return outcome if listens.ignored is None else _without_ignored(outcome, listens.ignored)


def _without_ignored(outcome: Outcomes, ignored: NDArray[np.bool_]) -> Outcomes:
    completed, skipped = (np.where(ignored, 0.0, one) for one in outcome[:2])
    return outcome._replace(completed=completed, skipped=skipped)


def _pairs(listens: Listens) -> tuple[Places, Places, Places]:
    """Return each pair of listener and track, ascending, and the number of each listen's pair."""
    width = int(listens.tracks.max()) + 1
    keys, inverse = np.unique(listens.users * width + listens.tracks, return_inverse=True)
    return keys // width, keys % width, inverse.astype(np.int64)


def _seconds(tracks: Places, durations: Durations) -> Values:
    seconds = known_seconds(durations)
    if seconds is None:
        return np.full(len(tracks), np.nan)
    return np.where(tracks >= 0, seconds[tracks], np.nan).astype(np.float64)


def known_seconds(durations: Durations) -> Values | None:
    """Return durations as an array, NaN where unknown; None if all are."""
    if durations is None or isinstance(durations, np.ndarray):
        return durations
    return np.array([one or np.nan for one in durations], np.float64)


def _latest_opinions(
    pairs: Places, n_pairs: int, listens: Listens, stated: NDArray[np.bool_]
) -> tuple[Values, Values]:
    """Return `explicit` and `explicit_at` of each pair of listener and track."""
    explicit, explicit_at = np.full(n_pairs, np.nan), np.full(n_pairs, np.nan)
    rows = np.flatnonzero(stated)
    if len(rows):
        own, value = pairs[rows], listens.rating[rows]
        at = np.nan_to_num(listens.timestamp[rows], nan=_UNDATED)
        latest = np.full(n_pairs, _UNDATED)
        np.maximum.at(latest, own, at)
        said = (at == latest[own]) & ~np.isnan(value)
        n = np.bincount(own[said], minlength=n_pairs).astype(np.float64)
        total = np.bincount(own[said], value[said], n_pairs)
        explicit_at[own] = latest[own]
        explicit[n > 0] = total[n > 0] / n[n > 0]
    return explicit, explicit_at


def _histories(
    listens: Listens, completed: NDArray[np.bool_]
) -> dict[int, tuple[Places, Values, bool, Places]]:
    """Return tracks, moments, whether timed, and sessions of each listener's completed listens."""
    dated = completed & ~np.isnan(listens.timestamp)
    timed = np.isin(listens.users, np.unique(listens.users[dated]))
    moments = np.where(timed, listens.timestamp, listens.order)
    rows = np.flatnonzero(completed & ~np.isnan(moments))
    rows = rows[np.lexsort((rows, moments[rows], listens.users[rows]))]
    users, starts = np.unique(listens.users[rows], return_index=True)
    stops = [*starts[1:].tolist(), len(rows)]
    found: dict[int, tuple[Places, Values, bool, Places]] = {}
    for user, start, stop in zip(users.tolist(), starts.tolist(), stops, strict=False):
        latest = rows[start:stop][-MAX_PLAYS:]
        sessions = _NO_PLACES if listens.sessions is None else listens.sessions[latest]
        if (sessions < 0).all():
            sessions = _NO_PLACES
        found[user] = listens.tracks[latest], moments[latest], bool(timed[latest[0]]), sessions
    return found
