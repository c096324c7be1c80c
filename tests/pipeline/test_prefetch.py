"""Listeners who give feedback are scored ahead, and not for long if they never ask."""

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


def test_next_users_are_those_with_feedback_once():
    prefetcher = Prefetcher(lambda user: True)
    assert prefetcher.note_feedback(["a", "b"])
    prefetcher.note_feedback(["a"])
    assert prefetcher.next_users(3) == ["a", "b"]
    assert prefetcher.next_users(3) == []


def test_next_users_are_at_most_n_the_earliest_first():
    prefetcher = Prefetcher(lambda user: True)
    prefetcher.note_feedback(["a", "b", "c"])
    assert [prefetcher.next_users(2), prefetcher.next_users(2)] == [["a", "b"], ["c"]]


def test_next_users_skips_listeners_without_scores():
    prefetcher = Prefetcher({"a"}.__contains__)
    assert not prefetcher.note_feedback(["b"])
    assert prefetcher.next_users(1) == []


def test_next_users_skips_listeners_dropped_from_the_cache():
    kept = {"a", "b"}
    prefetcher = Prefetcher(kept.__contains__)
    prefetcher.note_feedback(["a", "b"])
    kept.remove("a")
    assert [prefetcher.next_users(1), prefetcher.next_users(1)] == [["b"], []]


def test_next_users_after_a_request_skips_the_listener():
    prefetcher = Prefetcher(lambda user: True)
    prefetcher.note_feedback(["a"])
    prefetcher.note_request("a")
    assert prefetcher.next_users(1) == []


def test_next_users_without_requests_gives_up_after_a_while():
    prefetcher = Prefetcher(lambda user: True)
    scored = []
    for _ in range(3 * MAX_UNUSED):
        prefetcher.note_feedback(["a"])
        scored += prefetcher.next_users(1)
    assert scored.count("a") == MAX_UNUSED
    prefetcher.note_request("a")
    prefetcher.note_feedback(["a"])
    assert prefetcher.next_users(1) == ["a"]


@pytest.fixture
def slow_build(monkeypatch):
    """Let building a snapshot take a minute."""
    monkeypatch.setattr(build_process, "is_small", lambda library: False)
    started = subprocess.Popen

    def long(command, **more):
        return started([sys.executable, "-c", "import time; time.sleep(60)"], **more)

    monkeypatch.setattr(subprocess, "Popen", long)


def test_build_apart_ends_its_process_when_stopping(tmp_path, slow_build):
    library = Library(tmp_path / "my.segue")
    stopping = threading.Event()
    threading.Timer(0.2, stopping.set).start()
    began = time.monotonic()
    with pytest.raises(LibraryError, match="still being prepared when it was closed"):
        build_process.build_apart(library, stopping=stopping)
    assert time.monotonic() - began < 30


def test_state_is_refused_when_the_service_stops_meanwhile(tmp_path, slow_build, monkeypatch):
    monkeypatch.setattr("segue.pipeline.recommender.service.is_small", lambda library: False)
    service = RecommenderService(Library(tmp_path / "my.segue"))
    threading.Timer(0.2, service.stop).start()
    began = time.monotonic()
    with pytest.raises(LibraryError, match="still being prepared when it was closed"):
        service.state()
    service.close()
    assert time.monotonic() - began < 30


def test_build_process_after_sigterm_leaves_nothing_behind(tmp_path):
    """In another process, as a service does it."""
    program = """
import sys, time
from pathlib import Path
from segue.library.files import new_directory
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
    assert not [one.name for one in (tmp_path / "my.segue").glob(".new-*")]
