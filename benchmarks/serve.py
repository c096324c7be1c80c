"""Measure a server under load: recommendations per second, feedback, latency, memory, lost events.

    python benchmarks/serve.py LIBRARY [--minutes 10] [--rate 150] [--feedback 50] [--workers 2]
    python benchmarks/serve.py LIBRARY --kills 5 [--events 10000]

LIBRARY is a library of `benchmarks/simulated.py` or any other with listeners. Use a copy, because
feedback is written to it. The server is `segue serve` on a free port.

The load is open: requests leave at random times (Poisson) at the stated rate, whether or not
earlier ones were answered. A latency runs from the time at which a request was due to its last
byte, so a server that falls behind shows it. Each request asks for twenty tracks for one of
`--people` listeners (60), each with a connection of their own, as browsers have. One list in four
has a slider moved (`--sliders`); an event of feedback is a play, a skip or a like of a listed
track. A listener who asks for the same list again without feedback in between gets the cached list:
about half of the lists. With ``--sliders 1`` none is cached.

Prints, for each minute and in total: answers per second, median, 95th and 99th percentile, worst;
and the memory of all processes of the server, shared memory counted once. The client runs on the
same machine; its share of the processors is printed.

With --kills, events are sent as fast as they are acknowledged, one in ten twice, and the server is
killed (SIGKILL) during that, as often as requested. At the end every acknowledged event is sent
again: one that the server does not report as a duplicate was lost.
"""

import argparse
import asyncio
import json
import sqlite3
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from served import Pool, Request, Server, ask_once, listeners_of, sessions, tracks_of

CONNECTIONS = 64


@dataclass
class Load:
    """Who asks, each on a connection of their own, what was listed to them, what came of it."""

    pools: list[Pool]
    people: list[dict[str, str]]
    rng: np.random.Generator
    began: float
    sliders: float
    lists: dict[int, list[str]] = field(default_factory=dict)
    taken: list[tuple[float, float]] = field(default_factory=list)
    fed_back: list[tuple[float, float]] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    written: Counter[int] = field(default_factory=Counter)

    async def recommend(self, due: float) -> None:
        """Ask for one listener's list."""
        one = int(self.rng.integers(len(self.people)))
        asked: dict[str, object] = {"k": 20}
        if self.rng.random() < self.sliders:
            asked["weights"] = {"timbre": round(float(self.rng.random()), 2)}
        request = Request("POST", "/api/v1/recommend", asked, self.people[one])
        status, _, content = await self.pools[one].ask(request)
        self.taken.append((due - self.began, time.monotonic() - due))
        self.answers[status] += 1
        if status == 200:
            found = json.loads(content)["tracks"]
            self.lists[one] = [track["track"]["track_id"] for track in found]

    async def feedback(self, due: float) -> None:
        """Tell what one listener did with a track of their list."""
        one = int(self.rng.integers(len(self.people)))
        if not self.lists.get(one):
            return
        event = {
            "key": uuid.uuid4().hex,
            "track_id": str(self.rng.choice(self.lists[one])),
            "kind": str(self.rng.choice(["play", "play", "skip", "like"])),
        }
        request = Request("POST", "/api/v1/feedback", {"events": [event]}, self.people[one])
        self.written[(await self.pools[one].ask(request))[0]] += 1
        self.fed_back.append((due - self.began, time.monotonic() - due))

    def show(self, name: str, start: float, stop: float, server: Server) -> None:
        """Print latencies of the requests that were due between two moments, and the memory."""
        for kind, taken in (("lists", self.taken), ("feedback", self.fed_back)):
            within = [seconds for due, seconds in taken if start <= due < stop]
            values = 1e3 * np.array(within or [0.0])
            p50, p95, p99 = np.percentile(values, [50, 95, 99])
            print(
                f"{name:10} {kind:8} {len(within) / (stop - start):6.1f} a second, median"
                f" {p50:5.1f} ms, p95 {p95:5.1f}, p99 {p99:5.1f}, worst {values.max():6.1f};"
                f" {server.memory():.0f} MB",
                flush=True,
            )


async def load(server: Server, asked: argparse.Namespace) -> None:
    """Send the load, and print what came of it."""
    people = await sessions(server.port, listeners_of(server.library, asked.people))
    pools = [Pool(server.port) for _ in people]
    for pool in pools:
        await pool.open(1)
    print(f"ready after {server.ready_after:.2f} s, {server.memory():.0f} MB", flush=True)
    began, before, mine = time.monotonic(), server.processor(), time.process_time()
    of = Load(pools, people, np.random.default_rng(asked.seed), began, asked.sliders)
    loads = [(of.recommend, asked.rate), (of.feedback, asked.feedback)]
    due = [began + of.rng.exponential(1 / rate) for _, rate in loads]
    under_way: set[asyncio.Task[None]] = set()
    minute = 1
    while (now := time.monotonic()) < began + 60 * asked.minutes:
        for place, (act, rate) in enumerate(loads):
            while due[place] <= now:
                task = asyncio.create_task(act(due[place]))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                due[place] += of.rng.exponential(1 / rate)
        if now > began + 60 * minute:
            of.show(f"minute {minute}", 60 * (minute - 1), 60 * minute, server)
            minute += 1
        await asyncio.sleep(max(min(due) - time.monotonic(), 0))
    if under_way:
        await asyncio.wait(under_way, timeout=30)
    seconds = time.monotonic() - began
    of.show("over all", 0, seconds, server)
    per_second = sum(of.written.values()) / seconds
    print(f"answers {dict(of.answers)}; feedback {dict(of.written)}, {per_second:.0f} a second")
    server_share = (server.processor() - before) / seconds
    print(f"cores: server {server_share:.2f}, client {(time.process_time() - mine) / seconds:.2f}")


@dataclass
class Acknowledged:
    """Events that the server said it has, by key: who sent each, and what."""

    events: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    people: int = 50


async def storm(server: Server, upto: int, done: Acknowledged, rng: np.random.Generator) -> None:
    """Send events, each in ten twice, until `upto` are acknowledged; then kill the server."""
    people = await sessions(server.port, listeners_of(server.library, done.people))
    tracks = tracks_of(server.library)
    pool = Pool(server.port)
    await pool.open(CONNECTIONS)
    killed = False

    async def sender() -> None:
        nonlocal killed
        while not killed:
            one, key = int(rng.integers(len(people))), uuid.uuid4().hex
            kind = str(rng.choice(["play", "skip"]))
            event = {"key": key, "track_id": str(rng.choice(tracks)), "kind": kind}
            for _ in range(1 + (rng.random() < 0.1)):
                body = {"events": [event]}
                status, _, _ = await pool.ask(
                    Request("POST", "/api/v1/feedback", body, people[one])
                )
                if status == 200:
                    done.events[key] = (one, event)
            if len(done.events) >= upto and not killed:
                killed = True
                server.kill()  # while the other connections wait for their answers

    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))


async def again(server: Server, done: Acknowledged) -> Counter[str]:
    """Send everything that was acknowledged once more; return what the server says it is."""
    people = await sessions(server.port, listeners_of(server.library, done.people))
    said: Counter[str] = Counter()
    for one, headers in enumerate(people):
        own = [event for who, event in done.events.values() if who == one]
        for start in range(0, len(own), 500):
            body = {"events": own[start : start + 500]}
            status, _, content = await ask_once(
                server.port, Request("POST", "/api/v1/feedback", body, headers)
            )
            if status != 200:
                raise SystemExit(f"Refused: {status} {content[:300]!r}")
            said.update(event["status"] for event in json.loads(content)["events"])
    return said


def kills(server: Server, asked: argparse.Namespace) -> None:
    """Kill the server in the midst of writing, several times, and count what is there."""
    done, rng = Acknowledged(), np.random.default_rng(asked.seed)
    for number in range(1, asked.kills + 1):
        server.start()
        asyncio.run(storm(server, asked.events * number // asked.kills, done, rng))
        print(f"kill {number}: {len(done.events):,} events acknowledged so far", flush=True)
    server.start()
    said = asyncio.run(again(server, done))
    server.stop()
    with sqlite3.connect(server.library / "library.db") as database:
        log, listens = (
            database.execute(query).fetchone()
            for query in (
                "select count(*), count(distinct key) from feedback",
                "select count(*), count(distinct fingerprint) from listens where dataset = 'live'",
            )
        )
    print(f"acknowledged {len(done.events):,}; of these lost {said['stored']:,}")
    print(f"in the log {log[0]:,} events, {log[0] - log[1]:,} of them twice")
    print(f"as listens {listens[0]:,}, {listens[0] - listens[1]:,} of them twice")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=150, help="recommendations a second")
    parser.add_argument("--feedback", type=float, default=50, help="events a second")
    parser.add_argument("--people", type=int, default=60, help="listeners at one time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--sliders", type=float, default=0.25, help="share of lists with a slider moved at random"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0, help="kill the server so often instead")
    parser.add_argument(
        "--events", type=int, default=10_000, help="to be acknowledged with --kills"
    )
    asked = parser.parse_args()
    server = Server(asked.library, asked.workers)
    if asked.kills:
        kills(server, asked)
        return
    server.start()
    try:
        asyncio.run(load(server, asked))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
