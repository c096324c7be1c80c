"""Train: what is up to date stays, what cannot be trained says why, new tracks are placed."""

import numpy as np
import pandas as pd
import pytest

from segue.errors import EmptyLibraryError, ModelError, TooLittleDataError
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import embeddings, encode_new, probabilities
from segue.pipeline.recommender.recommend import recommend
from segue.pipeline.recommender.snapshot import is_current
from segue.pipeline.train import train
from segue.pipeline.training.labels import (
    Labels,
    artist_groups,
    judged_tracks,
    labels_of,
    require_judged,
)
from segue.types import Track

NONE = pd.DataFrame({"user_id": [], "track_id": []}, dtype=str)
pytestmark = pytest.mark.slow


def bare(library, genres):
    tracks = [Track(track_id=str(i), genres=(name,)) for i, name in enumerate(genres)]
    library.add_dataset("d", tracks=tracks, listens=NONE)
    return library


def test_a_model_says_what_it_was_made_from(trained):
    for name in ("cnn", "rnn", "knn"):
        manifest = trained.models.manifest(name)
        assert manifest["target"] == "genre"
        assert manifest["class_names"] == ["high", "low", "noise"]
        assert sum(manifest["tracks"].values()) == 36
        assert manifest["versions"]["numpy"] == np.__version__
    for name in ("cnn", "rnn"):
        files = {path.name for path in trained.models.path(name).iterdir()}
        assert {"model.keras", "model.onnx", "manifest.json"} <= files
        assert "accuracy" in trained.models.manifest(name)["metrics"]
    assert {path.name for path in trained.models.directory.glob(".*")} <= {
        ".snapshot",
        ".snapshot.lock",
    }


def test_every_track_is_placed(trained):
    catalogue = trained.catalogue()
    for name in ("cnn", "rnn", "knn"):
        assert np.isfinite(embeddings(trained, catalogue, name)).all()
    np.testing.assert_allclose(probabilities(trained, catalogue, "cnn").sum(1), 1, atol=1e-5)
    assert encode_new(trained, catalogue) == 0


def test_sounds_of_one_kind_are_near_each_other(trained):
    catalogue = trained.catalogue()
    labels = labels_of(trained, catalogue).labels
    vectors = embeddings(trained, catalogue, "knn")
    near = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1]
    assert (labels[near] == labels).mean() == 1.0


def test_no_artist_is_on_both_sides(trained):
    catalogue = trained.catalogue()
    labels = labels_of(trained, catalogue)
    groups = np.array(artist_groups(catalogue))
    splits = np.array(labels.splits)
    assert all(len(set(splits[groups == group])) == 1 for group in groups)
    assert min(labels.counts().values()) >= 3


def test_what_is_up_to_date_is_not_trained_again(trained):
    before = trained.models.manifest("knn")
    (result,) = train(trained, "knn")
    assert result.state == "up to date"
    assert trained.models.manifest("knn") == before


def test_metadata_alone_train_neighbours_and_the_rest_is_skipped(library):
    results = train(bare(library, ["a", "b"] * 10))
    assert {result.model: result.state for result in results} == {
        "cnn": "skipped",
        "rnn": "skipped",
        "transformer": "skipped",
        "knn": "trained",
        "ensemble": "skipped",
        "collaborative": "skipped",
        "sequence": "skipped",
        "map": "trained",
    }
    assert "needs audio or precomputed frames" in (state_of(results, "cnn").reason or "")
    with pytest.raises(ModelError, match="run segue preprocess on a dataset that has them"):
        train(library, "cnn")


def state_of(results, model):
    return next(result for result in results if result.model == model)


def test_networks_that_cannot_be_judged_are_not_trained(library, dataset):
    """36 tracks give five validation tracks: too few to judge a network by."""
    from segue.pipeline.preprocess import preprocess

    preprocess(library, dataset, workers=1)
    results = train(library)
    assert [result.model for result in results[:3]] == ["knn", "collaborative", "sequence"]
    for name in ("cnn", "rnn", "transformer"):
        found = state_of(results, name)
        assert found.state == "skipped"
        assert "validation tracks of 10 that are needed of a learned genre" in found.reason
        assert "36 of 36 tracks have a genre. About 67 tracks by several artists" in found.reason
        assert name not in library.models
    assert len(recommend(library, like=["t00"], k=3).tracks) == 3


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("track", "no genres are known, and no artist or album of several tracks"),
        ("artist", "it has 1 validation track of 10 that are needed of a known artist with other"),
    ],
)
def test_contrast_that_cannot_be_judged_says_why(target, reason):
    groups = [0, 1] if target == "track" else [0, 0]
    made = Labels(target, (), np.array(groups), ("valid", "train"), (), objective="contrast")
    with pytest.raises(TooLittleDataError, match=reason):
        require_judged(made)


def test_recommendations_are_ready_before_networks_train(library, dataset, monkeypatch):
    from segue.pipeline.preprocess import preprocess

    class StopError(BaseException):
        pass

    def stop(work, name):
        raise StopError

    preprocess(library, dataset, workers=1)
    monkeypatch.setattr("segue.pipeline.train.fit_encoder", stop)
    with pytest.raises(StopError):
        train(library, force=True)
    assert is_current(library)
    assert "knn" in library.models


@pytest.mark.parametrize(
    ("labels", "splits", "judged"),
    [
        ([0, 0, 1], ["train", "valid", "valid"], 1),  # no train track has class 1
        ([0, -1, 0], ["train", "valid", "valid"], 1),
        ([0, 0, 1], ["train", "test", "test"], 0),
    ],
)
def test_judged_tracks_have_a_class_that_is_learned(labels, splits, judged):
    made = Labels("genre", ("a", "b"), np.array(labels), tuple(splits), ())
    assert judged_tracks(made) == judged


def test_judged_tracks_of_groups_have_another_of_their_group():
    made = Labels(
        "artist", (), np.array([0, 1, 1]), ("valid", "valid", "train"), (), objective="contrast"
    )
    assert judged_tracks(made) == 1


def test_judged_tracks_of_tags_have_a_learned_tag():
    tags = np.array([[True, False], [True, False], [False, True]])
    made = Labels(
        "tags",
        ("a", "b"),
        np.array([0, 0, 1]),
        ("train", "valid", "valid"),
        (),
        objective="tags",
        tags=tags,
    )
    assert judged_tracks(made) == 1


def test_one_class_is_not_enough(trained, tmp_path, dataset):
    from segue.pipeline.preprocess import preprocess

    library = Library(tmp_path / "one")
    preprocess(library, dataset, workers=1)
    same = [
        Track(track_id=track.track_id, genres=("only",), path=track.path)
        for track in library.catalogue().tracks
    ]
    library.add_dataset("d", tracks=same, listens=NONE)
    with pytest.raises(TooLittleDataError, match="found one, 'only': add labels"):
        train(library, "cnn", target="genre")


def test_what_cannot_be_trained_says_why(library):
    with pytest.raises(EmptyLibraryError, match="run segue preprocess DATASET first"):
        train(library)
    bare(library, ["a"] * 4)
    with pytest.raises(
        ModelError, match="no model 'svm': choose from knn, collaborative, sequence, cnn"
    ):
        train(library, "svm")
    with pytest.raises(
        ModelError, match="No track has a 'mood': choose a --target from genre, tag"
    ):
        train(library, "knn", target="mood")


def test_nothing_to_train_at_all_is_a_failure(library):
    library.add_dataset("d", tracks=[Track(track_id="1", genres=("a",))], listens=NONE)
    with pytest.raises(ModelError, match=r"Nothing could be trained.*at least 2 train tracks"):
        train(library)


def test_classes_of_one_track_are_left_out(library):
    labels = labels_of(*_with_catalogue(bare(library, ["a"] * 3 + ["b"] * 3 + ["c"])))
    assert labels.class_names == ("a", "b")
    assert labels.left_out == ("c",)
    assert labels.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_the_split_is_drawn_once(library):
    bare(library, ["a", "b"] * 20)
    first = labels_of(*_with_catalogue(library)).splits
    bare(library, ["a", "b"] * 30)
    second = labels_of(*_with_catalogue(library)).splits
    assert second[:40] == first
    assert set(second[40:]) == {"train"}


def test_stated_splits_are_obeyed(library):
    tracks = [Track(track_id=str(i), genres=("a",), split="valid") for i in range(3)]
    tracks += [Track(track_id=str(i), genres=("b",), split="train") for i in range(3, 9)]
    library.add_dataset("d", tracks=tracks, listens=NONE)
    found = labels_of(*_with_catalogue(library))
    assert found.splits == ("valid",) * 3 + ("train",) * 6


def test_any_column_can_be_the_target(library):
    tracks = [Track(track_id=str(i), metadata={"mood": "ab"[i % 2]}) for i in range(8)]
    library.add_dataset("d", tracks=tracks, listens=NONE)
    assert labels_of(*_with_catalogue(library), "mood").class_names == ("a", "b")


def test_the_strongest_common_tag_can_be_the_target(library):
    tags = [{"rock": 5, "odd": 9}, {"rock": 1}, {"pop": 2, "rock": 1}, {"pop": 1}]
    common = [{f"tag {i}": 1 for i in range(10)} for _ in range(3)]
    tracks = [Track(track_id=str(i), tags=some) for i, some in enumerate(tags + common)]
    library.add_dataset("d", tracks=tracks, listens=NONE)
    found = labels_of(*_with_catalogue(library), "tag")
    assert found.class_names[:2] == ("pop", "rock")
    assert [found.class_names[i] for i in found.labels[:4]] == ["rock", "rock", "pop", "pop"]


def test_the_album_and_then_the_folder_stand_in_for_the_artist(tmp_path):
    tracks = [
        Track(track_id="1", artist="The Knife", album="X"),
        Track(track_id="2", artist="knife"),
        Track(track_id="3", album="X", path=tmp_path / "a" / "1.ogg"),
        Track(track_id="4", path=tmp_path / "a" / "2.ogg"),
        Track(track_id="5", path=tmp_path / "a" / "3.ogg"),
        Track(track_id="6", path=tmp_path / "b" / "4.ogg"),
    ]
    one, two, three, four, five, six = artist_groups(Catalogue.of(tracks))
    assert one == two
    assert four == five
    assert len({one, three, four, six}) == 4
    alone = artist_groups(Catalogue.of(tracks[3:5]))
    assert alone[0] != alone[1]


def _with_catalogue(library):
    return library, library.catalogue()
