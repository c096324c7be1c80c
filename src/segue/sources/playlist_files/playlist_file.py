"""The content of a playlist file of any format, and the limits of what is read.

Conventions
-----------
- `None` means unknown. Durations are seconds.
- A location is a path with ``/``, absolute or relative to the file, or an address (``http://...``).
  Bytes of file names that are not UTF-8 are kept as Python keeps them (surrogates).
- A recording is its MusicBrainz id, 36 lower-case characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.text import clean_text, plural

MAX_BYTES: Final = 8 << 20
"""A larger file is refused: a playlist of 10,000 tracks takes less."""

MAX_ENTRIES: Final = 10_000
"""More are left out, and counted."""

RECORDING: Final = "https://musicbrainz.org/recording/"
_RECORDING = re.compile(
    r"(?:https?://(?:www\.|beta\.)?musicbrainz\.org/recording/|mbid:)"
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b",
    re.IGNORECASE,
)
HYPHEN: Final = " - "
"""Separates artist and title."""
_NUMBER = re.compile(r"^\d{1,4}(?:\s*[-.)_]\s*|\s+)(?=\S)")
_MAX_TEXT = 4_096
_MAX_DURATION = 10**7  # s: 115 days


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistEntry:
    """One track as a playlist file names it; `track_id` is its id in the library that wrote it."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    duration: float | None = None
    recording: str | None = None
    location: str | None = None
    track_id: str | None = None

    @property
    def name(self) -> str:
        """Artist and title, or the location."""
        named = " - ".join(part for part in (self.artist, self.title) if part)
        return named or self.location or self.track_id or self.recording or "(nameless)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistFile:
    """The tracks of a playlist file in order, its name, its creator, and its date (ISO 8601).

    `problems` are the parts of a file that could not be used.
    """

    entries: Sequence[PlaylistEntry] = ()
    name: str | None = None
    creator: str | None = None
    date: str | None = None
    problems: Sequence[str] = ()


def names_of(name: object) -> tuple[str | None, str | None]:
    """Return artist and title of a name as M3U and PLS have it, ``Artist - Title``.

    >>> names_of("Alice in Chains - Rotten Apple"), names_of("Rotten Apple"), names_of("")
    (('Alice in Chains', 'Rotten Apple'), (None, 'Rotten Apple'), (None, None))
    """
    text = text_of(name) or ""
    artist, hyphen, title = text.partition(HYPHEN)
    return (text_of(artist), text_of(title)) if hyphen else (None, text or None)


def without_number(name: str) -> str:
    """Return a name without a track number before it; a name that is only a number stays.

    >>> without_number("01 - The Blackbird"), without_number("143 The Blackbird")
    ('The Blackbird', 'The Blackbird')
    >>> without_number("7")
    '7'
    """
    return _NUMBER.sub("", name, count=1) or name


def text_of(value: object) -> str | None:
    """Return a value as clean text; None if it is not text or is empty."""
    return (clean_text(value[:_MAX_TEXT]) or None) if isinstance(value, str) else None


def recording_of(identifiers: Sequence[object]) -> str | None:
    """Return the first MusicBrainz recording among `identifiers`.

    >>> recording_of(["http://musicbrainz.org/recording/E8F9B188-f819-4e43-ab0f-4bd26ce9ff56"])
    'e8f9b188-f819-4e43-ab0f-4bd26ce9ff56'
    """
    found = (_RECORDING.match(one.strip()) for one in identifiers if isinstance(one, str))
    return next((match[1].lower() for match in found if match), None)


def seconds_of(value: object, scale: float = 1.0) -> float | None:
    """Return a duration in seconds from a number or text in units of 1 / `scale` seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value) / scale
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < _MAX_DURATION else None


def limited(entries: Sequence[PlaylistEntry], problems: list[str]) -> Sequence[PlaylistEntry]:
    """Return at most `MAX_ENTRIES`, and report how many are left out."""
    if len(entries) > MAX_ENTRIES:
        problems.append(f"{plural(len(entries) - MAX_ENTRIES, 'more track')}: left out")
    return entries[:MAX_ENTRIES]
