"""Soak: under load from many clients, memory, open files and threads of the server stay level."""

import json
import os
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

SECONDS = [20, pytest.param(600, marks=pytest.mark.nightly)]
N_CLIENTS = 12
ADDRESSES = (
    *("/api/v1/recommend?k=10", "/api/v1/search?q=piece", "/api/v1/tracks/t05"),
    *("/api/v1/me/history", "/api/v1/playlists", "/api/v1/library", "/api/v1/tracks/t01/audio"),
)


def usage(pid):
    """Memory in MB, open files and threads of a process."""
    place = Path(f"/proc/{pid}")
    memory = int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return memory, len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are read from /proc")
@pytest.mark.parametrize("seconds", SECONDS)
def test_memory_files_and_threads_stay_level(serve, seconds):
    server = serve()
    server.log_in("anna")
    headers = {"Cookie": server.cookie, "X-CSRF-Token": server.csrf}
    end = time.monotonic() + seconds
    statuses: list[int] = []

    def client(number):
        while time.monotonic() < end:
            # bursts of new connections, each of which asks for some things and goes
            connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
            for step in range(8):
                place = (number + step) % (len(ADDRESSES) + 1)
                if place < len(ADDRESSES):
                    connection.request("GET", ADDRESSES[place], headers=headers)
                else:
                    event = {"key": f"{time.time_ns()}-{number}", "track_id": "t05", "kind": "play"}
                    body = json.dumps({"events": [event]})
                    kind = {"Content-Type": "application/json"}
                    connection.request("POST", "/api/v1/feedback", body, headers | kind)
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(N_CLIENTS)]
    for thread in threads:
        thread.start()
    samples = []
    while time.monotonic() < end:
        time.sleep(seconds / 20)
        samples.append(usage(server.process.pid))
    for thread in threads:
        thread.join()
    time.sleep(1)
    idle = usage(server.process.pid)
    assert set(statuses) == {200}
    first, last = samples[len(samples) // 4 : len(samples) // 2], samples[-len(samples) // 4 :]
    names = ("memory", "open files", "threads")
    for name, before, after in zip(
        names,
        (max(column) for column in zip(*first, strict=True)),
        (max(column) for column in zip(*last, strict=True)),
        strict=True,
    ):
        assert after <= 1.1 * before + 8, (name, samples)
    assert idle[1] <= samples[0][1] + 8
