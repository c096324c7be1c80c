"""A library in PostgreSQL: what several processes, machines and households need."""

import sqlite3
import threading
import time
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from segue.errors import LibraryBusyError, LibraryError, StorageError
from segue.library import Account, Event, Library, back_up, postgresql_backend, restore
from segue.library.database_address import DatabaseAddress, database_address, set_address
from segue.library.postgresql_connections import connected
from segue.library.schema import FORMAT_VERSION
from segue.types import Track


@pytest.fixture
def opened(tmp_path, monkeypatch, postgresql_url):
    """Return a function that opens a library by the name of its directory."""
    monkeypatch.setenv("SEGUE_DATABASE", postgresql_url)
    libraries = []

    def open_library(name="my.segue"):
        library = Library(tmp_path / name)
        libraries.append(library)
        return library

    yield open_library
    for library in libraries:
        library.close()


def add_tracks(library, *ids):
    import pandas as pd

    tracks = [Track(track_id=one, title=one) for one in ids]
    library.add_dataset("tests", tracks=tracks, listens=pd.DataFrame())


def like(library, user, track):
    return library.feedback.add(
        [Event(user=user, track_id=track, kind="like", key=f"{user} {track}")]
    )


def address_of(library):
    return library.database.backend.address


def execute(url, statement, *values):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement, values)


def in_schema(statement, name):
    return sql.SQL(statement).format(sql.Identifier(name))


def set_format(url, name, version):
    statement = in_schema("UPDATE {}.meta SET value = %s WHERE key = 'format'", name)
    execute(url, statement, str(version))


def test_library_writes_no_local_database(opened):
    library = opened()
    add_tracks(library, "a")
    assert not list(library.directory.glob("library.db*"))
    assert (library.directory / "library.toml").stat().st_mode & 0o077 == 0


def test_library_is_found_by_its_toml_alone(opened, monkeypatch):
    add_tracks(opened(), "a")
    monkeypatch.delenv("SEGUE_DATABASE")
    assert opened().counts()["tracks"] == 1


def test_library_is_opened_by_one_connection(opened, monkeypatch):
    opened()
    made = []
    monkeypatch.setattr(
        postgresql_backend, "connected", lambda address: made.append(connected(address)) or made[-1]
    )
    library = opened()
    assert library.counts()["tracks"] == 0
    assert library.is_writable()
    assert len(made) == 1


def test_change_of_another_process_is_noticed(opened):
    one, other = opened(), opened()
    before = other.reader.changes()
    assert other.reader.changes() == before
    add_tracks(one, "a")
    after = other.reader.changes()
    assert after != before
    with one.database.begin():
        pass  # nothing was written
    assert other.reader.changes() == after


def test_change_of_another_library_is_not_noticed(opened):
    one, other = opened("one"), opened("two")
    before = other.reader.changes()
    add_tracks(one, "a")
    assert other.reader.changes() == before


def test_transactions_of_one_library_do_not_overlap(opened):
    one, other, apart = opened(), opened(), opened("two")
    with one.database.begin():
        busy = pytest.raises(LibraryBusyError, match="another program is writing")
        with busy, other.database.begin(wait=False):
            pass
        with apart.database.begin(wait=False):
            pass  # another household does not wait


def test_feedback_of_several_processes_is_numbered_in_order(opened):
    libraries = [opened() for _ in range(4)]
    add_tracks(libraries[0], *(f"t{number}" for number in range(20)))
    seen, stop = [], threading.Event()

    def follow():
        reader = opened()
        number = 0
        while not stop.is_set() or reader.feedback.after(number):
            for event in reader.feedback.after(number):
                seen.append(event.number)
                number = event.number

    def write(place):
        for number in range(20):
            like(libraries[place], f"user {place}", f"t{number}")

    follower = threading.Thread(target=follow)
    writers = [threading.Thread(target=write, args=[place]) for place in range(4)]
    for thread in (follower, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    follower.join()
    assert len(seen) == 80  # none was skipped because a later number came first
    assert seen == sorted(seen)


def test_writer_is_named_and_excludes_others(opened):
    one, other = opened(), opened()
    with one.writing("segue preprocess"):
        assert "segue preprocess" in other.writer()
        with pytest.raises(LibraryBusyError, match="segue preprocess"), other.writing("train"):
            pass
    assert other.writer() is None


def test_lease_passes_on_when_its_connection_is_lost(opened, postgresql_url):
    one, other = opened(), opened()
    first, second = one.scheduler_lease(), other.scheduler_lease()
    assert first.take()
    assert not second.take()
    terminate_all(postgresql_url)
    assert second.take()
    assert not first.take()
    second.release()
    assert first.take()
    first.release()


def terminate_all(url):
    execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'",
    )


def eventually(condition, seconds=20):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def test_lost_connections_are_opened_again(opened, postgresql_url):
    library = opened()
    add_tracks(library, "a")
    before = library.reader.changes()
    assert library.reader.track_row("a") is not None
    terminate_all(postgresql_url)
    assert library.reader.track_row("a") is not None
    # what was missed is not known; the server ends connections a moment later
    assert eventually(lambda: library.reader.changes() != before)
    assert like(library, "anna", "a") == [True]
    assert library.counts()["tracks"] == 1


def test_lost_server_is_a_transient_error(tmp_path):
    address = database_address("postgresql://nobody@localhost:9/none", tmp_path)
    set_address(tmp_path, address)
    with pytest.raises(LibraryBusyError, match="does not answer"):
        Library(tmp_path)


@pytest.mark.parametrize(
    ("path", "text"), [("/lacking", "make the database"), ("/postgres", "holds no|not one")]
)
def test_wrong_address_is_one_sentence(tmp_path, postgresql_url, path, text):
    url = postgresql_url.replace("/postgres?", f"{path}?")
    execute(postgresql_url, "DROP SCHEMA IF EXISTS foreign_schema CASCADE")
    execute(postgresql_url, "CREATE SCHEMA foreign_schema")
    set_address(tmp_path, DatabaseAddress(url, "foreign_schema"))
    if path == "/postgres":
        assert Library(tmp_path).counts()["tracks"] == 0  # an empty schema is used
        return
    with pytest.raises(StorageError, match=text) as raised:
        Library(tmp_path)
    assert not isinstance(raised.value, LibraryBusyError)


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "a;b", "x" * 64, "1a"])
def test_bad_name_of_schema_is_refused(tmp_path, name):
    with pytest.raises(LibraryError, match="schema"):
        database_address(f"postgresql://db/segue?schema={name}", tmp_path)


@pytest.mark.parametrize("text", ["mysql://db/segue", "sqlite:///x", "db", ""])
def test_other_database_systems_are_refused(tmp_path, text):
    with pytest.raises(LibraryError, match="PostgreSQL"):
        database_address(text, tmp_path)


def test_households_do_not_see_each_other(opened):
    one, other = opened("one"), opened("two")
    add_tracks(one, "a", "b")
    add_tracks(other, "c")
    like(one, "anna", "a")
    assert one.counts()["tracks"] == 2
    assert other.counts()["tracks"] == 1
    assert other.reader.track_row("a") is None
    assert other.listeners() == []


def test_user_of_one_household_cannot_read_another(opened, postgresql_url, tmp_path):
    own, foreign = opened("one"), opened("two")
    add_tracks(foreign, "secret")
    schemas = [address_of(library).schema for library in (own, foreign)]
    role = f"role_{schemas[0]}"
    quoted = sql.Identifier(role)
    execute(postgresql_url, sql.SQL("CREATE ROLE {} LOGIN").format(quoted))
    for statement in (
        "GRANT ALL ON SCHEMA {schema} TO {role}",
        "GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    ):
        named = {"schema": sql.Identifier(schemas[0]), "role": quoted}
        execute(postgresql_url, sql.SQL(statement).format(**named))
    url = postgresql_url.replace("postgres@", f"{role}@")
    set_address(tmp_path / "mine", DatabaseAddress(url, schemas[0]))
    mine = Library(tmp_path / "mine")
    add_tracks(mine, "b")
    assert mine.counts()["tracks"] == 1
    mine.close()
    set_address(tmp_path / "theirs", DatabaseAddress(url, schemas[1]))
    with pytest.raises(LibraryError, match="not one of segue"):
        Library(tmp_path / "theirs")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(url, in_schema("SELECT * FROM {}.tracks", schemas[1]))


def test_text_with_nul_character_is_stored_without_it(opened):
    library = opened()
    add_tracks(library, "a")
    add_tracks(library, "b\0c")
    assert library.reader.track_row("bc") is not None


def test_earlier_format_is_copied_then_upgraded(opened, postgresql_url):
    library = opened()
    add_tracks(library, "a")
    name = address_of(library).schema
    library.close()
    execute(postgresql_url, in_schema("DROP TABLE {}.schedules", name))
    set_format(postgresql_url, name, 11)
    again = opened()
    assert again.schedules.all() == []
    assert again.counts()["tracks"] == 1
    copy = again.directory / "backups" / "library-format-11.db"
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT track_id FROM tracks").fetchall() == [("a",)]
        assert database.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() == ("11",)


def test_newer_format_is_refused(opened, postgresql_url):
    library = opened()
    name = address_of(library).schema
    set_format(postgresql_url, name, FORMAT_VERSION + 1)
    library.close()
    with pytest.raises(LibraryError, match="upgrade segue"):
        opened()


def test_backup_is_a_local_library_and_is_restored(opened, tmp_path, monkeypatch):
    library = opened()
    add_tracks(library, "a", "b")
    like(library, "anna", "a")
    back_up(library, tmp_path / "backup")
    add_tracks(library, "c")
    with monkeypatch.context() as elsewhere:
        elsewhere.delenv("SEGUE_DATABASE")
        copy = Library(tmp_path / "backup", create=False)
        assert copy.counts()["tracks"] == 2
        copy.close()
    done = restore(library.directory, tmp_path / "backup")
    assert library.counts()["tracks"] == 2
    assert library.listeners() == ["anna"]
    with closing(sqlite3.connect(done.replaced)) as replaced:
        assert replaced.execute("SELECT count(*) FROM tracks").fetchone() == (3,)
    add_tracks(library, "d")  # numbers of rows continue after those that were restored
    assert library.counts()["tracks"] == 3


def test_repeated_event_is_not_new(opened):
    library = opened()
    add_tracks(library, "a")
    assert like(library, "anna", "a") == [True]
    assert like(library, "anna", "a") == [False]


def test_account_of_known_name_is_not_added(opened):
    library = opened()
    account = Account(name="anna")
    assert library.accounts.add(account, "hash")
    assert not library.accounts.add(account, "hash")
