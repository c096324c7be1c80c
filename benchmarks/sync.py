"""Measure `segue sync` with a simulated Navidrome: the first pass, a full one, and a quick one.

    PYTHONPATH=src:. python benchmarks/sync.py [--tracks 100000]

The server is a process of its own on this machine, so that its time is not part of the times of
segue's process; the wall time includes the wait for it. A third of the tracks has plays.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from tests.servers.navidrome import SimulatedNavidrome, Song, State

from segue.library import Library
from segue.pipeline.connections.connect import connect
from segue.pipeline.connections.sync import sync
from segue.pipeline.preprocess import preprocess

USER = "anna"
START = 1.6e9


def serve(n_tracks, connection):
    """Serve tracks until a number arrives: then the plays of as many tracks grow."""
    songs = [
        Song(f"s{i}", f"Piece {i}", f"Band {i // 50}", f"Album {i // 10}") for i in range(n_tracks)
    ]
    server = SimulatedNavidrome(songs, {USER: USER})
    server.states[USER] = {f"s{i}": State(1 + i % 7, START + i) for i in range(0, n_tracks, 3)}
    connection.send(server.url)
    while (n := connection.recv()) is not None:
        for i in range(n):
            server.play(USER, f"s{i}", time.time() + i)
        connection.send(n)


def measured(library, **options):
    """Return the figures of one pass."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = sync(library, **options)
    if done.error is not None:
        raise SystemExit(done.error)
    account = done.accounts[0]
    return {
        "read": account.read,
        "new": account.listens,
        "changed": account.changed,
        "seconds": round(time.perf_counter() - wall, 1),
        "processor_seconds": round(time.process_time() - cpu, 1),
    }


def main():
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100_000)
    n_tracks = parser.parse_args().tracks
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(n_tracks, theirs))
    process.start()
    url = ours.recv()
    with tempfile.TemporaryDirectory() as name:
        dataset = Path(name, "dataset")
        dataset.mkdir()
        with (dataset / "metadata.csv").open("w") as stream:
            stream.write("track_id,title,artist,album\n")
            stream.writelines(
                f"t{i},Piece {i},Band {i // 50},Album {i // 10}\n" for i in range(n_tracks)
            )
        library = Library(Path(name, "my.segue"))
        preprocess(library, dataset)
        connect(library, "navidrome", url, user=USER, password=USER, writes=False)
        figures = {"tracks": n_tracks, "first": measured(library)}
        figures["full, nothing new"] = measured(library, full=True)
        figures["quick, nothing new"] = measured(library)
        ours.send(20)
        ours.recv()
        figures["quick, 20 plays"] = measured(library)
        figures["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        library.close()
    ours.send(None)
    process.join()
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
