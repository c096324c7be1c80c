"""The public function `interests`: what a listener likes, in groups with names.

`segue.engine.interests` finds them; hours of the day are read from the listens on demand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.listening_hours import Span, hours_of, usual_span
from segue.library import Library
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState, check_listener
from segue.types import Track

MAX_TIMED: Final = 20_000
"""Latest listens whose hours count."""


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


def interests(library: Library | Path | str, user: str) -> list[InterestSummary]:
    """Return the interests of a listener, largest share first.

    Raises
    ------
    UnknownListenerError
        If the library does not know the listener.
    """
    return interests_in(RecommenderService.open(library).state(), user)


def interests_in(
    state: ServingState, user: str, *, zone: tzinfo | None = None
) -> list[InterestSummary]:
    """Return the same from an opened library, with hours in a time zone (by default the local)."""
    known = state.profiles.resolve(user)
    if known is None:
        check_listener(state.library, user)
        return []
    found = state.interests.of(known[0])
    positions, hours = timed_plays(state, user, zone)
    tracks = state.catalogue.tracks
    return [
        InterestSummary(
            place + 1,
            name,
            one.share,
            len(one.positions),
            usual_span(hours[np.isin(positions, one.positions)]),
            [tracks[position] for position in one.examples.tolist()],
        )
        for place, (one, name) in enumerate(zip(found.interests, found.names, strict=True))
    ]


def timed_plays(
    state: ServingState, user: str, zone: tzinfo | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the latest plays with a time, and their hours, both ``[n]``."""
    row = state.library.reader.listener_row(user)
    if row is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    listens = state.library.reader.listener(row).listens
    rows = state.catalogue.rows
    places = np.minimum(np.searchsorted(rows, listens.rows), max(len(rows) - 1, 0))
    heard = ~np.isnan(listens.timestamp) & (listens.skipped != 1) & np.isnan(listens.rating)
    heard &= rows[places] == listens.rows if len(rows) else False
    latest = np.flatnonzero(heard)
    latest = latest[np.argsort(listens.timestamp[latest], kind="stable")][-MAX_TIMED:]
    return places[latest].astype(np.int64), hours_of(listens.timestamp[latest], zone)
