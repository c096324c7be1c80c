"""Readers of media servers by API, one module for each kind of server: see `contract`."""

from segue.sources.media_servers.contract import (
    COMMENT,
    SERVER_KINDS,
    SUFFIX,
    LogIn,
    MediaServer,
    ServerKind,
    ServerPlaylist,
    ServerTrack,
)
from segue.sources.media_servers.readers import SERVER_NAMES, log_in, open_server

__all__ = [
    "COMMENT",
    "SERVER_KINDS",
    "SERVER_NAMES",
    "SUFFIX",
    "LogIn",
    "MediaServer",
    "ServerKind",
    "ServerPlaylist",
    "ServerTrack",
    "log_in",
    "open_server",
]
