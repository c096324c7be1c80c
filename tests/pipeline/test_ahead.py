"""Whoever did something is scored before they ask, and nobody in vain for long."""

import subprocess
import sys
import threading
import time

import pytest

from segue.errors import LibraryError
from segue.library import Library
from segue.pipeline.live import preparing
from segue.pipeline.live.ahead import MOST_IN_VAIN, Ahead


def test_who_did_something_first_is_scored_first_and_once():
    ahead = Ahead(lambda user: True)
    assert ahead.heard(["a", "b"])
    ahead.heard(["a"])
    assert [ahead.next(), ahead.next(), ahead.next()] == ["a", "b", None]


def test_only_those_are_scored_whose_lists_are_made_here():
    ahead = Ahead({"a"}.__contains__)
    assert not ahead.heard(["b"])
    assert ahead.next() is None


def test_who_has_asked_meanwhile_is_scored_already():
    ahead = Ahead(lambda user: True)
    ahead.heard(["a"])
    ahead.asked("a")
    assert ahead.next() is None


def test_who_never_asks_is_not_scored_again_until_they_do():
    ahead = Ahead(lambda user: True)
    scored = []
    for _ in range(3 * MOST_IN_VAIN):
        ahead.heard(["a"])
        scored.append(ahead.next())
    assert scored.count("a") == MOST_IN_VAIN
    ahead.asked("a")
    ahead.heard(["a"])
    assert ahead.next() == "a"


def test_a_preparation_ends_when_nobody_waits_for_it(tmp_path, monkeypatch):
    library = Library(tmp_path / "my.segue")
    monkeypatch.setattr(preparing, "is_small", lambda library: False)
    started = subprocess.Popen

    def long(command, **more):
        return started([sys.executable, "-c", "import time; time.sleep(60)"], **more)

    monkeypatch.setattr(subprocess, "Popen", long)
    stopping = threading.Event()
    threading.Timer(0.2, stopping.set).start()
    began = time.monotonic()
    with pytest.raises(LibraryError, match=r"could not be prepared \(it was stopped\)"):
        preparing.prepare_apart(library, stopping=stopping)
    assert time.monotonic() - began < 30
