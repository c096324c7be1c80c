"""Every track as each trained model places it: kept beside the models, made when it is missing.

Encoders and the combined kNN vector are alike here: a model turns what the library holds of a track
into a vector, and a store per model (and per training of it) keeps them.
"""

import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders import Encoder
from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.errors import FramesError, ModelError
from segue.library import Catalogue, FeatureStore, Library
from segue.pipeline.analysing.inputs import INPUTS, model_summaries, open_store
from segue.pipeline.analysing.pretrained_embeddings import pretrained_store
from segue.signals import KnnModel, KnnSettings
from segue.types import Progress, no_progress

ENCODERS = ("cnn", "rnn", "transformer")
KNN = "knn"


def embedding_store(library: Library, model: str) -> FeatureStore:
    """Return the store of the vectors that the present training of `model` gives.

    A pretrained ear counts as a model that is there once and for all.
    """
    if model in PRETRAINED_ENCODERS:
        return pretrained_store(library, model)
    manifest = library.models.manifest(model)
    dtypes = {"embedding": "float32"}
    if model in ENCODERS:
        dtypes["probabilities"] = "float32"
    return library.features({"embedding of": model, "fingerprint": manifest["fingerprint"]}, dtypes)


def embeddings(library: Library, catalogue: Catalogue, model: str) -> NDArray[np.float32]:
    """Return ``[n_tracks, d]`` vectors, rows of NaN for tracks that the model cannot place."""
    return embedding_store(library, model).matrix("embedding", catalogue.rows)


def probabilities(library: Library, catalogue: Catalogue, model: str) -> NDArray[np.float32]:
    """Return ``[n_tracks, n_classes]`` class probabilities, rows of NaN where there are none."""
    return embedding_store(library, model).matrix("probabilities", catalogue.rows)


def encode_new(library: Library, catalogue: Catalogue, *, progress: Progress = no_progress) -> int:
    """Place every track that a trained model has not placed yet; return how many that were."""
    n_new = sum(_encode(library, model, progress) for model in ENCODERS if model in library.models)
    if KNN in library.models:
        n_new += _place(library, catalogue)
    return n_new


def load_knn(library: Library) -> KnnModel:
    """Return the trained kNN model."""
    manifest = library.models.manifest(KNN)
    path = library.models.path(KNN) / "arrays.npz"
    try:
        # opened here, since np.load leaves a file open that it cannot read
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return KnnModel(KnnSettings(**manifest["settings"]), dict(arrays))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path} is missing, cut short or not what was saved: run segue train {KNN} --force."
        ) from error


def _encode(library: Library, model: str, progress: Progress) -> int:
    manifest = library.models.manifest(model)
    chosen = INPUTS[manifest["input"]]
    source, name = open_store(library, chosen.windows), chosen.frames[model]
    n_new = 0
    with embedding_store(library, model) as store:
        rows = [row for row in source.rows().tolist() if row not in store]
        if not rows:
            return 0
        encoder = Encoder.load(library.models.path(model))
        with progress(f"Encoding with {model}", len(rows)) as advance:
            for row in rows:
                frames: NDArray[Any] = source.read(name, row)
                try:
                    embedding, chances = encoder.encode(frames)
                except FramesError:
                    # frames of another width than those it was trained on: it cannot place them
                    advance(1)
                    continue
                store.add(row, {"embedding": embedding, "probabilities": chances})
                n_new += 1
                advance(1)
    return n_new


def _place(library: Library, catalogue: Catalogue) -> int:
    with embedding_store(library, KNN) as store:
        new = [place for place, row in enumerate(catalogue.rows.tolist()) if row not in store]
        if not new:
            return 0
        summary = model_summaries(library, catalogue, library.models.manifest(KNN))
        tracks = [catalogue.tracks[place] for place in new]
        vectors = load_knn(library).transform(tracks, summary[new])
        store.add_many(catalogue.rows[new].tolist(), {"embedding": vectors})
    return len(new)
