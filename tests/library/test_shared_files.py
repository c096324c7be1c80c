"""Files of a library in object storage, of which each of two nodes has a copy."""

import shutil

import numpy as np
import pandas as pd
import pytest
from tests.s3_server import s3_environment

from segue.errors import DamagedDataError, LibraryBusyError, LibraryError
from segue.library import Library, back_up, copy_library, restore, stored_entries, write_report
from segue.library.database_address import database_address, set_address
from segue.types import Track

DTYPES = {"vector": "float32"}


@pytest.fixture
def bucket(tmp_path):
    """A directory in the place of object storage: its objects can be looked at."""
    return tmp_path / "bucket"


@pytest.fixture
def node(tmp_path, bucket, postgresql_url):
    """Return a function that opens the library on a node, by the name of the node."""
    opened = {}

    def open_node(name):
        directory = tmp_path / name
        if not directory.exists():
            set_address(directory, database_address(postgresql_url, directory, bucket.as_uri()))
        opened[name] = Library(directory)
        return opened[name]

    yield open_node
    for library in opened.values():
        library.close()


def save_model(library, name, text):
    with library.models.saving(name, {"kind": "test"}) as directory:
        (directory / "weights").write_text(text)


def model_text(library, name):
    return (library.models.path(name) / "weights").read_text()


def add_features(library, *rows, length=4):
    with library.writing("tests"), library.features({"kind": "test"}, DTYPES) as store:
        for row in rows:
            store.add(row, {"vector": np.full(length, row)})


def fail_after_a_row(library, row):
    with library.writing("tests"), library.features({"kind": "test"}, DTYPES) as store:
        store.add(row, {"vector": np.ones(4)})
        raise KeyError(row)


def rows_of(library):
    return library.features({"kind": "test"}, DTYPES).rows().tolist()


def objects(bucket, entry):
    return sorted(path.name for path in (bucket / entry).glob("*"))


def test_model_is_fetched_by_another_node(node):
    one, other = node("one"), node("other")
    save_model(one, "knn", "first")
    assert other.models.names() == ["knn"]
    assert model_text(other, "knn") == "first"
    state = other.state()
    save_model(one, "knn", "second")
    assert model_text(other, "knn") == "second"
    assert other.state() == one.state() != state


def test_deleted_model_is_deleted_on_other_nodes(node, bucket):
    one, other = node("one"), node("other")
    save_model(one, "knn", "first")
    save_model(one, "cnn", "first")
    assert other.models.names() == ["cnn", "knn"]
    with one.writing("tests"):
        shutil.rmtree(one.models.directory / "knn")
    assert other.models.names() == ["cnn"]
    assert objects(bucket, "models/knn") == []


def test_lost_copy_of_a_model_is_fetched_again(node):
    one, other = node("one"), node("other")
    save_model(one, "knn", "first")
    assert other.models.names() == ["knn"]
    shutil.rmtree(other.models.directory / "knn")
    with other.writing("tests"):
        assert model_text(other, "knn") == "first"
    assert one.models.names() == ["knn"]


def test_features_grow_on_both_nodes(node, bucket, monkeypatch):
    monkeypatch.setattr(stored_entries, "_CHUNK_BYTES", 64)
    one, other = node("one"), node("other")
    add_tracks(one, "a", "b", "c")
    add_features(one, 1)
    store = other.features({"kind": "test"}, DTYPES)
    assert store.rows().tolist() == [1]
    reading = store.read("vector", 1)
    entry = f"features/{store.directory.name}"
    before = set(objects(bucket, entry))
    add_features(other, 2, length=40)
    assert rows_of(one) == rows_of(other) == [1, 2]
    add_features(one, 3)
    assert rows_of(other) == [1, 2, 3]
    after = other.features({"kind": "test"}, DTYPES)
    assert after.problems() == []
    np.testing.assert_array_equal(after.read("vector", 2), np.full((1, 40), 2))
    np.testing.assert_array_equal(reading, np.full((1, 4), 1))  # still mapped
    assert before & set(objects(bucket, entry))  # what did not change was not sent again


def add_tracks(library, *ids):
    tracks = [Track(track_id=one, title=one) for one in ids]
    library.add_dataset("tests", tracks=tracks, listens=pd.DataFrame())


def test_compacted_features_are_replaced(node):
    one, other = node("one"), node("other")
    add_tracks(one, "a", "b", "c")
    add_features(one, 1, 2, 3)
    assert rows_of(other) == [1, 2, 3]
    with one.writing("tests"), one.features({"kind": "test"}, DTYPES) as store:
        store.forget([1, 2])
        store.compact(always=True)
    assert rows_of(other) == [3]
    store = other.features({"kind": "test"}, DTYPES)
    assert store.problems() == []
    assert len(list(store.directory.glob("data*.bin"))) == 1


def test_report_is_fetched_by_another_node(node):
    one, other = node("one"), node("other")
    write_report(one.reports / "first", {"report.html": b"page", "plots/a.svg": b"plot"})
    one.files.publish("reports")
    assert (other.reports / "first" / "plots" / "a.svg").read_bytes() == b"plot"


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_damaged_object_is_refused(node, bucket, damage):
    one, other = node("one"), node("other")
    save_model(one, "knn", "first")
    for path in (bucket / "models" / "knn").iterdir():
        if path.read_bytes() == b"first":
            path.write_bytes(b"wrong") if damage == "changed" else path.unlink()
    with pytest.raises(DamagedDataError, match=r"models/knn/.*segue library repair"):
        other.models.names()
    assert not (other.models.directory / "knn").exists()
    one.files.publish("models", everything=True)  # as segue library repair does
    assert model_text(other, "knn") == "first"


def test_unused_objects_are_deleted(node, bucket):
    library = node("one")
    save_model(library, "knn", "first")
    n_objects = len(objects(bucket, "models/knn"))
    save_model(library, "knn", "second")
    assert len(objects(bucket, "models/knn")) == n_objects
    library.files.publish("models", everything=True)
    assert len(objects(bucket, "models/knn")) == n_objects


def test_work_of_a_failed_command_is_published_later(node):
    one, other = node("one"), node("other")
    add_tracks(one, "a", "b")
    with pytest.raises(KeyError):
        fail_after_a_row(one, 1)
    assert rows_of(other) == []
    assert rows_of(one) == [1]
    add_features(one, 2)
    assert rows_of(other) == [1, 2]


def test_copy_and_restore_publish_all_files(node, bucket, tmp_path, postgresql_url):
    source = node("source")
    add_tracks(source, "a", "b")
    add_features(source, 1, 2)
    save_model(source, "knn", "first")
    place, target = tmp_path / "copy", (tmp_path / "target").as_uri()
    copy_library(source, place, database_address(postgresql_url, place, target))
    elsewhere = tmp_path / "elsewhere"
    set_address(elsewhere, database_address(postgresql_url, elsewhere, target))
    copy = Library(elsewhere, create=False)
    assert model_text(copy, "knn") == "first"
    assert rows_of(copy) == [1, 2]
    back_up(source, tmp_path / "backup")
    save_model(source, "knn", "second")
    save_model(source, "cnn", "second")
    other = node("other")
    restore(other.directory, tmp_path / "backup")
    assert source.models.names() == ["knn"]
    assert model_text(source, "knn") == "first"
    copy.close()


def test_s3_server_is_used_and_its_loss_is_transient(tmp_path, postgresql_url):
    with s3_environment() as server:
        libraries = []
        for name in ("one", "other"):
            url = f"s3://segue/{tmp_path.name}"
            set_address(tmp_path / name, database_address(postgresql_url, tmp_path / name, url))
            libraries.append(Library(tmp_path / name))
        one, other = libraries
        save_model(one, "knn", "first")
        assert model_text(other, "knn") == "first"
        save_model(one, "cnn", "first")
        server.stop()
        with pytest.raises(LibraryBusyError, match="does not answer"):
            other.models.names()
        with pytest.raises(LibraryBusyError, match="does not answer"):
            save_model(one, "rnn", "first")
        server.start()
        for library in libraries:
            library.close()


def test_unknown_kind_of_store_is_refused(tmp_path, postgresql_url):
    set_address(tmp_path, database_address(postgresql_url, tmp_path, "ftps3://x/y"))
    with pytest.raises(LibraryError, match="s3://BUCKET/PREFIX"):
        Library(tmp_path)
