"""Audio files to signals, signals to descriptors: pure functions on arrays.

`decode` reads a file, `describe` returns its frame descriptors, `analyse` everything that a library
stores of it. The descriptors equal librosa's; librosa itself is not needed.
"""

from segue.audio.analysis import Analysis, analyse, analyse_file, describe_file
from segue.audio.completeness import incomplete_reason
from segue.audio.decoding import decode
from segue.audio.descriptors import (
    DESCRIPTORS,
    Descriptor,
    FrameDescriptor,
    PatternDescriptor,
    TrackDescriptor,
    added_descriptors,
    descriptor_bands,
    given_descriptors,
)
from segue.audio.digest import DIGEST_BYTES, digest
from segue.audio.harmony import MIN_KEY_CONFIDENCE, N_KEYS, MusicalKey, estimate_key, key_name
from segue.audio.onsets import level_rises, onset_curves
from segue.audio.rhythm import MIN_TEMPO_CONFIDENCE, Tempo, estimate_tempo
from segue.audio.sections import describe
from segue.audio.settings import (
    ANALYSIS_VERSION,
    DEFAULT_SETTINGS,
    SAMPLE_RATE,
    SUMMARY_VERSION,
    AnalysisSettings,
)
from segue.audio.statistics import STATISTICS, summarise
from segue.audio.summary import (
    descriptor_values,
    given_summary_names,
    summary_names,
    track_value_names,
)
from segue.audio.windows import dequantise, quantise

__all__ = [
    "ANALYSIS_VERSION",
    "DEFAULT_SETTINGS",
    "DESCRIPTORS",
    "DIGEST_BYTES",
    "MIN_KEY_CONFIDENCE",
    "MIN_TEMPO_CONFIDENCE",
    "N_KEYS",
    "SAMPLE_RATE",
    "STATISTICS",
    "SUMMARY_VERSION",
    "Analysis",
    "AnalysisSettings",
    "Descriptor",
    "FrameDescriptor",
    "MusicalKey",
    "PatternDescriptor",
    "Tempo",
    "TrackDescriptor",
    "added_descriptors",
    "analyse",
    "analyse_file",
    "decode",
    "dequantise",
    "describe",
    "describe_file",
    "descriptor_bands",
    "descriptor_values",
    "digest",
    "estimate_key",
    "estimate_tempo",
    "given_descriptors",
    "given_summary_names",
    "incomplete_reason",
    "key_name",
    "level_rises",
    "onset_curves",
    "quantise",
    "summarise",
    "summary_names",
    "track_value_names",
]
