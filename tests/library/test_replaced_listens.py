"""Replacing the listens of a dataset: short transactions, and nothing is written twice."""

import itertools
import sqlite3
import weakref
from contextlib import closing

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from segue.library import Library, writes
from segue.types import Track

COLUMNS = ["user_id", "track_id", "timestamp", "plays", "skipped"]
LISTEN = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["t0", "t1"]),
    st.none() | st.integers(0, 3).map(float),
    st.none() | st.integers(1, 2).map(float),
    st.none() | st.booleans(),
)
TABLES = st.lists(LISTEN, max_size=12)
TRACKS = [Track(track_id="t0"), Track(track_id="t1")]


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setattr(writes, "_CHUNK", 3)
    opened = Library(tmp_path / "my.segue")
    yield opened
    opened.close()


def table(rows):
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.astype({"timestamp": float, "plays": float, "skipped": "boolean"})


def put(library, rows, name="data"):
    library.add_dataset(name, tracks=TRACKS, listens=table(rows))


def stored(library, name="data"):
    query = (
        "SELECT user_id, track_id, timestamp, plays, skipped FROM listens"
        " JOIN users ON users.row = user JOIN tracks ON tracks.row = track"
        " WHERE dataset = ? ORDER BY id"
    )
    with closing(sqlite3.connect(library.directory / "library.db")) as connection:
        rows = connection.execute(query, [name]).fetchall()
    return [(*row[:4], None if row[4] is None else bool(row[4])) for row in rows]


class Batches:
    """Listens in batches; `most` is how many of these were in memory besides the newest."""

    user_ids = ("a",)
    track_ids = ("t0",)
    most = 0

    def __len__(self):
        return 20

    def batches(self):
        made = []
        for start in range(0, 20, 5):
            self.most = max(self.most, sum(one() is not None for one in made))
            batch = table([("a", "t0", float(n), None, None) for n in range(start, start + 5)])
            made.append(weakref.ref(batch))
            yield batch
            del batch


def test_batches_are_stored_with_one_in_memory(library):
    listens = Batches()
    for _ in range(2):
        library.add_dataset("data", tracks=TRACKS, listens=listens)
        assert stored(library) == [("a", "t0", float(n), None, None) for n in range(20)]
    assert listens.most <= 1  # the one before, until the loop takes the newest


@given(tables=st.lists(TABLES, min_size=2, max_size=4))
def test_stored_listens_equal_the_latest_table(tmp_path_factory, tables):
    library = Library(tmp_path_factory.mktemp("replaced") / "my.segue")
    put(library, [("a", "t1", 9.0, None, None)], "other")
    for rows in tables:
        put(library, rows)
        assert stored(library) == rows
    assert stored(library, "other") == [("a", "t1", 9.0, None, None)]
    library.close()


def test_equal_listens_are_not_written_again(library):
    rows = [("a", "t0", float(n), None, None) for n in range(10)]
    put(library, rows)
    statements = written(library, lambda: put(library, rows))
    assert not any("listens" in each for each in statements)
    statements = written(library, lambda: put(library, [*rows, ("b", "t1", 1.0, None, None)]))
    assert [each.split()[0] for each in statements if " listens" in each] == ["INSERT"]


def test_each_transaction_writes_few_listens(library):
    sizes = []
    engine = library._database._engine

    @event.listens_for(engine, "after_cursor_execute")
    def count(connection, cursor, statement, parameters, context, many):
        if statement.startswith(("INSERT INTO listens", "DELETE FROM listens")):
            sizes.append(cursor.rowcount)

    @event.listens_for(engine, "commit")
    def mark(connection):
        sizes.append("commit")

    put(library, [("a", "t0", float(n), None, None) for n in range(10)])
    put(library, [("b", "t1", float(n), None, None) for n in range(10)])
    counts = [each for each in sizes if each != "commit"]
    assert sum(counts) == 30
    assert max(counts) <= 3
    assert all(after == "commit" for each, after in itertools.pairwise(sizes) if each != "commit")


@pytest.mark.parametrize("fails_at", range(1, 9))
def test_interrupted_replacement_is_completed_by_the_next(library, fails_at):
    put(library, [("a", "t0", float(n), None, None) for n in range(10)])
    rows = [("a", "t0", float(n), None, None) for n in range(4)]
    rows += [("b", "t1", float(n), None, None) for n in range(6)]
    seen = 0

    def fail(connection, cursor, statement, parameters, context, many):
        nonlocal seen
        seen += statement.startswith(("INSERT INTO listens", "DELETE FROM listens"))
        if seen == fails_at:
            raise KeyboardInterrupt

    engine = library._database._engine
    event.listen(engine, "before_cursor_execute", fail)
    if fails_at <= 4:  # two deletions and two insertions
        with pytest.raises(KeyboardInterrupt):
            put(library, rows)
        assert stored(library)[:4] == rows[:4]
    else:
        put(library, rows)
    event.remove(engine, "before_cursor_execute", fail)
    put(library, rows)
    assert stored(library) == rows


def test_artists_of_interrupted_tracks_are_completed(library, monkeypatch):
    def fail(connection):
        raise KeyboardInterrupt

    track = Track(track_id="new", artist="Anna")
    with monkeypatch.context() as patch:
        patch.setattr(writes, "update_entities", fail)
        with pytest.raises(KeyboardInterrupt):
            library.add_dataset("data", tracks=[track], listens=table([]))
    assert library.catalogue().ids.artist.tolist() == [-1]
    library.add_dataset("data", tracks=[track], listens=table([]))
    assert library.catalogue().ids.artist.tolist() != [-1]


def written(library, act):
    """Return the statements that change the database while `act` runs."""
    statements = []

    def note(connection, cursor, statement, parameters, context, many):
        if not statement.startswith(("SELECT", "PRAGMA")):
            statements.append(statement.replace("\n", " "))

    engine = library._database._engine
    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return statements
