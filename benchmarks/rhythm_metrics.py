"""Metrics of tempo, beats and key, as MIREX and mir_eval define them.

Conventions: tempi in beats a minute, beats in seconds in ascending order, keys as names ("A minor")
with sharps. Functions return numbers from 0 to 1. `tests/benchmarks/test_rhythm_metrics.py`
compares them with mir_eval.

Sources: Gouyon et al., "An experimental comparison of audio tempo induction algorithms", 2006
(accuracies 1 and 2); Davies, Degara, Plumbley, "Evaluation methods for musical audio beat tracking
algorithms", 2009 (F measure, continuity); MIREX audio key detection.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

TEMPO_TOLERANCE = 0.04
OCTAVES = (1.0, 2.0, 3.0, 1.0 / 2.0, 1.0 / 3.0)
BEAT_TOLERANCE = 0.07  # seconds
CONTINUITY = 0.175  # of a beat: tolerance of phase and of period
FIRST_BEAT = 5.0  # beats before it do not count
TONES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def accuracy1(tempo: float | None, truth: float) -> float:
    """Return 1 if the tempo is within 4 % of the truth."""
    return float(tempo is not None and abs(tempo - truth) <= TEMPO_TOLERANCE * truth)


def accuracy2(tempo: float | None, truth: float) -> float:
    """Return 1 if the tempo is within 4 % of the truth, its double, triple, half or third."""
    return max(accuracy1(tempo, octave * truth) for octave in OCTAVES)


def f_measure(beats: ArrayLike, truth: ArrayLike) -> float:
    """Return the F measure of beats within 70 ms of the true ones, each matched once."""
    found, true = _counted(beats), _counted(truth)
    if not len(found) or not len(true):
        return 0.0
    n_matched = place = 0
    for beat in true:  # intervals of one length: the earliest free beat is the best match
        while place < len(found) and found[place] < beat - BEAT_TOLERANCE:
            place += 1
        if place < len(found) and found[place] <= beat + BEAT_TOLERANCE:
            n_matched += 1
            place += 1
    return 2.0 * n_matched / (len(found) + len(true))


def amlt(beats: ArrayLike, truth: ArrayLike) -> float:
    """Return the share of beats that continue at an allowed metrical level: AMLt.

    Allowed are the true beats, the off-beats, double tempo, and either half of the beats.
    """
    found, true = _counted(beats), _counted(truth)
    if len(found) < 2 or len(true) < 2:
        return 0.0
    return max(_continuity(found, level) for level in _levels(true))


def _counted(beats: ArrayLike) -> NDArray[np.float64]:
    times = np.asarray(beats, dtype=np.float64)
    return times[times >= FIRST_BEAT]


def _levels(true: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    places = np.arange(2 * len(true) - 1) / 2.0
    double = np.interp(places, np.arange(len(true)), true)
    return [true, double[1::2], double, true[::2], true[1::2]]


def _continuity(found: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Return the correct beats over the longer of the two sequences."""
    used = np.zeros(len(true), dtype=np.bool_)
    n_correct = 0
    for place, beat in enumerate(found):
        nearest = int(np.argmin(np.abs(true - beat)))
        if used[nearest]:
            continue
        used[nearest] = _fits(found, place, true, nearest)
        n_correct += used[nearest]
    return n_correct / max(len(found), len(true))


def _fits(
    found: NDArray[np.float64], place: int, true: NDArray[np.float64], nearest: int
) -> np.bool_:
    """Return whether a beat has the phase and the period of the true one that is nearest."""
    first = place == 0 or nearest == 0  # the interval that follows counts, where there is one
    true_gap, gap = _gap(true, nearest, first=first), _gap(found, place, first=first)
    phase = abs(found[place] - true[nearest]) / true_gap
    return np.bool_(phase < CONTINUITY and abs(1.0 - gap / true_gap) < CONTINUITY)


def _gap(beats: NDArray[np.float64], place: int, *, first: bool) -> float:
    after = first and place + 1 < len(beats)
    return float(beats[place + 1] - beats[place] if after else beats[place] - beats[place - 1])


def key_score(key: str | None, truth: str) -> float:
    """Return the score of MIREX: 1 exact, .5 a fifth, .3 relative, .2 parallel.

    Examples
    --------
    >>> [key_score(key, "A minor") for key in ("A minor", "E minor", "C major", "A major", None)]
    [1.0, 0.5, 0.3, 0.2, 0.0]
    """
    if key is None:
        return 0.0
    (tone, mode), (true_tone, true_mode) = key.split(), truth.split()
    steps = (TONES.index(tone) - TONES.index(true_tone)) % 12
    if mode == true_mode:
        return {0: 1.0, 7: 0.5}.get(steps, 0.0)
    if steps == 0:
        return 0.2
    return 0.3 if steps == (3 if true_mode == "minor" else 9) else 0.0


def bootstrap(values: ArrayLike, *, seed: int = 0, n_draws: int = 2_000) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean."""
    numbers = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = numbers[rng.integers(len(numbers), size=(n_draws, len(numbers)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)
