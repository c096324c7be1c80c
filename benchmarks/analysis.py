"""Compare the CPU seconds per track of segue's analysis with those of similar tools.

Run: ``python benchmarks/analysis.py FOLDER_OR_FILES... [--rounds 3] [--tracks 6] [--excerpts]``.
From a folder, the files of 2 to 6 MB nearest to 4 MB are taken. With ``--excerpts`` only segue and
bliss-audio run, on the tracks and on 30 s from the middle of each (Ogg Vorbis), and the CPU time of
the whole process counts, with its start and imports.

``pip install 'segue[peers]'`` installs the other tools; one that is missing, or that this processor
cannot run, is reported and left out. Every tool reads, decodes and describes the files in its own
process, with one thread for numerical libraries, after one file that is not counted. The minimum of
the rounds counts.

Output of the other tools: bliss-audio 23 numbers per track (tempo, timbre, loudness, chroma);
Essentia's MusicExtractor its full set; librosa, with one call each, the descriptors, tempo and
beats that segue computes. segue adds log-mel windows, key, loudness and a fingerprint.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SAMPLE_RATE = 22_050
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMBA")}


def segue() -> Callable[[str], object]:
    """Analyze whole tracks."""
    from segue.audio import analyse_file

    return lambda path: analyse_file(Path(path))


def segue_fast() -> Callable[[str], object]:
    """Analyze stretches of tracks."""
    from segue.audio import AnalysisSettings, analyse_file

    fast = AnalysisSettings(fast=True)
    return lambda path: analyse_file(Path(path), fast)


def segue_decode() -> Callable[[str], object]:
    """Decode and resample only."""
    from segue.audio import decode

    return lambda path: decode(Path(path))


def libsndfile_decode() -> Callable[[str], object]:
    """Decode only, at the rate of the file."""
    import soundfile

    return lambda path: soundfile.read(path, dtype="float32")


def bliss() -> Callable[[str], object]:
    """Run bliss-audio."""
    from bliss_audio import Song

    return Song


def librosa_calls() -> Callable[[str], object]:
    """Run librosa for every descriptor, the tempo and the beats, one call each."""
    import librosa

    feature = librosa.feature

    def describe(path: str) -> None:
        signal, rate = librosa.load(path, sr=SAMPLE_RATE)
        librosa.power_to_db(feature.melspectrogram(y=signal, sr=rate))
        feature.mfcc(y=signal, sr=rate)
        feature.tonnetz(chroma=feature.chroma_stft(y=signal, sr=rate))
        feature.spectral_contrast(y=signal, sr=rate)
        feature.spectral_centroid(y=signal, sr=rate)
        feature.spectral_bandwidth(y=signal, sr=rate)
        feature.spectral_rolloff(y=signal, sr=rate)
        feature.zero_crossing_rate(signal)
        feature.rms(y=signal)
        librosa.beat.beat_track(y=signal, sr=rate)

    return describe


def essentia() -> Callable[[str], object]:
    """Run the extractor of Essentia."""
    import essentia
    from essentia.standard import MusicExtractor

    essentia.log.infoActive = False
    essentia.log.warningActive = False
    return MusicExtractor()


TOOLS: dict[str, Callable[[], Callable[[str], object]]] = {
    "segue": segue,
    "segue --fast": segue_fast,
    "segue, decode alone": segue_decode,
    "libsndfile, decode alone": libsndfile_decode,
    "bliss-audio": bliss,
    "librosa": librosa_calls,
    "essentia": essentia,
}


def measure(tool: str, files: list[str]) -> list[float]:
    """Return the CPU seconds of each file, in this process."""
    function = TOOLS[tool]()
    function(files[0])  # loading and compiling is not counted
    seconds = []
    for file in files:
        start = time.process_time()
        function(file)
        seconds.append(time.process_time() - start)
    return seconds


def measured(tool: str, files: list[str]) -> list[float] | str:
    """Run `measure` in a process; return the reason if it fails."""
    done = subprocess.run(
        [sys.executable, __file__, "--tool", tool, *files],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **ONE_THREAD},
    )
    if done.returncode == 0:
        return list(json.loads(done.stdout.splitlines()[-1]))
    if done.returncode == -4:
        return "is built for instructions that this processor does not have"
    reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return f"does not run here: {reason[0]}"


def whole_process(tool: str, files: list[str]) -> float:
    """Return the CPU seconds per file of a process that analyzes files, with its start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, __file__, "--tool", tool, "--once", *files],
        capture_output=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used / len(files)


def cut_excerpts(files: list[str], to: Path, seconds: float = 30.0) -> list[str]:
    """Write the middle of each file as Ogg Vorbis; return the paths."""
    import soundfile

    paths = []
    for number, file in enumerate(files):
        with soundfile.SoundFile(file) as track:
            n_wanted = round(seconds * track.samplerate)
            track.seek(max((track.frames - n_wanted) // 2, 0))
            samples = track.read(n_wanted, dtype="float32", always_2d=True)
            paths.append(str(to / f"{number}.ogg"))
            with soundfile.SoundFile(
                paths[-1], "w", track.samplerate, samples.shape[1], "VORBIS", format="OGG"
            ) as excerpt:
                for first in range(0, len(samples), 65_536):  # libsndfile fails on long blocks
                    excerpt.write(samples[first : first + 65_536])
    return paths


def compare_excerpts(files: list[str], n_rounds: int) -> None:
    """Print the CPU time of whole processes relative to bliss-audio, on tracks and excerpts."""
    tools = ("bliss-audio", "segue", "segue --fast")
    with tempfile.TemporaryDirectory() as directory:
        excerpts = cut_excerpts(files, Path(directory))
        for name, chosen in (("full tracks", files), ("30 s excerpts", excerpts)):
            least = dict.fromkeys(tools, float("inf"))
            for _ in range(n_rounds):  # the tools in turn: a shared machine changes its speed
                for tool in tools:
                    least[tool] = min(least[tool], whole_process(tool, chosen))
            print(f"{name}: {len(chosen)} files, CPU s per file of the whole process")
            for tool, seconds in least.items():
                print(f"  {tool:14} {seconds:.4f}  {seconds / least['bliss-audio']:.2f} of bliss")


def workers_ratio(files: list[str]) -> float:
    """Return the throughput of two workers relative to one."""
    from segue.pipeline.analysis.inputs import ANALYSIS
    from segue.pipeline.analysis.tasks import analyse_track
    from segue.pipeline.analysis.workers import Workers

    work = [(number, (Path(file), ANALYSIS)) for number, file in enumerate(files * 4)]
    seconds = {}
    for n_workers in (1, 2):
        with Workers(n_workers) as workers:
            list(workers.answers(analyse_track, work[:n_workers]))
            start = time.monotonic()
            list(workers.answers(analyse_track, work))
            seconds[n_workers] = time.monotonic() - start
    return seconds[1] / seconds[2]


def peak_memory(path: str, *, fast: bool = False) -> float:
    """Return the peak memory in MB of a process that analyzes a file (Linux only)."""
    settings = "FAST" if fast else "ANALYSIS"
    script = (
        "import sys; from pathlib import Path\n"
        f"from segue.pipeline.analysis.inputs import {settings} as settings\n"
        "from segue.pipeline.analysis.tasks import analyse_track\n"
        "analyse_track(Path(sys.argv[1]), settings)\n"
        # getrusage would include the memory of the parent process
        "print(*[line for line in open('/proc/self/status') if line.startswith('VmHWM')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    return int(done.stdout.split()[1]) * 1_024 / 1e6


def kept_bytes(files: list[str]) -> float:
    """Return the bytes that a library stores per track."""
    from segue.library import Library
    from segue.pipeline.preprocess import preprocess

    with tempfile.TemporaryDirectory() as directory:
        music = Path(directory) / "music"
        music.mkdir()
        for file in files:
            (music / Path(file).name).symlink_to(Path(file).resolve())
        library = Library(Path(directory) / "my.segue")
        result = preprocess(library, music)
        library.close()
        parts = [path for path in library.directory.rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in parts) / max(result.analyzed, 1)


def long_mix(files: list[str], hours: float, to: Path) -> str:
    """Join tracks to a mix of some hours, 44.1 kHz stereo FLAC."""
    import soundfile

    blocks = [soundfile.read(file, dtype="int16", always_2d=True) for file in files]
    rate = blocks[0][1]
    path = to / "mix.flac"
    n_wanted = round(hours * 3_600 * rate)
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as mix:
        while n_wanted > 0:
            for samples, _ in blocks:
                stereo = samples[:n_wanted, [0, -1]]
                mix.write(stereo)
                n_wanted -= len(stereo)
    return str(path)


def choose(arguments: list[Path], n_tracks: int) -> list[str]:
    """Return the given files, and of folders the tracks of 2 to 6 MB nearest to 4 MB."""
    files: list[Path] = []
    for argument in arguments:
        if argument.is_file():
            files.append(argument)
            continue
        sized = [path for path in sorted(argument.rglob("*")) if path.suffix in {".ogg", ".mp3"}]
        sized = [path for path in sized if 2e6 <= path.stat().st_size <= 6e6]
        files += sorted(sized, key=lambda path: abs(path.stat().st_size - 4e6))[:n_tracks]
    return [str(file) for file in files]


def main() -> None:
    """Print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tracks", type=int, default=6)
    parser.add_argument("--hours", type=float, default=3.0, help="Of the mix for memory; 0: none.")
    parser.add_argument("--only", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--excerpts", action="store_true", help="Whole processes; 30 s excerpts.")
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        function = TOOLS[arguments.tool]()
        for file in arguments.files:
            function(str(file))
        return
    if arguments.tool:
        print(json.dumps(measure(arguments.tool, list(map(str, arguments.files)))))
        return
    files = choose(arguments.files, arguments.tracks)
    if arguments.excerpts:
        compare_excerpts(files, arguments.rounds)
        return
    least: dict[str, float] = {}
    for tool in arguments.only:
        found = measured(tool, files[:1])
        if isinstance(found, str):
            print(f"{tool} {found}")
        else:
            least[tool] = float("inf")
    for _ in range(arguments.rounds):
        for tool, before in least.items():
            found = measured(tool, files)
            if not isinstance(found, str):
                least[tool] = min(before, sum(found) / len(found))
    megabytes = sum(Path(file).stat().st_size for file in files) / len(files) / 1e6
    print(f"\n{len(files)} tracks of {megabytes:.1f} MB; least of {arguments.rounds} rounds")
    print(f"{'':26} CPU s/track   segue takes")
    for tool, seconds in sorted(least.items(), key=lambda pair: pair[1]):
        print(f"{tool:26} {seconds:11.3f} {least['segue'] / seconds:10.2f} of it", end="")
        print(f", --fast {least['segue --fast'] / seconds:.2f}")
    print(f"\ntwo workers have {workers_ratio(files):.2f} times the throughput of one")
    print(f"stored per track: {kept_bytes(files) / 1e3:.0f} kB")
    print(f"peak memory of one track: {peak_memory(files[0]):.0f} MB")
    if arguments.hours:
        with tempfile.TemporaryDirectory() as directory:
            mix = long_mix(files, arguments.hours, Path(directory))
            print(f"peak memory of {arguments.hours:g} hours: {peak_memory(mix):.0f} MB", end="")
            print(f", --fast {peak_memory(mix, fast=True):.0f} MB")


if __name__ == "__main__":
    main()
