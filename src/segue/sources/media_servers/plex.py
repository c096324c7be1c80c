"""Read Plex: tracks of its music libraries, plays, skips, ratings, and audio playlists.

Conventions
-----------
- A token is that of one user (``X-Plex-Token``); plays, ratings and playlists are theirs. Plex has
  no passwords of its own servers, so each account needs its token.
- `userRating` is 0 to 10, two for each star. Smart playlists are not read.

Source: developer.plex.tv, "Plex Media Server API" (library, playlists).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue.errors import MediaServerError
from segue.ratings import STARS
from segue.sources.history_import.import_row import read_timestamp
from segue.sources.media_servers.contract import (
    COMMENT,
    LogIn,
    PlayingTrack,
    ServerPlaylist,
    ServerTrack,
)
from segue.sources.media_servers.fields import number, records, reference, text
from segue.sources.media_servers.server_client import ServerClient

PAGE: Final = 500
_AT_ONCE: Final = 100
"""Tracks that one address names."""
_OWNER: Final = "1"
"""The id of the owner among the users of a server."""
_TRACKS: Final = 10
"""The number of the type of tracks."""


class PlexReader:
    """One user of a Plex server: see `MediaServer`."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        headers = {
            "X-Plex-Token": credentials.get("token", ""),
            "X-Plex-Client-Identifier": "segue",
            "X-Plex-Product": "segue",
            "Accept": "application/json",
        }
        self._client = ServerClient(url, headers=headers)

    @classmethod
    def log_in(cls, url: str, user: str | None, password: str | None, token: str | None) -> LogIn:
        """Return the credentials to store, after the server has accepted them.

        Raises
        ------
        MediaServerError
            If it does not, or there is no token.
        """
        if not token or password is not None:
            raise MediaServerError(
                "Plex needs the token of the user (X-Plex-Token), and no password: give the token."
            )
        reader = cls(url, {"token": token})
        try:
            reader._sections()
        finally:
            reader.close()
        return LogIn(user or "me", {"token": token})

    def tracks(self) -> Iterator[Sequence[ServerTrack]]:
        """Yield every track of the music libraries, in batches."""
        for section in self._sections():
            for items in self._pages(section, {}):
                yield [_track(one) for one in items]

    def tracks_since(self, since: float) -> Iterator[Sequence[ServerTrack]]:
        """Yield the tracks that were played or rated since."""
        for section in self._sections():
            for field in ("lastViewedAt", "lastRatedAt"):
                for items in self._pages(section, {"sort": f"{field}:desc"}):
                    new = [one for one in items if (number(one.get(field)) or 0.0) >= since]
                    yield [_track(one) for one in new]
                    if len(new) < len(items):
                        break

    def now_playing(self) -> list[PlayingTrack]:
        """Return what players of the owner of the server play now; no other token may ask."""
        found = []
        for one in records(self._get("/status/sessions"), "Metadata"):
            user, player = one.get("User"), one.get("Player")
            user = user if isinstance(user, dict) else {}
            player = player if isinstance(player, dict) else {}
            is_own = text(user, "id") == _OWNER and one.get("type") == "track"
            if is_own and text(player, "state") == "playing":
                position = (number(one.get("viewOffset")) or 0.0) / 1e3
                found.append(PlayingTrack(text(one, "ratingKey"), position, text(player, "title")))
        return found

    def playlists(self) -> list[ServerPlaylist]:
        """Return the audio playlists of the user that are not smart."""
        found = self._get("/playlists", {"playlistType": "audio", "smart": 0})
        return [
            ServerPlaylist(text(one, "ratingKey"), text(one, "title"), text(one, "summary"))
            for one in records(found, "Metadata")
            if one.get("smart") in (None, False, 0, "0")
        ]

    def playlist_items(self, playlist: str) -> list[str]:
        """Return the ids of the tracks of a playlist, in order."""
        found = self._get(f"/playlists/{playlist}/items")
        return [text(one, "ratingKey") for one in records(found, "Metadata")]

    def write_playlist(self, playlist: str | None, name: str, items: Sequence[str]) -> str:
        """Make a playlist, or replace the tracks of the one of an id; return its id."""
        machine = text(self._get("/identity"), "machineIdentifier")
        uris = [
            f"server://{machine}/com.plexapp.plugins.library/library/metadata/"
            + ",".join(items[start : start + _AT_ONCE])
            for start in range(0, len(items), _AT_ONCE)
        ]
        if playlist is None:
            wanted = {"type": "audio", "title": name, "smart": 0, "uri": uris[0] if uris else ""}
            made = self._client.send("POST", "/playlists", wanted)
            metadata = records(_container(made), "Metadata")
            playlist = text(metadata[0], "ratingKey") if metadata else ""
            if not playlist:
                raise self._client.not_understood("without the new playlist")
            self._client.send("PUT", f"/playlists/{playlist}", {"summary": COMMENT})
            uris = uris[1:]
        else:
            self._client.send("DELETE", f"/playlists/{playlist}/items")
        for uri in uris:
            self._client.send("PUT", f"/playlists/{playlist}/items", {"uri": uri})
        return playlist

    def delete_playlist(self, playlist: str) -> None:
        """Delete a playlist."""
        self._client.send("DELETE", f"/playlists/{playlist}")

    def download(self, item: str, target: Path) -> None:
        """Write the file of a track to a path."""
        found = records(self._get(f"/library/metadata/{item}"), "Metadata")
        part = _part(found[0]) if found else {}
        if not text(part, "key"):
            raise MediaServerError(
                f"The server at {self._client.url} has no file of {target.name}: synchronize again."
            )
        self._client.download(text(part, "key"), target, {"download": 1})

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _sections(self) -> list[str]:
        found = records(self._get("/library/sections"), "Directory")
        return [text(one, "key") for one in found if one.get("type") == "artist"]

    def _pages(self, section: str, wanted: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
        start = 0
        while True:
            page = {"X-Plex-Container-Start": start, "X-Plex-Container-Size": PAGE}
            path = f"/library/sections/{section}/all"
            items = records(self._get(path, {"type": _TRACKS, **page, **wanted}), "Metadata")
            start += len(items)
            if items:
                yield items
            if len(items) < PAGE:
                return

    def _get(self, path: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        document = self._client.get_json(path, parameters)
        if not isinstance(document, dict) or "MediaContainer" not in document:
            raise self._client.not_understood()
        return _container(document)


def _container(document: Any) -> dict[str, Any]:
    found = document.get("MediaContainer") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _part(item: Mapping[str, Any]) -> dict[str, Any]:
    media = records(item, "Media")
    parts = records(media[0], "Part") if media else []
    return parts[0] if parts else {}


def _track(item: Mapping[str, Any]) -> ServerTrack:
    path, rating = text(_part(item), "file"), number(item.get("userRating"))
    return ServerTrack(
        item=text(item, "ratingKey"),
        reference=reference(
            path=path,
            artist=text(item, "originalTitle") or text(item, "grandparentTitle"),
            title=text(item, "title"),
            album=text(item, "parentTitle"),
        ),
        plays=number(item.get("viewCount")) or 0.0,
        skips=number(item.get("skipCount")) or 0.0,
        last_played=read_timestamp(item.get("lastViewedAt")) or None,
        rating=STARS.opinion(None if rating is None else rating / 2),
        suffix=Path(path.replace("\\", "/")).suffix.removeprefix("."),
    )
