"""Measure the time from a folder of mixed files to the first recommendation, before and after.

Run: ``python benchmarks/first_result.py FOLDER [--before SRC] [--files 300]``. Files of FOLDER are
encoded as FLAC, MP3, Ogg Opus, M4A, WavPack and WAV in turn, half of them without tags. In an
empty library each version then runs `segue preprocess`, and `segue recommend --like` of the first
track; where that gives no list, `segue train knn` and `recommend` again. ``--before`` is the
directory ``src`` of another checkout; both versions run in turn, twice, and the least time of each
counts. The size of the installed packages is printed, too.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from itertools import cycle
from pathlib import Path

SEGUE = [sys.executable, "-c", "from segue.cli import main; main()"]
FORMATS = {
    "flac": [],
    "mp3": ["-b:a", "192k"],
    "opus": ["-c:a", "libopus", "-ar", "48000"],
    "m4a": ["-c:a", "aac"],
    "wv": [],
    "wav": [],
}
N_RUNS = 2


def write_mixed(folder: Path, target: Path, n_files: int) -> None:
    """Encode the first files of a folder in mixed formats; every second one loses its tags."""
    sources = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in {".ogg", ".flac", ".mp3", ".wav", ".opus", ".m4a"}
    ]
    kinds = cycle(FORMATS.items())
    for number, source in enumerate(sources[:n_files]):
        suffix, options = next(kinds)
        tags = ["-map_metadata", "-1"] if number % 2 else []
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-map", "0:a:0", *tags]
        command += [*options, str(target / f"{number:03}.{suffix}")]
        subprocess.run(command, check=True)


def run(source: Path, *arguments: str) -> tuple[int, str]:
    """Run the command line of one version; return the exit code and its output."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(
        [*SEGUE, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    return done.returncode, done.stdout


def first_result(source: Path, music: Path) -> tuple[float, int, int]:
    """Return the seconds to the first list, the number of commands, and of tracks."""
    with tempfile.TemporaryDirectory() as place:
        library = ["-l", str(Path(place) / "library")]
        started = time.monotonic()
        n_tracks = 0
        commands = [["preprocess", str(music)], [], ["train", "knn"], []]
        for n_commands, command in enumerate(commands, 1):
            if command:
                code, output = run(source, *command, *library, "--json")
                if code:
                    raise SystemExit(output)
                if n_commands == 1:
                    n_tracks = json.loads(output)["tracks"]
                continue
            code, output = run(source, "recommend", "--like", "000.flac", *library, "--json")
            if code == 0 and json.loads(output)["tracks"]:
                return time.monotonic() - started, n_commands, n_tracks
    raise SystemExit("no recommendation, even after training")


def installed_megabytes() -> float:
    """Return the size of the packages of this environment."""
    root = Path(sysconfig.get_path("purelib"))
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    """Print the time of each version, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--files", type=int, default=300)
    asked = parser.parse_args()
    versions = {"now": Path(__file__).parents[1] / "src"}
    if asked.before is not None:
        versions = {"before": asked.before, **versions}
    print(f"packages of this environment: {installed_megabytes():,.0f} MB")
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        write_mixed(asked.folder, Path(place), asked.files)
        for _ in range(N_RUNS):
            for name, source in versions.items():
                seconds, n_commands, n_tracks = first_result(source, Path(place))
                best[name] = min(seconds, best.get(name, seconds))
                print(f"{name:7} {seconds:7.1f} s, {n_commands} commands, {n_tracks} tracks")
    if "before" in best:
        print(f"ratio   {best['now'] / best['before']:7.2f}")


if __name__ == "__main__":
    main()
