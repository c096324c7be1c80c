"""Beat tracking at a known tempo.

Conventions
-----------
- Beats are frame numbers, ascending; times are those divided by the frame rate.
- Onsets in the bass count most, those of drums (0.7 to 2.7 kHz) and of the whole spectrum less; the
  root makes soft and loud ones more alike.
- The method is `librosa.beat.beat_track`'s at one tempo: the chain of onsets whose spacing stays
  near the beat, found by dynamic programming, without weak onsets at the ends. The spacing is held
  twice as tightly.
- librosa compiles a loop over frames. Here frames are taken in blocks of half a beat: a frame's
  predecessor lies at least that far back, so none in a block depends on another.

Ellis, "Beat tracking by dynamic programming", 2007.
"""

import numpy as np
from numpy.typing import NDArray

from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Doubles, Floats

TIGHTNESS = 200.0
WEIGHTS = np.array([2.0, 0.0, 1.0, 0.0, 1.0])  # of the onset curves
MIN_START = 0.01  # share of the maximum score that the first beat needs


def beat_strength(curves: Floats) -> Floats:
    """Return the strength of onsets as of beats ``[n_frames]``, from `onset_curves`."""
    spread = curves.std(axis=0)
    weights = WEIGHTS / np.where(spread > 0.0, spread, np.inf)
    strength: Floats = np.sqrt(curves @ weights.astype(np.float32))
    return strength


def find_beats(
    envelope: Floats, bpm: float, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> NDArray[np.int64]:
    """Find the beats of a track.

    Parameters
    ----------
    envelope : NDArray[float32] [n_frames]
        `beat_strength`, or another curve with peaks where a sound starts.
    bpm : float > 0
        The tempo.

    Returns
    -------
    NDArray[int64] [n_beats]
        Frame numbers.
    """
    period = int(np.round(60.0 * settings.sample_rate / (settings.hop_length * bpm)))
    spread = envelope.std(ddof=1) if len(envelope) > 1 else 0.0
    if not spread > 0.0:
        return np.zeros(0, dtype=np.int64)
    score = _near_onsets(envelope / spread, period)
    chained, before = _chain(score, period)
    frame = _last(chained)
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(before[frame])
    return _without_weak_ends(np.array(beats[::-1], dtype=np.int64), score)


def _near_onsets(envelope: Floats, period: int) -> Doubles:
    """Return the onset strength smoothed over a 32nd of a beat ``[n_frames]``."""
    offsets = np.arange(-period, period + 1)
    window = np.exp(-0.5 * (offsets * 32.0 / period) ** 2)
    smoothed: Doubles = np.convolve(envelope, window)[period : period + len(envelope)]
    return smoothed


def _chain(score: Doubles, period: int) -> tuple[Doubles, NDArray[np.int64]]:
    """Return the score of the best chain that ends at each frame, and the beat before it or -1."""
    nearest, furthest = max(int(np.round(period / 2)), 1), 2 * period
    back = np.arange(nearest, furthest + 1)
    cost = TIGHTNESS * (np.log(back) - np.log(period)) ** 2
    chained = np.full(furthest + len(score), -np.inf)  # nothing precedes the first frame
    before = np.full(len(score), -1, dtype=np.int64)
    # [nearest, n_back], from the nearest predecessor to the furthest
    places = np.arange(nearest)[:, None] + furthest - back
    for start in range(0, len(score), nearest):
        end = min(start + nearest, len(score))
        candidates = chained[places[: end - start] + start] - cost
        best = candidates.argmax(axis=1)
        gain = candidates[np.arange(end - start), best]
        follows = np.isfinite(gain)
        chained[furthest + start : furthest + end] = score[start:end] + np.where(follows, gain, 0)
        before[start:end] = np.where(follows, np.arange(start, end) - back[best], -1)
    before[: int(np.argmax(score >= MIN_START * score.max()))] = -1
    return chained[furthest:], before


def _last(chained: Doubles) -> int:
    """Return the last peak of at least half the median peak, or else the last frame."""
    padded = np.pad(chained, 1, mode="edge")
    peaks = np.flatnonzero((chained > padded[:-2]) & (chained >= padded[2:]))
    if not len(peaks):
        return len(chained) - 1
    high = peaks[chained[peaks] >= 0.5 * np.median(chained[peaks])]
    return int(high[-1]) if len(high) else len(chained) - 1


def _without_weak_ends(beats: NDArray[np.int64], score: Doubles) -> NDArray[np.int64]:
    smoothed = np.convolve(score[beats], np.hanning(5))[2:]
    strong = np.flatnonzero(score > 0.5 * np.sqrt((smoothed**2).mean()))
    if not len(strong):
        return beats[:0]
    kept: NDArray[np.int64] = beats[(beats >= strong[0]) & (beats <= strong[-1])]
    return kept
