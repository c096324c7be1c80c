"""Test what players save in a library: play queues, bookmarks, radio stations."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from segue.library import Library
from segue.types import Track


@pytest.fixture
def library(tmp_path):
    """A library of three tracks; `two` has no file any more, `three` has it now."""
    opened = Library(tmp_path / "my.segue")
    tracks = [Track(track_id=one, path=Path(f"/music/{one}.flac")) for one in ("one", "two")]
    tracks.append(Track(track_id="three", path=Path("/music/three.flac")))
    opened.add_dataset("music", tracks=tracks, listens=pd.DataFrame())
    yield opened
    opened.close()


def rows_of(library):
    return {track.track_id: row for row, track in library.each_track()}


def test_queue_and_bookmarks_follow_a_merged_track(library):
    players = library.players
    players.save_queue("anna", ["three", "one", "gone", "two"], 3, 1_500, "phone")
    players.put_bookmark("anna", "three", 3_000)
    players.put_bookmark("ben", "three", 1_000)
    players.put_bookmark("ben", "two", 2_000)
    rows = rows_of(library)
    library.merge_tracks([(rows["two"], rows["three"])])
    queue = players.queue("anna")
    assert queue.track_ids == ["two", "one", "two"]
    assert (queue.place, queue.position_ms) == (2, 1_500)
    assert [(one.track_id, one.position_ms) for one in players.bookmarks("anna")] == [
        ("two", 3_000)
    ]
    assert [(one.track_id, one.position_ms) for one in players.bookmarks("ben")] == [("two", 2_000)]


def test_saved_things_follow_a_joined_listener(library):
    players = library.players
    for name in ("anna", "ann"):
        library.histories.welcome(name)
    players.put_bookmark("ann", "one", 1_000)
    players.put_bookmark("ann", "two", 2_000)
    players.put_bookmark("anna", "two", 2_500)
    players.save_queue("ann", ["one"], 0, 0, "phone")
    done = library.join_listeners("ann", "anna", lambda row: row["timestamp"])
    assert (done["bookmarks"], done["play_queues"]) == (1, 1)
    found = {one.track_id: one.position_ms for one in players.bookmarks("anna")}
    assert found == {"one": 1_000, "two": 2_500}
    assert players.queue("anna").track_ids == ["one"]
    assert players.queue("ann") is None


def test_deleted_listener_leaves_nothing_to_players(library):
    library.histories.welcome("anna")
    library.players.put_bookmark("anna", "one", 1_000)
    library.players.save_queue("anna", ["one"], 0, 0, "phone")
    library.delete_listener("anna")
    assert library.players.bookmarks("anna") == []
    assert library.players.queue("anna") is None


def test_station_ids_are_never_used_again(library):
    players = library.players
    first = players.add_station("Noise", "https://radio.test", None)
    assert players.delete_station(first.row)
    assert players.add_station("Louder", "https://radio.test", None).row > first.row


@pytest.mark.sqlite
def test_library_of_format_11_gets_the_new_tables(library):
    directory = library.directory
    library.close()
    with closing(sqlite3.connect(directory / "library.db")) as database, database:
        for table in ("play_queues", "bookmarks", "radio_stations"):
            database.execute(f"DROP TABLE {table}")
        database.execute("ALTER TABLE tracks DROP COLUMN details")
        database.execute("UPDATE meta SET value = '11' WHERE key = 'format'")
    upgraded = Library(directory)
    upgraded.players.put_bookmark("anna", "one", 1_000)
    assert [one.track_id for one in upgraded.players.bookmarks("anna")] == ["one"]
    assert {dict(track.details) == {} for track in upgraded.catalogue().tracks} == {True}
    assert list((directory / "backups").iterdir())
    upgraded.close()
