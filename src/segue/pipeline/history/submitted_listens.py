"""Listens that players submit as to ListenBrainz: read and matched as its exports are.

A listen whose track the library holds is feedback, on disk and known to all processes at once. One
whose track it lacks waits, as listens of imports do. Both have the fingerprint that they would have
in an export: what is submitted twice, or imported as well, counts once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from segue.library import Arrival, Event, Library
from segue.sources.history_import import ImportRow, fingerprint, plausible_time, read_record
from segue.sources.history_import.matching import Matcher
from segue.types import TrackReference

KIND: Final = "listenbrainz"

Feed = Callable[[Sequence[Event]], list[bool]]


def read_listens(records: Sequence[Mapping[str, Any]]) -> list[ImportRow]:
    """Return what submitted listens say. Whom they name as listener is passed over.

    Raises
    ------
    UnusableRow
        If one says nothing that counts.
    """
    return [read_record(KIND, record, None)._replace(user=None) for record in records]


def submit(
    library: Library,
    feed: Feed,
    matcher: Matcher,
    user: str,
    listens: Sequence[ImportRow],
    *,
    track_id_of: Callable[[int], str | None],
) -> int:
    """Take in listens of a listener; they are on disk when this returns how many were new.

    Parameters
    ----------
    feed
        Takes in events, durably.
    matcher
        Of the library's tracks, by rows.
    track_id_of
        Gives the id of the track at a row, None where it is not known yet.
    """
    now = time.time()
    events, arrivals = [], []
    for listen in listens:
        match = matcher.match(listen.track)
        track_id = None if match is None else track_id_of(match.row)
        mark, when = fingerprint(KIND, user, listen), plausible_time(listen.timestamp, now)
        if track_id is not None:
            event = Event(
                user=user,
                track_id=track_id,
                kind="play",
                key=f"{KIND}:{mark.hex()}",
                at=when,
                ms_played=listen.ms_played,
                fingerprint=mark,
            )
            events.append(event)
        else:
            # a row that is not known yet to those who recommend is one all the same
            row = None if match is None else match.row
            arrival = Arrival(user, row, listen.track, mark, when, ms_played=listen.ms_played)
            arrivals.append(arrival)
    new = sum(feed(events)) if events else 0
    if arrivals:
        new += library.add_listens(f"import:{KIND}", arrivals).new
    return new


def sought_in(record: Mapping[str, Any]) -> TrackReference:
    """Return the track that a notice of what plays now names.

    Raises
    ------
    UnusableRow
        If it names none.
    """
    return read_record(KIND, {**record, "listened_at": 0}, None).track
