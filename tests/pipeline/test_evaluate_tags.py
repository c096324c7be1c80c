"""Evaluation of tagging models, and of models trained by contrast."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset
from typer.testing import CliRunner

from segue.cli import app
from segue.encoders import RnnSettings
from segue.errors import ModelError
from segue.pipeline.evaluate import evaluate
from segue.pipeline.experiments.tags import FREQUENCY, tag_baselines
from segue.pipeline.train import train
from segue.pipeline.training.cards import model_card
from segue.pipeline.training.labels import labels_of

pytestmark = pytest.mark.slow
LOGISTIC = "descriptors_logistic_regression"
N_ARTISTS, N_EACH = 12, 4
SMALL = RnnSettings(
    window=32, width=8, units=8, embedding=8, passes=6, least_steps=80, least_epoch_steps=5
)


def shelf(directory):
    """Two audible tags, one that is not, one that all tracks have, none for some."""
    rng = np.random.default_rng(4)
    tracks, arrays = [], {}
    for i in range(N_ARTISTS * N_EACH):
        tags = [name for name in ("high", "low", "whim") if rng.random() < 0.5]
        frames = rng.normal(size=(40, 6))
        frames[:, 0] += 5 * ("high" in tags)
        frames[:, 5] += 5 * ("low" in tags)
        arrays[f"{i}.npy"] = frames.astype(np.float32)
        named = "" if i == 3 else "|".join(["music", *tags])
        tracks.append((f"t{i:02}", f"{i}.npy", f"Artist {i // N_EACH}", named))
    table = rows("track_id features artist tags", tracks)
    return make_library(directory / "my.segue", write_dataset(directory, table, frames=arrays))


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    library = shelf(tmp_path_factory.mktemp("tagged"))
    train(library, "rnn", target="tags", settings={"rnn": SMALL})
    train(library, "knn", target="tags")
    return library


@pytest.fixture(scope="module")
def contrasted(tmp_path_factory):
    library = shelf(tmp_path_factory.mktemp("contrasted"))
    train(library, "rnn", target="artist", settings={"rnn": SMALL})
    return library


def test_evaluate_tags_includes_baselines(tagged):
    found = evaluate(tagged, "rnn")
    document = found.report.to_document()
    assert (document["task"], document["target"], document["split"]) == ("tagging", "tags", "test")
    assert set(document["models"]) == {"rnn", FREQUENCY, LOGISTIC}
    assert set(document["metrics"]) == {"roc_auc_macro", "average_precision_macro"}
    assert document["models"][FREQUENCY]["roc_auc_macro"] == 0.5
    assert document["models"][LOGISTIC]["roc_auc_macro"] > 0.6
    low, high = document["intervals"]["roc_auc_macro"]
    assert low <= document["metrics"]["roc_auc_macro"] <= high
    assert set(document["differences"]) == {FREQUENCY, LOGISTIC}
    assert json.loads((found.page.parent / "metrics.json").read_text("utf-8")) == document
    assert '<section id="tags">' in found.page.read_text("utf-8")


def test_evaluate_tags_lists_all_and_skips_universal_tag(tagged):
    document = evaluate(tagged, "rnn", split="train").report.to_document()
    assert document["tags"] == ["high", "low", "music", "whim"]
    assert document["judged_tags"] == 3
    each = document["per_tag"]
    assert each["music"]["roc_auc"] is None
    assert each["music"]["support"] == document["n"]
    assert each["music"]["trained_on"] == document["n"]
    assert min(each["high"]["roc_auc"], each["low"]["roc_auc"]) > 0.8
    low, high = each["high"]["roc_auc_interval"]
    assert low <= each["high"]["roc_auc"] <= high


def test_evaluate_tags_ignores_untagged_tracks(tagged):
    catalogue = tagged.catalogue()
    labels = labels_of(tagged, catalogue, "tags")
    assert labels.labels[3] == -1
    n = {part: evaluate(tagged, "rnn", split=part).report.tagging.n for part in ("train", "test")}
    assert n == {part: labels.counts()[part] for part in ("train", "test")}


def test_knn_votes_on_tags(tagged):
    document = evaluate(tagged, "knn", split="test").report.to_document()
    each = document["per_tag"]
    assert min(each["high"]["roc_auc"], each["low"]["roc_auc"]) > 0.8
    assert document["history"] is None


def test_evaluate_all_has_document_per_model(tagged):
    found = evaluate(tagged)
    document = found.report.to_document()
    results = (document, *document["other_results"])
    listed = [(one["task"], one["model"]) for one in results]
    assert listed[:2] == [("tagging", "rnn"), ("tagging", "knn")]
    assert "similarity" in dict(listed)


def test_tag_baselines_use_train_part_only(tagged):
    catalogue = tagged.catalogue()
    labels = labels_of(tagged, catalogue, "tags")
    summary = np.random.default_rng(0).normal(size=(len(catalogue), 5)).astype(np.float32)
    hidden = labels.tags.copy()
    hidden[labels.mask("test")] = False
    for one, other in zip(
        tag_baselines(labels, summary),
        tag_baselines(replace(labels, tags=hidden), summary),
        strict=True,
    ):
        np.testing.assert_array_equal(one.chances, other.chances)


def test_command_line_shows_tags(tagged):
    done = CliRunner().invoke(app, ["evaluate", "rnn", "--library", str(tagged.directory)])
    assert done.exit_code == 0, done.output
    assert "Tagging" in done.stdout
    assert "roc_auc_macro" in done.stdout
    assert FREQUENCY in done.stdout


def test_contrastive_model_is_evaluated_by_similarity(contrasted):
    said = (
        "The model 'rnn' was trained by contrast on artists, so there are no classes to evaluate"
        " it by: use segue evaluate similarity."
    )
    with pytest.raises(ModelError) as caught:
        evaluate(contrasted, "rnn")
    assert str(caught.value) == said
    found = evaluate(contrasted)
    assert said in found.report.notes
    assert found.report.similarity is not None
    assert "rnn" in found.report.similarity.judged.models
    assert not any("cannot be evaluated by 'artist'" in note for note in found.report.notes)


def test_command_line_rejects_contrastive_model(contrasted):
    done = CliRunner().invoke(app, ["evaluate", "rnn", "--library", str(contrasted.directory)])
    assert done.exit_code == 1
    assert "trained by contrast on artists" in done.stderr


def test_card_of_tagging_model(tagged):
    for name in ("rnn", "knn"):
        card = model_card(tagged, name)
        catalogue = tagged.catalogue()
        tags = labels_of(tagged, catalogue, "tags").tags
        learned = tags[labels_of(tagged, catalogue, "tags").mask("train")].sum(axis=0)
        assert card.classes == dict(
            zip(("high", "low", "music", "whim"), learned.tolist(), strict=True)
        )
        assert set(card.judged[0].metrics) == {"roc_auc_macro", "average_precision_macro"}
        assert "the 4 tags of this library" in card.not_for[0]
        assert json.dumps(card.to_dict(), allow_nan=False)
    done = CliRunner().invoke(app, ["models", "show", "rnn", "--library", str(tagged.directory)])
    assert "macro ROC AUC" in done.stdout


def test_card_of_contrastive_model(contrasted):
    card = model_card(contrasted, "rnn")
    assert (card.classes, card.judged) == ({}, [])
    assert "it has no classes" in card.not_for[0]
