"""The contract of readers of media servers: what segue reads from a server, and may write to it.

Conventions
-----------
- A reader acts for one account. It never writes anything but playlists and their comments, and is
  only asked to write those that segue made (`is_marked`).
- Ids are the server's, as text. Ratings are opinions in [-1, 1], a star or favorite is 1. Times are
  seconds since 1970.
- The `track_id` of the reference of a track is its path on the server where that is known; the
  matching of listens compares it from the end.
- A reader raises `MediaServerError` when the server cannot be reached, refuses, or answers what
  cannot be understood; each batch that it yielded before is usable.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

from segue.types import TrackReference

ServerKind = Literal["navidrome", "subsonic", "jellyfin", "plex", "mpd", "lyrion"]

SUFFIX: Final = " (segue)"
"""The end of the names of playlists that segue wrote."""
COMMENT: Final = "Made by segue"
"""The comment of playlists that segue wrote."""


class ServerTrack(NamedTuple):
    """A track of a server, with what the account thinks of it.

    `plays` and `skips` are totals, `last_played` is the time of the last play, `rating` an opinion
    in [-1, 1]. `suffix` is the ending of its file, such as ``flac``.
    """

    item: str
    reference: TrackReference
    plays: float = 0.0
    skips: float = 0.0
    last_played: float | None = None
    rating: float | None = None
    suffix: str = ""

    @property
    def is_used(self) -> bool:
        """Whether the account played, skipped or rated the track."""
        return bool(self.plays or self.skips) or self.rating is not None


class ServerPlaylist(NamedTuple):
    """A playlist of the account."""

    id: str
    name: str
    comment: str = ""

    @property
    def is_marked(self) -> bool:
        """Whether its name or its comment says that segue made it."""
        return self.name.endswith(SUFFIX) or self.comment.startswith(COMMENT)


class PlayingTrack(NamedTuple):
    """A track that the account plays now: `position` in seconds, `player` names the device."""

    item: str
    position: float = 0.0
    player: str = ""


class LogIn(NamedTuple):
    """The name of the account on the server, and the credentials to store for it."""

    user: str
    credentials: Mapping[str, str]


class MediaServer(Protocol):
    """One account on a media server: see the head of this module."""

    def tracks(self) -> Iterator[Sequence[ServerTrack]]:
        """Yield every track of the server, in batches."""

    def tracks_since(self, since: float) -> Iterator[Sequence[ServerTrack]]:
        """Yield the tracks that the account played or starred since a time, and maybe others."""

    def now_playing(self) -> list[PlayingTrack]:
        """Return what players of the account play now, without those that pause."""

    def playlists(self) -> list[ServerPlaylist]:
        """Return the playlists that the account owns."""

    def playlist_items(self, playlist: str) -> list[str]:
        """Return the ids of the tracks of a playlist, in order."""

    def write_playlist(self, playlist: str | None, name: str, items: Sequence[str]) -> str:
        """Make a playlist, or replace the tracks of the one of an id; return its id."""

    def delete_playlist(self, playlist: str) -> None:
        """Delete a playlist."""

    def download(self, item: str, target: Path) -> None:
        """Write the file of a track to a path."""

    def close(self) -> None:
        """Close the connection."""
