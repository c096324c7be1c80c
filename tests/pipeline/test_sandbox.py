"""Worker processes can do what decoding needs, and nothing else."""

import socket
import sys
from pathlib import Path
from subprocess import check_output, run

import pytest

from segue.pipeline.analysis.tasks import Failed
from segue.pipeline.analysis.workers import Workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux restricts files")


def answer(function, *arguments):
    with Workers(1) as pool:
        ((_, found),) = pool.answers(function, [(0, arguments)])
    return found


def supported():

    code = "from segue.pipeline.analysis.sandbox import restrict; print(*restrict())"
    return set(
        run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )


def test_worker_reads_files(tmp_path):
    (tmp_path / "song").write_text("music")
    assert answer(Path.read_text, tmp_path / "song") == "music"


@pytest.mark.parametrize("name", ["new", "old"])
def test_worker_changes_no_file(tmp_path, name):
    (tmp_path / "old").write_text("kept")
    found = answer(Path.write_text, tmp_path / name, "changed")
    assert isinstance(found, Failed)
    if "files" in supported():
        assert (tmp_path / "old").read_text() == "kept"
        assert not (tmp_path / "new").exists()


def test_worker_deletes_no_file(tmp_path):
    if "files" not in supported():
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "song").write_text("music")
    assert isinstance(answer(Path.unlink, tmp_path / "song"), Failed)
    assert (tmp_path / "song").exists()


def test_worker_opens_no_connection():
    if "network" not in supported():
        pytest.skip("this system allows neither a network namespace nor Landlock for TCP")
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = answer(socket.create_connection, server.getsockname(), 2.0)
    assert isinstance(found, Failed)


def test_worker_starts_no_program():
    if "files" not in supported():
        pytest.skip("this kernel has no Landlock")
    assert isinstance(answer(check_output, ["/bin/true"]), Failed)


def test_worker_that_needs_too_much_memory_fails():
    found = answer(bytearray, 9 << 30)
    assert isinstance(found, Failed)
    assert "memory ran out" in found.reason
