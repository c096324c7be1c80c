"""What a browser needs to play a file: its media type, parts of it, and other formats of it.

Conventions
-----------
- What a file is, is told by its content, never by its name.
- Played as they are: MP3, AAC (in MP4 or ADTS), Vorbis, Opus and FLAC (in Ogg), FLAC, and WAV of
  integers of 8 to 24 bits or floats. All else that segue reads is transcoded.
- Bit rates are bits a second, times seconds, places bytes.
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
"""What `transcode` makes."""

MEDIA_TYPES: Final[dict[Format, str]] = {"mp3": "audio/mpeg", "opus": "audio/ogg; codecs=opus"}
"""The media type of each of them."""

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
    """What a file is to a browser: its media type, and whether it `plays` as it is."""

    media_type: str
    plays: bool
    container: str
    codec: str


class ByteRange(NamedTuple):
    """Bytes `start` up to `stop`, which is not in it; where it has none, the answer is 416."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Return the value of the header Content-Range, for a file of `size` bytes.

        >>> ByteRange(0, 100).content_range(1000), ByteRange(0, 0).content_range(1000)
        ('bytes 0-99/1000', 'bytes */1000')
        """
        return f"bytes {self.start}-{self.stop - 1}/{size}" if self.length else f"bytes */{size}"


def media_of(path: Path) -> Media:
    """Return what a file is to a browser.

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
    """Encode a file anew while it is read, in memory that does not grow with its length.

    Mono stays mono, all else becomes stereo. Packets that do not decode are passed over. Closing
    the iterator ends the work.

    Parameters
    ----------
    path : Path
        A file of any format that segue reads.
    format : "mp3" or "opus"
        MP3 of a constant bit rate, or Opus in Ogg.
    bitrate : int, optional
        In bits a second: 32,000 to 320,000 for MP3, which knows fourteen of them (the next below is
        taken), 6,000 to 510,000 for Opus. By default 192,000 and 128,000.
    start_seconds : float >= 0
        Where to begin.

    Returns
    -------
    Iterator[bytes]
        Pieces of some kilobytes. The first is made before this returns: what cannot be played is
        told here, before anything was sent.

    Raises
    ------
    ValueError
        If the format, the bit rate or the start is none.
    AudioError
        If the file is missing, empty, may not be read, nothing of it decodes, or it ends before
        `start_seconds`.
    """
    if format not in CODECS:
        raise ValueError(f"There is no format {format!r}: choose from {', '.join(CODECS)}.")
    codec = CODECS[format]
    wanted = DEFAULT_BITRATES[format] if bitrate is None else bitrate
    if not codec.bitrates[0] <= wanted <= codec.bitrates[-1]:
        raise ValueError(
            f"A bit rate of {wanted} is none of {format}: choose from {codec.bitrates[0]} to"
            f" {codec.bitrates[-1]}."
        )
    if not 0.0 <= start_seconds < float("inf"):
        raise ValueError(f"start_seconds is {start_seconds}: begin at 0 or later.")
    check_file(path)
    pieces = transcoded(path, codec, codec.rounded(wanted), start_seconds)
    return _begun(next(pieces), pieces)


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the part of a file of `size` bytes that a header Range asks for.

    Returns
    -------
    ByteRange or None
        None stands for the whole file: there is no such header, it is malformed, of another unit,
        or asks for several ranges, all of which RFC 9110 lets a server pass over. A range of no
        bytes cannot be satisfied.

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
    asked = [one for one in (part.strip(" \t") for part in ranges.split(",")) if one]
    found = _RANGE.fullmatch(asked[0]) if len(asked) == 1 else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return _suffix(_number(suffix), size)
    start = _number(first)
    stop = _number(last) + 1 if last else size
    if stop <= start and last:
        return None  # its end lies before its beginning, so it is no range
    return ByteRange(start, min(stop, size)) if start < size else ByteRange(0, 0)


def _suffix(length: int, size: int) -> ByteRange | None:
    if length and not size:
        return None  # all of nothing can be had, but no range can name it
    return ByteRange(max(size - length, 0), size) if length else ByteRange(0, 0)


def _number(digits: str) -> int:
    """Read a number; one that is longer than any file is that long, whatever it is."""
    return int(digits) if len(digits.lstrip("0")) < 19 else 10**19


def _begun(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with closing(pieces):  # type: ignore[type-var]  # it is a generator
        yield first
        yield from pieces
