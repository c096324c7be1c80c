"""Copies of a library between directories and database systems."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import insert

from segue.errors import DamagedDataError, LibraryError
from segue.library import Account, Event, Library, copy_library, database_address
from segue.library.schema import schema
from segue.library.table_copies import differing_tables
from segue.types import Track


@pytest.fixture
def source(tmp_path):
    """A library with something in many tables, and a feature."""
    library = Library(tmp_path / "source")
    listens = pd.DataFrame(
        {"user_id": ["anna", "ben"], "track_id": ["a", "b"], "timestamp": [1.5, np.nan]}
    )
    tracks = [
        Track(track_id="a", title="Ä \U0001f3b5", artist="Anna", genres=("rock",), year=1999),
        Track(track_id="b", title="b", tempo=120.25, metadata={"mood": "sad"}),
        Track(track_id="Z", title=None),
    ]
    library.add_dataset("tests", tracks=tracks, listens=listens)
    library.feedback.add([Event(user="anna", track_id="b", kind="like", key="1")])
    library.accounts.add(Account(name="anna", admin=True), "a digest")
    library.playlists.add("anna", "Mine", "manual", {}, ["a", "b"])
    library.record_run("preprocess", {"dataset": "/music"})
    yield library
    library.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request, tmp_path):
    """Return a function that gives the address of a copy: None for a directory alone."""
    if request.param == "sqlite":
        return lambda name: None
    url = request.getfixturevalue("postgresql_url")
    return lambda name: database_address(url, tmp_path / name)


def test_copy_has_the_same_rows(source, target, tmp_path):
    made = copy_library(source, tmp_path / "copy", target("copy"))
    copy = Library(tmp_path / "copy", create=False)
    with source.database.connect() as one, copy.database.connect() as other:
        assert differing_tables(one, other, schema) == []
    assert made.rows["tracks"] == 3
    assert copy.library_id == source.library_id
    assert copy.reader.track_row("a") == source.reader.track_row("a")
    copy.close()


def test_copy_continues_with_later_numbers(source, target, tmp_path):
    copy_library(source, tmp_path / "copy", target("copy"))
    copy = Library(tmp_path / "copy", create=False)
    before = copy.feedback.last()
    copy.feedback.add([Event(user="cleo", track_id="a", kind="like", key="2")])
    assert copy.feedback.last() > before
    assert copy.listeners() == ["anna", "ben", "cleo"]
    copy.close()


def test_copy_does_not_follow_the_source(source, target, tmp_path):
    copy_library(source, tmp_path / "copy", target("copy"))
    source.feedback.add([Event(user="cleo", track_id="a", kind="like", key="2")])
    copy = Library(tmp_path / "copy", create=False)
    assert copy.listeners() == ["anna", "ben"]
    copy.close()


def test_copy_to_a_used_place_is_refused(source, target, tmp_path):
    copy_library(source, tmp_path / "copy", target("copy"))
    with pytest.raises(LibraryError, match="choose"):
        copy_library(source, tmp_path / "copy", target("copy"))
    if (address := target("copy")) is not None:
        with pytest.raises(LibraryError, match="holds a library already"):
            copy_library(source, tmp_path / "other", address)


def test_copy_that_differs_is_an_error(source, target, tmp_path, monkeypatch):
    from segue.library import library_copies

    def lossy(one, other, tables, **options):
        counts = copy_tables(one, other, tables, **options)
        other.execute(insert(schema.tables["users"]).values(user_id="stray"))
        return counts

    copy_tables = library_copies.copy_tables
    monkeypatch.setattr(library_copies, "copy_tables", lossy)
    with pytest.raises(DamagedDataError, match="users"):
        copy_library(source, tmp_path / "copy", target("copy"))
