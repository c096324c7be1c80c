"""Find files that are cut short: interrupted downloads, full disks, damaged parts.

Sources of the length that a file states: the header of its container, as FFmpeg reads it. MP3 files
state one only in a Xing or VBRI header; raw AAC, AC-3 and DTS streams state none. WAV files state
the size of their samples, Ogg streams mark their last page.
"""

import struct
from pathlib import Path
from typing import Final

from segue.audio.pcm import opened
from segue.errors import AudioError

MIN_MISSING_SECONDS: Final = 1.0
MIN_MISSING_SHARE: Final = 0.02
"""A file is cut short if more than both are missing: headers round, encoders pad."""

_STATING: Final = frozenset(
    {"flac", "mov", "matroska", "wv", "tta", "ape", "asf", "aiff", "caf", "w64", "dsf", "iff"}
    | {"mpc", "mpc8", "tak", "au", "shn"}
)
"""FFmpeg's names of containers whose header states the length."""
_HEAD_BYTES = 4096
_TAIL_BYTES = 65_536 + 282  # the largest page of Ogg, twice
_END_OF_STREAM = 0x04


def missing_part(path: Path, decoded_seconds: float | None = None) -> str | None:
    """Return the reason why a file seems to be incomplete; None if it does not.

    Parameters
    ----------
    path : Path
    decoded_seconds : float, optional
        Length of the whole decoded signal; without it only the end of the file is checked.

    Raises
    ------
    AudioError
        If FFmpeg cannot open the file.
    """
    with opened(path) as (container, stream):
        name = container.format.name.split(",")[0]
        ticks, unit = stream.duration, stream.time_base
        stated = float(ticks * unit) if ticks and unit else (container.duration or 0) / 1_000_000
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        size = file.seek(0, 2)
        if name == "wav" and (absent := _absent_bytes(head, size)):
            return f"{absent:,} of {absent + size:,} bytes are missing at its end"
        if name == "ogg":
            file.seek(max(size - _TAIL_BYTES, 0))
            if not _ends(file.read()):
                return "its end is missing"
        if name == "mp3":
            start = _after_id3(head)
            if start >= len(head):
                file.seek(start)
                head, start = file.read(_HEAD_BYTES), 0
            states_length = any(mark in head[start:] for mark in (b"Xing", b"Info", b"VBRI"))
        else:
            states_length = name in _STATING
    if decoded_seconds is None or not states_length:
        return None
    absent_seconds = stated - decoded_seconds
    if absent_seconds <= max(MIN_MISSING_SECONDS, MIN_MISSING_SHARE * stated):
        return None
    return f"only {_clock(decoded_seconds)} of {_clock(stated)} can be decoded"


def incomplete_reason(path: Path, decoded_seconds: float | None = None) -> str | None:
    """Return the problem of an incomplete file in one sentence for users; None if there is none."""
    try:
        missing = missing_part(path, decoded_seconds)
    except (AudioError, OSError):
        return None  # the analysis names the reason
    if missing is None:
        return None
    return f"'{path}' is cut short or damaged ({missing}): replace it with a complete file."


def _absent_bytes(head: bytes, size: int) -> int:
    """Return the number of bytes that a WAV file states in its header and does not have."""
    if head[:4] != b"RIFF" or len(head) < 8:
        return 0
    (stated,) = struct.unpack("<I", head[4:8])
    # programs that write to a pipe state no size, or one near 2 or 4 GiB
    is_placeholder = stated == 0 or 0x7FFFF000 <= stated <= 0x80000100 or stated >= 0xFFFFF000
    if is_placeholder or size - 8 > 0xFFFFFFFF:
        return 0
    absent = stated + 8 - size
    return absent if absent > MIN_MISSING_SHARE * size else 0


def _ends(tail: bytes) -> bool:
    """Return whether the last page of an Ogg stream is marked as its end, or there is no page."""
    page = tail.rfind(b"OggS")
    return page < 0 or page + 5 >= len(tail) or bool(tail[page + 5] & _END_OF_STREAM)


def _after_id3(head: bytes) -> int:
    """Return the position behind an ID3v2 tag, whose size has seven bits a byte."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _clock(seconds: float) -> str:
    """Return minutes and seconds.

    >>> _clock(83.7)
    '1:23'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
