"""Make the demo data: plan, render in parallel, write the tables. Resumable.

Recordings are rendered by worker processes that are started by "spawn", so that a caller's
threads and libraries are not copied. A script that calls `make_starter` with more than one worker
therefore needs the usual ``if __name__ == "__main__":``.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from segue.demo_data.plan import (
    StarterSettings,
    add_to_journal,
    make_plan,
    open_journal,
)
from segue.demo_data.scores import package_directory
from segue.demo_data.tables import TABLES, write_tables
from segue.demo_data.tracks import RenderTask, make_track
from segue.errors import DatasetError
from segue.types import Progress, no_progress

_PACKAGES = ("music21", "midirenderer", "pretty_midi")


def make_starter(
    directory: Path,
    *,
    n_tracks: int = 200,
    seconds: float = 20.0,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Write the starter library as a dataset directory, or finish one that was started.

    Parameters
    ----------
    directory : Path
        New or empty, or with the result of an earlier call with the same settings.
    n_tracks : int > 0
        Spread evenly over ten genres, each played by eight performers.
    seconds : float in [2, 120]
        Length of each recording.
    seed : int >= 0
        The same seed and packages give the same recordings, whatever the number of workers.
    workers : int > 0 or None
        Number of processes; None is one for each CPU, 1 renders in this process.

    Returns
    -------
    directory : Path
        With metadata.csv, listens.csv, listeners.csv (tastes), README.md and audio/*.flac.

    Raises
    ------
    MissingExtraError
        music21, midirenderer or pretty_midi is not installed (the extra `demo`).
    DatasetError
        The directory has other contents, or cannot be written.

    Notes
    -----
    After a call that was stopped, the next one renders only what is missing; if nothing is missing,
    it returns at once and does not import music21.
    """
    settings = StarterSettings(n_tracks=n_tracks, seconds=seconds, seed=seed)
    directory = Path(directory).absolute()
    with _as_dataset_errors(directory):
        entries = _finished(directory, open_journal(directory, settings))
        if len(entries) == n_tracks and all((directory / name).is_file() for name in TABLES):
            return directory
        for package in _PACKAGES:
            package_directory(package)
        corpus = package_directory("music21") / "corpus"
        plan = make_plan(corpus, settings)
        (directory / "audio").mkdir(exist_ok=True)
        for unfinished in (directory / "audio").glob(".*.unfinished"):
            unfinished.unlink()
        tasks = [
            RenderTask(slot, settings, corpus, directory)
            for slot in plan
            if slot.track_id not in entries
        ]
        with progress("Rendering the starter library", n_tracks) as advance:
            advance(len(entries))
            for entry in _render_all(tasks, workers or os.cpu_count() or 1):
                add_to_journal(directory, entry)
                entries[entry["track_id"]] = entry
                advance(1)
        if not any("path" in entry for entry in entries.values()):
            raise DatasetError(
                f"No score could be rendered into {directory}: "
                "install the extra again, pip install --force-reinstall 'segue[demo]'."
            )
        write_tables(directory, [entries[slot.track_id] for slot in plan], settings)
    return directory


def _finished(directory: Path, entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the entries of the journal whose recording exists, or that have no usable score."""
    return {
        track_id: entry
        for track_id, entry in entries.items()
        if "path" not in entry or (directory / entry["path"]).is_file()
    }


@contextmanager
def _as_dataset_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"The starter library cannot be written to {directory} "
            f"({error.strerror or error}): free some space or choose another directory."
        ) from error
    except BrokenProcessPool as error:
        raise DatasetError(
            "The system stopped a process that renders the starter library: run it again, with"
            " fewer workers if memory is short."
        ) from error


def _render_all(tasks: list[RenderTask], workers: int) -> Iterator[dict[str, Any]]:
    """Render in this process or in several; yield entries as they are finished."""
    if workers == 1 or len(tasks) < 2:
        yield from map(make_track, tasks)
        return
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_ignore_interrupts,
    )
    try:
        for future in as_completed([pool.submit(make_track, task) for task in tasks]):
            yield future.result()
    finally:
        # after Ctrl-C nothing new is started; running tasks take a second or two
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which stops the pool in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
