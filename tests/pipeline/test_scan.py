"""Second scan of a folder: moved, changed, retagged, excluded and missing files."""

import os
import shutil
import sqlite3
from contextlib import contextmanager

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TPE1

from segue.errors import DatasetError
from segue.library import Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.preprocess import preprocess

RATE = 22_050


def tone(hertz, seconds=2.0):
    return 0.2 * np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)


@pytest.fixture
def music(tmp_path):
    """A folder of four tracks, in two folders of their own."""
    root = tmp_path / "music"
    for place, hertz in {"a/one": 200, "a/two": 300, "b/three": 400, "b/four": 500}.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / f"{place}.flac", tone(hertz), RATE)
    return root


def tracks_of(library):
    return {track.track_id: track for track in library.catalogue().tracks}


def analysed(library):
    """Return the summary of every track by its id."""
    catalogue = library.catalogue()
    matrix = open_store(library, AUDIO.summary).matrix("summary", catalogue.rows)
    return {track.track_id: row for track, row in zip(catalogue.tracks, matrix, strict=True)}


def spying():
    """Return a progress that notes how many steps each stage was announced to have."""
    seen = {}

    @contextmanager
    def progress(description, total):
        seen[description] = total
        yield lambda steps: None

    return progress, seen


def test_second_run_reads_no_tags_and_analyses_nothing(music, library):
    preprocess(library, music)
    before, summaries = tracks_of(library), analysed(library)
    progress, seen = spying()
    again = preprocess(library, music, progress=progress)
    assert (again.tracks, again.analyzed, again.moved, again.missing) == (4, 0, 0, 0)
    assert (seen["Reading tags"], seen["Analyzing audio"]) == (0, 0)
    assert "Comparing files" not in seen
    assert tracks_of(library) == before
    for track_id, summary in analysed(library).items():
        np.testing.assert_array_equal(summary, summaries[track_id])


def test_moved_or_renamed_file_keeps_id_and_analysis(music, library):
    preprocess(library, music)
    rows = dict(zip(tracks_of(library), library.catalogue().rows.tolist(), strict=True))
    (music / "c").mkdir()
    (music / "a" / "one.flac").rename(music / "c" / "one.flac")
    (music / "b" / "four.flac").rename(music / "b" / "five.flac")
    again = preprocess(library, music)
    assert (again.tracks, again.analyzed, again.moved, again.missing) == (4, 0, 2, 0)
    found = tracks_of(library)
    assert dict(zip(found, library.catalogue().rows.tolist(), strict=True)) == rows
    assert found["a/one.flac"].path == music / "c" / "one.flac"
    assert found["b/four.flac"].path == music / "b" / "five.flac"
    # and so it stays
    third = preprocess(library, music)
    assert (third.tracks, third.analyzed, third.moved) == (4, 0, 0)
    assert tracks_of(library) == found


def test_file_with_the_name_of_a_moved_one_is_a_new_track(music, library):
    preprocess(library, music)
    (music / "a" / "one.flac").rename(music / "a" / "uno.flac")
    preprocess(library, music)
    soundfile.write(music / "a" / "one.flac", tone(900), RATE)
    assert preprocess(library, music).analyzed == 1
    paths = {track_id: track.path.name for track_id, track in tracks_of(library).items()}
    assert paths["a/one.flac"] == "uno.flac"
    assert paths["a/one.flac (2)"] == "one.flac"
    assert preprocess(library, music).analyzed == 0


def test_changed_tags_need_no_new_analysis(music, library):
    preprocess(library, music)
    file = mutagen.File(music / "a" / "one.flac")
    file["title"] = ["New " * 2_000]
    file.save()
    again = preprocess(library, music)
    assert again.analyzed == 0
    assert tracks_of(library)["a/one.flac"].title.startswith("New New")
    progress, seen = spying()
    preprocess(library, music, progress=progress)
    assert "Comparing files" not in seen


def test_other_sound_under_the_same_name_is_a_new_track(music, library):
    preprocess(library, music)
    before = analysed(library)
    soundfile.write(music / "a" / "one.flac", tone(2_000, 3.0), RATE)
    again = preprocess(library, music)
    assert (again.analyzed, again.replaced, again.missing) == (1, 0, 1)
    now = analysed(library)
    assert np.nanmax(np.abs(now["a/one.flac (2)"] - before["a/one.flac"])) > 1
    np.testing.assert_array_equal(now["a/one.flac"], before["a/one.flac"])
    assert tracks_of(library)["a/one.flac (2)"].duration == pytest.approx(3.0)
    third = preprocess(library, music)
    assert (third.analyzed, third.replaced, third.missing) == (0, 0, 1)


def test_rewritten_file_with_the_same_sound_is_not_analysed(music, library):
    preprocess(library, music)
    os.utime(music / "a" / "one.flac", (1_000_000_000, 1_000_000_000))
    assert preprocess(library, music).analyzed == 0


def test_deleted_file_is_missing_and_returns_unchanged(music, library, tmp_path):
    preprocess(library, music)
    before = tracks_of(library)
    (music / "a" / "one.flac").rename(tmp_path / "aside.flac")
    again = preprocess(library, music)
    assert (again.tracks, again.missing) == (3, 1)
    assert tracks_of(library)["a/one.flac"].missing
    assert len(open_store(library, AUDIO.summary).rows()) == 4
    (tmp_path / "aside.flac").rename(music / "a" / "one.flac")
    assert (preprocess(library, music).missing, preprocess(library, music).analyzed) == (0, 0)
    assert tracks_of(library) == before


def test_missing_file_of_a_table_keeps_its_analysis(dataset, library, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    preprocess(library, copy)
    (copy / "audio" / "05.wav").rename(tmp_path / "aside.wav")
    again = preprocess(library, copy)
    assert (again.missing, again.problems) == (1, 1)
    assert tracks_of(library)["t05"].missing
    assert len(open_store(library, AUDIO.summary).rows()) == 36
    (tmp_path / "aside.wav").rename(copy / "audio" / "05.wav")
    again = preprocess(library, copy)
    assert (again.analyzed, again.missing, again.problems) == (0, 0, 0)


def test_excluded_files_are_left_out(music, library):
    (music / "b" / ".notmusic").touch()
    assert preprocess(library, music).tracks == 2
    assert preprocess(library, music, exclude=["ONE.*"]).tracks == 1
    assert preprocess(library, music, exclude=["a/tw*"]).tracks == 1
    (music / "b" / ".notmusic").unlink()
    assert preprocess(library, music, exclude=["a"]).tracks == 2


@pytest.mark.parametrize("table", [False, True])
def test_file_excluded_later_is_left_out_and_not_missing(music, library, table):
    if table:
        rows = [f"{path.relative_to(music)},x" for path in sorted(music.rglob("*.flac"))]
        (music / "metadata.csv").write_text("\n".join(["path,genre", *rows]))
    preprocess(library, music)
    before = tracks_of(library)
    for how in ({"exclude": ["b"]}, {"exclude": ["b/*.flac"]}, {}):
        if not how:
            (music / "b" / ".notmusic").touch()
        again = preprocess(library, music, **how)
        assert (again.tracks, again.missing, again.left_out) == (2, 0, 2)
        found = tracks_of(library)
        # not recommended, as if it were missing
        assert found["b/four.flac"].missing
        assert found["b/four.flac"].left_out
        assert library.counts()["left_out"] == 2
    (music / "b" / "four.flac").unlink()
    (music / "b" / ".notmusic").unlink()
    again = preprocess(library, music)
    assert (again.analyzed, again.missing, again.left_out) == (0, 1, 0)
    assert tracks_of(library)["b/three.flac"] == before["b/three.flac"]


def test_failed_file_is_reported_and_retried_when_changed(music, library):
    bad = music / "a" / "one.flac"
    good = bad.read_bytes()
    bad.write_bytes(b"not flac")
    assert preprocess(library, music).problems == 1  # neither its tags nor its sound
    progress, seen = spying()
    assert preprocess(library, music, progress=progress).problems == 1
    assert seen["Analyzing audio"] == 0
    progress, seen = spying()
    assert preprocess(library, music, retry=True, progress=progress).problems == 1
    assert seen["Analyzing audio"] == 4  # the three tracks that are done count, too
    bad.write_bytes(good)
    again = preprocess(library, music)
    assert (again.analyzed, again.problems) == (1, 0)


def test_problem_of_a_moved_folder_is_told_once(music, library):
    file = mutagen.File(music / "a" / "one.flac")
    file["date"] = ["nonsense"]
    file.save()
    (music / "b" / "four.flac").write_text("no music")
    (music / "b" / "link.mp3").symlink_to("nowhere.mp3")
    before = preprocess(library, music)
    assert before.problems == library.counts()["problems"] == 3
    moved = music.rename(music.parent / "moved")
    again = preprocess(library, moved)
    assert again.problems == library.counts()["problems"] == 3
    reasons = {problem.source: problem.reason for problem in library.problems()}
    assert reasons.keys() == {"a/one.flac", "b/four.flac", "b/link.mp3"}
    assert reasons["b/four.flac"].startswith("it cannot be decoded")
    assert "tags" not in reasons["b/four.flac"]


def test_fast_analysis_is_completed_by_a_later_run(tmp_path, library, rng):
    (tmp_path / "music").mkdir()
    soundfile.write(tmp_path / "music" / "long.flac", 0.1 * rng.normal(size=200 * RATE), RATE)
    fast = preprocess(library, tmp_path / "music", fast=True)
    assert fast.analyzed == 1
    (file,) = library.audio_files().values()
    assert file.fast
    assert preprocess(library, tmp_path / "music", fast=True).analyzed == 0
    quick = analysed(library)["long.flac"]
    assert preprocess(library, tmp_path / "music").analyzed == 1
    (file,) = library.audio_files().values()
    assert not file.fast
    whole = analysed(library)["long.flac"]
    assert not np.array_equal(quick, whole, equal_nan=True)
    # what is never in the whole is not in a part: noise sounds alike throughout
    both = ~np.isnan(quick) & ~np.isnan(whole)
    assert np.corrcoef(quick[both], whole[both])[0, 1] > 0.99
    assert preprocess(library, tmp_path / "music", fast=True).analyzed == 0
    # the arrays of the fast analysis take no space
    stores = library.stores(lambda kept: "keeps" in kept)
    assert len(stores) > 1
    assert all(store.dead_bytes() == 0 for store in stores)


def test_windows_are_dropped_and_computed_again(music, library):
    from segue.pipeline.analysis.inputs import drop_windows

    preprocess(library, music)
    before = open_store(library, AUDIO.windows)
    kept = {row: before.read("log_mel", row).copy() for row in before.rows().tolist()}
    assert drop_windows(library) > sum(array.nbytes for array in kept.values())
    assert preprocess(library, music).analyzed == 0
    assert preprocess(library, music, windows=True).analyzed == 4
    after = open_store(library, AUDIO.windows)
    for row, array in kept.items():
        np.testing.assert_array_equal(after.read("log_mel", row), array)


def test_results_of_a_killed_run_are_recorded_by_the_next(music, library):
    preprocess(library, music)
    before = tracks_of(library)
    rows = library.catalogue().rows.tolist()
    from sqlalchemy import delete

    from segue.library.schema import audio_files

    with library._database.begin() as connection:
        connection.execute(delete(audio_files).where(audio_files.c.track.in_(rows[:2])))
    again = preprocess(Library(library.directory), music)
    assert again.analyzed == 0
    assert tracks_of(library) == before
    assert len(library.audio_files()) == 4


def tag(path, **values):
    """Write tags to a FLAC file without changing its size or modification time."""
    before = path.stat()
    file = mutagen.File(path)
    file.update(values)
    file.save(padding=lambda info: info.padding)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.fixture
def tagged(music):
    """The folder of four tracks, whose first has room for tags of a kept size and time."""
    file = mutagen.File(music / "a" / "one.flac")
    file["title"] = "Old"
    file.save(padding=lambda info: 1_024)
    return music


def test_unchanged_files_are_read_again_on_request(tagged, library):
    preprocess(library, tagged)
    tag(tagged / "a" / "one.flac", title="New")
    preprocess(library, tagged)
    assert tracks_of(library)["a/one.flac"].title == "Old"
    again = preprocess(library, tagged, reread_tags=True)
    assert again.analyzed == 0
    assert tracks_of(library)["a/one.flac"].title == "New"


@pytest.mark.sqlite
def test_tags_of_another_reader_version_are_read_again(tagged, library):
    preprocess(library, tagged)
    tag(tagged / "a" / "one.flac", title="New")
    with sqlite3.connect(library.directory / "library.db") as connection:
        connection.execute("UPDATE tracks SET tag_reader = 0 WHERE track_id = 'a/one.flac'")
    progress, seen = spying()
    again = preprocess(library, tagged, progress=progress)
    assert (seen["Reading tags"], again.analyzed) == (1, 0)
    assert tracks_of(library)["a/one.flac"].title == "New"


@pytest.mark.sqlite
def test_library_of_format_8_reads_tags_of_folders_again(tagged, library):
    preprocess(library, tagged)
    tag(tagged / "a" / "one.flac", title="New")
    library.close()
    with sqlite3.connect(library.directory / "library.db") as connection:
        connection.execute("ALTER TABLE tracks DROP COLUMN tag_reader")
        connection.execute("UPDATE meta SET value = '8' WHERE key = 'format'")
    upgraded = Library(library.directory)
    assert {track.tag_reader for track in upgraded.catalogue().tracks} == {0}
    assert preprocess(upgraded, tagged).analyzed == 0
    assert tracks_of(upgraded)["a/one.flac"].title == "New"


def test_values_of_a_table_outlive_the_tags_of_files(tagged, library):
    table = tagged / "metadata.csv"
    table.write_text(
        "track_id,path,title,genre,mood\none,a/one.flac,Of the table,jazz,calm\n"
        "two,a/two.flac,,,\nthree,b/three.flac,,,\nfour,b/four.flac,,,\n"
    )
    preprocess(library, tagged)
    tag(tagged / "a" / "one.flac", title="Of the file", artist="Anna")
    table.unlink()
    preprocess(library, tagged)
    assert tracks_of(library)["one"].artist is None
    preprocess(library, tagged, reread_tags=True)
    found = tracks_of(library)["one"]
    assert (found.title, found.genres, found.artist) == ("Of the table", ("jazz",), "Anna")
    assert found.metadata == {"mood": "calm"}


def test_tag_encoding_is_kept_for_later_runs(music, library):
    path = music / "a" / "one.mp3"
    soundfile.write(path, tone(250), RATE)
    tags = ID3()
    tags.add(TPE1(encoding=0, text=["Dvořák".encode("cp1250").decode("latin-1")]))
    tags.save(path)
    preprocess(library, music, tag_encoding="cp1250")
    assert tracks_of(library)["a/one.mp3"].artist == "Dvořák"
    preprocess(library, music, reread_tags=True)
    assert tracks_of(library)["a/one.mp3"].artist == "Dvořák"
    preprocess(library, music, tag_encoding="auto")
    assert tracks_of(library)["a/one.mp3"].artist != "Dvořák"
    with pytest.raises(DatasetError, match="no text encoding"):
        preprocess(library, music, tag_encoding="klingon")


def test_file_that_is_cut_short_stays_a_problem(music, library):
    whole = music / "a" / "one.flac"
    data = whole.read_bytes()
    whole.write_bytes(data[: int(len(data) * 0.4)])
    first = preprocess(library, music)
    assert (first.analyzed, first.problems) == (4, 1)
    problem = library.problems()[0]
    assert (problem.source, problem.subject) == ("one.flac", "a/one.flac")
    assert "is cut short or damaged (only 0:0" in problem.reason
    # the tags still state the whole length
    assert (
        0.5 < tracks_of(library)["a/one.flac"].duration < tracks_of(library)["a/two.flac"].duration
    )
    again = preprocess(library, music)
    assert (again.analyzed, again.problems, library.problems()) == (0, 1, [problem])
    whole.write_bytes(data)
    assert preprocess(library, music).problems == 0


def test_listens_of_a_replaced_recording_stay_with_it(music, library):
    (music / "listens.csv").write_text("user_id,track_id\nann,a/one.flac\nann,a/two.flac\n")
    preprocess(library, music)
    soundfile.write(music / "a" / "one.flac", tone(3_000), RATE)
    preprocess(library, music)
    assert library.listens()["track_id"].to_list() == ["a/one.flac", "a/two.flac"]
    assert tracks_of(library)["a/one.flac"].missing


def test_listens_of_a_deleted_file_stay(music, library):
    (music / "listens.csv").write_text("user_id,track_id\nann,a/one.flac\nann,a/two.flac\n")
    preprocess(library, music)
    (music / "a" / "one.flac").unlink()
    again = preprocess(library, music)
    assert (again.listens, again.problems) == (2, 0)
    assert library.listens()["track_id"].to_list() == ["a/one.flac", "a/two.flac"]
