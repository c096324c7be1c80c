"""Test garbage collection in idle time."""

import gc
import weakref

import pytest
from tests.serve.conftest import Client

from segue.serve.app import make_app
from segue.serve.memory import COLLECT_SECONDS, IdleGarbageCollector


class Node:
    """Something that refers to itself, so that only the collector finds it."""

    def __init__(self):
        self.own = self


@pytest.fixture
def thresholds():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_idle_collection_runs_after_interval():
    now = [0.0]
    tidy = IdleGarbageCollector(lambda: now[0])
    gc.collect()
    gc.disable()
    try:
        gone = weakref.ref(Node())
        now[0] = COLLECT_SECONDS - 1
        assert not tidy()
        assert gone() is not None
        now[0] = COLLECT_SECONDS
        assert not tidy()
        assert gone() is None
        gone = weakref.ref(Node())
        now[0] += COLLECT_SECONDS / 2
        tidy()
        assert gone() is not None
    finally:
        gc.enable()


def test_raise_threshold_makes_full_collections_rare(thresholds):
    looked = []

    def note(phase, info):
        if phase == "stop" and info["generation"] == 2:
            looked.append(info)

    IdleGarbageCollector().raise_threshold()
    gc.collect()
    gc.callbacks.append(note)
    try:
        lists = [[[] for _ in range(100)] for _ in range(5_000)]
    finally:
        gc.callbacks.remove(note)
    assert len(lists) == 5_000
    assert not looked


@pytest.fixture
def unfrozen():
    yield
    gc.unfreeze()


def test_make_app_leaves_garbage_collection_of_its_process_alone(directory, thresholds, unfrozen):
    before = gc.get_threshold(), gc.get_freeze_count()
    with Client(make_app(directory)) as client:
        client.log_in("anna")
        assert client.get("/api/v1/recommend").status_code == 200
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_own_process_freezes_objects_and_collects_rarely(directory, thresholds, unfrozen):
    with Client(make_app(directory, own_process=True)) as client:
        client.log_in("anna")
        assert client.get("/api/v1/recommend").status_code == 200
        assert gc.get_freeze_count() > 100_000
        assert gc.get_threshold()[2] > 100
