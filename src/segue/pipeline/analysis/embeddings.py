"""Embeddings of all tracks by each trained model, stored in the library.

Encoders and the combined kNN vector work alike: a model maps the stored arrays of a track to a
vector, and each training of a model has a store for its vectors.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders import Encoder
from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.errors import FramesError, ModelError
from segue.library import Catalogue, FeatureStore, Library
from segue.pipeline.analysis.inputs import INPUTS, model_summaries, open_store
from segue.pipeline.analysis.pretrained_embeddings import pretrained_store
from segue.signals import KnnModel, KnnSettings
from segue.types import Progress, no_progress

ENCODERS = ("cnn", "rnn", "transformer")
KNN = "knn"


def embedding_store(library: Library, model: str) -> FeatureStore:
    """Return the store of the vectors of the present training of `model`.

    A pretrained encoder has one store for good.
    """
    if model in PRETRAINED_ENCODERS:
        return pretrained_store(library, model)
    return _store(library, model, library.models.manifest(model))


def _store(library: Library, model: str, manifest: Mapping[str, Any]) -> FeatureStore:
    dtypes = {"embedding": "float32"}
    if model in ENCODERS:
        dtypes["probabilities"] = "float32"
    return library.features({"embedding of": model, "fingerprint": manifest["fingerprint"]}, dtypes)


def embeddings(library: Library, catalogue: Catalogue, model: str) -> NDArray[np.float32]:
    """Return vectors ``[n_tracks, d]``; rows of tracks that the model cannot embed are NaN."""
    return embedding_store(library, model).matrix("embedding", catalogue.rows)


def probabilities(library: Library, catalogue: Catalogue, model: str) -> NDArray[np.float32]:
    """Return class probabilities ``[n_tracks, n_classes]``, rows of NaN where there are none."""
    return embedding_store(library, model).matrix("probabilities", catalogue.rows)


def encode_new(library: Library, catalogue: Catalogue, *, progress: Progress = no_progress) -> int:
    """Embed every track that a trained model has not embedded yet; return their number."""
    n_new = 0
    for model in ENCODERS:
        if model in library.models:
            place = library.models.path(model)
            manifest = library.models.manifest(model)
            n_new += encode_with(library, model, place, manifest, progress=progress)
    if KNN in library.models:
        n_new += _embed_with_knn(library, catalogue)
    return n_new


def load_knn(library: Library) -> KnnModel:
    """Return the trained kNN model."""
    manifest = library.models.manifest(KNN)
    path = library.models.path(KNN) / "arrays.npz"
    try:
        # opened here: np.load leaves a file open that it cannot read
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return KnnModel(KnnSettings(**manifest["settings"]), dict(arrays))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path} is missing, cut short or has changed: run segue train {KNN} --force."
        ) from error


def encode_with(
    library: Library,
    model: str,
    directory: Path,
    manifest: Mapping[str, Any],
    *,
    progress: Progress = no_progress,
) -> int:
    """Embed every track that the network in `directory` has not embedded; return their number.

    A network is embedded before it replaces the one there, so that a saved network has embeddings.
    """
    chosen = INPUTS[manifest["input"]]
    source, name = open_store(library, chosen.windows), chosen.frames[model]
    n_new = 0
    with _store(library, model, manifest) as store:
        rows = [row for row in source.rows().tolist() if row not in store]
        if not rows:
            return 0
        encoder = Encoder.load(directory)
        with progress(f"Encoding with {model}", len(rows)) as advance:
            for row in rows:
                frames: NDArray[Any] = source.read(name, row)
                try:
                    embedding, chances = encoder.encode(frames)
                except FramesError:
                    # frames of another width than in training
                    advance(1)
                    continue
                store.add(row, {"embedding": embedding, "probabilities": chances})
                n_new += 1
                advance(1)
    return n_new


def _embed_with_knn(library: Library, catalogue: Catalogue) -> int:
    with embedding_store(library, KNN) as store:
        new = [place for place, row in enumerate(catalogue.rows.tolist()) if row not in store]
        if not new:
            return 0
        summary = model_summaries(library, catalogue, library.models.manifest(KNN))
        tracks = [catalogue.tracks[place] for place in new]
        vectors = load_knn(library).transform(tracks, summary[new])
        store.add_many(catalogue.rows[new].tolist(), {"embedding": vectors})
    return len(new)
