"""Audio files to signals, signals to descriptors: pure functions on arrays.

`decode` reads a file, `describe` gives its frame descriptors, `analyse` everything that a library
keeps of it. The numbers are librosa's; librosa itself is not needed.
"""

from segue.audio.analysis import Analysis, analyse, dequantise, kept_frames, quantise
from segue.audio.decoding import decode
from segue.audio.descriptors import describe, descriptor_bands
from segue.audio.rhythm import onset_strength, tempo
from segue.audio.settings import (
    ANALYSIS_VERSION,
    DEFAULT_SETTINGS,
    SAMPLE_RATE,
    AnalysisSettings,
)
from segue.audio.summary import STATISTICS, given_summary_names, summarise, summary_names

__all__ = [
    "ANALYSIS_VERSION",
    "DEFAULT_SETTINGS",
    "SAMPLE_RATE",
    "STATISTICS",
    "Analysis",
    "AnalysisSettings",
    "analyse",
    "decode",
    "dequantise",
    "describe",
    "descriptor_bands",
    "given_summary_names",
    "kept_frames",
    "onset_strength",
    "quantise",
    "summarise",
    "summary_names",
    "tempo",
]
