"""Make the starter library: plan, render in parallel, write the tables. Resumable.

Recordings are rendered by worker processes that are started afresh ("spawn"), so that a caller's
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
from segue.demo_data.tracks import Order, make_track
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
    """Write the starter library as a dataset directory, or finish one that was begun.

    Parameters
    ----------
    directory : Path
        New or empty, or what an earlier call with the same settings left.
    n_tracks : int > 0
        Spread evenly over ten genres, each heard from eight performers.
    seconds : float in [2, 120]
        Length of each recording.
    seed : int >= 0
        The same seed and packages give the same recordings, whatever the number of workers.
    workers : int > 0 or None
        Processes to render with; None takes one for each processor, 1 stays in this process.

    Returns
    -------
    directory : Path
        With metadata.csv, listens.csv, listeners.csv (stated tastes), README.md and audio/*.flac.

    Raises
    ------
    MissingExtraError
        If music21, midirenderer or pretty_midi is not installed (the extra `demo`).
    DatasetError
        If the directory holds something else, or the disk refuses it.

    Notes
    -----
    Stopped at any point, the next call renders only what is missing; where nothing is, it returns
    at once and imports no music21.
    """
    settings = StarterSettings(n_tracks=n_tracks, seconds=seconds, seed=seed)
    directory = Path(directory).absolute()
    with _told_simply(directory):
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
        orders = [
            Order(slot, settings, corpus, directory)
            for slot in plan
            if slot.track_id not in entries
        ]
        with progress("Rendering the starter library", n_tracks) as advance:
            advance(len(entries))
            for entry in _render_all(orders, workers or os.cpu_count() or 1):
                add_to_journal(directory, entry)
                entries[entry["track_id"]] = entry
                advance(1)
        if not any("path" in entry for entry in entries.values()):
            raise DatasetError(
                f"not one score could be rendered into {directory}: "
                "install the extra again, pip install --force-reinstall 'segue[demo]'."
            )
        write_tables(directory, [entries[slot.track_id] for slot in plan], settings)
    return directory


def _finished(directory: Path, entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Keep the journal's entries whose recording is still there, or that were given up."""
    return {
        track_id: entry
        for track_id, entry in entries.items()
        if "path" not in entry or (directory / entry["path"]).is_file()
    }


@contextmanager
def _told_simply(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"the starter library cannot be written to {directory} "
            f"({error.strerror or error}): free some space or choose another directory."
        ) from error
    except BrokenProcessPool as error:
        raise DatasetError(
            "a process that renders the starter library was ended from outside: "
            "run it again, with fewer workers if memory is short."
        ) from error


def _render_all(orders: list[Order], workers: int) -> Iterator[dict[str, Any]]:
    """Render in this process or in several; entries come as they are finished."""
    if workers == 1 or len(orders) < 2:
        yield from map(make_track, orders)
        return
    pool = ProcessPoolExecutor(
        min(workers, len(orders)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_ignore_interrupts,
    )
    try:
        for future in as_completed([pool.submit(make_track, order) for order in orders]):
            yield future.result()
    finally:
        # On Ctrl-C too: nothing new is begun, what is being rendered takes a second or two.
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which stops the pool in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
