"""Test event streams about changes by this process or another."""

import asyncio
import json

import pytest
from tests.serve.running import run

from segue.library import Event
from segue.serve import event_broadcaster
from segue.serve.app_state import AppState
from segue.serve.settings import Settings


@pytest.fixture
def app_state(directory, monkeypatch):
    monkeypatch.setattr(event_broadcaster, "POLL_SECONDS", 0.02)
    app_state = AppState(directory, Settings())
    yield app_state
    app_state.library.close()


def followed(app_state, names, act, n_events):
    """Return the events of some listeners while `act` is done by another process."""

    async def follow(name, told):
        async for event in app_state.broadcaster.follow(name, admin=False):
            if event.startswith(b"event:"):
                kind, data = event.decode().strip().split("\n")
                told.append((kind.removeprefix("event: "), json.loads(data[5:])))

    async def all_of_it():
        told = {name: [] for name in names}
        tasks = [asyncio.create_task(follow(name, told[name])) for name in names]
        await asyncio.sleep(0.2)
        await asyncio.to_thread(act)
        for _ in range(200):
            if sum(map(len, told.values())) >= n_events:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        app_state.broadcaster.stop()
        await asyncio.gather(*tasks)
        return told

    return run(all_of_it())


def test_feedback_event_reaches_own_listener_only(app_state, directory):
    def act():
        other = AppState(directory, Settings())
        other.library.feedback.add([Event(user="anna", track_id="t05", kind="like", key="1")])
        other.library.close()

    told = followed(app_state, ["anna", "ben"], act, 1)
    assert [kind for kind, _ in told["anna"]] == ["list"]
    assert told["ben"] == []


def test_library_event_reaches_all(app_state, directory):
    def act():
        other = AppState(directory, Settings())
        other.library.record_run("train", {})
        other.library.close()

    told = followed(app_state, ["anna", None], act, 2)
    assert [kind for kind, _ in told["anna"]] == ["library"]
    assert told["anna"] == told[None]


def test_polling_stops_without_subscribers(app_state):
    followed(app_state, ["anna"], lambda: None, 0)
    assert app_state.broadcaster._polling is None
