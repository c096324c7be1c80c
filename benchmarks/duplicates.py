"""Measure duplicate detection: copies that are found, and different recordings that are merged.

Run: ``python benchmarks/duplicates.py FOLDER... [--copies 3] [--seed 0]`` on folders of real music.
Every track is copied with seeded changes: another encoding, and one or two of leading silence, a
trimmed beginning or end, volume, equalization, limiting. All are fingerprinted and grouped as
``segue library duplicates`` does. A merge of files of different tracks is false, unless the
waveforms of their originals correlate at 0.5 or more at one lag throughout, which no two
performances do: the folders hold these tracks twice, and they are listed. Tracks with a speed
change of 3 % or more are *not* copies: they represent other versions. Each track also comes as a
remaster, which is a copy, and as the backing of a voice and of another track's lead, which are
other recordings (`benchmarks.mastering`).

The thresholds were chosen on tracks at even positions; those at odd positions check it.
``--keep FILE.npz`` saves the fingerprints, and a later ``--kept FILE.npz`` reports on them.
"""

import argparse
import io
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
import soxr
from benchmarks.mastering import limited, middle_band, remastered, shelf, voice, with_lead
from numpy.typing import NDArray
from scipy.stats import binomtest

from segue.audio import DEFAULT_SETTINGS, SAMPLE_RATE, decode, describe
from segue.audio.fingerprint import fingerprint
from segue.index.recordings import MIN_SIMILARITY, find_duplicate_pairs, group_pairs
from segue.sources.datasets.tracks import AUDIO_SUFFIXES

Signal = NDArray[np.float32]
MAX_SECONDS = 150.0  # of each track; the fingerprint covers the first 120
CODECS = {
    "mp3 64k": ("mp3", "libmp3lame", 64_000),
    "mp3 128k": ("mp3", "libmp3lame", 128_000),
    "mp3 320k": ("mp3", "libmp3lame", 320_000),
    "wma 96k": ("asf", "wmav2", 96_000),
    "opus 48k": ("ogg", "libopus", 48_000),
    "aac 96k": ("adts", "aac", 96_000),
}


def encoded(signal: Signal, codec: str) -> Signal:
    """Encode at 44.1 (Opus: 48) kHz, then decode."""
    container_format, name, bit_rate = CODECS[codec]
    rate = 48_000 if name == "libopus" else 44_100
    samples = soxr.resample(signal, SAMPLE_RATE, rate)
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(name, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.rate = rate
        fifo = av.AudioFifo()
        for converted in resampler.resample(frame):
            fifo.write(converted)
        size = stream.codec_context.frame_size or 1_024
        while piece := fifo.read(size) or fifo.read(0, partial=True):
            piece.pts = None
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    decoded = np.concatenate(blocks, axis=1).astype(np.float32).mean(axis=0)
    return soxr.resample(decoded, rate, SAMPLE_RATE)


def edits(rng: np.random.Generator) -> dict[str, Callable[[Signal], Signal]]:
    """Return changes that keep the recording the same."""
    seconds, gain = rng.uniform(0.3, 5.0), rng.uniform(-6.0, 6.0)
    samples = round(seconds * SAMPLE_RATE)
    return {
        "leading silence": lambda x: np.concatenate((np.zeros(samples, np.float32), x)),
        "beginning cut": lambda x: x[min(samples, len(x) // 5) :],
        "end cut": lambda x: x[: -min(samples, len(x) // 5)],
        "volume": lambda x: x * np.float32(10 ** (gain / 20)),
        "treble": lambda x: shelf(x, 2_000.0, gain, high=True),
        "bass": lambda x: shelf(x, 300.0, gain, high=False),
        "limited": limited,
    }


def tracks(folders: list[Path]) -> Iterator[tuple[Path, Signal]]:
    """Yield real tracks of 15 s and more; shorter ones in these folders are sound effects."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in AUDIO_SUFFIXES:
                signal = decode(path, max_seconds=MAX_SECONDS)
                if len(signal) >= 15 * SAMPLE_RATE:
                    yield path, signal


def codes(signal: Signal) -> NDArray[np.uint32]:
    """Fingerprint a signal."""
    return fingerprint(describe(signal)["log_mel"], DEFAULT_SETTINGS)


def wilson(n_hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    low, high = binomtest(n_hits, max(n, 1)).proportion_ci(method="wilson")
    return float(low), float(high)


def same_waveform(one: Path, other: Path) -> float:
    """Return the correlation of two tracks at the best lag, the minimum of its parts."""
    x, y = decode(one, max_seconds=MAX_SECONDS), decode(other, max_seconds=MAX_SECONDS)
    n_fft = 1 << (len(x) + len(y)).bit_length()
    product = np.fft.rfft(x, n_fft) * np.fft.rfft(y, n_fft).conj()
    lag = int(np.argmax(np.abs(np.fft.irfft(product, n_fft))))
    lag = lag if lag < n_fft // 2 else lag - n_fft
    x, y = x[max(lag, 0) :], y[max(-lag, 0) :]
    n = min(len(x), len(y))
    parts = zip(np.array_split(x[:n], 3), np.array_split(y[:n], 3), strict=True)
    return min(abs(float(np.corrcoef(a, b)[0, 1])) for a, b in parts)


class Files:
    """Compared files: fingerprints, durations, original tracks, changes."""

    def __init__(self) -> None:
        self.prints: list[NDArray[np.uint32]] = []
        self.durations: list[float] = []
        self.origin: list[int] = []
        self.change: list[str] = []
        self.paths: list[str] = []

    def add(self, signal: Signal, origin: int, change: str) -> None:
        """Add one file."""
        self.prints.append(codes(signal))
        self.durations.append(len(signal) / SAMPLE_RATE)
        self.origin.append(origin)
        self.change.append(change)

    def save(self, path: Path) -> None:
        """Save everything."""
        np.savez(
            path,
            codes=np.concatenate(self.prints),
            lengths=[len(found) for found in self.prints],
            durations=self.durations,
            origin=self.origin,
            change=self.change,
            paths=self.paths,
        )

    @classmethod
    def load(cls, path: Path) -> "Files":
        """Read a saved file."""
        files = cls()
        with np.load(path) as kept:
            files.prints = np.split(kept["codes"], np.cumsum(kept["lengths"])[:-1])
            for name in ("durations", "origin", "change", "paths"):
                setattr(files, name, kept[name].tolist())
        return files


def main() -> None:
    """Print the copies found and the false merges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="Save the fingerprints to this .npz.")
    parser.add_argument("--kept", type=Path, help="Report on the fingerprints of this .npz.")
    parser.add_argument("--step", type=int, default=1, help="Take every STEP-th track.")
    arguments = parser.parse_args()
    if arguments.kept:
        files = Files.load(arguments.kept)
    else:
        files = make(arguments.folders, arguments.copies, arguments.seed, arguments.step)
    if arguments.keep:
        files.save(arguments.keep)
    report(files)


def make(folders: list[Path], n_copies: int, seed: int, step: int = 1) -> Files:
    """Fingerprint every track, its copies and its versions."""
    rng = np.random.default_rng(seed)
    files = Files()
    before: Signal | None = None
    for place, (path, signal) in enumerate(islice(tracks(folders), 0, None, step)):
        files.paths.append(str(path))
        files.add(signal, place, "original")
        for _ in range(n_copies):
            codec = str(rng.choice(list(CODECS)))
            choice = edits(rng)
            chosen = rng.choice(list(choice), size=rng.integers(1, 3), replace=False).tolist()
            copy = signal
            for edit in chosen:
                copy = choice[edit](copy)
            files.add(encoded(copy, codec), place, " + ".join([codec, *sorted(chosen)]))
        codec = str(rng.choice(list(CODECS)))
        files.add(encoded(remastered(signal, rng), codec), place, f"remaster, {codec}")
        speed = float(rng.choice([0.9, 0.97, 1.03, 1.1]))
        faster = soxr.resample(signal, speed * SAMPLE_RATE, SAMPLE_RATE)
        files.add(faster, place, f"speed {speed}")
        leads = {"voice": voice(len(signal), rng)}
        if before is not None:
            leads["lead"] = middle_band(before, len(signal))
        for name, lead in leads.items():
            sung, level = with_lead(signal, lead, rng)
            files.add(sung, place, f"{name} {level:+.0f} dB")
        before = signal
    return files


def is_copy(change: str) -> bool:
    """Return whether a changed file is the same recording as its original."""
    return change != "original" and kind_of(change) not in ("speed", "voice", "lead")


def own_version(change: str) -> str:
    """Return what makes a file another recording than its original; empty if nothing does."""
    return "" if change == "original" or is_copy(change) else change


def kind_of(change: str) -> str:
    """Return the kind of a change: copy, remaster, speed, voice or lead."""
    word = change.split(maxsplit=1)[0].rstrip(",")
    return word if word in ("remaster", "speed", "voice", "lead") else "copy"


def report(files: Files) -> None:
    """Print the figures of the two halves of the tracks."""
    origin, change = np.array(files.origin), files.change
    names = [Path(path).name for path in files.paths]
    print(f"{len(names)} tracks, {len(change)} files, similarity from {MIN_SIMILARITY}")
    empty = {
        names[place] for place, code in zip(origin, files.prints, strict=True) if not len(code)
    }
    print(f"without a fingerprint: {', '.join(sorted(empty)) or 'none'}")
    for part, label in ((0, "chosen on: even places"), (1, "checked on: odd places")):
        places = np.flatnonzero(origin % 2 == part)
        pairs = find_duplicate_pairs(
            [files.prints[place] for place in places], np.array(files.durations)[places]
        )
        groups = group_pairs([(pair.one, pair.other) for pair in pairs], len(places))
        group_of = {places[one]: number for number, group in enumerate(groups) for one in group}
        merged = {(places[a], places[b]) for group in groups for a in group for b in group if a < b}
        originals = {origin[one]: one for one in places if change[one] == "original"}
        copies = [f for f in places if change[f] != "original"]
        found, missed = Counter[str](), Counter[str]()
        for copy in copies:
            same = group_of.get(originals[origin[copy]], -1) == group_of.get(copy, -2)
            found[kind_of(change[copy])] += same
            if not same and is_copy(change[copy]):
                missed[change[copy]] += 1
        n_copies = Counter(kind_of(change[copy]) for copy in copies)
        print(f"\n{label}: {len(originals)} tracks")
        print("  grouped with the original (copy and remaster are right, the others wrong):")
        for kind, n in n_copies.items():
            low, high = wilson(found[kind], n)
            share = f"{found[kind] / n:.1%} [{low:.1%}, {high:.1%}]"
            print(f"    {kind:9} {found[kind]:5} of {n:5}: {share}")
        for what, count in missed.most_common(8):
            print(f"    missed {count}: {what}")
        twice = {
            (a, b): same_waveform(Path(files.paths[a]), Path(files.paths[b]))
            for a, b in sorted({tuple(sorted((origin[a], origin[b]))) for a, b in merged})
            if a != b
        }
        for (a, b), value in twice.items():
            print(f"    {names[a]} = {names[b]}: their waveforms correlate at {value:.2f}")
        wrong = [
            (a, b)
            for a, b in sorted(merged)
            if own_version(change[a]) != own_version(change[b])
            or (
                origin[a] != origin[b]
                and twice[min(origin[a], origin[b]), max(origin[a], origin[b])] < 0.5
            )
        ]
        low, high = wilson(len(wrong), len(merged))
        print(
            f"  false {len(wrong)} of {len(merged)} merged pairs: {len(wrong) / len(merged):.2%}"
            f" [{low:.2%}, {high:.2%}], of {len(places) * (len(places) - 1) // 2} pairs in all"
        )
        for a, b in wrong[:20]:
            print(f"    {names[origin[a]]} ({change[a]}) = {names[origin[b]]} ({change[b]})")


if __name__ == "__main__":
    main()
