"""Players that read Subsonic 1.16.1 and nothing else.

They expect songs and albums without elements inside, so items for them have none of the fields
that OpenSubsonic has added. Other players ignore what they do not know.
"""

from typing import Final

LEGACY_CLIENTS: Final = ("audinaut", "clementine", "dsub", "submusic")
"""Beginnings of the names of players that do not read elements of OpenSubsonic."""
LEGACY_SONG: Final = frozenset(
    {"id", "parent", "isDir", "title", "album", "artist", "track", "year", "genre", "coverArt"}
    | {"size", "contentType", "suffix", "transcodedContentType", "transcodedSuffix", "duration"}
    | {"bitRate", "path", "isVideo", "userRating", "averageRating", "playCount", "discNumber"}
    | {"created", "starred", "albumId", "artistId", "type", "bookmarkPosition"}
)
LEGACY_ALBUM: Final = frozenset(
    {"id", "name", "artist", "artistId", "coverArt", "songCount", "duration", "playCount"}
    | {"created", "starred", "year", "genre", "parent", "isDir", "title", "album", "userRating"}
)
LEGACY_ARTIST: Final = frozenset({"id", "name", "coverArt", "albumCount", "starred"})


def is_legacy(client: str) -> bool:
    """Return whether a player, by the name that it sends, is one of `LEGACY_CLIENTS`.

    >>> is_legacy("DSub"), is_legacy("Clementine"), is_legacy("Symfonium")
    (True, True, False)
    """
    return client.casefold().startswith(LEGACY_CLIENTS)
