"""Identity of files: an id, its analysis and its listens belong to a sound, not to a path."""

import os
import shutil

import mutagen
import numpy as np
import pytest
import soundfile

from segue.library import KnownTrack, Library
from segue.pipeline.analysis.identity import match_files
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.preprocess import preprocess
from segue.types import Track

RATE = 22_050


def write(path, hertz):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.2 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
    soundfile.write(path, tone, RATE)
    return path


@pytest.fixture
def music(tmp_path):
    """A folder of three tracks, each a tone of its own."""
    for number in (1, 2, 3):
        write(tmp_path / "music" / f"t{number}.flac", 200 * number)
    return tmp_path / "music"


def places(library):
    """Return where the file of each track lies, by id; None of those that are missing."""
    return {
        track.track_id: None if track.missing else track.path
        for track in library.catalogue().tracks
    }


def analysed(library):
    """Return the summary of every track by its id."""
    catalogue = library.catalogue()
    matrix = open_store(library, AUDIO.summary).matrix("summary", catalogue.rows)
    return {track.track_id: row for track, row in zip(catalogue.tracks, matrix, strict=True)}


def assert_same_analysis(library, before):
    now = analysed(library)
    for track_id, summary in before.items():
        np.testing.assert_array_equal(now[track_id], summary)


def test_chain_of_renames_keeps_each_id_with_its_sound(music, library):
    preprocess(library, music)
    before = analysed(library)
    for number in (3, 2, 1):
        (music / f"t{number}.flac").rename(music / f"t{number + 1}.flac")
    again = preprocess(library, music)
    assert (again.tracks, again.analyzed, again.moved, again.missing) == (3, 0, 3, 0)
    assert places(library) == {f"t{n}.flac": music / f"t{n + 1}.flac" for n in (1, 2, 3)}
    assert_same_analysis(library, before)
    again = preprocess(library, music)
    assert (again.analyzed, again.moved) == (0, 0)


def test_files_that_swap_names_keep_their_ids(music, library):
    preprocess(library, music)
    before = analysed(library)
    (music / "t1.flac").rename(music / "aside")
    (music / "t2.flac").rename(music / "t1.flac")
    (music / "aside").rename(music / "t2.flac")
    again = preprocess(library, music)
    assert (again.analyzed, again.moved, again.missing) == (0, 2, 0)
    assert places(library)["t1.flac"] == music / "t2.flac"
    assert places(library)["t2.flac"] == music / "t1.flac"
    assert_same_analysis(library, before)


def test_renamed_file_keeps_its_id_when_its_name_is_reused(music, library):
    preprocess(library, music)
    before = analysed(library)
    (music / "t1.flac").rename(music / "z.flac")
    write(music / "t1.flac", 900)
    again = preprocess(library, music)
    assert (again.tracks, again.analyzed, again.moved, again.missing) == (4 - 1 + 1, 1, 1, 0)
    assert places(library)["t1.flac"] == music / "z.flac"
    assert places(library)["t1.flac (2)"] == music / "t1.flac"
    assert_same_analysis(library, before)
    assert preprocess(library, music).analyzed == 0


def test_file_renamed_over_another_leaves_that_missing(music, library):
    preprocess(library, music)
    before = analysed(library)
    (music / "t1.flac").replace(music / "t2.flac")
    again = preprocess(library, music)
    assert (again.tracks, again.analyzed, again.moved, again.missing) == (2, 0, 1, 1)
    assert places(library) == {
        "t1.flac": music / "t2.flac",
        "t2.flac": None,
        "t3.flac": music / "t3.flac",
    }
    again = preprocess(library, music)
    assert (again.analyzed, again.moved, again.missing) == (0, 0, 1)
    write(music / "back.flac", 400)
    again = preprocess(library, music)
    assert (again.analyzed, again.moved, again.missing) == (0, 1, 0)
    assert places(library)["t2.flac"] == music / "back.flac"
    assert_same_analysis(library, before)


def test_new_file_does_not_take_the_id_of_a_missing_track(music, library):
    preprocess(library, music)
    (music / "t1.flac").rename(music / "z.flac")
    preprocess(library, music)
    (music / "z.flac").unlink()
    assert preprocess(library, music).missing == 1
    write(music / "t1.flac", 900)
    again = preprocess(library, music)
    assert (again.analyzed, again.missing) == (1, 1)
    assert places(library)["t1.flac"] is None
    assert places(library)["t1.flac (2)"] == music / "t1.flac"


def test_moved_folder_leaves_no_duplicate_tracks(music, library):
    preprocess(library, music)
    before = analysed(library)
    moved = music.rename(music.parent / "moved")
    (moved / "t1.flac").unlink()
    (moved / "t2.flac").rename(moved / "two.flac")
    again = preprocess(library, moved)
    assert (again.tracks, again.analyzed, again.missing, again.duplicates) == (2, 0, 1, 0)
    assert places(library) == {
        "t1.flac": None,
        "t2.flac": moved / "two.flac",
        "t3.flac": moved / "t3.flac",
    }
    assert_same_analysis(library, before)
    again = preprocess(library, moved)
    assert (again.analyzed, again.moved, again.missing) == (0, 0, 1)


def test_undecodable_file_keeps_its_id_in_a_moved_folder(music, library):
    (music / "t4.flac").write_text("no music")
    preprocess(library, music)
    moved = music.rename(music.parent / "moved")
    preprocess(library, moved)
    assert places(library)["t4.flac"] == moved / "t4.flac"


def test_equal_names_in_two_folders_are_two_tracks(music, library, tmp_path):
    preprocess(library, music)
    before = analysed(library)
    other = write(tmp_path / "other" / "t1.flac", 900).parent
    again = preprocess(library, other)
    assert (again.tracks, again.analyzed, again.missing) == (1, 1, 0)
    expected = {f"t{n}.flac": music / f"t{n}.flac" for n in (1, 2, 3)}
    assert places(library) == {**expected, "t1.flac (2)": other / "t1.flac"}
    assert_same_analysis(library, before)
    for folder in (music, other):
        assert preprocess(library, folder).analyzed == 0
    assert places(library) == {**expected, "t1.flac (2)": other / "t1.flac"}


def test_folder_under_another_path_has_the_same_tracks(music, library, tmp_path):
    preprocess(library, music)
    (tmp_path / "link").symlink_to(music)
    again = preprocess(library, tmp_path / "link")
    assert (again.tracks, again.analyzed, again.missing) == (3, 0, 0)
    assert len(places(library)) == 3


def test_listens_of_a_folder_follow_its_files(music, library, tmp_path):
    def plays(folder, *track_ids):
        lines = [f"anna,{track_id}" for track_id in track_ids]
        (folder / "listens.csv").write_text("\n".join(["user_id,track_id", *lines]) + "\n")

    def listened():
        return sorted(library.listens()["track_id"])

    plays(music, "t1.flac", "t2.flac")
    preprocess(library, music)
    (music / "t1.flac").rename(music / "one.flac")
    assert preprocess(library, music).problems == 0
    assert listened() == ["t1.flac", "t2.flac"]
    # the file may be called by its name now, too
    plays(music, "one.flac", "t2.flac")
    for _ in range(2):
        assert preprocess(library, music).problems == 0
        assert listened() == ["t1.flac", "t2.flac"]
    # and a folder's listens are of its own files
    other = write(tmp_path / "other" / "t2.flac", 900).parent
    plays(other, "t2.flac")
    assert preprocess(library, other).problems == 0
    assert listened() == ["t1.flac", "t2.flac", "t2.flac (2)"]


def test_problem_names_the_track_of_the_file(music, library, tmp_path):
    preprocess(library, music)
    other = tmp_path / "other"
    other.mkdir()
    (other / "t1.flac").write_text("no music")
    write(other / "x.flac", 700)
    preprocess(library, other)
    reported = {problem.subject for problem in library.problems()}
    assert reported == {"t1.flac (2)"}


def test_renamed_gtzan_clip_is_one_track(tmp_path):
    folder, library = tmp_path / "gtzan", Library(tmp_path / "my.segue")
    for number in range(3):
        write(folder / "blues" / f"blues.0000{number}.wav", 300 + 100 * number)
    preprocess(library, folder)
    (folder / "blues" / "blues.00000.wav").rename(folder / "blues" / "blues.00009.wav")
    again = preprocess(library, folder)
    assert (again.kind, again.analyzed, again.moved) == ("gtzan", 0, 1)
    again = preprocess(library, folder)
    assert (again.analyzed, again.moved, again.missing) == (0, 0, 0)
    assert places(library)["blues.00000"] == folder / "blues" / "blues.00009.wav"
    shutil.copy(folder / "blues" / "blues.00009.wav", folder / "blues" / "blues.00000.wav")
    preprocess(library, folder)
    assert places(library)["blues.00000 (2)"] == folder / "blues" / "blues.00000.wav"


def test_known_files_elsewhere_are_looked_at_once(tmp_path, monkeypatch):
    folder, deep = tmp_path / "music", tmp_path / "a/b/c/d/e"
    files = [folder / "new.flac", *(deep / f"{n}.flac" for n in range(50))]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (deep / "link.flac").symlink_to(folder / "excluded.flac")
    (folder / "excluded.flac").touch()
    paths = [*files[1:], deep / "link.flac", deep / "gone.flac"]
    known = {
        path.name: KnownTrack(row, Track(track_id=path.name, path=path), None)
        for row, path in enumerate(paths)
    }
    n_calls = 0

    def counted(call):
        def count(*given, **more):
            nonlocal n_calls
            n_calls += 1
            return call(*given, **more)

        return count

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", counted(os.stat))
        patched.setattr(os, "lstat", counted(os.lstat))
        new = Track(track_id="new.flac", path=files[0])
        found = match_files(folder, [new], lambda path: path.name, known, lambda _: {})
    assert found.missing == {"gone.flac"}
    assert found.left_out == {"link.flac"}
    assert n_calls < 3 * len(paths)


def test_problems_of_an_unplugged_drive_come_back_with_it(music, library, tmp_path):
    usb = tmp_path / "usb"
    file = mutagen.File(write(usb / "u.flac", 900))
    file["date"] = "nonsense"
    file.save()
    assert preprocess(library, usb).problems == 1
    before = library.problems()
    for _ in range(2):
        usb.rename(tmp_path / "unplugged")
        assert preprocess(library, music).problems == 0
        assert library.problems() == []
        (tmp_path / "unplugged").rename(usb)
        assert library.problems() == before
        assert preprocess(library, usb).problems == 1
    assert library.problems() == before
    usb.rename(tmp_path / "moved")
    preprocess(library, tmp_path / "moved")
    usb.mkdir()
    assert len(library.problems()) == 1
