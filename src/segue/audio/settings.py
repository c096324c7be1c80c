"""Settings of the analysis: rates, sizes, and limits for long tracks.

Conventions
-----------
- Sizes are in samples of the resampled mono signal, or in frames (one every `hop_length` samples).
- The defaults are librosa's, so that descriptors equal those of `librosa.feature`.
"""

from dataclasses import dataclass
from typing import Final

from segue.errors import SegueError

SAMPLE_RATE: Final = 22_050
"""Default rate of the analysis in samples per second."""

ANALYSIS_VERSION: Final = 3
"""Raise it when the same settings give other frames: every library is then analyzed again."""

SUMMARY_VERSION: Final = 4
"""Raise it when tempo, beats, key or other facts of a whole track change: every file is then read
again, but stored windows, added descriptors, and models that were trained on them stay valid."""

CONTRAST_TOP_EDGE: Final = 6_400.0
"""Hz; the lower edge of the highest spectral-contrast band, which must lie below Nyquist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """The settings of one analysis; two analyses compare only when these are equal.

    Examples
    --------
    >>> AnalysisSettings().n_mels
    128
    >>> AnalysisSettings(n_mfcc=200)
    Traceback (most recent call last):
        ...
    segue.errors.SegueError: n_mfcc is 200 but must not exceed n_mels, 128: lower it.
    """

    sample_rate: int = SAMPLE_RATE
    n_fft: int = 2_048  # samples a frame: 93 ms
    hop_length: int = 512  # samples between frames: 23 ms
    n_mels: int = 128
    n_mfcc: int = 20
    pool: int = 4  # frames averaged into one step of the sequence: 93 ms
    max_frames: int = 2_048  # frames stored of a track: 47.6 s
    window_frames: int = 512  # consecutive frames (11.9 s) in each window of a longer track
    section_frames: int = 16_384  # 6 min 20 s: longer tracks are described in such sections
    summary_frames: int = 32_768  # of more frames, every second, fourth, ... run is summarized
    fast: bool = False  # describe `max_frames // window_frames` stretches instead of all
    stretch_seconds: float = 15.0  # length of each

    def __post_init__(self) -> None:
        for name in (
            "n_fft",
            "hop_length",
            "n_mels",
            "n_mfcc",
            "pool",
            "max_frames",
            "window_frames",
            "section_frames",
            "summary_frames",
        ):
            value = getattr(self, name)
            if value < 1:
                raise SegueError(
                    f"{name} is {value} but must be at least 1: choose a higher value."
                )
        if self.sample_rate <= 2 * CONTRAST_TOP_EDGE:
            raise SegueError(
                f"sample_rate is {self.sample_rate} but must be above {2 * CONTRAST_TOP_EDGE:.0f} "
                "Hz, twice the lower edge of the highest spectral-contrast band: choose a higher "
                "rate."
            )
        if self.n_fft % 2 or self.sample_rate > 100 * self.n_fft:
            raise SegueError(
                f"n_fft is {self.n_fft} but must be even and span at least 10 ms: choose "
                "a larger even value."
            )
        if self.n_fft % self.hop_length:
            raise SegueError(
                f"n_fft is {self.n_fft} but must be a multiple of hop_length, {self.hop_length}: "
                "choose such values."
            )
        if self.n_mfcc > self.n_mels:
            raise SegueError(
                f"n_mfcc is {self.n_mfcc} but must not exceed n_mels, {self.n_mels}: lower it."
            )
        if self.max_frames % self.window_frames or self.window_frames % self.pool:
            raise SegueError(
                f"max_frames, {self.max_frames}, must be a multiple of window_frames, "
                f"{self.window_frames}, and that of pool, {self.pool}: choose such values."
            )
        if self.section_frames < self.max_frames:
            raise SegueError(
                f"section_frames is {self.section_frames} but must be at least max_frames, "
                f"{self.max_frames}: raise it."
            )
        if self.fast and self.stretch_seconds < self.window_seconds:
            raise SegueError(
                f"stretch_seconds is {self.stretch_seconds} but must hold a window of "
                f"{self.window_seconds:.1f} s: raise it."
            )

    @property
    def window_seconds(self) -> float:
        """Seconds of signal under one window of frames."""
        return (self.window_frames * self.hop_length + self.n_fft) / self.sample_rate


DEFAULT_SETTINGS: Final = AnalysisSettings()
"""librosa's sizes at 22,050 Hz."""
