"""What pretrained ears make of the tracks: heard in worker processes, kept in a store an ear.

Ears that are installed on this machine hear every track with audio. What they heard stays in the
library and can be used where they are not installed.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained import EARS, PACKAGE, check_ear, installed_ears
from segue.errors import ModelNotTrainedError
from segue.library import Catalogue, FeatureStore, Library
from segue.pipeline.analysing.hearing import MOST_PATCHES, hear_track
from segue.pipeline.analysing.inputs import AUDIO, open_store
from segue.pipeline.analysing.tasks import Failed
from segue.pipeline.analysing.workers import Workers
from segue.types import Problem, Progress, no_progress


def ear_store(library: Library, ear: str) -> FeatureStore:
    """Return the store of what `ear` heard: `embedding` and the `probabilities` of its tags."""
    settings = {"heard by": ear, "fingerprint": EARS[ear].fingerprint, "patches": MOST_PATCHES}
    return library.features(settings, {"embedding": "float32", "probabilities": "float32"})


def heard_by(library: Library) -> list[str]:
    """Return the ears that have heard any track of the library."""
    return [ear for ear in EARS if len(ear_store(library, ear).rows())]


def need_heard(library: Library, ear: str, what_for: str) -> None:
    """Make sure that `ear` has heard the library.

    Raises
    ------
    ModelNotTrainedError
        If it has not; the message says what to run.
    """
    if len(ear_store(library, ear).rows()):
        return
    if ear in installed_ears():
        way_out = "run segue preprocess DATASET again, on a dataset with audio"
    else:
        way_out = f"run segue encoders add {PACKAGE}, then segue preprocess DATASET again"
    raise ModelNotTrainedError(
        f"{what_for} needs the pretrained ear '{ear}', which has heard no track here: {way_out}."
    )


def predicted_tags(
    library: Library, catalogue: Catalogue, ear: str
) -> tuple[Sequence[str], NDArray[np.float32]]:
    """Return the tags that `ear` knows, and their probabilities ``[n_tracks, n_tags]``.

    Rows of NaN stand for tracks that it has not heard.
    """
    return EARS[ear].tags, ear_store(library, ear).matrix("probabilities", catalogue.rows)


def hear_new(
    library: Library, catalogue: Catalogue, workers: Workers, *, progress: Progress = no_progress
) -> tuple[int, list[Problem]]:
    """Let the installed ears hear every analysed track that they have not heard.

    Each track is on disk as soon as it is heard, so that a run may be stopped.

    Returns
    -------
    n_heard, problems
        How many tracks were heard, and those that could not be.

    Raises
    ------
    ModelError
        If an installed ear is damaged.
    """
    installed = installed_ears()
    stores = {ear: ear_store(library, ear) for ear in installed}
    work = _planned(library, catalogue, stores, installed)
    if not work:
        return 0, []
    for directory in installed.values():
        check_ear(directory)  # a damaged one is told once, not for every track
    tracks = dict(zip(catalogue.rows.tolist(), catalogue.tracks, strict=True))
    problems: list[Problem] = []
    try:
        with progress(f"Hearing with {', '.join(installed)}", len(work)) as advance:
            for row, answer in workers.answers(hear_track, work):
                if isinstance(answer, Failed):
                    name = (tracks[row].path or Path()).name
                    subject = tracks[row].track_id
                    problems.append(Problem(source=name, reason=answer.reason, subject=subject))
                else:
                    for ear, arrays in answer.items():
                        stores[ear].add(row, arrays)
                advance(1)
    finally:
        for store in stores.values():
            store.close()
    library.drop_features(
        lambda kept: (
            kept.get("heard by") in stores and kept != stores[str(kept["heard by"])].settings
        )
    )
    return len(work) - len(problems), problems


def _planned(
    library: Library,
    catalogue: Catalogue,
    stores: dict[str, FeatureStore],
    installed: dict[str, Path],
) -> list[tuple[int, tuple[Path, dict[str, Path]]]]:
    """Return for each track that some ear has not heard its file and those ears."""
    if not stores:
        return []
    # what could not be analysed is listed already
    analysed = set(open_store(library, AUDIO.summary).rows().tolist())
    work = []
    for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True):
        if track.path is None or track.missing or row not in analysed:
            continue
        missing = {ear: installed[ear] for ear, store in stores.items() if row not in store}
        if missing:
            work.append((row, (track.path, missing)))
    return work
