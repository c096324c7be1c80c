"""Read Lyrion Music Server (Logitech Media Server): tracks, plays, ratings, playlists.

Conventions
-----------
- Every request is a JSON-RPC call of ``slim.request`` to ``/jsonrpc.js``; the player is 0 where
  none is meant. The server has no accounts: one connection is one listener. A user name and
  password are those that protect its page (HTTP basic authentication).
- The id of a track or playlist is its address (``file:///...``): the numbers change when the server
  scans its music again. Tracks of online services have no path.
- A track has a total of plays and a rating from 0 to 100, where 0 is none. The server tells neither
  when a track was played nor its MusicBrainz id, so that plays become totals without a time.
- A favorite that is a track is a like. Folders of favorites are read, too.

Source: lyrion.org/reference/cli (database commands, favorites, players).
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, Final

from segue.errors import MediaServerError
from segue.ratings import STARS
from segue.sources.history_import.totals import opinion
from segue.sources.history_import.track_paths import plain_path
from segue.sources.media_servers.contract import LogIn, PlayingTrack, ServerPlaylist, ServerTrack
from segue.sources.media_servers.fields import number, records, reference, text
from segue.sources.media_servers.server_client import ServerClient

PAGE: Final = 500
_TAGS: Final = "tags:aluORx"
_MAX_FOLDERS: Final = 200
_RATING_OF_A_STAR: Final = 20


class LyrionReader:
    """One Lyrion Music Server: see `MediaServer`."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        headers = {}
        if credentials.get("password"):
            pair = f"{credentials.get('user', '')}:{credentials['password']}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        self._client = ServerClient(url, headers=headers)

    @classmethod
    def log_in(cls, url: str, user: str | None, password: str | None, token: str | None) -> LogIn:
        """Return the credentials to store, after the server has accepted them.

        Raises
        ------
        MediaServerError
            If it does not, or they are incomplete.
        """
        if token or (password and not user):
            raise MediaServerError(
                "Lyrion has no tokens: give the user and the password if its page is protected."
            )
        credentials = {"user": user or "", "password": password} if password else {}
        reader = cls(url, credentials)
        try:
            if "version" not in reader._call("serverstatus", 0, 1):
                raise reader._client.not_understood()
        finally:
            reader.close()
        return LogIn(user or "me", credentials)

    def tracks(self) -> Iterator[Sequence[ServerTrack]]:
        """Yield every track of the server, in batches."""
        favorites = self._favorites()
        for found in self._pages("titles_loop", ["titles"], _TAGS):
            yield [_track(one, favorites) for one in found]

    def tracks_since(self, since: float) -> Iterator[Sequence[ServerTrack]]:  # noqa: ARG002
        """Yield every track: the server does not tell when one was played."""
        yield from self.tracks()

    def now_playing(self) -> list[PlayingTrack]:
        """Return what the players of the server play now."""
        found = []
        for player in records(self._call("serverstatus", 0, PAGE), "players_loop"):
            if not number(player.get("connected")):
                continue
            status = self._call("status", "-", 1, "tags:u", player=text(player, "playerid"))
            current = records(status, "playlist_loop")
            if status.get("mode") == "play" and current:
                position = number(status.get("time")) or 0.0
                found.append(PlayingTrack(text(current[0], "url"), position, text(player, "name")))
        return found

    def playlists(self) -> list[ServerPlaylist]:
        """Return the saved playlists of the server, without those of online services."""
        return [
            ServerPlaylist(text(one, "url"), text(one, "playlist"))
            for one in self._saved_playlists()
        ]

    def playlist_items(self, playlist: str) -> list[str]:
        """Return the addresses of the tracks of a playlist, in order."""
        return self._items(self._playlist_id(playlist))

    def write_playlist(self, playlist: str | None, name: str, items: Sequence[str]) -> str:
        """Make a playlist, or replace the tracks of the one of an id; return its id."""
        if playlist is None:
            made = self._call("playlists", "new", f"name:{name}", writes=True)
            found = text(made, "playlist_id") or text(made, "overwritten_playlist_id")
            known = {text(one, "id"): text(one, "url") for one in self._saved_playlists()}
            if not known.get(found):
                raise MediaServerError(
                    f"The server at {self._client.url} makes no playlist: choose a folder of"
                    " playlists in its settings."
                )
            playlist = known[found]
        else:
            found = self._playlist_id(playlist)
        command = ("playlists", "edit", f"playlist_id:{found}")
        for place in reversed(range(len(self._items(found)))):
            self._call(*command, "cmd:delete", f"index:{place}", writes=True)
        for item in items:
            title = PurePosixPath(plain_path(item)).stem
            self._call(*command, "cmd:add", f"url:{item}", f"title:{title}", writes=True)
        return playlist

    def delete_playlist(self, playlist: str) -> None:
        """Delete a playlist; one that is gone already is no error."""
        found = self._ids_of_playlists().get(playlist)
        if found is not None:
            self._call("playlists", "delete", f"playlist_id:{found}", writes=True)

    def download(self, item: str, target: Path) -> None:
        """Write the file of a track to a path."""
        found = records(self._call("songinfo", 0, 100, f"url:{item}"), "songinfo_loop")
        track = next((text(one, "id") for one in found if "id" in one), "")
        if not track:
            raise MediaServerError(
                f"The server at {self._client.url} has no file of {target.name}: synchronize again."
            )
        self._client.download(f"/music/{track}/download", target)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _favorites(self) -> set[str]:
        """Return the addresses of the favorites, those in folders, too."""
        found: set[str] = set()
        folders = [""]
        for folder in folders:
            within = [f"item_id:{folder}"] if folder else []
            for page in self._pages("loop_loop", ["favorites", "items"], "want_url:1", *within):
                found |= {text(one, "url") for one in page}
                more = [text(one, "id") for one in page if number(one.get("hasitems"))]
                folders += [one for one in more if one][: _MAX_FOLDERS - len(folders)]
        return found - {""}

    def _saved_playlists(self) -> list[dict[str, Any]]:
        pages = self._pages("playlists_loop", ["playlists"], "tags:ux")
        return [one for page in pages for one in page if text(one, "url") and not _is_remote(one)]

    def _ids_of_playlists(self) -> dict[str, str]:
        return {text(one, "url"): text(one, "id") for one in self._saved_playlists()}

    def _playlist_id(self, playlist: str) -> str:
        found = self._ids_of_playlists().get(playlist)
        if found is None:
            raise MediaServerError(
                f"The server at {self._client.url} has lost a playlist: synchronize again."
            )
        return found

    def _items(self, number_of_playlist: str) -> list[str]:
        wanted = (f"playlist_id:{number_of_playlist}", "tags:u")
        pages = self._pages("playlisttracks_loop", ["playlists", "tracks"], *wanted)
        return [text(one, "url") for page in pages for one in page]

    def _pages(
        self, name: str, command: Sequence[str], *wanted: str
    ) -> Iterator[list[dict[str, Any]]]:
        for start in count(0, PAGE):
            found = records(self._call(*command, start, PAGE, *wanted), name)
            if found:
                yield found
            if len(found) < PAGE:
                return

    def _call(
        self, *command: str | int, writes: bool = False, player: str | int = 0
    ) -> dict[str, Any]:
        body = {"id": 1, "method": "slim.request", "params": [player, list(command)]}
        answer = self._client.send("POST", "/jsonrpc.js", body=body, repeatable=not writes)
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, dict):
            raise self._client.not_understood()
        return result


def _is_remote(one: Mapping[str, Any]) -> bool:
    return bool(number(one.get("remote")))


def _track(one: Mapping[str, Any], favorites: set[str]) -> ServerTrack:
    address, rating = text(one, "url"), number(one.get("rating"))
    path = plain_path(address.partition("#")[0]) if address.startswith("file:") else ""
    return ServerTrack(
        item=address,
        reference=reference(
            path=path,
            artist=text(one, "artist"),
            title=text(one, "title"),
            album=text(one, "album"),
        ),
        plays=number(one.get("playcount")) or 0.0,
        rating=opinion(
            STARS.opinion(rating / _RATING_OF_A_STAR) if rating else None,
            loved=address in favorites,
        ),
        suffix=PurePosixPath(path).suffix.removeprefix("."),
    )
