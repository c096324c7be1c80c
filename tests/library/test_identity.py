"""Common identity of database and features: the sound of one track is never that of another."""

import shutil

import numpy as np
import pytest
import soundfile
from tests.factories import RATE

from segue.errors import LibraryError
from segue.library import Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.preprocess import preprocess

PITCHES = {"a": 220.0, "b": 440.0, "c": 880.0, "d": 1_760.0, "e": 3_520.0}


def write_tone(folder, name):
    folder.mkdir(exist_ok=True)
    time = np.arange(3 * RATE) / RATE
    soundfile.write(folder / f"{name}.wav", 0.3 * np.sin(2 * np.pi * PITCHES[name] * time), RATE)


def sounds(directory):
    """The digest that the summary store holds for each file, by name."""
    library = Library(directory)
    store = open_store(library, AUDIO.summary)
    found = {
        known.track.path.name: store.read("digest", known.row)[0].tobytes().hex()
        for known in library.known_tracks().values()
        if known.row in store
    }
    library.close()
    return found


def put_database(copy, place):
    """Replace the database of a library that nothing has open."""
    for name in ("library.db", "library.db-wal", "library.db-shm"):
        (place / name).unlink(missing_ok=True)
    shutil.copy(copy, place / "library.db")


def copy_database(place, copy):
    library = Library(place)
    library.close()
    return shutil.copy(place / "library.db", copy)


def analyse(place, folder):
    library = Library(place)
    done = preprocess(library, folder, workers=1)
    library.close()
    return done


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    for name in "abc":
        write_tone(folder, name)
    return folder


@pytest.fixture
def expected(tmp_path):
    """The digests of all five files, from a library of their own."""
    folder = tmp_path / "all"
    for name in PITCHES:
        write_tone(folder, name)
    analyse(tmp_path / "expected.segue", folder)
    return sounds(tmp_path / "expected.segue")


@pytest.mark.sqlite
def test_older_database_gets_right_sounds(tmp_path, music, expected):
    place = tmp_path / "my.segue"
    analyse(place, music)
    older = copy_database(place, tmp_path / "older.db")
    write_tone(music, "e")
    analyse(place, music)
    (music / "e.wav").unlink()
    write_tone(music, "d")
    put_database(older, place)
    analyse(place, music)  # d gets the row that e had
    found = sounds(place)
    assert sorted(found) == ["a.wav", "b.wav", "c.wav", "d.wav"]
    assert found == {name: expected[name] for name in found}


@pytest.mark.sqlite
def test_newer_database_gets_right_sounds_back(tmp_path, music, expected):
    place = tmp_path / "my.segue"
    analyse(place, music)
    older = copy_database(place, tmp_path / "older.db")
    write_tone(music, "e")
    analyse(place, music)
    newer = copy_database(place, tmp_path / "newer.db")
    write_tone(music, "d")
    put_database(older, place)
    analyse(place, music)
    put_database(newer, place)
    analyse(place, music)
    assert sounds(place) == expected


@pytest.mark.sqlite
def test_database_of_another_library_gets_right_sounds(tmp_path, music, expected):
    analyse(tmp_path / "one.segue", music)
    other = tmp_path / "other"
    for name in "edc":
        write_tone(other, name)
    analyse(tmp_path / "two.segue", other)
    put_database(tmp_path / "two.segue" / "library.db", tmp_path / "one.segue")
    assert analyse(tmp_path / "one.segue", other).analyzed >= 2
    found = sounds(tmp_path / "one.segue")
    assert found == {name: expected[name] for name in ("c.wav", "d.wav", "e.wav")}


@pytest.mark.sqlite
def test_features_of_another_database_are_not_read(tmp_path, music):
    """A reader compares too: it does not wait for the next preprocess."""
    analyse(tmp_path / "one.segue", music)
    other = tmp_path / "other"
    for name in "ed":
        write_tone(other, name)
    analyse(tmp_path / "two.segue", other)
    put_database(tmp_path / "two.segue" / "library.db", tmp_path / "one.segue")
    assert open_store(Library(tmp_path / "one.segue"), AUDIO.summary).rows().tolist() == []


def test_unchanged_library_is_not_analyzed_again(tmp_path, music):
    place = tmp_path / "my.segue"
    analyse(place, music)
    moved = place.rename(tmp_path / "moved.segue")
    assert analyse(moved, music).analyzed == 0


@pytest.mark.sqlite
@pytest.mark.parametrize("damage", ["empty", "delete"])
def test_lost_database_is_refused_and_not_replaced(tmp_path, music, damage):
    place = tmp_path / "my.segue"
    analyse(place, music)
    database = place / "library.db"
    if damage == "empty":
        database.write_bytes(b"")
    else:
        database.unlink()
    with pytest.raises(LibraryError, match="segue library restore COPY"):
        analyse(place, music)
    assert database.exists() == (damage == "empty")
    assert not database.exists() or database.stat().st_size == 0


def test_new_library_has_an_id_of_its_own(tmp_path):
    one, two = Library(tmp_path / "one"), Library(tmp_path / "two")
    assert len(one.library_id) == 32
    assert one.library_id != two.library_id
    assert Library(tmp_path / "one").library_id == one.library_id
