"""Importing: each listen once, matched or waiting, whatever comes between."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing

import pytest

from segue.engine.profiles import profiles_of
from segue.errors import DatasetError, LibraryBusyError
from segue.library import Library
from segue.pipeline.history.import_listens import import_listens
from segue.pipeline.preprocess import preprocess

SCRIPT = "import sys, segue; segue.import_listens(sys.argv[1], sys.argv[2:])"
IMPORT = (sys.executable, "-c", SCRIPT)
# what a child has used at most begins, in the kernel's books, with what its parent held
WITH_PEAK = (sys.executable, "-c", f"{SCRIPT}; print(open('/proc/self/status').read())")
BEETS = """
CREATE TABLE items (id INTEGER PRIMARY KEY, path BLOB, title TEXT, artist TEXT, album TEXT,
  mb_trackid TEXT);
CREATE TABLE item_attributes (id INTEGER PRIMARY KEY, entity_id INTEGER, key TEXT, value TEXT,
  UNIQUE(entity_id, key) ON CONFLICT REPLACE);
INSERT INTO items (id, title, artist, album) VALUES (1, 'Song 1', 'Band', 'A'),
  (2, 'Song 2', 'Band', 'A'), (3, 'Song 3', 'Band', 'A'), (4, 'Elsewhere', 'Other', 'B');
INSERT INTO item_attributes (entity_id, key, value) VALUES (1, 'play_count', '7'),
  (1, 'lastfm_play_count', '9'), (1, 'rating', '0.8'), (1, 'last_played', '1600000000'),
  (1, 'skip_count', '2'), (2, 'rating', '0.5'), (3, 'stars', '4'), (4, 'play_count', '1'),
  (2, 'mood', 'sad');
"""


@pytest.fixture
def library(tmp_path):
    """A library that knows songs 0 to 9 of a band."""
    library = Library(tmp_path / "my.segue")
    preprocess(library, dataset(tmp_path / "data", range(10)))
    return library


def dataset(directory, songs):
    directory.mkdir(exist_ok=True)
    rows = ["track_id,artist,title", *(f"t{song},Band,Song {song}" for song in songs)]
    (directory / "metadata.csv").write_text("\n".join(rows))
    return directory


def scrobbles(path, seconds, song=lambda second: second % 12):
    records = [
        {
            "listened_at": 1_600_000_000 + 60 * second,
            "user_name": "ann",
            "track_metadata": {"artist_name": "Band", "track_name": f"Song {song(second)}"},
        }
        for second in seconds
    ]
    path.write_text("\n".join(map(json.dumps, records)))
    return path


def test_import_twice_adds_each_listen_once(library, tmp_path):
    path = scrobbles(tmp_path / "a", range(24))
    first = import_listens(library, [path]).files[0]
    assert (first.format, first.users) == ("listenbrainz", ["ann"])
    assert (first.read, first.new, first.known, first.unmatched) == (24, 24, 0, 4)
    assert first.matched == {"name": 20}
    again = import_listens(library, [path, path])
    assert (again.read, again.new, again.unmatched) == (48, 0, 4)
    assert len(library.listens()) == 20
    assert library.listeners() == ["ann"]


def test_import_overlapping_exports_adds_each_listen_once(library, tmp_path):
    old = scrobbles(tmp_path / "old", range(10))
    new = scrobbles(tmp_path / "new", range(5, 15))
    counts = [file.new for file in import_listens(library, [old, new]).files]
    assert counts == [10, 5]


def test_import_undated_rows_are_identified_by_their_count(library, tmp_path):
    (tmp_path / "a").write_text("user_id,track_id,skipped\n" + "u,t1,\n" * 3)
    (tmp_path / "b").write_text("user_id,track_id,skipped\n" + "u,t1,\n" * 5)
    done = import_listens(library, [tmp_path / "a", tmp_path / "a", tmp_path / "b"])
    assert [file.new for file in done.files] == [3, 0, 2]


def test_import_keeps_sessions_of_listens(library, tmp_path):
    rows = ("ann,t1,1600000000,s1", "ann,t1,1600000300,", "ann,t11,1600000600,s2")
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join(["user_id,track_id,timestamp,session_id", *rows]))
    import_listens(library, [path])
    found = [one["session_id"] for one in library.listens_of("ann")]
    assert found == ["s1", None, "s2"]  # the last one waits for its track
    preprocess(library, dataset(tmp_path / "more", [11]))
    assert library.listens()["session_id"].fillna("").tolist() == ["s1", "", "s2"]


def test_import_again_with_sessions_stores_them(library, tmp_path):
    path = tmp_path / "listens.csv"
    plain = ["user_id,track_id,timestamp", "ann,t1,1600000000", "ann,t11,1600000600"]
    path.write_text("\n".join(plain))
    import_listens(library, [path])
    path.write_text("\n".join([f"{plain[0]},session_id", *(f"{row},s1" for row in plain[1:])]))
    again = import_listens(library, [path]).files[0]
    assert (again.new, again.changed, again.known) == (0, 2, 0)
    assert [one["session_id"] for one in library.listens_of("ann")] == ["s1", "s1"]
    path.write_text("\n".join(plain))
    again = import_listens(library, [path]).files[0]
    assert (again.new, again.changed, again.known) == (0, 0, 2)
    assert [one["session_id"] for one in library.listens_of("ann")] == ["s1", "s1"]


def test_import_keeps_positions_that_restart_in_a_session(library, tmp_path):
    path = tmp_path / "listens.csv"
    rows = ("ann,t1,1,a", "ann,t2,2,a", "ann,t1,1,b", "ann,t11,1,a", "ann,t11,1,b")
    path.write_text("\n".join(["user_id,track_id,position,session_id", *rows]))
    found = [import_listens(library, [path]).files[0].new for _ in range(2)]
    assert found == [5, 0]


def test_import_adds_sessions_to_listens_by_position(library, tmp_path):
    path = tmp_path / "listens.csv"
    path.write_text("user_id,track_id,position\nann,t1,1\nann,t11,1")
    import_listens(library, [path])
    rows = ("ann,t1,1,a", "ann,t11,1,a", "ann,t1,1,b", "ann,t11,1,b")
    path.write_text("\n".join(["user_id,track_id,position,session_id", *rows]))
    first, again = (import_listens(library, [path]).files[0] for _ in range(2))
    assert (first.new, first.changed) == (2, 2)
    assert (again.new, again.changed) == (0, 0)
    assert sorted(one["session_id"] for one in library.listens_of("ann")) == ["a", "a", "b", "b"]


def test_waiting_listens_are_matched_by_preprocess(library, tmp_path):
    path = scrobbles(tmp_path / "a", range(24))
    import_listens(library, [path])
    done = preprocess(library, dataset(tmp_path / "more", [10]))
    assert done.arrived == 2
    assert library.counts()["unmatched"] == 2
    assert "t10" in library.listens()["track_id"].to_list()
    assert import_listens(library, [path]).new == 0
    assert library.counts()["listens"] == 22


def test_import_before_any_track_keeps_listens_waiting(tmp_path):
    library = tmp_path / "my.segue"
    path = scrobbles(tmp_path / "a", range(5))
    assert import_listens(library, [path]).unmatched == 5
    assert preprocess(library, dataset(tmp_path / "data", range(10))).arrived == 5


def test_import_user_comes_from_table_option_or_file(library, tmp_path):
    path = scrobbles(tmp_path / "a", range(2))
    (tmp_path / "named").write_text("user_id,track_id,timestamp\nAnn,t1,1600000000\n")
    (tmp_path / "unnamed").write_text("artist,title,timestamp\nBand,Song 1,1600000000\n")
    files = [path, tmp_path / "named", tmp_path / "unnamed"]
    assert [file.users for file in import_listens(library, files).files] == [
        *(["ann"], ["Ann"], ["me"])
    ]
    done = import_listens(library, files, "zoe")
    assert [file.users for file in done.files] == [["zoe"], ["Ann"], ["zoe"]]
    assert library.listeners() == ["ann", "Ann", "me", "zoe"]


@pytest.mark.parametrize("user", ["x" * 257, "", "  \x00 "])
def test_import_refuses_an_empty_or_long_user(library, tmp_path, user):
    path = scrobbles(tmp_path / "a", range(2))
    with pytest.raises(DatasetError, match="give a name of 1 to 256 characters"):
        import_listens(library, [path], user)
    assert library.listeners() == []


def test_import_cleans_the_user_name(library, tmp_path):
    path = scrobbles(tmp_path / "a", range(2))
    import_listens(library, [path], " ../ann ")
    assert library.listeners() == ["../ann"]


def test_import_mixed_formats_in_one_call(library, tmp_path):
    (tmp_path / "spotify").write_text(
        json.dumps(
            [
                {
                    "ts": "2021-01-01T00:00:00Z",
                    "ms_played": 1000,
                    "master_metadata_track_name": "Song 1 (feat. X) - Remastered",
                    "master_metadata_album_artist_name": "BAND",
                    "skipped": True,
                },
                {"ts": "2021-01-01T00:00:00Z", "ms_played": 1, "episode_name": "Talk"},
            ]
        )
    )
    (tmp_path / "lastfm").write_text("Band,A,Song 2,01 Jan 2021 10:00\n")
    (tmp_path / "csv").write_text("user_id,track_id,rating\nu,t3,4\n")
    files = [tmp_path / name for name in ("spotify", "lastfm", "csv")]
    done = import_listens(library, files)
    assert [file.format for file in done.files] == ["spotify", "lastfm", "listens"]
    assert list(done.files[0].left_out.values()) == [1]
    assert done.files[0].problems == 0
    found = library.listens()
    assert found["track_id"].to_list() == ["t1", "t2", "t3"]
    assert (found["skipped"][0], found["ms_played"][0], found["rating"][2]) == (True, 1000.0, 0.5)


def test_import_beets_counts_are_totals(library, tmp_path):
    path = tmp_path / "beets.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(BEETS)
    connection.close()
    before = path.read_bytes()
    first = import_listens(library, [path], "ann").files[0]
    assert (first.format, first.read, first.new, first.unmatched) == ("beets", 4, 4, 1)
    assert path.read_bytes() == before
    found = library.listens().set_index("track_id")
    played = found[found["skipped"].isna()]
    assert played["plays"]["t1"] == 9.0
    assert played["rating"]["t3"] == 0.5
    assert played["timestamp"]["t1"] == 1_600_000_000.0
    skipped = found[found["skipped"].notna()]
    assert skipped["plays"].to_dict() == {"t1": 2.0}
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE item_attributes SET value = '12' WHERE value = '9'")
    connection.close()
    again = import_listens(library, [path], "ann").files[0]
    assert (again.new, again.changed, again.known) == (0, 1, 3)
    assert 12.0 in library.listens()["plays"].to_list()
    assert library.counts()["listens"] == 3


def test_import_likes_are_opinions_and_no_plays(library, tmp_path):
    loved = {"artist": {"name": "Band"}, "name": "Song 1", "date": {"uts": "1600000000"}}
    page = {"lovedtracks": {"track": [loved, loved], "@attr": {"user": "ann"}}}
    (tmp_path / "loved").write_text(json.dumps(page))
    names = {"artist_name": "Band", "track_name": "Song 2"}
    hated = {"recording_mbid": "r2", "score": -1, "created": 1_600_000_000}
    (tmp_path / "hated").write_text(json.dumps({**hated, "track_metadata": names}))
    files = [tmp_path / "loved", tmp_path / "hated"]
    first = import_listens(library, files, "ann")
    assert [(file.format, file.new) for file in first.files] == [("lastfm", 1), ("listenbrainz", 1)]
    again = import_listens(library, files, "ann")
    assert (again.new, [file.changed for file in again.files]) == (0, [0, 0])
    found = library.listens()
    assert found["rating"].to_list() == [1.0, -1.0]
    tracks = {track: place for place, track in enumerate(found["track_id"])}
    profile = profiles_of(found, tracks)["ann"]
    assert dict(zip(profile.positions, profile.weights, strict=True)) == {0: 1.0, 1: -1.0}
    assert len(profile.history) == 0

    (tmp_path / "hated").write_text(json.dumps({**hated, "score": 0}))
    taken_back = import_listens(library, [tmp_path / "hated"], "ann").files[0]
    assert (taken_back.new, taken_back.changed) == (0, 1)
    profile = profiles_of(library.listens(), tracks)["ann"]
    assert dict(zip(profile.positions, profile.weights, strict=True)) == {0: 1.0}


def test_import_archive_feedback_is_matched_by_its_listens(library, tmp_path):
    listens = [
        {
            "listened_at": 1_600_000_000 + number,
            "track_metadata": {
                "artist_name": "Band",
                "track_name": f"Song {number}",
                "recording_msid": f"m{number}",
            },
        }
        for number in (1, 2, 11)
    ]
    feedback = [
        {"recording_msid": f"m{number}", "recording_mbid": None, "score": score}
        for number, score in ((1, 1), (2, -1), (11, 1), (12, 1))
    ]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("user.json", '{"user_id": 1, "username": "rob"}')
        archive.writestr("feedback.jsonl", "\n".join(map(json.dumps, feedback)))
        archive.writestr("listens/2020/9.jsonl", "\n".join(map(json.dumps, listens)))
    for new in (6, 0):
        done = import_listens(library, [tmp_path / "a.zip"]).files[0]
        assert (done.users, done.read, done.new, done.unmatched) == (["rob"], 6, new, 2)
        assert (sum(done.left_out.values()), done.changed, done.problems) == (1, 0, 1)
    ratings = library.listens().dropna(subset="rating").set_index("track_id")["rating"]
    assert ratings.to_dict() == {"t1": 1.0, "t2": -1.0}


def test_import_server_database_keeps_the_names_of_several_users(library, tmp_path):
    path = tmp_path / "navidrome.db"
    script = """
    CREATE TABLE user (id TEXT, user_name TEXT);
    CREATE TABLE media_file (id TEXT, title TEXT, artist TEXT, album TEXT);
    CREATE TABLE annotation (user_id TEXT, item_id TEXT, item_type TEXT, play_count INTEGER,
      play_date DATETIME, rating INTEGER, starred BOOL);
    INSERT INTO user VALUES ('1', 'ann'), ('2', 'ben');
    INSERT INTO media_file VALUES ('a', 'Song 1', 'Band', 'A');
    INSERT INTO annotation VALUES ('1', 'a', 'media_file', 5, NULL, 0, 1);
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    assert import_listens(library, [path], "zoe").files[0].users == ["zoe"]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO annotation VALUES ('2', 'a', 'media_file', 3, NULL, 0, 0)")
    for new in (2, 0):
        done = import_listens(library, [path], "zoe")
        assert (done.new, done.same_person, done.files[0].users) == (new, [], ["ann", "ben"])
    plays = library.listens().set_index("user_id")["plays"]
    assert plays.to_dict() == {"zoe": 5.0, "ann": 5.0, "ben": 3.0}


@pytest.mark.sqlite
def test_import_refuses_other_databases(library):
    with pytest.raises(DatasetError, match="of no program that segue reads"):
        import_listens(library, [library.directory / "library.db"])


def test_import_with_one_unknown_format_imports_nothing(library, tmp_path):
    good = scrobbles(tmp_path / "good", range(5))
    (tmp_path / "bad").write_text("hello")
    with pytest.raises(DatasetError, match="has an unknown format"):
        import_listens(library, [good, tmp_path / "bad"])
    assert library.counts()["listens"] == 0
    with pytest.raises(DatasetError):
        import_listens(tmp_path / "new.segue", [tmp_path / "bad"])
    assert not (tmp_path / "new.segue").exists()


def test_import_stores_problems_of_its_own_file_only(library, tmp_path):
    rows = [f"u,t1,{when}" for when in (0, 9_999_999_999, 300_000_000, 1_600_000_000)]
    rows += [f"u,{'x' * 10_000},1", "u,t2,yesterday"] + [",t1,1"] * 150
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["user_id,track_id,timestamp", *rows]))
    tracks = library.catalogue().tracks
    for _ in range(2):
        done = import_listens(library, [path]).files[0]
        assert (done.read, done.undated, sum(done.left_out.values())) == (5, 4, 151)
        problems = library.problems(stage="import")
        assert len(problems) == done.problems == 103
        assert {problem.source for problem in problems} == {"a.csv"}
    assert library.listens()["timestamp"].isna().sum() == 4
    assert library.catalogue().tracks == tracks


def test_import_refuses_a_second_writer(library, tmp_path):
    path = scrobbles(tmp_path / "a", range(5))
    with library.writing("segue train"), pytest.raises(LibraryBusyError):
        import_listens(library, [path])


@pytest.mark.slow
def test_import_completes_one_that_was_killed(library, tmp_path):
    path = scrobbles(tmp_path / "a", range(48_000))
    running = subprocess.Popen([*IMPORT, library.directory, path])
    while library.counts()["listens"] == 0 and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=60)
    kept = library.counts()["listens"] + library.counts()["unmatched"]
    assert 0 < kept < 48_000
    done = import_listens(library, [path])
    assert (done.read, done.new) == (48_000, 48_000 - kept)
    assert library.counts()["listens"] == 40_000
    assert library.counts()["unmatched"] == 8_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["array", "table"])
def test_import_memory_does_not_grow_with_the_file(library, tmp_path, kind):
    def held(n_listens):
        path = tmp_path / f"{n_listens}"
        with path.open("w", encoding="utf-8") as file:
            if kind == "table":
                file.write("user_id,artist,title,timestamp\n")
            for number in range(n_listens):
                when = 1_600_000_000 + number * 61
                if kind == "table":
                    file.write(f"ann,Band,Song {number % 12},{when}\n")
                    continue
                listen = {
                    "listened_at": when,
                    "track_metadata": {
                        "artist_name": "Band",
                        "track_name": f"Song {number % 12}",
                        "additional_info": {"more": "x" * 300},
                    },
                }
                file.write(("," if number else "[") + json.dumps(listen))
            file.write("]" if kind == "array" else "")
        done = subprocess.run(
            [*WITH_PEAK, library.directory, path], capture_output=True, text=True, check=True
        )
        return int(re.search(r"VmHWM:\s+(\d+) kB", done.stdout)[1]) / 1024

    few, many = held(25_000), held(100_000)
    assert many < 300
    assert many < few + 25
