"""Compare the analysis of the same files by local workers and on a Ray cluster of this machine.

    python benchmarks/ray_efficiency.py [--files 24] [--seconds 60]

Each row is a run of ``segue preprocess`` into a fresh library in a process of its own, after Ray
has started. Efficiency is the time of one local worker, divided by that of the row and by its
number of workers. Processor seconds and memory (proportional set size, the peak) are those of all
processes of the run, sampled twice a second: they include those of Ray. The machine should have
nothing else to do; if it has, compare processor seconds only.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile
from served import memory_mb, processes_of, processor_seconds

RATE = 22_050
RUNS = (("local", 1), ("local", 2), ("ray", 1), ("ray", 2))


def write_files(directory: Path, n_files: int, seconds: float) -> None:
    """Write files of chords that change twice a second."""
    directory.mkdir()
    for number in range(n_files):
        rng = np.random.default_rng(number)
        times = np.arange(int(RATE * seconds)) / RATE
        roots = 110 * 2 ** (rng.integers(0, 24, int(2 * seconds) + 1) / 12)
        root = roots[(2 * times).astype(int)]
        sound = sum(np.sin(2 * np.pi * root * step * times) for step in (1, 1.26, 1.5))
        sound = sound * np.exp(-4 * (times % 0.5)) + rng.normal(0, 0.02, len(times))
        soundfile.write(directory / f"{number:03}.flac", (sound / 4).astype(np.float32), RATE)


class Sampler(threading.Thread):
    """Samples the processor time and memory of this process and all that it has started."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds: dict[int, float] = {}
        self.peak_mb = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        """Sample until `ended` is set."""
        while not self.ended.wait(0.5):
            self.sample()

    def sample(self) -> None:
        """Add the present state."""
        total = 0.0
        for process in processes_of(os.getpid()):
            used = processor_seconds(process)
            self.seconds[process] = max(used, self.seconds.get(process, 0.0))
            total += memory_mb(process)
        self.peak_mb = max(self.peak_mb, total)


def measure(kind: str, n_workers: int, music: Path) -> dict:
    """Return the seconds, processor seconds and memory of one run."""
    from segue import preprocess

    if kind == "ray":
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray

        ray.init(
            num_cpus=n_workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    with tempfile.TemporaryDirectory() as directory:
        sampler = Sampler()
        sampler.sample()
        before = sum(sampler.seconds.values())
        sampler.start()
        start = time.monotonic()
        done = preprocess(Path(directory) / "my.segue", music, runner=kind, workers=n_workers)
        seconds = time.monotonic() - start
        sampler.ended.set()
        sampler.join()
    used = sum(sampler.seconds.values()) - before
    return {"files": done.analyzed, "seconds": seconds, "cpu": used, "mb": sampler.peak_mb}


def main() -> None:
    """Print one row a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--one", nargs=3, metavar=("RUNNER", "WORKERS", "MUSIC"), help="one run")
    options = parser.parse_args()
    if options.one:
        kind, workers, music = options.one
        print(json.dumps(measure(kind, int(workers), Path(music))))
        return
    with tempfile.TemporaryDirectory() as directory:
        music = Path(directory) / "music"
        write_files(music, options.files, options.seconds)
        print("| runner | workers | s | efficiency | processor s a file | memory of all, MB |")
        print("|---|---|---|---|---|---|", flush=True)
        alone = None
        for kind, workers in RUNS:
            command = [sys.executable, __file__, "--one", kind, str(workers), str(music)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row = json.loads(done.stdout.splitlines()[-1])
            alone = alone or row["seconds"]
            print(
                f"| {kind} | {workers} | {row['seconds']:.0f}"
                f" | {alone / row['seconds'] / workers:.2f} | {row['cpu'] / row['files']:.2f}"
                f" | {row['mb']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
