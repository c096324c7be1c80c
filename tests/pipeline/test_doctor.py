"""Test the examination of an installation."""

import json
import socket
import sqlite3
from contextlib import closing

import pytest
from tests.factories import make_library, rows, write_dataset
from typer.testing import CliRunner

from segue.cli import app
from segue.library import Library
from segue.pipeline.maintenance import doctor
from segue.pipeline.maintenance.doctor import examine


@pytest.fixture
def library(tmp_path):
    """The directory of a library without tracks."""
    Library(tmp_path / "my.segue").close()
    return tmp_path / "my.segue"


def found(directory, part, state="problem", **address):
    """Return the findings of a part that are in a state; each problem names the way out."""
    findings = examine(directory, **{"port": 0, **address}).findings
    assert all(one.fix for one in findings if one.state == "problem")
    return [one for one in findings if (one.part, one.state) == (part, state)]


def test_doctor_healthy_library_is_ok(library):
    before = sorted(path.name for path in library.iterdir())
    done = CliRunner().invoke(app, ["doctor", "--json", "-l", str(library), "--port", "0"])
    document = json.loads(done.stdout)
    assert (done.exit_code, document["ok"]) == (0, True), document
    parts = {one["part"] for one in document["findings"] if one["state"] == "ok"}
    assert parts >= {"versions", "codecs", "permissions", "ports", "disk", "library"}
    assert sorted(path.name for path in library.iterdir()) == before


@pytest.mark.sqlite
def test_doctor_problem_is_exit_code_1(library):
    (library / "library.db").write_bytes(b"nothing" * 1_000)
    done = CliRunner().invoke(app, ["doctor", "-l", str(library), "--port", "0"])
    assert done.exit_code == 1
    assert "segue library restore" in done.stdout


def test_doctor_missing_library_is_not_made(tmp_path):
    assert found(tmp_path / "none.segue", "library", "note")
    assert not (tmp_path / "none.segue").exists()


@pytest.mark.sqlite
def test_doctor_older_library_is_not_upgraded(library):
    with closing(sqlite3.connect(library / "library.db")) as opened, opened:
        opened.execute("UPDATE meta SET value = '9' WHERE key = 'format'")
    assert "format 9" in found(library, "library", "note")[0].text
    with closing(sqlite3.connect(library / "library.db")) as opened:
        assert opened.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() == ("9",)


def test_doctor_used_port_is_a_problem(library):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.settimeout(0)
        port = taken.getsockname()[1]
        doctor_finds = found(library, "ports", port=port)
    assert "--port" in doctor_finds[0].fix


def test_doctor_library_open_to_others_is_a_problem(library):
    library.chmod(0o755)
    assert "chmod 700" in found(library, "permissions")[0].fix


def test_doctor_missing_music_folder_is_a_problem(tmp_path):
    dataset = write_dataset(tmp_path / "music", rows("track_id title", [("t1", "One")]))
    make_library(tmp_path / "my.segue", dataset).close()
    assert not found(tmp_path / "my.segue", "permissions")
    dataset.rename(tmp_path / "moved")
    assert str(dataset) in found(tmp_path / "my.segue", "permissions")[0].text


def test_doctor_full_disk_is_a_problem(library, monkeypatch):
    monkeypatch.setattr(doctor, "MIN_FREE_BYTES", 1 << 60)
    assert found(library, "disk")


def test_doctor_missing_decoder_is_a_problem(library, monkeypatch):
    monkeypatch.setattr(doctor, "DECODERS", (*doctor.DECODERS, "no-such-codec"))
    assert "no-such-codec" in found(library, "codecs")[0].text
