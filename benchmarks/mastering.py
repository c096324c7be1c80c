"""Change music as a remaster and a singer do, for `benchmarks.duplicates`.

A remaster keeps the recording: another balance of frequencies, compression, loudness. A voice over
a backing makes another recording of it: a synthetic voice (a pulse through changing formants, with
noise as consonants), or the middle band of another track, in phrases with rests. Levels are those
of the lead over the backing while it sounds.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from segue.audio import SAMPLE_RATE

Signal = NDArray[np.float32]
LEAD_DB = (-4.0, 4.0)
_VOWELS = ((700, 1200, 2600), (300, 2300, 3000), (350, 800, 2500), (500, 1800, 2500))
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


def shelf(signal: Signal, hertz: float, gain_db: float, *, high: bool) -> Signal:
    """Raise or lower all frequencies above or below one (first order)."""
    pole = np.exp(-2 * np.pi * hertz / SAMPLE_RATE)
    low = lfilter([1 - pole], [1, -pole], signal)
    gain = 10 ** (gain_db / 20) - 1
    return (signal + gain * ((signal - low) if high else low)).astype(np.float32)


def limited(signal: Signal) -> Signal:
    """Compress the peaks."""
    scale = 3.0 / max(float(np.abs(signal).max()), 1e-3)
    return np.tanh(signal * scale).astype(np.float32) * 0.5


def remastered(signal: Signal, rng: np.random.Generator) -> Signal:
    """Equalize by up to 5 dB, compress from the median level at 2:1 to 4:1, raise, and limit."""
    out = shelf(signal, 250.0, rng.uniform(-5.0, 5.0), high=False)
    out = shelf(out, 4_000.0, rng.uniform(-5.0, 5.0), high=True)
    level = np.sqrt(lfilter([0.002], [1, -0.998], out**2) + 1e-8)
    threshold, ratio = np.percentile(level, 50), rng.uniform(2.0, 4.0)
    above = np.maximum(level / threshold, 1.0)
    out = (out * above ** (1 / ratio - 1)).astype(np.float32)
    return limited(out * np.float32(10 ** (rng.uniform(0.0, 9.0) / 20)))


def phrases(n_samples: int, rng: np.random.Generator) -> Signal:
    """Return the envelope of sung phrases of 1.5 to 6 s with rests of 0.4 to 3 s."""
    envelope = np.zeros(n_samples, np.float32)
    seconds = rng.uniform(0.0, 2.0)
    while seconds < n_samples / SAMPLE_RATE:
        length = rng.uniform(1.5, 6.0)
        envelope[int(seconds * SAMPLE_RATE) : int((seconds + length) * SAMPLE_RATE)] = 1.0
        seconds += length + rng.uniform(0.4, 3.0)
    n_faded = int(0.03 * SAMPLE_RATE)
    return np.convolve(envelope, np.ones(n_faded, np.float32) / n_faded, "same")


def voice(n_samples: int, rng: np.random.Generator) -> Signal:
    """Return a synthetic voice that sings notes and vowels at random."""
    hertz = np.zeros(n_samples)
    base, start = float(rng.choice([110.0, 220.0])), 0
    while start < n_samples:
        length = int(rng.uniform(0.15, 0.7) * SAMPLE_RATE)
        hertz[start : start + length] = base * 2 ** (rng.choice(_SCALE) / 12)
        start += length
    vibrato = 1 + 0.012 * np.sin(2 * np.pi * 5.5 * np.arange(n_samples) / SAMPLE_RATE)
    phase = 2 * np.pi * np.cumsum(hertz * vibrato) / SAMPLE_RATE
    pulse = sum(np.sin(n * phase) / n * (hertz * n < 9_000) for n in range(1, 26))
    out, start = np.zeros(n_samples), 0
    while start < n_samples:
        length = int(rng.uniform(0.12, 0.4) * SAMPLE_RATE)
        part = pulse[start : start + length]
        for centre, gain in zip(_VOWELS[rng.integers(len(_VOWELS))], (1.0, 0.6, 0.35), strict=True):
            band = butter(1, [centre * 0.88, centre * 1.12], "band", fs=SAMPLE_RATE, output="sos")
            out[start : start + length] += gain * sosfilt(band, part)
        if rng.random() < 0.35:
            noise = out[start : start + min(length, int(0.06 * SAMPLE_RATE))]
            noise[:] = 0.3 * rng.normal(size=len(noise)) * part.std()
        start += length
    return out.astype(np.float32)


def middle_band(signal: Signal, n_samples: int) -> Signal:
    """Return the band of 200 Hz to 4 kHz of a track, repeated to a length."""
    band = butter(2, [200.0, 4_000.0], "band", fs=SAMPLE_RATE, output="sos")
    return sosfilt(band, np.resize(signal, n_samples)).astype(np.float32)


def with_lead(backing: Signal, lead: Signal, rng: np.random.Generator) -> tuple[Signal, float]:
    """Add a lead in phrases to a backing; return both together, and the level in dB."""
    envelope = phrases(len(backing), rng)
    sounding = envelope > 0.5
    level = rng.uniform(*LEAD_DB)
    loudness = [float(np.sqrt(np.mean(part[sounding] ** 2) + 1e-9)) for part in (backing, lead)]
    gain = np.float32(10 ** (level / 20) * loudness[0] / loudness[1])
    return backing + gain * envelope * lead, level
