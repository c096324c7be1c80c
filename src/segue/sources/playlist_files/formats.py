"""Choose the playlist format: by name to write, by content to read."""

from typing import Final, Literal, get_args

from segue.errors import DatasetError
from segue.sources.datasets.tracks import AUDIO_SUFFIXES, VIDEO_SUFFIXES
from segue.sources.playlist_files.jspf import read_jspf, write_jspf
from segue.sources.playlist_files.m3u import decoded, looks_like_m3u, read_m3u, write_m3u8
from segue.sources.playlist_files.playlist_file import MAX_BYTES, PlaylistFile
from segue.sources.playlist_files.pls import looks_like_pls, read_pls
from segue.sources.playlist_files.xspf import read_xspf, write_xspf

Format = Literal["m3u8", "xspf", "jspf"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

MEDIA_TYPES: Final[dict[Format, str]] = {
    "m3u8": "audio/x-mpegurl",
    "xspf": "application/xspf+xml",
    "jspf": "application/jspf+json",
}

_WRITERS = {"m3u8": write_m3u8, "xspf": write_xspf, "jspf": write_jspf}


def write_playlist_file(playlist: PlaylistFile, format: Format = "m3u8") -> bytes:  # noqa: A002
    """Return the bytes of a playlist file.

    Raises
    ------
    ValueError
        There is no such format.

    Examples
    --------
    >>> from segue.sources.playlist_files import PlaylistEntry
    >>> song = PlaylistEntry(title="Jóga", artist="Björk", duration=305.2, location="Jóga.flac")
    >>> print(write_playlist_file(PlaylistFile(entries=[song])).decode(), end="")
    #EXTM3U
    #EXTINF:305,Björk - Jóga
    Jóga.flac
    """
    if format not in _WRITERS:
        raise ValueError(f"There is no format {format!r}: choose from {', '.join(FORMATS)}.")
    return _WRITERS[format](playlist)


def read_playlist_file(data: bytes) -> PlaylistFile:
    """Return the content of a playlist file of any name.

    Raises
    ------
    DatasetError
        It is too large, or not a playlist of a known format.
    """
    if len(data) > MAX_BYTES:
        raise DatasetError(
            f"The file has {len(data):,} bytes: a playlist file has at most {MAX_BYTES:,}."
        )
    text = decoded(data)
    begin = text.lstrip()[:1]
    if begin == "<":
        return read_xspf(data)
    if begin == "{":
        return read_jspf(text)
    if looks_like_pls(text):
        return read_pls(data)
    if "\0" not in text and looks_like_m3u(text, sorted(AUDIO_SUFFIXES | VIDEO_SUFFIXES)):
        return read_m3u(data)
    raise DatasetError("This is not an M3U8, PLS, XSPF or JSPF file.")
