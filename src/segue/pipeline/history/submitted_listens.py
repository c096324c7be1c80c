"""Store listens that players submit to the ListenBrainz API, matched as in its exports.

A listen of a track in the library is stored as feedback, on disk and visible to all processes. A
listen of an unknown track waits for its track, as imported listens do. Both get the fingerprint
that they would have in an export: a listen that is submitted twice or imported as well counts once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from segue.library import Event, ImportedListen, Library
from segue.sources.history_import import ImportRow, fingerprint, plausible_time, read_record
from segue.sources.history_import.matching import Matcher
from segue.types import TrackReference

KIND: Final = "listenbrainz"

Feed = Callable[[Sequence[Event]], list[bool]]


def read_listens(records: Sequence[Mapping[str, Any]]) -> list[ImportRow]:
    """Return submitted listens as import rows, without the user that they name.

    Raises
    ------
    UnusableRow
        If a listen has no usable content.
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
    """Store listens of a listener on disk; return the number of new ones.

    Parameters
    ----------
    feed
        Function that stores events.
    matcher
        Matcher of the tracks of the library, by rows.
    track_id_of
        Returns the id of the track at a row, None if it is not known yet.
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
                recommended=listen.recommended,
                private=listen.private is True,
                fingerprint=mark,
            )
            events.append(event)
        else:
            # the match counts even if the served snapshot does not have the track yet
            row = None if match is None else match.row
            arrival = ImportedListen(
                user,
                row,
                listen.track,
                mark,
                when,
                ms_played=listen.ms_played,
                recommended=listen.recommended,
                private=listen.private,
            )
            arrivals.append(arrival)
    new = sum(feed(events)) if events else 0
    if arrivals:
        new += library.add_listens(f"import:{KIND}", arrivals).new
    return new


def track_reference_of(record: Mapping[str, Any]) -> TrackReference:
    """Return the track of a playing_now notice.

    Raises
    ------
    UnusableRow
        If it names no track.
    """
    return read_record(KIND, {**record, "listened_at": 0}, None).track
