"""The offer of pretrained encoders: once, on a terminal only; the answer is remembered."""

import os
import pty
import subprocess
import sys

import pytest

from segue.library import Library
from segue.pipeline.encoder_choice import read_choice, remember_choice, should_offer

QUESTION = "Add them now?"


@pytest.fixture
def listens(tmp_path, monkeypatch):
    """A dataset without audio, which is read at once, and an empty data directory of the user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "listens.csv").write_text("user_id,track_id\nanna,a\nben,b\n")
    return tmp_path / "data"


def on_terminal(answer, *arguments, **variables):
    """Run segue on a terminal; return what it shows there, and its exit code."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-c", "from segue.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "400", **variables}
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as running:
        os.close(terminal)
        os.write(controller, answer)
        shown = b""
        while True:
            try:
                part = os.read(controller, 65_536)
            except OSError:  # Linux: the other end was closed
                break
            if not part:
                break
            shown += part
    os.close(controller)
    return shown.decode(), running.returncode


def test_terminal_is_asked_once(listens, tmp_path):
    library = tmp_path / "my.segue"
    shown, code = on_terminal(b"n\n", "preprocess", listens, "-l", library)
    assert code == 0
    assert QUESTION in shown
    assert "29 MB" in shown
    assert "ISC license" in shown
    shown, code = on_terminal(b"", "preprocess", listens, "-l", library)
    assert code == 0
    assert QUESTION not in shown


@pytest.mark.parametrize(
    "arguments", [("--json",), ("--encoder", "none")], ids=["json", "encoder none"]
)
def test_terminal_is_not_asked_with_options(listens, tmp_path, arguments):
    shown, code = on_terminal(b"", "preprocess", listens, "-l", tmp_path / "my.segue", *arguments)
    assert code == 0
    assert QUESTION not in shown


def test_pipe_is_not_asked(listens, tmp_path):
    command = [sys.executable, "-c", "from segue.cli import main; main()", "preprocess"]
    done = subprocess.run(
        [*command, listens, "-l", tmp_path / "my.segue"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert QUESTION not in done.stdout + done.stderr


def test_failed_download_continues_without_encoders(listens, tmp_path):
    library = tmp_path / "my.segue"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    shown, code = on_terminal(b"y\n", "preprocess", listens, "-l", library, **offline)
    assert code == 0
    assert "Continuing without the pretrained encoders: pip could not download" in shown
    assert Library(library, create=False).counts()["listens"] == 2
    assert should_offer(library)


def test_chosen_encoder_that_fails_ends_the_run(listens, tmp_path):
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    arguments = ("preprocess", listens, "-l", tmp_path / "my.segue", "--encoder", "musicnn")
    shown, code = on_terminal(b"", *arguments, **offline)
    assert code == 1
    assert "pip could not download" in shown
    assert not (tmp_path / "my.segue").exists()


def test_choice_is_remembered_in_the_library(listens, tmp_path):
    library = Library(tmp_path / "my.segue")
    assert should_offer(library)
    remember_choice(library, None)
    assert read_choice(library) is None
    assert not should_offer(library.directory)
    remember_choice(library, "none")
    assert read_choice(library) == "none"
