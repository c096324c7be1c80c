"""Musical key of a whole track, with a confidence.

Conventions
-----------
- Keys are numbered 0 to 23: the major keys from C upwards by semitones, then the minor keys from C.
- The mean chroma is correlated with the profile of each key: how often each tone occurs in pieces
  in that key (Albrecht and Shanahan, "The use of large corpora to train a new type of key-finding
  algorithm", 2013). Of five published sets of profiles this one finds the same key most often in
  both halves of a track (50 % of excerpts of 30 s, Krumhansl's 40 %).
- The confidence is the share of the best key in a softmax over all keys; below `MIN_KEY_CONFIDENCE`
  a key counts as unknown.
- A key is its name, ``"A minor"``; sharps are written for the black keys.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from segue.audio.spectrum import Doubles, Floats

MIN_KEY_CONFIDENCE: Final = 0.5
N_KEYS: Final = 24
SHARPNESS = 10.0  # of the softmax over correlations

_TONES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)


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


def estimate_key(chroma: Floats) -> MusicalKey | None:
    """Estimate the key of a track.

    Parameters
    ----------
    chroma : NDArray[float32] [n_frames, 12]
        From C, as `describe` returns it.

    Returns
    -------
    MusicalKey or None
        None if no tone stands out, as in silence.
    """
    mean = chroma.mean(axis=0, dtype=np.float64)
    centred = mean - mean.mean()
    length = np.sqrt(centred @ centred)
    if not length > 1e-6:
        return None
    correlation = _profiles() @ (centred / length)
    best = int(np.argmax(correlation))
    share = 1.0 / np.exp(SHARPNESS * (correlation - correlation[best])).sum()
    return MusicalKey(best, float(share))


@lru_cache(maxsize=1)
def _profiles() -> Doubles:
    """Return the profile of each key, centred and of length 1 ``[24, 12]``."""
    rows = [np.roll(mode, tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)]
    profiles: Doubles = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles.flags.writeable = False
    return profiles
