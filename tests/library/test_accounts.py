"""Accounts as they are kept: secrets only as digests, and what older libraries held stays."""

import sqlite3

import pytest

from segue.library import Account, Library
from segue.library import audit as audit_module
from segue.types import Track


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


def everything(library):
    """All that lies in the database's files, as bytes."""
    library.close()
    return b"".join(path.read_bytes() for path in library.directory.glob("library.db*"))


@pytest.mark.sqlite
def test_tokens_and_keys_are_not_in_the_database(library):
    library.accounts.add(Account(name="anna"), "$argon2$")
    library.accounts.open_session("tok-en", "csrf", name="anna", listener=None, expires=2e10)
    library.accounts.add_key("anna", "phone", "ke-y")
    kept = everything(library)
    assert b"anna" in kept
    assert b"tok-en" not in kept
    assert b"ke-y" not in kept
    assert library.accounts.find_session("tok-en").account.name == "anna"
    assert library.accounts.find_key("ke-y")[1].name == "phone"


def test_account_repr_has_no_secrets(library):
    library.accounts.add(Account(name="anna"), "$argon2$")
    library.accounts.set_player_password("anna", "abcde")
    assert library.accounts.find("anna").plays
    assert "argon2" not in repr(library.accounts.all())
    assert "abcde" not in repr(library.accounts.all())


def test_audit_log_is_bounded_by_number_and_age(library, monkeypatch):
    monkeypatch.setattr(audit_module, "MAX_ENTRIES", 3)
    for number in range(5):
        library.audit.note("tried", f"u{number}", detail="one\nline\x1b[31m")
    entries = library.audit.entries()
    assert [entry.who for entry in entries] == ["u4", "u3", "u2"]
    assert entries[0].detail == "one line [31m"
    assert [entry.who for entry in library.audit.entries(before=entries[0].number, most=1)] == [
        "u3"
    ]
    monkeypatch.setattr(audit_module, "MAX_AGE_SECONDS", -1.0)
    library.audit.note("tried")
    monkeypatch.setattr(audit_module, "MAX_AGE_SECONDS", 100.0)
    library.audit.note("again")
    assert [entry.what for entry in library.audit.entries()] == ["again"]


FORMAT_4 = """
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('format', '4');
CREATE TABLE tracks (row INTEGER PRIMARY KEY, track_id VARCHAR NOT NULL UNIQUE, title TEXT,
  artist TEXT, album TEXT, year INTEGER, genres TEXT NOT NULL, tags TEXT NOT NULL, tempo FLOAT,
  duration FLOAT, lyrics TEXT, split VARCHAR, path TEXT, features TEXT, metadata TEXT NOT NULL,
  missing BOOLEAN, left_out BOOLEAN);
INSERT INTO tracks (row, track_id, title, genres, tags, metadata)
  VALUES (7, 'a', 'Au clair', '["folk"]', '{"x": 2.0}', '{"mood": "sad"}');
CREATE TABLE users (row INTEGER PRIMARY KEY, user_id VARCHAR NOT NULL UNIQUE);
INSERT INTO users VALUES (3, 'u');
CREATE TABLE listens (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users (row),
  track INTEGER NOT NULL REFERENCES tracks (row), timestamp FLOAT, position FLOAT, plays FLOAT,
  ms_played FLOAT, rating FLOAT, skipped BOOLEAN, split VARCHAR, dataset TEXT NOT NULL,
  fingerprint BLOB);
INSERT INTO listens (user, track, plays, dataset, fingerprint) VALUES (3, 7, 2, 'd', NULL),
  (3, 7, 5, 'import:listens', x'0102');
CREATE TABLE sought (row INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, track_id TEXT,
  recording TEXT, isrc TEXT, artist TEXT, title TEXT, album TEXT);
INSERT INTO sought (row, key, title) VALUES (2, x'01', 'Y');
CREATE TABLE waiting (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, sought INTEGER NOT NULL,
  timestamp FLOAT, position FLOAT, plays FLOAT, ms_played FLOAT, rating FLOAT, skipped BOOLEAN,
  split VARCHAR, dataset TEXT NOT NULL, fingerprint BLOB NOT NULL UNIQUE);
INSERT INTO waiting (user, sought, dataset, fingerprint) VALUES (3, 2, 'd', x'03');
CREATE TABLE runs (id INTEGER PRIMARY KEY, verb VARCHAR NOT NULL, finished FLOAT NOT NULL,
  fingerprint VARCHAR, result TEXT NOT NULL);
INSERT INTO runs (verb, finished, result) VALUES ('train', 5, '{"models": []}');
"""


def old_library(directory):
    directory.mkdir()
    with sqlite3.connect(directory / "library.db") as database:
        database.executescript(FORMAT_4)
    database.close()
    return directory


def test_format_4_library_keeps_all_and_accepts_accounts(tmp_path):
    directory = old_library(tmp_path / "old")
    for again in (False, True):
        library = Library(directory)
        assert library.catalogue().tracks == [
            Track(
                track_id="a",
                title="Au clair",
                genres=("folk",),
                tags={"x": 2.0},
                metadata={"mood": "sad"},
            )
        ]
        assert library.listens()["plays"].tolist() == [2.0, 5.0]
        assert library.counts()["unmatched"] == 1
        assert library.track_references()[0][1].title == "Y"
        assert library.last_run("train")["result"] == {"models": []}
        assert library.accounts.any() == again
        assert library.accounts.add(Account(name="u"), "hash") != again
        library.close()


@pytest.mark.sqlite
def test_missing_tables_are_made(tmp_path):
    directory = old_library(tmp_path / "old")
    Library(directory).close()
    with sqlite3.connect(directory / "library.db") as database:
        database.execute("DROP TABLE api_keys")
    database.close()
    assert Library(directory).accounts.keys("u") == []
