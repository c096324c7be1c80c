"""Test that tracks outside of the folders of an account exist nowhere for it."""

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import Client
from tests.serve.hidden_music import HIDDEN, MARK, SHOWN, Account, make_music, marks_in

from segue.library import FolderAccess
from segue.serve.app import make_app
from segue.serve.settings import Settings

SEEN_BY_OTHERS = {
    "/api/v1/albums",
    "/api/v1/albums/{album_id}",
    "/api/v1/artists",
    "/api/v1/artists/{artist_id}",
    "/api/v1/genres",
    "/api/v1/library/duplicates",
    "/api/v1/map/tracks",
    "/api/v1/me/history",
    "/api/v1/me/home",
    "/api/v1/me/liked",
    "/api/v1/me/rules",
    "/api/v1/playlists",
    "/api/v1/playlists/{playlist}",
    "/api/v1/playlists/{playlist}/export",
    "/api/v1/recommend",
    "/api/v1/search",
    "/api/v1/tracks",
    "/api/v1/tracks/{track_id}",
    "/api/v1/tracks/{track_id}/lyrics",
    "/api/v1/tracks/{track_id}/similar",
    "/1/user/{name}/listens",
    "/1/user/{name}/playing-now",
    "/1/playlist/{playlist}",
    "/1/feedback/user/{name}/get-feedback",
    "/2.0 user.getrecenttracks",
    "/api/similar_tracks",
    "/api/search_tracks",
    "/api/similar_artists",
    "/rest/getartists",
    "/rest/getindexes",
    "/rest/getalbumlist2",
    "/rest/getbookmarks",
    "/rest/getplayqueue",
    "/rest/getnowplaying",
    "/rest/getrandomsongs",
    "/rest/getsong",
    "/rest/getstarred2",
    "/rest/getsimilarsongs2",
    "/rest/getplaylist",
    "/rest/getgenres",
    "/rest/getlyrics",
    "/rest/search3",
}
"""Requests whose answers show hidden music to an account that may see it."""


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return make_music(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="module")
def accounts(music, tmp_path_factory):
    """Anna, who sees everything, and ben, from whom one folder is hidden; not to be changed."""
    copy = copy_of_library(music, tmp_path_factory.mktemp("accounts") / "my.segue")
    yield from two_accounts(music, copy)


@pytest.fixture
def changed(music, tmp_path):
    """The same two accounts, of a library that a test may change."""
    yield from two_accounts(music, copy_of_library(music, tmp_path / "my.segue"))


def two_accounts(music, directory):
    app = make_app(directory, Settings(names=("music.test",)))
    with Client(app) as client:
        anna, ben = (Account(app, client, name) for name in ("anna", "ben"))
        folder = str(music.parent / "music/audio/grown")
        assert ben.library.folder_access.set("ben", FolderAccess(hidden=(folder,)))
        yield anna, ben


def test_hidden_tracks_appear_in_no_answer(accounts):
    anna, ben = accounts
    shown = {name for name, sent, answer in anna.answers() if marks_in(sent, answer)}
    found = [
        (name, sent, marks_in(sent, answer), answer.status_code)
        for name, sent, answer in ben.answers()
        if marks_in(sent, answer) or answer.status_code >= 500
    ]
    assert found == [], found
    assert shown >= SEEN_BY_OTHERS, SEEN_BY_OTHERS - shown


HIDDEN_BY_ID = [
    ("GET", f"tracks/{HIDDEN}", None),
    ("GET", f"tracks/{HIDDEN}/audio", None),
    ("GET", f"tracks/{HIDDEN}/lyrics", None),
    ("GET", f"tracks/{HIDDEN}/similar", None),
    ("POST", "radio", {"like": [HIDDEN]}),
    ("POST", "recommend", {"like": [HIDDEN]}),
    ("POST", "recommend", {"like": [f"{MARK} piece 3"]}),
    ("POST", "map/path", {"tracks": [HIDDEN]}),
    ("POST", "playlists/preview", {"kind": "like", "recipe": {"like": [HIDDEN]}}),
    ("POST", "feedback", {"events": [{"key": "1", "track_id": HIDDEN, "kind": "like"}]}),
    ("POST", "me/rules", {"effect": "play", "kind": "track", "value": HIDDEN}),
]


def test_hidden_track_is_not_found_by_its_id(changed):
    anna, ben = changed
    for method, path, body in HIDDEN_BY_ID:
        answer = ben.get(f"/api/v1/{path}") if method == "GET" else ben.post(path, body)
        assert answer.status_code == 404, (path, answer.text)
        other = anna.get(f"/api/v1/{path}") if method == "GET" else anna.post(path, body)
        assert other.status_code < 300, (path, other.text)


RULE = {"field": "genre", "value": "folk"}
LISTS = [
    ("recommend", {"k": 15, "dials": {"max_known_share": 1}}),
    ("recommend", {"k": 15, "like": [SHOWN]}),
    ("radio", {"k": 15}),
    ("radio", {"k": 15, "like": [SHOWN]}),
    ("map/path", {"tracks": [SHOWN, "t14"], "k": 15}),
    ("playlists/preview", {"kind": "mix", "recipe": {"interest": "1", "k": 15}}),
    ("playlists/preview", {"kind": "path", "recipe": {"start": SHOWN, "end": "t14", "k": 12}}),
    ("playlists/preview", {"kind": "blend", "recipe": {"users": ["anna", "ben"], "k": 15}}),
    ("playlists/preview", {"kind": "rules", "recipe": {"rules": [RULE], "k": 15}}),
]
SHARED_LISTS = {"blend"}
"""What segue makes for several listeners leaves out what one of them must not see."""


def test_lists_of_restricted_account_leave_out_hidden(accounts):
    anna, ben = accounts
    seen = 0
    for path, body in LISTS:
        answer = ben.post(path, body)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.json()["tracks"], (path, body)
        assert MARK not in answer.text, (path, body)
        text = anna.post(path, body).text
        seen += MARK in text
        assert body.get("kind") not in SHARED_LISTS or f'"{MARK}-' not in text
    assert seen >= 5


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("getSong", {"id": HIDDEN}),
        ("stream", {"id": HIDDEN}),
        ("download", {"id": HIDDEN}),
        ("getCoverArt", {"id": HIDDEN}),
        ("getMusicDirectory", {"id": HIDDEN}),
        ("getSimilarSongs", {"id": HIDDEN}),
        ("getLyricsBySongId", {"id": HIDDEN}),
        ("star", {"id": HIDDEN}),
        ("setRating", {"id": HIDDEN, "rating": "5"}),
        ("createBookmark", {"id": HIDDEN, "position": "1"}),
        ("createPlaylist", {"name": "new", "songId": HIDDEN}),
    ],
)
def test_player_gets_error_70_for_hidden_song(accounts, method, given):
    _, ben = accounts
    document = ben.player(method, **given).json()["subsonic-response"]
    assert (document["status"], document["error"]["code"]) == ("failed", 70)


def test_player_removes_songs_by_the_places_that_it_sees(changed):
    _, ben = changed
    own = next(one for one in ben.library.playlists.of("ben") if one.name == "own")
    shown = ben.player("getPlaylist", id=own.id).json()["subsonic-response"]["playlist"]["entry"]
    assert shown[1]["id"] == SHOWN
    ben.player("updatePlaylist", playlistId=own.id, songIndexToRemove="1")
    after = ben.library.playlists.get("ben", own.id).tracks
    assert list(after) == [one for one in own.tracks if one != SHOWN]


def test_folder_change_counts_at_once(changed):
    _, ben = changed
    first = ben.get("/api/v1/tracks")
    assert MARK not in first.text
    ben.library.folder_access.set("ben", FolderAccess())
    etag = {"If-None-Match": first.headers["etag"]}
    after = ben._client.get(
        "/api/v1/tracks", headers=etag | {"Authorization": f"Bearer {ben._key}"}
    )
    assert after.status_code == 200
    assert MARK in after.text


def test_only_some_folders_hide_all_others(changed):
    anna, ben = changed
    ben.library.folder_access.set("ben", FolderAccess(only=("grown",), hidden=("nowhere",)))
    found = {one["track_id"] for one in ben.get("/api/v1/tracks").json()["items"]}
    everything = {one["track_id"] for one in anna.get("/api/v1/tracks").json()["items"]}
    assert found == {one for one in everything if one.startswith(MARK)}
    ben.library.folder_access.set("ben", FolderAccess(only=("nowhere",)))
    assert ben.get("/api/v1/tracks").json()["items"] == []
    assert ben.get("/api/v1/albums").json()["items"] == []


def test_plays_of_hidden_music_count_but_are_not_shown(changed):
    """Another player may play it; the listen is stored, as every scrobble."""
    _, ben = changed
    before = ben.library.n_listens("ben")
    listen = {
        "listened_at": 1_750_000_000,
        "track_metadata": {"artist_name": f"{MARK} band 3", "track_name": f"{MARK} piece 3"},
    }
    answer = ben._client.post(
        "/1/submit-listens",
        json={"listen_type": "single", "payload": [listen]},
        headers={"Authorization": f"Token {ben._key}"},
    )
    assert answer.status_code == 200, answer.text
    assert ben.library.n_listens("ben") == before + 1
    assert MARK not in ben.get("/api/v1/me/history").text


def test_administrator_sets_folders_of_other_accounts_only(changed):
    anna, ben = changed
    folders = {"only_folders": ["grown"], "hidden_folders": []}
    assert ben.patch("accounts/anna", folders).status_code == 403
    assert anna.patch("accounts/anna", folders).status_code == 409
    assert anna.patch("accounts/ben", folders).status_code == 204
    listed = {one["name"]: one for one in anna.get("/api/v1/accounts").json()["items"]}
    assert listed["ben"]["only_folders"] == ["grown"]
    assert (listed["ben"]["n_hidden"], listed["anna"]["n_hidden"]) == (10, 0)
    assert anna.patch("accounts/ben", {"hidden_folders": ["/"]}).status_code == 422
    assert anna.patch("accounts/ben", {"only_folders": []}).status_code == 204
    assert ben.library.folder_access.of("ben") == FolderAccess()
