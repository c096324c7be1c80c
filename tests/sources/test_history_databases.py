"""Databases of players and media servers: known answers, several users, and damage."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.test_history_import import read

from segue.errors import DatasetError
from segue.sources.history_import import ImportRow, open_export
from segue.types import TrackReference

JOGA = TrackReference(artist="Björk", title="Jóga", album="Homogenic")
NOON = 1_709_287_200.0  # 2024-03-01T10:00:00Z

NAVIDROME = """
CREATE TABLE user (id TEXT, user_name TEXT);
CREATE TABLE media_file (id TEXT, title TEXT, artist TEXT, album TEXT, mbz_recording_id TEXT);
CREATE TABLE annotation (user_id TEXT, item_id TEXT, item_type TEXT, play_count INTEGER,
  play_date DATETIME, rating INTEGER, starred BOOL, starred_at DATETIME);
INSERT INTO user VALUES ('1', 'ann'), ('2', 'bob');
INSERT INTO media_file VALUES ('a', 'Jóga', 'Björk', 'Homogenic', 'r1'),
  ('b', 'Unravel', 'Björk', '', NULL);
INSERT INTO annotation VALUES ('1', 'a', 'media_file', 12, '2024-03-01 10:00:00+00:00', 4, 0, NULL),
  ('2', 'a', 'media_file', 0, NULL, 0, 1, '2024-03-01 10:00:00'),
  ('2', 'b', 'media_file', 0, NULL, 0, 0, NULL), ('1', 'x', 'album', 9, NULL, 5, 1, NULL),
  ('1', 'b', 'media_file', 'many', NULL, 0, 0, NULL);
"""
SCROBBLES = """
CREATE TABLE scrobbles (media_file_id TEXT, user_id TEXT, submission_time INTEGER);
INSERT INTO scrobbles VALUES ('a', '1', 1709287200), ('a', '1', 1709290800);
"""
PLEX = """
CREATE TABLE accounts (id INTEGER, name TEXT);
CREATE TABLE metadata_items (id INTEGER, guid TEXT, metadata_type INTEGER, title TEXT,
  parent_id INTEGER, original_title TEXT);
CREATE TABLE metadata_item_settings (account_id INTEGER, guid TEXT, rating FLOAT,
  view_count INTEGER, last_viewed_at INTEGER, skip_count INTEGER);
CREATE TABLE metadata_item_views (account_id INTEGER, guid TEXT, metadata_type INTEGER,
  grandparent_title TEXT, parent_title TEXT, title TEXT, viewed_at INTEGER);
INSERT INTO accounts VALUES (1, 'ann'), (2, 'bob');
INSERT INTO metadata_items VALUES (1, 'g1', 8, 'Björk', NULL, NULL),
  (2, 'g2', 9, 'Homogenic', 1, ''), (3, 'g3', 10, 'Jóga', 2, ''),
  (4, 'g4', 10, 'Guest', 2, 'Tricky'), (5, 'g5', 1, 'A film', NULL, '');
INSERT INTO metadata_item_settings VALUES (1, 'g3', 8.0, 3, 1709287200, 2), (1, 'g5', 9, 5, 1, 0),
  (2, 'g4', -1, 1, 1709287200, 0);
INSERT INTO metadata_item_views VALUES (1, 'g3', 10, 'Björk', 'Homogenic', 'Jóga', 1709287200),
  (1, 'g5', 1, '', '', 'A film', 1709287200);
"""
AUDIO = "MediaBrowser.Controller.Entities.Audio.Audio"
JELLYFIN = f"""
CREATE TABLE Users (Id TEXT, Username TEXT, InternalId INTEGER);
CREATE TABLE BaseItems (Id TEXT, Type TEXT, Name TEXT, Artists TEXT, Album TEXT);
CREATE TABLE UserData (ItemId TEXT, UserId TEXT, CustomDataKey TEXT, Rating REAL, PlayCount INTEGER,
  IsFavorite INTEGER, LastPlayedDate TEXT);
INSERT INTO Users VALUES ('AA', 'ann', 1), ('BB', 'bob', 2);
INSERT INTO BaseItems VALUES ('i', '{AUDIO}', 'Jóga', 'Björk|Tricky', 'Homogenic'),
  ('j', 'Movie', 'A film', NULL, NULL);
INSERT INTO UserData VALUES ('i', 'aa', 'k', NULL, 7, 0, '2024-03-01 10:00:00'),
  ('i', 'aa', 'k2', NULL, 3, 0, NULL), ('i', 'BB', 'k', 1, 0, 0, NULL),
  ('j', 'AA', 'k', 9, 9, 1, NULL);
"""  # noqa: S608  # our own names
JELLYFIN_BEFORE = f"""
CREATE TABLE TypedBaseItems (guid GUID, type TEXT, Name TEXT, Artists TEXT, Album TEXT,
  UserDataKey TEXT);
CREATE TABLE UserDatas (key TEXT, userId INT, rating FLOAT, played BIT, playCount INT,
  isFavorite BIT, lastPlayedDate DATETIME);
INSERT INTO TypedBaseItems VALUES (x'00', '{AUDIO}', 'Jóga', 'Björk', 'Homogenic', 'k');
INSERT INTO UserDatas VALUES ('k', 1, NULL, 1, 7, 0, '2024-03-01 10:00:00Z'),
  ('k', 3, 10.0, 1, 0, 0, NULL);
"""  # noqa: S608  # our own names
STRAWBERRY = """
CREATE TABLE songs (title TEXT, artist TEXT, album TEXT, playcount INTEGER, skipcount INTEGER,
  lastplayed INTEGER, rating REAL);
INSERT INTO songs VALUES ('Jóga', 'Björk', 'Homogenic', 5, 2, 1709287200, 1.0),
  ('never', 'B', '', 0, 0, -1, -1), ('low', 'B', '', 0, 0, -1, 0.2);
"""
MPD = """
CREATE TABLE sticker (type TEXT, uri TEXT, name TEXT, value TEXT);
INSERT INTO sticker VALUES ('song', 'Björk/Homogenic/02 - Jóga.flac', 'playCount', '5'),
  ('song', 'Björk/Homogenic/02 - Jóga.flac', 'skipCount', '1'),
  ('song', 'Björk/Homogenic/02 - Jóga.flac', 'lastPlayed', '1709287200'),
  ('song', 'Björk/Homogenic/02 - Jóga.flac', 'rating', '8'), ('song', 'B/b.mp3', 'like', '0'),
  ('song', 'http://radio.example/x', 'playCount', '5'), ('playlist', 'p', 'playCount', '5');
"""
SCRIPTS = {
    "navidrome": NAVIDROME + SCROBBLES,
    "plex": PLEX,
    "jellyfin": JELLYFIN,
    "jellyfin before": JELLYFIN_BEFORE,
    "strawberry": STRAWBERRY,
    "mpd": MPD,
}


def database(path: Path, script: str) -> Path:
    """Write a database."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    return path


def total(user: str | None, track: TrackReference = JOGA, **values: float | bool) -> ImportRow:
    """Return the totals of a track."""
    timestamp = values.pop("at", None)
    return ImportRow(user, track, timestamp, total=True, **values)  # type: ignore[arg-type]


def test_navidrome_totals_of_all_users_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read(database(tmp_path / "x", NAVIDROME))
    assert kind == "navidrome"
    track = JOGA._replace(recording="r1")
    assert listens == [
        total("ann", track, plays=12.0, rating=0.5),
        total("bob", track, rating=1.0),
    ]
    assert [issue.reason for issue in issues] == ["play_count is not a number"]


def test_navidrome_scrobbles_are_not_counted_twice(tmp_path: Path) -> None:
    _, listens, _ = read(database(tmp_path / "x", NAVIDROME + SCROBBLES))
    track = JOGA._replace(recording="r1")
    assert listens[:3] == [
        ImportRow("ann", track, NOON),
        ImportRow("ann", track, NOON + 3_600),
        total("ann", track, plays=10.0, rating=0.5),
    ]


def test_plex_views_and_totals_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read(database(tmp_path / "x", PLEX))
    assert (kind, issues) == ("plex", [])
    guest = TrackReference(artist="Tricky", title="Guest", album="Homogenic")
    assert listens == [
        ImportRow("ann", JOGA, NOON),
        total("ann", plays=2.0, rating=0.5),
        total("ann", plays=2.0, skipped=True),
        total("bob", guest, at=NOON, plays=1.0),
    ]


def test_plex_views_of_compilations_have_the_artist(tmp_path: Path) -> None:
    view = "INSERT INTO metadata_item_views VALUES (2, 'g4', 10, 'Björk', 'Homogenic', 'Guest', 7);"
    _, listens, _ = read(database(tmp_path / "x", PLEX + view))
    assert [one.track.artist for one in listens if not one.total] == ["Tricky", "Björk"]


def test_jellyfin_totals_of_all_users_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read(database(tmp_path / "x", JELLYFIN))
    assert (kind, issues) == ("jellyfin", [])
    track = JOGA._replace(artist="Björk & Tricky")
    assert listens == [total("ann", track, at=NOON, plays=7.0), total("bob", track, rating=-1.0)]


@pytest.mark.sqlite
@pytest.mark.parametrize("has_names", [False, True])
def test_jellyfin_library_before_10_11_is_read(tmp_path: Path, has_names: bool) -> None:
    if has_names:
        database(tmp_path / "jellyfin.db", JELLYFIN)
    kind, listens, issues = read(database(tmp_path / "library.db", JELLYFIN_BEFORE))
    assert (kind, issues) == ("jellyfin", [])
    assert listens == [
        total("ann" if has_names else "jellyfin 1", at=NOON, plays=7.0),
        total("jellyfin 3", rating=1.0),
    ]


def test_strawberry_totals_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read(database(tmp_path / "x", STRAWBERRY))
    assert (kind, issues) == ("strawberry", [])
    assert listens == [
        total(None, plays=5.0, rating=1.0),
        total(None, plays=2.0, skipped=True),
        total(None, TrackReference(artist="B", title="low"), rating=-1.0),
    ]


def test_mpd_stickers_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read(database(tmp_path / "x", MPD))
    assert kind == "mpd"
    track = JOGA._replace(track_id="Björk/Homogenic/02 - Jóga.flac")
    assert listens == [
        total(None, TrackReference(track_id="B/b.mp3", title="b"), rating=-1.0),
        total(None, track, plays=5.0, rating=0.5),
        total(None, track, plays=1.0, skipped=True),
    ]
    assert [issue.expected for issue in issues] == [True]


@pytest.mark.parametrize(
    ("name", "several"), [("navidrome", True), ("plex", True), ("strawberry", False)]
)
def test_databases_know_whether_they_have_several_users(
    tmp_path: Path, name: str, several: bool
) -> None:
    export = open_export(database(tmp_path / "x", SCRIPTS[name]))
    assert export.has_several_users() == several


def test_other_databases_are_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "x", "CREATE TABLE songs (title TEXT)")
    with pytest.raises(DatasetError, match="a database, but of no program that segue reads"):
        open_export(path)


def test_databases_are_not_changed_by_reading(tmp_path: Path) -> None:
    path = database(tmp_path / "x", PLEX)
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["x"]


def test_databases_with_a_log_are_read_and_not_changed(tmp_path: Path) -> None:
    path = database(tmp_path / "x", "PRAGMA journal_mode = wal;" + PLEX)
    assert read(path)[0] == "plex"
    assert [one.name for one in tmp_path.iterdir()] == ["x"]
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.execute("UPDATE metadata_item_settings SET view_count = 9 WHERE guid = 'g4'")
        writer.commit()
        for name in ("x", "x-wal", "x-shm"):
            (tmp_path / "copy").mkdir(exist_ok=True)
            (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
    (tmp_path / "copy" / "x-shm").unlink()
    before = {one.name: one.read_bytes() for one in (tmp_path / "copy").iterdir()}
    _, listens, issues = read(tmp_path / "copy" / "x")
    assert (listens[-1].plays, issues) == (9.0, [])
    assert {one.name: one.read_bytes() for one in (tmp_path / "copy").iterdir()} == before


def test_locked_databases_are_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "x", PLEX)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatasetError, match="is locked by the program that writes it"):
            open_export(path)


@pytest.mark.parametrize("name", SCRIPTS)
@given(st.data())
@settings(max_examples=15)
def test_damaged_databases_are_issues_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    path = database(tmp_path_factory.mktemp("damage") / "x", SCRIPTS[name])
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(16, len(raw) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=64))
    raw[place : place + len(damage)] = damage
    path.write_bytes(bytes(raw[: data.draw(st.integers(place, len(raw)))]))
    try:
        read(path)
    except DatasetError:
        return
