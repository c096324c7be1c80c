"""Files and directories of a library: private, complete after a kill, every changed byte found."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.library import files
from segue.library.files import (
    CHECKSUMS,
    add_checksums,
    damaged_files,
    new_directory,
    remove_leftovers,
    write_json,
)


def modes(directory):
    return {
        oct(path.stat().st_mode & 0o777) for path in directory.rglob("*") if not path.is_symlink()
    }


def write_model(place, text="weights"):
    with new_directory(place) as directory:
        (directory / "arrays").write_text(text)
        (directory / "parts").mkdir()
        (directory / "parts" / "more").write_text(text)


def test_new_directory_is_private_and_intact(tmp_path):
    write_model(tmp_path / "models" / "knn")
    assert modes(tmp_path) == {"0o600", "0o700"}
    assert damaged_files(tmp_path / "models" / "knn") == []
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["knn"]


def test_checksums_agree_with_sha256sum(tmp_path):
    write_model(tmp_path / "knn")
    command = ["sha256sum", "--check", "--strict", CHECKSUMS]
    assert subprocess.run(command, cwd=tmp_path / "knn", check=False).returncode == 0


@pytest.mark.parametrize("exchanges", [True, False])
def test_new_directory_replaces_old_one(tmp_path, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    write_model(tmp_path / "knn", "old")
    write_model(tmp_path / "knn", "new")
    assert (tmp_path / "knn" / "arrays").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["knn"]


@pytest.mark.parametrize("exchanges", [True, False])
def test_failed_replacement_keeps_old_directory(tmp_path, monkeypatch, exchanges):
    if not exchanges:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    write_model(tmp_path / "knn", "old")

    def write_half():
        with new_directory(tmp_path / "knn") as directory:
            (directory / "arrays").write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_half()
    assert (tmp_path / "knn" / "arrays").read_text() == "old"
    assert damaged_files(tmp_path / "knn") == []
    assert [path.name for path in tmp_path.iterdir()] == ["knn"]


@pytest.mark.parametrize("exchanges", [True, False])
def test_kill_at_any_moment_leaves_old_or_new_directory(tmp_path, exchanges):
    code = f"""
        import sys
        from pathlib import Path
        from segue.library import files
        if not {exchanges}:
            files._exchange = lambda one, other: False
        place = Path({str(tmp_path / "knn")!r})
        number = 0
        while True:
            number += 1
            with files.new_directory(place) as directory:
                for name in "ab":
                    (directory / name).write_text(str(number) * 1_000)
            if number == 1:
                print("ready", flush=True)
    """
    for wait in (0.0, 0.003, 0.011, 0.017, 0.029, 0.043):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        remove_leftovers(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["knn"]
        assert damaged_files(tmp_path / "knn") == []
        assert (tmp_path / "knn" / "a").read_text() == (tmp_path / "knn" / "b").read_text()


def test_remove_leftovers_keeps_what_is_being_written(tmp_path):
    with new_directory(tmp_path / "knn") as directory:
        (directory / "arrays").write_text("new")
        remove_leftovers(tmp_path)
    assert damaged_files(tmp_path / "knn") == []


def test_remove_leftovers_puts_back_model_of_interrupted_replacement(tmp_path):
    """Segue 0.1 moved the old model away before it moved the new one to its place."""
    for old in (tmp_path / ".knn.old.abcd1234" / "knn", tmp_path / ".old-rnn-abcd1234"):
        old.mkdir(parents=True)
        (old / "arrays").write_text("old")
    (tmp_path / ".knn.efgh5678").mkdir()
    (tmp_path / ".cnn.checkpoint").mkdir()
    (tmp_path / ".snapshot").mkdir()
    remove_leftovers(tmp_path)
    assert (tmp_path / "knn" / "arrays").read_text() == "old"
    assert (tmp_path / "rnn" / "arrays").read_text() == "old"
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {"knn", "rnn", ".cnn.checkpoint", ".snapshot"}


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), which=st.integers(0, 2))
def test_every_changed_bit_is_found(tmp_path_factory, place, bit, which):
    directory = tmp_path_factory.mktemp("model")
    (directory / "arrays").write_bytes(bytes(range(256)))
    (directory / "manifest.json").write_text('{"kind": "knn"}')
    add_checksums(directory)
    path = sorted(directory.iterdir())[which]
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(bytes(data))
    assert damaged_files(directory) != []


@pytest.mark.parametrize("name", ["arrays", "manifest.json", CHECKSUMS])
@pytest.mark.parametrize("damage", ["delete", "empty", "truncate"])
def test_missing_and_short_files_are_found(tmp_path, name, damage):
    (tmp_path / "arrays").write_bytes(bytes(range(256)))
    (tmp_path / "manifest.json").write_text('{"kind": "knn"}')
    add_checksums(tmp_path)
    path = tmp_path / name
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else -1])
    assert damaged_files(tmp_path) != []


def test_unlisted_file_is_found(tmp_path):
    (tmp_path / "arrays").write_bytes(b"1")
    add_checksums(tmp_path)
    (tmp_path / "other").write_bytes(b"2")
    assert damaged_files(tmp_path) == ["other"]


def test_write_json_is_private_and_leaves_nothing_else(tmp_path):
    write_json(tmp_path / "settings.json", {"a": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    assert modes(tmp_path) == {"0o600"}
