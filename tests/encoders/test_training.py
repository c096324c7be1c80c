"""Training learns, is repeatable, can be stopped and resumed, and reports its course."""

import sys
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from segue.encoders import CnnSettings, Encoder, train_encoder
from segue.encoders.checkpoint import NAME
from segue.encoders.trainer import Trainer, TrainingPart
from segue.errors import MissingExtraError, ModelError
from segue.task_runner import InProcess

pytestmark = pytest.mark.slow

KINDS = ["cnn", *(pytest.param(kind, marks=pytest.mark.nightly) for kind in ("rnn", "transformer"))]


def fit(kind, tracks, settings, **changes):
    arguments = {"seed": 3, "labels": tracks.labels, "splits": tracks.splits} | changes
    arguments.setdefault("class_names", tracks.class_names)
    return train_encoder(kind, tracks.frames, settings=settings, **arguments)


def weights(encoder):
    return [variable.numpy() for variable in encoder.network.variables]


def assert_same(one, other):
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.history == other.history


def test_training_separates_classes(trained, tracks):
    valid = [row for row, split in enumerate(tracks.splits) if split == "valid"]
    embeddings, probabilities = trained.predict([tracks.frames[row] for row in valid])
    assert embeddings.shape == (15, 12)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (probabilities.argmax(axis=1) == tracks.labels[valid]).mean() >= 0.9


def test_best_epoch_has_the_lowest_validation_loss(trained):
    history = trained.history
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss))
    lengths = {len(history.loss), len(history.accuracy), len(history.val_accuracy)}
    assert lengths == {len(history.val_loss)}
    assert f"epoch {history.best_epoch}" in history.note


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_training_equals_uninterrupted_training(kind, tracks, small, tmp_path):
    settings = small(kind)
    whole = fit(kind, tracks, settings)
    with pytest.raises(KeyboardInterrupt):  # in the middle of the second of three epochs
        fit(kind, tracks, settings, checkpoint=tmp_path, progress=counting([], stop_at=12))
    steps = []
    resumed = fit(kind, tracks, settings, checkpoint=tmp_path, progress=counting(steps))
    assert steps[0] == 8  # the finished epoch is not trained again
    assert sum(steps) == 24
    assert_same(whole, resumed)
    assert_same(whole, fit(kind, tracks, settings, checkpoint=tmp_path))  # already at its end


class _TwoTasks(InProcess):
    """Runs tasks as a runner of two processors does, which trains each fold in a task."""

    n_parallel = 2


@pytest.mark.nightly
def test_folds_in_tasks_equal_folds_in_this_process(tracks, small, tmp_path):
    folds = {"folds": np.arange(len(tracks.labels)) % 2}
    settings = small("cnn")
    here = fit("cnn", tracks, settings, **folds)
    apart = fit("cnn", tracks, settings, **folds, runner=_TwoTasks(), checkpoint=tmp_path)
    assert_same(here, apart)
    np.testing.assert_allclose(here.out_of_fold, apart.out_of_fold, atol=1e-6)
    again = fit("cnn", tracks, settings, **folds, checkpoint=tmp_path)  # from finished folds
    assert_same(here, again)


@pytest.fixture(scope="module")
def stopped(tracks, small, tmp_path_factory):
    """A checkpoint after one epoch of eight steps."""
    directory = tmp_path_factory.mktemp("stopped")
    progress = counting([], stop_at=9)
    with pytest.raises(KeyboardInterrupt):
        fit("rnn", tracks, small("rnn"), checkpoint=directory, progress=progress)
    return directory


@pytest.mark.parametrize(
    ("change", "steps_resumed"),
    [("nothing", 8), ("seed", 0), ("labels", 0), ("frames", 0), ("settings", 0), ("cut", 0)],
)
def test_checkpoint_of_another_training_is_not_resumed(
    change, steps_resumed, stopped, tracks, small, tmp_path
):
    settings, file = small("rnn"), tmp_path / NAME
    file.write_bytes((stopped / NAME).read_bytes())
    changes = {}
    match change:
        case "seed":
            changes["seed"] = 4
        case "labels":
            changes["labels"] = np.roll(tracks.labels, 1)
        case "frames":
            tracks = replace(tracks, frames=[255 - track for track in tracks.frames])
        case "settings":
            settings = small("rnn", dropout=0.2)
        case "cut":
            file.write_bytes(file.read_bytes()[:-100])
    steps = []
    progress = counting(steps, stop_at=0)
    with pytest.raises(KeyboardInterrupt):
        fit("rnn", tracks, settings, checkpoint=tmp_path, progress=progress, **changes)
    assert steps == [steps_resumed]


@pytest.mark.parametrize("kind", KINDS)
def test_training_separates_tags(kind, tracks, small):
    tags = np.eye(3, dtype=bool)[tracks.labels]
    tags[:, 0] |= tags[:, 1]  # low or middle
    encoder = fit(kind, tracks, small(kind, least_steps=112), labels=tags, objective="tags")
    chances = encoder.predict(tracks.frames)[1]
    assert ((chances > 0.5) == tags).mean() >= 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_contrast_brings_groups_together(kind, tracks, small):
    encoder = fit(
        kind,
        tracks,
        small(kind, least_steps=112, batch=16),
        labels=tracks.labels + 5,
        objective="contrast",
        class_names=(),
    )
    assert encoder.class_names == ()
    vectors = encoder.predict(tracks.frames)[1]
    lengths = np.linalg.norm(vectors, axis=1)  # means of the unit vectors of several crops
    assert lengths.max() <= 1 + 1e-5
    assert lengths.mean() >= 0.9
    likeness = vectors @ vectors.T
    same = tracks.labels[:, None] == tracks.labels
    np.fill_diagonal(likeness, -1)
    assert same[np.arange(45), likeness.argmax(axis=1)].mean() >= 0.9


@pytest.mark.nightly
def test_folds_join_networks_that_did_not_learn_their_tracks(tracks, small, tmp_path):
    folds = np.arange(45) // 3 % 3
    folds[:3] = -1
    arguments = {"folds": folds, "checkpoint": tmp_path}
    encoder = fit("rnn", tracks, small("rnn", least_steps=80), **arguments)
    assert encoder.n_folds == 3
    embeddings, probabilities = encoder.predict(tracks.frames)
    assert embeddings.shape == (45, 3 * 12)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (np.isnan(encoder.out_of_fold).any(axis=1) == (folds < 0)).all()
    assert (encoder.out_of_fold[3:].argmax(axis=1) == tracks.labels[3:]).mean() >= 0.8
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"fold-0", "fold-1", "fold-2"}
    encoder.save(tmp_path / "saved")
    saved = Encoder.load(tmp_path / "saved").encode_many(tracks.frames)
    np.testing.assert_allclose(saved[0], embeddings, atol=1e-4)
    np.testing.assert_allclose(saved[1], probabilities, atol=1e-4)
    assert_same(encoder, fit("rnn", tracks, small("rnn", least_steps=80), **arguments))


def test_another_seed_gives_other_weights(tracks, small):
    part = TrainingPart(tracks.frames, np.eye(3, dtype=np.float32)[tracks.labels])
    one, same, other = (Trainer(part, part, small("rnn"), seed).state() for seed in (1, 1, 2))
    for a, b in zip(one.network, same.network, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(one.network, other.network, strict=True))


def test_training_without_validation_uses_the_budget(tracks, small):
    splits = ["test" if split == "valid" else split for split in tracks.splits]
    history = fit("rnn", tracks, small("rnn"), splits=splits).history
    assert history.best_epoch == len(history.loss) == 3
    assert history.val_loss == []
    assert "no held-out tracks" in history.note


def test_divergence_is_reported(tracks, small):
    settings = small("rnn", learning_rate=1e30)
    with pytest.raises(ModelError, match=r"diverged in epoch \d.*lower learning_rate.*1e\+30"):
        fit("rnn", tracks, settings)


def test_settings_of_another_kind_are_refused(tracks):
    with pytest.raises(TypeError, match="CnnSettings is not for 'rnn'"):
        fit("rnn", tracks, CnnSettings())


@pytest.mark.parametrize("package", ["keras", "onnx", "tf2onnx"])
def test_missing_extra_names_its_install_command(package, tracks, small, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'segue\[train\]'"):
        fit("cnn", tracks, small("cnn"))


def counting(steps, stop_at=None):
    """Make a progress that notes every advance, and interrupts at `stop_at` steps."""

    @contextmanager
    def progress(description, total):
        def advance(n):
            steps.append(n)
            if stop_at is not None and sum(steps) >= stop_at:
                raise KeyboardInterrupt

        yield advance

    return progress
