"""Kill every command at random moments: nothing is lost, and the next run completes the work."""

import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tests.factories import rows, write_csv

from segue.library import Library
from segue.pipeline.maintenance.repair import check

N_TRACKS = 9
COMMAND = [sys.executable, "-c", "from segue.cli import main; main()"]
N_KILLS = [1, pytest.param(25, marks=pytest.mark.nightly)]


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A history of 20,000 listens to import."""
    path = tmp_path_factory.mktemp("history") / "listens.csv"
    write_csv(
        path,
        rows(
            "user_id track_id timestamp",
            [("carl", f"t{i % N_TRACKS}", 1_600_000_000 + i) for i in range(20_000)],
        ),
    )
    return path


def contents(directory):
    library = Library(directory)
    listens = library.listens()
    counts = listens.groupby("user_id").size().to_dict()
    liked = [one.track_id for one in library.histories.liked("anna")]
    playlists = [list(one.tracks) for one in library.playlists.of("anna")]
    library.close()
    return counts, liked, playlists


def run(arguments, directory, seconds=None):
    """Run a command, and kill it after some seconds; return the exit code."""
    command = [*COMMAND, *map(str, arguments), "--library", str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


@pytest.mark.sqlite
@pytest.mark.slow
@pytest.mark.parametrize("n_kills", N_KILLS)
@pytest.mark.parametrize("verb", ["preprocess", "import", "train", "repair", "backup"])
def test_killed_command_is_completed_by_the_next(
    verb, n_kills, nine_tracks, history, nine_library, tmp_path
):
    arguments = {
        "preprocess": ["preprocess", nine_tracks, "--workers", "1"],
        "import": ["import", history],
        "train": ["train", "knn", "--force"],
        "repair": ["library", "repair", "--workers", "1"],
        "backup": ["library", "backup", tmp_path / "backup"],
    }[verb]
    rng = np.random.default_rng(list(verb.encode()))

    def prepared(name):
        place = tmp_path / name
        shutil.rmtree(tmp_path / "backup", ignore_errors=True)
        if verb == "preprocess":
            shutil.rmtree(place, ignore_errors=True)
        else:
            shutil.copytree(nine_library, place, dirs_exist_ok=True)
        if verb == "repair":
            for path in place.glob("features/*/data.bin"):
                path.write_bytes(path.read_bytes()[:1_000])
        return place

    whole = prepared("whole.segue")
    started = time.monotonic()
    assert run(arguments, whole) == 0
    taken = time.monotonic() - started
    expected = contents(whole)
    for number in range(n_kills):
        place = prepared(f"{number}.segue")
        run(arguments, place, rng.uniform(0.3, 1.0) * taken)
        if (place / "library.db").exists() and verb != "preprocess":
            counts, liked, playlists = contents(place)
            assert (liked, playlists) == expected[1:]
            assert counts["anna"] == expected[0]["anna"]
        if not (tmp_path / "backup").exists():
            assert run(arguments, place) == 0
        assert contents(place) == expected
        assert check(place).to_dict() == {"ok": True, "damage": [], "missing": 0}
        leftovers = [path.name for path in place.rglob(".new-*")]
        assert leftovers == []
        if verb == "backup":
            assert check(tmp_path / "backup").ok
