"""Models trained in folds: no figure is of a prediction that learned from its track."""

from dataclasses import replace

import numpy as np
import pytest
from tests.factories import SMALL_SETTINGS, make_library, rows, write_dataset

from segue.errors import ModelError, TooLittleDataError
from segue.pipeline.analysis.embeddings import embeddings, probabilities
from segue.pipeline.evaluate import evaluate
from segue.pipeline.train import train
from segue.pipeline.training import hubs
from segue.pipeline.training.cards import model_card
from segue.pipeline.training.fit_models import TrainingContext, fit_encoder
from segue.pipeline.training.folds import folds_of
from segue.pipeline.training.labels import labels_of
from segue.pipeline.training.leaderboard import leaderboard
from segue.pipeline.training.out_of_fold import FILE, OutOfFold, held_out_blocks
from segue.pipeline.training.predicted_probabilities import (
    LOGISTIC,
    ClassifierOutput,
    comparable_tracks,
    model_output,
)
from segue.pipeline.training.spaces import Space

pytestmark = pytest.mark.slow
N = 48
PARTS = ["train"] * 8 + ["valid"] * 2 + ["test"] * 2


@pytest.fixture(scope="module")
def small_folds():
    """Let forty tracks be enough for three folds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segue.pipeline.training.folds.MIN_PER_FOLD", 13)
        yield


@pytest.fixture(scope="module")
def library(tmp_path_factory, small_folds):
    """A library of 48 tracks of three genres and twelve artists, with frames and a stated split."""
    rng = np.random.default_rng(0)
    tracks, frames = [], {}
    for row in range(N):
        kind, artist = row % 3, row // 4
        values = rng.normal(100, 20, (40, 18))
        values[:, 6 * kind : 6 * kind + 6] += 30
        frames[f"{row}.npy"] = values.clip(0, 255).astype(np.uint8)
        band = f"band {artist}"
        tracks.append((f"t{row}", f"features/{row}.npy", band, "abc"[kind], PARTS[artist]))
    directory = tmp_path_factory.mktemp("folds")
    data = rows("track_id features artist genre split", tracks)
    dataset = write_dataset(directory / "data", data, frames=frames)
    models = ("knn", "cnn", "ensemble")
    return make_library(directory / "my.segue", dataset, *models, settings=SMALL_SETTINGS)


def test_network_keeps_predictions_by_the_network_of_each_fold(library):
    manifest = library.models.manifest("cnn")
    assert manifest["folds"] == 3
    assert manifest["learned_from"] == ["train", "valid"]
    catalogue = library.catalogue()
    labels = labels_of(library, catalogue)
    folds, own = OutOfFold.load(library.models.path("cnn")).on(catalogue)
    np.testing.assert_array_equal(folds, folds_of(labels, catalogue))
    learned = ~labels.mask("test")
    assert (folds[learned] >= 0).all()
    assert (folds[~learned] == -1).all()
    chances = model_output(library, catalogue, labels, "cnn")
    fitted = probabilities(library, catalogue, "cnn")
    np.testing.assert_allclose(chances.chances[learned], own[learned], atol=1e-6)
    np.testing.assert_allclose(chances.chances[~learned], fitted[~learned], atol=1e-6)
    assert chances.held_out.all()
    right = own[learned].argmax(axis=1) == labels.labels[learned]
    assert manifest["metrics"]["accuracy"] == pytest.approx(right.mean())


def test_held_out_blocks_are_the_embeddings_of_each_fold(library):
    catalogue = library.catalogue()
    vectors = embeddings(library, catalogue, "cnn")
    blocks = list(held_out_blocks(library, catalogue, "cnn", vectors))
    assert [block.shape for _, block in blocks] == [(N, vectors.shape[1] // 3)] * 3
    np.testing.assert_array_equal(np.hstack([block for _, block in blocks]), vectors)
    assert not (blocks[0][0] & blocks[1][0]).any()
    assert list(held_out_blocks(library, catalogue, "knn", vectors)) == []


def test_models_are_compared_on_all_tracks_of_the_folds(library):
    found = leaderboard(library, "genre")
    assert found.folds
    assert found.n == 40
    by_name = {one.name: one for one in found.models}
    for name in ("cnn", "knn", "ensemble", LOGISTIC):
        low, high = by_name[name].interval
        assert low <= by_name[name].metrics["accuracy"] <= high
    assert [one.split for one in model_card(library, "cnn").judged] == ["test", "folds"]


def test_evaluation_of_valid_uses_predictions_out_of_fold(library):
    catalogue = library.catalogue()
    labels = labels_of(library, catalogue)
    _, own = OutOfFold.load(library.models.path("cnn")).on(catalogue)
    valid = labels.mask("valid")
    right = own[valid].argmax(axis=1) == labels.labels[valid]
    report = evaluate(library, "cnn", split="valid").report.to_document()
    assert report["metrics"]["accuracy"] == pytest.approx(right.mean())


def test_ensemble_predicts_each_fold_by_weights_of_the_others(library):
    catalogue = library.catalogue()
    folds, own = OutOfFold.load(library.models.path("ensemble")).on(catalogue)
    assert (folds >= 0).sum() == 40
    np.testing.assert_allclose(own[folds >= 0].sum(axis=1), 1, atol=1e-5)
    assert set(library.models.manifest("ensemble")["weights"]) == {"cnn", LOGISTIC}


def test_tracks_that_only_some_learned_from_are_not_compared():
    chances, known = np.full((3, 2), 0.5), np.array([True, True, False])
    chances[0] = np.nan
    every = np.ones(3, bool)
    first = ClassifierOutput("first", chances, known)
    second = ClassifierOutput("second", np.full((3, 2), 0.5), every)
    third = ClassifierOutput("third", chances, ~every)
    found = comparable_tracks([first, second], every, "train")
    assert found.tolist() == [False, True, False]
    assert comparable_tracks([third], every, "train").tolist() == [False, True, True]
    with pytest.raises(ModelError, match="third learned from its tracks"):
        comparable_tracks([first, third], every, "train")


class _StartedError(Exception):
    pass


def test_folds_need_no_validation_tracks_to_judge(library):
    def progress(name, total):
        raise _StartedError

    catalogue = library.catalogue()
    labels = labels_of(library, catalogue)
    parts = tuple("train" if part == "valid" else part for part in labels.splits)
    work = TrainingContext(
        library=library,
        catalogue=catalogue,
        labels=replace(labels, splits=parts),
        seed=5,
        force=False,
        settings=SMALL_SETTINGS,
        progress=progress,
        only_judged=True,
    )
    with pytest.raises(_StartedError):
        fit_encoder(work, "cnn")
    with pytest.raises(TooLittleDataError, match="could not be judged"):
        fit_encoder(replace(work, n_folds=1), "cnn")


def test_damaged_predictions_are_reported(tmp_path):
    (tmp_path / FILE).write_bytes(b"PK")
    with pytest.raises(ModelError, match="cannot be read: train the model again"):
        OutOfFold.load(tmp_path)


def test_valid_can_be_held_out_and_folds_left_out(library, small_folds):
    (made,) = train(library, "cnn", settings=SMALL_SETTINGS, hold_out_valid=True, seed=1)
    assert made.state == "trained"
    catalogue = library.catalogue()
    labels = labels_of(library, catalogue)
    # 32 train tracks are too few for three folds
    assert library.models.manifest("cnn")["folds"] == 1
    output = model_output(library, catalogue, labels, "cnn")
    np.testing.assert_array_equal(output.held_out, ~labels.mask("train"))
    assert leaderboard(library, "genre").n == 8
    train(library, "ensemble")
    output = model_output(library, catalogue, labels, "ensemble")
    np.testing.assert_array_equal(output.held_out, ~labels.mask("train"))
    with pytest.raises(ModelError, match="number of folds is 0"):
        train(library, "cnn", folds=0)


def test_hubs_are_decided_in_held_out_vectors(library, monkeypatch):
    catalogue = library.catalogue()
    artists = np.eye(N // 4, dtype=np.float32)[np.arange(N) // 4]
    noise = np.random.default_rng(1).normal(size=artists.shape).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    everything = np.ones(N, bool)
    figures = []
    for held_out in ((), ((everything, noise),)):
        space = Space("cnn", artists, "cnn", "genre", learned=True, held_out=held_out)
        monkeypatch.setattr(hubs, "model_space", lambda *_, space=space: space)
        figures.append(hubs._decide(library, catalogue, "cnn").figures[hubs.COSINE])
    fitted, judged = figures
    assert judged["precision@10"] < fitted["precision@10"] / 2
    assert judged["largest_hub@10"] == fitted["largest_hub@10"]
