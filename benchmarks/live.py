"""Measure an opened library under load: lists and feedback per second, latency and memory.

Run: ``OMP_NUM_THREADS=1 python benchmarks/live.py DIRECTORY [--seconds 600] [--rate 150]`` on a
library of ``benchmarks/simulated.py``, which it changes. `--processes` processes open it and answer
their share of lists and feedback. Requests arrive as a Poisson process; the time that they wait for
earlier ones counts. Listeners come in sessions: `--active` of them are present at any time, request
lists, move a slider (one list in four), give feedback on a listed track, and leave after about
twenty lists. A list must not contain a track that the listener disliked before.

Prints the seconds from the start of a process to its first list, latencies from the time at which
an answer was due, and the memory of each process at the beginning, in the middle and at the end.
``--kill`` instead writes events from several threads and kills the process repeatedly until 10,000
events were acknowledged, then counts the stored events.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

KILLED = """
import sys, threading
from segue.library import Event, Library
from segue.pipeline.recommender.service import RecommenderService
live, run = RecommenderService(Library(sys.argv[1])), sys.argv[2]
lock = threading.Lock()
def write(thread):
    for n in range(1_000_000):
        key = f"{run}-{thread}-{n}"
        user, track = f"kill-{thread}", f"t{n % 1000:06}"
        live.feedback([Event(user=user, track_id=track, kind="play", key=key)])
        with lock:
            print(key, flush=True)
for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""
FIRST = """
import sys
from segue.library import Library
from segue.pipeline.recommender.service import RecommenderService
state = RecommenderService(Library(sys.argv[1])).state()
state.recommend(state.query("u00001", 20))
"""


def memory() -> dict[str, int]:
    """Return megabytes that are resident, and how many of them are this process's own."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    known = dict(line.split(":", 1) for line in lines)
    return {
        name: int(known[field].split()[0]) // 1024
        for name, field in (("resident", "VmRSS"), ("own", "RssAnon"))
    }


class Sessions:
    """Who is there, and what they were given last."""

    def __init__(self, n_listeners: int, active: int, rng: np.random.Generator) -> None:
        self.rng, self.n = rng, n_listeners
        self.there = [self.newcomer() for _ in range(active)]
        self.given: dict[str, list[str]] = {}

    def newcomer(self) -> str:
        """Return a listener."""
        return f"u{int(self.rng.integers(self.n)):05}"

    def anybody(self) -> str:
        """Return one of those who are there."""
        return self.there[int(self.rng.integers(len(self.there)))]

    def one(self) -> str:
        """Return who asks next; one in twenty is new."""
        place = int(self.rng.integers(len(self.there)))
        if self.rng.random() < 0.05:
            self.given.pop(self.there[place], None)
            self.there[place] = self.newcomer()
        return self.there[place]


class Server:
    """One process's open library, and what is measured of it."""

    def __init__(self, number: int, asked: argparse.Namespace) -> None:
        from segue.library import Library
        from segue.pipeline.recommender.service import RecommenderService

        self.rng = np.random.default_rng(asked.seed + number)
        self.live = RecommenderService(Library(asked.directory))
        self.sessions = Sessions(asked.listeners, asked.active // asked.processes, self.rng)
        self.late: list[float] = []
        self.wrote: list[float] = []
        self.wrong = 0
        self.disliked: dict[str, set[str]] = {}
        self.n_tracks = asked.tracks

    def give(self, due: float, user: str, slider: bool) -> None:
        """Answer one listener."""
        from segue.engine import Dials

        before = set(self.disliked.get(user, ()))
        dials = Dials(weights={"tags": float(self.rng.random())}) if slider else None
        state = self.live.state()
        found = state.recommend(state.query(user, 20, dials=dials)).to_dict()
        json.dumps(found)
        ids = [track["track_id"] for track in found["tracks"]]
        self.wrong += bool(before.intersection(ids))
        self.sessions.given[user] = ids
        self.late.append(time.perf_counter() - due)

    def say(self, due: float, user: str, key: str) -> None:
        """Take in what a listener says of one of the first tracks that they were given."""
        from segue.library import Event

        given = self.sessions.given.get(user) or [f"t{int(self.rng.integers(self.n_tracks)):06}"]
        track = given[int(self.rng.integers(min(len(given), 5)))]
        kind: Any = ("play", "play", "play", "skip", "like", "dislike")[int(self.rng.integers(6))]
        self.live.feedback([Event(user=user, track_id=track, kind=kind, key=key)])
        if kind == "dislike":
            self.disliked.setdefault(user, set()).add(track)
        else:
            self.disliked.get(user, set()).discard(track)
        self.wrote.append(time.perf_counter() - due)


def serve(number: int, asked: argparse.Namespace, answers: Any) -> None:
    """Answer one process's share."""
    server = Server(number, asked)
    rng, sessions = server.rng, server.sessions
    for user in sessions.there[: asked.warm]:
        server.give(time.perf_counter(), user, False)
    server.late.clear()
    lists, feedback = asked.rate / asked.processes, asked.feedback / asked.processes
    run = f"{os.getpid()}-{time.time()}"
    memories, busy = [memory()], time.process_time()
    due = begin = time.perf_counter()
    n = 0
    with ThreadPoolExecutor(asked.threads) as pool:
        while due < begin + asked.seconds:
            due += rng.exponential(1 / (lists + feedback))
            time.sleep(max(due - time.perf_counter(), 0))
            if rng.random() < feedback / (lists + feedback):
                pool.submit(server.say, due, sessions.anybody(), f"{run}-{n}")
            else:
                pool.submit(server.give, due, sessions.one(), rng.random() < 0.25)
            n += 1
            if len(memories) == 1 and due > begin + asked.seconds / 2:
                memories.append(memory())
    answers.put(
        {
            "late": server.late,
            "wrote": server.wrote,
            "wrong": server.wrong,
            "seconds": time.perf_counter() - begin,
            "processor": time.process_time() - busy,
            "memory": [*memories, memory()],
        }
    )


def first_list(directory: Path) -> float:
    """Return the seconds from a new process to its first list."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST, str(directory)], check=True)
    return time.perf_counter() - started


def load(asked: argparse.Namespace) -> None:
    """Print how a library does under load."""
    taken = [first_list(asked.directory) for _ in range(3)]
    print(f"from a new process to its first list: {np.median(taken):.2f} s")
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [
        context.Process(target=serve, args=(number, asked, answers))
        for number in range(asked.processes)
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    late = 1e3 * np.concatenate([one["late"] for one in found])
    wrote = 1e3 * np.concatenate([one["wrote"] for one in found])
    seconds = max(one["seconds"] for one in found)
    print(f"{len(late) / seconds:.1f} lists and {len(wrote) / seconds:.1f} events a second")
    for name, values in (("list", late), ("feedback", wrote)):
        told = "  ".join(f"p{q} {np.percentile(values, q):.1f}" for q in (50, 90, 99, 99.9))
        print(f"{name:10} {told}  ms")
    print(f"lists with a disliked track: {sum(one['wrong'] for one in found)}")
    busy = sum(one["processor"] for one in found)
    print(f"processor time: {1e3 * busy / len(late):.1f} ms a list, with its share of feedback")
    for one in found:
        print(f"memory in MB: {one['memory']}")


def kill(asked: argparse.Namespace) -> None:
    """Write, kill, and count."""
    from segue.library import Event, Library
    from segue.pipeline.recommender.service import RecommenderService

    acknowledged: list[str] = []
    kills = 0
    rng = np.random.default_rng(asked.seed)
    begin = Library(asked.directory).feedback.last()
    while len(acknowledged) < 10_000:
        command = [sys.executable, "-c", KILLED, str(asked.directory), f"{begin}-{kills}"]
        before, most = len(acknowledged), int(rng.integers(200, 1_500))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            if process.stdout is None:
                return
            for line in process.stdout:
                if line.endswith("\n"):
                    acknowledged.append(line.strip())
                if len(acknowledged) - before == most:
                    process.kill()
                    kills += 1
    live = RecommenderService(Library(asked.directory))
    again = [
        Event(user=f"kill-{key.split('-')[2]}", track_id="t000000", kind="play", key=key)
        for key in acknowledged
    ]
    new = sum(sum(live.feedback(again[at : at + 500])) for at in range(0, len(again), 500))
    print(f"{len(acknowledged):,} events acknowledged, {kills} kills: {new} lost")
    print(f"{Library(asked.directory).feedback.last() - begin:,} in the log")


def main() -> None:
    """Run one of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=150)
    parser.add_argument("--feedback", type=float, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--active", type=int, default=60)
    parser.add_argument("--warm", type=int, default=10)
    parser.add_argument("--listeners", type=int, default=20_000)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kill", action="store_true")
    asked = parser.parse_args()
    (kill if asked.kill else load)(asked)


if __name__ == "__main__":
    main()
