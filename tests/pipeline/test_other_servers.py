"""Jellyfin and Plex, simulated by answers in the form of their published APIs."""

import shutil

import pytest
from tests.factories import make_library, rows, write_dataset
from tests.servers.http_server import SimulatedServer

from segue.errors import MediaServerError
from segue.library import Library
from segue.pipeline.connections.connect import connect
from segue.pipeline.connections.sync import sync
from segue.sources.media_servers import SUFFIX

N_TRACKS = 6
SECRET = "a-secret"  # noqa: S105
TOKEN = "a-token"  # noqa: S105


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    tracks = [(f"t{i}", f"Piece {i}", f"Band {i}") for i in range(N_TRACKS)]
    dataset = write_dataset(
        tmp_path_factory.mktemp("dataset"),
        rows("track_id title artist", tracks),
        listens=rows("user_id track_id", [("u", "t0")]),
    )
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset)
    library.close()
    return library.directory


@pytest.fixture
def library(original, tmp_path):
    opened = Library(shutil.copytree(original, tmp_path / "my.segue"))
    yield opened
    opened.close()


class SimulatedJellyfin(SimulatedServer):
    """`lists` are ids of tracks by the id of the playlist; `data` the UserData by track."""

    def __init__(self):
        super().__init__()
        self.data, self.names, self.lists = {}, {}, {}

    def item(self, number):
        return {
            "Id": f"j{number}",
            "Name": f"Piece {number}",
            "Artists": [f"Band {number}"],
            "Path": f"/data/{number}.flac",
            "ProviderIds": {},
            "UserData": {"PlayCount": 0, "IsFavorite": False, **self.data.get(number, {})},
        }

    def answer(self, request):
        method, path, header = request.method, request.path, request.headers["authorization"]
        if path == "/Users/AuthenticateByName":
            if request.body != {"Username": "anna", "Pw": SECRET}:
                return 401, b""
            return {"AccessToken": TOKEN, "User": {"Id": "u1", "Name": "anna"}}
        if f'Token="{TOKEN}"' not in header:
            return 401, b""
        parts = path.split("/")[1:]
        if path == "/Users":
            return [{"Id": "u1", "Name": "anna"}]
        if path == "/Items":
            assert request.get("userId") == "u1"
            return {"Items": self._items(request)}
        if parts[0] == "Items" and method == "DELETE":
            del self.names[parts[1]], self.lists[parts[1]]
            return 204, b""
        if path == "/Playlists":
            key = f"p{len(self.names)}"
            self.names[key], self.lists[key] = request.body["Name"], list(request.body["Ids"])
            return {"Id": key}
        if method == "DELETE":
            gone = {int(one) for one in request.get("entryIds").split(",")}
            songs = enumerate(self.lists[parts[1]])
            self.lists[parts[1]] = [one for place, one in songs if place not in gone]
            return 204, b""
        if method == "POST":
            self.lists[parts[1]] += request.get("ids").split(",")
            return 204, b""
        found = enumerate(self.lists[parts[1]])
        return {"Items": [{"Id": one, "PlaylistItemId": str(place)} for place, one in found]}

    def _items(self, request):
        if request.get("includeItemTypes") == "Playlist":
            return [
                {"Id": key, "Name": name, "MediaType": "Audio", "CanDelete": key != "foreign"}
                for key, name in self.names.items()
            ]
        items = [self.item(number) for number in range(N_TRACKS)]
        wanted = request.get("filters")
        if wanted == "IsFavorite":
            items = [one for one in items if one["UserData"]["IsFavorite"]]
        if wanted == "IsPlayed":
            items = [one for one in items if one["UserData"]["PlayCount"]]
            items.sort(key=lambda one: one["UserData"]["LastPlayedDate"], reverse=True)
        start = int(request.get("startIndex"))
        return items[start : start + int(request.get("limit"))]


class SimulatedPlex(SimulatedServer):
    """`data` are fields by track, `lists` ids of tracks by the id of the playlist."""

    def __init__(self):
        super().__init__()
        self.data, self.names, self.lists = {}, {}, {}

    def item(self, number):
        return {
            "ratingKey": f"{100 + number}",
            "title": f"Piece {number}",
            "grandparentTitle": f"Band {number}",
            "Media": [{"Part": [{"file": f"/data/{number}.flac", "key": f"/library/{number}"}]}],
            **self.data.get(number, {}),
        }

    def answer(self, request):
        if request.headers.get("x-plex-token") != TOKEN:
            return 401, b""
        return {"MediaContainer": self._content(request, request.path.split("/")[1:])}

    def _content(self, request, parts):
        if parts == ["identity"]:
            return {"machineIdentifier": "m1"}
        if parts == ["library", "sections"]:
            return {"Directory": [{"key": "3", "type": "artist"}, {"key": "1", "type": "movie"}]}
        if parts[0] == "library":
            assert parts == ["library", "sections", "3", "all"]
            items = [self.item(number) for number in range(N_TRACKS)]
            if request.get("sort"):
                field = request.get("sort").partition(":")[0]
                items.sort(key=lambda one: -one.get(field, 0))
            start = int(request.get("X-Plex-Container-Start"))
            return {"Metadata": items[start : start + int(request.get("X-Plex-Container-Size"))]}
        songs = [one for one in request.get("uri").rpartition("/")[2].split(",") if one]
        if len(parts) == 1 and request.method == "POST":
            key = f"{900 + len(self.names)}"
            self.names[key], self.lists[key] = request.get("title"), songs
            return {"Metadata": [{"ratingKey": key}]}
        if len(parts) == 1:
            return {"Metadata": [{"ratingKey": k, "title": v} for k, v in self.names.items()]}
        key = parts[1]
        if request.method == "PUT":
            self.lists[key] += songs
        elif request.method == "DELETE" and parts[2:] == ["items"]:
            self.lists[key] = []
        elif request.method == "DELETE":
            del self.names[key], self.lists[key]
        return {"Metadata": [{"ratingKey": one} for one in self.lists.get(key, [])]}


@pytest.fixture(params=["jellyfin", "plex"])
def server(request):
    simulated = {"jellyfin": SimulatedJellyfin, "plex": SimulatedPlex}[request.param]()
    simulated.kind = request.param
    simulated.first = "j" if request.param == "jellyfin" else "10"
    yield simulated
    simulated.close()


def join(library, server):
    """Connect the account of anna."""
    if server.kind == "jellyfin":
        return connect(library, "jellyfin", server.url, user="anna", password=SECRET)
    return connect(library, "plex", server.url, user="anna", token=TOKEN)


def set_plays(server, number, plays, at):
    if server.kind == "jellyfin":
        from datetime import UTC, datetime

        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        server.data[number] = {"PlayCount": plays, "LastPlayedDate": when}
    else:
        server.data[number] = {"viewCount": plays, "lastViewedAt": int(at)}


def heard(library):
    found = [
        (one["track_id"], one["timestamp"], one["plays"], one["rating"])
        for one in library.listens_of("anna")
    ]
    return sorted(found, key=repr)


def test_plays_and_likes_are_read_once(library, server):
    import time

    now = time.time() // 1 + 60
    join(library, server)
    set_plays(server, 1, 4, now)
    liked = {"IsFavorite": True} if server.kind == "jellyfin" else {"userRating": 10.0}
    server.data[2] = liked
    for full in (True, False, True):
        done = sync(library, full=full)
        assert done.error is None
    assert heard(library) == [("t1", now, 4.0, None), ("t2", None, None, 1.0)]
    set_plays(server, 1, 5, now + 600)
    assert sync(library, full=False).error is None
    assert sorted(
        [("t1", now, 4.0, None), ("t1", now + 600, None, None), ("t2", None, None, 1.0)], key=repr
    ) == heard(library)


def test_playlists_are_copied_both_ways(library, server):
    first = server.first
    server.names["own"], server.lists["own"] = "Evening", [f"{first}3", f"{first}1"]
    join(library, server)
    mine = library.playlists.add("anna", "Mine", "tracks", {}, ["t5", "t0"])
    for _ in range(2):
        assert sync(library).error is None
        written = {server.names[key]: songs for key, songs in server.lists.items()}
        assert written == {
            "Evening": [f"{first}3", f"{first}1"],
            f"Mine{SUFFIX}": [f"{first}5", f"{first}0"],
        }
    assert ("t3", "t1") in [tuple(one.tracks) for one in library.playlists.of("anna")]
    library.playlists.replace_tracks("anna", mine.id, ["t2"])
    sync(library)
    written = {server.names[key]: songs for key, songs in server.lists.items()}
    assert written[f"Mine{SUFFIX}"] == [f"{first}2"]
    library.playlists.delete("anna", mine.id)
    sync(library)
    assert list(server.names.values()) == ["Evening"]


def test_wrong_credentials_are_one_sentence(library, server):
    for wrong in ({"password": "no"}, {"token": "no"}):
        with pytest.raises(MediaServerError) as failed:
            connect(library, server.kind, server.url, user="anna", **wrong)
        assert str(failed.value).count(". ") == 0


def test_jellyfin_keeps_a_token_not_the_password(library):
    server = SimulatedJellyfin()
    one = connect(library, "jellyfin", server.url, user="anna", password=SECRET)
    assert one.accounts[0].credentials == {"token": TOKEN, "user": "u1"}
    key = connect(library, "jellyfin", server.url, user="Anna", token=TOKEN)
    assert [account.user for account in key.accounts] == ["anna"]
    server.close()
