"""Test the settings of services that plays are sent to, and that they are sent."""

import json
import time

import pytest
from tests.recorded_services import TOKEN, RecordedServices
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.cli import app as command_line
from segue.library import Library
from segue.pipeline.history import forwarding

PATH = "/api/v1/me/services"


@pytest.fixture
def services():
    made = RecordedServices()
    yield made
    made.close()


def connect(client, services, service="listenbrainz", **more):
    body = {"service": service, "token": TOKEN, "url": services.url, **more}
    return client.post(PATH, json=body)


def test_play_on_the_page_is_sent(directory, services, app, monkeypatch):
    monkeypatch.setattr(forwarding, "POLL_SECONDS", 0.05)
    with Client(app) as client:
        client.log_in("anna")
        assert connect(client, services).json()["account"] == "anna_lb"
        event = {"key": "1", "track_id": "t00", "kind": "play", "at": 1_700_000_000.4}
        private = {**event, "key": "2", "track_id": "t01", "private": True}
        answer = client.post("/api/v1/feedback", json={"events": [event, private]})
        assert answer.status_code == 200
        until = time.monotonic() + 60
        while not services.listens and time.monotonic() < until:
            time.sleep(0.05)
        assert services.sent() == [("Band 0", "Piece 0", 1_700_000_000)]
        while client.get(PATH).json()["items"][0]["waiting"] and time.monotonic() < until:
            time.sleep(0.05)
        (item,) = client.get(PATH).json()["items"]
        assert (item["sent"], item["waiting"], item["error"]) == (1, 0, None)


def test_track_that_the_page_plays_is_shown(directory, services, app, monkeypatch):
    monkeypatch.setattr(forwarding, "POLL_SECONDS", 0.05)
    with Client(app) as client:
        client.log_in("anna")
        connect(client, services)
        playing = {"track_id": "t01", "state": "playing", "position": 2.5}
        for _ in range(2):
            assert client.post("/api/v1/playing-now", json=playing).status_code == 204
        until = time.monotonic() + 60
        while not services.playing and time.monotonic() < until:
            time.sleep(0.05)
        assert services.playing == ["Piece 1"]
        ((player, shown),) = client.app.state.app_state.library.playback.of("anna")
        assert (player, shown.track_id, shown.state, shown.position) == (
            "segue",
            "t01",
            "playing",
            2.5,
        )
        other = {**playing, "track_id": "t02"}
        client.post("/api/v1/playing-now", json=other)
        client.post("/api/v1/playing-now", json={**other, "state": "stopped"})
        assert client.get(PATH).json()["items"][0]["waiting"] == 0
        unknown = client.post("/api/v1/playing-now", json={**playing, "track_id": "nothing"})
        assert is_problem(unknown, 404, "unknown-track")


def test_services_never_show_credentials(anna, services, directory):
    connect(anna, services)
    more = {"username": "anna", "password": TOKEN, "api_key": "k", "api_secret": "hidden-secret"}
    assert connect(anna, services, "lastfm", **{**more, "url": f"{services.url}/2.0"}).is_success
    text = anna.get(PATH).text + anna.get("/api/v1/me").text
    assert TOKEN not in text
    assert "hidden-secret" not in text
    assert "session-key" not in text


def test_service_can_be_changed_and_removed(anna, services):
    connect(anna, services)
    path = f"{PATH}/listenbrainz"
    item = anna.patch(path, json={"forwards": False, "fetches": True}).json()
    assert (item["forwards"], item["fetches"]) == (False, True)
    assert anna.delete(path).status_code == 204
    assert is_problem(anna.delete(path), 404, "not-found")
    assert is_problem(anna.patch(path, json={}), 404, "not-found")
    assert anna.get(PATH).json()["items"] == []


def test_wrong_credentials_are_problems(anna, services):
    assert is_problem(connect(anna, services, token="wrong"), 422, "invalid")  # noqa: S106
    assert is_problem(anna.post(PATH, json={"service": "lastfm"}), 422, "invalid")
    assert is_problem(anna.post(PATH, json={"service": "other"}), 422, "invalid")
    services.failures = [503]
    assert is_problem(connect(anna, services), 503, "unavailable")
    assert anna.get(PATH).json()["items"] == []


def test_only_admins_give_addresses(guarded, services):
    with Client(guarded) as client:
        client.log_in("ben", PASSWORD)
        assert is_problem(connect(client, services), 422, "invalid")
        assert services.requests == []


def run(capsys, monkeypatch, *arguments, said=""):
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    with pytest.raises(SystemExit) as ended:
        command_line([*map(str, arguments)])
    return ended.value.code, capsys.readouterr()


def test_command_line_connects_sends_and_removes(directory, services, capsys, monkeypatch):
    forward = ("user", "forward", "anna")
    own = ("--library", directory, "--json")
    connected = (*forward, "listenbrainz", "--url", services.url, "--stdin", *own)
    code, said = run(capsys, monkeypatch, *connected, said=f"{TOKEN}\n")
    assert code == 0, said.err
    (item,) = json.loads(said.out)["services"]
    assert (item["service"], item["account"]) == ("listenbrainz", "anna_lb")
    assert TOKEN not in said.out
    library = Library(directory)
    from segue.library import Event

    library.feedback.add([Event(user="anna", track_id="t00", kind="play", key="1", at=1.7e9)])
    library.close()
    _, said = run(capsys, monkeypatch, *forward, "--send", *own)
    assert json.loads(said.out)["services"][0]["sent"] == 1
    assert len(services.listens) == 1
    _, said = run(capsys, monkeypatch, *forward, "listenbrainz", "--off", *own)
    assert json.loads(said.out)["services"][0]["forwards"] is False
    code, said = run(capsys, monkeypatch, *forward, "--library", directory)
    assert "listenbrainz" in said.out
    _, said = run(capsys, monkeypatch, *forward, "listenbrainz", "--remove", *own)
    assert json.loads(said.out)["services"] == []
    code, said = run(capsys, monkeypatch, *forward, "listenbrainz", "--off", *own)
    assert (code, "connect it first" in " ".join(said.err.split())) == (1, True)
