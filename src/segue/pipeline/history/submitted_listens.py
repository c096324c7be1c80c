"""Store listens and opinions that players submit, by any protocol, matched as imported ones are.

A listen of a track in the library is stored as feedback, on disk and visible to all processes. A
listen of an unknown track waits for its track, as imported listens do. Both get the fingerprint
that they would have in an export of ListenBrainz: a listen that is submitted twice, by several
protocols, or imported as well, counts once. So does one that segue itself forwarded and that comes
back: it begins in the same second as a listen of the same track.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.library import Event, FeedbackKind, ImportedListen, Library
from segue.sources.history_import import ImportRow, fingerprint, plausible_time, read_record
from segue.sources.history_import.matching import Matcher
from segue.sources.history_import.opinions import opinion_row
from segue.types import TrackReference

KIND: Final = "listenbrainz"

Feed = Callable[[Sequence[Event]], list[bool]]

_KINDS: Final[Mapping[int, FeedbackKind]] = {1: "like", -1: "dislike", 0: "clear"}


@dataclass(frozen=True, slots=True)
class SubmissionTarget:
    """Where submitted listens of a library go.

    `feed` stores events, `matcher` finds the rows of tracks, and `track_id_of` returns the id of
    the track at a row, None if the served catalogue does not have it yet.
    """

    library: Library
    feed: Feed
    matcher: Matcher
    track_id_of: Callable[[int], str | None]


def read_listens(records: Sequence[Mapping[str, Any]]) -> list[ImportRow]:
    """Return listens in the form of ListenBrainz as import rows, without the user that they name.

    Raises
    ------
    UnusableRow
        If a listen has no usable content.
    """
    return [read_record(KIND, record, None)._replace(user=None) for record in records]


def submit(target: SubmissionTarget, user: str, listens: Sequence[ImportRow]) -> int:
    """Store listens of a listener on disk; return the number of new ones."""
    now = time.time()
    events, arrivals = [], []
    for listen in listens:
        match = target.matcher.match(listen.track)
        track_id = None if match is None else target.track_id_of(match.row)
        mark, when = fingerprint(KIND, user, listen), plausible_time(listen.timestamp, now)
        if track_id is not None:
            event = Event(
                user=user,
                track_id=track_id,
                kind="skip" if listen.skipped else "play",
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
            arrivals.append(_arrival(user, row, listen, mark, when))
    events = _without_known(target.library, user, events)
    new = sum(target.feed(events)) if events else 0
    if arrivals:
        new += target.library.add_listens(f"import:{KIND}", arrivals, forward=True).new
    return new


def give_opinion(
    target: SubmissionTarget, user: str, track: str | TrackReference, score: int
) -> None:
    """Store that a listener likes (1) or dislikes (-1) a track, or has no opinion (0) of it.

    The opinion of a track that the library lacks is kept until it has it. An opinion that the
    listener has already is not stored again.

    Parameters
    ----------
    track
        Its id, or its names.
    """
    if isinstance(track, TrackReference):
        match = target.matcher.match(track)
        track_id = None if match is None else target.track_id_of(match.row)
    else:
        match, track_id = None, track
    if track_id is not None:
        before = target.library.histories.opinions(user, [track_id]).get(track_id)
        kind = _KINDS[score]
        if (before.kind if before else "clear") != kind:
            key = f"scrobbler:{uuid.uuid4().hex}"
            target.feed([Event(user=user, track_id=track_id, kind=kind, key=key)])
        return
    assert isinstance(track, TrackReference)  # noqa: S101  # a track id is not None
    row = opinion_row(None, track, time.time(), score)
    arrival = _arrival(
        user,
        None if match is None else match.row,
        row,
        fingerprint(KIND, user, row),
        row.timestamp,
    )
    target.library.add_listens(f"import:{KIND}", [arrival], forward=True)


def take_back(target: SubmissionTarget, user: str, track_id: str, second: int) -> int:
    """Delete the plays of a track that began in a second; return their number."""
    marks = target.library.plays.fingerprints_at(user, track_id, second)
    events = [
        Event(
            user=user,
            track_id=track_id,
            kind="undo",
            key=f"scrobbler:{uuid.uuid4().hex}",
            fingerprint=mark,
        )
        for mark in marks
    ]
    return sum(target.feed(events)) if events else 0


def track_reference_of(record: Mapping[str, Any]) -> TrackReference:
    """Return the track of a playing_now notice.

    Raises
    ------
    UnusableRow
        If it names no track.
    """
    return read_record(KIND, {**record, "listened_at": 0}, None).track


def _arrival(
    user: str, row: int | None, listen: ImportRow, mark: bytes, when: float | None
) -> ImportedListen:
    return ImportedListen(
        user,
        row,
        listen.track,
        mark,
        when,
        plays=listen.plays,
        ms_played=listen.ms_played,
        rating=listen.rating,
        skipped=listen.skipped,
        recommended=listen.recommended,
        private=listen.private,
        total=listen.total,
    )


def _without_known(library: Library, user: str, events: Sequence[Event]) -> list[Event]:
    """Return events but those of a track that has a listen of the same second."""
    times = [event.at for event in events if event.at is not None]
    if not times:
        return list(events)
    tracks = {event.track_id for event in events}
    known = library.plays.seconds_of(user, tracks, min(times) - 1, max(times) + 1)
    return [
        event
        for event in events
        if event.at is None or (event.track_id, int(event.at)) not in known
    ]
