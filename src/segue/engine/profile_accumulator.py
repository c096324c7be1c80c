"""Accumulate one listener's listens, so that adding one more is cheap.

The resulting profile equals that of `segue.engine.profiles.profiles_of` for the same listens. The
size is bounded by the number of known tracks, not of listens: sums by track, and the latest
thousand plays with their times.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segue.engine.profiles import (
    LIVE_SCALE,
    MAX_HISTORY,
    SECONDS_A_DAY,
    Durations,
    Values,
    on_unit_scale,
    share_heard,
    worth,
)
from segue.signals import UserProfile

Kind = Literal["play", "skip", "like", "dislike", "clear"]
Places = NDArray[np.int64]

_MARKS = {"like": LIVE_SCALE[1], "dislike": LIVE_SCALE[0]}
_NO_PLACES, _NO_VALUES = np.zeros(0, np.int64), np.zeros(0)


@dataclass(frozen=True, slots=True)
class Listens:
    """The listens of one listener in the order of their rows, each field ``[n]``, NaN for unknown.

    `tracks` are positions, -1 for tracks that are not in the catalogue; `rating` is in [-1, 1], 0
    without one; `rated` marks listens with a rating, `marked` ratings that were given live.
    """

    tracks: Places
    plays: Values
    ms_played: Values
    skipped: Values
    rating: Values
    rated: NDArray[np.bool_]
    marked: NDArray[np.bool_]
    timestamp: Values
    order: Values


@dataclass(frozen=True, slots=True)
class ProfileAccumulator:
    """The accumulated listens of one listener; immutable.

    `tracks` ``[n]``, ascending, are all known tracks, with the sums of `plays`, `skips`, `ratings`
    from imported data and `marks` given live; `n_rows` counts the listens of each track, without
    marks. `played` and `moments` are the latest plays that have an order; `n_played`, `n_timed` and
    `n_ordered` count all plays, those with a time and those with a position.
    """

    tracks: Places
    plays: Values
    skips: Values
    ratings: Values
    marks: Values
    n_rows: Values
    played: Places
    moments: Values
    n_played: int
    n_timed: int
    n_ordered: int

    @classmethod
    def of(cls, listens: Listens, durations: Durations = None) -> "ProfileAccumulator":
        """Add up a listener's listens."""
        known = listens.tracks >= 0
        rating = np.where(listens.rated, listens.rating, np.nan)
        share = share_heard(listens.ms_played, np.where(known, listens.tracks, np.nan), durations)
        plays, skips = worth(listens.plays, share, listens.skipped, rating)
        tracks, inverse = np.unique(listens.tracks[known], return_inverse=True)

        def summed(values: Values) -> Values:
            return np.bincount(inverse, values[known], minlength=len(tracks)).astype(np.float64)

        opinion = np.where(listens.rated, listens.rating, 0.0)
        counted = np.flatnonzero(known & (plays > 0))
        times, orders = listens.timestamp[counted], listens.order[counted]
        n_timed = int((~np.isnan(times)).sum())
        n_ordered = int((~np.isnan(orders)).sum())
        moments = times if n_timed == len(counted) else orders
        latest = np.argsort(moments, kind="stable")[-MAX_HISTORY:]
        if len(counted) not in (n_timed, n_ordered):
            latest = _NO_PLACES
        return cls(
            tracks,
            summed(plays),
            summed(skips),
            summed(np.where(listens.marked, 0.0, opinion)),
            summed(np.where(listens.marked, opinion, 0.0)),
            summed(np.where(listens.marked, 0.0, 1.0)),
            listens.tracks[counted][latest],
            moments[latest],
            len(counted),
            n_timed,
            n_ordered,
        )

    @property
    def timed(self) -> bool:
        """Whether all plays have a time."""
        return self.n_timed == self.n_played

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
        """
        if kind == "clear" and track not in self.tracks:
            return self
        found = self._with(track)
        place = int(np.searchsorted(found.tracks, track))
        if kind in ("like", "dislike", "clear"):
            mark = np.array([_MARKS.get(kind, np.nan)])
            marks = found.marks.copy()
            marks[place] = on_unit_scale(mark, LIVE_SCALE)[0]
            found = replace(found, marks=marks)
            return found._without_unmet(place) if kind == "clear" else found
        share = 1.0
        if ms_played is not None and duration:
            share = min(ms_played / 1000 / duration, 1.0)
        plays, skips, n_rows = found.plays.copy(), found.skips.copy(), found.n_rows.copy()
        n_rows[place] += 1
        if kind == "skip":
            skips[place] += 1
            return replace(found, skips=skips, n_rows=n_rows)
        plays[place] += share
        found = replace(found, plays=plays, n_rows=n_rows)
        return found._played(track, at) if share > 0 else found

    def profile(
        self, user: str, now: float, friends: Sequence[NDArray[np.int64]] = ()
    ) -> UserProfile:
        """Return the listener's profile; `now` is the time of the last listen of all users."""
        rating = np.clip(self.ratings + self.marks, -1, 1)
        opinion = (np.log1p(self.plays) - self.skips + rating).astype(np.float32)
        says = opinion != 0
        ages = np.zeros(0, np.float32)
        if self.timed and len(self.moments):
            ages = ((now - self.moments) / SECONDS_A_DAY).astype(np.float32)
        return UserProfile(
            self.tracks[says],
            opinion[says],
            self.tracks,
            self.played,
            ages,
            friends=tuple(friends),
            user=user,
        )

    def _with(self, track: int) -> "ProfileAccumulator":
        """Return the accumulator with an entry for a track."""
        place = int(np.searchsorted(self.tracks, track))
        if place < len(self.tracks) and self.tracks[place] == track:
            return self
        return replace(
            self,
            tracks=np.insert(self.tracks, place, track),
            plays=np.insert(self.plays, place, 0.0),
            skips=np.insert(self.skips, place, 0.0),
            ratings=np.insert(self.ratings, place, 0.0),
            marks=np.insert(self.marks, place, 0.0),
            n_rows=np.insert(self.n_rows, place, 0.0),
        )

    def _without_unmet(self, place: int) -> "ProfileAccumulator":
        """Remove a track that has nothing left after its opinion was cleared."""
        if self.n_rows[place]:
            return self
        sums = self.plays, self.skips, self.ratings, self.marks, self.n_rows
        plays, skips, ratings, marks, n_rows = (np.delete(one, place) for one in sums)
        return replace(
            self,
            tracks=np.delete(self.tracks, place),
            plays=plays,
            skips=skips,
            ratings=ratings,
            marks=marks,
            n_rows=n_rows,
        )

    def _played(self, track: int, at: float) -> "ProfileAccumulator":
        """Return the accumulator with one more play that has a time."""
        found = replace(self, n_played=self.n_played + 1, n_timed=self.n_timed + 1)
        if not self.timed:
            return replace(found, played=_NO_PLACES, moments=_NO_VALUES)
        place = int(np.searchsorted(self.moments, at, side="right"))
        return replace(
            found,
            played=np.insert(self.played, place, track)[-MAX_HISTORY:],
            moments=np.insert(self.moments, place, at)[-MAX_HISTORY:],
        )
