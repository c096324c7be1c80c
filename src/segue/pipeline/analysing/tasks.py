"""What worker processes do with one file: plain functions whose answers travel between processes.

An answer is a result or a `Failed`; see `analysing.workers`. Nothing heavy is imported here:
a worker needs audio, and no tables, models or plots.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.audio import (
    DEFAULT_SETTINGS,
    Analysis,
    AnalysisSettings,
    analyse_file,
    decode,
    digest,
)
from segue.errors import AudioError, UnreadableAudioError

FACTS: Final = (
    "duration",
    "tempo",
    "tempo_confidence",
    "key",
    "key_confidence",
    "loudness",
    "fast",
)
"""The columns of the array `facts`; NaN where unknown. `key` is 0 to 23, see `segue.audio`."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Failed:
    """What a task gave instead of a result: the reason, in a sentence for people.

    It is `passing` where the file itself is not at fault and may do another time, and came `after`
    so many seconds where it was given up.
    """

    reason: str
    passing: bool = False
    after: float | None = None


def analyse_track(path: Path, settings: AnalysisSettings) -> Arrays | Failed:
    """Analyse one file: every array that the library keeps of it, by name."""
    try:
        # before it is read: a file that is written to meanwhile is seen to have changed next time
        status = path.stat()
        return arrays_of(analyse_file(path, settings), status, fast=settings.fast)
    except UnreadableAudioError as error:
        return Failed(str(error), passing=True)
    except AudioError as error:
        return Failed(str(error))
    except FileNotFoundError:
        return Failed(f"'{path}' is gone: it was there when the run began.", passing=True)
    except OSError as error:
        reason = f"'{path}' cannot be read ({error.strerror}): check its permissions."
        return Failed(reason, passing=True)


def arrays_of(analysis: Analysis, status: os.stat_result, *, fast: bool) -> Arrays:
    """Return what is kept of an analysis of a file that had this status, by name."""
    tempo, key = analysis.tempo, analysis.key
    facts = (
        analysis.duration,
        tempo and tempo.bpm,
        tempo and tempo.confidence,
        key and key.number,
        key and key.confidence,
        analysis.loudness,
        fast,
    )
    return {
        "log_mel": analysis.log_mel,
        "sequence": analysis.sequence,
        "summary": analysis.summary,
        "beats": analysis.beats,
        "fingerprint": analysis.fingerprint,
        "facts": np.array([np.nan if fact is None else fact for fact in facts], np.float32),
        "file": np.array([status.st_size, status.st_mtime_ns], np.int64),
        "digest": np.frombuffer(analysis.digest or b"", np.uint8),
    }


def digest_of(path: Path) -> bytes | Failed:
    """Return by what the sound of a file is known again."""
    try:
        return digest(path)
    except AudioError as error:
        return Failed(str(error))


def try_beginning(path: Path) -> Failed | None:
    """Decode the first second of a file."""
    try:
        n_samples = len(decode(path, max_seconds=1))
    except AudioError as error:
        return Failed(str(error))
    if n_samples < DEFAULT_SETTINGS.n_fft:
        return Failed(f"'{path}' is shorter than 0.1 s: replace it or leave it out.")
    return None
