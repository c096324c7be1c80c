"""Measure the peak memory of an analysis and of a server: ``python benchmarks/small_machine.py``.

Renders tracks of several minutes, analyzes them with one worker, trains ``knn``, serves, asks for
lists, and prints the peak of the resident memory (VmHWM, proc(5)) of each process. ``--cap-mb``
limits the address space of each process (``ulimit -v``); ``--memory-mb`` limits the memory of each
command with all its processes by a control group (cgroups(7), version 1 or 2; it needs root), as
``systemd-run --property MemoryMax=`` does. Commands that fail are named.
"""

import argparse
import http.client
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

SEGUE = (sys.executable, "-c", "from segue.cli import main; main()")
RATE = 44_100
MIB = 1024 * 1024


def write_music(directory: Path, n_tracks: int, minutes: float) -> None:
    """Write stereo tracks of tones and noise as FLAC."""
    directory.mkdir()
    rng = np.random.default_rng(0)
    time_axis = np.arange(int(60 * minutes * RATE)) / RATE
    for number in range(n_tracks):
        tone = 0.2 * np.sin(2 * np.pi * rng.uniform(80, 2_000) * time_axis)
        beat = (np.sin(2 * np.pi * rng.uniform(1, 3) * time_axis) > 0.9) * 0.2
        sound = np.column_stack([tone + beat * rng.normal(size=len(tone))] * 2)
        soundfile.write(directory / f"{number:03}.flac", sound, RATE)


def peaks(root: int) -> dict[int, tuple[str, int]]:
    """Return name and peak resident memory in bytes of a process and of those that it started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, waiting = {}, [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, ())
        try:
            status = Path(f"/proc/{process}/status").read_text()
            line = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        size = re.search(r"VmHWM:\s+(\d+)", status)
        if size:
            worker = b"segue.pipeline.analysis.worker" in line
            found[process] = ("worker" if worker else "command", int(size[1]) * 1024)
    return found


class MemoryGroup:
    """A control group with a limit of memory in bytes, without swap."""

    def __init__(self, limit: int) -> None:
        first = Path("/sys/fs/cgroup/memory")
        self._is_first = first.is_dir()  # version 1
        self._path = (first if self._is_first else first.parent) / f"segue-{os.getpid()}"
        self._path.mkdir()
        names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        for name in names if self._is_first else ("memory.max",):
            (self._path / name).write_text(str(limit))
        if (self._path / "memory.swap.max").exists():
            (self._path / "memory.swap.max").write_text("0")

    def join(self) -> None:
        """Put the calling process into the group; its children follow."""
        (self._path / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self) -> int:
        """Return the highest use in bytes, with cached files, which are given back if needed."""
        name = "memory.max_usage_in_bytes" if self._is_first else "memory.peak"
        return int((self._path / name).read_text())

    def remove(self) -> None:
        """Remove the group, whose processes have ended."""
        self._path.rmdir()


def measured(
    command: tuple[str, ...],
    cap: int | None,
    memory: int | None,
    until: threading.Event | None,
) -> None:
    """Run a command, and print the peaks of its processes; `until` ends one that serves."""
    group = None if memory is None else MemoryGroup(memory)

    def limit() -> None:
        if cap is not None:
            resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
        if group is not None:
            group.join()

    done = subprocess.Popen(
        [*SEGUE, *command],
        preexec_fn=limit,  # noqa: PLW1509
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    highest: dict[str, int] = {}
    together = 0
    while done.poll() is None:
        now = peaks(done.pid)
        for name, size in now.values():
            highest[name] = max(highest.get(name, 0), size)
        together = max(together, sum(size for _, size in now.values()))
        if until is not None and until.is_set():
            done.terminate()
        time.sleep(0.1)
    said = done.stderr.read().decode() if done.stderr else ""
    state = "done" if done.returncode in (0, -15) else f"failed: {said[-300:]}"
    sizes = ", ".join(f"{name} {size / MIB:.0f} MiB" for name, size in sorted(highest.items()))
    print(f"segue {command[0]:11} {state}; {sizes}; together {together / MIB:.0f} MiB")
    if group is not None:
        print(f"  the group used up to {group.peak() / MIB:.0f} MiB with cached files")
        group.remove()


def ask(port: int, done: threading.Event) -> None:
    """Log in and ask for lists, as the page does."""
    headers: dict[str, str] = {"Content-Type": "application/json"}
    end = time.monotonic() + 300
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", "/api/v1/session", '{"listener": "anna"}', headers)
            answer = connection.getresponse()
            cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
            token = re.search(rb'"csrf":"([^"]+)"', answer.read())
        except OSError:
            time.sleep(0.2)
            continue
        headers |= {"Cookie": cookie, "X-CSRF-Token": token[1].decode() if token else ""}
        for _ in range(20):
            connection.request("POST", "/api/v1/recommend", '{"k": 50}', headers)
            connection.getresponse().read()
        for path in ("/", "/api/v1/tracks", "/api/v1/albums"):
            connection.request("GET", path, headers=headers)
            connection.getresponse().read()
        connection.close()
        break
    done.set()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--cap-mb", type=int, help="address space of each process")
    parser.add_argument("--memory-mb", type=int, help="memory of each command")
    options = parser.parse_args()
    memory = options.memory_mb * MIB if options.memory_mb else None
    cap = options.cap_mb * MIB if options.cap_mb else None
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        write_music(Path("music"), options.tracks, options.minutes)
        measured(("preprocess", "music", "--workers", "1", "--encoder", "none"), cap, memory, None)
        measured(("train", "knn"), cap, memory, None)
        done, port = threading.Event(), 8790
        threading.Thread(target=ask, args=(port, done), daemon=True).start()
        measured(
            ("serve", "--port", str(port), "--no-access-log", "--no-auto-train"), cap, memory, done
        )


if __name__ == "__main__":
    main()
