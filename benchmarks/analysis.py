"""CPU seconds to describe one file: segue's shared spectrum against librosa's separate calls.

Run: ``python benchmarks/analysis.py FILE`` (or with no file: 30 seconds of made-up music).
Both sides describe the same decoded signal; the best of several rounds counts, after one warm-up
round that lets librosa compile. Set ``OPENBLAS_NUM_THREADS=1`` to leave out waiting threads.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray

from segue.audio import SAMPLE_RATE, analyse, decode, describe, tempo

Signal = NDArray[np.float32]


def made_up_music(seconds: float = 30.0) -> Signal:
    """Make a chord that is struck 110 times a minute, over noise."""
    time_ = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * 220.0 * 2 ** (step / 12) * time_) for step in (0, 4, 7))
    struck = chord * np.exp(-6.0 * np.mod(time_, 60.0 / 110.0))
    noise = np.random.default_rng(0).normal(0.0, 0.01, len(time_))
    return (0.2 * struck + noise).astype(np.float32)


def with_librosa(signal: Signal) -> None:
    """Ask librosa for every descriptor and the tempo, each on its own, as its users do."""
    feature, rate = librosa.feature, SAMPLE_RATE
    librosa.power_to_db(feature.melspectrogram(y=signal, sr=rate))
    feature.mfcc(y=signal, sr=rate)
    feature.tonnetz(chroma=feature.chroma_stft(y=signal, sr=rate))
    feature.spectral_contrast(y=signal, sr=rate)
    feature.spectral_centroid(y=signal, sr=rate)
    feature.spectral_bandwidth(y=signal, sr=rate)
    feature.spectral_rolloff(y=signal, sr=rate)
    feature.zero_crossing_rate(signal)
    feature.rms(y=signal)
    feature.tempo(y=signal, sr=rate)


def with_segue(signal: Signal) -> None:
    """Describe the signal and estimate its tempo."""
    tempo(describe(signal)["log_mel"])


def cpu_seconds(function: Callable[[Signal], object], signal: Signal, rounds: int = 5) -> float:
    """Return the least CPU time of `rounds` calls, after one that does not count."""
    function(signal)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        function(signal)
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print the CPU seconds of both, and their ratio."""
    if len(sys.argv) > 1:
        start = time.process_time()
        signal = decode(Path(sys.argv[1]))
        print(f"decode             {time.process_time() - start:7.3f} CPU s")
    else:
        signal = made_up_music()
    print(f"signal             {len(signal) / SAMPLE_RATE:7.1f} s")
    ours, theirs = cpu_seconds(with_segue, signal), cpu_seconds(with_librosa, signal)
    print(f"segue describe     {ours:7.3f} CPU s")
    print(f"segue analyse      {cpu_seconds(analyse, signal):7.3f} CPU s")
    print(f"librosa            {theirs:7.3f} CPU s")
    print(f"ratio              {theirs / ours:7.1f} times")


if __name__ == "__main__":
    main()
