"""Measure `segue preprocess` of a library without changes, and with few moved or retagged files.

Run: ``python benchmarks/rescan.py [--files 20000]``. Short tones are written as tagged FLAC files,
preprocessed by the command line, and preprocessed again: unchanged, then with one file in a
thousand renamed, retagged or deleted. The start of Python is included, since users wait for it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE = 22_050
SEGUE = [sys.executable, "-c", "from segue.cli import main; main()"]


def write(folder: Path, n_files: int) -> list[Path]:
    """Write tones of 0.3 s, a hundred per folder, with artist and title."""
    time_ = np.arange(round(0.3 * RATE)) / RATE
    paths = []
    for number in range(n_files):
        path = folder / f"artist {number // 100:03}" / f"{number:06}.flac"
        path.parent.mkdir(exist_ok=True)
        tone = 0.3 * np.sin(2 * np.pi * (100 + number % 5_000) * time_)
        noise = 0.01 * np.random.default_rng(number).normal(size=len(time_))
        with soundfile.SoundFile(path, "w", RATE, 1) as file:
            file.title, file.artist = f"Tone {number}", path.parent.name
            file.write(tone + noise)
        paths.append(path)
    return paths


def preprocess(place: Path) -> tuple[float, dict[str, object]]:
    """Run the command line; return the seconds and its JSON output."""
    start = time.monotonic()
    done = subprocess.run(
        [*SEGUE, "preprocess", "music", "--json"], cwd=place, capture_output=True, check=True
    )
    return time.monotonic() - start, json.loads(done.stdout)


def main() -> None:
    """Print the seconds of each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    n_files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "music").mkdir()
        paths = write(place / "music", n_files)

        def tell(what: str) -> None:
            seconds, said = preprocess(place)
            names = ("analyzed", "moved", "missing", "problems")
            print(f"{what:34} {seconds:7.1f} s ", {name: said[name] for name in names}, flush=True)

        tell(f"{n_files} new files")
        tell("nothing changed")
        tell("nothing changed, again")
        for path in paths[::1_000]:
            path.rename(path.with_name("renamed " + path.name))
        tell(f"{len(paths[::1_000])} renamed")
        for path in paths[1::1_000]:
            import mutagen

            file = mutagen.File(path)
            file["title"] = "another title"
            file.save()
        tell(f"{len(paths[1::1_000])} retagged")
        for path in paths[2::1_000]:
            path.unlink()
        tell(f"{len(paths[2::1_000])} deleted")


if __name__ == "__main__":
    main()
