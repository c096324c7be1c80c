"""Learning from listens: two kinds of listeners, and tracks that some of them have not met."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from tests.factories import copy_of_library, rows, write_dataset

from segue.engine import WeightPosterior, Weights, updated
from segue.errors import ModelError, ModelNotTrainedError, TooLittleDataError
from segue.library import Library
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.open_signals import listeners_of, load_models, material_of
from segue.pipeline.recommender.recommend import recommend
from segue.pipeline.recommender.snapshot import snapshot_directory
from segue.pipeline.train import train
from segue.pipeline.training.cards import model_card
from segue.pipeline.training.engine_weights import (
    everyones_weights,
    in_order,
    load_weights,
    save_weights,
)
from segue.pipeline.training.fit_listening_models import data_digest
from segue.pipeline.training.listening_models import COLLABORATIVE
from segue.signals import CollaborativeSignal

N_TRACKS, N_LISTENERS = 40, 24
NEW = "t38"
"""A track of the even kind that nobody plays."""


def two_kinds(directory, *, ordered=False):
    """Even listeners play even tracks, odd ones odd; each has met a random half of their kind."""
    tracks = [
        (f"t{i}", f"artist {i}", f"{('folk', 'jazz')[i % 2]}:3|x{i % 5}:1") for i in range(N_TRACKS)
    ]
    rng = np.random.default_rng(0)
    listens = []
    for user in range(N_LISTENERS):
        kind = np.arange(user % 2, N_TRACKS - 2, 2)
        met = rng.permutation(kind)[: len(kind) // 2]
        listens += [(f"u{user}", f"t{track}", n) for n, track in enumerate(met)]
    columns = "user_id track_id position" if ordered else "user_id track_id plays"
    return write_dataset(
        directory, rows("track_id artist tags", tracks), listens=rows(columns, listens)
    )


@pytest.fixture(scope="module")
def listened(tmp_path_factory):
    """A library with a collaborative model. Not to be changed."""
    directory = tmp_path_factory.mktemp("listened")
    library = Library(directory / "my.segue")
    preprocess(library, two_kinds(directory / "data"), workers=1)
    (result,) = train(library, COLLABORATIVE)
    assert result.state == "trained"
    return library


def kind(track_id):
    return int(track_id[1:]) % 2


def test_what_listeners_share_is_found(listened):
    assert listened.models.manifest(COLLABORATIVE)["metrics"]["ndcg@20"] > 0.4
    for user in (0, 1):
        found = recommend(listened, f"u{user}", 6)
        assert "collaborative" in found.weights
        assert {kind(pick.track_id) for pick in found.tracks} == {user}


def test_a_track_that_nobody_played_is_placed_by_what_it_is_like(listened):
    catalogue = listened.catalogue()
    model = load_models(listened).collaborative
    even = [listeners_of(listened, catalogue)[f"u{user}"] for user in range(0, 10, 2)]
    scores = CollaborativeSignal(model).for_listeners(even)
    new, other = catalogue.position(NEW), catalogue.position("t39")
    assert (scores[:, new] > scores[:, other]).all()


def test_the_same_listens_are_not_learned_twice(listened):
    before = listened.models.manifest(COLLABORATIVE)
    assert train(listened, COLLABORATIVE)[0].state == "up to date"
    assert listened.models.manifest(COLLABORATIVE) == before


def test_data_digest_with_labels_covers_artists_and_albums(listened):
    catalogue, listens = listened.catalogue(), listened.shared_listens()

    def digests(*, labels, **changes):
        tracks = [replace(catalogue.tracks[0], **changes), *catalogue.tracks[1:]]
        changed = replace(catalogue, tracks=tracks)
        return data_digest(listened, listens, changed, labels=labels)

    changes = ({}, {"artist": "another"}, {"album": "another"})
    assert len({digests(labels=True, **one) for one in changes}) == 3
    assert len({digests(labels=False, **one) for one in changes}) == 1


def test_data_digest_without_sessions_is_that_of_old_libraries(listened):
    catalogue, listens = listened.catalogue(), listened.shared_listens()
    assert listens["session_id"].isna().all()
    before = listens.drop(columns="session_id")
    some = listens.assign(session_id="s")
    old, now, other = (
        data_digest(listened, one, catalogue, labels=False) for one in (before, listens, some)
    )
    assert now == old != other


def test_damaged_listening_model_is_trained_again(listened, tmp_path):
    directory = copy_of_library(listened.directory, tmp_path / "my.segue")
    library = Library(directory)
    (directory / "models" / COLLABORATIVE / "arrays.npz").write_bytes(b"cut short")
    assert load_models(library).collaborative is None
    found = recommend(library, "u0", 3)  # the snapshot is still whole
    assert len(found.tracks) == 3
    assert COLLABORATIVE in found.weights
    shutil.rmtree(snapshot_directory(library))
    assert COLLABORATIVE not in recommend(library, "u0", 3).weights
    assert train(library, COLLABORATIVE)[0].state == "trained"
    assert recommend(library, "u0", 3).tracks


def test_the_card_of_a_model_of_listens_is_about_listens(listened):
    card = model_card(listened, COLLABORATIVE)
    assert "all listens" in card.split_rule
    assert card.metrics["ndcg@20"] == listened.models.manifest(COLLABORATIVE)["metrics"]["ndcg@20"]
    assert "the 40 tracks of this library by their listeners" in card.not_for[0]
    assert "segue evaluate recommendations" in card.not_for[1]
    with pytest.raises(ModelNotTrainedError, match="run segue train sequence"):
        model_card(listened, "sequence")


def test_weights_are_kept(listened):
    names = listened.models.manifest("engine")["signals"]
    fingerprint = listened.models.manifest("engine")["fingerprint"]
    kept = load_weights(listened, fingerprint, names)
    assert kept is not None
    assert kept.everyone.sum() > 0
    assert load_weights(listened, "another", names) is None
    assert load_weights(listened, fingerprint, names[::-1]) is None


def test_weights_come_back_as_they_were(tmp_path):
    library = Library(tmp_path / "my.segue")
    own = WeightPosterior(np.array([0.2, 0.8]), np.array([[2.0, 0.5], [0.5, 1.0]]))
    weights = Weights(np.array([0.5, 0.4]), np.array([0.1, 0.0]), {"anna": own})
    save_weights(library, weights, ["a", "b"], "f")
    kept = load_weights(library, "f", ["a", "b"])
    np.testing.assert_array_equal(kept.everyone, weights.everyone)
    np.testing.assert_array_equal(kept.posterior("anna").precision, own.precision)


def test_signals_that_were_not_there_to_learn_count_nothing():
    own = WeightPosterior(np.array([0.2, 0.8]), np.eye(2))
    weights = Weights(np.array([0.5, 0.4]), np.array([0.1, 0.2]), {"anna": own})
    moved = in_order(weights, ["a", "b"], ["b", "new", "a"])
    assert moved.everyone.tolist() == [0.4, 0.0, 0.5]
    assert moved.posterior("anna").mean.tolist() == [0.8, 0.0, 0.2]
    assert np.linalg.matrix_rank(moved.posterior("anna").precision) == 3
    # one like must not make a signal count of which nothing was ever learned
    others = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    liked = updated(moved.posterior("anna"), np.array([0.0, 3.0, 0.0]), others, liked=True)
    assert abs(liked.mean[1]) < 0.01


def test_damaged_weights_are_learned_again(tmp_path):
    library = Library(tmp_path / "my.segue")
    save_weights(library, Weights.fixed([0.5, 0.4]), ["a", "b"], "f")
    arrays = library.models.path("engine") / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:100])
    assert load_weights(library, "f", ["a", "b"]) is None
    save_weights(library, Weights.fixed([0.5, 0.4]), ["a", "b"], "f")
    assert load_weights(library, "f", ["a", "b"]) is not None
    (library.models.path("engine") / "manifest.json").write_text("{")
    assert load_weights(library, "f", ["a", "b"]) is None
    assert everyones_weights(library) == {}


def test_what_is_hidden_was_never_met(listened):
    material = material_of(listened, listened.catalogue())
    inner = material.hidden(listened.listens())
    examples = inner.examples()
    assert len(examples) == N_LISTENERS
    for example in examples:
        assert not np.isin(example.chosen, example.profile.known).any()


def test_what_is_hidden_comes_in_two_turns_of_which_the_second_knows_the_first(listened):
    inner = material_of(listened, listened.catalogue()).hidden(listened.listens())
    first, then = inner.turns()
    chosen = {one.profile.user: set(one.chosen.tolist()) for one in first}
    both = [one for one in then if one.profile.user in chosen]
    assert len(both) > N_LISTENERS / 2
    for one in both:
        before = chosen[one.profile.user]
        assert before <= set(one.profile.known.tolist())
        assert not before & set(one.chosen.tolist())
    everything = {one.profile.user: set(one.chosen.tolist()) for one in inner.examples()}
    for one in (*first, *then):
        assert set(one.chosen.tolist()) <= everything[one.profile.user]


def test_stated_valid_listens_are_what_is_hidden(listened):
    listens = listened.listens()
    listens["split"] = np.where(listens["track_id"] == "t0", "valid", "train")
    inner = material_of(listened, listened.catalogue()).hidden(listens)
    chosen = {place for example in inner.examples() for place in example.chosen.tolist()}
    assert chosen == {listened.catalogue().position("t0")}


def test_an_order_is_learned_where_there_is_one(tmp_path, listened):
    library = Library(tmp_path / "ordered.segue")
    preprocess(library, two_kinds(tmp_path / "data", ordered=True), workers=1)
    assert train(library, "sequence")[0].state == "trained"
    assert "sequence" in recommend(library, "u0", 3).weights
    with pytest.raises(TooLittleDataError, match="neither a timestamp nor a position"):
        train(listened, "sequence")


def test_without_listens_it_is_said_what_to_do(tmp_path):
    data = two_kinds(tmp_path / "data")
    (data / "listens.csv").unlink()
    library = Library(tmp_path / "my.segue")
    preprocess(library, data, workers=1)
    with pytest.raises(ModelError, match="segue import"):
        train(library, COLLABORATIVE)
