"""Hearing with pretrained ears: each track once, resumable, one bad file never the end."""

import shutil
from contextlib import contextmanager

import numpy as np
import pytest

from segue.encoders.pretrained import EARS, installed_ears
from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Library
from segue.pipeline.analysing.ears import ear_store, heard_by, predicted_tags
from segue.pipeline.analysing.embeddings import embeddings, probabilities
from segue.pipeline.preprocess import preprocess
from segue.pipeline.pretrained import add_encoders
from segue.pipeline.recommend import similar
from segue.pipeline.search import search
from segue.pipeline.train import train


@pytest.fixture(scope="session")
def ears(musicnn_wheel, tmp_path_factory):
    """A user's data directory with the real ears in it."""
    directory = tmp_path_factory.mktemp("ears")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(directory))
        add_encoders(wheel=musicnn_wheel)
    return directory


@pytest.fixture
def installed(ears, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(ears))


@pytest.fixture(scope="session")
def heard(ears, dataset, tmp_path_factory):
    """A library of `dataset` that all ears have heard. Not to be changed."""
    library = Library(tmp_path_factory.mktemp("heard") / "my.segue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(ears))
        assert preprocess(library, dataset, workers=1).heard == 36
    return library


@pytest.fixture
def few(dataset, tmp_path):
    """The first six tracks of `dataset`, in a directory of their own."""
    (tmp_path / "few" / "audio").mkdir(parents=True)
    lines = (dataset / "metadata.csv").read_text().splitlines()[:7]
    (tmp_path / "few" / "metadata.csv").write_text("\n".join(lines))
    for number in range(6):
        shutil.copy(dataset / "audio" / f"{number:02}.wav", tmp_path / "few" / "audio")
    return tmp_path / "few"


@pytest.mark.slow
def test_every_track_is_heard_once_by_every_ear(heard, dataset, installed):
    assert heard_by(heard) == list(EARS)
    catalogue = heard.catalogue()
    for name, ear in EARS.items():
        vectors = embeddings(heard, catalogue, name)
        chances = probabilities(heard, catalogue, name)
        assert vectors.shape == (36, ear.embedding_size)
        assert np.isfinite(vectors).all()
        assert chances.shape == (36, 50)
        assert ((chances >= 0) & (chances <= 1)).all()
        tags, same = predicted_tags(heard, catalogue, name)
        assert tags == ear.tags
        np.testing.assert_array_equal(same, chances)


@pytest.mark.slow
def test_an_ear_that_comes_later_hears_what_is_there(library, few, ears, monkeypatch):
    assert preprocess(library, few, workers=1).heard == 0
    monkeypatch.setenv("XDG_DATA_HOME", str(ears))
    second = preprocess(library, few, workers=1)
    assert (second.analysed, second.heard) == (0, 6)
    assert preprocess(library, few, workers=1).heard == 0
    # one more ear than before: only it has to hear
    with ear_store(library, "vgg") as store:
        store.forget(store.rows().tolist()[:2])
    before = embeddings(library, library.catalogue(), "musicnn")
    assert preprocess(library, few, workers=1).heard == 2
    np.testing.assert_array_equal(embeddings(library, library.catalogue(), "musicnn"), before)


@pytest.mark.slow
def test_a_stop_keeps_what_is_heard(library, few, installed):
    class Stop(BaseException):
        pass

    @contextmanager
    def stopping(description, total):
        done = 0

        def advance(steps):
            nonlocal done
            done += steps
            if description.startswith("Hearing") and done == 2:
                raise Stop

        yield advance

    with pytest.raises(Stop):
        preprocess(library, few, workers=1, progress=stopping)
    again = Library(library.directory)
    assert len(ear_store(again, "musicnn").rows()) == 2
    assert preprocess(again, few, workers=1).heard == 4


@pytest.mark.slow
def test_a_file_that_cannot_be_heard_ends_no_run(library, few, ears, monkeypatch):
    """It was sound when it was analysed, and is broken when an ear comes."""
    preprocess(library, few, workers=1)
    path = few / "audio" / "02.wav"
    state = path.stat()
    path.write_bytes(b"\0" * state.st_size)
    import os

    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # unchanged, by its looks
    monkeypatch.setenv("XDG_DATA_HOME", str(ears))
    result = preprocess(library, few, workers=1)
    assert (result.heard, result.problems) == (5, 1)
    (problem,) = library.problems()
    assert problem.subject == "t02"
    assert "02.wav" in problem.reason


@pytest.mark.slow
def test_a_damaged_ear_is_told_once(library, few, ears, tmp_path, monkeypatch):
    shutil.copytree(ears, tmp_path / "copy")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "copy"))
    graph = installed_ears()["vgg"] / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(
        ModelError, match=r"'vgg' is damaged .* run segue encoders add musicnn --for"
    ):
        preprocess(library, few, workers=1)
    # what came before is kept
    assert preprocess(library, few, workers=1, progress=mended(graph, ears)).heard == 6


def mended(graph, ears):
    @contextmanager
    def mend(description, total):
        shutil.copy(ears / "segue" / "encoders" / "musicnn" / "vgg" / "model.onnx", graph)
        yield lambda steps: None

    return mend


@pytest.mark.slow
def test_given_frames_are_not_heard_and_nothing_is_said(library, tmp_path, installed, rng):
    (tmp_path / "features").mkdir()
    np.save(tmp_path / "features" / "a.npy", rng.random((30, 8)).astype(np.float32))
    (tmp_path / "metadata.csv").write_text("track_id,features\na,features/a.npy")
    result = preprocess(library, tmp_path)
    assert (result.analysed, result.heard, result.problems) == (1, 0, 0)


@pytest.mark.slow
def test_an_ear_is_a_signal(heard):
    for name in EARS:
        picks = similar(heard, "t00", k=5, signal=name).tracks
        kinds = [heard.catalogue().tracks[int(pick.track_id[1:])].genres for pick in picks]
        assert kinds.count(("low",)) >= 4, kinds


@pytest.mark.slow
def test_a_head_learns_the_users_labels(heard):
    (result,) = train(heard, "genre", on="musicnn")
    assert (result.model, result.state) == ("genre-on-musicnn", "trained")
    assert result.metrics["accuracy"] > 0.9
    assert train(heard, "genre", on="musicnn")[0].state == "up to date"


@pytest.mark.slow
def test_predicted_tags_are_searched(heard):
    """Noise at one level all the time is no piece for dancing."""
    found = search(heard, "electronic beats", k=36)
    assert found.terms == ["electronic", "beats"]
    assert len(found.tracks) == 36
    assert all(abs(sum(match.why.values()) - match.score) < 1e-9 for match in found.tracks)


def test_what_was_not_heard_is_told(library, few):
    preprocess(library, few, workers=1)
    with pytest.raises(
        ModelNotTrainedError, match="run segue encoders add musicnn, then segue pre"
    ):
        similar(library, "t00", signal="vgg")
    with pytest.raises(
        ModelNotTrainedError, match="run segue encoders add musicnn, then segue pre"
    ):
        train(library, "genre", on="vgg")
