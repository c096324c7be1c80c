"""Clients of a process that is behind move to another, a few at a time."""

import pytest
from tests.serve.conftest import Client

from segue.serve.app import make_app
from segue.serve.moving import PAUSE, WAITED, Moving
from segue.serve.settings import Settings


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_one_at_a_time_is_let_go_by_a_process_that_is_behind():
    clock = Clock()
    moving = Moving(2, clock)
    assert not moving.now(1.0)  # it has only begun
    clock.now += 2 * PAUSE
    assert not moving.now(WAITED / 2)  # nobody waits
    assert moving.now(1.0)
    assert not moving.now(1.0)
    clock.now += 2 * PAUSE
    assert moving.now(1.0)


def test_where_there_is_no_other_process_everybody_stays():
    clock = Clock()
    moving = Moving(1, clock)
    clock.now += 60
    assert not moving.now(60.0)


@pytest.mark.parametrize(("workers", "header"), [(1, None), (2, "close")])
def test_a_list_that_was_waited_for_tells_to_connect_anew(directory, monkeypatch, workers, header):
    monkeypatch.setattr("segue.serve.moving.WAITED", -1.0)
    monkeypatch.setattr("segue.serve.moving.PAUSE", -1.0)
    with Client(make_app(directory, Settings(workers=workers))) as client:
        answer = client.log_in("anna").get("/api/v1/recommend")
    assert answer.status_code == 200
    assert answer.headers.get("connection") == header
