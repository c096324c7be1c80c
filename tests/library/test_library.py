"""The library: round trips, all or nothing, and clear errors."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import (
    LibraryBusyError,
    LibraryError,
    LibraryVersionError,
    ModelError,
    ModelNotTrainedError,
    UnknownTrackError,
)
from segue.library import AudioFile, ImportedListen, Library, listens_table, new_directory
from segue.library.catalogue import from_record, to_record
from segue.library.files import add_checksums
from segue.types import LISTEN_COLUMNS, FileState, Problem, Track, TrackReference

NONE = pd.DataFrame({"user_id": [], "track_id": []}, dtype=str)
TRACKS = [
    Track(track_id="a", title="Au clair", artist="Lully", genres=("folk", "pop"), tags={"x": 2.0}),
    Track(track_id="b", year=1999, metadata={"mood": "sad"}, path=Path("/music/b.ogg")),
]


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


def listens(**columns):
    return pd.DataFrame(columns)


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
number = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.builds(
        Track,
        track_id=text,
        title=st.none() | text,
        artist=st.none() | text,
        year=st.none() | st.integers(1900, 2100),
        genres=st.lists(text, max_size=3).map(tuple),
        tags=st.dictionaries(text, number, max_size=3),
        tempo=st.none() | number,
        metadata=st.dictionaries(text, text, max_size=3),
    )
)
@settings(max_examples=50)
def test_track_record_round_trips(track):
    assert from_record(to_record(track)) == track


def test_path_that_is_not_utf8_round_trips(library):
    track = Track(track_id="a", path=Path(os.fsdecode(b"/music/caf\xe9 100%.ogg")))
    library.add_dataset("d", tracks=[track], listens=NONE)
    assert library.catalogue().tracks == [track]


def test_library_returns_tracks_as_added(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    again = Library(library.directory).catalogue()
    assert list(again.tracks) == TRACKS
    assert again.position("b") == 1


def test_known_track_is_replaced_and_keeps_its_row(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    rows = library.catalogue().rows.tolist()
    library.add_dataset("e", tracks=[Track(track_id="a", title="New")], listens=NONE)
    again = library.catalogue()
    assert again.rows.tolist() == rows
    assert again.tracks[0].title == "New"


def test_listens_of_dataset_replace_earlier_ones(library):
    first = listens(user_id=["u", "v"], track_id=["a", "b"], plays=[3.0, np.nan])
    other = listens(user_id=["u"], track_id=["b"], skipped=[True])
    library.add_dataset("d", tracks=TRACKS, listens=first)
    library.add_dataset("e", tracks=[], listens=other)
    library.add_dataset("d", tracks=TRACKS, listens=first.iloc[:1])
    found = library.listens()
    assert sorted(zip(found["user_id"], found["track_id"], strict=True)) == [("u", "a"), ("u", "b")]
    assert found.loc[found["track_id"] == "a", "plays"].tolist() == [3.0]
    assert library.listeners() == ["u", "v"]


def test_listens_are_read_in_chunks_with_unknown_values(library, monkeypatch):
    table = listens(
        user_id=["v", "u", "u", "v", "u"],
        track_id=["b", "a", "b", "a", "b"],
        plays=[3.0, np.nan, 1.0, np.nan, np.nan],
        timestamp=[np.nan, 5.0, 4.0, 3.0, 2.0],
        session_id=[None, "one", "one", "two", None],
        skipped=[True, None, False, None, None],
        completed=[True, False, True, False, True],
    )
    library.add_dataset("d", tracks=TRACKS[::-1], listens=table)
    monkeypatch.setattr(listens_table, "_CHUNK", 2)
    found = library.listens()
    assert list(found) == [*LISTEN_COLUMNS, "source"]
    for name in ("user_id", "track_id", "completed"):
        assert found[name].tolist() == table[name].tolist()
    assert found["user_id"].cat.categories.tolist() == ["u", "v"]
    for name in ("plays", "timestamp"):
        np.testing.assert_array_equal(found[name], table[name])
    assert found["completed"].dtype == bool
    assert found["skipped"].tolist() == [True, None, False, None, None]
    assert found["session_id"].isna().tolist() == [True, False, False, False, True]
    assert found["session_id"].tolist()[1:4] == ["one", "one", "two"]
    assert found["split"].isna().all()
    assert found["source"].tolist() == ["d"] * 5


def test_failed_add_dataset_changes_nothing(library):
    library.add_dataset("d", tracks=TRACKS[:1], listens=NONE)
    unknown = listens(user_id=["u"], track_id=["nowhere"])
    with pytest.raises(KeyError):
        library.add_dataset("e", tracks=TRACKS, listens=unknown)
    assert [track.track_id for track in library.catalogue().tracks] == ["a"]
    assert library.listeners() == []


def test_library_keeps_problems_friends_and_runs(library):
    problem = Problem(source="metadata.csv", reason="no id", row=3)
    friends = pd.DataFrame({"user_id": ["u"], "friend_id": ["v"]})
    for _ in range(2):
        library.add_dataset("d", tracks=[], listens=NONE, friends=friends, problems=[problem])
    assert library.problems() == [problem]
    assert library.friends() == [("u", "v")]
    library.record_run("evaluate", {"n": 1}, fingerprint="f")
    last = library.last_run("evaluate")
    assert last is not None
    assert (last["result"], last["fingerprint"]) == ({"n": 1}, "f")
    assert library.last_run("train") is None


def heard(**values):
    return AudioFile(path=Path("/music/a.ogg"), state=FileState(1_000, 5), digest="00", **values)


def test_analysis_fills_in_only_unstated_columns(library):
    track = Track(track_id="a", tempo=97.0, path=Path("/music/a.ogg"))
    library.add_dataset("d", tracks=[track], listens=NONE)
    row = int(library.catalogue().rows[0])
    library.set_audio_files({row: heard(tempo=120.0, duration=20.0, key="A minor")})
    track = library.catalogue().tracks[0]
    assert (track.tempo, track.duration, track.key) == (97.0, 20.0, "A minor")
    # the dataset no longer states it, and the file is the same
    again = Track(track_id="a", title="New", path=Path("/music/a.ogg"))
    library.add_dataset("d", tracks=[again], listens=NONE)
    track = library.catalogue().tracks[0]
    assert (track.title, track.tempo, track.duration) == ("New", 120.0, 20.0)
    assert library.known_tracks()["a"].track == again
    # another file says nothing of this one
    other = Track(track_id="a", title="New", path=Path("/music/b.ogg"))
    library.add_dataset("d", tracks=[other], listens=NONE)
    assert library.catalogue().tracks == [other]


def test_moved_file_with_same_sound_keeps_its_analysis(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    row = int(library.catalogue().rows[1])
    library.set_audio_files({row: heard(loudness=-14.0)})
    moved = replace(TRACKS[1], path=Path("/music/else/b.ogg"))
    state = FileState(1_010, 6)
    library.add_dataset("d", tracks=[moved], listens=NONE, same_sound={"b": state})
    assert library.catalogue().tracks[1].loudness == -14.0
    file = library.audio_files()[row]
    assert (file.path, file.state, file.digest) == (moved.path, state, "00")
    # the same name with another sound
    library.add_dataset("d", tracks=[moved], listens=NONE, changed={"b"})
    assert library.audio_files() == {}


def test_missing_track_is_kept_and_can_return(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    library.add_dataset("d", tracks=TRACKS[:1], listens=NONE, missing={"b"})
    assert [track.missing for track in library.catalogue().tracks] == [False, True]
    assert library.counts()["missing"] == 1
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    assert library.catalogue().tracks == TRACKS


def test_duplicate_pair_is_deleted_with_its_file(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    library.set_duplicate_pairs([(2, 1, 0.9)], among=[1, 2])
    library.set_duplicate_pairs([(1, 2, 0.8)], among=[1])
    assert library.duplicate_pairs() == [(1, 2)]
    library.add_dataset("d", tracks=TRACKS, listens=NONE, changed={"b"})
    assert library.duplicate_pairs() == []


def test_duplicate_pairs_of_compared_tracks_are_replaced(library):
    library.add_dataset("d", tracks=[*TRACKS, Track(track_id="c")], listens=NONE)
    library.set_duplicate_pairs([(1, 2, 0.9), (2, 3, 0.9), (1, 3, 0.9)], among=[1, 2, 3])
    library.set_duplicate_pairs([(3, 2, 0.9)], among=[2])
    assert library.duplicate_pairs() == [(1, 3), (2, 3)]
    library.set_duplicate_pairs([], among=[3])
    assert library.duplicate_pairs() == []


FORMAT_1 = """
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('format', '1');
CREATE TABLE tracks (row INTEGER PRIMARY KEY, track_id VARCHAR NOT NULL UNIQUE, title TEXT,
  artist TEXT, album TEXT, year INTEGER, genres TEXT NOT NULL, tags TEXT NOT NULL, tempo FLOAT,
  duration FLOAT, lyrics TEXT, split VARCHAR, path TEXT, features TEXT, metadata TEXT NOT NULL);
INSERT INTO tracks (row, track_id, title, genres, tags, metadata)
  VALUES (7, 'a', 'Au clair', '["folk"]', '{}', '{}');
"""


@pytest.mark.sqlite
def test_format_1_library_is_upgraded(tmp_path):
    (tmp_path / "old").mkdir()
    with sqlite3.connect(tmp_path / "old" / "library.db") as database:
        database.executescript(FORMAT_1)
    database.close()
    for _ in range(2):
        library = Library(tmp_path / "old")
        catalogue = library.catalogue()
        assert catalogue.tracks == [Track(track_id="a", title="Au clair", genres=("folk",))]
        assert catalogue.rows.tolist() == [7]
        assert library.audio_files() == {}


FORMAT_3 = """
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('format', '3');
CREATE TABLE tracks (row INTEGER PRIMARY KEY, track_id VARCHAR NOT NULL UNIQUE, title TEXT,
  artist TEXT, album TEXT, year INTEGER, genres TEXT NOT NULL, tags TEXT NOT NULL, tempo FLOAT,
  duration FLOAT, lyrics TEXT, split VARCHAR, path TEXT, features TEXT, metadata TEXT NOT NULL,
  missing BOOLEAN, left_out BOOLEAN);
INSERT INTO tracks (row, track_id, genres, tags, metadata) VALUES (7, 'a', '[]', '{}', '{}');
CREATE TABLE users (row INTEGER PRIMARY KEY, user_id VARCHAR NOT NULL UNIQUE);
INSERT INTO users VALUES (3, 'u');
CREATE TABLE listens (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users (row),
  track INTEGER NOT NULL REFERENCES tracks (row), timestamp FLOAT, position FLOAT, plays FLOAT,
  ms_played FLOAT, rating FLOAT, skipped BOOLEAN, split VARCHAR, dataset TEXT NOT NULL);
CREATE INDEX listens_by_user ON listens (user);
INSERT INTO listens (user, track, plays, dataset) VALUES (3, 7, 2, 'd'), (3, 7, 2, 'd');
"""


@pytest.mark.sqlite
def test_format_3_library_accepts_imports(tmp_path):
    (tmp_path / "old").mkdir()
    with sqlite3.connect(tmp_path / "old" / "library.db") as database:
        database.executescript(FORMAT_3)
    database.close()
    library = Library(tmp_path / "old")
    assert library.listens()["plays"].tolist() == [2.0, 2.0]
    arrival = ImportedListen("u", 7, TrackReference("a"), b"1" * 12, plays=5.0)
    assert library.add_listens("import:listens", [arrival]) == (1, 0)
    assert library.add_listens("import:listens", [arrival]) == (0, 0)
    again = Library(tmp_path / "old")
    assert again.listens()["plays"].tolist() == [2.0, 2.0, 5.0]
    assert again.counts()["unmatched"] == 0


def test_unmatched_tracks_are_counted_for_each_listener(library):
    one, other = TrackReference(None, artist="A", title="One"), TrackReference("b")
    arrivals = [
        ImportedListen("u", None, one, b"1" * 12, plays=2.0),
        ImportedListen("u", None, one, b"2" * 12, timestamp=5.0),
        ImportedListen("v", None, one, b"3" * 12, rating=4.0),
        ImportedListen("u", None, other, b"4" * 12, skipped=True),
    ]
    library.add_listens("import:x", arrivals)
    found = library.imports.unmatched_tracks()
    assert [(each[0].title, *each[1:4]) for each in found] == [
        ("One", "u", 3.0, None),
        ("One", "v", 0.0, 4.0),
    ]
    assert library.imports.unmatched_tracks("v") == found[1:]


def test_unmatched_listens_are_matched_with_new_tracks(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    one, other = TrackReference(artist="X", title="Y"), TrackReference(track_id="z")
    waiting = [
        ImportedListen("u", None, one, b"1" * 12, plays=1.0, skipped=True),
        ImportedListen("v", None, one, b"2" * 12, timestamp=5.0, split="test"),
        ImportedListen("v", None, other, b"3" * 12),
    ]
    assert library.add_listens("import:x", waiting) == (3, 0)
    assert library.add_listens("import:x", waiting) == (0, 0)
    assert library.counts()["unmatched"] == 3
    sought = library.track_references()
    assert [found for _, found in sought] == [one, other]
    assert library.track_references(after=sought[0][0], most=5) == sought[1:]
    assert library.match_listens({sought[0][0]: 2}) == 2
    assert library.counts()["unmatched"] == 1
    listens = library.listens()
    assert listens["track_id"].tolist() == ["b", "b"]
    assert listens["user_id"].tolist() == ["u", "v"]
    assert [listens["skipped"][0], listens["split"][1]] == [True, "test"]
    # what came is not let in again to wait
    assert library.add_listens("import:x", waiting[:2]) == (0, 0)
    assert library.counts()["unmatched"] == 1


def test_totals_are_those_of_the_latest_import(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    for track in (1, None):
        key = str(track or 0).encode() * 12
        total = ImportedListen("u", track, TrackReference("q"), key, plays=3.0, total=True)
        assert library.add_listens("import:beets", [total]) == (1, 0)
        assert library.add_listens("import:beets", [total]) == (0, 0)
        more = total._replace(plays=4.0, rating=5.0)
        assert library.add_listens("import:beets", [more]) == (0, 1)
    assert library.listens()[["plays", "rating"]].to_numpy().tolist() == [[4.0, 5.0]]


def test_imported_listens_stay_when_dataset_is_rescanned(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    library.add_listens("import:x", [ImportedListen("u", 1, TrackReference("a"), b"1" * 12)])
    library.add_dataset("d", tracks=TRACKS, listens=listens(user_id=["u"], track_id=["b"]))
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    assert library.listens()["track_id"].tolist() == ["a"]


def test_second_writer_error_names_the_first(library):
    with library.writing("segue preprocess"):
        other = Library(library.directory)
        with (
            pytest.raises(LibraryBusyError, match=rf"segue preprocess \(process {os.getpid()}"),
            other.writing("segue train"),
        ):
            pass
    with other.writing("segue train"):
        pass


def test_lock_of_killed_writer_is_released(library):
    script = (
        "import os, sys; from segue.library import Library\n"
        "with Library(sys.argv[1]).writing('segue train'):\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, library.directory], check=False)
    with library.writing("segue preprocess"):
        pass


def test_unknown_track_error_names_similar_ones(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    with pytest.raises(UnknownTrackError, match="did you mean 'a'"):
        library.catalogue().position("clair")
    with pytest.raises(UnknownTrackError, match="segue library tracks"):
        library.catalogue().position("zzz")


def test_missing_library_without_create_is_an_error(tmp_path):
    with pytest.raises(LibraryError, match="segue preprocess DATASET"):
        Library(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


@pytest.mark.sqlite
def test_newer_format_is_refused_and_left_unchanged(library):
    database = library.directory / "library.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE meta SET value = '99'")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(LibraryVersionError, match=r"format 99.*upgrade segue"):
        Library(library.directory)
    assert database.read_bytes() == before


@pytest.mark.sqlite
def test_file_that_is_no_library_is_refused(tmp_path):
    (tmp_path / "file").write_text("hello")
    with pytest.raises(LibraryError, match="is a file, not a library"):
        Library(tmp_path / "file")
    (tmp_path / "other").mkdir()
    with sqlite3.connect(tmp_path / "other" / "library.db") as connection:
        connection.execute("CREATE TABLE beets (x)")
    connection.close()
    with pytest.raises(LibraryError, match="not one of segue's"):
        Library(tmp_path / "other")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "library.db").write_text("not a database " * 100)
    with pytest.raises(LibraryError, match="not a database"):
        Library(tmp_path / "text")


@pytest.mark.sqlite
def test_full_disk_is_an_error_and_nothing_is_lost(small_disk):
    library = Library(small_disk / "my.segue")
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    many = [Track(track_id=str(i), lyrics="la " * 500) for i in range(2_000)]
    with pytest.raises(LibraryError, match="the disk is full"):
        library.add_dataset("e", tracks=many, listens=NONE)
    assert list(Library(library.directory).catalogue().tracks) == TRACKS

    store = library.features({"of": "test"}, {"frames": "uint8"})

    def fill() -> None:
        for row in range(100):
            store.add(row, {"frames": np.zeros((100, 128), np.uint8)})

    with store, pytest.raises(LibraryError, match="the disk is full"):
        fill()
    kept = library.features({"of": "test"}, {"frames": "uint8"})
    assert kept.verify() == []


@pytest.mark.sqlite
def test_read_only_disk_is_an_error(small_disk):
    library = Library(small_disk / "my.segue")
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    library.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(LibraryError, match="read-only"):
        library.record_run("train", {})
    with pytest.raises(LibraryError, match="read-only"):
        Library(small_disk / "another.segue")


def test_model_is_saved_completely_or_not_at_all(library):
    with library.models.saving("knn", {"seed": 1}) as directory:
        (directory / "arrays.npz").write_bytes(b"first")

    def stopped_half_way() -> None:
        with library.models.saving("knn", {"seed": 2}) as directory:
            (directory / "arrays.npz").write_bytes(b"second")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_half_way()
    assert library.models.manifest("knn")["seed"] == 1
    assert (library.models.path("knn") / "arrays.npz").read_bytes() == b"first"
    assert library.models.names() == ["knn"]
    assert [path.name for path in library.models.directory.iterdir()] == ["knn"]


def test_unusable_model_error_says_what_to_do(library):
    with pytest.raises(ModelNotTrainedError, match="run segue train cnn"):
        library.models.manifest("cnn")
    with library.models.saving("cnn", {}):
        pass
    path = library.models.path("cnn") / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    add_checksums(path.parent)
    with pytest.raises(ModelError, match="newer segue"):
        library.models.manifest("cnn")
    path.write_text("{")
    with pytest.raises(ModelError, match="is damaged: run segue train cnn --force"):
        library.models.manifest("cnn")
    add_checksums(path.parent)
    with pytest.raises(ModelError, match="cannot be read"):
        library.models.manifest("cnn")


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("sequence", "run segue train sequence --force"),
        ("genre-on-musicnn", "run segue train genre --on musicnn --force"),
        ("my%2Fmood now-on-vgg", "run segue train 'my/mood now' --on vgg --force"),
        ("engine", "remove the directory .*engine, and it is made again"),
    ],
)
def test_damaged_model_error_names_command_that_exists(library, name, way_out):
    with library.models.saving(name, {}):
        pass
    path = library.models.path(name) / "manifest.json"
    for text, sentence in (("{", "cannot be read: "), ('{"format": 9}', "upgrade segue, or ")):
        path.write_text(text)
        with pytest.raises(ModelError, match=f"is damaged: {way_out}"):
            library.models.manifest(name)
        add_checksums(path.parent)
        with pytest.raises(ModelError, match=f"{sentence}{way_out}"):
            library.models.manifest(name)


def test_new_directory_replaces_the_whole_directory(tmp_path):
    place = tmp_path / "reports" / "one"
    for content in ("old", "new"):
        with new_directory(place) as directory:
            (directory / content).touch()
    assert sorted(path.name for path in place.iterdir()) == ["SHA256SUMS", "new"]
    assert [path.name for path in place.parent.iterdir()] == ["one"]
