"""A simulated Navidrome: a real HTTP server that speaks Subsonic, with accounts and playlists."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.servers.http_server import SimulatedServer

WRITES = {
    "createPlaylist",
    "updatePlaylist",
    "deletePlaylist",
    "star",
    "unstar",
    "setRating",
    "scrobble",
    "savePlayQueue",
}


@dataclass
class Song:
    id: str
    title: str
    artist: str
    album: str
    path: str = ""
    recording: str = ""
    content: bytes = b""


@dataclass
class State:
    """What an account thinks of a song."""

    plays: int = 0
    played: float | None = None
    rating: int = 0
    starred: bool = False


@dataclass
class List:
    owner: str
    name: str
    songs: list[str] = field(default_factory=list)
    comment: str = ""


class SimulatedNavidrome(SimulatedServer):
    """`users` are names with passwords; `states` what they think of songs, by name and id.

    `playing` are what players play now: user, id of the song, other fields of the entry. `writes`
    are the calls that would change something: method, user, parameters.
    """

    def __init__(self, songs, users):
        super().__init__()
        self.songs = {song.id: song for song in songs}
        self.users = dict(users)
        self.states = {name: {} for name in users}
        self.playlists = {}
        self.writes = []
        self.playing = []
        self._n = 0

    def play(self, user, song, at, n=1):
        state = self.states[user].setdefault(song, State())
        state.plays += n
        state.played = at

    def state(self, user, song):
        return self.states[user].setdefault(song, State())

    def add_playlist(self, owner, name, songs, comment=""):
        self._n += 1
        self.playlists[f"list{self._n}"] = List(owner, name, list(songs), comment)
        return f"list{self._n}"

    def answer(self, request):
        method = request.path.removeprefix("/rest/").removesuffix(".view")
        user = request.get("u")
        expected = self.users.get(user)
        salted = f"{expected}{request.get('s')}".encode()
        token = hashlib.md5(salted, usedforsecurity=False).hexdigest()
        if expected is None or token != request.get("t"):
            return self._failed(40, "Wrong username or password")
        if method in WRITES:
            self.writes.append((method, user, request.values))
        if method == "download":
            return 200, self.songs[request.get("id")].content
        name = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", method)
        return getattr(self, f"_{name}")(user, request)

    def _ok(self, **content):
        return {"subsonic-response": {"status": "ok", "version": "1.16.1", **content}}

    def _failed(self, code, message):
        error = {"code": code, "message": message}
        return {"subsonic-response": {"status": "failed", "version": "1.16.1", "error": error}}

    def _get_now_playing(self, user, request):
        entries = [
            {**self._song(user, self.songs[song]), "username": name, **more}
            for name, song, more in self.playing
        ]
        return self._ok(nowPlaying={"entry": entries} if entries else {})

    def _ping(self, user, request):
        return self._ok()

    def _song(self, user, song):
        state = self.states[user].get(song.id, State())
        found = {
            "id": song.id,
            "title": song.title,
            "artist": song.artist,
            "album": song.album,
            "path": song.path,
            "suffix": "flac",
            "musicBrainzId": song.recording,
        }
        if state.plays:
            found |= {"playCount": state.plays, "played": _iso(state.played)}
        if state.rating:
            found["userRating"] = state.rating
        if state.starred:
            found["starred"] = "2026-01-01T00:00:00Z"
        return found

    def _search3(self, user, request):
        start, n = int(request.get("songOffset", "0")), int(request.get("songCount", "20"))
        page = list(self.songs.values())[start : start + n]
        return self._ok(searchResult3={"song": [self._song(user, song) for song in page]})

    def _get_starred2(self, user, request):
        starred = [
            self._song(user, self.songs[song])
            for song, state in self.states[user].items()
            if state.starred
        ]
        return self._ok(starred2={"song": starred} if starred else {})

    def _get_album_list2(self, user, request):
        albums = {}
        for song in self.songs.values():
            state = self.states[user].get(song.id, State())
            played = max(albums.get(song.album, 0.0), state.played or 0.0)
            albums[song.album] = played
        if request.get("type") == "recent":
            albums = {name: at for name, at in albums.items() if at}
        names = sorted(albums, key=lambda name: -albums[name])
        start, n = int(request.get("offset", "0")), int(request.get("size", "10"))
        found = [
            {"id": f"al-{name}", "name": name, "played": _iso(albums[name])}
            for name in names[start : start + n]
        ]
        return self._ok(albumList2={"album": found})

    def _get_album(self, user, request):
        name = request.get("id").removeprefix("al-")
        songs = [self._song(user, song) for song in self.songs.values() if song.album == name]
        return self._ok(album={"id": request.get("id"), "name": name, "song": songs})

    def _get_playlists(self, user, request):
        found = [
            {"id": key, "name": one.name, "owner": one.owner, "comment": one.comment}
            for key, one in self.playlists.items()
        ]
        return self._ok(playlists={"playlist": found} if found else {})

    def _get_playlist(self, user, request):
        one = self.playlists.get(request.get("id"))
        if one is None:
            return self._failed(70, "not found")
        entries = [self._song(user, self.songs[song]) for song in one.songs]
        return self._ok(playlist={"id": request.get("id"), "name": one.name, "entry": entries})

    def _create_playlist(self, user, request):
        key = request.get("playlistId") or self.add_playlist(user, request.get("name"), [])
        self.playlists[key].songs = request.all("songId")
        return self._ok(playlist={"id": key, "name": self.playlists[key].name})

    def _update_playlist(self, user, request):
        one = self.playlists[request.get("playlistId")]
        if "comment" in request.values:
            one.comment = request.get("comment")
        gone = {int(place) for place in request.all("songIndexToRemove")}
        one.songs = [song for place, song in enumerate(one.songs) if place not in gone]
        return self._ok()

    def _delete_playlist(self, user, request):
        if self.playlists.pop(request.get("id"), None) is None:
            return self._failed(70, "not found")
        return self._ok()


def _iso(at):
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z") if at else ""
