"""Feature store writes that the operating system refuses: nothing that was stored is lost or mixed.

A file size limit of the process (RLIMIT_FSIZE) refuses writes at any chosen byte: the kernel writes
up to the limit and returns EFBIG, as it returns ENOSPC on a full disk.
"""

import os
import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from segue.errors import LibraryError
from segue.library import FeatureStore

DTYPES = {"frames": "uint8", "summary": "float32"}


@pytest.fixture
def directory(tmp_path):
    """A directory in memory where there is one: these tests sync thousands of times."""
    shared_memory = Path("/dev/shm")  # noqa: S108
    parent = shared_memory if os.access(shared_memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(dir=parent) as name:
        yield Path(name)


def open_store(directory, dtypes=DTYPES):
    return FeatureStore(directory, settings={}, dtypes=dtypes)


def arrays_of(row, version=0, n_frames=3):
    rng = np.random.default_rng([row, version])
    return {
        "frames": rng.integers(0, 256, (n_frames, 5), np.uint8),
        "summary": rng.normal(size=3).astype(np.float32),
    }


@contextmanager
def file_size_limit(n_bytes):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def check(store, expected):
    assert store.rows().tolist() == sorted(expected)
    assert store.verify() == []
    for row, arrays in expected.items():
        np.testing.assert_array_equal(store.read("frames", row), arrays["frames"])
        np.testing.assert_array_equal(store.read("summary", row)[0], arrays["summary"])


def check_here_and_reopened(store, expected):
    check(store, expected)
    check(open_store(store.directory), expected)


def sizes(directory):
    return {name: (directory / name).stat().st_size for name in ("data.bin", "index.bin")}


@pytest.mark.parametrize("n_frames", [1, 40], ids=["index fills first", "data fills first"])
def test_add_refused_at_any_byte_changes_nothing(directory, n_frames):
    first, replacement, last = arrays_of(1), arrays_of(1, 1, n_frames), arrays_of(2)
    with open_store(directory / "whole") as store:
        store.add(1, first)
        before = sizes(store.directory)
        store.add(1, replacement)
        after = sizes(store.directory)
    for limit in range(min(before.values()), max(after.values())):
        store = open_store(directory / f"{limit}")
        store.add(1, first)
        with (
            file_size_limit(limit),
            pytest.raises(LibraryError, match="Cannot use the library"),
        ):
            store.add(1, replacement)
        check_here_and_reopened(store, {1: first})
        store.add(2, last)
        check_here_and_reopened(store, {1: first, 2: last})
        store.close()


def test_add_many_refused_at_any_byte_adds_no_row(directory):
    rows = [5, 6, 7, 8]
    vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    dtypes = {"vector": "float32"}
    for limit in range(32, 32 * 5):  # the index takes 32 bytes a row, the data 16
        store = open_store(directory / f"{limit}", dtypes)
        store.add(1, {"vector": np.ones(3, np.float32)})
        with file_size_limit(limit), pytest.raises(LibraryError):
            store.add_many(rows, {"vector": vectors})
        assert open_store(store.directory, dtypes).rows().tolist() == [1]
        store.add_many(rows[:1], {"vector": vectors[:1]})
        for found in (store, open_store(store.directory, dtypes)):
            assert found.rows().tolist() == [1, 5]
            np.testing.assert_array_equal(found.read("vector", 5), vectors[:1])
        store.close()


def test_forget_refused_at_any_byte_forgets_nothing(directory):
    expected = {row: arrays_of(row) for row in (1, 2, 3)}
    for limit in range(32 * 6, 32 * 10):
        store = open_store(directory / f"{limit}")
        for row, arrays in expected.items():
            store.add(row, arrays)
        with file_size_limit(limit), pytest.raises(LibraryError):
            store.forget([1, 3])
        check_here_and_reopened(store, expected)
        store.forget([3])
        check_here_and_reopened(store, {row: expected[row] for row in (1, 2)})
        store.close()


def test_first_add_refused_at_any_byte_can_be_repeated(directory):
    arrays = arrays_of(1)
    for limit in range(300):
        store = open_store(directory / f"{limit}")
        try:
            with file_size_limit(limit):
                store.add(1, arrays)
        except LibraryError:
            assert store.rows().tolist() == []
            store.add(1, arrays)
        check_here_and_reopened(store, {1: arrays})
        store.close()


def test_add_after_the_disk_was_full_reads_back(small_disk):
    frames = {row: arrays_of(row, n_frames=10_000) for row in range(3)}
    store = open_store(small_disk / "store")
    store.add(0, frames[0])
    ballast = small_disk / "ballast"
    left = os.statvfs(small_disk)
    ballast.write_bytes(bytes(left.f_bavail * left.f_frsize - 20_000))
    with pytest.raises(LibraryError, match="the disk is full"):
        store.add(1, frames[1])
    ballast.unlink()
    store.add(2, frames[2])
    check_here_and_reopened(store, {0: frames[0], 2: frames[2]})
    store.close()
