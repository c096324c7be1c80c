"""The pool of connections for reading: bounded, shared by threads, and closed as a whole."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from segue.library import Library
from segue.library.connection_pool import MAX_CONNECTIONS
from segue.types import Track

FILES = Path("/proc/self/fd")


@pytest.fixture
def library(tmp_path):
    import pandas as pd

    opened = Library(tmp_path / "my.segue")
    listens = pd.DataFrame({"user_id": ["a"], "track_id": ["t"]})
    opened.add_dataset("data", tracks=[Track(track_id="t")], listens=listens)
    yield opened
    opened.close()


def n_files():
    return len(list(FILES.iterdir()))


@pytest.mark.skipif(not FILES.is_dir(), reason="counts open files by /proc")
def test_retired_threads_leave_no_open_files(library):
    library.reader.track_row("t")
    before = n_files()
    for _ in range(30):
        barrier = threading.Barrier(20)

        def ask(barrier=barrier):
            barrier.wait()
            assert library.reader.track_row("t") is not None

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # a connection has the database and its log open, and one shared index
    assert n_files() - before <= 3 * MAX_CONNECTIONS


def test_more_threads_than_connections_are_all_answered(library):
    with ThreadPoolExecutor(3 * MAX_CONNECTIONS) as pool:
        found = list(pool.map(lambda _: library.reader.track_row("t"), range(500)))
    assert len(set(found)) == 1


def test_closed_reader_opens_again_and_leaves_no_files(library):
    counts = []
    for _ in range(20):
        assert library.reader.track_row("t") is not None
        assert library.reader.changes() > 0
        library.reader.close()
        counts.append(n_files())
    # SQLite keeps some files for the next connection while the process has another one open
    assert counts[-1] <= counts[0]
