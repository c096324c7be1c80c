"""Training on what is wrong: a clear sentence each, nothing half-written, the rest goes on."""

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset

from segue.encoders import RnnSettings
from segue.encoders.checkpoint import NAME as CHECKPOINT
from segue.errors import DatasetError, FramesError, ModelError, TooLittleDataError
from segue.pipeline.analysis.embeddings import embeddings
from segue.pipeline.evaluate import evaluate
from segue.pipeline.train import train

pytestmark = pytest.mark.slow
SMALL = {
    "rnn": RnnSettings(
        window=32, width=8, units=8, embedding=8, passes=2, least_steps=10, least_epoch_steps=5
    )
}
N_TRACKS = 12
GENRES = ("folk", "jazz", "metal")


def shelf(directory, change=lambda i, frames: frames, **columns):
    """Read a dataset of frames of three genres, four artists each, as `change` leaves them."""
    rng = np.random.default_rng(0)
    columns = {"genre": lambda i: GENRES[i % 3], "artist": lambda i: f"Artist {i}"} | columns
    columns = {name: value for name, value in columns.items() if value}
    tracks, arrays = [], {}
    for i in range(N_TRACKS):
        frames = rng.normal(i % 3, 1, (40, 6)).astype(np.float32)
        arrays[f"{i}.npy"] = change(i, frames)
        named = {name: value(i) for name, value in columns.items()}
        tracks.append({"track_id": f"t{i:02}", "features": f"{i}.npy", **named})
    return make_library(directory / "my.segue", write_dataset(directory, tracks, frames=arrays))


def fit(library, **arguments):
    return train(library, arguments.pop("model", "rnn"), settings=SMALL, **arguments)[0]


def nothing_is_written(library):
    left = {path.name for path in library.models.directory.glob("*")} - {".rnn.checkpoint"}
    assert left == set()
    assert library.last_run("train") is None
    return True


def test_an_unknown_target_names_those_that_are_there(tmp_path):
    library = shelf(tmp_path, mood=lambda i: "calm")
    with pytest.raises(ModelError, match=r"No track has a 'moood': choose a --target from .*mood"):
        fit(library, target="moood")
    assert nothing_is_written(library)


def test_one_class_has_nothing_to_be_told_from(tmp_path):
    library = shelf(tmp_path, genre=lambda i: "folk")
    with pytest.raises(TooLittleDataError, match="found one, 'folk': add labels, or choose"):
        fit(library, target="genre")
    assert nothing_is_written(library)


def test_classes_of_one_artist_each_are_learned_and_what_cannot_be_judged_is_told(tmp_path):
    library = shelf(tmp_path, artist=lambda i: f"Artist of {GENRES[i % 3]}")
    result = fit(library)
    assert result.state == "trained"
    assert (result.tracks["train"], result.metrics) == (N_TRACKS, {})
    with pytest.raises(ModelError, match=r"'genre'.*folk, jazz, metal.*one artist"):
        evaluate(library, "rnn")


def test_a_library_of_silence_has_nothing_to_learn_from(tmp_path):
    tracks = [(i, f"audio/{i}.wav", GENRES[i % 2]) for i in range(N_TRACKS)]
    sounds = {f"{i}.wav": np.zeros(44_100) for i in range(N_TRACKS)}
    dataset = write_dataset(tmp_path, rows("track_id path genre", tracks), sounds=sounds)
    library = make_library(tmp_path / "my.segue", dataset)
    with pytest.raises(
        ModelError, match=r"tracks of the train part are constant and equal, like silence"
    ):
        fit(library)
    assert nothing_is_written(library)


def test_frames_with_nan_are_a_problem_of_their_track_alone(tmp_path):
    library = shelf(tmp_path, lambda i, frames: frames * (np.nan if i == 1 else 1))
    assert [problem.reason for problem in library.problems() if "NaN" in problem.reason]
    assert fit(library).state == "trained"
    placed = np.isfinite(embeddings(library, library.catalogue(), "rnn")).all(axis=1)
    assert placed.tolist() == [i != 1 for i in range(N_TRACKS)]


def test_frames_of_nan_throughout_are_no_dataset(tmp_path):
    with pytest.raises(DatasetError, match=r"None of the 12 files can be used.* NaN"):
        shelf(tmp_path, lambda i, frames: frames * np.nan)


def test_frames_of_different_widths_are_told(tmp_path):
    library = shelf(tmp_path, lambda i, frames: frames[:, : 4 if i == 5 else 6])
    with pytest.raises(FramesError, match="bands where 6 are expected"):
        fit(library)
    assert nothing_is_written(library)


def test_frames_shorter_than_the_window_are_repeated(tmp_path):
    library = shelf(tmp_path, lambda i, frames: frames[: 1 if i == 0 else 3])
    assert fit(library).state == "trained"
    assert np.isfinite(embeddings(library, library.catalogue(), "rnn")).all()


def test_without_labels_artists_are_told_apart_by_contrast(tmp_path):
    library = shelf(tmp_path, genre=None, artist=lambda i: f"Artist {i // 3}")
    result = fit(library)
    assert (result.state, result.target, result.classes) == ("trained", "artist", 0)
    assert library.models.manifest("rnn")["objective"] == "contrast"


def test_without_labels_or_artists_tracks_are_told_apart(tmp_path):
    library = shelf(tmp_path, genre=None, artist=None)
    assert fit(library).target == "track"
    assert np.isfinite(embeddings(library, library.catalogue(), "rnn")).all()


def test_a_checkpoint_that_was_cut_short_is_begun_anew(tmp_path):
    library = shelf(tmp_path)
    whole = fit(library)
    placed = embeddings(library, library.catalogue(), "rnn")
    place = library.models.checkpoint("rnn")
    place.mkdir()
    (place / CHECKPOINT).write_bytes(b"PK\x03\x04 cut")
    assert fit(library, force=True).metrics == whole.metrics
    again = embeddings(library, library.catalogue(), "rnn")
    np.testing.assert_allclose(again, placed, atol=1e-5)
    assert not place.exists()


@pytest.mark.parametrize(
    "name", [pytest.param("model.onnx", marks=pytest.mark.nightly), "encoder.json"]
)
def test_a_model_that_was_cut_short_is_told_and_trained_anew(name, tmp_path):
    library = shelf(tmp_path)
    fit(library)
    file = library.models.path("rnn") / name
    file.write_bytes(file.read_bytes()[:-50])
    library.drop_features(lambda kept: kept.get("embedding of") == "rnn")
    with pytest.raises(ModelError, match="is damaged: run segue train rnn --force"):
        evaluate(library, "rnn")
    assert fit(library).state == "trained"
    assert evaluate(library, "rnn").report.classifiers


def test_neighbours_that_were_cut_short_are_told_and_fitted_anew(tmp_path):
    library = shelf(tmp_path)
    fit(library, model="knn")
    file = library.models.path("knn") / "arrays.npz"
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(ModelError, match="is damaged: run segue train knn --force"):
        evaluate(library, "knn")
    assert fit(library, model="knn").state == "trained"
    assert evaluate(library, "knn").report.classifiers
