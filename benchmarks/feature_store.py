"""Compare the feature store with one SQLite file per settings hash and with LMDB.

Run: ``python benchmarks/feature_store.py [--tracks 300] [--vectors 100000] [--directory DIR]``.
LMDB is measured if its package ``lmdb`` is installed. Each store takes what analysis and training
take: windows (256 kB and 40 kB a track) added one durable write a track, embeddings (128 float32)
added in one write. Reads are one array of a random track, a crop of a quarter of it, and the matrix
of all embeddings: CPU time with the files in the page cache, and elapsed time of a crop without.
Sizes are relative to the bytes of the arrays. A child process that adds tracks is killed at random
moments, and writes are refused at random bytes by a file size limit; then every array is compared
with the one that was written.
"""

import argparse
import importlib.util
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segue.errors import LibraryError
from segue.library import FeatureStore

WINDOWS = {"log_mel": np.dtype("uint8"), "sequence": np.dtype("float16")}
EMBEDDINGS = {"embedding": np.dtype("float32")}
FRAMES, BANDS, CROP = 2_048, 128, 512
ROUNDS = 20  # of killing and refusing

Arrays = Mapping[str, NDArray[Any]]


class Store(Protocol):
    """Contract of the three stores."""

    def add(self, rows: Sequence[int], arrays: Sequence[Arrays]) -> None:
        """Add tracks in one durable write."""

    def read(self, name: str, row: int) -> NDArray[Any]:
        """Return one array."""

    def matrix(self, name: str, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return one vector a track."""

    def rows(self) -> list[int]:
        """Return the rows of the tracks that it holds."""

    def close(self) -> None:
        """Release the files."""


class SegueStore:
    """The feature store as segue has it."""

    def __init__(self, directory: Path, dtypes: Mapping[str, Any]) -> None:
        self._store = FeatureStore(
            directory, settings={}, dtypes={name: str(dtype) for name, dtype in dtypes.items()}
        )

    def add(self, rows: Sequence[int], arrays: Sequence[Arrays]) -> None:
        """Add tracks in one durable write."""
        if len(rows) == 1:
            self._store.add(rows[0], arrays[0])
        else:
            names = arrays[0].keys()
            together = {name: np.stack([one[name] for one in arrays]) for name in names}
            self._store.add_many(rows, together)

    def read(self, name: str, row: int) -> NDArray[Any]:
        """Return a view into the memory map."""
        return self._store.read(name, row)

    def matrix(self, name: str, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return one vector a track."""
        return self._store.matrix(name, rows)

    def rows(self) -> list[int]:
        """Return the rows of the tracks that it holds."""
        return [int(row) for row in self._store.rows()]

    def close(self) -> None:
        """Release the files."""
        self._store.close()


class SqliteStore:
    """One SQLite file: a table of blobs, in WAL mode, synced at every commit."""

    def __init__(self, directory: Path, dtypes: Mapping[str, Any]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._dtypes = dtypes
        self._db = sqlite3.connect(directory / "arrays.sqlite")
        self._db.execute("pragma page_size = 16384")
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute("pragma mmap_size = 100000000000")
        self._db.execute(
            "create table if not exists arrays (name text, row integer, n_bands integer,"
            " data blob, primary key (name, row))"
        )

    def add(self, rows: Sequence[int], arrays: Sequence[Arrays]) -> None:
        """Add tracks in one durable write."""
        values = [
            (name, row, np.atleast_2d(one[name]).shape[1], one[name].tobytes())
            for row, one in zip(rows, arrays, strict=True)
            for name in self._dtypes
        ]
        with self._db:
            self._db.executemany("insert or replace into arrays values (?, ?, ?, ?)", values)

    def read(self, name: str, row: int) -> NDArray[Any]:
        """Return a copy."""
        query = "select n_bands, data from arrays where name = ? and row = ?"
        n_bands, data = self._db.execute(query, (name, row)).fetchone()
        return np.frombuffer(data, self._dtypes[name]).reshape(-1, n_bands)

    def matrix(self, name: str, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return one vector a track."""
        query = "select data from arrays where name = ? order by row"
        blobs = self._db.execute(query, (name,)).fetchall()
        whole = np.frombuffer(b"".join(blob for (blob,) in blobs), self._dtypes[name])
        return whole.reshape(len(rows), -1)

    def rows(self) -> list[int]:
        """Return the rows of the tracks that it holds."""
        query = "select row from arrays group by row having count(*) = ?"
        return [row for (row,) in self._db.execute(query, (len(self._dtypes),))]

    def close(self) -> None:
        """Release the files."""
        self._db.close()


class LmdbStore:
    """One LMDB environment; keys are the name and the row, values a header and the array."""

    def __init__(self, directory: Path, dtypes: Mapping[str, Any]) -> None:
        import lmdb

        self._dtypes = dtypes
        directory.mkdir(parents=True, exist_ok=True)
        self._env = lmdb.open(str(directory), map_size=1 << 36)

    @staticmethod
    def _key(name: str, row: int) -> bytes:
        return name.encode() + row.to_bytes(8, "big")

    def add(self, rows: Sequence[int], arrays: Sequence[Arrays]) -> None:
        """Add tracks in one durable write."""
        with self._env.begin(write=True) as transaction:
            for row, one in zip(rows, arrays, strict=True):
                for name in self._dtypes:
                    n_bands = np.atleast_2d(one[name]).shape[1]
                    # 16 bytes, so that the array is aligned where the value is
                    header = n_bands.to_bytes(16, "little")
                    transaction.put(self._key(name, row), header + one[name].tobytes())

    def read(self, name: str, row: int) -> NDArray[Any]:
        """Return a copy: a view would end with its transaction."""
        with self._env.begin(buffers=True) as transaction:
            value = transaction.get(self._key(name, row))
            n_bands = int.from_bytes(value[:16], "little")
            return np.frombuffer(value, self._dtypes[name], offset=16).reshape(-1, n_bands).copy()

    def matrix(self, name: str, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return one vector a track."""
        with self._env.begin(buffers=True) as transaction:
            cursor = transaction.cursor()
            keys = [self._key(name, row) for row in rows]
            blobs = [value[16:] for _, value in cursor.getmulti(keys)]
            return np.frombuffer(b"".join(blobs), self._dtypes[name]).reshape(len(rows), -1)

    def rows(self) -> list[int]:
        """Return the rows of the tracks that it holds."""
        with self._env.begin() as transaction:
            keys = list(transaction.cursor().iternext(values=False))
        found = [int.from_bytes(key[-8:], "big") for key in keys]
        return [row for row in sorted(set(found)) if found.count(row) == len(self._dtypes)]

    def close(self) -> None:
        """Release the files."""
        self._env.close()


STORES: dict[str, Callable[[Path, Mapping[str, Any]], Store]] = {
    "segue": SegueStore,
    "sqlite": SqliteStore,
}
if importlib.util.find_spec("lmdb"):
    STORES["lmdb"] = LmdbStore


def windows_of(row: int, version: int = 0) -> Arrays:
    """Return the windows of a track of at least 48 s."""
    rng = np.random.default_rng([row, version])
    return {
        "log_mel": rng.integers(0, 256, (FRAMES, BANDS), np.uint8),
        "sequence": rng.normal(size=(FRAMES // 4, 39)).astype(np.float16),
    }


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the least CPU time of five calls: other processes do not add much to it."""
    times = []
    for _ in range(5):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def drop_from_cache(directory: Path) -> None:
    """Ask the kernel to forget the pages of the files in a directory."""
    for path in directory.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def size(directory: Path) -> float:
    """Return the disk use of a directory in MB."""
    return sum(512 * path.stat().st_blocks for path in directory.iterdir()) / 1e6


def wrong(store: Store, expected: Mapping[int, Arrays]) -> int:
    """Return how many stored tracks differ from the ones that were written."""
    return sum(
        not np.array_equal(store.read(name, row), expected[row][name])
        for row in store.rows()
        for name in WINDOWS
    )


def measure(name: str, directory: Path, n_tracks: int, n_vectors: int) -> list[str]:
    """Return the figures of one store, in the order of `HEADER`."""
    rng = np.random.default_rng(0)
    windows = [windows_of(row) for row in range(n_tracks)]
    picks = rng.integers(0, n_tracks, 1_000).tolist()

    def crop(store: Store, row: int) -> NDArray[np.float32]:
        start = row * 37 % (FRAMES - CROP)
        return store.read("log_mel", row)[start : start + CROP].astype(np.float32)

    with closing(STORES[name](directory / "windows", WINDOWS)) as store:
        added = seconds(lambda: [store.add([row], [one]) for row, one in enumerate(windows)])
        reads = cpu_seconds(lambda: [store.read("log_mel", row).sum() for row in picks])
        crops = cpu_seconds(lambda: [crop(store, row) for row in picks])
    drop_from_cache(directory / "windows")
    with closing(STORES[name](directory / "windows", WINDOWS)) as store:
        each = rng.permutation(n_tracks).tolist()
        cold = seconds(lambda: [crop(store, row) for row in each])
    with closing(STORES[name](directory / "vectors", EMBEDDINGS)) as store:
        rows = list(range(n_vectors))
        vectors = rng.normal(size=(n_vectors, 128)).astype(np.float32)
        many = seconds(lambda: store.add(rows, [{"embedding": one} for one in vectors]))
        matrix = cpu_seconds(lambda: store.matrix("embedding", rows))
        if not np.array_equal(store.matrix("embedding", rows), vectors):
            raise SystemExit(f"{name} does not return the vectors that were added.")
    return [
        f"{1e3 * added / n_tracks:.1f} ms",
        f"{many:.2f} s",
        f"{1e6 * reads / len(picks):.0f} us",
        f"{1e6 * crops / len(picks):.0f} us",
        f"{1e3 * cold / n_tracks:.2f} ms",
        f"{1e3 * matrix:.0f} ms",
        f"{size(directory / 'windows') / (0.3018 * n_tracks):.2f}",
        f"{size(directory / 'vectors') / (512e-6 * n_vectors):.2f}",
        killed(name, directory),
        refused(name, directory),
    ]


def killed(name: str, directory: Path) -> str:
    """Kill a process that adds tracks, at random moments; return what was wrong after it."""
    rng = np.random.default_rng(1)
    n_wrong = n_failed = n_tracks = 0
    for number in range(ROUNDS):
        place = directory / f"killed {number}"
        command = [sys.executable, __file__, "--add", name, "--directory", str(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            if process.stdout is not None:
                process.stdout.readline()  # the first track is stored
            time.sleep(float(rng.uniform(0, 0.3)))
            process.send_signal(signal.SIGKILL)
        try:
            with closing(STORES[name](place, WINDOWS)) as store:
                rows = store.rows()
                store.add([1_000], [windows_of(1_000)])
                expected = {row: windows_of(row) for row in (*rows, 1_000)}
                n_wrong += wrong(store, expected)
                n_tracks += len(rows)
        except Exception:  # noqa: BLE001  # any failure counts
            n_failed += 1
    return f"{n_wrong} wrong, {n_failed} failed of {n_tracks}"


def refused(name: str, directory: Path) -> str:
    """Refuse a write at random bytes; return what was wrong after the next write."""
    rng = np.random.default_rng(2)
    expected = {row: windows_of(row) for row in range(4)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    n_wrong = n_failed = n_refused = 0
    for number in range(ROUNDS):
        place = directory / f"refused {number}"
        with closing(STORES[name](place, WINDOWS)) as store:
            store.add([0], [expected[0]])
            largest = max(path.stat().st_size for path in place.iterdir())
            limit = largest + int(rng.integers(0, 290_000))
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            try:
                store.add([1], [expected[1]])
            except (OSError, LibraryError, sqlite3.Error):
                n_refused += 1
            except Exception as error:
                if "lmdb" not in type(error).__module__:
                    raise
                n_refused += 1
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            try:
                store.add([2], [expected[2]])
                n_wrong += wrong(store, expected)
            except Exception:  # noqa: BLE001  # any failure counts
                n_failed += 1
    return f"{n_wrong} wrong, {n_failed} failed of {n_refused}"


def add_until_killed(name: str, directory: Path) -> None:
    """Add one track after another."""
    store = STORES[name](directory, WINDOWS)
    for row in range(1_000):
        store.add([row], [windows_of(row)])
        if row == 0:
            print("first", flush=True)


HEADER = (
    "add a track",
    "add vectors",
    "read log_mel",
    "read a crop",
    "read a crop cold",
    "matrix",
    "size, windows",
    "size, vectors",
    "killed",
    "refused",
)


def print_table(names: Iterable[str], columns: Sequence[Sequence[str]]) -> None:
    """Print one line a figure, one column a store."""
    print(f"{'':18}" + "".join(f"{name:>32}" for name in names))
    for number, title in enumerate(HEADER):
        print(f"{title:18}" + "".join(f"{column[number]:>32}" for column in columns))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=300)
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--add", choices=STORES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.add:
        add_until_killed(arguments.add, arguments.directory)
        return
    columns = []
    for name in STORES:
        with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
            columns.append(measure(name, Path(directory), arguments.tracks, arguments.vectors))
    print_table(STORES, columns)


if __name__ == "__main__":
    main()
