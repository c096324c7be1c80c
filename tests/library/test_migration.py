"""Libraries of earlier formats open with everything that they hold.

`data/format_5.sql` is the database of a library that the last release with format 5 wrote: every
table has rows. Its names are made up.
"""

import sqlite3
from pathlib import Path

import pytest

from segue.library import Library

DATA = Path(__file__).parent / "data"
START = 1_700_000_000.0


@pytest.fixture
def directory(tmp_path):
    """Return the directory of a library of format 5."""
    connection = sqlite3.connect(tmp_path / "library.db")
    connection.executescript((DATA / "format_5.sql").read_text("utf-8"))
    connection.close()
    return tmp_path


@pytest.fixture
def library(directory):
    """Return the library of format 5, opened."""
    return Library(directory)


def test_format_5_library_keeps_rows_of_tracks(library):
    rows = {track.track_id: row for row, track in library.each_track()}
    assert list(rows.values()) == list(range(1, 16))
    assert rows["Ada/Dawn/01.flac"] == 1
    assert rows["Various/Hits/01.flac"] == 5
    assert rows["copy.mp3"] == 15


def test_format_5_library_keeps_track_columns(library):
    track = library.known_tracks()["Ada/Dawn/01.flac"].track
    assert (track.title, track.artist, track.album, track.year) == (
        "Dawn",
        "Ada Reef",
        "Dawn",
        1999,
    )
    assert track.genres == ("Folk", "Ambient")
    assert track.tags == {"calm": 12.0, "folk": 3.0}
    assert track.lyrics == "A first line\nand a second"
    assert track.metadata["tracknumber"] == "1/2"


def test_format_5_library_keeps_missing_tracks(library):
    tracks = {track.track_id: track for _, track in library.each_track()}
    assert [name for name, track in tracks.items() if track.missing] == ["gone.flac", "left.flac"]
    assert [name for name, track in tracks.items() if track.left_out] == ["left.flac"]


def test_format_5_library_keeps_counts(library):
    assert library.counts() == {
        "tracks": 15,
        "listeners": 4,
        "listens": 9,
        "waiting": 2,
        "problems": 1,
        "left_out": 1,
        "missing": 1,
    }


def test_format_5_library_keeps_listens(library):
    listens = library.listens()
    assert listens["user_id"].tolist() == [
        "ann",
        "ann",
        "ben",
        "ann",
        "cat",
        "ann",
        "ann",
        "ben",
        "ben",
    ]
    assert listens["timestamp"].fillna(0).tolist() == [
        *(START, START + 300, 0, START + 900, 0, START + 5000, START + 5001, START + 5002),
        START + 5003,
    ]
    assert listens["source"].tolist() == [*["/music"] * 3, *["history.json"] * 2, *["live"] * 4]
    assert listens["rating"].fillna(0).tolist() == [0, 0, 4.0, 0, 0, 5.0, 1.0, 0, 0]


def test_format_5_library_keeps_unmatched_listens(library):
    (first, one), (second, other) = library.each_sought()
    assert (one.artist, one.title, one.album) == ("Eve Pole", "Elsewhere", "Away")
    assert (other.isrc, other.album) == ("XX0000000001", None)
    assert library.place_waiting({first: 3, second: 3}) == 2
    assert len(library.listens()) == 11


def test_format_5_library_keeps_feedback(library):
    events = library.feedback.after(0)
    assert [(one.user, one.track_id, one.kind) for one in events] == [
        ("ann", "Bo/Late/01.flac", "like"),
        ("ann", "Various/Hits/02.flac", "dislike"),
        ("ben", "Ada/Dawn/01.flac", "play"),
        ("ben", "Ada/Dawn/02.flac", "skip"),
    ]
    assert library.reader.belief("ann") == ("signals-1", b"\1" * 16, b"\2" * 16)


def test_format_5_library_keeps_splits(library):
    genre = library.splits("genre")
    assert genre == {row: ("train", "valid", "test")[(row - 1) % 3] for row in range(1, 11)}
    assert library.splits("tags") == {1: "train", 2: "test", 3: "train", 4: "test"}


def test_format_5_library_keeps_duplicates(library):
    assert library.alike() == [(1, 15)]


def test_format_5_library_keeps_audio_files(library):
    files = library.audio_files()
    assert len(files) == 13
    assert files[1].key == "A minor"
    assert files[4].failed == "it holds no sound"


def test_format_5_library_keeps_playlists(library):
    own = {one.name: one for one in library.playlists.of("ann")}
    assert list(own) == ["Radio", "Likes", "By hand"]
    assert own["By hand"].tracks == ("Ada/Dawn/01.flac", "Bo/Early/01.flac", "Ada/Dawn/01.flac")
    assert own["Likes"].recipe["exclusions"]["artists"] == ["Act 1"]
    assert own["Radio"].recipe["window"] == 40
    assert [one.name for one in library.playlists.of("ben")] == ["Blend", "Path"]


def test_format_5_library_keeps_accounts(library):
    assert [one.name for one in library.accounts.all()] == ["ann", "ben"]
    assert library.accounts.player_password("ann") == "player"
    assert [key.name for key in library.accounts.keys("ann")] == ["plug-in"]
    session = library.accounts.find_session("token")
    assert session is not None
    assert session.csrf == "csrf"


def test_format_5_library_keeps_jobs_and_runs(library):
    jobs = library.jobs.all()
    assert [(job.verb, job.state) for job in jobs] == [
        ("train", "waiting"),
        ("preprocess", "running"),
    ]
    run = library.last_run("preprocess")
    assert run is not None
    assert (run["fingerprint"], run["result"]) == ("abc", {"n_tracks": 15})


def test_format_5_library_keeps_audit_and_playback(library):
    assert [entry.what for entry in library.audit.entries()] == ["logged in"]
    ((client, playback),) = library.playback.of("ann")
    assert (client, playback.track_id, playback.position) == ("web", "Ada/Dawn/01.flac", 12.5)


def test_format_5_library_keeps_song_annotations(library):
    (song,) = library.marks.all("ann", "song")
    assert (song.item, song.starred, song.opinion) == ("Bo/Late/01.flac", START, "like")
