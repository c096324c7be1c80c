"""Feature store: added arrays are read back, and an interrupt at any byte loses only the last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import LibraryError
from segue.library import FeatureStore, settings_hash

DTYPES = {"frames": "uint8", "summary": "float32"}


def open_store(path):
    return FeatureStore(path, settings={"hop_length": 512}, dtypes=DTYPES)


def arrays(rng, n_frames=5):
    return {
        "frames": rng.integers(0, 256, (n_frames, 3), dtype=np.uint8),
        "summary": rng.normal(size=7).astype(np.float32),
    }


def test_added_arrays_are_read_back_after_reopening(tmp_path, rng):
    written = {row: arrays(rng, n_frames=row + 1) for row in (7, 3, 11)}
    with open_store(tmp_path / "store") as store:
        for row, of_row in written.items():
            store.add(row, of_row)
            np.testing.assert_array_equal(store.read("frames", row), of_row["frames"])
    again = open_store(tmp_path / "store")
    assert again.rows().tolist() == [3, 7, 11]
    for row, of_row in written.items():
        np.testing.assert_array_equal(again.read("frames", row), of_row["frames"])
        np.testing.assert_array_equal(again.read("summary", row)[0], of_row["summary"])
    assert again.verify() == []


def test_later_addition_replaces_an_earlier_one(tmp_path, rng):
    first, second = arrays(rng), arrays(rng)
    with open_store(tmp_path) as store:
        store.add(1, first)
        store.add(1, second)
    np.testing.assert_array_equal(open_store(tmp_path).read("frames", 1), second["frames"])


def test_forgotten_track_is_gone_until_it_is_added_again(tmp_path, rng):
    first, second = arrays(rng), arrays(rng)
    with open_store(tmp_path) as store:
        store.add(1, first)
        store.add(2, first)
        store.forget([1, 9])
        assert store.rows().tolist() == [2]
    assert open_store(tmp_path).rows().tolist() == [2]
    with open_store(tmp_path) as store:
        store.add(1, second)
    np.testing.assert_array_equal(open_store(tmp_path).read("frames", 1), second["frames"])


def test_matrix_is_nan_for_missing_tracks(tmp_path, rng):
    of_row = arrays(rng)
    with open_store(tmp_path) as store:
        store.add(4, of_row)
        matrix = store.matrix("summary", [9, 4])
    assert np.isnan(matrix[0]).all()
    np.testing.assert_array_equal(matrix[1], of_row["summary"])


def test_matrix_is_nan_for_vectors_of_another_width(tmp_path):
    with FeatureStore(tmp_path, settings={}, dtypes={"vector": "float32"}) as store:
        store.add(1, {"vector": np.ones(2, np.float32)})
        store.add(2, {"vector": np.arange(3, dtype=np.float32)})
        store.add(3, {"vector": np.zeros((0, 3), np.float32)})
        matrix = store.matrix("vector", [1, 2, 3])
    np.testing.assert_array_equal(matrix[1], [0, 1, 2])
    assert np.isnan(matrix[[0, 2]]).all()


def test_add_many_stores_every_vector(tmp_path, rng):
    vectors = rng.normal(size=(4, 6)).astype(np.float32)
    store = FeatureStore(tmp_path, settings={}, dtypes={"embedding": "float32"})
    with store:
        store.add_many([5, 6, 7, 8], {"embedding": vectors})
        np.testing.assert_array_equal(store.matrix("embedding", [5, 6, 7, 8]), vectors)


@pytest.mark.parametrize("name", ["data.bin", "index.bin"])
def test_store_cut_at_any_byte_opens_and_accepts_additions(tmp_path, rng, name):
    first, second, third = (arrays(rng, n_frames=2) for _ in range(3))
    with open_store(tmp_path / "whole") as store:
        store.add(1, first)
        store.add(2, second)
    whole = {part: (tmp_path / "whole" / part).read_bytes() for part in ("data.bin", "index.bin")}
    for length in range(len(whole[name])):
        place = tmp_path / f"{length}"
        place.mkdir()
        for part, content in whole.items():
            (place / part).write_bytes(content[:length] if part == name else content)
        with open_store(place) as cut:
            for row in cut.rows().tolist():
                expected = {1: first, 2: second}[row]["frames"]
                np.testing.assert_array_equal(cut.read("frames", row), expected)
            cut.add(3, third)
        again = open_store(place)
        assert 3 in again
        np.testing.assert_array_equal(again.read("frames", 3), third["frames"])
        assert 3 not in again.verify()


def test_verify_finds_changed_data(tmp_path, rng):
    with open_store(tmp_path) as store:
        store.add(1, arrays(rng))
        store.add(2, arrays(rng))
    data = bytearray((tmp_path / "data.bin").read_bytes())
    data[0] ^= 1
    (tmp_path / "data.bin").write_bytes(data)
    assert open_store(tmp_path).verify() == [1]


def test_missing_data_file_names_the_way_out(tmp_path, rng):
    with open_store(tmp_path) as store:
        store.add(1, arrays(rng))
    reader = open_store(tmp_path)
    (tmp_path / "data.bin").unlink()
    with pytest.raises(LibraryError, match="run segue preprocess again"):
        reader.read("frames", 1)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=4))
def test_settings_hash_does_not_depend_on_order(settings):
    backwards = dict(reversed(settings.items()))
    assert settings_hash(settings) == settings_hash(backwards)
