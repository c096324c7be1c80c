"""Test feedback: on disk before the response, and counted once."""

import sqlite3
import time

import pytest
from tests.serve.conftest import ODD, Client, is_problem


def event(key, track_id="t05", kind="play", **more):
    return {"key": key, "track_id": track_id, "kind": kind, **more}


@pytest.mark.sqlite
def test_repeated_event_counts_once(anna, directory):
    batch = {"events": [event("1"), event("2", ODD), event("1")]}
    first = anna.post("/api/v1/feedback", json=batch).json()
    assert [each["status"] for each in first["events"]] == ["stored", "stored", "duplicate"]
    again = anna.post("/api/v1/feedback", json=batch).json()
    assert {each["status"] for each in again["events"]} == {"duplicate"}
    with sqlite3.connect(directory / "library.db") as database:
        assert database.execute("SELECT count(*) FROM feedback").fetchone() == (2,)


@pytest.mark.sqlite
def test_batch_is_stored_completely_or_not(anna, directory):
    batch = {"events": [event("1"), event("2", "nothing")]}
    assert is_problem(anna.post("/api/v1/feedback", json=batch), 404, "unknown-track")
    with sqlite3.connect(directory / "library.db") as database:
        assert database.execute("SELECT count(*) FROM feedback").fetchone() == (0,)


def test_latest_opinion_counts_and_can_be_cleared(anna):
    for number, (kind, opinion) in enumerate(
        [("like", "like"), ("dislike", "dislike"), ("clear", None)]
    ):
        batch = {"events": [event(str(number), kind=kind)]}
        anna.post("/api/v1/feedback", json=batch)
        assert anna.get("/api/v1/tracks/t05").json()["opinion"] == opinion


@pytest.mark.parametrize(
    "wrong",
    [
        event(""),
        event("k" * 201),
        event("1", kind="love"),
        event("1", kind="undo"),
        event("1", undoes="0"),
        event("1", at=-1),
        event("1", at=1e300),
        event("1", ms_played=-5),
        event("1", ms_played=1e18),
        event("1", ""),
        {"key": "1"},
        event("1") | {"user": "ben"},
    ],
)
def test_invalid_event_is_rejected(anna, wrong):
    assert is_problem(anna.post("/api/v1/feedback", json={"events": [wrong]}), 422, "invalid")


def test_future_event_is_rejected(anna):
    late = {"events": [event("1", at=time.time() + 3 * 86_400)]}
    assert is_problem(anna.post("/api/v1/feedback", json=late), 422, "invalid")


def test_empty_or_large_batch_is_rejected(anna):
    for events in ([], [event(str(number)) for number in range(1_001)]):
        answer = anna.post("/api/v1/feedback", json={"events": events})
        assert is_problem(answer, 422, "invalid")


def test_undo_removes_the_listen_of_a_skip(anna):
    def history():
        return [
            each["track"]["track_id"] for each in anna.get("/api/v1/me/history").json()["items"]
        ]

    before = history()
    skips = [event("a", kind="skip", ms_played=900), event("b", "t06", kind="skip", ms_played=900)]
    anna.post("/api/v1/feedback", json={"events": skips})
    assert len(history()) == len(before) + 2
    undo = {"events": [event("c", kind="undo", undoes="a")]}
    assert anna.post("/api/v1/feedback", json=undo).status_code == 200
    assert history() == ["t06", *before]
    unknown = {"events": [event("d", kind="undo", undoes="nothing")]}
    assert anna.post("/api/v1/feedback", json=unknown).status_code == 200
    assert history() == ["t06", *before]


def test_undo_of_another_listeners_skip_does_nothing(app):
    with Client(app) as one, Client(app) as other:
        anna, ben = one.log_in("anna"), other.log_in("ben")
        anna.post("/api/v1/feedback", json={"events": [event("a", kind="skip")]})
        before = anna.get("/api/v1/me/history").json()["items"]
        ben.post("/api/v1/feedback", json={"events": [event("b", kind="undo", undoes="a")]})
        assert anna.get("/api/v1/me/history").json()["items"] == before


def test_feedback_requires_listener(client):
    answer = client.post("/api/v1/feedback", json={"events": [event("1")]})
    assert is_problem(answer, 401, "no-session")


def test_history_pages_stay_stable(anna):
    first = anna.get("/api/v1/me/history?limit=2").json()
    assert [each["track"]["track_id"] for each in first["items"]] == ["t09", "t06"]
    anna.post("/api/v1/feedback", json={"events": [event("1", "t08")]})
    rest = anna.get(f"/api/v1/me/history?limit=2&cursor={first['next']}").json()
    assert [each["track"]["track_id"] for each in rest["items"]] == ["t03", "t00"]
    assert rest["next"] is None
    latest = anna.get("/api/v1/me/history?limit=1").json()["items"][0]
    assert (latest["track"]["track_id"], latest["kind"]) == ("t08", "play")
