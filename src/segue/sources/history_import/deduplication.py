"""Fingerprints of imported listens: a listen that is imported again has the same one.

Conventions
-----------
- A listen with a time or a position is identified by its user, track and time or position: a second
  row that says the same is the same listen.
- Positions may begin again in every session: a listen with a session, a position and no time is
  identified by its session, too.
- Rows without either are counted among the equal rows of their file (`OccurrenceCounter`): three
  equal rows are three listens, and the same file, or a longer one, brings the same three.
- Totals of players are identified by their track and its album, those of Apple also by their day.
- A like or dislike of a service is identified by its track alone, at ListenBrainz by its recording:
  one export may have names where another has ids only.
- Last.fm and Spotify listens are identified by the minute, since some of their exports are no more
  precise; the milliseconds played distinguish listens within one minute.
- Fingerprints of listens close in time start alike, so that a database writes them close together.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import pack

import numpy as np
from numpy.typing import NDArray

from segue.sources.history_import.import_row import ImportRow, plausible_time
from segue.types import TrackReference

OPINION_FORMATS = frozenset({"listenbrainz", "lastfm", "spotify"})
"""Formats whose totals are likes and dislikes, one for each track."""
MINUTE_FORMATS = frozenset({"lastfm", "spotify"})
_BY_ID = frozenset({"listens", "mpd", "foobar2000"})
"""Formats that identify tracks by ids: those of a table, or paths of files."""
_DAILY_FORMATS = frozenset({"apple"})
"""Formats whose totals are those of one day."""
_ALBUM_FORMATS = frozenset(
    {
        *("itunes", "strawberry", "navidrome", "plex", "jellyfin"),
        *("rhythmbox", "foobar2000", "mpd", "subsonic", "lyrion"),
    }
)
"""Formats with a total for each file: a song may be on several albums."""
_TIMED = 1 << 31
_MAX_MERGED = 1 << 20


def fingerprint(kind: str, user: str, row: ImportRow, occurrence: int = 0) -> bytes:
    """Return the 12 bytes that identify a listen from a file of one `kind`.

    `occurrence` is that of `OccurrenceCounter`; it is 0 for a listen with a time or a position.
    """
    prefix = occurrence
    if not row.total:
        timestamp = _stated_time(kind, row)
        if timestamp is not None and plausible_time(timestamp, timestamp) is not None:
            prefix = _TIMED | min(int(timestamp // 60), _TIMED - 1)
        elif row.position is not None:
            prefix = _TIMED | min(int(row.position), _TIMED - 1)
    return pack(">I", prefix) + _digest(f"{identity_text(kind, user, row)}\x1f{occurrence}")


def needs_occurrence(kind: str, row: ImportRow) -> bool:
    """Return whether equal rows are several listens, because they have no time."""
    if row.total:
        return kind not in OPINION_FORMATS
    if row.position is not None:
        return False
    return row.timestamp is None or plausible_time(row.timestamp, row.timestamp) is None


def identity_text(kind: str, user: str, row: ImportRow) -> str:
    """Return the text that two rows share when they may be the same listen."""
    if row.total:
        recording = row.track.recording if kind == "listenbrainz" else None
        name = recording or _track_text(kind, row.track)
        if kind in _DAILY_FORMATS:
            name = f"{name}\x1f{row.timestamp}\x1f{row.private}"
        if kind.partition(":")[0] in _ALBUM_FORMATS and row.track.album:
            name = f"{name}\x1e{row.track.album.casefold()}"
        return f"{kind}\x1f{user}\x1f{name}\x1ftotal\x1f{row.skipped}"
    name = _track_text(kind, row.track)
    timestamp = _stated_time(kind, row)
    if timestamp is not None and kind in MINUTE_FORMATS:
        timestamp //= 60
    ms_played = row.ms_played if timestamp is not None else None
    text = f"{kind}\x1f{user}\x1f{name}\x1f{timestamp}\x1f{row.position}\x1f{ms_played}"
    return f"{text}\x1f{row.session_id}" if is_placed_in_session(row) else text


def is_placed_in_session(row: ImportRow) -> bool:
    """Return whether a listen has a position in a session, and no time."""
    timed = plausible_time(row.timestamp, row.timestamp or 0.0) is not None
    return not (timed or row.total or row.position is None or row.session_id is None)


def _stated_time(kind: str, row: ImportRow) -> float | None:
    """Return the time that the file itself states: Spotify states the end."""
    if row.timestamp is None or kind != "spotify":
        return row.timestamp
    return row.timestamp + (row.ms_played or 0.0) / 1e3 + 0.5  # against rounding


def _track_text(kind: str, track: TrackReference) -> str:
    if kind in _BY_ID and track.track_id:
        return track.track_id
    if track.title:
        # exports of one service have different ids and the same names
        return f"{track.artist}\x1e{track.title}".casefold()
    return track.track_id or track.recording or track.isrc or ""


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


class OccurrenceCounter:
    """Number the equal texts of one file, in 8 bytes a text.

    >>> counter = OccurrenceCounter()
    >>> counter.number(["a", "b", "a"]), counter.number(["a", "c"])
    ([0, 0, 1], [2, 0])
    """

    def __init__(self) -> None:
        # sorted digests, in runs that grow: each is merged with the next of its size, up to a
        # length whose copy still fits in memory
        self._runs: list[NDArray[np.uint64]] = []

    def number(self, texts: Sequence[str]) -> list[int]:
        """Return the number of each text among its equals, those of earlier calls included."""
        if not texts:
            return []
        raw = b"".join(_digest(text) for text in texts)
        keys = np.frombuffer(raw, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        new = np.r_[True, ordered[1:] != ordered[:-1]]
        first = np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))
        counts = np.arange(len(keys)) - first
        for run in self._runs:
            counts += run.searchsorted(ordered, "right") - run.searchsorted(ordered, "left")
        numbers = np.empty(len(keys), dtype=np.int64)
        numbers[order] = counts
        self._add(ordered)
        return [int(number) for number in numbers]

    def _add(self, run: NDArray[np.uint64]) -> None:
        while self._runs and len(self._runs[-1]) <= len(run) < _MAX_MERGED:
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")
        self._runs.append(run)
