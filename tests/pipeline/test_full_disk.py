"""A disk that becomes full during a command: one sentence, nothing lost, the next run completes."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from tests.factories import RATE, SOUND_KINDS, make_library, rows, sound, write_csv, write_dataset

from segue.library import Event, Library
from segue.pipeline.maintenance.repair import check

N_TRACKS = 9
COMMAND = [sys.executable, "-c", "from segue.cli import main; main()"]
FREE_KIB = [0, pytest.param(8, marks=pytest.mark.nightly), 64, 300]
VERBS = ("preprocess", "import", "train", "backup")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    rng = np.random.default_rng(0)
    tracks, sounds = [], {}
    for i in range(N_TRACKS):
        kind = SOUND_KINDS[i % 3]
        sounds[f"{i}.wav"] = sound(kind, rng, seconds=2)
        tracks.append((f"t{i}", f"audio/{i}.wav", f"Piece {i}", f"Band {i % 4}", kind))
    place = write_dataset(
        tmp_path_factory.mktemp("music"),
        rows("track_id path title artist genre", tracks),
        sounds=sounds,
        rate=RATE,
    )
    history = [("carl", f"t{i % N_TRACKS}", 1_600_000_000 + i) for i in range(5_000)]
    write_csv(place / "history.csv", rows("user_id track_id timestamp", history))
    return place


@pytest.fixture(scope="module")
def original(dataset, tmp_path_factory):
    library = make_library(tmp_path_factory.mktemp("original") / "my.segue", dataset, "knn")
    library.feedback.add([Event(user="anna", track_id="t7", kind="like", key="1")])
    library.close()
    return library.directory


def run(arguments, directory):
    command = [*COMMAND, *map(str, arguments), "--library", str(directory)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def fill(disk, free_kib):
    """Fill a disk but for some KiB; return the file to delete."""
    ballast = disk / "ballast"
    free = shutil.disk_usage(disk).free - 1_024 * free_kib
    ballast.write_bytes(bytes(max(free, 0)))
    return ballast


@pytest.mark.slow
@pytest.mark.parametrize("small_disk", ["size=24m"], indirect=True)
@pytest.mark.parametrize("free_kib", FREE_KIB)
@pytest.mark.parametrize("verb", VERBS)
def test_full_disk_loses_nothing(verb, free_kib, dataset, original, small_disk):
    arguments = {
        "preprocess": ["preprocess", dataset, "--workers", "1"],
        "import": ["import", dataset / "history.csv"],
        "train": ["train", "knn", "--force"],
        "backup": ["library", "backup", small_disk / "backup"],
    }[verb]
    place = small_disk / "my.segue"
    if verb != "preprocess":
        shutil.copytree(original, place)
    ballast = fill(small_disk, free_kib)
    first = run(arguments, place)
    assert first.returncode in (0, 1), first.stderr
    if first.returncode:
        assert "Traceback" not in first.stderr
        assert "segue: " in first.stderr
        assert "disk is full" in first.stderr or "No space left" in first.stderr
    ballast.unlink()
    if first.returncode:
        again = run(arguments, place)
        assert again.returncode == 0, again.stderr
    assert check(place).to_dict() == {"ok": True, "damage": [], "missing": 0}
    library = Library(place)
    if verb != "preprocess":
        assert [one.track_id for one in library.histories.liked("anna")] == ["t7"]
    if verb == "import":
        assert (library.listens()["user_id"] == "carl").sum() == 5_000
    assert library.counts()["tracks"] == N_TRACKS
    library.close()
