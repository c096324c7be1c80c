"""Test stars, ratings, plays and playback reports of players."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from tests.serve.subsonic.conftest import Player

from segue.library import Library
from segue.pipeline.history import playback
from segue.serve.app import make_app


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch):
    """Stop the clock of playback reports: a slow machine does not move positions."""
    now = time.time()
    monkeypatch.setattr(playback, "time", SimpleNamespace(time=lambda: now))


def events(library, user="anna"):
    return [(one.kind, one.track_id) for one in library.feedback.after(0) if one.user == user]


def starred(anna, kind="song"):
    return [one["id"] for one in anna.call("getStarred2")["starred2"][kind]]


# stars and ratings -------------------------------------------------------------------------------


def test_star_is_a_like_until_unstarred(anna, library):
    anna.call("star", id=["one", "two"])
    assert set(starred(anna)) == {"one", "two"}
    assert "starred" in anna.song("one")
    anna.call("unstar", id="one")
    assert starred(anna) == ["two"]
    assert "starred" not in anna.song("one")
    assert events(library) == [("like", "one"), ("like", "two"), ("clear", "one")]


def test_star_twice_keeps_first_time(anna, library):
    anna.call("star", id="one")
    first = anna.song("one")["starred"]
    anna.call("star", id="one")
    assert anna.song("one")["starred"] == first
    assert events(library) == [("like", "one")]


@pytest.mark.parametrize(
    ("rating", "kinds"),
    [(5, ["like"]), (4, ["like"]), (3, []), (2, ["dislike"]), (1, ["dislike"]), (0, [])],
)
def test_rating_is_returned_and_is_an_opinion(anna, library, rating, kinds):
    anna.call("setRating", id="one", rating=rating)
    assert anna.song("one").get("userRating", 0) == rating
    assert "starred" not in anna.song("one")
    assert [kind for kind, _ in events(library)] == kinds


def test_star_and_rating_are_independent(anna, library):
    anna.call("setRating", id="one", rating=4)
    anna.call("star", id="one")
    song = anna.song("one")
    assert song["userRating"] == 4
    assert "starred" in song
    anna.call("setRating", id="one", rating=0)
    assert starred(anna) == ["one"]
    assert events(library) == [("like", "one")]


def test_latest_opinion_counts(anna, library):
    anna.call("setRating", id="one", rating=1)
    anna.call("star", id="one")
    anna.call("unstar", id="one")
    assert events(library) == [("dislike", "one"), ("like", "one"), ("dislike", "one")]


def test_opinion_of_page_is_shown_to_players(anna):
    anna.client.log_in("anna")
    anna.call("star", id="two")

    def say(kind, track_id):
        event = {"key": f"{kind} {track_id}", "track_id": track_id, "kind": kind}
        assert anna.client.post("/api/v1/feedback", json={"events": [event]}).status_code == 200

    say("like", "one")
    assert set(starred(anna)) == {"one", "two"}
    say("dislike", "two")
    assert starred(anna) == ["one"]
    assert anna.song("two")["userRating"] == 1
    say("clear", "one")
    assert "starred" not in anna.song("one")


def test_album_and_artist_stars_are_separate(anna, library):
    song = anna.song("one")
    anna.call("star", albumId=song["albumId"], artistId=song["artistId"])
    assert starred(anna, "album") == [song["albumId"]]
    assert starred(anna, "artist") == [song["artistId"]]
    assert events(library) == []
    anna.call("unstar", id=song["albumId"])  # older players name anything by `id`
    assert starred(anna, "album") == []
    anna.call("setRating", id=song["artistId"], rating=5)
    assert anna.call("getArtist", id=song["artistId"])["artist"]["userRating"] == 5


def test_star_with_unknown_id_changes_nothing(anna, library):
    assert anna.code("star", id=["one", "nothing"]) == 70
    assert events(library) == []


# plays -------------------------------------------------------------------------------------------


def test_scrobble_of_several_songs_keeps_times(anna, library):
    anna.call("scrobble", id=["one", "two"], time=["1600000000000", "1600000200000"])
    assert [one.at for one in library.feedback.after(0)] == [1_600_000_000.0, 1_600_000_200.0]
    song = anna.song("one")
    assert song["playCount"] == 1
    assert song["played"] == "2020-09-13T12:26:40.000Z"


def test_scrobble_with_time_counts_once(anna, library):
    for _ in range(3):
        anna.call("scrobble", id="one", time="1600000000000")
    assert events(library) == [("play", "one")]
    assert anna.song("one")["playCount"] == 1


def test_scrobble_without_time_is_now(anna, library):
    before = time.time()
    anna.call("scrobble", id="one")
    (event,) = library.feedback.after(0)
    assert before <= event.at <= time.time()


def test_scrobble_ignores_unknown_songs(anna, library):
    anna.call("scrobble", id=["nothing", "one"], time=["1600000000000", "1600000200000"])
    assert [one.at for one in library.feedback.after(0)] == [1_600_000_200.0]
    assert anna.code("scrobble", id="nothing") == 70


def test_now_playing_is_shown_and_not_counted(anna, library):
    anna.call("scrobble", id="one", submission="false")
    (entry,) = anna.call("getNowPlaying")["nowPlaying"]["entry"]
    assert (entry["id"], entry["username"], entry["playerName"]) == ("one", "anna", "test")
    assert (entry["minutesAgo"], entry["state"]) == (0, "playing")
    assert events(library) == []


# reports -----------------------------------------------------------------------------------------


def report(anna, media, state, seconds, **more):
    return anna.call(
        "reportPlayback",
        mediaId=media,
        mediaType="song",
        positionMs=int(seconds * 1_000),
        state=state,
        **more,
    )


@pytest.mark.parametrize(
    ("seconds", "kinds"), [(0.5, ["skip"]), (1.5, []), (2.0, ["play"]), (4.0, ["play"])]
)
def test_stop_position_decides_play_or_skip(anna, library, seconds, kinds):
    report(anna, "one", "starting", 0)
    report(anna, "one", "playing", 0)
    report(anna, "one", "stopped", seconds)
    assert [kind for kind, _ in events(library)] == kinds


def test_repeated_report_counts_once(anna, library):
    for state, seconds in [("starting", 0), ("playing", 1), ("stopped", 3), ("stopped", 3)]:
        report(anna, "one", state, seconds)
    report(anna, "one", "stopped", 0)
    assert events(library) == [("play", "one")]
    (event,) = library.feedback.after(0)
    assert event.ms_played == 3_000


def test_next_song_ends_previous_one(anna, library):
    report(anna, "one", "playing", 0.2)
    report(anna, "two", "starting", 0)
    report(anna, "two", "playing", 3)
    report(anna, "three", "starting", 0)
    assert events(library) == [("skip", "one"), ("play", "two")]


def test_restarted_song_is_not_skipped(anna, library):
    report(anna, "one", "playing", 0.2)
    report(anna, "one", "starting", 0)
    report(anna, "one", "stopped", 3)
    assert events(library) == [("play", "one")]


def test_song_never_started_is_not_skipped(anna, library):
    report(anna, "one", "starting", 0)
    report(anna, "two", "starting", 0)
    assert events(library) == []


def test_same_song_twice_is_two_plays(anna, library):
    for _ in range(2):
        report(anna, "one", "starting", 0)
        report(anna, "one", "stopped", 4)
    assert events(library) == [("play", "one"), ("play", "one")]


def test_ignored_report_is_shown_and_not_counted(anna, library):
    report(anna, "one", "playing", 1, ignoreScrobble="true")
    (entry,) = anna.call("getNowPlaying")["nowPlaying"]["entry"]
    assert entry["state"] == "playing"
    assert entry["positionMs"] >= 1_000
    report(anna, "one", "stopped", 4, ignoreScrobble="true")
    assert anna.call("getNowPlaying")["nowPlaying"]["entry"] == []
    assert events(library) == []


def test_report_and_scrobble_count_once(anna, library):
    report(anna, "one", "starting", 0)
    report(anna, "one", "playing", 2)
    anna.call("scrobble", id="one")
    anna.call("scrobble", id="one", time=str(int(time.time() * 1_000)))
    report(anna, "one", "stopped", 4)
    assert events(library) == [("play", "one")]


def test_players_of_one_listener_are_separate(anna, client, library):
    kitchen = Player(client, u="anna", p="x", c="kitchen")
    report(anna, "one", "playing", 0.2)
    report(kitchen, "two", "playing", 1)
    assert len(anna.call("getNowPlaying")["nowPlaying"]["entry"]) == 2
    report(kitchen, "two", "stopped", 4)
    assert events(library) == [("play", "two")]


def test_other_process_continues_playback(anna, directory, library):
    from tests.serve.conftest import Client

    report(anna, "one", "playing", 1)
    with Client(make_app(directory)) as other:
        elsewhere = Player(other, **anna.identity)
        (entry,) = elsewhere.call("getNowPlaying")["nowPlaying"]["entry"]
        assert entry["id"] == "one"
        report(elsewhere, "one", "stopped", 3)
        report(anna, "one", "stopped", 3)
    assert events(library) == [("play", "one")]


def test_parallel_reports_count_once(anna, library):
    report(anna, "one", "playing", 1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: report(anna, "one", "stopped", 4), range(8)))
    assert events(library) == [("play", "one")]


def test_position_beyond_end_is_end(anna, library):
    report(anna, "one", "stopped", 10**9)
    (event,) = library.feedback.after(0)
    assert event.ms_played == pytest.approx(4_000)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"state": "dancing"}, 0),
        ({"mediaType": "video"}, 0),
        ({"mediaType": "podcast"}, 70),
        ({"mediaId": "nothing"}, 70),
        ({"positionMs": -1}, 0),
        ({"positionMs": "nan"}, 0),
        ({"playbackRate": "nan"}, 0),
        ({"ignoreScrobble": "perhaps"}, 0),
        ({"state": ""}, 10),
    ],
)
def test_invalid_report_is_rejected(anna, library, wrong, code):
    right = {"mediaId": "one", "mediaType": "song", "positionMs": 4_000, "state": "stopped"}
    assert anna.code("reportPlayback", **(right | wrong)) == code
    assert events(library) == []


def test_answered_feedback_is_on_disk(anna, directory):
    anna.call("star", id="one")
    anna.call("scrobble", id="two", time="1600000000000")
    again = Library(directory)
    assert events(again) == [("like", "one"), ("play", "two")]
    again.close()
