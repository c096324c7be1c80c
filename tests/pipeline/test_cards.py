"""Model cards: facts from the library, cautions that follow from them, damage listed."""

import json
import shutil

import pytest

from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Library
from segue.library.files import add_checksums
from segue.pipeline.preprocess import preprocess
from segue.pipeline.train import train
from segue.pipeline.training.cards import model_card, model_rows


@pytest.fixture
def small(tmp_path):
    """A library of metadata alone: folk by one artist, jazz and metal by three each."""
    rows = [f"f{i},Solo,folk" for i in range(4)]
    rows += [f"j{i},Jazz {i % 3},jazz" for i in range(6)]
    rows += [f"m{i},Metal {i % 3},metal" for i in range(30)]
    rows += ["x,Odd,once"]
    (tmp_path / "metadata.csv").write_text("\n".join(["track_id,artist,genre", *rows]))
    library = Library(tmp_path / "my.segue")
    preprocess(library, tmp_path)
    train(library, "knn")
    return library


def test_a_card_holds_what_the_library_knows(small):
    card = model_card(small, "knn")
    document = card.to_dict()
    json.dumps(document, allow_nan=False)
    assert (card.name, card.kind, card.target, card.seed) == ("knn", "knn", "genre", 0)
    assert set(card.classes) == {"folk", "jazz", "metal"}
    assert card.left_out == ("once",)
    assert sum(card.tracks.values()) == 41
    assert card.settings["descriptor_axes"] == 96
    assert card.versions["segue"]
    assert "No artist" in card.split_rule
    judged = card.judged[0]
    assert judged.split == "test"
    low, high = judged.intervals["accuracy"]
    assert low <= judged.metrics["accuracy"] <= high
    assert judged.majority == "metal"


def test_card_unsuitable_uses_follow_from_the_facts(small):
    listed = " ".join(model_card(small, "knn").not_for)
    assert "3 classes of genre" in listed
    assert "Artist recognition" in listed
    assert "folk (4)" in listed  # few tracks
    assert "not evaluated: folk." in listed  # one artist
    assert "tracks only" in listed
    assert "its vector contains genres and tags" in listed


def test_models_are_listed_and_what_is_none_is_not(small):
    assert [row["name"] for row in model_rows(small)] == ["knn"]
    (small.models.path("knn") / "manifest.json").write_text("[]")
    (row,) = model_rows(small)
    assert "run segue train knn --force" in row["problem"]


def test_unknown_untrained_and_damaged_are_one_sentence_each(small):
    with pytest.raises(ModelError, match=r"There is no model 'svm': choose from knn\."):
        model_card(small, "svm")
    with pytest.raises(ModelError, match="There is no model 'engine'"):
        model_card(small, "engine")
    with pytest.raises(ModelNotTrainedError, match="'cnn' is not trained yet: run segue train cnn"):
        model_card(small, "cnn")
    path = small.models.path("knn") / "manifest.json"
    whole = json.loads(path.read_text("utf-8"))
    for damage in ("{", "[]", '"x"'):
        path.write_text(damage)
        with pytest.raises(ModelError, match=r"'knn' is damaged: run segue train knn --force"):
            model_card(small, "knn")
        add_checksums(path.parent)
        with pytest.raises(ModelError, match=r"'knn' cannot be read: run segue train knn --force"):
            model_card(small, "knn")
    path.write_text(json.dumps({**whole, "tracks": "many"}))
    add_checksums(path.parent)
    with pytest.raises(ModelError, match=r"damaged, its 'tracks' is 'many': run segue train knn"):
        model_card(small, "knn")
    shutil.rmtree(small.models.path("knn"))
    with pytest.raises(ModelNotTrainedError, match="run segue train knn"):
        model_card(small, "knn")


@pytest.mark.slow
def test_a_network_has_figures_hubs_and_training_time(trained):
    card = model_card(trained, "cnn")
    assert [judged.split for judged in card.judged] == ["test", "valid"]
    assert set(card.judged[0].metrics) == {
        "accuracy",
        "precision_macro",
        "recall_macro",
        "f1_macro",
    }
    assert card.hubs is None or card.hubs.used in card.hubs.figures
    assert card.seconds > 0
    assert card.settings["window"] == 64
    assert [row["name"] for row in model_rows(trained)] == [
        "cnn",
        "ensemble",
        "knn",
        "rnn",
        "sequence",
        "transformer",
    ]
