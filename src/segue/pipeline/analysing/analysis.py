"""Analysing many tracks: decode and describe in worker processes, store in this one.

A file that cannot be used is a `Problem`; the rest goes on. What is analysed is on disk at once,
the arrays before the table that tells of them: a run that is stopped goes on where it was. What
there is to do is for `segue.pipeline.analysing.plan` to say.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from segue.audio import summarise
from segue.errors import DatasetError, FramesError
from segue.library import AudioFile, Catalogue, Library
from segue.pipeline.analysing.inputs import AUDIO, GIVEN, open_store
from segue.pipeline.analysing.plan import HowToAnalyse, audio_file, failed_file, planned, problem_of
from segue.pipeline.analysing.tasks import Failed, analyse_track, try_beginning
from segue.pipeline.analysing.workers import Workers
from segue.sources import load_frames
from segue.types import Problem, Progress, Track, no_progress

_TOLD_EVERY = 200  # tracks after which the database is told, for who looks into it meanwhile


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
    with ExitStack() as stack:
        windows = stack.enter_context(open_store(library, AUDIO.windows))
        store = stack.enter_context(open_store(library, AUDIO.summary))
        plan = planned(library, tracks, windows, store, how)
        embeddings = [
            stack.enter_context(kept)
            for kept in (library.stores(_is_embedding) if plan.reheard else [])
        ]
        problems = plan.problems
        n_done = 0
        found: dict[int, AudioFile] = {}
        try:
            with progress("Analysing audio", len(plan.work)) as advance:
                for row, answer in workers.answers(analyse_track, plan.work):
                    path = tracks[row].path or Path()
                    if isinstance(answer, Failed):
                        problems.append(problem_of(tracks[row], path, answer.reason))
                        heard = plan.files.get(row) if row in store else None
                        file = failed_file(path, answer, heard, how)
                        if file is not None:
                            found[row] = file
                    else:
                        if row in plan.reheard:
                            # what models made of the fast hearing, before that is replaced
                            for kept in embeddings:
                                kept.forget([row])
                        windows.add(row, {name: answer[name] for name in AUDIO.windows.dtypes})
                        store.add(row, {name: answer[name] for name in AUDIO.summary.dtypes})
                        found[row] = audio_file(path, answer)
                        n_done += 1
                    if len(found) >= _TOLD_EVERY:
                        library.set_audio_files(found)
                        found = {}
                    advance(1)
        finally:
            library.set_audio_files(found)
    library.drop_features(_is_outdated)
    return n_done, problems


def _is_embedding(kept: Mapping[str, object]) -> bool:
    return "embedding of" in kept


def _is_outdated(kept: Mapping[str, object]) -> bool:
    """Say whether a store is of audio, and of another version or other settings than now."""
    return kept.get("from") == "audio" and kept not in (
        AUDIO.windows.settings,
        AUDIO.summary.settings,
    )


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
                    problems.append(problem_of(track, path, str(error)))
                else:
                    dtype = "uint8" if frames.dtype == np.uint8 else "float32"
                    arrays = {"frames": frames, "summary": summarise(frames)}
                    stores[dtype].add(row, arrays)
                advance(1)
    finally:
        for store in stores.values():
            store.close()
    return len(work) - len(problems), problems
