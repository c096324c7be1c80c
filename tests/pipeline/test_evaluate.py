"""Evaluation: the JSON document, held-out listens, and the report."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from segue.errors import EmptyLibraryError, ModelError, SegueError
from segue.library import Catalogue, Library
from segue.pipeline.evaluate import evaluate
from segue.pipeline.experiments.held_out import hold_out
from segue.pipeline.preprocess import preprocess
from segue.pipeline.training.encoder_selection import select_encoders
from segue.pipeline.training.listening_models import TrainingData
from segue.serve.api.quality import ReportResponse
from segue.types import Track

pytestmark = pytest.mark.slow
METRICS = (
    "precision",
    "recall",
    "ndcg",
    "map",
    "hit_rate",
    "coverage",
    "novelty",
    "gini",
    "artist_diversity",
)


def material(track_ids):
    """What there is to learn from where only the tracks are known."""
    tracks = [Track(track_id=name) for name in track_ids]
    return TrainingData(Catalogue.of(tracks), [], [])


@pytest.fixture(scope="module")
def everything(trained):
    found = evaluate(trained)
    return found, found.report.to_document()


def test_evaluate_model_includes_baselines(trained):
    document = evaluate(trained, "cnn").report.to_document()
    assert (document["task"], document["split"]) == ("classification", "test")
    assert set(document["metrics"]) == {"accuracy", "precision_macro", "recall_macro", "f1_macro"}
    assert set(document["models"]) == {"cnn", "majority", "descriptors_logistic_regression"}
    assert set(document["per_class"]) == {"high", "low", "noise"}
    assert document["models"]["descriptors_logistic_regression"]["accuracy"] == 1.0
    assert document["models"]["majority"]["accuracy"] == pytest.approx(1 / 3, abs=0.1)
    low, high = document["intervals"]["accuracy"]
    assert low <= document["metrics"]["accuracy"] <= high


def test_evaluate_recommendations_has_every_metric(everything, trained):
    document = everything[1]
    assert document["task"] == "recommendation"
    used = {
        name for name, model in select_encoders(trained, trained.catalogue()).used.items() if model
    }
    signals = {*used, "knn", "metadata", "popularity", "recency", "sequence"}
    assert set(document["models"]) == {"personal", "global", "random"} | signals
    for metrics in document["models"].values():
        assert set(metrics) == {f"{name}@{k}" for name in METRICS for k in (5, 10, 20)}
    assert document["metrics"] == document["models"]["personal"]
    assert document["metrics"]["hit_rate@5"] == 1.0
    assert document["n"] == 3


def test_evaluate_writes_page_and_numbers(everything):
    found, document = everything
    assert document["subject"] == "all"
    assert [one["model"] for one in (document, *document["other_results"])] == [
        "personal",
        "cnn",
        "rnn",
        "transformer",
        "knn",
        "ensemble",
        "knn",
    ]
    page = found.page.read_text("utf-8")
    assert "confusion" in page.casefold()
    assert 'src="http' not in page
    assert json.loads((found.page.parent / "metrics.json").read_text("utf-8")) == document


def test_evaluate_documents_have_one_schema(everything, trained):
    documents = [everything[1]]
    for subject, split in (("knn", "test"), ("knn", "valid"), ("similarity", "test")):
        documents.append(evaluate(trained, subject, split=split).report.to_document())
    for document in documents:
        # what `segue evaluate --json` and the API add
        text = json.dumps(document | {"report": "report.html"})
        ReportResponse.model_validate_json(text, strict=True)
    assert [one["subject"] for one in documents] == ["all", "knn", "knn", "similarity"]
    assert [one["split"] for one in documents[1:3]] == ["test", "valid"]


def test_hold_out_tracks_are_unknown_before():
    rng = np.random.default_rng(1)
    listens = pd.DataFrame(
        {
            "user_id": rng.choice(["u", "v"], 200),
            "track_id": rng.integers(0, 50, 200).astype(str),
            "timestamp": rng.random(200),
        }
    )
    found = hold_out(listens, material(str(i) for i in range(50)), "test")
    assert set(found.users) == {"u", "v"}
    for profile, held_out in zip(found.profiles, found.held_out, strict=True):
        assert len(held_out)
        assert not set(held_out.tolist()) & set(profile.known.tolist())


def test_hold_out_obeys_given_splits():
    listens = pd.DataFrame(
        {
            "user_id": ["u"] * 4,
            "track_id": ["a", "b", "c", "d"],
            "split": ["train", "valid", "test", "test"],
        }
    )
    known = material("abcd")
    found = hold_out(listens, known, "test")
    assert found.profiles[0].known.tolist() == [0, 1]
    assert found.held_out[0].tolist() == [2, 3]
    valid = hold_out(listens, known, "valid")
    assert (valid.profiles[0].known.tolist(), valid.held_out[0].tolist()) == ([0], [1])
    # no test part: valid is judged, and says so
    assert hold_out(listens[:2], known, "test").split == "valid"


def test_evaluate_reports_unmeasurable_parts(library, trained, dataset):
    with pytest.raises(EmptyLibraryError, match="run segue preprocess DATASET first"):
        evaluate(library)
    preprocess(library, dataset, workers=1)
    with pytest.raises(ModelError, match="run segue train"):
        evaluate(library, "cnn")
    with pytest.raises(ModelError, match="choose from cnn"):
        evaluate(trained, "svm")
    # listens can be evaluated without any trained model
    found = evaluate(library)
    document = found.report.to_document()
    assert document["task"] == "recommendation"
    assert [one["task"] for one in document["other_results"]] == ["similarity"]
    assert "No model is trained yet" in found.report.notes[0]


def test_evaluate_on_full_disk_keeps_last_report(small_disk, tmp_path):
    rows = [f"u{u},t{t}" for u in range(4) for t in range(8) if (u + t) % 3]
    (tmp_path / "listens.csv").write_text("\n".join(["user_id,track_id", *rows]))
    library = Library(small_disk / "my.segue")
    preprocess(library, tmp_path)
    left = os.statvfs(small_disk)
    (small_disk / "full").write_bytes(bytes(left.f_bavail * left.f_frsize - 16_384))
    with pytest.raises(SegueError, match="No space left on device"):
        evaluate(library)
    assert list(library.reports.glob("*")) == []
