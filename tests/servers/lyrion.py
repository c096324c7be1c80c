"""A Lyrion Music Server, simulated by answers in the form of its published JSON-RPC interface."""

import base64

from tests.servers.http_server import SimulatedServer

USER, PASSWORD = "anna", "a-secret"


class SimulatedLyrion(SimulatedServer):
    """`data` are fields by track, `lists` addresses of tracks by the name of the playlist.

    `folders` are favorites by the id of the folder, "" for the first level: pairs of a name, and
    the address of the favorite or the id of a folder. `playing` is the track of the player by name,
    `contents` are files by track.
    """

    def __init__(self, n_tracks, *, is_protected=False):
        super().__init__()
        self.is_protected = is_protected
        self.tracks = list(range(n_tracks))
        self.data, self.lists, self.folders, self.playing = {}, {}, {"": []}, {}
        self.contents = {}
        self.first_number = 40
        self.has_playlist_folder = True

    @staticmethod
    def id_of(number):
        return f"file:///data/Piece%20{number}.flac"

    def item(self, number):
        return {
            "id": self.first_number + number,
            "title": f"Piece {number}",
            "artist": f"Band {number}",
            "url": self.id_of(number),
            **self.data.get(number, {}),
        }

    def answer(self, request):
        if request.path.startswith("/music/"):
            number = int(request.path.split("/")[2]) - self.first_number
            return 200, self.contents.get(number, b"audio of %d" % number)
        if self.is_protected:
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {pair}":
                return 401, b"<html>401</html>"
        assert (request.method, request.path) == ("POST", "/jsonrpc.js")
        assert request.body["method"] == "slim.request"
        player, command = request.body["params"]
        words = [one for one in command if not (isinstance(one, str) and ":" in one)]
        tags = dict(one.split(":", 1) for one in command if isinstance(one, str) and ":" in one)
        result = self._result(player, words, tags)
        return {"id": 1, "method": "slim.request", "params": [player, command], "result": result}

    def _result(self, player, words, tags):
        match words:
            case ["serverstatus", *_]:
                players = [
                    {"playerid": name, "name": name, "connected": 1} for name in self.playing
                ]
                return {"version": "9.0.1", "player count": len(players), "players_loop": players}
            case ["status", "-", *_]:
                number = self.playing[player]
                found = [] if number is None else [{"playlist index": 0, **self.item(number)}]
                mode = "stop" if number is None else "play"
                return {"mode": mode, "time": 12.5, "playlist_loop": found}
            case ["titles", start, size]:
                return self._loop(
                    "titles_loop", [self.item(one) for one in self.tracks], start, size
                )
            case ["songinfo", _, _]:
                found = [self.item(one) for one in self.tracks if self.id_of(one) == tags["url"]]
                fields = [{"id": one["id"]} for one in found] + [{"title": "?"}]
                return {"songinfo_loop": fields if found else []}
            case ["favorites", "items", start, size]:
                assert tags["want_url"] == "1"
                inside = self.folders[tags.get("item_id", "")]
                items = [
                    {"id": value, "name": name, "hasitems": 1}
                    if value in self.folders
                    else {"id": f"x.{place}", "name": name, "url": value, "hasitems": 0}
                    for place, (name, value) in enumerate(inside)
                ]
                return self._loop("loop_loop", items, start, size)
            case ["playlists", "tracks", start, size]:
                songs = self.lists[self._name(tags)]
                items = [
                    {"playlist index": place, "id": place, "title": "?", "url": one}
                    for place, one in enumerate(songs)
                ]
                return self._loop("playlisttracks_loop", items, start, size)
            case ["playlists", "new"]:
                if not self.has_playlist_folder:
                    return {}
                known = tags["name"] in self.lists
                self.lists.setdefault(tags["name"], [])
                number = self.first_number + 900 + list(self.lists).index(tags["name"])
                return {"overwritten_playlist_id" if known else "playlist_id": number}
            case ["playlists", "edit"]:
                songs = self.lists[self._name(tags)]
                if tags["cmd"] == "add":
                    songs.append(tags["url"])
                else:
                    assert tags["cmd"] == "delete"
                    del songs[int(tags["index"])]
                return {}
            case ["playlists", "delete"]:
                del self.lists[self._name(tags)]
                return {}
            case ["playlists", start, size]:
                items = [
                    {
                        "id": self.first_number + 900 + place,
                        "playlist": name,
                        "url": f"file:///lists/{name}.m3u",
                    }
                    for place, name in enumerate(self.lists)
                ]
                remote = {"id": 5, "playlist": "Mix", "url": "qobuz://5.qbz", "remote": 1}
                return self._loop("playlists_loop", [*items, remote], start, size)
        raise AssertionError(words)

    def _name(self, tags):
        return list(self.lists)[int(tags["playlist_id"]) - self.first_number - 900]

    @staticmethod
    def _loop(name, items, start, size):
        found = items[start : start + size]
        return {"count": len(items), **({name: found} if found else {})}
