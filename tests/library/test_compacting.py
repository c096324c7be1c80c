"""Compaction of a store: removed arrays free their space, and nothing else is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from segue.errors import LibraryError
from segue.library import FeatureStore

DTYPES = {"frames": "uint8", "summary": "float32"}


def open_store(directory):
    return FeatureStore(directory, settings={}, dtypes=DTYPES)


def arrays(row, version=0):
    rng = np.random.default_rng([row, version])
    return {
        "frames": rng.integers(0, 256, (50 + row, 16), np.uint8),
        "summary": rng.normal(size=6).astype(np.float32),
    }


def fill(directory):
    """Add five tracks, then add one again and forget another: row 2 is of version 1, 4 is gone."""
    with open_store(directory) as store:
        for row in range(5):
            store.add(row, arrays(row))
        store.add(2, arrays(2, 1))
        store.forget([4])


def check(store, rows=(0, 1, 2, 3)):
    assert store.rows().tolist() == list(rows)
    assert store.verify() == []
    for row in rows:
        expected = arrays(row, 1 if row == 2 else 0)
        np.testing.assert_array_equal(store.read("frames", row), expected["frames"])
        np.testing.assert_array_equal(store.read("summary", row)[0], expected["summary"])


def n_bytes(directory):
    return sum(file.stat().st_size for file in directory.iterdir())


def test_compact_frees_dead_bytes(tmp_path):
    fill(tmp_path)
    before, store = n_bytes(tmp_path), open_store(tmp_path)
    dead = store.dead_bytes()
    assert dead == pytest.approx(2 / 6 * before, rel=0.15)
    assert store.compact() == dead
    assert n_bytes(tmp_path) < before - dead
    assert store.dead_bytes() == 0
    check(store)
    check(open_store(tmp_path))
    assert len(list(tmp_path.iterdir())) == 3


def test_compacted_store_accepts_additions(tmp_path):
    fill(tmp_path)
    for _ in range(3):
        with open_store(tmp_path) as store:
            store.compact()
            store.add(4, arrays(4))
            check(store, range(5))
        check(open_store(tmp_path), range(5))
        with open_store(tmp_path) as store:
            store.forget([4])
    check(open_store(tmp_path))


def test_compact_of_empty_and_completely_dead_stores(tmp_path):
    assert open_store(tmp_path / "none").compact() == 0
    fill(tmp_path / "dead")
    with open_store(tmp_path / "dead") as store:
        store.forget(range(5))
        store.compact()
    assert open_store(tmp_path / "dead").rows().tolist() == []
    with open_store(tmp_path / "dead") as store:
        store.add(1, arrays(1))
    check(open_store(tmp_path / "dead"), [1])


def test_reader_of_before_the_compaction_continues(tmp_path):
    fill(tmp_path)
    opened, mapped = open_store(tmp_path), open_store(tmp_path)
    check(mapped)
    open_store(tmp_path).compact()
    check(opened)
    check(mapped)


class Stopped(BaseException):
    """A power cut."""


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("before", [True, False])
def test_compaction_interrupted_at_any_step_loses_nothing(tmp_path, monkeypatch, step, before):
    fill(tmp_path)
    taken, open_path = [], Path.open

    def stopping(function):
        def call(*arguments, **options):
            taken.append(function)
            if before and len(taken) == step + 1:
                raise Stopped
            result = function(*arguments, **options)
            if not before and len(taken) == step + 1:
                if function is open_path:
                    result.close()
                raise Stopped
            return result

        return call

    with monkeypatch.context() as patch:
        for place, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "open")):
            patch.setattr(place, name, stopping(getattr(place, name)))
        try:
            open_store(tmp_path).compact()
        except Stopped:
            pass
        else:
            assert step >= 4  # there are no fewer steps than that
    check(open_store(tmp_path))
    with open_store(tmp_path) as store:
        store.compact()
        store.add(4, arrays(4))
    check(open_store(tmp_path), range(5))
    assert len(list(tmp_path.iterdir())) == 3  # what was half-made is cleared away


@pytest.mark.slow
@pytest.mark.parametrize("part", ["data", "index"])
def test_compacted_store_cut_at_any_byte_opens(tmp_path, part):
    fill(tmp_path / "whole")
    open_store(tmp_path / "whole").compact()
    content = {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()}
    (cut,) = (name for name in content if name.startswith(part))
    for length in range(0, len(content[cut]), 7 if part == "data" else 1):
        place = tmp_path / f"{length}"
        place.mkdir()
        for name, whole in content.items():
            (place / name).write_bytes(whole[:length] if name == cut else whole)
        with open_store(place) as store:
            check_some(store)
            store.add(9, arrays(9))
        assert 9 in open_store(place)
        np.testing.assert_array_equal(open_store(place).read("frames", 9), arrays(9)["frames"])


def check_some(store):
    check(store, store.rows().tolist())


def test_compact_on_a_full_disk_changes_nothing(small_disk):
    place = small_disk / "store"
    with open_store(place) as store:
        for row in range(3):
            store.add(row, {**arrays(row), "frames": np.full((12_000, 16), row, np.uint8)})
        store.add(0, {**arrays(0), "frames": np.zeros((12_000, 16), np.uint8)})
    before = {file.name: file.read_bytes() for file in place.iterdir()}
    with pytest.raises(LibraryError, match="disk is full"):
        open_store(place).compact()
    assert {file.name: file.read_bytes() for file in place.iterdir()} == before


@pytest.mark.slow
def test_killed_compaction_loses_nothing(tmp_path):
    fill(tmp_path / "store")
    script = (
        "import sys; from pathlib import Path; from test_compacting import *\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    with open_store(Path(sys.argv[1])) as store:\n"
        "        store.add(2, arrays(2, 1))\n"
        "        store.compact()\n"
    )
    rng = np.random.default_rng(0)
    path = os.pathsep.join([*sys.path, str(Path(__file__).parent)])
    for _ in range(10):
        running = subprocess.Popen(
            [sys.executable, "-c", script, tmp_path / "store"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        running.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.3))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        check(open_store(tmp_path / "store"))
