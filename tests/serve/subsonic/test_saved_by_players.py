"""Test what players save: play queues, bookmarks, radio stations; and what is not offered."""

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import Client
from tests.serve.subsonic.conftest import Player

from segue.library import Library
from segue.serve.app import make_app


@pytest.fixture(scope="module")
def directory(shelved, tmp_path_factory):
    """The directory of a library that the tests of this module share."""
    return copy_of_library(shelved, tmp_path_factory.mktemp("shared") / "my.segue")


@pytest.fixture(scope="module")
def client(directory):
    with Client(make_app(directory)) as client:
        yield client


def ids(entries):
    return [song["id"] for song in entries]


# play queues -------------------------------------------------------------------------------------


def test_play_queue_is_continued_on_another_player(anna, client):
    anna.call("savePlayQueue", id=["one", "two", "one"], current="two", position=61_500)
    other = Player(client, u="anna", p="x", c="Other")
    queue = other.call("getPlayQueue")["playQueue"]
    assert ids(queue["entry"]) == ["one", "two", "one"]
    assert (queue["current"], queue["position"]) == ("two", 61_500)
    assert (queue["username"], queue["changedBy"]) == ("anna", "test")
    assert queue["changed"] > "2020"
    assert Player(client, u="ben", p="x").call("getPlayQueue")["playQueue"].get("entry", []) == []


def test_play_queue_by_index_tells_repeated_songs_apart(anna):
    anna.call("savePlayQueueByIndex", id=["one", "two", "one"], currentIndex=2, position=5)
    queue = anna.call("getPlayQueueByIndex")["playQueueByIndex"]
    assert (queue["currentIndex"], queue["position"]) == (2, 5)
    assert anna.call("getPlayQueue")["playQueue"]["current"] == "one"


def test_play_queue_without_songs_is_cleared(anna):
    anna.call("savePlayQueue", id="one", current="one")
    anna.call("savePlayQueue")
    assert "entry" not in anna.call("getPlayQueue")["playQueue"]
    assert "currentIndex" not in anna.call("getPlayQueueByIndex")["playQueueByIndex"]


def test_play_queue_leaves_unknown_songs_out(anna):
    anna.call("savePlayQueue", id=["gone", "two", "three"], current="gone", position=7)
    queue = anna.call("getPlayQueue")["playQueue"]
    assert ids(queue["entry"]) == ["two", "three"]
    assert (queue["current"], queue["position"]) == ("two", 0)


@pytest.mark.parametrize(
    ("method", "wanted", "code"),
    [
        ("savePlayQueue", {"current": "two"}, 0),
        ("savePlayQueue", {"current": "one", "position": "soon"}, 0),
        ("savePlayQueueByIndex", {}, 10),
        ("savePlayQueueByIndex", {"currentIndex": 1}, 0),
        ("savePlayQueueByIndex", {"currentIndex": -1}, 0),
    ],
)
def test_invalid_play_queue_keeps_the_old_one(anna, method, wanted, code):
    anna.call("savePlayQueue", id="three", current="three")
    assert anna.code(method, id="one", **wanted) == code
    assert anna.call("getPlayQueue")["playQueue"]["current"] == "three"


# bookmarks ---------------------------------------------------------------------------------------


def test_bookmark_is_moved_and_deleted(anna, client):
    anna.call("createBookmark", id="one", position=1_000, comment="first")
    anna.call("createBookmark", id="two", position=2_000)
    anna.call("createBookmark", id="one", position=3_000)
    found = anna.call("getBookmarks")["bookmarks"]["bookmark"]
    assert {(one["entry"]["id"], one["position"]) for one in found} == {
        ("one", 3_000),
        ("two", 2_000),
    }
    assert Player(client, u="ben", p="x").call("getBookmarks")["bookmarks"]["bookmark"] == []
    anna.call("deleteBookmark", id="one")
    (left,) = anna.call("getBookmarks")["bookmarks"]["bookmark"]
    assert left["entry"]["id"] == "two"
    assert anna.code("deleteBookmark", id="one") == 70
    assert anna.code("createBookmark", id="nothing", position=1) == 70
    assert anna.code("createBookmark", id="one", position=-1) == 0


# radio stations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "radio", "http://"])
def test_radio_station_needs_a_web_address(anna, url):
    assert anna.code("createInternetRadioStation", name="x", streamUrl=url) == 0
    found = anna.call("getInternetRadioStations")["internetRadioStations"]
    assert found["internetRadioStation"] == []


# lyrics ------------------------------------------------------------------------------------------


@pytest.fixture
def with_lyrics(directory):
    """The library, with lyrics in the file next to the song `one`."""
    library = Library(directory)
    path = library.known_tracks()["one"].track.path
    library.close()
    path.with_suffix(".lrc").write_text("[00:01.50]First line\n[00:02]Second\n", "utf-8")
    yield
    path.with_suffix(".lrc").unlink()


def test_lyrics_are_found_by_id_and_by_name(with_lyrics, anna):
    (found,) = anna.call("getLyricsBySongId", id="one")["lyricsList"]["structuredLyrics"]
    assert found["synced"] is True
    assert found["lang"] == "und"
    assert found["line"] == [
        {"start": 1_500, "value": "First line"},
        {"start": 2_000, "value": "Second"},
    ]
    plain = anna.call("getLyrics", artist="the alphas", title="one")["lyrics"]
    assert (plain["artist"], plain["title"]) == ("The Alphas", "One")
    assert plain["value"] == "First line\nSecond"
    element = anna.xml("getLyricsBySongId", id="one")[0][0]
    assert [(one.get("start"), one.text) for one in element] == [
        ("1500", "First line"),
        ("2000", "Second"),
    ]


def test_missing_lyrics_are_empty(anna):
    assert anna.call("getLyrics", artist="nobody", title="one")["lyrics"]["value"] == ""
    assert anna.call("getLyrics")["lyrics"]["value"] == ""
    assert anna.call("getLyricsBySongId", id="two")["lyricsList"]["structuredLyrics"] == []
    assert anna.code("getLyricsBySongId", id="nothing") == 70


# the rest ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "wanted", "name"),
    [
        ("getPodcasts", {"includeEpisodes": "true"}, "podcasts"),
        ("getNewestPodcasts", {}, "newestPodcasts"),
        ("getShares", {}, "shares"),
        ("getChatMessages", {}, "chatMessages"),
        ("getVideos", {}, "videos"),
    ],
)
def test_lists_of_what_is_not_offered_are_empty(anna, method, wanted, name):
    (items,) = anna.call(method, **wanted)[name].values()
    assert items == []
    assert len(anna.xml(method, **wanted)[0]) == 0


def test_jukebox_is_empty_and_cannot_be_controlled(anna):
    assert anna.call("jukeboxControl", action="get")["jukeboxPlaylist"]["entry"] == []
    assert anna.call("jukeboxControl", action="status")["jukeboxStatus"]["playing"] is False
    assert anna.code("jukeboxControl", action="start") == 50
    assert anna.code("jukeboxControl", action="dance") == 0


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("createShare", 50),
        ("createPodcastChannel", 50),
        ("addChatMessage", 10),
        ("getVideoInfo", 10),
        ("hls.m3u8", 10),
        ("createUser", 50),
        ("changePassword", 50),
        ("noSuchMethod", 0),
    ],
)
def test_failed_method_has_http_status_200(anna, method, code):
    answer = anna.ask(method)
    assert answer.status_code == 200
    assert anna.code(method) == code


def test_unexpected_failure_is_a_failed_document(anna, monkeypatch):
    def fail(*_):
        raise RuntimeError("a secret path")

    monkeypatch.setattr("segue.library.player_store.PlayerStore.queue", fail)
    answer = anna.ask("getPlayQueue")
    assert answer.status_code == 200
    assert answer.json()["subsonic-response"]["error"]["code"] == 0
    assert "secret" not in answer.text
