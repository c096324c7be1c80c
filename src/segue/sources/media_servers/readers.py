"""Choose the reader of a kind of media server."""

from collections.abc import Mapping
from typing import Final

from segue.errors import MediaServerError
from segue.sources.media_servers.contract import LogIn, MediaServer
from segue.sources.media_servers.jellyfin import JellyfinReader
from segue.sources.media_servers.lyrion import LyrionReader
from segue.sources.media_servers.mpd import MpdReader
from segue.sources.media_servers.plex import PlexReader
from segue.sources.media_servers.subsonic import SubsonicReader

Reader = type[SubsonicReader | JellyfinReader | PlexReader | MpdReader | LyrionReader]
_READERS: Final[Mapping[str, Reader]] = {
    "navidrome": SubsonicReader,
    "subsonic": SubsonicReader,
    "jellyfin": JellyfinReader,
    "plex": PlexReader,
    "mpd": MpdReader,
    "lyrion": LyrionReader,
}


def log_in(
    kind: str,
    url: str,
    *,
    user: str | None = None,
    password: str | None = None,
    token: str | None = None,
) -> LogIn:
    """Return the name of the account and the credentials to store, if the server accepts them.

    Raises
    ------
    MediaServerError
        If the server cannot be reached, refuses the account, or its kind is unknown.
    AddressError
        If the address is not valid.
    MissingExtraError
        If the server is MPD, and the extra ``connect`` is not installed.
    """
    return _reader(kind).log_in(url, user, password, token)


def open_server(kind: str, url: str, credentials: Mapping[str, str]) -> MediaServer:
    """Return the reader of one account.

    Raises
    ------
    MediaServerError
        If the kind is unknown.
    AddressError
        If the address is not valid.
    MissingExtraError
        If the server is MPD, and the extra ``connect`` is not installed.
    """
    return _reader(kind)(url, credentials)


def _reader(kind: str) -> Reader:
    if kind not in _READERS:
        known = ", ".join(_READERS)
        raise MediaServerError(f"There is no kind of server {kind!r}: choose from {known}.")
    return _READERS[kind]
