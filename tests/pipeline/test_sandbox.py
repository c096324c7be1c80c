"""Worker processes can do what decoding needs, and nothing else."""

import pickle
import socket
import sys
from pathlib import Path
from subprocess import check_output, run

import numpy as np
import pytest

from segue.pipeline.analysis.results import UnsafeResultError, read_result
from segue.pipeline.analysis.tasks import Failed
from segue.pipeline.analysis.workers import Workers
from segue.types import ArtistCredit, Track

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


def test_sandbox_can_be_turned_off(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGUE_SANDBOX", "off")
    assert answer(Path.write_text, tmp_path / "new", "written") == 7
    assert (tmp_path / "new").read_text() == "written"


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


class _Exploit:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_result_of_a_worker_cannot_run_code_in_this_process(tmp_path):
    found = answer(_Exploit, tmp_path / "made")
    assert isinstance(found, Failed)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "value",
    [
        {"summary": np.arange(6, dtype=np.float32).reshape(2, 3)},
        (Track(track_id="t1", title="Ä", artists=(ArtistCredit("Air"),), path=Path("/a")), ["why"]),
        Failed("reason", passing=True),
        np.float64(2.0),
        b"digest",
    ],
)
def test_results_are_read_as_they_were(value):
    found = read_result(pickle.dumps(value))
    if isinstance(value, dict):
        np.testing.assert_array_equal(found["summary"], value["summary"])
    else:
        assert found == value


def test_cut_result_is_refused():
    with pytest.raises(UnsafeResultError):
        read_result(pickle.dumps([1, 2, 3])[:-2])
