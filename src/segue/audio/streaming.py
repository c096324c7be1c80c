"""Streaming to browsers: media types, byte ranges, and transcoded formats of audio files.

Conventions
-----------
- The content of a file determines its type, never its name.
- Browsers play MP3, AAC (in MP4 or ADTS), Vorbis, Opus and FLAC (in Ogg), FLAC, and WAV of integers
  of 8 to 24 bits or floats. Other formats are transcoded.
- Bit rates are bits per second, times are seconds, positions are bytes.
- Ranges are those of RFC 9110, section 14, one at a time.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from segue.audio.decoding import check_file
from segue.audio.pcm import opened
from segue.audio.transcoding import CODECS, DEFAULT_BITRATES, transcoded

Format = Literal["mp3", "opus"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
"""Formats of `transcode`."""

MEDIA_TYPES: Final[dict[Format, str]] = {"mp3": "audio/mpeg", "opus": "audio/ogg; codecs=opus"}
"""Media type of each format."""

# FFmpeg's names: container, then the codecs in it that browsers play
_PLAYED: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "mp3": ("audio/mpeg", ("mp3", "mp3float")),
    "mov": ("audio/mp4", ("aac",)),
    "aac": ("audio/aac", ("aac",)),
    "ogg": ("audio/ogg", ("vorbis", "opus", "libopus", "flac")),
    "flac": ("audio/flac", ("flac",)),
    "wav": ("audio/wav", ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le")),
}
_OTHERS: Final[dict[str, str]] = {
    "asf": "audio/x-ms-wma",
    "aiff": "audio/aiff",
    "au": "audio/basic",
}
_UNKNOWN = "application/octet-stream"
_RANGE = re.compile(r"(?:([0-9]+)-([0-9]*)|-([0-9]+))")


@dataclass(frozen=True, slots=True)
class Media:
    """Media type of a file, and whether it `plays` in browsers without transcoding."""

    media_type: str
    plays: bool
    container: str
    codec: str


class ByteRange(NamedTuple):
    """Bytes from `start` to before `stop`; an empty range is answered with status 416."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Return the value of the header Content-Range, for a file of `size` bytes.

        >>> ByteRange(0, 100).content_range(1000), ByteRange(0, 0).content_range(1000)
        ('bytes 0-99/1000', 'bytes */1000')
        """
        return f"bytes {self.start}-{self.stop - 1}/{size}" if self.length else f"bytes */{size}"


def media_of(path: Path) -> Media:
    """Return the media type of a file.

    Raises
    ------
    AudioError
        If the file is missing, empty or may not be read, or FFmpeg finds no audio in it.
    """
    check_file(path)
    with opened(path) as (container, stream):
        name, codec = container.format.name.split(",")[0], stream.codec_context.name
    media_type, played = _PLAYED.get(name, (_OTHERS.get(name, _UNKNOWN), ()))
    return Media(media_type, codec in played, name, codec)


def transcode(
    path: Path,
    format: Format = "mp3",  # noqa: A002
    bitrate: int | None = None,
    start_seconds: float = 0.0,
) -> Iterator[bytes]:
    """Transcode a file while it is read; memory does not grow with its length.

    Mono stays mono, everything else becomes stereo. Packets that do not decode are skipped. Closing
    the iterator stops the work.

    Parameters
    ----------
    path : Path
        A file of any format that segue reads.
    format : "mp3" or "opus"
        MP3 of a constant bit rate, or Opus in Ogg.
    bitrate : int, optional
        Bits per second: 32,000 to 320,000 for MP3, rounded down to one of its fourteen rates, 6,000
        to 510,000 for Opus. By default 192,000 and 128,000.
    start_seconds : float >= 0
        Start position.

    Returns
    -------
    Iterator[bytes]
        Pieces of some kilobytes. The first is encoded before this returns: errors are raised before
        anything is sent.

    Raises
    ------
    ValueError
        If the format, the bit rate or the start is invalid.
    AudioError
        If the file is missing, empty or not readable, no part of it decodes, or it ends before
        `start_seconds`.
    """
    if format not in CODECS:
        raise ValueError(f"There is no format {format!r}: choose from {', '.join(CODECS)}.")
    codec = CODECS[format]
    wanted = DEFAULT_BITRATES[format] if bitrate is None else bitrate
    if not codec.bitrates[0] <= wanted <= codec.bitrates[-1]:
        raise ValueError(
            f"{format} has no bit rate of {wanted}: choose from {codec.bitrates[0]} to"
            f" {codec.bitrates[-1]}."
        )
    if not 0.0 <= start_seconds < float("inf"):
        raise ValueError(f"start_seconds is {start_seconds}: begin at 0 or later.")
    check_file(path)
    pieces = transcoded(path, codec, codec.rounded(wanted), start_seconds)
    return _begun(next(pieces), pieces)


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the part of a file of `size` bytes that a Range header requests.

    Returns
    -------
    ByteRange or None
        None means the whole file: the header is absent, malformed, of another unit or requests
        several ranges, all of which RFC 9110 lets a server ignore. An empty range cannot be
        satisfied.

    Examples
    --------
    >>> parse_range("bytes=0-99", 1000), parse_range("bytes=-100", 1000)
    (ByteRange(start=0, stop=100), ByteRange(start=900, stop=1000))
    >>> parse_range("bytes=1000-", 1000).length
    0
    """
    unit, equals, ranges = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    # a list may have empty elements
    requested = [one for one in (part.strip(" \t") for part in ranges.split(",")) if one]
    found = _RANGE.fullmatch(requested[0]) if len(requested) == 1 else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return _suffix(_number(suffix), size)
    start = _number(first)
    stop = _number(last) + 1 if last else size
    if stop <= start and last:
        return None  # an end before the beginning makes the header invalid
    return ByteRange(start, min(stop, size)) if start < size else ByteRange(0, 0)


def _suffix(length: int, size: int) -> ByteRange | None:
    if length and not size:
        return None  # an empty file is served completely: no range can name it
    return ByteRange(max(size - length, 0), size) if length else ByteRange(0, 0)


def _number(digits: str) -> int:
    """Read a number, limited to more bytes than any file has."""
    return int(digits) if len(digits.lstrip("0")) < 19 else 10**19


def _begun(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with closing(pieces):  # type: ignore[type-var]  # it is a generator
        yield first
        yield from pieces
