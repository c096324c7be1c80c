"""A library that is kept open, under load: lists a second and how long they take, feedback and memory.

Run: ``OMP_NUM_THREADS=1 python benchmarks/live.py DIRECTORY [--seconds 600] [--rate 150]`` on a library of
``benchmarks/simulated.py``, which it changes. `--processes` processes each open it and answer their share
of the lists and of the feedback, at the moments of a Poisson process: who comes while others are answered
waits, and that is counted. Listeners come in sessions: at any time `--active` of them are there, who ask,
move a slider (one in four), say what they think of a track that they were given, and leave after some
twenty lists. After feedback the next list is looked at: a track that was disliked must be gone.

Printed are the seconds from a new process to its first list, the latencies from the moment when a list was
due, and the memory of each process at the beginning and at the end. ``--kill`` instead writes events from
several threads and kills the process, until 10,000 were acknowledged, and counts what is there.
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
from segue.pipeline.live import Live
live, run = Live(Library(sys.argv[1])), sys.argv[2]
lock = threading.Lock()
def write(thread):
    for n in range(1_000_000):
        key = f"{run}-{thread}-{n}"
        live.feedback([Event(user=f"kill-{thread}", track_id=f"t{n % 1000:06}", kind="play", key=key)])
        with lock:
            print(key, flush=True)
for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""
FIRST = """
import sys
from segue.library import Library
from segue.pipeline.live import Live
from segue.pipeline.recommend import recommend
recommend(Live(Library(sys.argv[1])).opened(), "u00001", 20)
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
        """Return somebody."""
        return f"u{int(self.rng.integers(self.n)):05}"

    def one(self) -> str:
        """Return who asks next; one in twenty is new."""
        place = int(self.rng.integers(len(self.there)))
        if self.rng.random() < 0.05:
            self.given.pop(self.there[place], None)
            self.there[place] = self.newcomer()
        return self.there[place]


def serve(number: int, asked: argparse.Namespace, answers: Any) -> None:
    """Answer one process's share."""
    from segue.engine import Dials
    from segue.library import Event, Library
    from segue.pipeline.live import Live
    from segue.pipeline.recommend import recommend

    rng = np.random.default_rng(asked.seed + number)
    live = Live(Library(asked.directory))
    sessions = Sessions(asked.listeners, asked.active // asked.processes, rng)
    late: list[float] = []
    wrote: list[float] = []
    wrong = 0
    disliked: dict[str, set[str]] = {}
    run = f"{os.getpid()}-{time.time()}"

    def give(due: float, user: str, slider: bool) -> None:
        nonlocal wrong
        before = set(disliked.get(user, ()))
        dials = Dials(weights={"tags": float(rng.random())}) if slider else None
        found = recommend(live.opened(), user, 20, dials=dials).to_dict()
        json.dumps(found)
        ids = [track["track_id"] for track in found["tracks"]]
        wrong += bool(before.intersection(ids))
        sessions.given[user] = ids
        late.append(time.perf_counter() - due)

    def say(due: float, key: str) -> None:
        user = sessions.there[int(rng.integers(len(sessions.there)))]
        given = sessions.given.get(user) or [f"t{int(rng.integers(asked.tracks)):06}"]
        track = given[int(rng.integers(min(len(given), 5)))]
        kind = ("play", "play", "play", "skip", "like", "dislike")[int(rng.integers(6))]
        live.feedback([Event(user=user, track_id=track, kind=kind, key=key)])  # type: ignore[arg-type]
        if kind == "dislike":
            disliked.setdefault(user, set()).add(track)
        wrote.append(time.perf_counter() - due)

    live.opened()
    for user in sessions.there[: asked.warm]:
        give(time.perf_counter(), user, False)
    late.clear()
    each = asked.rate / asked.processes
    feedback = asked.feedback / asked.processes
    begin = time.perf_counter()
    due, n = begin, 0
    first = memory()
    half: dict[str, int] = {}
    with ThreadPoolExecutor(asked.threads) as pool:
        while due < begin + asked.seconds:
            due += rng.exponential(1 / (each + feedback))
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            if rng.random() < feedback / (each + feedback):
                pool.submit(say, due, f"{run}-{n}")
            else:
                pool.submit(give, due, sessions.one(), rng.random() < 0.25)
            n += 1
            if not half and due > begin + asked.seconds / 2:
                half = memory()
    took = time.perf_counter() - begin
    answers.put(
        {
            "late": late,
            "wrote": wrote,
            "wrong": wrong,
            "seconds": took,
            "processor": time.process_time(),
            "memory": [first, half, memory()],
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
    print(f"{len(late) / seconds:.1f} lists/s, {len(wrote) / seconds:.1f} events/s for {seconds:.0f} s")
    for name, values in (("list", late), ("feedback", wrote)):
        told = "  ".join(f"p{q} {np.percentile(values, q):.1f}" for q in (50, 90, 99, 99.9))
        print(f"{name:10} {told}  ms")
    print(f"lists with a disliked track: {sum(one['wrong'] for one in found)}")
    for one in found:
        print(f"processor {one['processor']:.0f} s; memory in MB {one['memory']}")


def kill(asked: argparse.Namespace) -> None:
    """Write, kill, and count."""
    from segue.library import Event, Library
    from segue.pipeline.live import Live

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
    live = Live(Library(asked.directory))
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
