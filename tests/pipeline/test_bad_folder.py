"""A folder with every kind of damage: the run ends and accounts for every file."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from segue.library import Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.preprocess import preprocess

RATE = 22_050
N_KILLS = int(os.environ.get("SEGUE_KILLS", "10"))
"""How often a run is killed; 50 and more find what is rare."""


def sound(seconds=2.0, hertz=300.0):
    time = np.arange(round(RATE * seconds)) / RATE
    return 0.2 * np.sin(2 * np.pi * hertz * time) * (1 + np.sign(np.sin(2 * np.pi * 2 * time)))


def accounted_for(library, folder):
    """Return the files that are neither analyzed nor reported."""
    analysed = set(open_store(library, AUDIO.summary).rows().tolist())
    catalogue = library.catalogue()
    done = {
        track.path
        for track, row in zip(catalogue.tracks, catalogue.rows.tolist(), strict=True)
        if row in analysed
    }
    reported = {problem.subject for problem in library.problems()}
    failed = {track.path for track in catalogue.tracks if track.track_id in reported}
    return {
        path
        for path in folder.rglob("*")
        if path.is_file() and path not in done | failed and not path.is_symlink()
    }


def test_every_damaged_file_is_accounted_for(tmp_path, library):
    folder = tmp_path / "music"
    folder.mkdir()
    good = folder / "good.wav"
    soundfile.write(good, sound(), RATE)
    content = good.read_bytes()
    (folder / "empty.mp3").touch()
    (folder / "text.mp3").write_text("no music " * 500)
    (folder / "cut.wav").write_bytes(content[:3_000])
    (folder / "wrong.mp3").write_bytes(content)
    (folder / "tail.wav").write_bytes(content + os.urandom(5_000))
    soundfile.write(folder / "one.wav", [0.1], RATE)
    soundfile.write(folder / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    soundfile.write(folder / "silence.flac", np.zeros(RATE), RATE)
    for name in ("new\nline.wav", "\U0001f3b5.wav", "x" * 250 + ".wav", "[bold].wav"):
        (folder / name).write_bytes(content)
    (folder / os.fsdecode(b"caf\xe9.wav")).write_bytes(content)
    os.mkfifo(folder / "pipe.wav")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.wav").symlink_to(folder / "gone.wav")
    (folder / "device.wav").symlink_to("/dev/zero")
    (folder / "sub.wav").mkdir()  # a folder that is called like a file
    (folder / "sub.wav" / "deep.wav").write_bytes(content)
    result = preprocess(library, folder, time_limit=60)
    assert accounted_for(library, folder) == set()
    problems = {problem.subject: problem.reason for problem in library.problems()}
    assert "pipe or a device" in problems["pipe.wav"]
    for name in ("nowhere.wav", "device.wav"):
        assert "leads to no file" in problems[name]
    for name in ("empty.mp3", "text.mp3", "one.wav", "nan.wav"):
        assert "replace it" in problems[name] or "encode it again" in problems[name], name
    assert result.analyzed == 10 + ("cut.wav" not in problems)


def test_file_removed_during_the_run_is_reported(tmp_path, library, monkeypatch):
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("a", "b"):
        soundfile.write(folder / f"{name}.wav", sound(), RATE)
    add = Library.add_dataset

    def vanish(self, *arguments, **options):
        (folder / "b.wav").unlink()
        return add(self, *arguments, **options)

    monkeypatch.setattr(Library, "add_dataset", vanish)
    result = preprocess(library, folder)
    assert (result.analyzed, result.problems) == (1, 1)
    (problem,) = library.problems()
    assert problem.subject == "b.wav"
    assert "was removed during the analysis" in problem.reason


@pytest.mark.slow
def test_file_over_the_time_limit_does_not_stop_the_run(tmp_path, library):
    folder = tmp_path / "music"
    folder.mkdir()
    for name in "abc":
        soundfile.write(folder / f"{name}.wav", sound(), RATE)
    long = folder / "mix.wav"
    header = bytearray((folder / "a.wav").read_bytes()[:44])
    n_bytes = 2**31 - 100  # 13 hours of silence that take no room on the disk
    header[4:8], header[40:44] = (n_bytes + 36).to_bytes(4, "little"), n_bytes.to_bytes(4, "little")
    with long.open("wb") as file:
        file.write(header)
        file.truncate(n_bytes + 44)
    # six seconds: on a busy machine the short files take some, too
    result = preprocess(library, folder, workers=2, time_limit=6)
    assert (result.analyzed, result.problems) == (3, 1)
    (problem,) = library.problems()
    assert (problem.subject, "more than 6 s" in problem.reason) == ("mix.wav", True)
    # it is not tried again by every run, only by one that gives it longer
    for limit, expected in ((6, 6), (3, 6), (7, 7)):
        assert preprocess(library, folder, workers=2, time_limit=limit).problems == 1
        (problem,) = library.problems()
        assert f"more than {expected} s" in problem.reason


def library_of(folder):
    """Check that the library of a killed run opens and is whole; return how many it has."""
    if not (folder / "my.segue" / "library.db").exists():
        return 0
    library = Library(folder / "my.segue")
    for kept in (AUDIO.windows, AUDIO.summary):
        assert open_store(library, kept).verify() == []
    return len(open_store(library, AUDIO.summary).rows())


@pytest.mark.slow
def test_killed_run_loses_at_most_the_current_track(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for i in range(40):
        soundfile.write(folder / f"{i:02}.wav", sound(1.0, 200.0 + 20 * i), RATE)
    command = [sys.executable, "-c", "from segue.cli import main; main()"]
    arguments = [*command, "preprocess", "music", "--workers", "2", "--json"]
    started = time.monotonic()
    subprocess.run(arguments, cwd=tmp_path, capture_output=True, check=True)
    whole_run = time.monotonic() - started
    rng, before, n_killed = np.random.default_rng(5), 40, 0
    while n_killed < N_KILLS:
        if before == 40:
            shutil.rmtree(tmp_path / "my.segue")
            before = 0
        running = subprocess.Popen(
            arguments, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # from when Python starts to when all is done; a run that ends before that does not count
        time.sleep(rng.uniform(0.0, whole_run))
        running.send_signal(signal.SIGKILL)
        n_killed += running.wait() == -signal.SIGKILL
        done = library_of(tmp_path)
        assert done >= before
        before = done
    last = subprocess.run(arguments, cwd=tmp_path, capture_output=True, check=False)
    assert last.returncode == 0, last.stderr
    assert library_of(tmp_path) == 40
    assert len(Library(tmp_path / "my.segue").audio_files()) == 40


@pytest.mark.slow
def test_second_simultaneous_run_is_refused(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for i in range(30):
        soundfile.write(folder / f"{i:02}.wav", sound(5.0, 200.0 + 20 * i), RATE)
    Library(tmp_path / "my.segue")
    command = [sys.executable, "-c", "from segue.cli import main; main()", "preprocess", "music"]
    pair = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ended = [(one.communicate(timeout=120)[1].decode(), one.returncode) for one in pair]
    assert sorted(code for _, code in ended) == [0, 1]
    (sentence,) = (err for err, code in ended if code)
    assert "is being written by segue preprocess (process " in sentence
    assert library_of(tmp_path) == 30


def listen():
    """Let Ctrl-C through: what a shell runs in the background inherits that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_two_interrupts_leave_a_library_that_opens(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for i in range(30):
        soundfile.write(folder / f"{i:02}.wav", sound(60.0, 200.0 + 20 * i), RATE)
    command = [sys.executable, "-c", "from segue.cli import main; main()", "preprocess", "music"]
    command += ["--workers", "1"]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=listen,  # noqa: PLW1509  # no threads here
    )
    seen = 0
    while running.poll() is None and (seen := library_of(tmp_path)) < 3:
        time.sleep(0.02)
    for _ in range(2):
        running.send_signal(signal.SIGINT)
        time.sleep(0.01)
    running.communicate(timeout=60)
    assert running.returncode != 0
    # the last track may have been read before it was flushed: an interrupted write is undone
    assert library_of(tmp_path) >= seen - 1
    again = preprocess(tmp_path / "my.segue", folder)
    assert library_of(tmp_path) == 30
    assert again.problems == 0
