"""Libraries of earlier formats open with everything that they hold.

`data/format_5.sql` is the database of a library that the last release with format 5 wrote: every
table has rows. Its names are made up.
"""

import json
import sqlite3
import stat
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from segue.errors import LibraryError
from segue.library import FeatureStore, FolderAccess, Library, back_up, find_damage, settings_hash
from segue.library.entity_rows import public_id
from segue.library.feature_index import RECORD
from segue.library.schema import FORMAT_VERSION
from segue.pipeline.playlists.recipes import Recipe
from segue.types import ArtistCredit

pytestmark = pytest.mark.sqlite

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


def test_format_5_library_keeps_counts(library, directory):
    assert library.counts() == {
        "tracks": 15,
        "listeners": 4,
        "listens": 9,
        "unmatched": 2,
        "problems": 0,  # that of a folder that is not there is kept and not shown
        "left_out": 1,
        "missing": 1,
    }
    with closing(sqlite3.connect(directory / "library.db")) as connection:
        assert connection.execute("SELECT count(*) FROM problems").fetchone() == (1,)


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
    # the four stars of a dataset, and the like and the dislike of the page, as opinions
    assert listens["rating"].fillna(0).tolist() == [0, 0, 0.5, 0, 0, 1.0, -1.0, 0, 0]


def test_format_5_ratings_of_players_keep_their_meaning(directory):
    """In a table that also has plays, 0 is not rated; in one of ratings it is the lowest."""
    connection = sqlite3.connect(directory / "library.db")
    ratings = (0, 60, 100)
    for source, plays in (("import:player", 5.0), ("import:ratings", None)):
        connection.executemany(
            "INSERT INTO listens (user, track, plays, rating, dataset) VALUES (1, 1, ?, ?, ?)",
            [(plays, rating, source) for rating in ratings],
        )
    connection.commit()
    connection.close()
    listens = Library(directory).listens()
    for source, expected in (
        ("import:player", [None, 0.0, 1.0]),
        ("import:ratings", [-1.0, 0.2, 1.0]),
    ):
        found = listens[listens["source"] == source]["rating"].tolist()
        assert [None if np.isnan(one) else round(one, 6) for one in found] == expected


def test_format_5_library_keeps_unmatched_listens(library):
    (first, one), (second, other) = library.track_references()
    assert (one.artist, one.title, one.album) == ("Eve Pole", "Elsewhere", "Away")
    assert (other.isrc, other.album) == ("XX0000000001", None)
    assert library.match_listens({first: 3, second: 3}) == 2
    assert len(library.listens()) == 11


def test_format_5_library_keeps_feedback(library):
    events = library.feedback.after(0)
    assert [(one.user, one.track_id, one.kind) for one in events] == [
        ("ann", "Bo/Late/01.flac", "like"),
        ("ann", "Various/Hits/02.flac", "dislike"),
        ("ben", "Ada/Dawn/01.flac", "play"),
        ("ben", "Ada/Dawn/02.flac", "skip"),
    ]
    assert library.reader.posterior("ann") == ("signals-1", b"\1" * 16, b"\2" * 16)


def test_format_5_library_keeps_splits(library):
    genre = library.splits("genre")
    assert genre == {row: ("train", "valid", "test")[(row - 1) % 3] for row in range(1, 11)}
    assert library.splits("tags") == {1: "train", 2: "test", 3: "train", 4: "test"}


def test_format_5_library_keeps_duplicates(library):
    assert library.duplicate_pairs() == [(1, 15)]


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


def test_format_5_recipe_gets_current_dial_names(library):
    radio = next(one for one in library.playlists.of("ann") if one.kind == "radio")
    assert radio.recipe["dials"] == {"randomness": 0.2, "max_known_share": 0.5}
    assert Recipe.of("radio", radio.recipe).dials.randomness == 0.2
    likes = next(one for one in library.playlists.of("ann") if one.kind == "like")
    assert likes.recipe["dials"]["diversity"] == 0.2


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
    (song,) = library.annotations.all("ann", "song")
    assert (song.item, song.starred, song.opinion) == ("Bo/Late/01.flac", START, "like")


def test_format_5_library_gets_artists_of_tracks(library):
    tracks = {track.track_id: track for _, track in library.each_track()}
    guests = tracks["Ada/Dawn/02.flac"]
    assert guests.artists == (
        ArtistCredit("Ada Reef"),
        ArtistCredit("Bo Lark", "guest"),
        ArtistCredit("Cy Finn", "guest"),
    )
    assert "featured" not in guests.metadata
    assert tracks["Ada/Dawn/01.flac"].artists == ()


def test_format_5_library_keeps_annotations_of_albums_and_artists(library):
    (artist,) = library.annotations.all("ann", "artist")
    assert artist.item == public_id("ar", "adareef")
    albums = {one.item: one.rating for one in library.annotations.all("ann", "album")}
    with sqlite3.connect(library.directory / "library.db") as connection:
        titles = dict(connection.execute("SELECT album_id, title FROM albums"))
    assert {titles[item]: rating for item, rating in albums.items()} == {
        "Hits 2004": 4,
        "Dawn": None,
    }


def test_upgrade_copies_database_before(directory):
    Library(directory).close()
    copy = directory / "backups" / "library-format-5.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        (version,) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        assert version == "5"
        assert connection.execute("SELECT count(*) FROM waiting").fetchone() == (2,)
    Library(directory).close()
    assert list((directory / "backups").glob("*.db")) == [copy]


def test_failed_upgrade_leaves_database_unchanged(directory, monkeypatch):
    def fail(connection):
        connection.execute(text("DELETE FROM listens"))
        raise LibraryError("no")

    monkeypatch.setattr("segue.library.migrations.MIGRATIONS", {6: fail})
    with pytest.raises(LibraryError, match="no"):
        Library(directory)
    with sqlite3.connect(directory / "library.db") as connection:
        assert connection.execute("SELECT count(*) FROM listens").fetchone() == (9,)
        (version,) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        assert version == "5"


def test_upgraded_library_has_tables_of_new_one(library, tmp_path):
    def shape(path):
        with sqlite3.connect(path) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            columns = {
                name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
                for (name,) in tables.fetchall()
            }
            query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            return columns, {name for (name,) in connection.execute(query)}

    new = Library(tmp_path / "new")
    assert shape(library.directory / "library.db") == shape(new.directory / "library.db")


def test_format_8_library_gets_former_ids(library):
    path = library.directory / "library.db"
    library.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE former_ids")
        connection.execute("UPDATE meta SET value = '8' WHERE key = 'format'")
    assert len(Library(library.directory).catalogue()) == 15
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM former_ids").fetchone() == (0,)
        query = "SELECT value FROM meta WHERE key = 'format'"
        assert connection.execute(query).fetchone() == (str(FORMAT_VERSION),)
    assert (library.directory / "backups" / "library-format-8.db").is_file()


def test_format_11_library_gets_connections(library):
    path = library.directory / "library.db"
    n_listens = library.counts()["listens"]
    library.close()
    with sqlite3.connect(path) as connection:
        for table in ("playlists", "counts", "items", "accounts"):
            connection.execute(f"DROP TABLE connection_{table}")
        connection.execute("DROP TABLE connections")
        connection.execute("UPDATE meta SET value = '11' WHERE key = 'format'")
    opened = Library(library.directory)
    assert opened.connections.all() == []
    assert opened.counts()["listens"] == n_listens
    assert (library.directory / "backups" / "library-format-11.db").is_file()


def test_format_11_library_gets_schedules(library):
    path = library.directory / "library.db"
    library.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE schedules")
        connection.execute("UPDATE meta SET value = '11' WHERE key = 'format'")
    found = Library(library.directory)
    assert len(found.catalogue()) == 15
    assert found.schedules.all() == []
    assert (library.directory / "backups" / "library-format-11.db").is_file()


def test_upgrade_reads_guests_of_titles(directory):
    with sqlite3.connect(directory / "library.db") as connection:
        connection.execute("UPDATE tracks SET title = 'Late (feat. Di Moss)' WHERE row = 4")
    (track,) = (track for row, track in Library(directory).each_track() if row == 4)
    assert [artist.name for artist in track.artists] == ["THE BO LARK", "Di Moss"]


@pytest.fixture
def with_files(directory):
    """The library of format 5 with a model, a report and features as it wrote them."""
    for name in ("models/knn/manifest.json", "reports/one/metrics.json"):
        (directory / name).parent.mkdir(parents=True)
        (directory / name).write_text('{"kind": "knn"}', "utf-8")
    settings = {"from": "given frames"}
    place = directory / "features" / settings_hash(settings)
    with FeatureStore(place, settings=settings, dtypes={"summary": "float32"}) as store:
        store.add(1, {"summary": np.arange(4, dtype=np.float32)})
        store.add(2, {"summary": np.ones(4, np.float32)})
    document = {"settings": settings, "arrays": {"summary": "float32"}}
    (place / "settings.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    records = np.frombuffer((place / "index.bin").read_bytes(), RECORD).copy()[1:]
    heads = [record.tobytes()[:28] for record in records]
    records["checksum"] ^= np.array([zlib.crc32(head) for head in heads], np.uint32)
    (place / "index.bin").write_bytes(records.tobytes())
    return directory


def test_files_of_format_5_are_not_damaged(with_files):
    assert find_damage(with_files) == []
    library = Library(with_files)
    assert library.models.names() == ["knn"]
    (store,) = library.stores(lambda _: True)
    assert store.read("summary", 1)[0].tolist() == [0, 1, 2, 3]
    library.close()
    assert find_damage(with_files) == []


def test_upgraded_library_can_be_backed_up(with_files, tmp_path_factory):
    place = tmp_path_factory.mktemp("backups") / "one"
    back_up(Library(with_files), place)
    (store,) = Library(place).stores(lambda _: True)
    assert store.rows().tolist() == [1, 2]


def test_upgraded_features_are_those_of_the_library(with_files):
    library = Library(with_files)
    (store,) = library.stores(lambda _: True)
    with store:
        store.add(3, {"summary": np.zeros(4, np.float32)})
    (again,) = Library(with_files).stores(lambda _: True)
    assert again.rows().tolist() == [1, 2, 3]
    assert again.problems() == []


def test_format_9_listens_have_no_session(library, directory):
    before = library.listens().drop(columns="session_id")
    library.close()
    with closing(sqlite3.connect(directory / "library.db")) as connection, connection:
        for table in ("listens", "unmatched_listens"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN session_id")
        connection.execute("UPDATE meta SET value = '9' WHERE key = 'format'")
    after = Library(directory).listens()
    assert after["session_id"].isna().all()
    assert after.drop(columns="session_id").equals(before)


def test_format_11_library_gets_invitations(library):
    """Format 12 adds a table; accounts of format 11 stay."""
    names = [account.name for account in library.accounts.all()]
    with library._database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE invitations")
        connection.exec_driver_sql("UPDATE meta SET value = '11' WHERE key = 'format'")
    library.close()
    upgraded = Library(library.directory)
    assert [account.name for account in upgraded.accounts.all()] == names
    assert upgraded.invitations.all() == []
    assert (library.directory / "backups" / "library-format-11.db").is_file()
    upgraded.close()


def test_format_12_library_gets_folders_of_accounts(library):
    """Format 13 adds a table; every account of format 12 sees everything."""
    names = [account.name for account in library.accounts.all()]
    with library._database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE account_folders")
        for column in ("keeps_current", "edited"):
            connection.exec_driver_sql(f"ALTER TABLE playlists DROP COLUMN {column}")
        connection.exec_driver_sql("UPDATE meta SET value = '12' WHERE key = 'format'")
    library.close()
    upgraded = Library(library.directory)
    assert [account.name for account in upgraded.accounts.all()] == names
    assert upgraded.folder_access.all() == {}
    assert upgraded.playlists.to_keep_current() == []
    assert not any(one.edited for name in names for one in upgraded.playlists.of(name))
    assert upgraded.folder_access.set(names[0], FolderAccess(only=("/music",)))
    assert (library.directory / "backups" / "library-format-12.db").is_file()
    upgraded.close()
