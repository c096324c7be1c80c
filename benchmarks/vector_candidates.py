"""Compare an exact scan of mapped vectors with candidates from pgvector's HNSW index.

    python benchmarks/vector_candidates.py --sizes 100000 300000 1000000

A signal scores all tracks against one vector and keeps the best 500. The exact scan is what
`segue.index` does. The other way asks PostgreSQL for candidates from an HNSW index of halfvec and
scores those exactly. Processor time is that of the process that does the work: this one, or the
backend of the server and this one. Vectors are points around centers on a sphere.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray
from tests.postgresql_server import server_url

from segue.index import best, normalise, one_blas_thread

K = 500
N_QUERIES = 30
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def write_vectors(path: Path, n: int, d: int) -> NDArray[np.float32]:
    """Write `n` vectors of length one, and return them mapped."""
    rng = np.random.default_rng(n)
    centers = normalise(rng.normal(size=(1_000, d)).astype(np.float32))
    made = np.lib.format.open_memmap(path, "w+", np.float32, (n, d))
    for start in range(0, n, 50_000):
        chosen = centers[rng.integers(len(centers), size=min(50_000, n - start))]
        noise = rng.normal(scale=0.6 / np.sqrt(d), size=chosen.shape).astype(np.float32)
        made[start : start + len(chosen)] = normalise(chosen + noise)
    made.flush()
    return np.load(path, mmap_mode="r")


def binary_rows(vectors: NDArray[np.float32], first: int) -> bytes:
    """Return rows (id, halfvec) in the binary format of COPY."""
    n, d = vectors.shape
    row = np.dtype(
        [
            *(("fields", ">i2"), ("id bytes", ">i4"), ("id", ">i4"), ("vector bytes", ">i4")),
            *(("dim", ">i2"), ("unused", ">i2"), ("vector", ">f2", (d,))),
        ]
    )
    made = np.zeros(n, row)
    made["fields"], made["id bytes"], made["vector bytes"], made["dim"] = 2, 4, 4 + 2 * d, d
    made["id"], made["vector"] = np.arange(first, first + n), vectors
    return made.tobytes()


def parts(vectors: NDArray[np.float32]) -> Iterator[bytes]:
    """Yield all rows for COPY."""
    yield _HEADER
    for start in range(0, len(vectors), 20_000):
        yield binary_rows(vectors[start : start + 20_000], start)
    yield b"\xff\xff"


def process_seconds(pid: int) -> float:
    """Return the processor time of a process of this machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(n: int, d: int, url: str, directory: Path, n_candidates: int) -> dict[str, float]:
    """Return what both ways cost for `n` vectors."""
    vectors = write_vectors(directory / "vectors.npy", n, d)
    rng = np.random.default_rng(1)
    queries = normalise(
        vectors[rng.integers(n, size=N_QUERIES)]
        + rng.normal(scale=0.3 / np.sqrt(d), size=(N_QUERIES, d)).astype(np.float32)
    )
    found: dict[str, float] = {"n": n, "dimensions": d}
    with one_blas_thread():
        best(queries[:1] @ vectors.T, K)  # pages of the file are in memory
        exact, times = [], []
        before = time.process_time()
        for query in queries:
            began = time.perf_counter()
            exact.append(best(query[None] @ vectors.T, K)[0][0])
            times.append(time.perf_counter() - began)
        found["exact processor ms"] = (time.process_time() - before) / N_QUERIES * 1e3
        found["exact median ms"] = float(np.median(times)) * 1e3
        found["exact MB"] = vectors.nbytes / 1e6
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute("DROP TABLE IF EXISTS candidates")
        connection.execute(f"CREATE TABLE candidates (id int, v halfvec({d}))")
        with connection.cursor().copy("COPY candidates FROM STDIN (FORMAT binary)") as copy:
            for part in parts(vectors):
                copy.write(part)
        connection.execute("SET maintenance_work_mem = '3GB'")
        connection.execute("SET max_parallel_maintenance_workers = 0")
        pid = connection.info.backend_pid
        began, before = time.perf_counter(), process_seconds(pid)
        connection.execute("CREATE INDEX nearest ON candidates USING hnsw (v halfvec_cosine_ops)")
        found["build processor s"] = process_seconds(pid) - before
        found["build s"] = time.perf_counter() - began
        size = connection.execute("SELECT pg_relation_size('nearest')").fetchone()
        found["index MB"] = size[0] / 1e6 if size else 0.0
        connection.execute(f"SET hnsw.ef_search = {n_candidates}")
        connection.execute("SET enable_seqscan = off")
        query_text = f"SELECT id FROM candidates ORDER BY v <=> %s::halfvec LIMIT {n_candidates}"  # noqa: S608  # a number
        texts = [json.dumps(query.tolist()) for query in queries]
        for text in texts[:5]:
            connection.execute(query_text, [text], prepare=True).fetchall()
        recalls, times = [], []
        before, own = process_seconds(pid), time.process_time()
        for text, query, expected in zip(texts, queries, exact, strict=True):
            began = time.perf_counter()
            rows = connection.execute(query_text, [text], prepare=True).fetchall()
            ids = np.sort(np.array(rows, np.int64)[:, 0])
            positions = best((vectors[ids] @ query)[None], K)[0][0]
            times.append(time.perf_counter() - began)
            recalls.append(np.isin(expected, ids[positions]).mean())
        spent = process_seconds(pid) - before + time.process_time() - own
        found["hnsw processor ms"] = spent / N_QUERIES * 1e3
        found["hnsw median ms"] = float(np.median(times)) * 1e3
        found["recall"] = float(np.mean(recalls))
        connection.execute("DROP TABLE candidates")
    return found


def main() -> None:
    """Print one line of JSON for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000])
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--candidates", type=int, default=1_000, help="at most 1000 (ef_search)")
    parser.add_argument("--database", help="address of a server with pgvector on this machine")
    options = parser.parse_args()
    url = options.database or server_url()
    for n in options.sizes:
        with tempfile.TemporaryDirectory(prefix="segue-vectors-") as directory:
            found = measured(n, options.dimensions, url, Path(directory), options.candidates)
        print(json.dumps({name: round(value, 3) for name, value in found.items()}), flush=True)


if __name__ == "__main__":
    main()
