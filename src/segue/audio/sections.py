"""Frame descriptors of a stretch of signal, all from one spectrum.

A track is described section by section: the frames of a section share one tuning and one loudest
moment, which are known at its end. Working memory is about 6 kB a frame (0.15 GB for ten minutes):
the power spectrum is kept until the tuning, and so the chroma, is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segue.audio.decoding import check_signal
from segue.audio.descriptors import (
    FrameBlock,
    FrameDescriptor,
    SectionContext,
    columns_of,
    frame_descriptors,
    with_needed,
)
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats, Framer
from segue.errors import AudioError


@dataclass(frozen=True, slots=True)
class DescribedFrames:
    """Descriptors of consecutive frames.

    Attributes
    ----------
    frames : NDArray[float32] [n_frames, sum of bands]
        All descriptors side by side.
    columns : mapping of str to slice
        Columns of each descriptor.
    """

    frames: Floats
    columns: Mapping[str, slice]

    def __getitem__(self, name: str) -> Floats:
        """Return one descriptor ``[n_frames, n_bands]``."""
        return self.frames[:, self.columns[name]]


class Section:
    """Describe consecutive frames that share one tuning and one loudest moment.

    Both are known only when `finish` is called. Until then it holds the power spectra, 4 kB a
    frame.

    Parameters
    ----------
    settings : AnalysisSettings
    descriptors : sequence of FrameDescriptor, optional
        Descriptors to compute, by default all.
    """

    def __init__(
        self, settings: AnalysisSettings, descriptors: Sequence[FrameDescriptor] | None = None
    ) -> None:
        self.n_frames = 0
        self._settings = settings
        self._wanted = frame_descriptors() if descriptors is None else tuple(descriptors)
        self._computed = with_needed(self._wanted)
        self._parts: dict[str, list[Any]] = {one.name: [] for one in self._computed}

    def add(self, samples: Floats, *, before: int = 0, after: int = 0) -> None:
        """Add the frames over `samples`, a run that `Framer` yields.

        Parameters
        ----------
        before, after : int
            Number of padding zeros at its beginning and at its end.
        """
        block = FrameBlock(samples, self._settings, before=before, after=after)
        for descriptor in self._computed:
            self._parts[descriptor.name].append(descriptor.measure(block))
        self.n_frames += len(block.frames)

    def finish(self) -> DescribedFrames:
        """Return the descriptors of all frames, and release the spectra."""
        finished: dict[str, Floats] = {}
        context = SectionContext(self._settings, finished)
        for descriptor in self._computed:
            finished[descriptor.name] = descriptor.finish(self._parts.pop(descriptor.name), context)
        return DescribedFrames(
            np.concatenate([finished[one.name] for one in self._wanted], axis=1),
            columns_of(self._settings, self._wanted),
        )


def describe(signal: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> dict[str, Floats]:
    """Return the frame descriptors of a mono signal.

    Parameters
    ----------
    signal : NDArray[float32] [n_samples]
        Mono, at ``settings.sample_rate``; at least ``settings.n_fft`` samples.
    settings : AnalysisSettings

    Returns
    -------
    dict of NDArray[float32] [n_frames, n_bands]
        By name, in the order and with the bands of `descriptor_bands`.

    Raises
    ------
    AudioError
        If the signal is not one-dimensional, shorter than one frame, or not finite.

    Examples
    --------
    >>> time = np.arange(22_050) / 22_050
    >>> tone = np.sin(2 * np.pi * 1_000 * time).astype(np.float32)
    >>> centroid = describe(tone)["centroid"]
    >>> centroid.shape, round(float(np.median(centroid)))
    ((44, 1), 1000)
    """
    signal = checked_signal(signal, settings)
    framer, section = Framer(settings), Section(settings)
    for samples in framer.push(signal):
        section.add(samples, before=0 if section.n_frames else framer.before)
    for samples in framer.finish():
        section.add(samples, before=0 if section.n_frames else framer.before, after=framer.after)
    described = section.finish()
    return {name: described[name] for name in described.columns}


def checked_signal(signal: Floats, settings: AnalysisSettings) -> Floats:
    """Return `signal` as float32 if it can be described.

    Raises
    ------
    AudioError
        If it is not mono, shorter than one frame, or not finite.
    """
    signal = np.asarray(signal, dtype=np.float32)
    if signal.ndim != 1:
        raise AudioError(
            f"The signal has shape {signal.shape} but must be mono, [n_samples]: average its "
            "channels first."
        )
    if len(signal) < settings.n_fft:
        raise too_short(len(signal), settings)
    check_signal(signal, "signal")
    return signal


def too_short(n_samples: int, settings: AnalysisSettings, path: Path | None = None) -> AudioError:
    """Return the error for a signal, or a file, that is shorter than one frame."""
    name = "The signal" if path is None else f"'{path}'"
    way_out = "use a longer recording" if path is None else "replace it or leave it out"
    least = settings.n_fft / settings.sample_rate
    return AudioError(
        f"{name} is shorter than {least:.2f} s ({n_samples / settings.sample_rate:.3f} s), too"
        f" short to analyze: {way_out}."
    )
