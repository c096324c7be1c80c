"""Measure the peak memory of an analysis and of a server: ``python benchmarks/small_machine.py``.

Renders tracks of several minutes, analyzes them with one worker, trains ``knn``, serves, asks for
lists, and prints the peak of the resident memory (VmHWM, proc(5)) of each process. ``--cap-mb``
repeats the commands with a limit of the address space (``ulimit -v``), and says which fail.
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


def measured(command: tuple[str, ...], cap: int | None, until: threading.Event | None) -> None:
    """Run a command, and print the peaks of its processes; `until` ends one that serves."""

    def limit() -> None:
        if cap is not None:
            resource.setrlimit(resource.RLIMIT_AS, (cap, cap))

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
    options = parser.parse_args()
    cap = options.cap_mb * MIB if options.cap_mb else None
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        write_music(Path("music"), options.tracks, options.minutes)
        measured(("preprocess", "music", "--workers", "1", "--encoder", "none"), cap, None)
        measured(("train", "knn"), cap, None)
        done, port = threading.Event(), 8790
        threading.Thread(target=ask, args=(port, done), daemon=True).start()
        measured(("serve", "--port", str(port), "--no-access-log", "--no-auto-train"), cap, done)


if __name__ == "__main__":
    main()
