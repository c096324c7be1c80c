"""Heads on a pretrained encoder: scikit-learn's probabilities, the user's own labels."""

import json

import numpy as np
import pytest

from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.errors import ModelError, TooLittleDataError
from segue.library.files import add_checksums
from segue.pipeline.analysis.pretrained_embeddings import pretrained_store
from segue.pipeline.evaluate import evaluate
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train
from segue.pipeline.training.heads import (
    head_name,
    head_probabilities,
    heads,
    is_head,
    train_head,
)
from segue.pipeline.training.labels import labels_of
from segue.pipeline.training.logistic import STRENGTHS
from segue.pipeline.training.out_of_fold import FILE, OutOfFold
from segue.pipeline.training.predicted_probabilities import compared_parts, model_output

CLASSES = ("folk", "jazz", "metal")


@pytest.fixture
def embedded(library, tmp_path, rng):
    """A library of ninety tracks of three genres, with embeddings of all but the last.

    The last genre is twice as common; a column `half` has two classes.
    """
    rows = [f"t{i},band {i // 3},{CLASSES[i % 4 % 3]},{'ab'[i % 2]},x" for i in range(90)]
    header = "track_id,artist,genre,half,same"
    (tmp_path / "metadata.csv").write_text("\n".join([header, *rows]))
    preprocess(library, tmp_path)
    catalogue = library.catalogue()
    with pretrained_store(library, "vgg") as store:
        for place, row in enumerate(catalogue.rows.tolist()[:-1]):
            vector = rng.normal(0, 1, PRETRAINED_ENCODERS["vgg"].embedding_size)
            vector[CLASSES.index(catalogue.tracks[place].genres[0]) :: 12] += 2
            vector[5] = 7  # a unit that says nothing
            store.add(row, {"embedding": vector, "probabilities": np.full(50, 0.1)})
    return library


def test_head_names():
    assert head_name("genre", "vgg") == "genre-on-vgg"
    assert is_head("genre-on-vgg")
    assert is_head(head_name("my/own.mood", "musicnn"))
    assert not any(map(is_head, ("cnn", "on-vgg", "genre-on-cnn", "genre-on-")))


def test_head_learns_and_is_saved(embedded):
    result = train_head(embedded, "genre", "vgg")
    assert (result.model, result.state, result.classes) == ("genre-on-vgg", "trained", 3)
    assert result.metrics["accuracy"] > 0.8
    assert heads(embedded) == ["genre-on-vgg"]
    manifest = embedded.models.manifest("genre-on-vgg")
    assert manifest["strength"] in STRENGTHS
    assert manifest["tracks"]["train"] + manifest["tracks"]["valid"] < 90
    chances = head_probabilities(embedded, embedded.catalogue(), "genre-on-vgg")
    assert chances.shape == (90, 3)
    np.testing.assert_allclose(chances[:-1].sum(axis=1), 1, atol=1e-5)
    assert np.isnan(chances[-1]).all()


def test_unchanged_head_is_not_fitted_again(embedded):
    train_head(embedded, "genre", "vgg")
    assert train_head(embedded, "genre", "vgg").state == "up to date"
    assert train_head(embedded, "genre", "vgg", force=True).state == "trained"
    assert train_head(embedded, "genre", "vgg", seed=1).state == "trained"
    with pretrained_store(embedded, "vgg") as store:
        store.forget(store.rows().tolist()[:1])
    assert train_head(embedded, "genre", "vgg", seed=1).state == "trained"


def test_head_fit_is_repeatable(embedded):
    train_head(embedded, "genre", "vgg")
    first = embedded.models.manifest("genre-on-vgg")["fingerprint"]
    train_head(embedded, "genre", "vgg", force=True)
    assert embedded.models.manifest("genre-on-vgg")["fingerprint"] == first


def test_head_of_one_class_is_refused(embedded):
    with pytest.raises(TooLittleDataError, match="needs at least two classes"):
        train_head(embedded, "same", "vgg")
    with pytest.raises(ModelError, match="'artist' has none"):
        train_head(embedded, "artist", "vgg")
    with pytest.raises(ModelError, match="No track has a 'mood'"):
        train_head(embedded, "mood", "vgg")
    with pytest.raises(ModelError, match="choose --on from musicnn, vgg"):
        train_head(embedded, "genre", "cnn")
    assert heads(embedded) == []


def test_damaged_head_is_reported(embedded):
    train_head(embedded, "genre", "vgg")
    path = embedded.models.path("genre-on-vgg") / "arrays.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError, match="is damaged: run segue train genre --on vgg"):
        head_probabilities(embedded, embedded.catalogue(), "genre-on-vgg")


@pytest.fixture
def small_folds(monkeypatch):
    """Let twenty tracks be enough for each fold."""
    monkeypatch.setattr("segue.pipeline.training.folds.MIN_PER_FOLD", 20)


def test_held_out_valid_fits_neither_head_nor_ensemble(embedded, small_folds):
    train(embedded, "genre", on="vgg", folds=2, hold_out_valid=True)
    train(embedded, "ensemble", folds=2, hold_out_valid=True)
    catalogue = embedded.catalogue()
    labels = labels_of(embedded, catalogue)
    has_embedding = np.arange(90) < 89
    for name in ("genre-on-vgg", "ensemble"):
        manifest = embedded.models.manifest(name)
        assert (manifest["folds"], manifest["learned_from"]) == (2, ["train"])
        folds, _ = OutOfFold.load(embedded.models.path(name)).on(catalogue)
        np.testing.assert_array_equal(folds >= 0, labels.mask("train") & has_embedding)
        held_out = model_output(embedded, catalogue, labels, name).held_out
        assert held_out[has_embedding].all()
    assert compared_parts(embedded, ["knn", "genre-on-vgg"]) == ("train",)
    train(embedded, "genre", on="vgg", folds=1)
    assert embedded.models.manifest("genre-on-vgg")["folds"] == 1


def test_head_without_its_predictions_has_learned_its_parts(embedded, small_folds):
    train_head(embedded, "genre", "vgg")
    assert compared_parts(embedded, ["genre-on-vgg"]) == ("train", "valid")
    directory = embedded.models.path("genre-on-vgg")
    (directory / FILE).unlink()
    assert heads(embedded) == []  # damaged
    add_checksums(directory)
    labels = labels_of(embedded, embedded.catalogue())
    output = model_output(embedded, embedded.catalogue(), labels, "genre-on-vgg")
    np.testing.assert_array_equal(output.held_out, labels.mask("test"))


@pytest.mark.slow
def test_head_is_evaluated_like_other_models(dataset, library):
    preprocess(library, dataset, workers=1)
    catalogue = library.catalogue()
    rng = np.random.default_rng(0)
    kinds = sorted({track.genres[0] for track in catalogue.tracks})
    with pretrained_store(library, "musicnn") as store:
        for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True):
            vector = rng.normal(0, 0.1, PRETRAINED_ENCODERS["musicnn"].embedding_size)
            vector[kinds.index(track.genres[0]) :: 6] += 1
            store.add(row, {"embedding": vector, "probabilities": np.full(50, 0.1)})
    train_head(library, "genre", "musicnn")
    # no artist can be judged where artists are kept apart: that must not hide the others
    train_head(library, "ensemble", "musicnn")
    for subject in ("genre-on-musicnn", "all"):
        document = evaluate(library, subject).report.to_document()
        assert json.dumps(document)
        results = [document, *document["other_results"]]
        (found,) = (one for one in results if one["task"] == "classification")
        assert found["models"]["genre-on-musicnn"]["accuracy"] == 1.0
        assert ("ensemble" in " ".join(document["notes"])) == (subject == "all")
        assert {"majority", "descriptors_logistic_regression"} <= set(found["baselines"])
