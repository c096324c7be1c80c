"""Measure the time and memory of `segue preprocess` on public datasets of any number of listens.

Run: ``python benchmarks/public_data.py [--layout yambda lfm-2b] [--listens 1000000 10000000]``.
Files in the published layouts are simulated by seed: `--listeners` and `--tracks` stay the same for
all sizes, tracks are played by a power law, one in ten Yambda tracks is recommended. Each
directory is preprocessed by the command line into a library of its own, and then again, when
nothing has changed. Memory is the maximum of the process, Python and all libraries included; CPU
seconds are comparable even if other programs use the machine.
"""

import argparse
import bz2
import multiprocessing
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from imports import run
from numpy.typing import NDArray

CHUNK = 250_000
DAY = 86_400
FIRST = 1_104_537_600  # 2005


def each_chunk(
    n_listens: int, n_listeners: int, n_tracks: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield listeners, tracks and seconds, listener by listener, by seed."""
    draw = np.random.default_rng(1)
    chance = np.cumsum(1 / np.arange(1, n_tracks + 1) ** 0.8)
    for start in range(0, n_listens, CHUNK):
        places = np.arange(start, min(start + CHUNK, n_listens))
        listeners = places * n_listeners // n_listens
        tracks = np.searchsorted(chance, draw.random(len(places)) * chance[-1])
        yield listeners, tracks, places % (n_listens // n_listeners) * 400


def write_yambda(directory: Path, n_listens: int, n_listeners: int, n_tracks: int) -> None:
    """Write `listens.parquet` of Yambda, flat."""
    draw = np.random.default_rng(2)
    schema = pa.schema(
        [
            ("uid", pa.uint32()),
            ("timestamp", pa.uint32()),
            ("item_id", pa.uint32()),
            ("is_organic", pa.uint8()),
            ("played_ratio_pct", pa.uint16()),
            ("track_length_seconds", pa.uint32()),
        ]
    )
    with pq.ParquetWriter(directory / "listens.parquet", schema) as file:
        for listeners, tracks, seconds in each_chunk(n_listens, n_listeners, n_tracks):
            n = len(listeners)
            organic, played = draw.random(n) > 0.1, draw.integers(0, 101, n)
            columns = [listeners, seconds, tracks, organic, played, 100 + tracks % 300]
            arrays = [
                pa.array(one).cast(field.type) for one, field in zip(columns, schema, strict=True)
            ]
            file.write_table(pa.table(arrays, schema=schema))


def write_lfm(directory: Path, n_listens: int, n_listeners: int, n_tracks: int) -> None:
    """Write `listening-events.tsv.bz2` and `tracks.tsv.bz2` of LFM-2b."""
    with bz2.open(directory / "tracks.tsv.bz2", "wt", encoding="utf-8") as file:
        file.write("track_id\tartist_name\ttrack_name\n")
        file.writelines(f"{one}\tArtist {one // 20}\tSong {one}\n" for one in range(n_tracks))
    with bz2.open(directory / "listening-events.tsv.bz2", "wt", encoding="utf-8") as file:
        file.write("user_id\ttrack_id\talbum_id\ttimestamp\n")
        for listeners, tracks, seconds in each_chunk(n_listens, n_listeners, n_tracks):
            times = (FIRST + seconds).astype("datetime64[s]").astype(str)
            rows = zip(listeners.tolist(), tracks.tolist(), times.tolist(), strict=True)
            file.writelines(f"{u}\t{t}\t{t // 10}\t{at.replace('T', ' ')}\n" for u, t, at in rows)


WRITERS = {"yambda": write_yambda, "lfm-2b": write_lfm}


def main() -> None:
    """Print seconds, listens a second and megabytes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--layout", choices=WRITERS, nargs="+", default=list(WRITERS))
    parser.add_argument("--listens", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--listeners", type=int, default=1_000)
    parser.add_argument("--tracks", type=int, default=20_000)
    options = parser.parse_args()
    print(f"{'':40}   seconds   CPU time   a second  MB memory")
    for layout in options.layout:
        for n_listens in options.listens:
            with tempfile.TemporaryDirectory() as directory:
                place = Path(directory)
                (place / "data").mkdir()
                # a process of its own: the maximum of memory passes on to programs that start here
                given = (place / "data", n_listens, options.listeners, options.tracks)
                writing = multiprocessing.get_context("spawn").Process(
                    target=WRITERS[layout], args=given
                )
                writing.start()
                writing.join()
                for what in ("", ", again"):
                    took = run(place, "preprocess", "data")
                    if took.answer["listens"] != n_listens:
                        raise SystemExit(f"only {took.answer['listens']} listens were read")
                    name = f"{layout}, {n_listens:,} listens{what}"
                    cpu = f"{took.cpu_seconds:10.1f} {n_listens / took.cpu_seconds:10,.0f}"
                    print(
                        f"{name:40} {took.seconds:9.1f} {cpu} {took.megabytes:10,.0f}", flush=True
                    )


if __name__ == "__main__":
    main()
