"""Saved playlists as they are kept: an owner's, in order, whole or not at all."""

import sqlite3

import pandas as pd
import pytest

from segue.errors import UnknownTrackError
from segue.library import Library
from segue.types import Track

NONE = pd.DataFrame({"user_id": [], "track_id": []}, dtype=str)


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path / "my.segue")
    tracks = [Track(track_id=name) for name in "abcd"]
    library.add_dataset("d", tracks=tracks, listens=NONE)
    return library


def test_playlist_is_returned_as_saved(library):
    recipe = {"like": ["a"], "k": 3, "name": "\u00e4\U0001f3b5"}
    made = library.playlists.add("anna", "Evening", "like", recipe, ["c", "a", "c"])
    assert made.tracks == ("c", "a", "c")
    again = Library(library.directory).playlists
    assert again.get("anna", made.id) == made
    assert again.of("anna") == [made]
    assert library.playlists.add("anna", "Evening", "tracks", {}, []).tracks == ()


def test_playlist_is_hidden_from_other_owners(library):
    made = library.playlists.add("anna", "Evening", "tracks", {}, ["a"])
    store = library.playlists
    assert store.get("ben", made.id) is None
    assert store.of("ben") == []
    assert not store.rename("ben", made.id, "Mine")
    assert not store.replace_tracks("ben", made.id, [])
    assert not store.delete("ben", made.id)
    assert store.get("anna", made.id) == made


def test_changed_playlist_has_new_time_and_same_place(library):
    store = library.playlists
    one = store.add("anna", "One", "path", {"start": "a"}, ["a", "b"])
    other = store.add("anna", "Other", "tracks", {}, ["d"])
    assert store.rename("anna", one.id, "First")
    renamed = store.get("anna", one.id)
    assert (renamed.name, renamed.tracks) == ("First", ("a", "b"))
    assert renamed.changed > one.changed
    assert store.replace_tracks("anna", one.id, ["b"], recipe={"start": "b"})
    replaced = store.get("anna", one.id)
    assert (replaced.tracks, replaced.recipe) == (("b",), {"start": "b"})
    assert replaced.changed > renamed.changed
    assert store.of("anna") == [other, replaced]
    assert store.of("anna", most=1) == [other]
    assert store.of("anna", before=other.number, most=1) == [replaced]


def test_unknown_tracks_leave_playlist_unchanged(library):
    store = library.playlists
    made = store.add("anna", "One", "tracks", {}, ["a"])
    with pytest.raises(UnknownTrackError, match=r"no tracks 'x', 'y'"):
        store.replace_tracks("anna", made.id, ["a", "x", "b", "y"])
    with pytest.raises(UnknownTrackError, match=r"no track 'x'"):
        store.add("anna", "Two", "tracks", {}, ["x"])
    assert store.of("anna") == [made]
    assert store.count("anna") == 1


@pytest.mark.sqlite
def test_deleted_playlist_is_gone_and_pages_continue(library):
    store = library.playlists
    made = [store.add("anna", str(number), "tracks", {}, ["a"] * 600) for number in range(3)]
    assert store.delete("anna", made[2].id)
    assert not store.delete("anna", made[2].id)
    assert store.add("anna", "new", "tracks", {}, []).number > made[2].number
    assert [one.name for one in store.of("anna", before=made[2].number)] == ["1", "0"]
    with sqlite3.connect(library.directory / "library.db") as database:
        (left,) = database.execute("SELECT count(*) FROM playlist_tracks").fetchone()
    database.close()
    assert left == 1_200
