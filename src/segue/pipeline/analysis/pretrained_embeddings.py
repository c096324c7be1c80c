"""Embeddings of pretrained encoders: computed in worker processes, two stores an encoder.

One store has the embedding and the probabilities of tags; the other has the *blocks*, further parts
of the same inference that are read beside the embedding. Encoders that an earlier segue installed
give no blocks, and libraries of an earlier segue have none: their embeddings stay valid.

Encoders that are installed on this machine embed every track with audio. The embeddings stay in the
library and can be used where the encoders are not installed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained import (
    PACKAGE,
    PRETRAINED_ENCODERS,
    check_pretrained,
    has_all_outputs,
    installed_encoders,
)
from segue.errors import ModelNotTrainedError
from segue.library import Catalogue, FeatureStore, Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.analysis.pretrained_task import MAX_PATCHES, embed_track
from segue.pipeline.analysis.runners import FileTaskRunner
from segue.pipeline.analysis.tasks import Failed
from segue.types import Problem, Progress, no_progress

BLOCKS: Final = ("deviation", "max_pool", "mean_pool")
"""Parts of an inference beside the embedding: see `embed_track` and `segue.encoders.pretrained`."""


def pretrained_store(library: Library, encoder: str) -> FeatureStore:
    """Return the store of an encoder: `embedding`, and the `probabilities` of its tags."""
    settings = {
        "heard by": encoder,  # part of the hash of existing stores
        "fingerprint": PRETRAINED_ENCODERS[encoder].fingerprint,
        "patches": MAX_PATCHES,
    }
    return library.features(settings, {"embedding": "float32", "probabilities": "float32"})


def block_store(library: Library, encoder: str) -> FeatureStore:
    """Return the store of the `BLOCKS` of an encoder."""
    settings = {
        "blocks of": encoder,
        "fingerprint": PRETRAINED_ENCODERS[encoder].fingerprint,
        "patches": MAX_PATCHES,
    }
    return library.features(settings, dict.fromkeys(BLOCKS, "float16"))


def encoders_with_embeddings(library: Library) -> list[str]:
    """Return the encoders that have embedded any track of the library."""
    return [name for name in PRETRAINED_ENCODERS if len(pretrained_store(library, name).rows())]


def require_embeddings(library: Library, encoder: str, consumer: str) -> None:
    """Check that `encoder` has embedded tracks of the library, for a `consumer` named in the error.

    Raises
    ------
    ModelNotTrainedError
        If it has not; the message says which command to run.
    """
    if len(pretrained_store(library, encoder).rows()):
        return
    if encoder in installed_encoders():
        way_out = "run segue preprocess DATASET again, on a dataset with audio"
    else:
        way_out = f"run segue encoders add {PACKAGE}, then segue preprocess DATASET again"
    raise ModelNotTrainedError(
        f"{consumer} needs the pretrained encoder '{encoder}', which has not analyzed any track of"
        f" this library: {way_out}."
    )


def predicted_tags(
    library: Library, catalogue: Catalogue, encoder: str
) -> tuple[Sequence[str], NDArray[np.float32]]:
    """Return the tags of an encoder, and their probabilities ``[n_tracks, n_tags]``.

    Rows of tracks without an embedding are NaN.
    """
    probabilities = pretrained_store(library, encoder).matrix("probabilities", catalogue.rows)
    return PRETRAINED_ENCODERS[encoder].tags, probabilities


def embed_new(
    library: Library,
    catalogue: Catalogue,
    workers: FileTaskRunner,
    *,
    progress: Progress = no_progress,
) -> tuple[int, list[Problem]]:
    """Embed every analyzed track that an installed encoder has not embedded yet.

    Each track is stored at once, so that the run may be stopped.

    Returns
    -------
    n_embedded, problems
        Number of tracks embedded, and those that failed.

    Raises
    ------
    ModelError
        If an installed encoder is damaged.
    """
    installed = installed_encoders()
    stores = {name: pretrained_store(library, name) for name in installed}
    blocks = {
        name: block_store(library, name)
        for name, directory in installed.items()
        if has_all_outputs(directory)
    }
    work = _plan(library, catalogue, stores, blocks, installed)
    if not work:
        return 0, []
    for directory in installed.values():
        check_pretrained(directory)  # reports a damaged one once, not for every track
    tracks = dict(zip(catalogue.rows.tolist(), catalogue.tracks, strict=True))
    problems: list[Problem] = []
    try:
        with progress(f"Embedding with {', '.join(installed)}", len(work)) as advance:
            for row, answer in workers.answers(embed_track, work):
                if isinstance(answer, Failed):
                    name = (tracks[row].path or Path()).name
                    subject = tracks[row].track_id
                    problems.append(Problem(source=name, reason=answer.reason, subject=subject))
                else:
                    for encoder, arrays in answer.items():
                        _store(stores[encoder], blocks.get(encoder), row, arrays)
                advance(1)
    finally:
        for store in (*stores.values(), *blocks.values()):
            store.close()
    current = [store.settings for store in (*stores.values(), *blocks.values())]
    library.drop_features(
        lambda settings: (
            (settings.get("heard by") in stores or settings.get("blocks of") in blocks)
            and settings not in current
        )
    )
    return len(work) - len(problems), problems


def _store(
    store: FeatureStore, blocks: FeatureStore | None, row: int, arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Store what is missing of one track; an embedding that is there stays as it is."""
    if row not in store:
        store.add(row, {name: arrays[name] for name in store.dtypes})
    if blocks is not None and row not in blocks:
        limit = np.finfo(np.float16).max
        halves = {name: arrays[name].clip(-limit, limit) for name in blocks.dtypes}
        blocks.add(row, {name: array.astype(np.float16) for name, array in halves.items()})


def outdated_encoders() -> list[str]:
    """Return the installed encoders of an earlier segue, which give no blocks."""
    found = installed_encoders()
    return [name for name, directory in found.items() if not has_all_outputs(directory)]


def _plan(
    library: Library,
    catalogue: Catalogue,
    stores: dict[str, FeatureStore],
    blocks: dict[str, FeatureStore],
    installed: dict[str, Path],
) -> list[tuple[int, tuple[Path, dict[str, Path]]]]:
    """Return row, file and encoders of each track that some encoder has not embedded."""
    if not stores:
        return []
    # tracks that could not be analyzed are reported already
    analysed = set(open_store(library, AUDIO.summary).rows().tolist())
    work = []
    for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True):
        if track.path is None or track.missing or row not in analysed:
            continue
        missing = {
            name: installed[name]
            for name, store in stores.items()
            if row not in store or (name in blocks and row not in blocks[name])
        }
        if missing:
            work.append((row, (track.path, missing)))
    return work
