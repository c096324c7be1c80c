"""By what an imported listen is known again.

Conventions
-----------
- A listen with a time, or a position, is that listener's listen of that track at that time: a
  second row that says the same is the same listen.
- A row without either is told by its number among such rows of its listener and track in its file:
  three equal rows are three listens, and the same file, or a longer one, brings the same three.
- A like or dislike of a service is told by its track alone, at ListenBrainz by its recording: an
  export may know the names of what another knows by its id only.
- Last.fm and Spotify are told by the minute, since some of their exports know no more; there the
  milliseconds that were played tell listens of one minute apart.
- Fingerprints of listens near in time begin alike, so that a database writes them side by side.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import pack

import numpy as np
from numpy.typing import NDArray

from segue.sources.history_import.import_row import Heard, known_time
from segue.types import Sought

OF_OPINIONS = frozenset({"listenbrainz", "lastfm"})
"""Exports whose totals are likes and dislikes, of which there is one a track."""
BY_THE_MINUTE = frozenset({"lastfm", "spotify"})
_TIMED = 1 << 31
_LONGEST_RUN = 1 << 20


def fingerprint(kind: str, user: str, heard: Heard, number: int = 0) -> bytes:
    """Return by what a listen from one `kind` of export is known: 12 bytes.

    `number` is that of `Numbering`; it is nought for what has a time or a position.
    """
    prefix = number
    if not heard.total:
        when = _told_by(kind, heard)
        if when is not None and known_time(when, when) is not None:
            prefix = _TIMED | min(int(when // 60), _TIMED - 1)
        elif heard.position is not None:
            prefix = _TIMED | min(int(heard.position), _TIMED - 1)
    return pack(">I", prefix) + _digest(f"{what_it_says(kind, user, heard)}\x1f{number}")


def needs_number(kind: str, heard: Heard) -> bool:
    """Say whether equal rows are several listens: where nothing says when."""
    if heard.total:
        return kind not in OF_OPINIONS
    if heard.position is not None:
        return False
    return heard.when is None or known_time(heard.when, heard.when) is None


def what_it_says(kind: str, user: str, heard: Heard) -> str:
    """Return the text that two rows share when they may be one listen."""
    if heard.total:
        recording = heard.sought.recording if kind == "listenbrainz" else None
        name = recording or _track(kind, heard.sought)
        return f"{kind}\x1f{user}\x1f{name}\x1ftotal\x1f{heard.skipped}"
    name = _track(kind, heard.sought)
    when = _told_by(kind, heard)
    if when is not None and kind in BY_THE_MINUTE:
        when //= 60
    ms_played = heard.ms_played if when is not None else None
    return f"{kind}\x1f{user}\x1f{name}\x1f{when}\x1f{heard.position}\x1f{ms_played}"


def _told_by(kind: str, heard: Heard) -> float | None:
    """Return the time that the export itself states: Spotify's is that of the end."""
    if heard.when is None or kind != "spotify":
        return heard.when
    return heard.when + (heard.ms_played or 0.0) / 1e3 + 0.5  # against rounding


def _track(kind: str, sought: Sought) -> str:
    if kind == "listens" and sought.track_id:
        return sought.track_id
    if sought.title:
        # exports of one service differ in the ids they know, and agree in the names
        return f"{sought.artist}\x1e{sought.title}".casefold()
    return sought.track_id or sought.recording or sought.isrc or ""


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


class Numbering:
    """Counts, in one file, how often the same was said: 8 bytes a row, however many there are.

    >>> numbering = Numbering()
    >>> numbering.number(["a", "b", "a"]), numbering.number(["a", "c"])
    ([0, 0, 1], [2, 0])
    """

    def __init__(self) -> None:
        # sorted digests, in runs that grow: each is merged with the next of its size, but no run
        # so long that there would be no room for it twice
        self._runs: list[NDArray[np.uint64]] = []

    def number(self, texts: Sequence[str]) -> list[int]:
        """Return the number of each text among its equals, all earlier ones counted."""
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
        while self._runs and len(self._runs[-1]) <= len(run) < _LONGEST_RUN:
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")
        self._runs.append(run)
