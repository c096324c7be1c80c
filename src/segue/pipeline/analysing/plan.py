"""What there is to analyse: what is new, what was heard fast only, what may go better this time.

A failure holds until the file changes or segue does, or until the run gives what it lacked: more
time, or the whole of a track of which some stretch does not decode. What the system refused for the
moment is not remembered and tried by every run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from segue import __version__
from segue.audio import (
    LEAST_KEY_CONFIDENCE,
    LEAST_TEMPO_CONFIDENCE,
    AnalysisSettings,
    key_name,
)
from segue.library import AudioFile, FeatureStore, KnownTrack, Library
from segue.pipeline.analysing.inputs import ANALYSIS, AUDIO, FAST, open_store
from segue.pipeline.analysing.tasks import FACTS, Arrays, Failed
from segue.pipeline.analysing.workers import TIME_LIMIT
from segue.sources import state_of
from segue.types import FileState, Problem, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToAnalyse:
    """Choices of one run.

    `fast` listens to stretches of new tracks; without it, tracks that only were heard fast are
    heard whole. `retry` tries again the files that failed, `windows` makes those that were dropped.
    `time_limit` is what a file gets, in seconds.
    """

    fast: bool = False
    retry: bool = False
    windows: bool = False
    time_limit: float = TIME_LIMIT


@dataclass(frozen=True, slots=True)
class Plan:
    """What to analyse, by row; what is known of it; what is known to be of no use.

    `reheard` are those of the work that were heard fast.
    """

    files: Mapping[int, AudioFile]
    work: list[tuple[int, tuple[Path, AnalysisSettings]]] = field(default_factory=list)
    reheard: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def planned(
    library: Library,
    tracks: Mapping[int, Track],
    windows: FeatureStore,
    store: FeatureStore,
    how: HowToAnalyse,
) -> Plan:
    """Return what a run has to do of the audio of `tracks`, by row."""
    plan = Plan(library.audio_files())
    settings = FAST if how.fast else ANALYSIS
    for row, track in tracks.items():
        file = plan.files.get(row)
        heard = row in store
        reheard = heard and file is not None and file.fast and not how.fast
        wanted = not heard or reheard or (how.windows and row not in windows)
        if file is not None and file.failed and not (wanted and _may_go_better(file, heard, how)):
            plan.problems.append(problem_of(track, track.path, file.failed))
        elif wanted and track.path is not None:
            plan.work.append((row, (track.path, settings)))
            if reheard:
                plan.reheard.add(row)
    return plan


def _may_go_better(file: AudioFile, heard: bool, how: HowToAnalyse) -> bool:
    if how.retry or file.failed_with != __version__:
        return True
    failed_fast = file.fast and not heard  # else what was heard fast could not be heard whole
    if failed_fast and not how.fast:
        return True
    if file.failed_after is not None:
        return how.time_limit > file.failed_after or (how.fast and not failed_fast)
    return False


def restored(library: Library, known: Mapping[str, KnownTrack]) -> Mapping[str, KnownTrack]:
    """Tell the database what a run that was killed had stored and could not tell it.

    Returns what is `known` then, by id.
    """
    found: dict[str, KnownTrack] = {}
    with open_store(library, AUDIO.summary) as store:
        for track_id, one in known.items():
            path, file = one.track.path, one.file
            is_told = file is not None and file.digest is not None
            if path is None or (is_told and file and not file.fast) or one.row not in store:
                continue
            arrays = {name: store.read(name, one.row)[0] for name in ("facts", "file", "digest")}
            # what was heard whole since the database was told that it was heard fast
            if not is_told or not arrays["facts"][FACTS.index("fast")]:
                found[track_id] = replace(one, file=audio_file(path, arrays))
    library.set_audio_files({one.row: one.file for one in found.values() if one.file})
    return {**known, **found}


def audio_file(path: Path, arrays: Arrays) -> AudioFile:
    """Return what is known of a file that was analysed."""
    facts = {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(FACTS, arrays["facts"], strict=True)
    }
    tempo, sure_of_tempo = facts["tempo"], facts["tempo_confidence"]
    key, sure_of_key = facts["key"], facts["key_confidence"]
    sure_enough = (sure_of_key or 0.0) >= LEAST_KEY_CONFIDENCE
    size, mtime_ns = arrays["file"].tolist()
    return AudioFile(
        path=path,
        state=FileState(size, mtime_ns),
        digest=arrays["digest"].tobytes().hex(),
        fast=bool(facts["fast"]),
        duration=facts["duration"],
        tempo=tempo if (sure_of_tempo or 0.0) >= LEAST_TEMPO_CONFIDENCE else None,
        tempo_confidence=sure_of_tempo,
        key=None if key is None or not sure_enough else key_name(int(key)),
        key_confidence=sure_of_key,
        loudness=facts["loudness"],
    )


def failed_file(
    path: Path, failed: Failed, heard: AudioFile | None, how: HowToAnalyse
) -> AudioFile | None:
    """Return what is to be remembered of a file that could not be analysed, if anything.

    What was `heard` of it before, fast, still holds.
    """
    state = state_of(path)
    if failed.passing or state is None:
        return None
    before = heard or AudioFile(path=path, state=state, fast=how.fast)
    return replace(before, failed=failed.reason, failed_with=__version__, failed_after=failed.after)


def problem_of(track: Track, path: Path | None, reason: str) -> Problem:
    """Return what is told of a track that could not be analysed."""
    name = path.name if path else track.track_id
    return Problem(source=name, reason=reason, subject=track.track_id)
