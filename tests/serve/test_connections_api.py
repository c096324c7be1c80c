"""Test connections to media servers over the API."""

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem
from tests.servers.lyrion import PASSWORD as SERVER_PASSWORD
from tests.servers.lyrion import USER, SimulatedLyrion

from segue.library import Library
from segue.pipeline.connections.sync import sync

CONNECTIONS = "/api/v1/connections"


@pytest.fixture
def lyrion():
    simulated = SimulatedLyrion(3, is_protected=True)
    yield simulated
    simulated.close()


def body(server, **more):
    given = {"kind": "lyrion", "url": server.url, "user": USER, "password": SERVER_PASSWORD}
    return {**given, **more}


def test_connection_is_added_listed_and_removed(anna, lyrion):
    assert anna.get(CONNECTIONS).json() == {"items": [], "next": None}
    made = anna.post(CONNECTIONS, json=body(lyrion, listener="ben", writes_playlists=False))
    assert made.status_code == 200, made.text
    assert made.json() == {
        "name": "lyrion",
        "kind": "lyrion",
        "url": lyrion.url,
        "writes_playlists": False,
        "tracks": 0,
        "matched": 0,
        "accounts": [{"user": USER, "listener": "ben", "synced": None, "error": None}],
    }
    listed = anna.get(CONNECTIONS)
    assert listed.json()["items"] == [made.json()]
    assert SERVER_PASSWORD not in listed.text + made.text
    assert anna.delete(f"{CONNECTIONS}/lyrion").status_code == 204
    assert anna.get(CONNECTIONS).json()["items"] == []
    assert is_problem(anna.delete(f"{CONNECTIONS}/lyrion"), 404, "unknown-connection")


def test_failed_pass_is_listed_with_its_reason(anna, directory, lyrion):
    anna.post(CONNECTIONS, json=body(lyrion))
    lyrion.answer = lambda _: (401, b"")
    error = sync(directory).error
    (one,) = anna.get(CONNECTIONS).json()["items"]
    assert "refuses the account" in error
    assert one["accounts"][0]["error"] == error


@pytest.mark.parametrize(
    "more",
    [
        {"password": "wrong"},
        {"kind": "napster"},
        {"url": "ftp://music.home"},
        {"url": "http://anna:secret@music.home"},
        {"url": "http://127.0.0.1:1"},
        {"token": "x"},
        {"path_map": []},
        {"listener": "x" * 900},
    ],
)
def test_bad_connection_is_rejected(anna, lyrion, more):
    answer = anna.post(CONNECTIONS, json=body(lyrion, **more))
    assert is_problem(answer, 422, "invalid")
    assert "secret@" not in answer.text
    assert anna.get(CONNECTIONS).json()["items"] == []


def test_connections_are_for_admins(guarded, directory, lyrion):
    with Client(guarded) as one:
        assert is_problem(one.get(CONNECTIONS), 401, "no-session")
        ben = one.log_in("ben", PASSWORD)
        assert is_problem(ben.get(CONNECTIONS), 403, "forbidden")
        assert is_problem(ben.post(CONNECTIONS, json=body(lyrion)), 403, "forbidden")
        assert is_problem(ben.delete(f"{CONNECTIONS}/lyrion"), 403, "forbidden")
        anna = one.log_in("anna", PASSWORD)
        assert anna.post(CONNECTIONS, json=body(lyrion)).status_code == 200
        assert anna.delete(f"{CONNECTIONS}/lyrion").status_code == 204
    library = Library(directory)
    notes = {(one.what, one.who) for one in library.audit.entries()}
    library.close()
    assert notes >= {
        ("media server connected", "anna"),
        ("media server disconnected", "anna"),
    }


def test_connection_is_synchronized_by_a_job(anna, lyrion):
    anna.post(CONNECTIONS, json=body(lyrion))
    answer = anna.post("/api/v1/jobs", json={"verb": "sync"})
    assert (answer.status_code, answer.json()["verb"]) == (202, "sync")


def test_track_of_a_connected_server_plays_now(anna, app, directory, lyrion):
    anna.post(CONNECTIONS, json=body(lyrion, listener="anna"))
    assert sync(directory).error is None
    lyrion.playing = {"Kitchen": 2}
    app.state.app_state.now_playing.read()
    answer = anna.get("/1/user/anna/playing-now").json()["payload"]
    assert [one["track_metadata"]["track_name"] for one in answer["listens"]] == ["Piece 2"]
    shown = anna.get("/rest/getNowPlaying?u=anna&p=x&v=1.16.1&c=test&f=json").json()
    (entry,) = shown["subsonic-response"]["nowPlaying"]["entry"]
    assert (entry["title"], entry["playerName"]) == ("Piece 2", "lyrion (anna): Kitchen")
    lyrion.playing = {"Kitchen": None}
    app.state.app_state.now_playing.read()
    assert anna.get("/1/user/anna/playing-now").json()["payload"]["listens"] == []
