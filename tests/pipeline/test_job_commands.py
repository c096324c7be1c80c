"""Test what jobs do that run by themselves: scan all folders again, copy the database."""

import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing, nullcontext

import pytest
import soundfile
from tests.factories import RATE, tune

from segue.errors import DamagedDataError, DatasetError, LibraryBusyError, StorageFullError
from segue.library import Event, Library, back_up_database, restore
from segue.pipeline.jobs.job_commands import run_backup, run_rescan
from segue.pipeline.preprocess import preprocess

Usage = namedtuple("Usage", "total used free")


class Steps:
    """A progress that lists the steps of a job."""

    def __init__(self):
        self.steps = []

    def __call__(self, *_):
        return nullcontext(lambda _: None)

    def step(self, text):
        self.steps.append(text)


def write_tune(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tune(seed, 3), RATE)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Two scanned music folders, and the library of them next to them."""
    top = tmp_path_factory.mktemp("scanned")
    library = Library(top / "my.segue")
    for seed, name in enumerate(("jazz", "rock")):
        write_tune(top / name / "a.flac", seed)
        preprocess(library, top / name, workers=1)
    library.close()
    return top


@pytest.fixture
def top(original, tmp_path):
    """A copy of the folders and the library, whose scans name the copies."""
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / "my.segue" / "library.db")) as database, database:
        for place in ("runs SET result", "tracks SET path"):
            change = f"UPDATE {place} = replace({place.split()[-1]}, ?, ?)"
            database.execute(change, (str(original), str(tmp_path)))
    return tmp_path


@pytest.fixture
def library(top):
    opened = Library(top / "my.segue")
    yield opened
    opened.close()


def test_rescan_analyzes_what_is_new_in_all_folders(library, top):
    write_tune(top / "jazz" / "b.flac", 2)
    write_tune(top / "rock" / "b.flac", 3)
    progress = Steps()
    assert run_rescan(library, {}, progress) == {"folders": 2, "analyzed": 2, "absent": []}
    assert progress.steps == ["jazz", "rock"]
    assert len(list(library.each_track())) == 4


def test_rescan_goes_on_without_an_absent_folder(library, top):
    (top / "jazz").rename(top / "away")
    write_tune(top / "rock" / "b.flac", 3)
    done = run_rescan(library, {}, Steps())
    assert done == {"folders": 1, "analyzed": 1, "absent": ["jazz"]}
    assert len(list(library.each_track())) == 3  # the tracks of the absent folder are kept


def test_rescan_without_any_folder_fails(library, top):
    for name in ("jazz", "rock"):
        (top / name).rename(top / f"{name} away")
    with pytest.raises(DatasetError, match=r"not there \(jazz, rock\): connect their drive"):
        run_rescan(library, {}, Steps())


def test_rescan_scans_others_when_a_folder_fails(library, top):
    (top / "jazz" / "a.flac").unlink()  # nothing is left in it
    write_tune(top / "rock" / "b.flac", 3)
    with pytest.raises(DatasetError, match="jazz"):
        run_rescan(library, {}, Steps())
    assert len(list(library.each_track())) == 3


def test_rescan_stops_while_another_program_writes(library, top):
    progress = Steps()
    with Library(library.directory).writing("a test"), pytest.raises(LibraryBusyError):
        run_rescan(library, {}, progress)
    assert progress.steps == ["jazz"]


def test_rescan_leaves_out_datasets_with_listens(library, top):
    library.record_run("preprocess", {"dataset": str(top / "rock"), "listens": 3})
    progress = Steps()
    run_rescan(library, {}, progress)
    assert progress.steps == ["jazz"]


def copies(library):
    return sorted((library.directory / "backups").glob("*"))


def like(library, key):
    track_id = next(track.track_id for _, track in library.each_track())
    event = Event(user="anna", track_id=track_id, kind="like", key=key)
    library.feedback.add([event])


def test_backup_job_copies_the_database(library):
    like(library, "1")
    progress = Steps()
    done = run_backup(library, {}, progress)
    (copy,) = copies(library)
    assert done == {"backup": copy.name, "bytes": copy.stat().st_size}
    assert copy.stat().st_mode & 0o077 == 0
    like(library, "2")
    restore(library.directory, copy)
    restored = Library(library.directory)
    assert [one.kind for one in restored.histories.all_opinions("anna")] == ["like"]
    restored.close()
    assert progress.steps == ["Copying the database"]


@pytest.mark.parametrize("keep", [1, 3, None])
def test_backup_keeps_the_newest_copies(library, keep):
    (library.directory / "backups").mkdir()
    others = ["library-format-3.db", "replaced-17.db", "automatic-notes.txt"]
    for name in others:
        (library.directory / "backups" / name).write_bytes(b"another")
    given = {} if keep is None else {"keep": keep}
    made = [run_backup(library, given, Steps())["backup"] for _ in range(6)]
    kept = sorted(others + made[-(keep or 4) :])
    assert [path.name for path in copies(library)] == kept


def test_backup_of_damaged_database_deletes_no_copy(library):
    made = [back_up_database(library, keep=3) for _ in range(2)]
    with closing(sqlite3.connect(library.directory / "library.db")) as database, database:
        database.execute("UPDATE tracks SET genres = '{'")
    with pytest.raises(DamagedDataError, match=r"was not copied .* run segue library check"):
        back_up_database(library, keep=1)
    assert copies(library) == made


@pytest.mark.parametrize(("missing", "fits"), [(0, True), (1, False)])
def test_backup_needs_room_for_twice_its_size(library, monkeypatch, missing, fits):
    free = 2 * library.database_bytes() - missing
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))
    if fits:
        back_up_database(library, keep=1)
    else:
        with pytest.raises(StorageFullError, match=r"There is no room for a copy .* free some"):
            back_up_database(library, keep=1)
    assert len(copies(library)) == fits
