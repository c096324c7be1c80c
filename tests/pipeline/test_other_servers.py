"""Jellyfin, Plex and Lyrion, simulated by answers in the form of their published APIs."""

import pytest
from tests.factories import copy_of_library, make_library, rows, write_dataset
from tests.servers.http_server import SimulatedServer
from tests.servers.lyrion import PASSWORD, USER, SimulatedLyrion

from segue.errors import MediaServerError
from segue.library import Library
from segue.pipeline.connections.connect import connect
from segue.pipeline.connections.sync import sync
from segue.sources.media_servers import SUFFIX, PlayingTrack, open_server

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
    opened = Library(copy_of_library(original, tmp_path / "my.segue"))
    yield opened
    opened.close()


class SimulatedJellyfin(SimulatedServer):
    """`lists` are ids of tracks by the id of the playlist; `data` the UserData by track."""

    def __init__(self):
        super().__init__()
        self.data, self.names, self.lists = {}, {}, {}
        self.sessions = []

    @staticmethod
    def id_of(number):
        return f"j{number}"

    def item(self, number):
        return {
            "Id": self.id_of(number),
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
        if path == "/Sessions":
            return self.sessions
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
        self.sessions = []

    @staticmethod
    def id_of(number):
        return f"{100 + number}"

    def item(self, number):
        return {
            "ratingKey": self.id_of(number),
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
        if parts == ["status", "sessions"]:
            return {"Metadata": self.sessions}
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


def written_lists(server):
    return {server.names[key]: songs for key, songs in server.lists.items()}


def check_playlists_both_ways(library, server, written, put):
    """Copy lists both ways; `put` adds one to the server, `written` returns the lists there."""
    songs = [server.id_of(number) for number in range(N_TRACKS)]
    put("Evening", [songs[3], songs[1]])
    mine = library.playlists.add("anna", "Mine", "tracks", {}, ["t5", "t0"])
    for _ in range(2):
        assert sync(library).error is None
        assert written() == {
            "Evening": [songs[3], songs[1]],
            f"Mine{SUFFIX}": [songs[5], songs[0]],
        }
    assert ("t3", "t1") in [tuple(one.tracks) for one in library.playlists.of("anna")]
    library.playlists.replace_tracks("anna", mine.id, ["t2"])
    sync(library)
    assert written()[f"Mine{SUFFIX}"] == [songs[2]]
    library.playlists.delete("anna", mine.id)
    sync(library)
    assert list(written()) == ["Evening"]


def test_playlists_are_copied_both_ways(library, server):
    def put(name, songs):
        server.names["own"], server.lists["own"] = name, songs

    join(library, server)
    check_playlists_both_ways(library, server, lambda: written_lists(server), put)


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


@pytest.fixture
def lyrion():
    simulated = SimulatedLyrion(N_TRACKS)
    yield simulated
    simulated.close()


def test_lyrion_plays_ratings_and_favorites_are_read(library, lyrion):
    connect(library, "lyrion", lyrion.url, user="anna")
    lyrion.data[1] = {"playcount": 4}
    lyrion.data[2] = {"rating": 60, "playcount": "1"}
    lyrion.data[3] = {"rating": 0}
    lyrion.folders |= {
        "": [("Radio", "http://radio.example/x"), ("Mine", "f1")],
        "f1": [("Piece 4", lyrion.id_of(4)), ("Deep", "f2")],
        "f2": [("Piece 5", lyrion.id_of(5))],
    }
    wanted = [
        ("t1", None, 4.0, None),
        ("t2", None, 1.0, 0.0),
        ("t4", None, None, 1.0),
        ("t5", None, None, 1.0),
    ]
    for full in (True, False, True):
        done = sync(library, full=full)
        assert (done.error, done.accounts[0].matched) == (None, N_TRACKS)
        assert heard(library) == wanted
    lyrion.data[1] = {"playcount": 6}
    lyrion.folders["f2"] = []
    assert sync(library).error is None
    taken_back = ("t5", None, 0.0, None)
    assert heard(library) == [("t1", None, 6.0, None), *wanted[1:3], taken_back]


def test_lyrion_playlists_are_copied_both_ways(library, lyrion):
    connect(library, "lyrion", lyrion.url, user="anna")
    check_playlists_both_ways(library, lyrion, lambda: lyrion.lists, lyrion.lists.__setitem__)


def test_lyrion_numbers_of_another_scan_change_nothing(library, lyrion):
    connect(library, "lyrion", lyrion.url, user="anna")
    lyrion.lists["Evening"] = [lyrion.id_of(3)]
    library.playlists.add("anna", "Mine", "tracks", {}, ["t5"])
    sync(library)
    before = {name: list(songs) for name, songs in lyrion.lists.items()}
    lyrion.first_number += 3
    lyrion.lists = {"Other": [lyrion.id_of(0)], **lyrion.lists}
    done = sync(library, full=True)
    assert (done.accounts[0].playlists_read, done.accounts[0].playlists_written) == (1, 0)
    assert lyrion.lists == {"Other": [lyrion.id_of(0)], **before}


def test_lyrion_without_playlist_folder_says_so(library, lyrion):
    connect(library, "lyrion", lyrion.url, user="anna")
    library.playlists.add("anna", "Mine", "tracks", {}, ["t5"])
    lyrion.has_playlist_folder = False
    assert "choose a folder of playlists" in sync(library).error


def test_lyrion_paths_are_read_from_addresses(lyrion):
    lyrion.data = {
        0: {"url": "file:///M%C3%BCsik/a%23b.flac"},
        1: {"url": "file:///C:/Music/x.mp3"},
        2: {"url": "qobuz://1.flac", "remote": 1},
        3: {"url": "file:///data/all.flac#10.5-20"},
    }
    reader = open_server("lyrion", lyrion.url, {})
    (found,) = reader.tracks()
    reader.close()
    assert [(one.reference.track_id, one.suffix) for one in found[:4]] == [
        ("/Müsik/a#b.flac", "flac"),
        ("/C:/Music/x.mp3", "mp3"),
        (None, ""),
        ("/data/all.flac", "flac"),
    ]


def test_lyrion_pages_and_downloads_are_read(lyrion, tmp_path):
    lyrion.tracks = list(range(1_100))
    reader = open_server("lyrion", lyrion.url, {})
    assert [len(batch) for batch in reader.tracks()] == [500, 500, 100]
    reader.download(lyrion.id_of(7), tmp_path / "a.flac")
    assert (tmp_path / "a.flac").read_bytes() == b"audio of 7"
    with pytest.raises(MediaServerError, match="synchronize again"):
        reader.download("file:///gone.flac", tmp_path / "b.flac")
    reader.close()


def test_lyrion_password_is_optional(library):
    server = SimulatedLyrion(1, is_protected=True)
    wrong = ({}, {"user": USER}, {"user": USER, "password": "no"}, {"password": PASSWORD})
    for given in (*wrong, {"user": USER, "token": TOKEN}):
        with pytest.raises(MediaServerError) as failed:
            connect(library, "lyrion", server.url, **given)
        assert str(failed.value).count(". ") == 0
    one = connect(library, "lyrion", server.url, user=USER, password=PASSWORD)
    assert one.accounts[0].credentials == {"user": USER, "password": PASSWORD}
    assert sync(library).error is None
    server.is_protected = False
    open_one = connect(library, "lyrion", server.url, name="open")
    assert (open_one.accounts[0].listener, open_one.accounts[0].credentials) == ("me", {})
    server.close()


def test_server_that_is_no_lyrion_is_refused(library, server):
    with pytest.raises(MediaServerError):
        connect(library, "lyrion", server.url, user="anna")


def test_lyrion_list_of_the_same_name_is_replaced(lyrion):
    reader = open_server("lyrion", lyrion.url, {})
    name = f"Mine{SUFFIX}"
    for songs in ([lyrion.id_of(1), lyrion.id_of(2)], [lyrion.id_of(3)]):
        written = reader.write_playlist(None, name, songs)
        assert lyrion.lists == {name: songs}
    reader.delete_playlist(written)
    reader.delete_playlist(written)
    assert lyrion.lists == {}
    reader.close()


def test_lyrion_reads_again_and_writes_once(lyrion, monkeypatch):
    monkeypatch.setattr("segue.sources.media_servers.server_client.WAITS", (0.0,))
    answer, refused = lyrion.answer, []

    def unreliable(request):
        command = request.body["params"][1]
        kind = command[1] if command[0] == "playlists" else command[0]
        if kind in refused:
            return answer(request)
        refused.append(kind)
        return 503, b""

    lyrion.answer = unreliable
    reader = open_server("lyrion", lyrion.url, {})
    assert len(next(iter(reader.tracks()))) == N_TRACKS
    with pytest.raises(MediaServerError, match="status 503"):
        reader.write_playlist(None, "Mine", [])
    assert refused == ["favorites", "titles", "new"]
    reader.close()


def test_jellyfin_names_what_the_user_plays():
    def session(user, number, kind="Audio", *, paused=False):
        return {
            "UserId": user,
            "DeviceName": "Phone",
            "NowPlayingItem": {"Id": f"j{number}", "Type": kind},
            "PlayState": {"PositionTicks": 125_000_000, "IsPaused": paused},
        }

    server = SimulatedJellyfin()
    others = [session("u2", 2), session("u1", 3, "Movie"), session("u1", 4, paused=True)]
    server.sessions = [{"UserId": "u1", "DeviceName": "TV"}, *others, session("u1", 1)]
    reader = open_server("jellyfin", server.url, {"token": TOKEN, "user": "u1"})
    assert reader.now_playing() == [PlayingTrack("j1", 12.5, "Phone")]
    reader.close()
    server.close()


def test_plex_names_what_the_owner_plays():
    def session(user, number, kind="track", state="playing"):
        return {
            "ratingKey": f"{100 + number}",
            "type": kind,
            "viewOffset": 12_500,
            "User": {"id": user, "title": "anna"},
            "Player": {"title": "Phone", "state": state},
        }

    server = SimulatedPlex()
    others = [session("2", 2), session("1", 3, "movie"), session("1", 4, state="paused")]
    server.sessions = [*others, session("1", 1)]
    reader = open_server("plex", server.url, {"token": TOKEN})
    assert reader.now_playing() == [PlayingTrack("101", 12.5, "Phone")]
    reader.close()
    server.close()


def test_lyrion_names_what_its_players_play(lyrion):
    lyrion.playing = {"Kitchen": 2, "Bath": None}
    reader = open_server("lyrion", lyrion.url, {})
    assert reader.now_playing() == [PlayingTrack(lyrion.id_of(2), 12.5, "Kitchen")]
    reader.close()
