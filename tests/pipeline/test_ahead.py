"""Whoever did something is scored before they ask, and nobody in vain for long."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from segue.errors import LibraryError
from segue.library import Library
from segue.pipeline.live import Live, preparing
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


def test_who_was_pushed_out_while_they_waited_is_passed_over():
    kept = {"a", "b"}
    ahead = Ahead(kept.__contains__)
    ahead.heard(["a", "b"])
    kept.remove("a")
    assert [ahead.next(), ahead.next()] == ["b", None]


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


@pytest.fixture
def long_preparation(monkeypatch):
    """Let a preparation take a minute."""
    monkeypatch.setattr(preparing, "is_small", lambda library: False)
    started = subprocess.Popen

    def long(command, **more):
        return started([sys.executable, "-c", "import time; time.sleep(60)"], **more)

    monkeypatch.setattr(subprocess, "Popen", long)


def test_a_preparation_ends_when_nobody_waits_for_it(tmp_path, long_preparation):
    library = Library(tmp_path / "my.segue")
    stopping = threading.Event()
    threading.Timer(0.2, stopping.set).start()
    began = time.monotonic()
    with pytest.raises(LibraryError, match="still being prepared when it was closed"):
        preparing.prepare_apart(library, stopping=stopping)
    assert time.monotonic() - began < 30


def test_who_opens_a_library_does_not_wait_for_it_when_it_is_to_be_closed(
    tmp_path, long_preparation, monkeypatch
):
    monkeypatch.setattr("segue.pipeline.live.live.is_small", lambda library: False)
    live = Live(Library(tmp_path / "my.segue"))
    threading.Timer(0.2, live.stop).start()
    began = time.monotonic()
    with pytest.raises(LibraryError, match="still being prepared when it was closed"):
        live.opened()
    live.close()
    assert time.monotonic() - began < 30


def test_a_preparation_that_is_ended_leaves_nothing_behind(tmp_path):
    """In a process of its own, as it is in earnest."""
    program = """
import sys, time
from pathlib import Path
from segue.library.storage import new_directory
from segue.pipeline.live import preparing

def prepare(library, past):
    with new_directory(Path(sys.argv[1]) / "snapshot") as directory:
        (directory / "part").write_text("half")
        print("begun", flush=True)
        time.sleep(60)

preparing.prepare = prepare
preparing.main()
"""
    (tmp_path / "my.segue").mkdir()
    (tmp_path / "my.segue" / "snapshot").mkdir()
    (tmp_path / "my.segue" / "snapshot" / "whole").write_text("before", "utf-8")
    Library(tmp_path / "my.segue").close()
    command = [sys.executable, "-c", program, str(tmp_path / "my.segue"), "-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
    assert process.returncode
    assert [one.name for one in (tmp_path / "my.segue" / "snapshot").iterdir()] == ["whole"]
    assert not [one.name for one in (tmp_path / "my.segue").glob(".snapshot*")]
