"""The picture that lies in an audio file: its cover.

What a picture is, is told by its first bytes, never by what the file calls it: nothing that a
browser would run is given out as one.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from segue.errors import AudioError

MOST_BYTES: Final = 10 * 1024 * 1024
"""A larger picture is passed over."""

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_FRONT = 3  # ID3's number for a front cover, which others took over


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its media type."""

    media_type: str
    data: bytes


def embedded_picture(path: Path, most_bytes: int = MOST_BYTES) -> Picture | None:
    """Return the cover that lies in a file, the front one if there are several; None without one.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    import mutagen

    try:
        file = mutagen.File(path)
        found = [] if file is None else list(_pictures(file))
    except Exception as error:  # an edge: mutagen raises whatever strangers' bytes lead to
        raise AudioError(f"The tags of '{path}' cannot be read: {error}.") from error
    for _, data in sorted(found, key=lambda one: not one[0]):
        media_type = media_type_of(data)
        if media_type is not None and len(data) <= most_bytes:
            return Picture(media_type, data)
    return None


def media_type_of(data: bytes) -> str | None:
    """Return the media type of a picture, None where it is none that is known.

    >>> media_type_of(bytes.fromhex("ffd8ffe0")), media_type_of(b"<svg onload=alert(1)>")
    ('image/jpeg', None)
    """
    for beginning, media_type in _BEGINNINGS:
        if data.startswith(beginning):
            return media_type
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _pictures(file: Any) -> Iterator[tuple[bool, bytes]]:
    """Give the pictures of a file, and whether each is said to be the front cover."""
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
