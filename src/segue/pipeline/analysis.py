"""Analysing many tracks: decode and describe in worker processes, store in this one.

Each worker keeps its numerical libraries to one thread, so that workers do not fight over cores.
A file that cannot be used is a `Problem`; the rest goes on. What is analysed is on disk at once:
a run that is stopped goes on where it was.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.audio import analyse, decode, summarise
from segue.errors import AudioError, DatasetError, FramesError, SegueError
from segue.library import Catalogue, Library
from segue.pipeline.inputs import ANALYSIS, AUDIO, GIVEN, open_store
from segue.sources import load_frames
from segue.types import Problem, Progress, Track, no_progress

_IN_LINE = 4
"""Fewer tracks than this are not worth starting processes for."""

Arrays = dict[str, NDArray[Any]]


def analyse_new(
    library: Library,
    catalogue: Catalogue,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> tuple[int, list[Problem]]:
    """Analyse every track whose audio or frames are not in the library yet.

    Returns
    -------
    n_done, problems
        How many tracks were analysed, and those that could not be.
    """
    n_audio, bad_audio = _analyse_audio(library, catalogue, workers, progress)
    n_given, bad_frames = _take_frames(library, catalogue, progress)
    return n_audio + n_given, bad_audio + bad_frames


def check_usable(tracks: Sequence[Track]) -> None:
    """Make sure that at least one of `tracks` can be analysed, before anything is kept.

    Tries the first second of one after another until one can: as a rule the first.

    Raises
    ------
    DatasetError
        If all have audio or frames that cannot be used.
    """
    reasons: list[str] = []
    for track in tracks:
        reason = _why_unusable(track)
        if reason is None:
            return
        reasons.append(reason)
    if reasons:
        raise DatasetError(
            f"None of the {len(reasons)} files can be used: replace them or name another folder;"
            f" the first: {reasons[0]}"
        )


def _why_unusable(track: Track) -> str | None:
    if track.path is not None:
        with _c_libraries_silent():
            result = _analyse_file(track.path, max_seconds=1)
        if not isinstance(result, str):
            return None
        if track.features is None:
            return result
    if track.features is not None:
        try:
            load_frames(track.features)
        except FramesError as error:
            return str(error)
    return None


def _analyse_audio(
    library: Library, catalogue: Catalogue, workers: int | None, progress: Progress
) -> tuple[int, list[Problem]]:
    found: dict[int, dict[str, float | None]] = {}
    problems: list[Problem] = []
    with open_store(library, AUDIO) as store:
        work = [
            (row, track.path)
            for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
            if track.path is not None and row not in store
        ]
        tracks = dict(zip(catalogue.rows.tolist(), catalogue.tracks, strict=True))
        if not work:
            return 0, []
        try:
            with progress("Analysing audio", len(work)) as advance:
                for row, result in _run(work, workers or os.cpu_count() or 1):
                    if isinstance(result, str):
                        problems.append(_problem(tracks[row], tracks[row].path, result))
                    else:
                        arrays, values = result
                        store.add(row, arrays)
                        found[row] = values
                    advance(1)
        finally:
            library.set_analysed(found)
    return len(found), problems


def _analyse_file(
    path: Path, max_seconds: float | None = None
) -> tuple[Arrays, dict[str, float | None]] | str:
    """Return the arrays and values of one file, or why there are none."""
    try:
        analysis = analyse(decode(path, ANALYSIS.sample_rate, max_seconds), ANALYSIS)
    except AudioError as error:
        return str(error)
    arrays = {name: getattr(analysis, name) for name in AUDIO.dtypes}
    return arrays, {"tempo": analysis.tempo, "duration": analysis.duration}


def _run(
    work: Sequence[tuple[int, Path]], workers: int
) -> Iterator[tuple[int, tuple[Arrays, dict[str, float | None]] | str]]:
    """Give each row with its result, as they come."""
    if len(work) < _IN_LINE or workers == 1:
        for row, path in work:
            with _c_libraries_silent():
                result = _analyse_file(path)
            yield row, result
        return
    executor = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    todo = iter(work)
    pending: dict[Future[Any], int] = {}

    def submit() -> None:
        for row, path in todo:
            pending[executor.submit(_analyse_file, path)] = row
            if len(pending) >= 2 * workers:
                return

    try:
        submit()
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield pending.pop(future), future.result()
            submit()
    except BrokenProcessPool as error:
        raise SegueError(
            "A worker process died while it analysed audio (out of memory, or a broken codec):"
            " what was done is kept; run segue preprocess again, with --workers 1 if it persists."
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    # Ctrl-C reaches the whole group of processes; the one that stores results decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # decoders written in C print what they think of a broken file; the reason comes as a `Problem`
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@contextmanager
def _c_libraries_silent() -> Iterator[None]:
    """Do for a while in this process what a worker does for good: see `_start_worker`."""
    sys.stderr.flush()
    kept = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)


def _take_frames(
    library: Library, catalogue: Catalogue, progress: Progress
) -> tuple[int, list[Problem]]:
    stores = {dtype: open_store(library, given) for dtype, given in GIVEN.items()}
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
