"""Encoder selection for signals, joined classifiers, and the summary of `segue train`."""

import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from tests.factories import SMALL_SETTINGS, copy_of_library

from segue.encoders.mixtures import log_loss, mix, mixture_weights
from segue.errors import ModelError
from segue.library import Library
from segue.library.files import add_checksums
from segue.pipeline.analysis.embeddings import embedding_store, probabilities
from segue.pipeline.evaluate import evaluate
from segue.pipeline.recommender.open_signals import open_signals
from segue.pipeline.recommender.recommend import recommend, similar
from segue.pipeline.train import train
from segue.pipeline.training.content import model_of
from segue.pipeline.training.encoder_selection import (
    CANDIDATES,
    CHOICE,
    PRIOR,
    PRIOR_QUERIES,
    Advantage,
    EncoderSelection,
    _advantage,
    _is_useful,
    select_encoders,
)
from segue.pipeline.training.ensemble import fit_mixture
from segue.pipeline.training.labels import labels_of
from segue.pipeline.training.leaderboard import leaderboard
from segue.pipeline.training.predicted_probabilities import ENSEMBLE, model_output


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the trained library, which may be changed."""
    copy_of_library(trained.directory, tmp_path / "my.segue")
    # it was made while more queries were asked for than there are
    shutil.rmtree(tmp_path / "my.segue" / "models" / CHOICE)
    return Library(tmp_path / "my.segue")


def place(library, model, vectors):
    """Let a model place every track anew, as another training of it would."""
    path = library.models.path(model) / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**manifest, "fingerprint": f"other {vectors[0][0]}"}), "utf-8")
    add_checksums(path.parent)
    names = manifest["class_names"]
    with embedding_store(library, model) as store:
        for row, vector in zip(library.catalogue().rows.tolist(), vectors, strict=True):
            chances = np.full(len(names), 1 / len(names))
            store.add(row, {"embedding": vector, "probabilities": chances})


def by_genre(library, spread, rng):
    """Vectors that tell the genres apart, the less the more `spread`."""
    kinds = sorted({track.genres[0] for track in library.catalogue().tracks})
    own = np.eye(8)[[kinds.index(track.genres[0]) for track in library.catalogue().tracks]]
    return own + rng.normal(0, spread, own.shape)


# a part of six valid tracks decides nothing for real libraries; here it must
@pytest.fixture(autouse=True)
def few_queries(monkeypatch):
    monkeypatch.setattr("segue.pipeline.training.shared_labels.MIN_JUDGED", 3)


def test_the_encoder_with_the_better_neighbours_is_used(copied, rng):
    place(copied, "rnn", by_genre(copied, 3.0, rng))
    place(copied, "transformer", by_genre(copied, 0.01, rng))
    found = select_encoders(copied, copied.catalogue())
    assert found.used["temporal"] == found.best("temporal") == "transformer"
    assert found.precision["transformer"] > found.precision["rnn"]
    assert found.advantage["transformer"].mean > found.advantage["rnn"].mean
    assert model_of(copied, copied.catalogue(), "temporal") == "transformer"
    place(copied, "rnn", by_genre(copied, 0.001, rng))
    # equals: the first is used; and a new training is a new decision
    assert select_encoders(copied, copied.catalogue()).used["temporal"] == "rnn"


def test_an_encoder_below_the_descriptors_is_not_used_unless_asked_for(copied, rng):
    place(copied, "cnn", rng.normal(size=(36, 8)))
    found = select_encoders(copied, copied.catalogue())
    assert found.precision["cnn"] < found.precision["descriptors"]
    assert found.used["timbre"] is None
    assert found.best("timbre") == "cnn"
    names = [signal.name for signal in open_signals(copied, copied.catalogue(), {})]
    assert "timbre" not in names
    assert "timbre" not in recommend(copied, "anna").to_dict()["weights"]
    assert similar(copied, "t00", signal="timbre").to_dict()["tracks"]


def test_test_tracks_are_no_queries_of_the_selection(copied):
    catalogue = copied.catalogue()
    found = select_encoders(copied, catalogue)
    in_test = labels_of(copied, catalogue).mask("test")
    assert in_test.any()
    assert 0 < found.n <= (~in_test).sum()


def test_a_choice_is_kept_until_an_encoder_changes(copied):
    first = select_encoders(copied, copied.catalogue())
    path = copied.models.path(CHOICE) / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**manifest, "choice": {**first.to_dict(), "n": 99}}), "utf-8")
    add_checksums(path.parent)
    assert select_encoders(copied, copied.catalogue()).n == 99
    path.write_text("{", "utf-8")
    assert select_encoders(copied, copied.catalogue()) == first


def test_where_too_few_can_be_asked_the_first_encoder_is_used(copied, monkeypatch):
    monkeypatch.setattr("segue.pipeline.training.shared_labels.MIN_JUDGED", 100)
    found = select_encoders(copied, copied.catalogue())
    assert (found.precision, found.labels, found.n) == ({}, [], 0)
    assert found.advantage["cnn"].measured is None
    assert found.advantage["cnn"].low < 0 < found.advantage["cnn"].high
    assert found.used == {"timbre": "cnn", "temporal": "rnn"}


def test_a_library_without_encoders_uses_none(library):
    assert select_encoders(library, library.catalogue()).used == {"timbre": None, "temporal": None}


def test_few_tracks_do_not_overrule_other_collections(rng):
    artists = np.arange(400) // 2

    def found(name, difference, n):
        level = np.full(400, np.nan)
        level[:n] = rng.random(n)
        values = {name: level + difference, "descriptors": level}
        return _advantage(name, "descriptors", values, artists)

    few, many = (found("musicnn", -0.1, n) for n in (10, 400))
    assert (few.n, many.n, few.prior) == (10, 400, PRIOR["musicnn"])
    expected = (10 * -0.1 + PRIOR_QUERIES * 0.1) / (10 + PRIOR_QUERIES)
    assert few.mean == pytest.approx(expected, abs=1e-5)
    assert few.low < 0 < few.high
    assert many.low < many.mean < many.high < 0
    # a pretrained encoder is used unless it is clearly worse, a network must be better
    network = found("cnn", -0.01, 100)
    assert network.mean < 0 < network.high
    assert [_is_useful(*one) for one in (("musicnn", few), ("musicnn", many))] == [True, False]
    assert not _is_useful("cnn", network)
    assert _is_useful("musicnn", network)


def test_prior_prefers_pretrained_encoders_and_musicnn():
    assert PRIOR["musicnn"] > PRIOR["vgg"] > 0
    assert set(PRIOR) == set(CANDIDATES["timbre"]) - {"cnn"}


def test_network_is_judged_by_tracks_it_did_not_learn_from(copied):
    found = select_encoders(copied, copied.catalogue())
    n_learned = labels_of(copied, copied.catalogue()).counts()["train"]
    assert 0 < found.advantage["cnn"].n <= found.n - n_learned
    assert found.labels[0] == "genre"


def test_the_best_of_a_choice():
    made = EncoderSelection(
        used={"timbre": None, "temporal": "rnn"},
        precision={"vgg": 0.2, "cnn": 0.1, "descriptors": 0.3},
        advantage={
            name: Advantage(mean=mean, low=-0.3, high=-0.01, n=40, measured=mean, prior=0.0)
            for name, mean in (("vgg", -0.1), ("cnn", -0.2))
        },
        labels=["genre"],
        n=40,
    )
    assert made.best("timbre") == "vgg"
    assert made.best("temporal") == "rnn"
    assert EncoderSelection.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def members(labels, rng, n_classes=4):
    """Return a good member, one that knows nothing, and one that is always wrong."""
    right = np.full((len(labels), n_classes), 0.1)
    said = np.where(rng.random(len(labels)) < 0.7, labels, rng.integers(0, n_classes, len(labels)))
    right[np.arange(len(labels)), said] = 1 - 0.1 * (n_classes - 1)
    nothing = np.full((len(labels), n_classes), 1 / n_classes)
    return {"right": right, "nothing": nothing, "wrong": right[:, np.roll(np.arange(4), 1)]}


def test_mixture_weights_maximize_the_posterior(rng):
    labels = rng.integers(0, 4, 300)
    chances = members(labels, rng)

    def posterior(weights):
        mixed = mix(list(chances.values()), weights)[np.arange(300), labels]
        away = np.array(weights) - 1 / 3
        return np.log(mixed).sum() - 20 * (away @ away) / 2

    weights = mixture_weights(list(chances.values()), labels, 20.0)
    assert weights[0] > 0.5
    assert 0 <= weights[2] < 0.2
    best = posterior(weights)
    for other in rng.dirichlet(np.ones(3), 200) * rng.uniform(0.2, 2, (200, 1)):
        assert posterior(other.tolist()) <= best + 1e-4


def test_mixture_is_at_least_as_good_as_its_best_member(rng):
    own, folds = np.arange(90), np.arange(90) % 3
    labels = rng.integers(0, 4, 90)
    chances = members(labels, rng)
    _, held_out = fit_mixture(chances, labels, folds)
    assert log_loss(held_out, labels) <= log_loss(chances["right"], labels)
    # two members that know different things are better together
    other = members(labels, rng)["right"]
    _, held_out = fit_mixture({"one": chances["right"], "other": other}, labels, folds)
    assert log_loss(held_out, labels) < log_loss(other, labels) - 0.05
    # weights of so few tracks predict worse than exact probabilities, which are used alone
    labels, exact = rng.integers(0, 2, 30), np.full((30, 2), 0.5)
    noise = rng.dirichlet(np.ones(2), 30)
    members_of_two = {"exact": exact, "noise": noise}
    _, held_out = fit_mixture(members_of_two, labels, own[:30] % 3, prior=1e-3)
    assert log_loss(held_out, labels) <= np.log(2) + 1e-9


def test_mixture_of_a_fold_does_not_depend_on_its_labels(rng):
    labels, folds = rng.integers(0, 4, 90), np.arange(90) % 3
    chances = members(labels, rng)
    changed = np.where(folds == 1, (labels + 1) % 4, labels)
    _, held_out = fit_mixture(chances, labels, folds)
    _, others = fit_mixture(chances, changed, folds)
    np.testing.assert_array_equal(held_out[folds == 1], others[folds == 1])


def test_the_ensemble_is_a_mixture_of_its_members(trained):
    manifest = trained.models.manifest(ENSEMBLE)
    assert set(manifest["members"]) == {"cnn", "rnn", "transformer"}
    assert all(weight >= 0 for weight in manifest["weights"].values())
    catalogue = trained.catalogue()
    labels = labels_of(trained, catalogue)
    together = model_output(trained, catalogue, labels, ENSEMBLE).chances
    assert together.shape == (36, 3)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-4)
    document = evaluate(trained, ENSEMBLE).report.to_document()
    assert document["model"] == ENSEMBLE
    assert {"accuracy", "f1_macro"} <= set(document["metrics"])


def test_an_ensemble_of_what_was_trained_since_says_so(copied, rng):
    place(copied, "cnn", rng.normal(size=(36, 8)))
    with pytest.raises(ModelError, match=r"older version of the model .cnn.: run segue"):
        evaluate(copied, "ensemble")
    (made,) = train(copied, "ensemble")
    assert made.state == "trained"
    assert evaluate(copied, "ensemble").report.to_document()["model"] == "ensemble"
    assert train(copied, "ensemble")[0].state == "up to date"


def test_ensemble_of_a_network_without_embeddings_is_trained(copied):
    copied.drop_features(lambda kept: kept.get("embedding of") == "cnn")
    catalogue = copied.catalogue()
    before = model_output(copied, catalogue, labels_of(copied, catalogue), "cnn").chances
    assert np.isnan(before).all()
    (made,) = train(copied, "ensemble", force=True)
    assert made.state == "trained"
    assert np.isfinite(probabilities(copied, catalogue, "cnn")).all()


def test_network_is_saved_with_its_embeddings_or_not_at_all(copied):
    class StopError(Exception):
        pass

    @contextmanager
    def stopping(name, _):
        if name == "Encoding with cnn":
            raise StopError
        yield lambda _: None

    before = copied.models.manifest("cnn")
    with pytest.raises(StopError):
        train(copied, "cnn", seed=1, settings=SMALL_SETTINGS, progress=stopping)
    assert copied.models.manifest("cnn") == before


def test_a_damaged_ensemble_is_told(copied):
    path = copied.models.path("ensemble") / "descriptors.npz"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ModelError, match="is damaged: run segue train ensemble --force"):
        evaluate(copied, "ensemble")


def test_standings_have_every_model_beside_the_baselines(trained):
    found = leaderboard(trained, "genre")
    names = [one.name for one in found.models]
    assert names[:5] == ["cnn", "rnn", "transformer", "knn", "ensemble"]
    assert names[5:] == ["descriptors_logistic_regression", "majority"]
    assert [one.name for one in found.models if one.baseline] == names[5:]
    assert all(0 <= one.metrics["accuracy"] <= 1 for one in found.models)
    for signal, model in found.choice.used.items():
        used = [one.name for one in found.models if one.used_for == signal]
        assert used == ([model] if model else [])
    assert json.dumps(found.to_dict())


def test_mixture_leaves_out_members_of_weight_zero():
    known, unknown = np.array([[0.9, 0.1]]), np.array([[np.nan, np.nan]])
    np.testing.assert_allclose(mix([known, unknown], [1.0, 0.0]), known)
    assert np.isnan(mix([known, unknown], [1.0, 0.1])).all()
