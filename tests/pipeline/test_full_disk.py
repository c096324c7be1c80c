"""A disk that becomes full during a command: one sentence, nothing lost, the next run completes."""

import shutil
import subprocess
import sys

import pytest
from tests.factories import rows, write_csv

from segue.library import Library
from segue.pipeline.maintenance.repair import check

N_TRACKS = 9
COMMAND = [sys.executable, "-c", "from segue.cli import main; main()"]
FREE_KIB = [0, pytest.param(8, marks=pytest.mark.nightly), 64, 300]
VERBS = ("preprocess", "import", "train", "backup")


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "listens.csv"
    listens = [("carl", f"t{i % N_TRACKS}", 1_600_000_000 + i) for i in range(5_000)]
    write_csv(path, rows("user_id track_id timestamp", listens))
    return path


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
def test_full_disk_loses_nothing(verb, free_kib, nine_tracks, history, nine_library, small_disk):
    arguments = {
        "preprocess": ["preprocess", nine_tracks, "--workers", "1"],
        "import": ["import", history],
        "train": ["train", "knn", "--force"],
        "backup": ["library", "backup", small_disk / "backup"],
    }[verb]
    place = small_disk / "my.segue"
    if verb != "preprocess":
        shutil.copytree(nine_library, place)
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
