"""Render MIDI to a finished recording.

Conventions: recordings are mono float32 [n_samples] at 22,050 Hz, in [-1, 1]; levels are dB of full
scale. The renderer is midirenderer (RustySynth) with TimGM6mb, the General MIDI sound font that
pretty_midi ships; its file is read without importing that package.
"""

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from segue.demo_data.passages import UnusableScoreError
from segue.demo_data.scores import package_directory

SAMPLE_RATE = 22_050
_FADE_IN, _FADE_OUT = 0.01, 1.5  # seconds
_SILENCE = -50.0  # dB: below it, a block of 100 ms is silent
_MAX_SILENCE = 0.4  # share of a recording
_CLIPPED = 0.999


def sound_font() -> Path:
    """Return the path of the sound font."""
    return package_directory("pretty_midi") / "TimGM6mb.sf2"


def render(midi: bytes, font: bytes) -> NDArray[np.float32]:
    """Render MIDI and convert it to mono at `SAMPLE_RATE`.

    Raises
    ------
    UnusableScoreError
        The renderer clipped; the same music can be rendered at a lower volume.
    """
    import midirenderer

    stereo, rate = soundfile.read(
        io.BytesIO(midirenderer.render_wave_from(font, midi)), dtype="float32", always_2d=True
    )
    if np.max(np.abs(stereo), initial=0.0) >= _CLIPPED:
        raise UnusableScoreError("the rendering clips")
    mono = stereo.mean(axis=1)
    return np.asarray(soxr.resample(mono, rate, SAMPLE_RATE), dtype=np.float32)


def finish(signal: NDArray[np.float32], *, seconds: float, level: float) -> NDArray[np.float32]:
    """Cut a rendering to length, fade it in and out, and set its peak to `level` dB below full.

    Raises
    ------
    UnusableScoreError
        The recording is too short, silent, or silent for much of its time.

    Examples
    --------
    >>> tone = np.sin(np.arange(66_150, dtype=np.float32) / 10)
    >>> recording = finish(tone, seconds=2.0, level=6.0)
    >>> len(recording), round(float(np.max(np.abs(recording))), 2)
    (44100, 0.5)
    """
    n_samples = round(seconds * SAMPLE_RATE)
    recording = signal[:n_samples].astype(np.float32)
    if len(recording) < n_samples:
        raise UnusableScoreError(f"only {len(recording) / SAMPLE_RATE:.1f} s were rendered")
    check_not_silent(recording)
    rise = round(_FADE_IN * SAMPLE_RATE)
    fall = round(min(_FADE_OUT, seconds / 4) * SAMPLE_RATE)
    recording[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    recording[-fall:] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32)) ** 2
    return recording * np.float32(10 ** (-level / 20) / np.max(np.abs(recording)))


def check_not_silent(recording: NDArray[np.float32]) -> None:
    """Refuse a recording that is silent for more than two fifths of its time."""
    peak = float(np.max(np.abs(recording), initial=0.0))
    if not np.isfinite(peak) or peak < 1e-3:
        raise UnusableScoreError("a silent rendering")
    block = SAMPLE_RATE // 10
    blocks = recording[: len(recording) // block * block].reshape(-1, block) / peak
    levels = 20 * np.log10(np.sqrt(np.mean(blocks**2, axis=1)) + 1e-9)
    silent = float(np.mean(levels < _SILENCE))
    if silent > _MAX_SILENCE:
        raise UnusableScoreError(f"{silent:.0%} of the rendering is silent")


def encode_flac(recording: NDArray[np.float32]) -> bytes:
    """Encode a recording as 16-bit FLAC."""
    buffer = io.BytesIO()
    soundfile.write(buffer, recording, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()
