"""Read MPD: tracks, counters and ratings of its stickers, stored playlists, and its queue.

Conventions
-----------
- An address is ``mpd://host:6600``. MPD has no accounts, so one connection is one listener; a
  password is MPD's own, which is stored as it is.
- Plays, skips and ratings are stickers, as myMPD and mpdstats keep them: `playCount`, `skipCount`,
  `lastPlayed`, `rating` from 0 to 10 and `like` (0 dislike, 1 neutral, 2 like). Without a sticker
  database there are none.
- The id of a track is its path below MPD's music directory, that of a playlist its name.

Sources: mpd.readthedocs.io, "Protocol"; github.com/jcorporation/myMPD, "Stickers".
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from segue.errors import MediaServerError, MissingExtraError
from segue.ratings import STARS
from segue.sources.history_import.totals import last_time, opinion
from segue.sources.media_servers.contract import LogIn, PlayingTrack, ServerPlaylist, ServerTrack
from segue.sources.media_servers.fields import number, reference

PORT: Final = 6600
TIMEOUT_SECONDS: Final = 30.0
_BATCH: Final = 500
_STICKERS: Final = ("playCount", "skipCount", "lastPlayed", "rating", "like")


class MpdReader:
    """The tracks, playlists and queue of one MPD: see `MediaServer`."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        try:
            import mpd
        except ImportError:
            raise MissingExtraError("Connecting to MPD", "connect") from None
        self._url = url
        self._failures = (mpd.MPDError, OSError)
        self._refusals = mpd.CommandError
        host, port = _address(url)
        self._client = mpd.MPDClient()
        self._client.timeout = TIMEOUT_SECONDS
        with self._translated():
            self._client.connect(host, port)
            if credentials.get("password"):
                self._client.password(credentials["password"])

    @classmethod
    def log_in(cls, url: str, user: str | None, password: str | None, token: str | None) -> LogIn:
        """Return the credentials to store, after MPD has accepted them.

        Raises
        ------
        MediaServerError
            If it does not.
        """
        secret = password or token
        credentials = {"password": secret} if secret else {}
        reader = cls(url, credentials)
        try:
            reader.status()
        finally:
            reader.close()
        return LogIn(user or "me", credentials)

    def tracks(self) -> Iterator[Sequence[ServerTrack]]:
        """Yield every track of the music directory, in batches."""
        stickers = self._stickers()
        batch: list[ServerTrack] = []
        folders = [""]
        while folders:
            with self._translated():
                entries = self._client.lsinfo(folders.pop())
            for entry in entries:
                if "directory" in entry:
                    folders.append(entry["directory"])
                elif "file" in entry:
                    batch.append(_track(entry, stickers.get(entry["file"], {})))
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def tracks_since(self, since: float) -> Iterator[Sequence[ServerTrack]]:  # noqa: ARG002
        """Yield the tracks that have a sticker."""
        batch = []
        for uri, values in self._stickers().items():
            with suppress(MediaServerError), self._translated():  # a file may be gone
                batch += [_track(entry, values) for entry in self._client.lsinfo(uri)]
        if batch:
            yield batch

    def _stickers(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for name in _STICKERS:
            with self._translated():
                try:
                    records = self._client.sticker_find("song", "", name)
                except self._refusals:  # there is no sticker database
                    return found
            for record in records:
                found[record["file"]][name] = record["sticker"].partition("=")[2]
        return found

    def now_playing(self) -> list[PlayingTrack]:
        """Return what MPD plays now."""
        status, queue = self.status(), self.queue()
        place = int(status.get("song", -1))
        if status.get("state") != "play" or not 0 <= place < len(queue):
            return []
        position = number(status.get("elapsed")) or 0.0
        return [PlayingTrack(str(queue[place]["file"]), position, "MPD")]

    def playlists(self) -> list[ServerPlaylist]:
        """Return the stored playlists; MPD may have no directory of them."""
        with self._translated():
            try:
                found = self._client.listplaylists()
            except self._refusals:
                return []
        return [ServerPlaylist(one["playlist"], one["playlist"]) for one in found]

    def playlist_items(self, playlist: str) -> list[str]:
        """Return the paths of the tracks of a playlist, in order."""
        with self._translated():
            return list(self._client.listplaylist(playlist))

    def write_playlist(self, playlist: str | None, name: str, items: Sequence[str]) -> str:
        """Make a playlist, or replace the tracks of the one of an id; return its id."""
        wanted = playlist or "".join("_" if one in '/\\\r\n"' else one for one in name)
        with self._translated():
            with suppress(self._refusals):  # it is new
                self._client.playlistclear(wanted)
            self._client.command_list_ok_begin()
            for item in items:
                self._client.playlistadd(wanted, item)
            self._client.command_list_end()
        return wanted

    def delete_playlist(self, playlist: str) -> None:
        """Delete a playlist; one that is gone already is no error."""
        with self._translated(), suppress(self._refusals):
            self._client.rm(playlist)

    def download(self, item: str, target: Path) -> None:  # noqa: ARG002
        """Raise: MPD does not send files."""
        raise MediaServerError(
            "MPD does not send files: run segue preprocess with its music directory."
        )

    def status(self) -> dict[str, Any]:
        """Return what is played: `state`, place and id of the song, seconds."""
        with self._translated():
            return dict(self._client.status())

    def queue(self) -> list[dict[str, Any]]:
        """Return the songs of the queue with `file`, `id`, `pos` and tags, in order."""
        with self._translated():
            return list(self._client.playlistinfo())

    def add(self, item: str) -> str:
        """Append a track to the queue; return its id there."""
        with self._translated():
            return str(self._client.addid(item))

    def close(self) -> None:
        """Close the connection."""
        with suppress(*self._failures):
            self._client.close()
            self._client.disconnect()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            text = str(error)[:120] or "no answer"
            if isinstance(error, self._refusals):
                raise MediaServerError(
                    f"MPD at {self._url} refuses ({text}): check its password and configuration."
                ) from None
            raise MediaServerError(
                f"MPD at {self._url} cannot be reached ({text}): start it or check the address,"
                " and try again; what was read is stored."
            ) from None


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "://" in url else f"mpd://{url}")
    try:
        port = parts.port or PORT
        (parts.hostname or "").encode("idna")  # as the system does when it looks the name up
    except ValueError:
        port = 0
    if parts.scheme != "mpd" or not parts.hostname or not port or parts.password:
        raise MediaServerError(
            f"{url.rpartition('@')[2]!r} is not the address of an MPD: give one like"
            " mpd://music.home:6600."
        )
    return parts.hostname, port


def _track(entry: Mapping[str, Any], stickers: Mapping[str, str]) -> ServerTrack:
    rating, like = number(stickers.get("rating")), stickers.get("like")
    return ServerTrack(
        item=entry["file"],
        reference=reference(
            path=entry["file"],
            recording=_first(entry, "musicbrainz_trackid"),
            artist=_first(entry, "artist"),
            title=_first(entry, "title"),
            album=_first(entry, "album"),
        ),
        plays=number(stickers.get("playCount")) or 0.0,
        skips=number(stickers.get("skipCount")) or 0.0,
        last_played=last_time(stickers.get("lastPlayed")),
        rating=opinion(
            STARS.opinion(None if rating is None else rating / 2),
            loved=like == "2",
            disliked=like == "0",
        ),
        suffix=Path(entry["file"]).suffix.removeprefix("."),
    )


def _first(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    return str(value[0]) if isinstance(value, list) else str(value)
