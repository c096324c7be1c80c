"""Tasks of worker processes: plain functions of one file whose results travel between processes.

A task returns a result or a `Failed`; see `segue.pipeline.analysis.workers`. Nothing heavy is
imported: a worker needs audio, and no tables, models or plots.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.audio import (
    DEFAULT_SETTINGS,
    Analysis,
    AnalysisSettings,
    Descriptor,
    analyse_file,
    decode,
    describe_file,
    digest,
    incomplete_reason,
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
"""Columns of the array `facts`; NaN where unknown. `key` is 0 to 23, see `segue.audio.harmony`."""

Arrays = Mapping[str, NDArray[Any]]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Failed:
    """Failure of a task, with the reason in one sentence for users.

    Attributes
    ----------
    reason : str
    passing : bool
        Whether another run may succeed, because the file itself is not at fault.
    after : float or None
        Seconds after which the task was given up.
    """

    reason: str
    passing: bool = False
    after: float | None = None


def analyse_track(
    path: Path, settings: AnalysisSettings, added: Sequence[Descriptor] = ()
) -> tuple[Arrays, Arrays] | Failed:
    """Analyze one file; return its arrays by name, and the summary of each added descriptor."""

    def analyse() -> tuple[Arrays, Arrays]:
        # before it is read: a change of the file during the analysis is noticed by the next run
        status = path.stat()
        analysis = analyse_file(path, settings, added)
        arrays = arrays_of(analysis, status, fast=settings.fast)
        missing = incomplete_reason(path, None if settings.fast else analysis.duration)
        if missing is not None:
            arrays = {**arrays, "incomplete": np.frombuffer(missing.encode(), np.uint8)}
        return arrays, analysis.added

    return _or_failed(path, analyse)


def describe_track(
    path: Path, settings: AnalysisSettings, descriptors: Sequence[Descriptor]
) -> Arrays | Failed:
    """Compute some descriptors of one file; return the summary of each by name."""
    return _or_failed(path, lambda: describe_file(path, settings, descriptors))


def _or_failed(path: Path, read: Callable[[], Result]) -> Result | Failed:
    """Return what `read` returns, or why the file could not be read."""
    try:
        return read()
    except UnreadableAudioError as error:
        return Failed(str(error), passing=True)
    except AudioError as error:
        return Failed(str(error))
    except FileNotFoundError:
        return Failed(
            f"'{path}' was removed during the analysis: run segue preprocess again.", passing=True
        )
    except OSError as error:
        reason = f"'{path}' cannot be read ({error.strerror}): check its permissions."
        return Failed(reason, passing=True)


def arrays_of(analysis: Analysis, status: os.stat_result, *, fast: bool) -> Arrays:
    """Return the stored arrays of an analysis, by name; `status` is that of the file."""
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
    """Return the digest of the sound of a file."""
    try:
        return digest(path)
    except AudioError as error:
        return Failed(str(error))


def try_beginning(path: Path) -> Failed | None:
    """Decode the first second of a file; return the failure, if any."""
    try:
        n_samples = len(decode(path, max_seconds=1))
    except AudioError as error:
        return Failed(str(error))
    if n_samples < DEFAULT_SETTINGS.n_fft:
        return Failed(f"'{path}' is shorter than 0.1 s: replace it or leave it out.")
    return None
