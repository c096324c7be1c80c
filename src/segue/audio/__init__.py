"""Audio files to signals, signals to descriptors: pure functions on arrays.

`decode` reads a file, `describe` gives its frame descriptors, `analyse` everything that a library
keeps of it. The numbers are librosa's; librosa itself is not needed.
"""

from segue.audio.analysis import Analysis, analyse, analyse_file
from segue.audio.decoding import decode
from segue.audio.descriptors import describe, descriptor_bands
from segue.audio.digest import DIGEST_BYTES, digest
from segue.audio.harmony import LEAST_KEY_CONFIDENCE, N_KEYS, Key, estimate_key, key_name
from segue.audio.rhythm import (
    LEAST_TEMPO_CONFIDENCE,
    Tempo,
    estimate_tempo,
    onset_strength,
    rises,
)
from segue.audio.settings import (
    ANALYSIS_VERSION,
    DEFAULT_SETTINGS,
    SAMPLE_RATE,
    AnalysisSettings,
)
from segue.audio.summary import (
    STATISTICS,
    TRACK_VALUES,
    given_summary_names,
    summarise,
    summary_names,
)
from segue.audio.windows import dequantise, quantise

__all__ = [
    "ANALYSIS_VERSION",
    "DEFAULT_SETTINGS",
    "DIGEST_BYTES",
    "LEAST_KEY_CONFIDENCE",
    "LEAST_TEMPO_CONFIDENCE",
    "N_KEYS",
    "SAMPLE_RATE",
    "STATISTICS",
    "TRACK_VALUES",
    "Analysis",
    "AnalysisSettings",
    "Key",
    "Tempo",
    "analyse",
    "analyse_file",
    "decode",
    "dequantise",
    "describe",
    "descriptor_bands",
    "digest",
    "estimate_key",
    "estimate_tempo",
    "given_summary_names",
    "key_name",
    "onset_strength",
    "quantise",
    "rises",
    "summarise",
    "summary_names",
]
