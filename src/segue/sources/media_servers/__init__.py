"""Readers of media servers by API, one module for each kind of server: see `contract`."""

from segue.sources.media_servers.contract import (
    COMMENT,
    SUFFIX,
    LogIn,
    MediaServer,
    PlayingTrack,
    ServerKind,
    ServerPlaylist,
    ServerTrack,
)
from segue.sources.media_servers.readers import log_in, open_server

__all__ = [
    "COMMENT",
    "SUFFIX",
    "LogIn",
    "MediaServer",
    "PlayingTrack",
    "ServerKind",
    "ServerPlaylist",
    "ServerTrack",
    "log_in",
    "open_server",
]
