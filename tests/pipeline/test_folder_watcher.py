"""Test the watcher of music folders: real files, watched by the system or compared."""

import logging
import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from segue.library import Library
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.schedules import folder_watcher
from segue.pipeline.schedules.folder_watcher import FolderWatcher
from segue.pipeline.schedules.scheduler import Scheduler

ADDED, MODIFIED, DELETED = 1, 2, 3


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    return folder


@pytest.fixture
def make_watcher(tmp_path):
    """Return watchers that report changes at once; they end with the test."""
    made = []

    def make(**options):
        quick = {"quiet_seconds": 0, "poll_seconds": 0.1}
        made.append(FolderWatcher(tmp_path / "my.segue", **{**quick, **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def eventually(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def wait_until_watching(watcher, folder):
    """Write files until the watcher reports one: its threads have then begun."""

    def is_seen():
        (folder / "probe.flac").write_bytes(os.urandom(8))
        return watcher.has_changes()

    eventually(is_seen)
    settle(watcher)


def settle(watcher):
    """Let the watcher report the changes of before."""
    time.sleep(0.4)
    watcher.has_changes()


def test_changes_of_music_files_are_reported_once(make_watcher, music):
    watcher = make_watcher()
    watcher.watch([music])
    wait_until_watching(watcher, music)
    new, moved = music / "album" / "new.flac", music / "album" / "moved.flac"
    for change in (
        lambda: new.write_bytes(b"1"),
        lambda: new.write_bytes(b"22"),
        lambda: new.rename(moved),
        lambda: shutil.move(moved, music.parent),
        (music / "empty").mkdir,
        lambda: shutil.rmtree(music / "album"),
    ):
        change()
        eventually(watcher.has_changes)
        settle(watcher)
    time.sleep(0.5)
    assert not watcher.has_changes()


def test_other_changes_are_not_reported(make_watcher, music, tmp_path):
    inner = music / "my.segue"
    inner.mkdir()
    watcher = FolderWatcher(inner, quiet_seconds=0)
    watcher.watch([music])
    wait_until_watching(watcher, music)
    (music / "album" / "cover.jpg").write_bytes(b"1")
    (music / ".trash").mkdir()
    (music / ".trash" / "old.flac").write_bytes(b"1")
    (inner / "demo.flac").write_bytes(b"1")
    (tmp_path / "elsewhere.flac").write_bytes(b"1")
    time.sleep(1)
    assert not watcher.has_changes()
    watcher.close()


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        (MODIFIED, "album/a.FLAC", True),
        (MODIFIED, "album/a.cue", True),
        (ADDED, "album/a.txt", False),
        (ADDED, "album", True),
        (MODIFIED, "gone", False),
        (DELETED, "gone", True),
        (DELETED, "gone.txt", False),
        (ADDED, "album/.a.flac", False),
        (ADDED, ".hidden/a.flac", False),
        (ADDED, "../a.flac", False),
        (ADDED, "../my.segue/a.flac", False),
    ],
)
def test_change_concerns_music_or_not(make_watcher, music, change, path, expected):
    watcher = make_watcher()
    watcher.watch([music])
    assert watcher._is_music(change, os.path.normpath(music / path)) is expected


def test_music_inside_the_library_is_watched(make_watcher, tmp_path):
    starter = tmp_path / "my.segue" / "starter"
    starter.mkdir(parents=True)
    watcher = make_watcher()
    watcher.watch([starter])
    wait_until_watching(watcher, starter)


def test_hidden_folder_above_the_music_hides_nothing(make_watcher, tmp_path):
    folder = tmp_path / ".mount" / "music"
    folder.mkdir(parents=True)
    watcher = make_watcher()
    watcher.watch([folder])
    wait_until_watching(watcher, folder)


def test_other_folders_replace_those_before(make_watcher, music, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    watcher = make_watcher()
    watcher.watch([music, music])
    wait_until_watching(watcher, music)
    watcher.watch([other])
    wait_until_watching(watcher, other)
    (music / "a.flac").write_bytes(b"1")
    time.sleep(1)
    assert not watcher.has_changes()


def test_closed_watcher_reports_nothing(make_watcher, music):
    watcher = make_watcher()
    watcher.watch([music])
    wait_until_watching(watcher, music)
    watcher.close()
    time.sleep(1)
    (music / "a.flac").write_bytes(b"1")
    time.sleep(0.5)
    assert not watcher.has_changes()


def test_changes_are_reported_after_quiet_or_long_wait(make_watcher, music, monkeypatch):
    clock = SimpleNamespace(now=1_000.0)
    watcher = make_watcher(quiet_seconds=30, max_wait_seconds=100)
    watcher.watch([music])

    def change():
        before = watcher._last

        def is_noted():
            (music / "a.flac").write_bytes(os.urandom(8))
            return watcher._last != before

        eventually(is_noted)
        time.sleep(0.3)  # the events of the last write

    monkeypatch.setattr(folder_watcher, "time", SimpleNamespace(monotonic=lambda: clock.now))
    change()
    clock.now += 29
    assert not watcher.has_changes()
    clock.now += 2
    assert watcher.has_changes()
    assert not watcher.has_changes()
    for _ in range(3):
        change()
        clock.now += 25
        assert not watcher.has_changes()
    change()
    clock.now += 25.5
    assert watcher.has_changes()


def test_network_folder_is_compared(make_watcher, music, monkeypatch, tmp_path):
    local = tmp_path / "local"
    local.mkdir()
    monkeypatch.setattr(folder_watcher, "is_on_network", lambda folder: folder == music)
    watched = []
    original = FolderWatcher._read_changes

    def read(self, folders, stop, **options):
        watched.append((list(folders), options["polling"]))
        original(self, folders, stop, **options)

    monkeypatch.setattr(FolderWatcher, "_read_changes", read)
    watcher = make_watcher()
    watcher.watch([music, local])
    wait_until_watching(watcher, music)
    wait_until_watching(watcher, local)
    assert sorted(watched) == [([local], False), ([music], True)]


def test_name_that_is_not_utf8_ends_no_watching(make_watcher, music):
    watcher = make_watcher()
    watcher.watch([music])
    wait_until_watching(watcher, music)
    (music / os.fsdecode(b"Bj\xf6rk")).mkdir()
    eventually(watcher.has_changes)
    wait_until_watching(watcher, music)


def test_folder_that_comes_back_is_compared(make_watcher, music, caplog):
    watcher = make_watcher()
    absent = music / "absent"
    with caplog.at_level(logging.WARNING, "segue.serve"):
        watcher.watch([absent])
        eventually(lambda: "cannot be watched" in caplog.text)
    absent.mkdir()
    wait_until_watching(watcher, absent)


LIMITED = """
import os, pathlib, sys, time
from segue.pipeline.schedules.folder_watcher import FolderWatcher
music = pathlib.Path(sys.argv[1])
for i in range(9):
    (music / str(i)).mkdir()
pathlib.Path("/proc/sys/user/max_inotify_watches").write_text("4")
watcher = FolderWatcher(music.parent / "my.segue", quiet_seconds=0, poll_seconds=0.1)
watcher.watch([music])
for i in range(9):
    end = time.monotonic() + 30
    while not watcher.has_changes() and time.monotonic() < end:
        (music / str(i) / "a.flac").write_bytes(os.urandom(8))
        time.sleep(0.05)
    assert time.monotonic() < end, i
"""


def test_folders_are_compared_if_too_many_to_watch(music):
    command = ["unshare", "--user", "--map-root-user"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("no user namespaces here")
    done = subprocess.run(
        [*command, sys.executable, "-c", LIMITED, str(music)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert "raise fs.inotify.max_user_watches" in done.stderr


class Reports:
    """A watcher whose folders change when a test says so."""

    def __init__(self):
        self.folders, self.changed = [], False

    def watch(self, folders):
        self.folders = folders

    def has_changes(self):
        changed, self.changed = self.changed, False
        return changed

    def close(self):
        self.folders = []


@pytest.fixture
def scanned(tmp_path, music):
    """A library that scanned three folders: with music, absent, and with listens."""
    library = Library(tmp_path / "my.segue")
    (tmp_path / "listens").mkdir()
    for name, listens in (("music", 0), ("absent", 0), ("listens", 3)):
        result = {"dataset": str(tmp_path / name), "listens": listens}
        library.record_run("preprocess", result)
    yield library
    library.close()


def test_changed_files_start_one_scan(scanned, music):
    reports = Reports()
    scheduler = Scheduler(scanned, watcher=reports, off=frozenset(JOB_KINDS) - {"rescan"})
    assert scheduler.tick() == []
    assert reports.folders == [music]
    assert scanned.jobs.all() == []
    reports.changed = True
    scheduler.tick()
    (job,) = scanned.jobs.all()
    assert (job.verb, job.reason) == ("rescan", "changed-files")
    reports.changed = True
    scheduler.tick()
    assert reports.changed  # noticed when the scan has ended
    scanned.jobs.finish(scanned.jobs.claim("a test"), "done")
    scheduler.tick()
    assert len(scanned.jobs.all()) == 2
    scheduler.close()
    assert reports.folders == []


@pytest.mark.parametrize("change", [{"watch": False}, {"enabled": False}])
def test_schedule_that_does_not_watch_starts_no_scan(scanned, music, change):
    reports = Reports()
    scheduler = Scheduler(scanned, watcher=reports, off=frozenset(JOB_KINDS) - {"rescan"})
    scheduler.tick()
    assert scanned.schedules.change(scheduler.find("rescan"), **change)
    reports.changed = True
    scheduler.tick()
    assert reports.folders == []
    assert scanned.jobs.all() == []
    scheduler.close()
