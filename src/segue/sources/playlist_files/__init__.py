"""Playlist files: M3U and M3U8, XSPF and JSPF, written and read.

`write_playlist_file` gives the bytes of one, `read_playlist_file` tells the format by the content.
"""

from segue.sources.playlist_files.formats import (
    FORMATS,
    MEDIA_TYPES,
    Format,
    read_playlist_file,
    write_playlist_file,
)
from segue.sources.playlist_files.playlist_file import (
    MOST_BYTES,
    MOST_ENTRIES,
    Entry,
    PlaylistFile,
)

__all__ = [
    "FORMATS",
    "MEDIA_TYPES",
    "MOST_BYTES",
    "MOST_ENTRIES",
    "Entry",
    "Format",
    "PlaylistFile",
    "read_playlist_file",
    "write_playlist_file",
]
