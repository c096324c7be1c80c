"""Write and read playlist files: M3U and M3U8, XSPF and JSPF; read PLS.

`write_playlist_file` returns the bytes of one, `read_playlist_file` recognizes the format by the
content.
"""

from segue.sources.playlist_files.formats import (
    FORMATS,
    MEDIA_TYPES,
    Format,
    read_playlist_file,
    write_playlist_file,
)
from segue.sources.playlist_files.playlist_file import (
    MAX_BYTES,
    MAX_ENTRIES,
    PlaylistEntry,
    PlaylistFile,
    without_number,
)

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_ENTRIES",
    "MEDIA_TYPES",
    "Format",
    "PlaylistEntry",
    "PlaylistFile",
    "read_playlist_file",
    "without_number",
    "write_playlist_file",
]
