"""Analyze many tracks: decode and describe in worker processes, store in this process.

A file that cannot be used becomes a `Problem`; the others are analyzed. Every result is stored at
once, arrays before the database row that refers to them: an interrupted run continues where it
stopped. `segue.pipeline.analysis.plan` decides what a run does.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

from segue.audio import added_descriptors, given_descriptors, summarise
from segue.errors import DamagedDataError, DatasetError, FramesError
from segue.library import AudioFile, Catalogue, Library
from segue.pipeline.analysis.fingerprints import keep_fingerprints
from segue.pipeline.analysis.inputs import (
    AUDIO,
    GIVEN,
    audio_settings,
    descriptor_store,
    given_descriptor_store,
    open_store,
)
from segue.pipeline.analysis.plan import (
    AnalysisOptions,
    AnalysisStores,
    Plan,
    audio_file,
    failed_file,
    plan_analysis,
    problem_of,
)
from segue.pipeline.analysis.runners import FileTaskRunner
from segue.pipeline.analysis.tasks import (
    Arrays,
    Failed,
    analyse_track,
    describe_track,
    try_beginning,
)
from segue.sources import load_frames
from segue.text import plural
from segue.types import Problem, Progress, Track, no_progress

_RECORD_EVERY = 200  # tracks between updates of the database, which other programs may read
_FIRST_ANNOUNCED, _ANNOUNCED_FACTOR = 16, 4
"""Numbers of analyzed tracks at which servers are to read the library again: 16, 64, 256, ..."""


def analyse_new(
    library: Library,
    catalogue: Catalogue,
    workers: FileTaskRunner,
    options: AnalysisOptions,
    *,
    progress: Progress = no_progress,
) -> tuple[int, list[Problem]]:
    """Analyze every track whose audio or frames are not in the library yet.

    Of a track that is analyzed and lacks some descriptors, only those are computed.

    Returns
    -------
    n_done, problems
        Number of tracks analyzed, and the failures of this run and of earlier ones.
    """
    n_audio, bad_audio = _analyse_audio(library, catalogue, workers, options, progress)
    n_given, bad_frames = _take_frames(library, catalogue, progress)
    return n_audio + n_given, bad_audio + bad_frames


def check_usable(tracks: Sequence[Track], workers: FileTaskRunner) -> None:
    """Check that at least one of `tracks` can be analyzed, before anything is stored.

    Decodes the first second of one track after another until one succeeds.

    Raises
    ------
    DatasetError
        If the audio or frames of none can be used.
    """
    reasons: list[str] = []
    for track in tracks:
        reason = _why_unusable(track, workers)
        if reason is None:
            return
        reasons.append(reason)
    if reasons:
        raise DatasetError(
            f"None of the {plural(len(reasons), 'file')} can be used: replace them or name another"
            f" folder; the first: {reasons[0]}"
        )


def _why_unusable(track: Track, workers: FileTaskRunner) -> str | None:
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
    workers: FileTaskRunner,
    options: AnalysisOptions,
    progress: Progress,
) -> tuple[int, list[Problem]]:
    tracks = {
        row: track
        for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
        if track.path is not None and not track.missing
    }
    with ExitStack() as stack:
        stores = AnalysisStores(
            windows=stack.enter_context(open_store(library, AUDIO.windows)),
            summary=stack.enter_context(open_store(library, AUDIO.summary)),
            added=[
                (descriptor, stack.enter_context(open_store(library, descriptor_store(descriptor))))
                for descriptor in added_descriptors()
            ],
        )
        plan = plan_analysis(library, tracks, stores, options)
        embeddings = [
            stack.enter_context(found)
            for found in (library.stores(_is_embedding) if plan.reanalysed else [])
        ]
        problems = plan.problems
        n_done, announced_at = 0, _FIRST_ANNOUNCED
        found: dict[int, AudioFile] = {}
        n_before = _n_analyzed(tracks, stores, plan)
        try:
            with progress("Analyzing audio", n_before + len(plan.work)) as advance:
                advance(n_before)
                for row, answer in workers.answers(analyse_track, plan.work):
                    path = tracks[row].path or Path()
                    if isinstance(answer, Failed):
                        problems.append(problem_of(tracks[row], path, answer.reason))
                        analysed = plan.files.get(row) if row in stores.summary else None
                        file = failed_file(path, answer, analysed, options)
                        if file is not None:
                            found[row] = file
                    else:
                        arrays, summaries = answer
                        if row in plan.reanalysed:
                            # embeddings of the fast analysis, before that is replaced
                            for embedding in embeddings:
                                embedding.forget([row])
                            stores.windows.forget([row])
                        _store_analysis(stores, row, arrays, summaries)
                        found[row] = audio_file(path, arrays)
                        if reason := found[row].incomplete:
                            problems.append(problem_of(tracks[row], path, reason))
                        n_done += 1
                    if len(found) >= _RECORD_EVERY or n_done == announced_at:
                        library.set_audio_files(found)
                        found = {}
                    if n_done == announced_at:
                        library.record_run("analysis", {"analyzed": n_done})
                        announced_at *= _ANNOUNCED_FACTOR
                    advance(1)
        finally:
            library.set_audio_files(found)
        n_done += _compute_missing(plan, tracks, workers, stores, progress)
    missing = [row for row in catalogue.rows.tolist() if row not in tracks]
    keep_fingerprints(library, missing, _is_outdated)
    library.drop_features(_is_outdated)
    return n_done, problems


def _n_analyzed(tracks: Mapping[int, Track], stores: AnalysisStores, plan: Plan) -> int:
    """Return how many tracks were analyzed before; 0 if nothing is left to do."""
    work = {row for row, _ in plan.work}
    return sum(row in stores.summary for row in tracks if row not in work) if work else 0


def _compute_missing(
    plan: Plan,
    tracks: Mapping[int, Track],
    workers: FileTaskRunner,
    stores: AnalysisStores,
    progress: Progress,
) -> int:
    """Compute the descriptors that analyzed tracks lack; return the number of tracks."""
    n_done = 0
    if not plan.descriptors:
        return n_done
    with progress("Computing new descriptors", len(plan.descriptors)) as advance:
        for row, answer in workers.answers(describe_track, plan.descriptors):
            if isinstance(answer, Failed):
                plan.problems.append(problem_of(tracks[row], tracks[row].path, answer.reason))
            else:
                stores.add_descriptors(row, answer)
                n_done += 1
            advance(1)
    return n_done


def _store_analysis(stores: AnalysisStores, row: int, arrays: Arrays, summaries: Arrays) -> None:
    """Store one analyzed track; the array that marks it as analyzed comes last.

    Windows that are there stay: an analysis that finds other tempi gives the same frames.
    """
    if row not in stores.windows:
        stores.windows.add(row, {name: arrays[name] for name in AUDIO.windows.dtypes})
    stores.add_descriptors(row, summaries)
    stores.summary.add(row, {name: arrays[name] for name in AUDIO.summary.dtypes})


def _is_embedding(settings: Mapping[str, object]) -> bool:
    return "embedding of" in settings


def _is_outdated(settings: Mapping[str, object]) -> bool:
    """Tell whether a store was computed from audio with settings that are no longer used."""
    return settings.get("from") == "audio" and settings not in audio_settings()


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
    new = {row for row, _, _ in work}
    n_described = sum(len(_describe_frames(library, dtype, progress) - new) for dtype in GIVEN)
    return len(work) - len(problems) + n_described, problems


def _describe_frames(library: Library, dtype: str, progress: Progress) -> set[int]:
    """Compute the descriptors that stored frames lack; return the rows of their tracks."""
    source = open_store(library, GIVEN[dtype].windows)
    rows = source.rows().tolist()
    done: set[int] = set()
    with ExitStack() as stack:
        stores = [
            (one, stack.enter_context(open_store(library, given_descriptor_store(one, dtype))))
            for one in given_descriptors()
        ]
        missing = [row for row in rows if any(row not in store for _, store in stores)]
        if not missing:
            return done
        with progress("Computing new descriptors", len(missing)) as advance:
            for row in missing:
                # segue library repair reads damaged frames again
                with suppress(DamagedDataError):
                    frames = source.read("frames", row)
                    for descriptor, store in stores:
                        if row not in store:
                            store.add(row, {"summary": descriptor.measure(frames)})
                    done.add(row)
                advance(1)
    return done
