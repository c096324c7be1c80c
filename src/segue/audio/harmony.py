"""Musical key of a whole track, with a confidence.

Conventions
-----------
- Keys are numbered 0 to 23: the major keys from C upwards by semitones, then the minor keys from C.
- Tones are peaks of the spectrum between 60 and 2,000 Hz, each weighed by its magnitude relative
  to the loudest bin of the frame: noise and distant overtones count little, soft passages as much
  as loud ones. The tuning is the weighted mean of their deviations.
- Their mean is correlated with the profile of each key, the mean of two published ones: how often
  each tone occurs in classical pieces in that key (Albrecht and Shanahan, "The use of large
  corpora to train a new type of key-finding algorithm", 2013), and how strong it is in recordings
  of electronic dance music ("braw": Faraldo, Jordà, Herrera, "A multi-profile method for key
  estimation in EDM", 2017).
- The confidence is the share of the best key in a softmax over all keys; below `MIN_KEY_CONFIDENCE`
  a key counts as unknown.
- A key is its name, ``"A minor"``; sharps are written for the black keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Doubles, Floats, frequencies

MIN_KEY_CONFIDENCE: Final = 0.5
N_KEYS: Final = 24
SHARPNESS = 8.0  # of the softmax over correlations: keys shown are right in four of five tracks

_TONES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_PROFILES = (  # of each source, the major and the minor profile from the tonic
    (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    ),
    (
        (1.000, 0.157, 0.420, 0.157, 0.530, 0.367, 0.163, 0.771, 0.168, 0.383, 0.211, 0.297),
        (1.000, 0.233, 0.362, 0.391, 0.293, 0.378, 0.196, 0.743, 0.270, 0.216, 0.423, 0.227),
    ),
)
_SILENT = np.float32(1e-9)
MIN_HZ, MAX_HZ = 60.0, 2_000.0
MIN_PEAK = 0.1  # magnitude relative to the loudest bin of the frame
A_ABOVE_C = 9

Tones: TypeAlias = tuple[int, NDArray[np.int64], Doubles, Doubles]
"""Number of frames of a block; frame, pitch (semitones above a C) and weight of each tone."""


@dataclass(frozen=True, slots=True)
class MusicalKey:
    """The number of a key, and the confidence in it from 0 to 1."""

    number: int
    confidence: float

    @property
    def name(self) -> str:
        """Name of the key, ``"A minor"``."""
        return key_name(self.number)


def key_name(number: int) -> str:
    """Return the name of a key.

    Examples
    --------
    >>> key_name(0), key_name(21)
    ('C major', 'A minor')
    """
    return f"{_TONES[number % 12]} {'major' if number < 12 else 'minor'}"


def key_place(number: int) -> tuple[float, float, float]:
    """Return coordinates of a key on the circle of fifths, and its mode.

    Returns
    -------
    tuple of float
        Cosine and sine of the angle of its key signature, and 1 for minor.

    Examples
    --------
    >>> key_place(0)  # C major and A minor share a signature
    (1.0, 0.0, 0.0)
    >>> key_place(21)
    (1.0, 0.0, 1.0)
    """
    minor = number >= 12
    relative_major = (number + 3) % 12 if minor else number
    angle = 2.0 * np.pi * (7 * relative_major % 12) / 12.0
    return float(np.cos(angle)), float(np.sin(angle)), float(minor)


def find_tones(magnitude: Floats, settings: AnalysisSettings) -> Tones:
    """Find the tones of a block of frames ``[n_frames, n_bins]``."""
    hertz = frequencies(settings)
    first, end = (int(bin_) for bin_ in np.searchsorted(hertz, (MIN_HZ, MAX_HZ)))
    first = max(first, 1)
    loudest = magnitude.max(axis=1, keepdims=True)
    near = magnitude[:, first - 1 : end + 1]
    rises = near[:, 1:] > near[:, :-1]  # above the bin before
    peaks = rises[:, :-1] & ~rises[:, 1:]
    peaks &= near[:, 1:-1] > np.maximum(np.float32(MIN_PEAK) * loudest, _SILENT)
    frame, place = np.divmod(np.flatnonzero(peaks), peaks.shape[1])
    left, peak, right = (
        np.log(np.maximum(near[frame, place + step], _SILENT).astype(np.float64))
        for step in range(3)
    )
    # a parabola through the logarithms of three bins
    shift = 0.5 * (left - right) / np.minimum(left - 2.0 * peak + right, -1e-9)
    shift = np.clip(shift, -0.5, 0.5)
    pitch = (place + first + shift) * settings.sample_rate / settings.n_fft
    weight = np.exp(peak - 0.25 * (left - right) * shift) / loudest[frame, 0]
    semitones = 12.0 * np.log2(pitch / 440.0) + A_ABOVE_C
    return len(magnitude), frame, semitones, weight


def tone_chroma(blocks: Sequence[Tones]) -> Floats:
    """Return the weight of each pitch class, in the tuning of all blocks ``[n_frames, 12]``."""
    starts = np.cumsum([0, *(n_frames for n_frames, *_ in blocks)])
    frame = np.concatenate(
        [start + block[1] for start, block in zip(starts[:-1], blocks, strict=True)]
    )
    pitch = np.concatenate([block[2] for block in blocks])
    weight = np.concatenate([block[3] for block in blocks])
    tuning = np.angle(weight @ np.exp(2j * np.pi * pitch)) / (2.0 * np.pi)
    tone = np.rint(pitch - tuning)
    inside = weight * np.cos(np.pi * (pitch - tuning - tone)) ** 2
    cell = frame * 12 + tone.astype(np.int64) % 12
    chroma = np.bincount(cell, inside, 12 * int(starts[-1]))
    return chroma.reshape(-1, 12).astype(np.float32)


def estimate_key(chroma: Floats) -> MusicalKey | None:
    """Estimate the key of a track.

    Parameters
    ----------
    chroma : NDArray[float32] [n_frames, 12]
        From C, as `tone_chroma` returns it.

    Returns
    -------
    MusicalKey or None
        None if no tone stands out, as in silence.
    """
    mean = chroma.mean(axis=0, dtype=np.float64)
    centered = mean - mean.mean()
    length = np.sqrt(centered @ centered)
    if not length > 1e-6:
        return None
    correlation = _profiles() @ (centered / length)
    best = int(np.argmax(correlation))
    share = 1.0 / np.exp(SHARPNESS * (correlation - correlation[best])).sum()
    return MusicalKey(best, float(share))


@lru_cache(maxsize=1)
def _profiles() -> Doubles:
    """Return the profile of each key, centered and of length 1 ``[24, 12]``."""
    modes = np.mean([_centered(np.array(source)) for source in _PROFILES], axis=0)  # [2, 12]
    rows = [np.roll(mode, tonic) for mode in modes for tonic in range(12)]
    profiles = _centered(np.array(rows))
    profiles.flags.writeable = False
    return profiles


def _centered(rows: Doubles) -> Doubles:
    """Return rows of mean 0 and length 1."""
    centered = rows - rows.mean(axis=1, keepdims=True)
    unit: Doubles = centered / np.linalg.norm(centered, axis=1, keepdims=True)
    return unit
