"""Measure the latencies that the page is held to, by HTTP and in a real browser, in one table.

    python benchmarks/latency.py LIBRARY [--repeats 40] [--only http browser] [--nice -15]

LIBRARY is one of `benchmarks/simulated.py` or any other with listeners and a map (`segue train
map`). Use a copy, because likes are written to it. The server is `segue serve` with one process.

Each action waits for the complete effect: after a like the new list, after a slider's movement the
preview, after a search letter the results, after the map is opened all points in color. By HTTP the
time of the requests that the page sends for it; in the browser from the input event to the end of
the frame that shows the effect. The server is idle for .7 s before each action. With `--nice`, the
processes of the benchmark have this priority (Linux, root): for machines that others use, too.
"""

import argparse
import asyncio
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from page import slider as browser_slider
from page import views
from page_list import like as browser_like
from page_list import search as browser_search
from paged import Bench, browsing
from served import Pool, Request, Server, listeners_of, sessions, set_priority

TARGETS_MS = {"like: the new list": 150, "slider": 100, "search letter": 100, "map opens": 300}
_REST_SECONDS = 0.7
_K = 20


@dataclass
class Client:
    """A listener's connections to a server, and what was measured on them."""

    pool: Pool
    headers: dict[str, str]
    taken: dict[str, list[float]] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None) -> bytes:
        """Return the body of an answer; compressed, as a browser asks for it."""
        headers = {**self.headers, "Accept-Encoding": "gzip"}
        status, _, content = await self.pool.ask(Request(method, "/api/v1" + path, body, headers))
        if status != 200:
            raise SystemExit(f"{method} {path}: {status} {content[:200]!r}")
        return content

    async def time(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do something and note what it took, in milliseconds."""
        await asyncio.sleep(_REST_SECONDS)
        start = time.perf_counter()
        found = await act()
        self.taken.setdefault(name, []).append(1e3 * (time.perf_counter() - start))
        return found

    async def feedback(self, track: str, kind: str) -> None:
        """Send one event."""
        event = {"key": uuid.uuid4().hex, "track_id": track, "kind": kind}
        await self.ask("POST", "/feedback", {"events": [event]})

    async def like(self, track: str) -> bytes:
        """Like a track and request the new list."""
        await self.feedback(track, "like")
        return await self.ask("POST", "/recommend", {"k": _K})


async def by_http(server: Server, user: str, repeats: int) -> dict[str, list[float]]:
    """Return what each action took, in milliseconds."""
    (headers,) = await sessions(server.port, [user])
    pool = Pool(server.port)
    await pool.open(2)
    client = Client(pool, headers)
    tracks, words = _tracks_and_words(server.library, repeats)
    for number in range(2):  # the first of each take longer
        await client.like(tracks[number])
        await client.ask("GET", f"/search?q={words[number][:2]}&k=40")
    rng = np.random.default_rng(0)
    names = ["knn", "metadata", "popularity"]
    for number in range(repeats):
        track = tracks[number]
        await client.time("like: the new list", lambda track=track: client.like(track))
        weights = {name: float(rng.random()) for name in names}
        body = {"k": _K, "weights": weights}
        await client.time("slider", lambda body=body: client.ask("POST", "/recommend", body))
        word = words[number]
        end = 1 + number % len(word)
        path = f"/search?q={word[:end]}&k=40"
        await client.time("search letter", lambda path=path: client.ask("GET", path))
        await client.time(
            "map opens",
            lambda: asyncio.gather(client.ask("GET", "/map"), client.ask("GET", "/map/points")),
        )
        await client.feedback(track, "clear")
    return client.taken


def in_browser(server: Server, user: str, repeats: int, program: str) -> dict[str, list[float]]:
    """Return what each action took, in milliseconds."""
    with browsing(server.port, user, program) as page:
        set_priority(os.getpid(), server.nice)
        bench = Bench(page, repeats)
        for act in (browser_like, browser_slider, browser_search):
            act(bench)
        views(bench, ("Listen", "Map"))
    found = {name: [one[1] for one in taken] for name, taken in bench.taken.items()}
    return {
        "like: the new list": found["like: button; new list"],
        "slider": found["slider: number; what would enter and leave"],
        "search letter": found["search, from the last letter"],
        "map opens": found["view Map: heading; all of it"],
    }


def _tracks_and_words(library: Path, n: int) -> tuple[list[str], list[str]]:
    """Return ids of tracks, and titles and names of artists, evenly from the whole catalogue."""
    with sqlite3.connect(f"file:{library / 'library.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "select track_id, title, artist from tracks order by row"
        ).fetchall()
    some = rows[:: max(len(rows) // (n + 2), 1)][: n + 2]
    words = [str(row[1 + place % 2] or "a").lower().split()[0] for place, row in enumerate(some)]
    return [row[0] for row in some], words


def show(name: str, taken: dict[str, list[float]]) -> None:
    """Print a table of Markdown."""
    print(f"\n| {name} | median | p95 | worst | target p95 |\n|---|---|---|---|---|")
    for action, target in TARGETS_MS.items():
        values = np.array(taken[action])
        median, p95, worst = np.percentile(values, [50, 95, 100])
        print(f"| {action} | {median:.0f} | {p95:.0f} | {worst:.0f} | {target} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument(
        "--only", nargs="+", choices=["http", "browser"], default=["http", "browser"]
    )
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--program", default=shutil.which("chromium"))
    asked = parser.parse_args()
    user = listeners_of(asked.library, 1)[0]
    server = Server(asked.library, 1, nice=asked.nice)
    set_priority(os.getpid(), asked.nice)
    server.start()
    try:
        print(f"load {os.getloadavg()[0]:.1f}, ready after {server.ready_after:.1f} s", flush=True)
        if "http" in asked.only:
            before = server.processor()
            show("by HTTP, ms", asyncio.run(by_http(server, user, asked.repeats)))
            print(f"\nserver: {server.processor() - before:.1f} s of processor time")
        if "browser" in asked.only:
            show("in the browser, ms", in_browser(server, user, asked.repeats, asked.program))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
