"""Preprocess damaged audio files: none may end the run, none may be lost.

Run: ``python benchmarks/fuzz.py FOLDER [--files 2000] [--seed 0]`` on a folder of real music.
Excerpts of it in eleven encodings are damaged (bits flipped, blocks overwritten, removed, repeated,
inserted, two files joined, sizes in the header set to their limits) and preprocessed like any
folder. The results are printed; the exit code is 1 if a file is not accounted for.
"""

import argparse
import collections
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from segue.audio import SAMPLE_RATE, decode
from segue.library import Library
from segue.pipeline.preprocess import preprocess
from segue.sources import AUDIO_SUFFIXES

ENCODINGS = {  # suffix: container, codec
    "wav": ("wav", "pcm_s16le"),
    "24.wav": ("wav", "pcm_s24le"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "vorbis"),
    "opus": ("ogg", "libopus"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "alac.m4a": ("ipod", "alac"),
    "aac": ("adts", "aac"),
    "aiff": ("aiff", "pcm_s16be"),
    "wma": ("asf", "wmav2"),
}
SECONDS = 10.0


def encode(path: Path, suffix: str, to: Path) -> None:
    """Write an excerpt of a file in another encoding."""
    container_format, codec = ENCODINGS[suffix]
    rate = 48_000 if codec == "libopus" else 44_100
    samples = soxr.resample(decode(path, max_seconds=SECONDS), SAMPLE_RATE, rate)
    if codec == "vorbis":  # PyAV has no good encoder of it
        soundfile.write(to, np.tile(samples, (2, 1)).T, rate, format="OGG")
        return
    with av.open(str(to), "w", format=container_format) as output:
        stream = output.add_stream(codec, rate=rate, layout="stereo")
        stream.bit_rate = 128_000
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(np.tile(samples, (2, 1)), "fltp", "stereo")
        frame.sample_rate = rate
        size = stream.codec_context.frame_size or 4_096
        resampler = av.AudioResampler(stream.format.name, "stereo", rate, frame_size=size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))


Bytes = bytearray
Damage = Callable[[Bytes, np.random.Generator, Bytes], Bytes]


def _place(content: Bytes, rng: np.random.Generator) -> int:
    # in the header every other time, where parsers break
    return int(rng.integers(0, min(len(content), 600) if rng.random() < 0.5 else len(content)))


def flip_bits(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Flip up to 64 bits."""
    for _ in range(rng.integers(1, 65)):
        content[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return content


def overwrite(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Overwrite a block with noise, zeros or ones."""
    start, n = _place(content, rng), int(rng.integers(1, 5_000))
    block = [rng.bytes(n), bytes(n), b"\xff" * n][rng.integers(3)]
    content[start : start + n] = block[: len(content) - start]
    return content


def cut(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Cut off the end."""
    return content[: _place(content, rng)]


def remove(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Remove a block."""
    start = _place(content, rng)
    del content[start : start + int(rng.integers(1, 5_000))]
    return content


def repeat(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Repeat a block."""
    start, n = _place(content, rng), int(rng.integers(1, 20_000))
    return content[:start] + content[start : start + n] * 3 + content[start + n :]


def insert(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Insert noise."""
    start = _place(content, rng)
    return content[:start] + rng.bytes(int(rng.integers(1, 5_000))) + content[start:]


def join(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:
    """Continue with another file of any format."""
    return content[: _place(content, rng)] + other[_place(other, rng) :]


def stretch_sizes(content: Bytes, rng: np.random.Generator, other: Bytes) -> Bytes:  # noqa: ARG001
    """Set numbers in the header to their limits."""
    for _ in range(rng.integers(1, 5)):
        start = int(rng.integers(0, min(len(content), 300)))
        content[start : start + 4] = [b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"][
            rng.integers(3)
        ]
    return content


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    overwrite,
    cut,
    remove,
    repeat,
    insert,
    join,
    stretch_sizes,
)


def make(folder: Path, to: Path, n_files: int, seed: int) -> None:
    """Write `n_files` damaged files."""
    rng = np.random.default_rng(seed)
    sources = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    chosen = [sources[place] for place in rng.permutation(len(sources))[:12]]
    with tempfile.TemporaryDirectory() as directory:
        whole: list[tuple[str, bytes]] = []
        for number, path in enumerate(chosen):
            for suffix in ENCODINGS:
                file = Path(directory) / f"{number}.{suffix}"
                encode(path, suffix, file)
                whole.append((suffix, file.read_bytes()))
    for number in range(n_files):
        suffix, content = whole[rng.integers(len(whole))]
        other = Bytes(whole[rng.integers(len(whole))][1])
        damaged = Bytes(content)
        for place in rng.integers(0, len(DAMAGES), rng.integers(1, 4)):
            if damaged:
                damaged = DAMAGES[place](damaged, rng, other)
        (to / f"{number:05}.{suffix}").write_bytes(damaged)


def main() -> None:
    """Print the results of the damaged files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp())
    try:
        (place / "music").mkdir()
        make(arguments.folder, place / "music", arguments.files, arguments.seed)
        started = time.monotonic()
        library = Library(place / "my.segue")
        result = preprocess(library, place / "music", workers=arguments.workers, time_limit=60)
        seconds = time.monotonic() - started
        failed = {problem.subject: problem.reason for problem in library.problems(stage="analysis")}
        n_lost = result.tracks - result.analyzed - len(failed)
        print(f"{result.tracks} files in {seconds:.0f} s: {result.analyzed} analysed,", end=" ")
        print(f"{len(failed)} refused with a reason, {n_lost} unaccounted for")
        kinds = collections.Counter(
            re.sub(r"\d+(\.\d+)?", "N", re.sub(r"'[^']*'", "FILE", reason))
            for reason in failed.values()
        )
        for reason, count in kinds.most_common(25):
            print(f"  {count:5} {reason}")
    finally:
        shutil.rmtree(place)
    sys.exit(1 if n_lost or result.tracks != arguments.files else 0)


if __name__ == "__main__":
    main()
