"""The functions that jobs run, in processes of their own.

Each takes the library, the checked arguments and a progress, and returns the result as a JSON
object. They import what they need when they run: servers read this module, too.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from segue.errors import DatasetError, LibraryBusyError, MediaServerError, SegueError
from segue.library import Library
from segue.pipeline.jobs.job_datasets import dataset_of, music_folders
from segue.types import Progress


class StepProgress(Progress, Protocol):
    """A progress that also names the step that a job is at."""

    def step(self, text: str) -> None:
        """Start the next of several steps."""


def run_preprocess(
    library: Library, given: Mapping[str, Any], progress: StepProgress
) -> dict[str, Any]:
    """Scan and analyze a dataset."""
    from segue.pipeline.preprocess import preprocess

    options = {name: given[name] for name in ("fast", "retry") if name in given}
    return preprocess(library, dataset_of(library, given), progress=progress, **options).to_dict()


def run_rescan(
    library: Library,
    given: Mapping[str, Any],  # noqa: ARG001  # every job has arguments
    progress: StepProgress,
) -> dict[str, Any]:
    """Scan all music folders again; see `music_folders`.

    A folder that is absent or cannot be used does not keep the others from being scanned.

    Raises
    ------
    DatasetError
        If no folder is there, or one cannot be used.
    """
    from segue.pipeline.preprocess import preprocess

    analyzed, scanned, absent, failed = 0, 0, [], []
    for folder in music_folders(library):
        if not folder.is_dir():
            absent.append(folder.name)
            continue
        progress.step(folder.name)
        try:
            analyzed += preprocess(library, folder, progress=progress).analyzed
            scanned += 1
        except LibraryBusyError:
            raise
        except SegueError as error:
            failed.append(str(error))
    if failed:
        raise DatasetError(failed[0])
    if absent and not scanned:
        names = ", ".join(absent)
        raise DatasetError(f"The music folders are not there ({names}): connect their drive.")
    return {"folders": scanned, "analyzed": analyzed, "absent": absent}


def run_train(library: Library, given: Mapping[str, Any], progress: StepProgress) -> dict[str, Any]:
    """Train models, all by default."""
    from segue.pipeline.train import train

    options = {name: value for name, value in given.items() if name != "models"}
    results = []
    for model in given.get("models", ["all"]):
        results += train(library, model, progress=progress, **options)
    return {"models": [result.to_dict() for result in results]}


def run_evaluate(
    library: Library, given: Mapping[str, Any], progress: StepProgress
) -> dict[str, Any]:
    """Evaluate models and recommendations, and write a report."""
    from segue.pipeline.evaluate import evaluate

    return {"report": evaluate(library, progress=progress, **given).page.parent.name}


def run_demo(library: Library, given: Mapping[str, Any], progress: StepProgress) -> dict[str, Any]:
    """Make the starter library."""
    from segue.pipeline.demo import run_demo as run

    options = {"n_tracks" if name == "tracks" else name: value for name, value in given.items()}
    music = library.directory / "starter"  # keep music and library together
    made = run(music, library.directory, progress=progress, step=progress.step, **options)
    return {"report": made.page.parent.name, "pretrained": made.pretrained}


def run_map(library: Library, given: Mapping[str, Any], progress: StepProgress) -> dict[str, Any]:
    """Lay out the map by a signal."""
    from segue.pipeline.recommender.service import RecommenderService
    from segue.pipeline.track_map.train_maps import track_map

    # use the vectors that a server reads, also while models are being trained
    service = RecommenderService(library, serve_stale=True)
    try:
        drawn = track_map(service.state(), given["by"], progress=progress)
    finally:
        service.close()
    return {"by": drawn.signal, "placed": int(drawn.placed.sum())}


def run_weekly(
    library: Library,
    given: Mapping[str, Any],  # noqa: ARG001  # every job has arguments
    progress: StepProgress,
) -> dict[str, Any]:
    """Fetch the weekly playlists of ListenBrainz, for all listeners who want them."""
    from segue.pipeline.playlists.weekly_playlists import fetch_due_playlists

    progress.step("Fetching weekly playlists")
    return fetch_due_playlists(library)


def run_mixes(
    library: Library,
    given: Mapping[str, Any],  # noqa: ARG001  # every job has arguments
    progress: StepProgress,
) -> dict[str, Any]:
    """Make the saved playlists again that are kept current."""
    from segue.pipeline.playlists.saved_playlists import refresh_all

    progress.step("Refreshing playlists")
    return refresh_all(library)


def run_sync(
    library: Library,
    given: Mapping[str, Any],  # noqa: ARG001  # every job has arguments
    progress: StepProgress,
) -> dict[str, Any]:
    """Synchronize all connections to media servers; one that fails does not stop the others.

    Raises
    ------
    MediaServerError
        If an account of a connection cannot be synchronized.
    """
    from segue.pipeline.connections.sync import sync

    errors, n_listens = [], 0
    connections = library.connections.all()
    for connection in connections:
        progress.step(connection.name)
        done = sync(library, connection.name, progress=progress)
        n_listens += sum(account.listens for account in done.accounts)
        if done.error:
            errors.append(done.error)
    if errors:
        raise MediaServerError(errors[0])
    return {"connections": len(connections), "listens": n_listens}


def run_backup(
    library: Library,
    given: Mapping[str, Any],
    progress: StepProgress,
) -> dict[str, Any]:
    """Copy the database into `backups/`, and delete the oldest of these copies."""
    from segue.library import back_up_database

    progress.step("Copying the database")
    made = back_up_database(library, keep=given.get("keep", 4))
    return {"backup": made.name, "bytes": made.stat().st_size}
