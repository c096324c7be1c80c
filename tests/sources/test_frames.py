"""Precomputed frames: shapes, types, and files that must not be believed."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segue.errors import FramesError
from segue.sources import load_frames


def save(directory: Path, array: np.ndarray, *, allow_pickle: bool = False) -> Path:
    path = directory / "song.npy"
    np.save(path, array, allow_pickle=allow_pickle)
    return path


@pytest.mark.parametrize(
    ("given_type", "loaded_type"),
    [
        (np.uint8, np.uint8),
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float32),
        (np.int16, np.float32),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_load_frames_returns_uint8_or_float32(
    tmp_path: Path, given_type: type, loaded_type: type, order: str
) -> None:
    frames = np.arange(12).reshape(4, 3).astype(given_type, order=order)
    loaded = load_frames(save(tmp_path, frames))
    assert loaded.dtype == loaded_type
    assert loaded.flags.c_contiguous
    assert loaded.flags.writeable
    np.testing.assert_array_equal(loaded, frames)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3), r"shape \[3\] and need \[n_frames, n_bands\]"),
        (np.zeros((0, 3)), r"shape \[0, 3\]|cannot be read"),
        (np.zeros((2, 2, 2)), "save them time-major"),
        (np.array([["a"]]), "must be real numbers"),
        (np.array([[1 + 2j]]), "must be real numbers"),
        (np.array([[True]]), "must be real numbers"),
        (np.array([[np.nan]]), "NaN or infinite"),
        (np.array([[1e300]]), "NaN or infinite"),
    ],
)
def test_load_frames_refuses_other_arrays(tmp_path: Path, array: np.ndarray, words: str) -> None:
    with pytest.raises(FramesError, match=words):
        load_frames(save(tmp_path, array))


def test_load_frames_refuses_pickled_arrays(tmp_path: Path) -> None:
    with pytest.raises(FramesError, match=r"song\.npy cannot be read"):
        load_frames(save(tmp_path, np.array([[{}]]), allow_pickle=True))


def test_load_frames_refuses_a_header_larger_than_the_file(tmp_path: Path) -> None:
    path = save(tmp_path, np.zeros((10, 10), dtype=np.uint8))
    path.write_bytes(path.read_bytes().replace(b"(10, 10)", b"(10, 1000000000000)"))
    with pytest.raises(FramesError, match="cannot be read"):
        load_frames(path)


def test_load_frames_missing_file_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FramesError, match=r"gone\.npy are missing: put the file back"):
        load_frames(tmp_path / "gone.npy")


@pytest.mark.parametrize("name", ["song.npy", "song.h5"])
@example(content=b"PK\x03\x04")  # an archive that was cut short
@given(content=st.binary(max_size=64))
def test_load_frames_any_bytes_raise_one_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("frames") / name
    path.write_bytes(content)
    with pytest.raises(FramesError):
        load_frames(path)


def test_load_frames_msd_bands_are_timbre_then_pitches(tmp_path: Path) -> None:
    timbre, pitches = np.random.default_rng(1).normal(size=(2, 5, 12))
    with h5py.File(tmp_path / "song.h5", "w") as file:
        file["analysis/segments_timbre"] = timbre
        file["analysis/segments_pitches"] = pitches
    loaded = load_frames(tmp_path / "song.h5")
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, np.hstack([timbre, pitches]).astype(np.float32))


def test_load_frames_refuses_hdf5_without_segments(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "song.h5", "w") as file:
        file["analysis/segments_timbre"] = np.zeros((3, 12))
    with pytest.raises(FramesError, match=r"song\.h5 cannot be read"):
        load_frames(tmp_path / "song.h5")
