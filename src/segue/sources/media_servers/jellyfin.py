"""Read Jellyfin: tracks, plays, favorites, likes, and playlists of one user.

Conventions
-----------
- A password is exchanged for an access token, which is stored instead. A token may also be an API
  key of the server, with the name of the user.
- A favorite is a like, so is `Likes`; its opposite is a dislike. Several artists of a track are
  joined as in imports of its databases.

Source: api.jellyfin.org (Items, Playlists, UserData).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue import __version__
from segue.errors import MediaServerError
from segue.sources.history_import.import_row import read_timestamp
from segue.sources.history_import.json_fields import joined_names
from segue.sources.history_import.totals import opinion
from segue.sources.media_servers.contract import LogIn, PlayingTrack, ServerPlaylist, ServerTrack
from segue.sources.media_servers.fields import number, records, reference, text
from segue.sources.media_servers.server_client import ServerClient

PAGE: Final = 500
_TICKS: Final = 1e7
"""Units of time in a second."""
_ACTIVE_SECONDS: Final = 300
_AT_ONCE: Final = 100
"""Tracks that one address names."""


class JellyfinReader:
    """One user of a Jellyfin server: see `MediaServer`."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        token = credentials.get("token", "")
        more = f', Token="{token}"' if token else ""
        header = (
            f'MediaBrowser Client="segue", Device="segue", DeviceId="segue",'
            f' Version="{__version__}"{more}'
        )
        self._client = ServerClient(url, headers={"Authorization": header})
        self._user = credentials.get("user", "")

    @classmethod
    def log_in(cls, url: str, user: str | None, password: str | None, token: str | None) -> LogIn:
        """Return the credentials to store, after the server has accepted them.

        Raises
        ------
        MediaServerError
            If it does not, or none are given.
        """
        if not user or (password is None and not token):
            raise MediaServerError(
                "Jellyfin needs the name of a user, and a password or an API key: give the user and"
                " the password, or the user and the key as token."
            )
        reader = cls(url, {"token": token} if token else {})
        try:
            if token:
                users = reader._client.get_json("/Users")
                known = records({"users": users}, "users")
                found = [one for one in known if text(one, "Name").casefold() == user.casefold()]
                if not found:
                    raise reader._client.refused(f"it has no user {user[:60]}")
                return LogIn(text(found[0], "Name"), {"token": token, "user": text(found[0], "Id")})
            body = {"Username": user, "Pw": password}
            made = reader._client.send("POST", "/Users/AuthenticateByName", body=body)
        finally:
            reader.close()
        who = made.get("User") if isinstance(made, dict) else None
        if not isinstance(who, dict) or not text(made, "AccessToken"):
            raise reader._client.not_understood()
        found_token = {"token": text(made, "AccessToken"), "user": text(who, "Id")}
        return LogIn(text(who, "Name") or user, found_token)

    def tracks(self) -> Iterator[Sequence[ServerTrack]]:
        """Yield every track of the server, in batches."""
        for items in self._pages({"includeItemTypes": "Audio", "sortBy": "DateCreated"}):
            yield [_track(one) for one in items]

    def tracks_since(self, since: float) -> Iterator[Sequence[ServerTrack]]:
        """Yield the favorites, and the tracks that were played since."""
        for items in self._pages({"includeItemTypes": "Audio", "filters": "IsFavorite"}):
            yield [_track(one) for one in items]
        order = {"sortBy": "DatePlayed", "sortOrder": "Descending", "filters": "IsPlayed"}
        for items in self._pages({"includeItemTypes": "Audio", **order}):
            found = [_track(one) for one in items]
            new = [one for one in found if (one.last_played or 0.0) >= since]
            yield new
            if len(new) < len(found):
                return

    def now_playing(self) -> list[PlayingTrack]:
        """Return what players of the user play now."""
        sessions = self._client.get_json("/Sessions", {"activeWithinSeconds": _ACTIVE_SECONDS})
        found = []
        for one in records({"sessions": sessions}, "sessions"):
            item, state = one.get("NowPlayingItem"), one.get("PlayState")
            state = state if isinstance(state, dict) else {}
            if (
                isinstance(item, dict)
                and item.get("Type") == "Audio"
                and text(one, "UserId") == self._user
                and state.get("IsPaused") is not True
            ):
                position = (number(state.get("PositionTicks")) or 0.0) / _TICKS
                found.append(PlayingTrack(text(item, "Id"), position, text(one, "DeviceName")))
        return found

    def playlists(self) -> list[ServerPlaylist]:
        """Return the playlists that the user may delete."""
        wanted = {"includeItemTypes": "Playlist", "fields": "Overview,CanDelete"}
        return [
            ServerPlaylist(text(one, "Id"), text(one, "Name"), text(one, "Overview"))
            for items in self._pages(wanted)
            for one in items
            if one.get("CanDelete") is not False and one.get("MediaType") in (None, "Audio")
        ]

    def playlist_items(self, playlist: str) -> list[str]:
        """Return the ids of the tracks of a playlist, in order."""
        return [text(one, "Id") for one in self._entries(playlist)]

    def write_playlist(self, playlist: str | None, name: str, items: Sequence[str]) -> str:
        """Make a playlist, or replace the tracks of the one of an id; return its id."""
        if playlist is None:
            body = {"Name": name, "Ids": [], "UserId": self._user, "MediaType": "Audio"}
            made = self._client.send("POST", "/Playlists", body=body)
            playlist = text(made, "Id") if isinstance(made, dict) else ""
            if not playlist:
                raise self._client.not_understood("without the new playlist")
        old = [text(one, "PlaylistItemId") for one in self._entries(playlist)]
        path = f"/Playlists/{playlist}/Items"
        for start in range(0, len(old), _AT_ONCE):
            entries = ",".join(old[start : start + _AT_ONCE])
            self._client.send("DELETE", path, {"entryIds": entries})
        for start in range(0, len(items), _AT_ONCE):
            ids = ",".join(items[start : start + _AT_ONCE])
            self._client.send("POST", path, {"ids": ids, "userId": self._user})
        return playlist

    def delete_playlist(self, playlist: str) -> None:
        """Delete a playlist."""
        self._client.send("DELETE", f"/Items/{playlist}")

    def download(self, item: str, target: Path) -> None:
        """Write the file of a track to a path."""
        self._client.download(f"/Items/{item}/Download", target)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _entries(self, playlist: str) -> list[dict[str, Any]]:
        path = f"/Playlists/{playlist}/Items"
        return records(self._client.get_json(path, {"userId": self._user}), "Items")

    def _pages(self, wanted: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
        fixed = {"userId": self._user, "recursive": "true", "limit": PAGE}
        start = 0
        while True:
            parameters = {"fields": "Path,ProviderIds", **fixed, **wanted, "startIndex": start}
            items = records(self._client.get_json("/Items", parameters), "Items")
            start += len(items)
            if items:
                yield items
            if len(items) < PAGE:
                return


def _track(item: Mapping[str, Any]) -> ServerTrack:
    data, ids = item.get("UserData"), item.get("ProviderIds")
    data = data if isinstance(data, dict) else {}
    ids = ids if isinstance(ids, dict) else {}
    path, likes, artists = text(item, "Path"), data.get("Likes"), item.get("Artists")
    return ServerTrack(
        item=text(item, "Id"),
        reference=reference(
            path=path,
            recording=text(ids, "MusicBrainzRecording") or text(ids, "MusicBrainzTrack"),
            artist=joined_names(artists if isinstance(artists, list) else [])
            or text(item, "AlbumArtist"),
            title=text(item, "Name"),
            album=text(item, "Album"),
        ),
        plays=number(data.get("PlayCount")) or 0.0,
        last_played=read_timestamp(data.get("LastPlayedDate")) or None,
        rating=opinion(
            None, loved=data.get("IsFavorite") is True or likes is True, disliked=likes is False
        ),
        suffix=Path(path.replace("\\", "/")).suffix.removeprefix(".") or text(item, "Container"),
    )
