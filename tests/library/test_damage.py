"""Damage of stored data: every changed byte is found, by the check and by the reader."""

import struct
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import copy_of_library

from segue.errors import DamagedDataError
from segue.library import Event, FeatureStore, Library
from segue.library.checks import database_damage
from segue.library.feature_index import RECORD
from segue.types import Track

pytestmark = pytest.mark.sqlite

SETTINGS = {"hop_length": 512}
DTYPES = {"frames": "uint8", "vector": "float32"}


def open_store(path):
    return FeatureStore(path, settings=SETTINGS, dtypes=DTYPES, library_id="own")


def arrays(row):
    rng = np.random.default_rng(row)
    return {
        "frames": rng.integers(1, 255, (4, 5), dtype=np.uint8),
        "vector": rng.normal(size=7).astype(np.float32),
    }


def write_store(path):
    with open_store(path) as store:
        for row in (3, 1, 2):
            store.add(row, arrays(row))
        store.add(1, arrays(1))  # replaces an array
        store.forget([2])
    return path


def wrong_reads(path):
    """Arrays that are read and are not what was written."""
    store, wrong = open_store(path), []
    for name in DTYPES:
        for row in (1, 3):
            try:
                found = store.read(name, row)
            except (KeyError, DamagedDataError):
                continue
            if not np.array_equal(found, np.atleast_2d(arrays(row)[name])):
                wrong.append((name, row))
    vectors = store.matrix("vector", [1, 3])
    for row, vector in zip((1, 3), vectors, strict=True):
        if not (np.isnan(vector).all() or np.array_equal(vector, arrays(row)["vector"])):
            wrong.append(("matrix", row))
    return wrong


def test_intact_store_has_no_problems(tmp_path):
    store = open_store(write_store(tmp_path))
    assert store.problems() == []
    assert wrong_reads(tmp_path) == []


@pytest.mark.parametrize("name", ["data.bin", "index.bin", "settings.json"])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_changed_bit_is_found_and_not_read(tmp_path_factory, name, place, bit):
    directory = write_store(tmp_path_factory.mktemp("store"))
    path = directory / name
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(bytes(data))
    assert open_store(directory).problems() != []
    assert wrong_reads(directory) == []


@pytest.mark.parametrize("name", ["data.bin", "index.bin", "settings.json"])
@pytest.mark.parametrize("damage", ["delete", "empty"])
def test_lost_files_are_found_and_not_read(tmp_path, name, damage):
    path = write_store(tmp_path) / name
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(b"")
    assert open_store(tmp_path).problems() != []
    assert wrong_reads(tmp_path) == []


def test_damaged_array_is_reported_with_way_out(tmp_path):
    path = write_store(tmp_path) / "data.bin"
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedDataError, match="run segue library repair"):
        open_store(tmp_path).read("frames", 3)


def test_damaged_vector_is_logged(tmp_path, caplog):
    path = write_store(tmp_path) / "data.bin"
    data = bytearray(path.read_bytes())
    data[32] ^= 1  # after the frames of the first track
    path.write_bytes(bytes(data))
    assert np.isnan(open_store(tmp_path).matrix("vector", [3, 1])[0]).all()
    assert "the stored analysis of 1 track is damaged and not used" in caplog.text


def test_compacting_removes_all_traces_of_damage(tmp_path):
    path = write_store(tmp_path) / "data.bin"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1  # padding
    path.write_bytes(bytes(data))
    store = open_store(tmp_path)
    assert store.problems() != []
    store.compact(always=True)
    assert open_store(tmp_path).problems() == []
    assert wrong_reads(tmp_path) == []


def test_index_of_format_1_is_read_and_upgraded(tmp_path):
    """Checksums of format 1 were those of the data only."""
    write_store(tmp_path)
    path = tmp_path / "index.bin"
    records = np.frombuffer(path.read_bytes(), RECORD).copy()[1:]
    heads = [bytes(record.tobytes()[:28]) for record in records]
    records["checksum"] ^= np.array([zlib.crc32(head) for head in heads], np.uint32)
    path.write_bytes(records.tobytes())
    assert wrong_reads(tmp_path) == []
    assert open_store(tmp_path).rows().tolist() == [1, 3]
    with open_store(tmp_path) as store:
        store.add(9, arrays(9))
    again = open_store(tmp_path)
    assert again.problems() == []
    assert again.rows().tolist() == [1, 3, 9]
    assert struct.unpack_from("<i", path.read_bytes(), 16) == (2,)  # the format


# database ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """A library that was written to and closed."""
    library = Library(tmp_path_factory.mktemp("closed") / "my.segue")
    tracks = [Track(track_id=f"t{i}", title=f"Piece {i}", artist="Air") for i in range(50)]
    listens = pd.DataFrame({"user_id": ["anna"] * 40, "track_id": [f"t{i}" for i in range(40)]})
    library.add_dataset("music", tracks=tracks, listens=listens)
    library.close()
    return library.directory


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_changed_bit_of_a_database_is_found(closed, place, bit, tmp_path_factory):
    directory = copy_of_library(closed, tmp_path_factory.mktemp("copy") / "my.segue")
    path = directory / "library.db"
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(bytes(data))
    assert database_damage(path) != []


def test_database_is_intact_after_any_use(closed, tmp_path):
    directory = copy_of_library(closed, tmp_path / "my.segue")
    path = directory / "library.db"
    assert database_damage(path) == []
    library, other = Library(directory), Library(directory)
    library.set_problems("scan", [])
    library.feedback.add([Event(user="anna", track_id="t1", kind="play", key="1")])
    assert database_damage(path) == []  # still open
    library.close()
    assert database_damage(path) == []
    other.feedback.add([Event(user="anna", track_id="t1", kind="play", key="2")])
    assert database_damage(path) == []
    other.close()
    assert len(Library(directory).catalogue()) == 50
    assert database_damage(path) == []


def test_program_that_ends_without_closing_leaves_a_checksum(closed, tmp_path):
    directory = copy_of_library(closed, tmp_path / "my.segue")
    code = (
        "import sys; from segue.library import Library;"
        " Library(sys.argv[1]).record_run('train', {})"
    )
    before = (directory / "library.db.sum").read_bytes()
    subprocess.run([sys.executable, "-c", code, str(directory)], check=True)
    assert (directory / "library.db.sum").read_bytes() != before
    assert database_damage(directory / "library.db") == []
    assert (
        not (directory / "library.db-wal").exists()
        or not (directory / "library.db-wal").stat().st_size
    )
