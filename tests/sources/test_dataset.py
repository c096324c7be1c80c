"""Dataset kinds, combined parts of a dataset, and errors that say what to do."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import soundfile

from segue.errors import DatasetError
from segue.sources import read_dataset
from segue.types import ArtistCredit


def sound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(800), 8000)
    return path


def frames(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.zeros((4, 3), dtype=np.uint8))
    return path


SONG = np.dtype(
    [
        *((name, "S64") for name in ("artist_name", "title", "release", "genre")),
        *[("song_id", "S32"), ("artist_id", "S32"), ("artist_hotttnesss", "f8")],
    ]
)
ANALYSIS = np.dtype(
    [
        *[("track_id", "S32"), ("tempo", "f8"), ("duration", "f8"), ("loudness", "f8")],
        *[("key", "i4"), ("mode", "i4"), ("danceability", "f8"), ("energy", "f8")],
    ]
)


def msd_song(path: Path, *, year: int = 0, energy: float = 0.0, songs: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    song = ("Björk ft. X".encode(), b"T", b"", b"", b"SO1", b"AR1", np.nan)
    analysis = (path.stem.encode(), 0.0, 12.5, -9.5, 0, 1, 0.0, energy)
    with h5py.File(path, "w") as file:
        file["metadata/songs"] = np.array([song] * songs, dtype=SONG)
        file["analysis/songs"] = np.array([analysis] * songs, dtype=ANALYSIS)
        file["musicbrainz/songs"] = np.array(
            [(0, year)] * songs, dtype=[("idx", "i4"), ("year", "i4")]
        )
        file["metadata/artist_terms"] = np.array([b"hip hop", b"jazz", b"rap"])
        file["metadata/artist_terms_weight"] = np.array([0.5, 0.75, 0.0])
        file["analysis/segments_timbre"] = np.zeros((3, 12))
        file["analysis/segments_pitches"] = np.zeros((3, 12))
    return path


def test_table_dataset_has_tracks_listens_and_friends(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "1.wav")
    frames(tmp_path / "features" / "2.npy")
    (tmp_path / "metadata.csv").write_text(
        "track_id,path,features,title,artist,album,year,genre,tempo,duration,tags,lyrics,split,mood\n"
        "007,audio/1.wav,,One,A ft. B,X,2001-02-03,Rap|Jazz,120,3:00,rock:2,la,Train,happy\n"
        "2,,features/2.npy,Two,,,0,,,,,,test,\n"
    )
    (tmp_path / "listens.csv").write_text("user_id,track_id,plays\nu,007,3\nu,9,1\n")
    (tmp_path / "friends.csv").write_text("user_id,friend_id\nu,v\n")
    dataset = read_dataset(tmp_path)
    one, two = dataset.tracks
    assert dataset.kind == "table"
    assert dataset.directory == tmp_path
    assert (one.track_id, one.title, one.artist, one.album, one.year) == (
        "007",
        "One",
        "A",
        "X",
        2001,
    )
    assert (one.genres, one.tempo, one.duration) == (("hip-hop", "jazz"), 120.0, 180.0)
    assert (one.tags, one.lyrics, one.split) == ({"rock": 2.0}, "la", "train")
    assert one.metadata == {"mood": "happy"}
    assert one.artists == (ArtistCredit("A"), ArtistCredit("B", "guest"))
    assert (one.path, one.features) == (tmp_path / "audio" / "1.wav", None)
    assert (two.path, two.features) == (None, tmp_path / "features" / "2.npy")
    assert (two.year, two.split, two.metadata) == (None, "test", {})
    assert dataset.listens["track_id"].to_list() == ["007"]
    assert dataset.friends is not None
    assert len(dataset.friends) == 1
    assert [(problem.source, problem.subject) for problem in dataset.problems] == [
        ("listens.csv", "9")
    ]


def test_metadata_files_are_found_by_id_and_in_their_folder(tmp_path: Path) -> None:
    for name in ("a", "b", "sub/c"):
        sound(tmp_path / "audio" / f"{name}.wav")
    frames(tmp_path / "features" / "a.npy")
    sound(tmp_path / "audio" / "stray.wav")
    (tmp_path / "metadata.csv").write_text("track_id,path\na,\nb.wav,\nc,sub\\c.wav\n")
    dataset = read_dataset(tmp_path)
    assert [track.path for track in dataset.tracks] == [
        tmp_path / "audio" / name for name in ("a.wav", "b.wav", "sub/c.wav")
    ]
    assert dataset.tracks[0].features == tmp_path / "features" / "a.npy"
    assert [problem.source for problem in dataset.problems] == ["audio/stray.wav"]


def test_metadata_each_unusable_row_is_a_problem(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "1.wav")
    (tmp_path / "metadata.csv").write_text(
        "track_id,path,title,year,tempo,duration,split\n"
        "1,audio/1.wav,a,0866,1000,-5,holdout\n"
        "1,,again,,,,\n"
        ",,no id,,,,\n"
        "2,audio/gone.wav,b,,,,\n"
        "3,audio/gone.wav,,,,,\n"
        "4,notes.txt,c,,,,\n"
    )
    dataset = read_dataset(tmp_path)
    assert [track.track_id for track in dataset.tracks] == ["1", "2", "4"]
    found = [(problem.row, problem.subject, problem.reason[:14]) for problem in dataset.problems]
    assert found == [
        (2, "1", "year '0866' is"),
        (2, "1", "tempo '1000' i"),
        (2, "1", "duration '-5' "),
        (2, "1", "split 'holdout"),
        (3, "1", "row 2 has the "),
        (4, None, "the row has ne"),
        (5, "2", "path 'audio/go"),
        (6, "3", "path 'audio/go"),
        (7, "4", "path 'notes.tx"),
        (6, "3", "the track has "),
    ]


def test_metadata_bare_id_is_a_track_if_there_are_listens(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("track_id,title\n1,\n2,b\n")
    (tmp_path / "listens.csv").write_text("user_id,track_id\nu,2\n")
    assert [track.track_id for track in read_dataset(tmp_path).tracks] == ["1", "2"]


def test_metadata_without_id_uses_the_path(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "1.wav")
    (tmp_path / "metadata.csv").write_text("filename,genre\naudio/1.wav,rock\n")
    (track,) = read_dataset(tmp_path).tracks
    assert (track.track_id, track.genres) == ("audio/1.wav", ("rock",))


def test_parquet_dataset_reads_like_csv(tmp_path: Path) -> None:
    pd.DataFrame(
        {"track_id": [1, 2], "year": [2001.0, None], "tags": [["rock", "jazz"], None]}
    ).to_parquet(tmp_path / "metadata.parquet")
    pd.DataFrame({"user_id": [1], "track_id": [2]}).to_parquet(tmp_path / "listens.parquet")
    dataset = read_dataset(tmp_path)
    one, two = dataset.tracks
    assert (one.track_id, one.year, one.tags) == ("1", 2001, {"rock": 1.0, "jazz": 1.0})
    assert (two.year, two.tags) == (None, {})
    assert dataset.listens["track_id"].to_list() == ["2"]


def test_two_tables_of_one_name_use_csv_and_report_the_other(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("track_id,title\n1,csv\n")
    pd.DataFrame({"track_id": ["2"]}).to_parquet(tmp_path / "metadata.parquet")
    dataset = read_dataset(tmp_path)
    assert dataset.tracks[0].title == "csv"
    assert [problem.source for problem in dataset.problems] == ["metadata.parquet"]


def test_listens_alone_give_tracks_of_their_ids(tmp_path: Path) -> None:
    (tmp_path / "listens.csv").write_text("user_id,track_id\nu,007\nv,b\nv,007\n")
    dataset = read_dataset(tmp_path)
    assert dataset.kind == "table"
    assert [track.track_id for track in dataset.tracks] == ["007", "b"]
    assert len(dataset.listens) == 3


def test_listens_in_a_folder_are_of_its_tracks(tmp_path: Path) -> None:
    sound(tmp_path / "a" / "1.wav")
    (tmp_path / "listens.csv").write_text("user_id,track_id\nu,a/1.wav\nv,b\n")
    dataset = read_dataset(tmp_path)
    assert dataset.kind == "folder"
    assert dataset.listens["user_id"].to_list() == ["u"]
    assert [problem.subject for problem in dataset.problems] == ["b"]


@pytest.mark.parametrize("below", ["", "Data/genres_original"])
def test_gtzan_layout_is_recognized_at_any_depth(tmp_path: Path, below: str) -> None:
    for i in range(6):
        sound(tmp_path / below / "blues" / f"blues.{i:05d}.wav")
        sound(tmp_path / below / "hiphop" / f"hiphop.{i:05d}.au")
    dataset = read_dataset(tmp_path)
    assert dataset.kind == "gtzan"
    assert dataset.tracks[0].track_id == "blues.00000"
    assert [track.genres for track in dataset.tracks] == [("blues",)] * 6 + [("hip-hop",)] * 6
    assert dataset.problems == []


def test_gtzan_file_outside_the_layout_is_read_by_tags(tmp_path: Path) -> None:
    for i in range(10):
        sound(tmp_path / "pop" / f"pop.{i:05d}.wav")
    sound(tmp_path / "pop" / "one more.wav")
    dataset = read_dataset(tmp_path)
    assert dataset.kind == "gtzan"
    assert dataset.tracks[0].track_id == "pop/one more.wav"
    assert len(dataset.tracks) == 11


def test_gtzan_clip_that_occurs_twice_is_a_problem(tmp_path: Path) -> None:
    sound(tmp_path / "a" / "pop" / "pop.00000.wav")
    sound(tmp_path / "b" / "pop" / "pop.00000.wav")
    dataset = read_dataset(tmp_path)
    assert len(dataset.tracks) == 1
    assert "a/pop/pop.00000.wav has the same id" in dataset.problems[0].reason


def test_msd_folder_is_read(tmp_path: Path) -> None:
    path = msd_song(tmp_path / "A" / "B" / "TRAB1.h5", year=1997)
    (tmp_path / "A" / "broken.h5").write_bytes(b"not HDF5")
    msd_song(tmp_path / "summary.h5", songs=2)
    dataset = read_dataset(tmp_path)
    (track,) = dataset.tracks
    assert dataset.kind == "msd"
    assert (track.track_id, track.title, track.artist, track.album) == ("TRAB1", "T", "Björk", None)
    assert (track.year, track.tempo, track.duration, track.genres) == (1997, None, 12.5, ())
    assert track.tags == {"hip-hop": 0.5, "jazz": 0.75}
    assert track.metadata == {
        "song_id": "SO1",
        "artist_id": "AR1",
        "loudness": "-9.5",
        "key": "0",
        "mode": "1",
        "top_term": "jazz",
    }
    assert (track.features, track.path) == (path, None)
    assert [problem.source for problem in dataset.problems] == ["A/broken.h5", "summary.h5"]


def test_msd_zero_is_unknown(tmp_path: Path) -> None:
    msd_song(tmp_path / "TR0.h5", energy=0.0)
    msd_song(tmp_path / "TR1.h5", energy=0.25)
    dataset = read_dataset(tmp_path)
    assert [track.year for track in dataset.tracks] == [None, None]
    assert [track.metadata.get("energy") for track in dataset.tracks] == [None, "0.25"]
    assert all("danceability" not in track.metadata for track in dataset.tracks)


def test_metadata_features_may_be_msd_files(tmp_path: Path) -> None:
    path = msd_song(tmp_path / "features" / "TR1.h5")
    (tmp_path / "metadata.csv").write_text("track_id,features\nTR1,features/TR1.h5\n")
    assert read_dataset(tmp_path).tracks[0].features == path


def test_missing_folder_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match="gone does not exist: check its spelling, or create it with"
    ):
        read_dataset(tmp_path / "gone")


def test_file_instead_of_folder_error_names_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text("track_id\n1\n")
    with pytest.raises(DatasetError, match="is a file, but a dataset is a folder: name its folder"):
        read_dataset(path)


@pytest.mark.parametrize("files", [[], ["cover.jpg", ".hidden.wav"]])
def test_folder_without_music_error_says_what_to_add(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(
        DatasetError, match=r"has no music.*: add metadata\.csv with a column track_id"
    ):
        read_dataset(tmp_path)


def test_unusable_table_error_names_the_first_problem(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("track_id,title\n,a\n,b\n")
    with pytest.raises(
        DatasetError, match=r"2 problems, the first in metadata.csv, row 2 \(the row"
    ):
        read_dataset(tmp_path)


def test_metadata_with_only_a_header_is_empty(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("track_id,title\n")
    with pytest.raises(DatasetError, match="has no music"):
        read_dataset(tmp_path)


def test_metadata_without_ids_error_names_its_columns(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("song,mood\n1,2\n")
    with pytest.raises(DatasetError, match=r"\(it has song, mood\): name the tracks in a column"):
        read_dataset(tmp_path)


def test_import_sources_loads_no_readers() -> None:
    import subprocess
    import sys

    code = "import segue.sources, sys; print({'pandas', 'h5py', 'mutagen'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("mark", "exclude", "by"),
    [
        (".notmusic", [], r"the file \.notmusic in .*"),
        ("a/.notmusic", [], r"the file \.notmusic in .*a"),
        (None, ["*.wav"], r"--exclude '\*\.wav'"),
        (None, ["A"], "--exclude 'A'"),
    ],
)
@pytest.mark.parametrize("table", [False, True])
def test_all_music_left_out_error_names_the_reason(
    tmp_path: Path, mark: str | None, exclude: list[str], by: str, table: bool
) -> None:
    sound(tmp_path / "a" / "1.wav")
    if mark:
        (tmp_path / mark).touch()
    if table:
        (tmp_path / "metadata.csv").write_text("track_id,path,title\n1,a/1.wav,One\n")
    with pytest.raises(DatasetError, match=f"is excluded by {by}: remove the exclusion"):
        read_dataset(tmp_path, exclude=exclude)


def test_metadata_excluded_files_are_left_out(tmp_path: Path) -> None:
    for name in ("a", "talk/b", "talk/deep/c"):
        sound(tmp_path / "audio" / f"{name}.wav")
    (tmp_path / "audio" / "talk" / ".notmusic").touch()
    rows = "a,a.wav\nb,talk/b.wav\nc,audio/talk/deep/c.wav\n"
    (tmp_path / "metadata.csv").write_text("track_id,path\n" + rows)
    dataset = read_dataset(tmp_path)
    assert [track.track_id for track in dataset.tracks] == ["a"]
    assert list(dataset.left_out) == ["b", "c"]
    assert dataset.problems == []
