"""The library: round trips, all or nothing, and clear errors."""

import os
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import (
    LibraryError,
    LibraryVersionError,
    ModelError,
    ModelNotTrainedError,
    UnknownTrackError,
)
from segue.library import Library, new_directory
from segue.library.catalogue import from_record, to_record
from segue.types import Problem, Track

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
def test_a_track_survives_its_row(track):
    assert from_record(to_record(track)) == track


def test_a_file_name_that_is_no_text_survives_the_database(library):
    track = Track(track_id="a", path=Path(os.fsdecode(b"/music/caf\xe9 100%.ogg")))
    library.add_dataset("d", tracks=[track], listens=NONE)
    assert library.catalogue().tracks == [track]


def test_tracks_come_back_as_they_went_in(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    again = Library(library.directory).catalogue()
    assert list(again.tracks) == TRACKS
    assert again.position("b") == 1


def test_a_known_track_is_replaced_and_keeps_its_row(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    rows = library.catalogue().rows.tolist()
    library.add_dataset("e", tracks=[Track(track_id="a", title="New")], listens=NONE)
    again = library.catalogue()
    assert again.rows.tolist() == rows
    assert again.tracks[0].title == "New"


def test_listens_of_a_dataset_replace_its_earlier_ones(library):
    first = listens(user_id=["u", "v"], track_id=["a", "b"], plays=[3.0, np.nan])
    other = listens(user_id=["u"], track_id=["b"], skipped=[True])
    library.add_dataset("d", tracks=TRACKS, listens=first)
    library.add_dataset("e", tracks=[], listens=other)
    library.add_dataset("d", tracks=TRACKS, listens=first.iloc[:1])
    found = library.listens()
    assert sorted(zip(found["user_id"], found["track_id"], strict=True)) == [("u", "a"), ("u", "b")]
    assert found.loc[found["track_id"] == "a", "plays"].tolist() == [3.0]
    assert library.listeners() == ["u", "v"]


def test_a_dataset_is_taken_in_whole_or_not_at_all(library):
    library.add_dataset("d", tracks=TRACKS[:1], listens=NONE)
    unknown = listens(user_id=["u"], track_id=["nowhere"])
    with pytest.raises(KeyError):
        library.add_dataset("e", tracks=TRACKS, listens=unknown)
    assert [track.track_id for track in library.catalogue().tracks] == ["a"]
    assert library.listeners() == []


def test_problems_and_friends_and_runs_are_kept(library):
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


def test_analysis_fills_in_only_what_is_unknown(library):
    library.add_dataset("d", tracks=[Track(track_id="a", tempo=97.0)], listens=NONE)
    row = int(library.catalogue().rows[0])
    library.set_analysed({row: {"tempo": 120.0, "duration": 20.0}})
    track = library.catalogue().tracks[0]
    assert (track.tempo, track.duration) == (97.0, 20.0)
    library.add_dataset("d", tracks=[Track(track_id="a", title="New")], listens=NONE)
    track = library.catalogue().tracks[0]
    assert (track.title, track.tempo, track.duration) == ("New", 97.0, 20.0)


def test_an_unknown_track_names_near_ones(library):
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    with pytest.raises(UnknownTrackError, match="did you mean 'a'"):
        library.catalogue().position("clair")
    with pytest.raises(UnknownTrackError, match="segue library tracks"):
        library.catalogue().position("zzz")


def test_a_missing_library_is_not_made_when_asked_not_to(tmp_path):
    with pytest.raises(LibraryError, match="segue preprocess DATASET"):
        Library(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_newer_format_is_refused_and_left_alone(library):
    database = library.directory / "library.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE meta SET value = '99'")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(LibraryVersionError, match=r"format 99.*upgrade segue"):
        Library(library.directory)
    assert database.read_bytes() == before


def test_what_is_no_library_is_refused(tmp_path):
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


def test_a_full_disk_is_told_and_nothing_is_lost(small_disk):
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


def test_a_read_only_disk_is_told(small_disk):
    library = Library(small_disk / "my.segue")
    library.add_dataset("d", tracks=TRACKS, listens=NONE)
    library.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(LibraryError, match="read-only"):
        library.record_run("train", {})
    with pytest.raises(LibraryError, match="read-only"):
        Library(small_disk / "another.segue")


def test_a_model_is_saved_whole_or_not_at_all(library):
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


def test_models_that_cannot_be_used_say_what_to_do(library):
    with pytest.raises(ModelNotTrainedError, match="run segue train cnn"):
        library.models.manifest("cnn")
    with library.models.saving("cnn", {}) as directory:
        pass
    path = library.models.path("cnn") / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(ModelError, match="newer segue"):
        library.models.manifest("cnn")
    path.write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        library.models.manifest("cnn")
    assert directory.name.startswith(".cnn")


def test_a_directory_is_replaced_as_a_whole(tmp_path):
    place = tmp_path / "reports" / "one"
    for content in ("old", "new"):
        with new_directory(place) as directory:
            (directory / content).touch()
    assert [path.name for path in place.iterdir()] == ["new"]
    assert [path.name for path in place.parent.iterdir()] == ["one"]
