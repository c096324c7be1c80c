"""What players report while they play, and what follows from it: plays and skips.

A player says where it is in a track: `starting`, `playing`, `paused`, `stopped`. From how far it
came follows what the listener did:

- a *play*, where half of the track or four minutes were reached, whichever comes first: what
  scrobblers call a listen;
- a *skip*, where it ended before a quarter of the track (`SKIP_SHARE`);
- nothing, in between, where the track's length is unknown, or where the player asked to be ignored.

A track ends when the player says that it stopped, or starts another. What is counted of one track
is counted once, however often it is reported, since its key is that of its session. A player that
falls silent is believed no longer than until half an hour after the track would have ended.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from segue.engine.profiles import SKIP_SHARE
from segue.errors import LibraryError
from segue.library import Event, Library, Playback
from segue.library.playback import PlaybackState

PLAYED_SHARE: Final = 0.5
PLAYED_SECONDS: Final = 240.0
SILENT_SECONDS: Final = 1_800.0
"""After so long past its end a track is over, whatever its player says then."""
_LATE_SECONDS: Final = 30.0  # a player may be late by so much, and still be playing
_MOST_TRIES: Final = 20

Feed = Callable[[list[Event]], object]
"""Takes in events; they are on disk when it returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a player says: `position` in seconds, `rate` how fast that moves."""

    track_id: str
    state: PlaybackState
    position: float = 0.0
    rate: float = 1.0
    ignored: bool = False


def report(
    library: Library,
    feed: Feed,
    owner: str,
    client: str,
    said: Report,
    *,
    duration_of: Callable[[str], float | None],
) -> None:
    """Take in what a player of a listener reports.

    What it means is fed first, and what was reported kept after: whoever is stopped in between
    feeds the same again, which counts once.

    Parameters
    ----------
    duration_of
        Gives the seconds of a track, None where unknown.

    Raises
    ------
    UnknownTrackError
        If the library does not hold a track.
    LibraryError
        If it cannot be written.
    """
    for _ in range(_MOST_TRIES):
        now = time.time()
        before = library.playback.get(owner, client)
        after = following(said, before, now, duration_of(said.track_id))
        events = []
        if before is not None and before.session != after.session and before.state != "stopped":
            event = at_the_end(owner, before, now, duration_of(before.track_id), said.track_id)
            events += [event] if event else []
        if after.state == "stopped":
            event = at_the_end(owner, after, now, duration_of(after.track_id))
            events += [event] if event else []
        if events:
            feed(events)
        if library.playback.put(owner, client, after, before):
            return
    raise LibraryError("The player reports the same thing many times at once: report it again.")


def following(
    said: Report, before: Playback | None, now: float, duration: float | None
) -> Playback:
    """Return what is known of a player after a report, by what was known before."""
    if before is not None and _goes_on(said, before, now, duration):
        return replace(
            before,
            state=said.state,
            # told again that it stopped, it stopped where it did
            position=before.position if before.state == "stopped" else said.position,
            rate=said.rate,
            at=now,
            ignored=said.ignored,
        )
    return Playback(
        session=secrets.token_urlsafe(12),
        version=0,
        track_id=said.track_id,
        state=said.state,
        position=said.position,
        rate=said.rate,
        begun=now - said.position / (said.rate or 1.0),
        at=now,
        ignored=said.ignored,
    )


def _goes_on(said: Report, before: Playback, now: float, duration: float | None) -> bool:
    """Say whether a report is of the track that was reported last."""
    if said.track_id != before.track_id or said.state == "starting":
        return False
    if before.state == "stopped":
        return said.state == "stopped"
    return now - before.at < max((duration or 0.0) - before.position, 0.0) + SILENT_SECONDS


def reached(before: Playback, now: float, duration: float | None) -> float:
    """Return how far a track is now, in seconds, as far as that is known."""
    if before.state != "playing" or now <= before.at:
        return before.position
    moved = before.position + (now - before.at) * before.rate
    if duration is None:
        return before.position
    # long after its end it is not known whether it came there
    return min(moved, duration) if moved < duration + _LATE_SECONDS else before.position


def at_the_end(
    owner: str, ended: Playback, now: float, duration: float | None, by: str | None = None
) -> Event | None:
    """Return what a listener did with a track that has ended, None where that is not known.

    `by` is the track that took its place, where the player did not say that it stopped.
    """
    if ended.ignored:
        return None
    position = ended.position if by is None else reached(ended, now, duration)
    kind = outcome(position, duration)
    if kind == "skip" and by is not None:
        silent = now - ended.at > max((duration or 0.0) - ended.position, 0.0) + _LATE_SECONDS
        # begun again, never begun, or of a player that was gone: nobody skipped
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
    """Return what it means to end at a position of a track: ``play``, ``skip``, or None.

    >>> outcome(100, 200), outcome(30, 200), outcome(70, 200), outcome(240, 3_000)
    ('play', 'skip', None, 'play')
    """
    half = PLAYED_SECONDS if duration is None else PLAYED_SHARE * duration
    if position >= min(half, PLAYED_SECONDS):
        return "play"
    return "skip" if duration is not None and position < SKIP_SHARE * duration else None


def session_key(playback: Playback) -> str:
    """Return the key under which a track counts, whoever reports it."""
    return f"playback:{playback.session}"


def current(library: Library, owner: str, client: str, track_id: str) -> Playback | None:
    """Return what a player reports of a track as long as it plays it, and at its end."""
    found = library.playback.get(owner, client)
    if found is None or found.track_id != track_id:
        return None
    return found if time.time() - found.at < SILENT_SECONDS else None
