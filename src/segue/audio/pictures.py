"""Covers embedded in audio files.

The media type follows from the first bytes of a picture, never from the type that the file states:
data that a browser would run are not returned.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from segue.errors import AudioError

MAX_BYTES: Final = 10 * 1024 * 1024
"""Size limit: a larger picture is skipped."""

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_FRONT = 3  # number of a front cover in ID3, FLAC and Vorbis comments


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its media type."""

    media_type: str
    data: bytes


def embedded_picture(path: Path, max_bytes: int = MAX_BYTES) -> Picture | None:
    """Return the cover of a file, preferably the front cover; None if it has none.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    import mutagen

    try:
        file = mutagen.File(path)
        found = [] if file is None else list(_pictures(file))
    except Exception as error:  # mutagen raises errors of many types
        raise AudioError(
            f"The tags of '{path}' cannot be read ({error}): write them again with a tag editor."
        ) from error
    for _, data in sorted(found, key=lambda one: not one[0]):
        media_type = media_type_of(data)
        if media_type is not None and len(data) <= max_bytes:
            return Picture(media_type, data)
    return None


def media_type_of(data: bytes) -> str | None:
    """Return the media type of a picture, None if it is unknown.

    >>> media_type_of(bytes.fromhex("ffd8ffe0")), media_type_of(b"<svg onload=alert(1)>")
    ('image/jpeg', None)
    """
    for beginning, media_type in _BEGINNINGS:
        if data.startswith(beginning):
            return media_type
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _pictures(file: Any) -> Iterator[tuple[bool, bytes]]:
    """Yield the pictures of a file, and whether each is the front cover."""
    import mutagen
    from mutagen.flac import Picture as FlacPicture

    for picture in getattr(file, "pictures", ()):
        yield picture.type == _FRONT, picture.data
    tags = file.tags
    if tags is None:
        return
    if hasattr(tags, "getall"):  # ID3
        for frame in tags.getall("APIC"):
            yield frame.type == _FRONT, frame.data
        return
    for cover in tags.get("covr") or ():  # MP4
        yield True, bytes(cover)
    for block in tags.get("metadata_block_picture") or ():  # Vorbis comments in Ogg
        try:
            picture = FlacPicture(base64.b64decode(block))  # type: ignore[no-untyped-call]
        except (binascii.Error, ValueError, mutagen.MutagenError):
            continue
        yield picture.type == _FRONT, picture.data
