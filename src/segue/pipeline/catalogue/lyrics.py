"""Lyrics of a track, with the time of each line where they state it.

They come from a file next to the audio (``song.lrc`` of ``song.flac``), else from its tags or its
table. Both may be plain text or LRC: ``[01:23.45] a line``. Times are in seconds from the start.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.sources.playlist_files.m3u import decoded
from segue.types import Track

_MAX_BYTES: Final = 1_000_000
_TIME = re.compile(r"\[(\d{1,3}):(\d{1,2}(?:[.:]\d{1,3})?)\]")
_WORD_TIME = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>")
_FIELD = re.compile(r"\[([A-Za-z#]+):(.*)\]$")


@dataclass(frozen=True, slots=True)
class LyricsLine:
    """A line of lyrics; `start` is None where times are unknown."""

    text: str
    start: float | None = None


def lyrics_of(track: Track, audio: Path | None) -> list[LyricsLine]:
    """Return the lyrics of a track; empty if there are none.

    Parameters
    ----------
    audio
        File of the track, links resolved; None if it cannot be read.
    """
    found = [parse_lyrics(text) for text in (_beside(audio), track.lyrics) if text]
    timed = (lines for lines in found if lines and lines[0].start is not None)
    return next(timed, next(filter(None, found), []))


def parse_lyrics(text: str) -> list[LyricsLine]:
    """Return the lines of plain text or LRC, in the order of their times if any line has one.

    >>> [(line.start, line.text) for line in parse_lyrics("[00:02.5]two [00:01]one")]
    [(2.5, 'two [00:01]one')]
    >>> parse_lyrics("one")
    [LyricsLine(text='one', start=None)]
    """
    lines: list[LyricsLine] = []
    plain: list[LyricsLine] = []
    offset = 0.0
    for line in map(str.strip, text.strip().splitlines()):
        rest, starts = line, []
        while time := _TIME.match(rest):
            starts.append(60.0 * int(time[1]) + float(time[2].replace(":", ".")))
            rest = rest[time.end() :].lstrip()
        field = None if starts else _FIELD.match(line)
        if field is not None:
            offset = _offset(field) or offset
            continue
        rest = _WORD_TIME.sub("", rest).strip()
        plain.append(LyricsLine(rest))
        lines += [LyricsLine(rest, start) for start in starts]
    if not lines:
        return plain
    # a positive offset shows lines earlier
    moved = [LyricsLine(one.text, max(0.0, (one.start or 0.0) - offset)) for one in lines]
    return sorted(moved, key=lambda line: line.start or 0.0)


def _offset(field: re.Match[str]) -> float:
    """Return the offset in seconds that a field states; 0 if it states another thing."""
    try:
        return float(field[2]) / 1_000.0 if field[1].lower() == "offset" else 0.0
    except ValueError:
        return 0.0


def _beside(audio: Path | None) -> str | None:
    """Return the text of the LRC file next to an audio file, if there is one."""
    if audio is None:
        return None
    path = audio.with_suffix(".lrc")
    try:
        if path.resolve(strict=True).parent != audio.parent or not path.is_file():
            return None  # a link may lead to any file of the machine
        with path.open("rb") as file:
            return decoded(file.read(_MAX_BYTES))
    except OSError:
        return None
