"""Input of the pretrained encoders: patches of 3 s of a log-mel spectrogram at 16 kHz.

Conventions
-----------
- A patch is float32 ``[187, 96]``, time-major: 96 mel bands, frames of 512 samples every 256, as
  ``log10(10,000 * power + 1)`` with the power of `librosa.feature.melspectrogram`.
- Patches are consecutive pieces of the spectrogram of the whole track: the first frame is centered
  on the first sample, and beyond its ends the signal counts as zero. A track shorter than one patch
  is repeated until it fills it.
- Everything is computed in single precision. The published extractor rounds the power to half
  precision first, which overflows on loud music (at 65,504) and loses quiet sounds.

Source: Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging,
2019.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from segue.audio.decoding import Recording
from segue.audio.filters import mel_spectrum
from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Floats, Framer, frames_of, magnitudes
from segue.errors import AudioError

PATCH_SETTINGS: Final = AnalysisSettings(sample_rate=16_000, n_fft=512, hop_length=256, n_mels=96)
PATCH_FRAMES: Final = 187
PATCH_SECONDS: Final = PATCH_FRAMES * PATCH_SETTINGS.hop_length / PATCH_SETTINGS.sample_rate

_STEP = PATCH_FRAMES * PATCH_SETTINGS.hop_length  # samples from one patch to the next
_SPAN = _STEP - PATCH_SETTINGS.hop_length + PATCH_SETTINGS.n_fft  # samples under one patch
_PADDING = PATCH_SETTINGS.n_fft // 2
_MIN_SEEK_RATIO = 4  # a track this many times longer than its patches is read by seeking


def patch_spectrogram(signal: Floats) -> Floats:
    """Return the log-mel spectrogram ``[1 + n_samples // 256, 96]`` of a signal at 16 kHz.

    Examples
    --------
    >>> patch_spectrogram(np.zeros(16_000, np.float32)).shape
    (63, 96)
    """
    framer = Framer(PATCH_SETTINGS)
    runs = chain(framer.push(np.asarray(signal, np.float32)), framer.finish())
    return np.concatenate([_log_mel(run) for run in runs])


def patches(blocks: Iterable[Floats], max_patches: int) -> Floats:
    """Return at most `max_patches` patches ``[n, 187, 96]``, spread evenly over a signal at 16 kHz.

    Parameters
    ----------
    blocks : iterable of NDArray[float32] ``[n_samples]``
        The signal in blocks; memory does not grow with its length.
    max_patches : int > 0

    Raises
    ------
    AudioError
        If the signal is empty.

    Examples
    --------
    >>> patches([np.zeros(16_000 * 10, np.float32)], max_patches=20).shape
    (3, 187, 96)
    """
    kept: list[Floats] = []
    every = 1  # doubled when many are kept, so that a signal of any length fits
    for number, samples in enumerate(_under_patches(blocks)):
        if number % every == 0:
            kept.append(samples)
        if len(kept) == 4 * max_patches:
            kept, every = kept[::2], 2 * every
    if not kept:
        raise AudioError("The signal is empty: replace the file or leave it out.")
    chosen = np.unique(
        np.linspace(0, len(kept) - 1, min(max_patches, len(kept))).round().astype(int)
    )
    return np.stack([_log_mel(kept[place]) for place in chosen.tolist()])


def patches_of_file(path: Path, max_patches: int) -> Floats:
    """Return at most `max_patches` patches ``[n, 187, 96]``, spread evenly over an audio file.

    Of a track that is much longer, only the parts under the patches are decoded.

    Raises
    ------
    AudioError
        If it cannot be decoded.
    """
    recording = Recording(path, PATCH_SETTINGS.sample_rate)
    duration = recording.claimed_duration() or 0.0
    if duration > _MIN_SEEK_RATIO * max_patches * PATCH_SECONDS:
        found = _patches_by_seeking(recording, duration, max_patches)
        if found is not None:
            return found
    return patches(recording.blocks(), max_patches)


def _patches_by_seeking(recording: Recording, duration: float, max_patches: int) -> Floats | None:
    """Return patches from positions spread over a file; None if it is shorter than it states."""
    seconds = _SPAN / PATCH_SETTINGS.sample_rate
    found = []
    for start in np.linspace(0, duration - 2 * seconds, max_patches).tolist():
        try:
            samples = recording.window(start, seconds + 0.1)[:_SPAN]
        except AudioError:
            return None
        if len(samples) < _SPAN:
            return None
        found.append(_log_mel(samples))
    return np.stack(found)


def _under_patches(blocks: Iterable[Floats]) -> Iterator[Floats]:
    """Yield the samples ``[_SPAN]`` under each patch: at least one, if there are any samples."""
    padding = np.zeros(_PADDING, np.float32)
    rest, whole = padding, True
    beginning: list[Floats] = []
    for block in chain(blocks, [None]):
        if block is None and whole:
            # shorter than one patch: the signal is repeated
            signal = np.concatenate(beginning) if beginning else padding[:0]
            if len(signal):
                yield np.resize(np.concatenate((padding, np.resize(signal, _SPAN))), _SPAN)
            return
        rest = np.concatenate((rest, padding if block is None else block))
        if block is not None and whole:
            beginning.append(block)
        while len(rest) >= _SPAN:
            yield rest[:_SPAN].copy()  # a view would keep the whole block
            rest, whole, beginning = rest[_STEP:], False, []


def _log_mel(samples: Floats) -> Floats:
    power = magnitudes(frames_of(samples, PATCH_SETTINGS)) ** 2
    result: Floats = np.log10(np.float32(10_000.0) * mel_spectrum(power, PATCH_SETTINGS) + 1)
    return result
