"""The public function `interests`: what a listener likes, in groups with names.

`segue.engine.interests` finds them; hours of the day are read from the listens on demand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.engine.listening_hours import Span, hours_of, usual_span
from segue.listens import ReportedListens, outcomes
from segue.pipeline.arguments import Id, LibraryArgument, as_id, as_library
from segue.pipeline.recommender.read_listens import read_listens
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState, check_listener
from segue.types import Track

MAX_TIMED: Final = 20_000
"""Latest plays that are read."""


@dataclass(frozen=True, slots=True)
class InterestSummary:
    """One interest of a listener, by its `number` from 1 and its name.

    `share` is its part of the weight of the likes, and sums to 1 over the interests; `hours` is the
    span of hours in which most of its listens are, None if there is none or times are unknown;
    `examples` are the tracks at its center.
    """

    number: int
    name: str
    share: float
    n_tracks: int
    hours: Span | None
    examples: Sequence[Track]

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue user interests --json`` prints for it."""
        return {
            "number": self.number,
            "name": self.name,
            "share": self.share,
            "n_tracks": self.n_tracks,
            "hours": None if self.hours is None else list(self.hours),
            "examples": [
                {"track_id": one.track_id, "title": one.title, "artist": one.artist}
                for one in self.examples
            ],
        }


class TimedPlays(NamedTuple):
    """Completed plays, oldest first: `positions`, and `times` in seconds since 1970, ``[n]``."""

    positions: NDArray[np.int64]
    times: NDArray[np.float64]


def interests(library: LibraryArgument, user: Id) -> list[InterestSummary]:
    """Return the interests of a listener, largest share first.

    Raises
    ------
    UnknownListenerError
        If the library does not know the listener.
    """
    state = RecommenderService.open(as_library(library)).state()
    return interests_in(state, as_id(user, "user"))


def interests_in(
    state: ServingState, user: str, *, zone: tzinfo | None = None
) -> list[InterestSummary]:
    """Return the same from an opened library, with hours in a time zone (by default the local)."""
    known = state.profiles.resolve(user)
    if known is None:
        check_listener(state.library, user)
        return []
    found = state.interests.of(known[0])
    plays = timed_plays(state, user)
    hours = hours_of(plays.times, zone)
    tracks = state.catalogue.tracks
    return [
        InterestSummary(
            place + 1,
            name,
            one.share,
            len(one.positions),
            usual_span(hours[np.isin(plays.positions, one.positions)]),
            [tracks[position] for position in one.examples.tolist()],
        )
        for place, (one, name) in enumerate(zip(found.interests, found.names, strict=True))
    ]


def timed_plays(state: ServingState, user: str) -> TimedPlays:
    """Return the latest completed plays with a time that segue learns from."""
    row = state.library.reader.listener_row(user)
    if row is None:
        return TimedPlays(np.zeros(0, np.int64), np.zeros(0))
    rules = state.profiles.rules.learning(user)
    stored = state.library.reader.listener(row).listens
    listens = read_listens(stored, state.catalogue.rows, rules)
    counts = (listens.tracks >= 0) & ~np.isnan(listens.timestamp)
    if listens.ignored is not None:
        counts &= ~listens.ignored
    listens = listens.take(counts)
    seconds = state.snapshot.durations[listens.tracks]
    rated = ~np.isnan(listens.rating)
    outcome = outcomes(
        ReportedListens(
            listens.plays, listens.ms_played, seconds, listens.skipped, listens.completed, rated
        )
    )
    played = np.flatnonzero(outcome.completed > 0)
    latest = played[np.argsort(listens.timestamp[played], kind="stable")][-MAX_TIMED:]
    return TimedPlays(listens.tracks[latest], listens.timestamp[latest])
