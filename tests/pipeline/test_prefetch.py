"""Whoever did something is scored before they ask, and nobody in vain for long."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from segue.errors import LibraryError
from segue.library import Library
from segue.pipeline.recommender import build_process
from segue.pipeline.recommender.prefetch import MAX_UNUSED, Prefetcher
from segue.pipeline.recommender.service import RecommenderService


def test_who_did_something_first_is_scored_first_and_once():
    prefetcher = Prefetcher(lambda user: True)
    assert prefetcher.note_feedback(["a", "b"])
    prefetcher.note_feedback(["a"])
    assert [prefetcher.next_user(), prefetcher.next_user(), prefetcher.next_user()] == [
        "a",
        "b",
        None,
    ]


def test_only_those_are_scored_whose_lists_are_made_here():
    prefetcher = Prefetcher({"a"}.__contains__)
    assert not prefetcher.note_feedback(["b"])
    assert prefetcher.next_user() is None


def test_who_was_pushed_out_while_they_waited_is_passed_over():
    kept = {"a", "b"}
    prefetcher = Prefetcher(kept.__contains__)
    prefetcher.note_feedback(["a", "b"])
    kept.remove("a")
    assert [prefetcher.next_user(), prefetcher.next_user()] == ["b", None]


def test_who_has_asked_meanwhile_is_scored_already():
    prefetcher = Prefetcher(lambda user: True)
    prefetcher.note_feedback(["a"])
    prefetcher.note_request("a")
    assert prefetcher.next_user() is None


def test_who_never_asks_is_not_scored_again_until_they_do():
    prefetcher = Prefetcher(lambda user: True)
    scored = []
    for _ in range(3 * MAX_UNUSED):
        prefetcher.note_feedback(["a"])
        scored.append(prefetcher.next_user())
    assert scored.count("a") == MAX_UNUSED
    prefetcher.note_request("a")
    prefetcher.note_feedback(["a"])
    assert prefetcher.next_user() == "a"


@pytest.fixture
def long_preparation(monkeypatch):
    """Let a preparation take a minute."""
    monkeypatch.setattr(build_process, "is_small", lambda library: False)
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
        build_process.build_apart(library, stopping=stopping)
    assert time.monotonic() - began < 30


def test_who_opens_a_library_does_not_wait_for_it_when_it_is_to_be_closed(
    tmp_path, long_preparation, monkeypatch
):
    monkeypatch.setattr("segue.pipeline.recommender.service.is_small", lambda library: False)
    service = RecommenderService(Library(tmp_path / "my.segue"))
    threading.Timer(0.2, service.stop).start()
    began = time.monotonic()
    with pytest.raises(LibraryError, match="still being prepared when it was closed"):
        service.state()
    service.close()
    assert time.monotonic() - began < 30


def test_a_preparation_that_is_ended_leaves_nothing_behind(tmp_path):
    """In a process of its own, as it is in earnest."""
    program = """
import sys, time
from pathlib import Path
from segue.library.storage import new_directory
from segue.pipeline.recommender import build_process, build_snapshot

def build(library, past):
    with new_directory(Path(sys.argv[1]) / "snapshot") as directory:
        (directory / "part").write_text("half")
        print("begun", flush=True)
        time.sleep(60)

build_snapshot.build = build
build_process.main()
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
