"""Recommend and similar, on a small real library."""

import pytest
from tests.factories import make_library

from segue.errors import (
    ContradictionError,
    LibraryError,
    ModelNotTrainedError,
    UnknownListenerError,
    UnknownTrackError,
)
from segue.pipeline.recommender.recommend import recommend, similar
from segue.pipeline.training.encoder_selection import select_encoders

pytestmark = pytest.mark.slow


def kind(track_id):
    return int(track_id[1:]) % 3


@pytest.mark.parametrize(("user", "likes"), [("anna", 0), ("ben", 1), ("carl", 2)])
def test_recommend_prefers_the_genre_of_the_listener(trained, user, likes):
    found = recommend(trained, user, 2)
    assert [kind(pick.track_id) for pick in found.tracks] == [likes] * 2
    known = set(trained.listens().query("user_id == @user")["track_id"])
    assert known.isdisjoint(pick.track_id for pick in recommend(trained, user, 99).tracks)
    assert len(recommend(trained, user, 99).tracks) == 36 - len(known)


def test_recommend_scores_are_the_sum_of_their_parts(trained):
    document = recommend(trained, "anna", 5).to_dict()
    used = {
        name for name, model in select_encoders(trained, trained.catalogue()).used.items() if model
    }
    assert set(document["weights"]) == {
        *(*used, "knn", "metadata", "popularity", "sequence", "recency")
    }
    assert sum(document["weights"].values()) == pytest.approx(1)
    for pick in document["tracks"]:
        assert set(pick["why"]) == set(document["weights"])
        assert sum(pick["why"].values()) == pytest.approx(pick["score"], abs=1e-12)
    assert [pick["rank"] for pick in document["tracks"]] == [1, 2, 3, 4, 5]


def test_recommend_by_seeds_needs_no_history(trained):
    found = recommend(trained, like=["t00", "t03"], dislike=["t01"], k=5)
    assert found.user is None
    assert {kind(pick.track_id) for pick in found.tracks} == {0}
    assert {"t00", "t03", "t01"}.isdisjoint(pick.track_id for pick in found.tracks)
    newcomer = recommend(trained, "somebody new", like=["t00", "t03"], dislike=["t01"], k=5)
    assert newcomer.tracks == found.tracks


def test_recommend_include_known_returns_all_tracks(trained):
    found = recommend(trained, "anna", 36, include_known=True)
    assert len(found.tracks) == 36


def test_similar_by_every_signal_finds_the_same_genre(trained):
    for signal in (None, "timbre", "temporal", "knn", "metadata"):
        found = similar(trained, "t04", 3, signal=signal)
        assert [kind(pick.track_id) for pick in found.tracks] == [1] * 3, signal
        assert found.to_dict()["track"] == "t04"
    assert -1.0 <= similar(trained, "t04", 1, signal="timbre").tracks[0].score <= 1.0


def test_similar_by_metadata_has_no_tracks_without_likeness(tmp_path):
    lines = ["track_id,artist,genre", *(f"t{i},A{i % 3},g{i % 3}" for i in range(12))]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    made = make_library(tmp_path / "my.segue", tmp_path)
    found = similar(made, "t0", 10, signal="metadata").tracks
    assert {pick.track_id for pick in found} == {"t3", "t6", "t9"}
    assert all(pick.score > 0 for pick in found)


def test_recommend_of_unknown_names_raises(trained, library):
    with pytest.raises(UnknownListenerError, match=r"no listener 'ann'.*'anna'"):
        recommend(trained, "ann")
    with pytest.raises(UnknownTrackError, match="no track 'nowhere'"):
        similar(trained, "nowhere")
    with pytest.raises(UnknownTrackError, match="no track 'nowhere'"):
        recommend(trained, like=["nowhere"])
    with pytest.raises(ValueError, match="Recommendations need a listener"):
        recommend(trained)
    with pytest.raises(ContradictionError, match="'t01' is both liked and disliked"):
        recommend(trained, "anna", like=["t00", "t01"], dislike=["t01"])
    assert issubclass(ContradictionError, ValueError)
    with pytest.raises(ValueError, match="ask for at least 1"):
        recommend(trained, "anna", 0)
    with pytest.raises(LibraryError, match="run segue preprocess DATASET first"):
        recommend(library, "anna")


def test_recommend_without_training_uses_sound_and_metadata(dataset, library):
    from segue.pipeline.preprocess import preprocess

    preprocess(library, dataset, workers=1)
    found = recommend(library, "anna", 3)
    assert set(found.weights) == {"knn", "metadata", "popularity", "recency"}
    assert len(found.tracks) == 3
    with pytest.raises(ModelNotTrainedError, match="run segue train cnn"):
        similar(library, "t00", signal="timbre")
