"""Read Navidrome and other servers with the Subsonic API: tracks, plays, stars, playlists.

Conventions
-----------
- Every track comes from ``search3`` with an empty query, 500 a page; a server that answers none is
  read album by album. What was played since a time comes from the albums of ``getAlbumList2`` of
  the type ``recent``, the latest first, what was starred from ``getStarred2``.
- Stars are likes, ``userRating`` is 1 to 5 stars. Servers keep one total of plays and the time of
  the last play for each track.
- Of a password only ``md5(password + salt)`` and the salt are stored. A server that does not accept
  it (error 41) gets the password, which is then stored. A token is an API key of OpenSubsonic.

Sources: subsonic.org/pages/api.jsp; opensubsonic.netlify.app.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue import __version__
from segue.errors import MediaServerError
from segue.ratings import STARS
from segue.sources.history_import.import_row import read_timestamp
from segue.sources.history_import.totals import opinion
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
_VERSION: Final = "1.16.1"
_NO_TOKENS: Final = {41, 42}
_REFUSED: Final = {40, 43, 44, 50}
_NOT_FOUND: Final = 70


class SubsonicAnswerError(MediaServerError):
    """An error that the server answered, with its code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class SubsonicReader:
    """One account on a server with the Subsonic API: see `MediaServer`."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        fixed = {"v": _VERSION, "c": f"segue-{__version__}", "f": "json", **credentials}
        self._client = ServerClient(url, parameters=fixed)
        self._user = credentials.get("u", "")

    @classmethod
    def log_in(cls, url: str, user: str | None, password: str | None, token: str | None) -> LogIn:
        """Return the credentials to store, after the server has accepted them.

        Raises
        ------
        MediaServerError
            If it does not, or none are given.
        """
        if token:
            reader = cls(url, {"apiKey": token})
            try:
                found = reader._call("tokenInfo").get("tokenInfo")
            finally:
                reader.close()
            name = text(found, "username") if isinstance(found, dict) else ""
            return LogIn(name or user or "", {"apiKey": token})
        if not user or password is None:
            raise MediaServerError(
                "A Subsonic server needs a name and password, or an API key: give the user and the"
                " password, or the key as token."
            )
        salt = secrets.token_hex(8)
        digest = hashlib.md5((password + salt).encode(), usedforsecurity=False).hexdigest()
        ways: list[dict[str, str]] = [
            {"u": user, "t": digest, "s": salt},
            {"u": user, "p": f"enc:{password.encode().hex()}"},
        ]
        for credentials in ways:
            reader = cls(url, credentials)
            try:
                reader._call("ping")
            except SubsonicAnswerError as error:
                if error.code not in _NO_TOKENS or credentials is ways[-1]:
                    raise
            else:
                return LogIn(user, credentials)
            finally:
                reader.close()
        raise AssertionError("the last way returns or raises")

    def tracks(self) -> Iterator[Sequence[ServerTrack]]:
        """Yield every track of the server, in batches."""
        offset = 0
        while True:
            page = {"songCount": PAGE, "songOffset": offset, "artistCount": 0, "albumCount": 0}
            found = self._call("search3", {"query": "", **page}).get("searchResult3")
            songs = records(found, "song")
            if not songs:
                break
            offset += len(songs)
            yield [_track(song) for song in songs]
        if not offset:
            yield from self._tracks_of_albums("alphabeticalByName")

    def tracks_since(self, since: float) -> Iterator[Sequence[ServerTrack]]:
        """Yield the tracks of albums that were played since, and all that have a star."""
        found = self._call("getStarred2").get("starred2")
        starred = [_track(song) for song in records(found, "song")]
        for start in range(0, len(starred), PAGE):
            yield starred[start : start + PAGE]
        yield from self._tracks_of_albums("recent", since)

    def _tracks_of_albums(
        self, order: str, since: float | None = None
    ) -> Iterator[Sequence[ServerTrack]]:
        offset = 0
        while True:
            page = {"type": order, "size": PAGE, "offset": offset}
            found = self._call("getAlbumList2", page).get("albumList2")
            albums = records(found, "album")
            offset += len(albums)
            for album in albums:
                played = _time(album.get("played"))
                if since is not None and played is not None and played < since:
                    return
                whole = self._call("getAlbum", {"id": album.get("id")}).get("album")
                yield [_track(song) for song in records(whole, "song")]
            if len(albums) < PAGE:
                return

    def now_playing(self) -> list[PlayingTrack]:
        """Return what players of the account play now."""
        if not self._user:  # an API key: servers name the players of all accounts
            self._user = text(self._call("tokenInfo").get("tokenInfo") or {}, "username")
        found = self._call("getNowPlaying").get("nowPlaying")
        return [
            PlayingTrack(text(one, "id"), _position(one), text(one, "playerName"))
            for one in records(found, "entry")
            if text(one, "username") == self._user and one.get("state") in (None, "playing")
        ]

    def playlists(self) -> list[ServerPlaylist]:
        """Return the playlists that the account owns."""
        found = self._call("getPlaylists").get("playlists")
        return [
            ServerPlaylist(text(one, "id"), text(one, "name"), text(one, "comment"))
            for one in records(found, "playlist")
            if not self._user or text(one, "owner") in ("", self._user)
        ]

    def playlist_items(self, playlist: str) -> list[str]:
        """Return the ids of the tracks of a playlist, in order."""
        found = self._call("getPlaylist", {"id": playlist}).get("playlist")
        return [text(song, "id") for song in records(found, "entry")]

    def write_playlist(self, playlist: str | None, name: str, items: Sequence[str]) -> str:
        """Make a playlist, or replace the tracks of the one of an id; return its id."""
        named = {"name": name} if playlist is None else {"playlistId": playlist}
        made = self._send("createPlaylist", {**named, "songId": list(items)}).get("playlist")
        written = playlist or (text(made, "id") if isinstance(made, dict) else "")
        if not written:  # servers before 1.14 do not return the playlist
            written = next((one.id for one in self.playlists() if one.name == name), "")
        if not written:
            raise self._client.not_understood("without the new playlist")
        if playlist is None:
            self._send("updatePlaylist", {"playlistId": written, "comment": COMMENT})
        elif not items:  # a list without songs leaves some servers' lists as they were
            n_songs = len(self.playlist_items(playlist))
            places = {"playlistId": playlist, "songIndexToRemove": list(range(n_songs))}
            if n_songs:
                self._send("updatePlaylist", places)
        return written

    def delete_playlist(self, playlist: str) -> None:
        """Delete a playlist; one that is gone already is no error."""
        try:
            self._send("deletePlaylist", {"id": playlist})
        except SubsonicAnswerError as error:
            if error.code != _NOT_FOUND:
                raise

    def download(self, item: str, target: Path) -> None:
        """Write the file of a track to a path."""
        self._client.download("/rest/download", target, {"id": item})

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _call(self, method: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._content(self._client.get_json(f"/rest/{method}", parameters))

    def _send(self, method: str, form: Mapping[str, Any]) -> dict[str, Any]:
        return self._content(self._client.send("POST", f"/rest/{method}", form=form))

    def _content(self, document: Any) -> dict[str, Any]:
        content = document.get("subsonic-response") if isinstance(document, dict) else None
        if not isinstance(content, dict):
            raise self._client.not_understood()
        if content.get("status") == "ok":
            return content
        error = content.get("error") or {}
        code, message = int(number(error.get("code")) or 0), text(error, "message")
        if code in _REFUSED:
            raise SubsonicAnswerError(code, str(self._client.refused(message or "no reason given")))
        raise SubsonicAnswerError(
            code,
            f"The server at {self._client.url} answered with error {code}"
            f" ({message[:120] or 'no reason given'}): try again later, or see its log.",
        )


def _track(song: Mapping[str, Any]) -> ServerTrack:
    isrc = song.get("isrc")
    return ServerTrack(
        item=text(song, "id"),
        reference=reference(
            path=text(song, "path"),
            recording=text(song, "musicBrainzId"),
            isrc=str(isrc[0]) if isinstance(isrc, list) and isrc else text(song, "isrc"),
            artist=text(song, "artist"),
            title=text(song, "title"),
            album=text(song, "album"),
        ),
        plays=number(song.get("playCount")) or 0.0,
        last_played=_time(song.get("played")),
        rating=opinion(
            STARS.opinion(number(song.get("userRating"))), loved=bool(song.get("starred"))
        ),
        suffix=text(song, "suffix"),
    )


def _position(entry: Mapping[str, Any]) -> float:
    """Return the seconds since the start: milliseconds of OpenSubsonic, else whole minutes."""
    milliseconds = number(entry.get("positionMs"))
    if milliseconds is not None:
        return milliseconds / 1e3
    return 60 * (number(entry.get("minutesAgo")) or 0.0)


def _time(value: Any) -> float | None:
    return read_timestamp(value) or None if value else None
