"""Analysing many tracks: decode and describe in worker processes, store in this one.

A file that cannot be used is a `Problem`; the rest goes on. What is analysed is on disk at once,
the arrays before the table that tells of them: a run that is stopped goes on where it was. A file
that failed is not tried again until it changes, or segue does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue import __version__
from segue.audio import (
    LEAST_KEY_CONFIDENCE,
    LEAST_TEMPO_CONFIDENCE,
    AnalysisSettings,
    key_name,
    summarise,
)
from segue.errors import DatasetError, FramesError
from segue.library import AudioFile, Catalogue, FeatureStore, Library
from segue.pipeline.inputs import ANALYSIS, AUDIO, FAST, GIVEN, open_store
from segue.pipeline.tasks import FACTS, Arrays, Failed, analyse_track, try_beginning
from segue.pipeline.workers import Workers
from segue.sources import load_frames, state_of
from segue.types import FileState, Problem, Progress, Track, no_progress

_TOLD_EVERY = 200  # tracks after which the database is told, for who looks into it meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToAnalyse:
    """Choices of one run.

    `fast` listens to stretches of new tracks; without it, tracks that only were heard fast are
    heard whole. `retry` tries again the files that failed, `windows` makes those that were dropped.
    """

    fast: bool = False
    retry: bool = False
    windows: bool = False


def analyse_new(
    library: Library,
    catalogue: Catalogue,
    workers: Workers,
    how: HowToAnalyse,
    *,
    progress: Progress = no_progress,
) -> tuple[int, list[Problem]]:
    """Analyse every track whose audio or frames are not in the library yet.

    Returns
    -------
    n_done, problems
        How many tracks were analysed, and those that could not be, now or before.
    """
    n_audio, bad_audio = _analyse_audio(library, catalogue, workers, how, progress)
    n_given, bad_frames = _take_frames(library, catalogue, progress)
    return n_audio + n_given, bad_audio + bad_frames


def check_usable(tracks: Sequence[Track], workers: Workers) -> None:
    """Make sure that at least one of `tracks` can be analysed, before anything is kept.

    Tries the first second of one after another until one can: as a rule the first.

    Raises
    ------
    DatasetError
        If all have audio or frames that cannot be used.
    """
    reasons: list[str] = []
    for track in tracks:
        reason = _why_unusable(track, workers)
        if reason is None:
            return
        reasons.append(reason)
    if reasons:
        raise DatasetError(
            f"None of the {len(reasons)} files can be used: replace them or name another folder;"
            f" the first: {reasons[0]}"
        )


def _why_unusable(track: Track, workers: Workers) -> str | None:
    if track.features is not None:
        try:
            load_frames(track.features)
        except FramesError as error:
            if track.path is None:
                return str(error)
        else:
            return None
    if track.path is not None:
        ((_, answer),) = workers.answers(try_beginning, [(0, (track.path,))])
        return answer.reason if isinstance(answer, Failed) else None
    return None


def _analyse_audio(
    library: Library,
    catalogue: Catalogue,
    workers: Workers,
    how: HowToAnalyse,
    progress: Progress,
) -> tuple[int, list[Problem]]:
    tracks = {
        row: track
        for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
        if track.path is not None and not track.missing
    }
    with (
        open_store(library, AUDIO.windows) as windows,
        open_store(library, AUDIO.summary) as store,
    ):
        plan = _planned(library, tracks, windows, store, how)
        if plan.heard_fast:
            # what models made of the fast hearing; the hearing itself is kept until it is replaced
            library.forget_features(plan.heard_fast, lambda kept: "embedding of" in kept)
        problems = plan.problems
        n_done = 0
        found: dict[int, AudioFile] = {}
        try:
            with progress("Analysing audio", len(plan.work)) as advance:
                for row, answer in workers.answers(analyse_track, plan.work):
                    path = tracks[row].path or Path()
                    if isinstance(answer, Failed):
                        problems.append(_problem(tracks[row], path, answer.reason))
                        state = state_of(path)
                        if state is not None and row not in store:
                            found[row] = _failed(path, state, answer.reason)
                    else:
                        windows.add(row, {name: answer[name] for name in AUDIO.windows.dtypes})
                        store.add(row, {name: answer[name] for name in AUDIO.summary.dtypes})
                        found[row] = _audio_file(path, answer)
                        n_done += 1
                    if len(found) >= _TOLD_EVERY:
                        library.set_audio_files(found)
                        found = {}
                    advance(1)
        finally:
            library.set_audio_files(found)
    library.drop_features(_is_outdated)
    return n_done, problems


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to analyse, by row; which of it was heard fast; what is known to be of no use."""

    work: list[tuple[int, tuple[Path, AnalysisSettings]]]
    heard_fast: list[int]
    problems: list[Problem]


def _planned(
    library: Library,
    tracks: Mapping[int, Track],
    windows: FeatureStore,
    store: FeatureStore,
    how: HowToAnalyse,
) -> _Plan:
    files = library.audio_files()
    files |= _restored(library, store, tracks, files)
    plan = _Plan([], [], [])
    settings = FAST if how.fast else ANALYSIS
    for row, track in tracks.items():
        file = files.get(row)
        if row not in store:
            if file and file.failed and file.failed_with == __version__ and not how.retry:
                plan.problems.append(_problem(track, track.path, file.failed))
                continue
        elif file and file.fast and not how.fast:
            plan.heard_fast.append(row)
        elif not (how.windows and row not in windows):
            continue
        if track.path is not None:
            plan.work.append((row, (track.path, settings)))
    return plan


def _is_outdated(kept: Mapping[str, object]) -> bool:
    """Say whether a store is of audio, and of another version or other settings than now."""
    return kept.get("from") == "audio" and kept not in (
        AUDIO.windows.settings,
        AUDIO.summary.settings,
    )


def _restored(
    library: Library,
    store: FeatureStore,
    tracks: Mapping[int, Track],
    files: Mapping[int, AudioFile],
) -> dict[int, AudioFile]:
    """Tell the database what a run that was killed had stored and could not tell it."""
    lost = {
        row: _audio_file(
            tracks[row].path or Path(),
            {name: store.read(name, row)[0] for name in ("facts", "file", "digest")},
        )
        for row in store.rows().tolist()
        if row in tracks and (row not in files or files[row].digest is None)
    }
    if lost:
        library.set_audio_files(lost)
    return lost


def _audio_file(path: Path, arrays: Arrays) -> AudioFile:
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


def _failed(path: Path, state: FileState, reason: str) -> AudioFile:
    return AudioFile(path=path, state=state, failed=reason, failed_with=__version__)


def _take_frames(
    library: Library, catalogue: Catalogue, progress: Progress
) -> tuple[int, list[Problem]]:
    stores = {dtype: open_store(library, given.summary) for dtype, given in GIVEN.items()}
    work = [
        (row, track, track.features)
        for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
        if track.features is not None and not any(row in store for store in stores.values())
    ]
    problems: list[Problem] = []
    if not work:
        return 0, problems
    try:
        with progress("Reading frames", len(work)) as advance:
            for row, track, path in work:
                try:
                    frames = load_frames(path)
                except FramesError as error:
                    problems.append(_problem(track, path, str(error)))
                else:
                    dtype = "uint8" if frames.dtype == np.uint8 else "float32"
                    arrays = {"frames": frames, "summary": summarise(frames)}
                    stores[dtype].add(row, arrays)
                advance(1)
    finally:
        for store in stores.values():
            store.close()
    return len(work) - len(problems), problems


def _problem(track: Track, path: Path | None, reason: str) -> Problem:
    name = path.name if path else track.track_id
    return Problem(source=name, reason=reason, subject=track.track_id)
