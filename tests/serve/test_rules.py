"""Test rules of the current listener: what is not learned from, and what is never played."""

import sqlite3

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem

RULES = "/api/v1/me/rules"


def add(client, effect, kind, value):
    answer = client.post(RULES, json={"effect": effect, "kind": kind, "value": value})
    assert answer.status_code == 201, answer.text
    return answer.json()["rule"]


def listed(client):
    return client.get(RULES).json()["items"]


def test_rules_are_added_listed_and_removed(anna):
    assert listed(anna) == []
    track = add(anna, "play", "track", "t03")
    night = add(anna, "learn", "hours", "20-7 Europe/Berlin")
    assert track["text"] == "Band 3 - Piece 3"
    assert night["value"] == "20:00-07:00 Europe/Berlin"
    assert add(anna, "play", "track", "t03") == track
    assert listed(anna) == [track, night]
    assert anna.delete(f"{RULES}/{track['number']}").status_code == 204
    assert listed(anna) == [night]
    assert is_problem(anna.delete(f"{RULES}/{track['number']}"), 404, "unknown-rule")


def test_unknown_name_gets_a_hint(anna):
    body = {"effect": "play", "kind": "artist", "value": "Band 33"}
    assert "did you mean 'Band 3'" in anna.post(RULES, json=body).json()["hints"][0]


@pytest.mark.parametrize(
    ("effect", "kind", "value", "status", "problem"),
    [
        ("play", "session", "now", 422, "invalid"),
        ("learn", "hours", "20-7", 422, "invalid"),
        ("learn", "mood", "sad", 422, "invalid"),
        ("learn", "artist", " ", 422, "invalid"),
        ("learn", "artist", "x" * 1_001, 422, "invalid"),
        ("learn", "track", "nothing", 404, "unknown-track"),
        ("learn", "playlist", "nothing", 404, "unknown-playlist"),
    ],
)
def test_bad_rule_is_rejected(anna, effect, kind, value, status, problem):
    answer = anna.post(RULES, json={"effect": effect, "kind": kind, "value": value})
    assert is_problem(answer, status, problem)


def test_rules_need_a_listener(client):
    assert is_problem(client.get(RULES), 401, "no-session")


def test_rules_of_one_account_are_hidden_from_another(guarded):
    with Client(guarded) as one, Client(guarded) as other:
        anna, ben = one.log_in("anna", PASSWORD), other.log_in("ben", PASSWORD)
        number = add(anna, "play", "artist", "Band 1")["number"]
        assert listed(ben) == []
        assert is_problem(ben.delete(f"{RULES}/{number}"), 404, "unknown-rule")
        assert is_problem(ben.post(f"{RULES}/{number}/end"), 404, "unknown-rule")
        assert len(listed(anna)) == 1


def ids(items):
    return {each["track"]["track_id"] for each in items}


def test_tracks_that_are_never_played_leave_every_list(anna):
    posts = {
        "recommend": {"k": 20},
        "radio": {"k": 20, "like": ["t01"]},
    }
    before = {
        path: ids(anna.post(f"/api/v1/{path}", json=body).json()["tracks"])
        for path, body in posts.items()
    }
    etag = anna.get("/api/v1/tracks/t01/similar").headers["etag"]
    add(anna, "play", "artist", "Band 2")
    barred = {"t02", "t06", "t10"}
    for path, body in posts.items():
        assert before[path] & barred
        assert not ids(anna.post(f"/api/v1/{path}", json=body).json()["tracks"]) & barred
    similar = anna.get("/api/v1/tracks/t01/similar", headers={"If-None-Match": etag})
    assert similar.status_code == 200
    assert not ids(similar.json()["tracks"]) & barred


def test_ignored_plays_stay_in_the_history(anna):
    liked = anna.get("/api/v1/me").json()
    rule = add(anna, "learn", "genre", "high")
    assert anna.get("/api/v1/me").json()["n_liked"] < liked["n_liked"]
    assert anna.get("/api/v1/me").json()["n_known"] == liked["n_known"]
    assert len(anna.get("/api/v1/me/history").json()["items"]) == 4
    anna.delete(f"{RULES}/{rule['number']}")
    assert anna.get("/api/v1/me").json()["n_liked"] == liked["n_liked"]


def test_private_session_lasts_until_it_ends(anna):
    play = {"key": "1", "track_id": "t05", "kind": "play"}
    before = anna.get("/api/v1/me").json()["n_liked"]
    session = add(anna, "learn", "session", "now")
    assert session["value"].endswith("/..")
    anna.post("/api/v1/feedback", json={"events": [play]})
    assert anna.get("/api/v1/me").json()["n_liked"] == before
    ended = anna.post(f"{RULES}/{session['number']}/end").json()
    assert not ended["value"].endswith("/..")
    assert anna.post(f"{RULES}/{session['number']}/end").json() == ended


@pytest.mark.sqlite
def test_feedback_stores_private_and_recommended(anna, directory):
    events = [
        {"key": "1", "track_id": "t05", "kind": "play", "private": True},
        {"key": "2", "track_id": "t07", "kind": "play", "recommended": True},
        {"key": "3", "track_id": "t08", "kind": "skip", "recommended": False},
        {"key": "4", "track_id": "t09", "kind": "play"},
    ]
    before = anna.get("/api/v1/me").json()["n_known"]
    done = anna.post("/api/v1/feedback", json={"events": events}).json()["events"]
    assert {each["status"] for each in done} == {"stored"}
    with sqlite3.connect(directory / "library.db") as database:
        query = "SELECT private, recommended FROM listens WHERE dataset = 'live' ORDER BY id"
        assert database.execute(query).fetchall() == [(1, None), (None, 1), (None, 0), (None, None)]
    assert anna.get("/api/v1/me").json()["n_known"] == before + 2  # t09 was known


def test_private_like_is_rejected(anna):
    like = {"key": "1", "track_id": "t05", "kind": "like", "private": True}
    answer = anna.post("/api/v1/feedback", json={"events": [like]})
    assert is_problem(answer, 422, "invalid")
    assert "Only a play or skip can be private" in answer.json()["detail"]
