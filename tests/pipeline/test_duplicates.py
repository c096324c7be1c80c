"""Duplicates: a recording in several files is found for new tracks, and listed."""

import json
import shutil
import subprocess
import sys

import mutagen
import numpy as np
import pytest
import soundfile
from tests.factories import tune

from segue.pipeline.analysis.duplicates import duplicates
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.recommend import similar

RATE = 22_050


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for seed in range(4):
        soundfile.write(folder / f"{seed}.flac", tune(seed), RATE)
    return folder


def listed(library):
    return [[track.track_id for track in group] for group in duplicates(library).recordings]


def test_copies_are_found_when_added_and_dropped_when_removed(music, library):
    assert preprocess(library, music).duplicates == 0
    late = np.concatenate([np.zeros(2 * RATE), 0.5 * tune(1)])
    soundfile.write(music / "1 again.ogg", late, RATE)
    shutil.copy(music / "2.flac", music / "2 copy.flac")
    assert preprocess(library, music).duplicates == 4
    assert sorted(map(sorted, listed(library))) == [
        ["1 again.ogg", "1.flac"],
        ["2 copy.flac", "2.flac"],
    ]
    assert preprocess(library, music).duplicates == 4
    (music / "1 again.ogg").unlink()
    assert preprocess(library, music).duplicates == 2
    soundfile.write(music / "2 copy.flac", tune(9), RATE)
    assert preprocess(library, music).duplicates == 0
    assert listed(library) == []


def test_instrumental_of_a_song_is_no_duplicate(tmp_path, library):
    folder = tmp_path / "music"
    folder.mkdir()
    for name, title in (("a", "Sun"), ("b", "Sun (Instrumental)"), ("c", "Sun - 2011 Remaster")):
        soundfile.write(folder / f"{name}.ogg", tune(1)[: RATE * (10 + ord(name) % 3)], RATE)
        file = mutagen.File(folder / f"{name}.ogg")
        file["title"] = [title]
        file.save()
    assert preprocess(library, folder).duplicates == 2
    assert listed(library) == [["a.ogg", "c.ogg"]]


def test_pairs_of_a_fast_analysis_are_replaced(tmp_path, library):
    folder = tmp_path / "music"
    folder.mkdir()
    # the first stretches of the two recordings are the same
    for seed in (1, 2):
        rest = tune(seed, 85.0)
        soundfile.write(folder / f"{seed}.flac", np.concatenate([tune(0, 20.0), rest]), RATE)
    assert preprocess(library, folder, fast=True).duplicates == 2
    assert preprocess(library, folder).duplicates == 0
    assert listed(library) == []


def test_one_copy_of_a_recording_is_recommended(music, library):
    soundfile.write(music / "0 again.ogg", tune(0), RATE)
    soundfile.write(music / "1 again.ogg", tune(1), RATE)
    lines = [f"{path.stem},{path.name},A,x" for path in sorted(music.iterdir())]
    (music / "metadata.csv").write_text("\n".join(["track_id,path,artist,genre", *lines]))
    preprocess(library, music)
    for signal in (None, "metadata"):
        found = [pick.track_id for pick in similar(library, "0", 10, signal=signal).tracks]
        assert "0 again" not in found
        assert len({"1", "1 again"} & set(found)) == 1
        assert {"2", "3"} <= set(found)


def test_command_line_lists_duplicates(music, tmp_path):
    shutil.copy(music / "2.flac", music / "2 copy.flac")
    preprocess(tmp_path / "my.segue", music)
    command = [sys.executable, "-c", "from segue.cli import main; main()", "library", "duplicates"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "1 recording in 2 files" in result.stdout
    result = subprocess.run(
        [*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    ((one, other),) = json.loads(result.stdout)["recordings"]
    assert {one["track_id"], other["track_id"]} == {"2.flac", "2 copy.flac"}
    assert one["path"].startswith(str(music))
