"""Tables that name few files of a music folder, and CUE sheets of files with several tracks."""

from pathlib import Path

import mutagen.flac
import numpy as np
import pytest
import soundfile

from segue.sources import read_dataset
from segue.sources.file_tags.cue_sheets import tracks_by_file, unsplit_files

SHEET = (
    'PERFORMER "Alder"\nFILE "{}" WAVE\n  TRACK 01 AUDIO\n    TITLE "One"\n    INDEX 01 00:00:00\n'
    '  TRACK 02 AUDIO\n    TITLE "Two"\n    INDEX 01 03:10:25\n'
)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    (tmp_path / "Alder").mkdir()
    for number in range(1, 6):
        path = tmp_path / "Alder" / f"{number:02d}.flac"
        with soundfile.SoundFile(path, "w", 8000, 1) as file:
            file.title, file.artist = f"Tagged {number}", "Alder"
            file.write(np.zeros(800))
    return tmp_path


def test_stray_table_row_replaces_the_tags_of_its_file(music: Path) -> None:
    (music / "metadata.csv").write_text(
        "track_id,path,title,genre,mood\nx1,Alder/01.flac,From the table,rock,calm\n"
    )
    dataset = read_dataset(music)
    assert dataset.kind == "folder"
    assert [track.title for track in dataset.tracks] == [
        *["From the table", "Tagged 2", "Tagged 3", "Tagged 4", "Tagged 5"]
    ]
    first = dataset.tracks[0]
    assert (first.artist, first.genres, first.metadata["mood"]) == ("Alder", ("rock",), "calm")
    assert [problem.source for problem in dataset.problems] == ["metadata.csv"]
    assert "names 1 of 5 audio files: the other 4 are read" in dataset.problems[0].reason


@pytest.mark.parametrize(
    "table", ["song,mood\nx,calm\n", "\0\1\2", "", 'a,"b\n', "path\tname\nAlder/01.flac\tx\n"]
)
def test_table_of_another_program_hides_no_file(music: Path, table: str) -> None:
    (music / "metadata.csv").write_text(table)
    dataset = read_dataset(music)
    assert len(dataset.tracks) == 5
    assert dataset.problems[0].source == "metadata.csv"


def test_stray_table_rows_without_files_are_a_problem(music: Path) -> None:
    (music / "metadata.csv").write_text("track_id,title\na,One\nb,Two\n")
    dataset = read_dataset(music)
    assert len(dataset.tracks) == 5
    assert "2 rows name no audio file: left out" in [one.reason for one in dataset.problems]


def test_table_of_most_files_reports_the_others(music: Path) -> None:
    rows = "".join(f"Alder/{number:02d}.flac\n" for number in (1, 2, 3, 4))
    (music / "metadata.csv").write_text("path\n" + rows)
    dataset = read_dataset(music)
    assert (dataset.kind, len(dataset.tracks)) == ("table", 4)
    assert [(one.source, one.reason[:25]) for one in dataset.problems] == [
        ("Alder/05.flac", "the file is in no row of ")
    ]


def test_table_of_a_catalogue_with_few_files_is_used(music: Path) -> None:
    rows = "".join(f"id{number},Title {number}\n" for number in range(30))
    (music / "metadata.csv").write_text("track_id,title\n" + rows)
    dataset = read_dataset(music)
    assert (dataset.kind, len(dataset.tracks), len(dataset.problems)) == ("table", 30, 5)


@pytest.mark.parametrize(
    ("sheet", "named"),
    [
        ("Alder/album.cue", "01.flac"),
        ("Alder/album.cue", "01.wav"),
        ("Alder/album.cue", "C:\\rips\\01.WAV"),
        ("Alder/01.cue", "CDImage.ape"),
    ],
)
def test_cue_sheet_of_one_file_is_a_problem(music: Path, sheet: str, named: str) -> None:
    (music / sheet).write_bytes(SHEET.format(named).encode("cp1252"))
    dataset = read_dataset(music)
    assert len(dataset.tracks) == 5
    reason = f"it holds several tracks (2 in {Path(sheet).name}) and is used as one: split it"
    assert [one.source for one in dataset.problems] == ["Alder/01.flac"]
    assert dataset.problems[0].reason.startswith(reason)


@pytest.mark.parametrize("also", ["features", "listens"])
def test_table_of_a_dataset_is_not_stray(music: Path, also: str) -> None:
    if also == "features":
        np.save(music / "x1.npy", np.zeros((4, 3), np.float32))
        (music / "metadata.csv").write_text("track_id,features\nx1,x1.npy\n")
    else:
        (music / "metadata.csv").write_text("track_id,title\nx1,One\n")
        (music / "listens.csv").write_text("user_id,track_id\nann,x1\n")
    dataset = read_dataset(music)
    assert (dataset.kind, [track.track_id for track in dataset.tracks]) == ("table", ["x1"])
    assert [problem.source for problem in dataset.problems] == [
        f"Alder/{number:02d}.flac" for number in range(1, 6)
    ]
    assert len(dataset.listens) == (also == "listens")


def test_cue_sheet_of_a_file_a_track_is_no_problem(music: Path) -> None:
    text = "".join(
        f'FILE "0{n}.flac" WAVE\n TRACK 0{n} AUDIO\n INDEX 01 00:00:00\n' for n in (1, 2)
    )
    (music / "Alder" / "album.cue").write_text(text)
    assert read_dataset(music).problems == []


def test_cue_sheet_of_absent_or_unclear_files_names_none(tmp_path: Path) -> None:
    files = [tmp_path / "a.flac", tmp_path / "a.ape"]
    sheet = tmp_path / "x.cue"
    sheet.write_text(SHEET.format("a.wav"))
    assert unsplit_files([sheet, tmp_path / "gone.cue"], files) == {}


def test_cue_sheet_any_text_is_read() -> None:
    assert tracks_by_file("TRACK 01 AUDIO\nFILE a b.wav WAVE\nTRACK 1 AUDIO\nTRACK x AUDIO") == {
        "": 1,
        "a b.wav": 1,
    }


def test_cue_sheet_in_a_file_is_a_problem(music: Path) -> None:
    path = music / "Alder" / "01.flac"
    file = mutagen.flac.FLAC(path)
    file["CUESHEET"] = SHEET.format("01.flac")
    file.save()
    (music / "Alder" / "01.cue").write_text(SHEET.format("01.wav"))
    problems = read_dataset(music).problems
    reason = "it holds several tracks (2 in its own CUE sheet) and is used as one: split it"
    assert [one.source for one in problems] == ["Alder/01.flac"]
    assert problems[0].reason.startswith(reason)


def test_cue_sheet_block_of_flac_is_a_problem(music: Path) -> None:
    path = music / "Alder" / "01.flac"
    file = mutagen.flac.FLAC(path)
    sheet = mutagen.flac.CueSheet(None)
    for number in (1, 2, 3, 170):  # 170 is the end of the disc
        track = mutagen.flac.CueSheetTrack(number, number * 588)
        track.indexes = [] if number == 170 else [mutagen.flac.CueSheetTrackIndex(1, 0)]
        sheet.tracks.append(track)
    file.metadata_blocks.append(sheet)
    file.cuesheet = sheet
    file.save()
    assert "(3 in its own CUE sheet)" in read_dataset(music).problems[0].reason
