"""Derive plays and skips from the playback reports of players.

A player reports its state (`starting`, `playing`, `paused`, `stopped`) and position in a track.
When the track ends, the position tells what the listener did:

- a *play* if it was completed, a *skip* if it was skipped (`segue.listens`);
- nothing otherwise, or if the player asked to be ignored.

A track ends when the player reports that it stopped, or starts another one. The event has the key
of the playback session, so it counts once however often it is reported. Half an hour after the
track would have ended, a silent player counts as gone.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.errors import LibraryError
from segue.library import Event, Library, Playback
from segue.library.playback import PlaybackState
from segue.listens import ReportedListens, outcomes

SILENT_SECONDS: Final = 1_800.0
"""Time after the expected end at which a track is over, whatever its player reports later."""
_LATE_SECONDS: Final = 30.0  # tolerated delay of a report of a player that is still playing
_MAX_ATTEMPTS: Final = 20

Feed = Callable[[list[Event]], object]
"""Stores events; they are on disk when it returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackReport:
    """Report of a player: `position` in seconds, `rate` as playback speed."""

    track_id: str
    state: PlaybackState
    position: float = 0.0
    rate: float = 1.0
    ignored: bool = False


def record_playback(
    library: Library,
    feed: Feed,
    owner: str,
    client: str,
    report: PlaybackReport,
    *,
    duration_of: Callable[[str], float | None],
) -> bool:
    """Process a report of a player; return whether a track begins with it.

    Events are stored before the playback state, so an interruption repeats an event, which counts
    once.

    Parameters
    ----------
    duration_of
        Returns the duration of a track in seconds, None if it is unknown.

    Raises
    ------
    UnknownTrackError
        If the library has no such track.
    LibraryError
        If the library cannot be written.
    """
    for _ in range(_MAX_ATTEMPTS):
        now = time.time()
        before = library.playback.get(owner, client)
        after = next_playback(report, before, now, duration_of(report.track_id))
        events = []
        if before is not None and before.session != after.session and before.state != "stopped":
            event = event_at_end(owner, before, now, duration_of(before.track_id), report.track_id)
            events += [event] if event else []
        if after.state == "stopped":
            event = event_at_end(owner, after, now, duration_of(after.track_id))
            events += [event] if event else []
        if events:
            feed(events)
        if library.playback.put(owner, client, after, before):
            begins = before is None or before.session != after.session
            return begins and after.state in ("starting", "playing")
    raise LibraryError("The player sent too many reports at the same time: send the report again.")


def next_playback(
    report: PlaybackReport, before: Playback | None, now: float, duration: float | None
) -> Playback:
    """Return the playback state after a report, from the state before."""
    if before is not None and _continues(report, before, now, duration):
        return replace(
            before,
            state=report.state,
            # a repeated report of the stop does not move the position
            position=before.position if before.state == "stopped" else report.position,
            rate=report.rate,
            at=now,
            ignored=report.ignored,
        )
    return Playback(
        session=secrets.token_urlsafe(12),
        version=0,
        track_id=report.track_id,
        state=report.state,
        position=report.position,
        rate=report.rate,
        begun=now - report.position / (report.rate or 1.0),
        at=now,
        ignored=report.ignored,
    )


def _continues(
    report: PlaybackReport, before: Playback, now: float, duration: float | None
) -> bool:
    """Return whether a report continues the playback that was reported last."""
    if report.track_id != before.track_id or report.state == "starting":
        return False
    if before.state == "stopped":
        return report.state == "stopped"
    return now - before.at < max((duration or 0.0) - before.position, 0.0) + SILENT_SECONDS


def position_at(before: Playback, now: float, duration: float | None) -> float:
    """Return the position of a playback now, in seconds, as far as known."""
    if before.state != "playing" or now <= before.at:
        return before.position
    moved = before.position + (now - before.at) * before.rate
    if duration is None:
        return before.position
    # long after the expected end it is unknown whether the end was reached
    return min(moved, duration) if moved < duration + _LATE_SECONDS else before.position


def event_at_end(
    owner: str, ended: Playback, now: float, duration: float | None, by: str | None = None
) -> Event | None:
    """Return the play or skip of a playback that ended; None if it is neither.

    `by` is the track that replaced it, if the player did not report that it stopped.
    """
    if ended.ignored:
        return None
    position = ended.position if by is None else position_at(ended, now, duration)
    kind = outcome(position, duration)
    if kind == "skip" and by is not None:
        silent = now - ended.at > max((duration or 0.0) - ended.position, 0.0) + _LATE_SECONDS
        # started again, never started, or the player was gone: not a skip
        if by == ended.track_id or ended.state == "starting" or silent:
            return None
    if kind is None:
        return None
    return Event(
        user=owner,
        track_id=ended.track_id,
        kind="play" if kind == "play" else "skip",
        key=session_key(ended),
        at=ended.begun,
        ms_played=position * 1e3,
    )


def outcome(position: float, duration: float | None) -> str | None:
    """Return whether ending at a position is a ``play``, a ``skip``, or None of them.

    >>> outcome(100, 200), outcome(20, 200), outcome(70, 200), outcome(240, 3_000)
    ('play', 'skip', None, 'play')
    """
    heard, unknown = np.array([position * 1e3]), np.full(1, np.nan)
    seconds = unknown if duration is None else np.array([duration])
    listen = ReportedListens(unknown, heard, seconds, unknown, unknown, np.zeros(1, bool))
    found = outcomes(listen)
    if found.completed[0]:
        return "play"
    return "skip" if found.skipped[0] else None


def session_key(playback: Playback) -> str:
    """Return the key of the events of a playback session."""
    return f"playback:{playback.session}"


def current_playback(library: Library, owner: str, client: str, track_id: str) -> Playback | None:
    """Return the playback of a track by a player, until some time after its end."""
    found = library.playback.get(owner, client)
    if found is None or found.track_id != track_id:
        return None
    return found if time.time() - found.at < SILENT_SECONDS else None
