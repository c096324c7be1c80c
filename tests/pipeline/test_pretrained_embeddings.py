"""Embeddings of pretrained encoders: each track once, resumable, one bad file ends no run."""

import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest

from segue.encoders.pretrained import PRETRAINED_ENCODERS, installed_encoders
from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Library
from segue.pipeline.analysis.embeddings import embeddings, probabilities
from segue.pipeline.analysis.pretrained_embeddings import (
    BLOCKS,
    block_store,
    encoders_with_embeddings,
    outdated_encoders,
    predicted_tags,
    pretrained_store,
)
from segue.pipeline.catalogue.search import search
from segue.pipeline.preprocess import preprocess
from segue.pipeline.pretrained import add_encoders
from segue.pipeline.recommender.recommend import similar
from segue.pipeline.train import train


@pytest.fixture(scope="session")
def encoders(musicnn_wheel, tmp_path_factory):
    """A user's data directory with the real encoders installed."""
    directory = tmp_path_factory.mktemp("encoders")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(directory))
        add_encoders(wheel=musicnn_wheel)
    return directory


@pytest.fixture
def installed(encoders, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(encoders))


@pytest.fixture(scope="session")
def embedded(encoders, dataset, tmp_path_factory):
    """A library of `dataset` that all encoders have embedded. Not to be changed."""
    library = Library(tmp_path_factory.mktemp("embedded") / "my.segue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(encoders))
        assert preprocess(library, dataset, workers=1).embedded == 36
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
def test_every_track_is_heard_once_by_every_ear(embedded, dataset, installed):
    assert encoders_with_embeddings(embedded) == list(PRETRAINED_ENCODERS)
    catalogue = embedded.catalogue()
    for name, encoder in PRETRAINED_ENCODERS.items():
        vectors = embeddings(embedded, catalogue, name)
        chances = probabilities(embedded, catalogue, name)
        assert vectors.shape == (36, encoder.embedding_size)
        assert np.isfinite(vectors).all()
        assert chances.shape == (36, 50)
        assert ((chances >= 0) & (chances <= 1)).all()
        tags, same = predicted_tags(embedded, catalogue, name)
        assert tags == encoder.tags
        np.testing.assert_array_equal(same, chances)


@pytest.mark.slow
def test_encoder_installed_later_embeds_stored_tracks(library, few, encoders, monkeypatch):
    assert preprocess(library, few, workers=1).embedded == 0
    monkeypatch.setenv("XDG_DATA_HOME", str(encoders))
    second = preprocess(library, few, workers=1)
    assert (second.analyzed, second.embedded) == (0, 6)
    assert preprocess(library, few, workers=1).embedded == 0
    # only the encoder with missing tracks runs
    with pretrained_store(library, "vgg") as store:
        store.forget(store.rows().tolist()[:2])
    before = embeddings(library, library.catalogue(), "musicnn")
    assert preprocess(library, few, workers=1).embedded == 2
    np.testing.assert_array_equal(embeddings(library, library.catalogue(), "musicnn"), before)


@pytest.mark.slow
def test_blocks_of_one_inference_are_stored(embedded):
    for name, encoder in PRETRAINED_ENCODERS.items():
        stored = block_store(embedded, name)
        assert len(stored.rows()) == 36
        found = {block: stored.matrix(block, embedded.catalogue().rows) for block in BLOCKS}
        assert found["deviation"].shape == (36, encoder.embedding_size)
        assert (found["deviation"] >= 0).all()
        assert (found["max_pool"] >= found["mean_pool"] - 1e-3).all()


@pytest.mark.slow
def test_earlier_libraries_get_blocks_and_keep_embeddings(library, few, installed):
    preprocess(library, few, workers=1)
    before = embeddings(library, library.catalogue(), "musicnn")
    assert library.drop_features(lambda settings: "blocks of" in settings)
    assert preprocess(library, few, workers=1).embedded == 6
    np.testing.assert_array_equal(embeddings(library, library.catalogue(), "musicnn"), before)
    assert len(block_store(library, "musicnn").rows()) == 6


@pytest.mark.slow
def test_earlier_encoders_give_embeddings_alone(library, few, encoders, tmp_path, monkeypatch):
    """Graphs that an earlier segue installed have two outputs, and say nothing of others."""
    shutil.copytree(encoders, tmp_path / "copy")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "copy"))
    for directory in installed_encoders().values():
        facts = json.loads((directory / "encoder.json").read_text())
        del facts["outputs"]
        (directory / "encoder.json").write_text(json.dumps(facts))
    assert outdated_encoders() == list(PRETRAINED_ENCODERS)
    assert preprocess(library, few, workers=1).embedded == 6
    assert not len(block_store(library, "musicnn").rows())
    assert preprocess(library, few, workers=1).embedded == 0
    monkeypatch.setenv("XDG_DATA_HOME", str(encoders))
    assert outdated_encoders() == []
    assert preprocess(library, few, workers=1).embedded == 6


@pytest.mark.slow
def test_library_without_encoders_remembers_it(library, few, installed):
    assert preprocess(library, few, workers=1, encoder="none").embedded == 0
    assert preprocess(library, few, workers=1).embedded == 0
    assert preprocess(library, few, workers=1, encoder="musicnn").embedded == 6


@pytest.mark.slow
def test_stopped_run_keeps_its_embeddings(library, few, installed):
    class Stop(BaseException):
        pass

    @contextmanager
    def stopping(description, total):
        done = 0

        def advance(steps):
            nonlocal done
            done += steps
            if description.startswith("Embedding") and done == 2:
                raise Stop

        yield advance

    with pytest.raises(Stop):
        preprocess(library, few, workers=1, progress=stopping)
    again = Library(library.directory)
    assert len(pretrained_store(again, "musicnn").rows()) == 2
    assert preprocess(again, few, workers=1).embedded == 4


@pytest.mark.slow
def test_undecodable_file_does_not_end_the_run(library, few, encoders, monkeypatch):
    """The file was intact when it was analyzed and is broken when an encoder is installed."""
    preprocess(library, few, workers=1)
    path = few / "audio" / "02.wav"
    state = path.stat()
    path.write_bytes(b"\0" * state.st_size)
    import os

    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # size and time unchanged
    monkeypatch.setenv("XDG_DATA_HOME", str(encoders))
    result = preprocess(library, few, workers=1)
    assert (result.embedded, result.problems) == (5, 1)
    (problem,) = library.problems()
    assert (problem.subject, problem.source) == ("t02", "02.wav")
    assert "it cannot be decoded as audio" in problem.reason


@pytest.mark.slow
def test_damaged_encoder_is_reported_once(library, few, encoders, tmp_path, monkeypatch):
    shutil.copytree(encoders, tmp_path / "copy")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "copy"))
    graph = installed_encoders()["vgg"] / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(
        ModelError, match=r"'vgg' is damaged .* run segue encoders add musicnn --for"
    ):
        preprocess(library, few, workers=1)
    # the analysis before it is kept
    assert preprocess(library, few, workers=1, progress=mended(graph, encoders)).embedded == 6


def mended(graph, encoders):
    @contextmanager
    def mend(description, total):
        shutil.copy(encoders / "segue" / "encoders" / "musicnn" / "vgg" / "model.onnx", graph)
        yield lambda steps: None

    return mend


@pytest.mark.slow
def test_precomputed_frames_are_not_embedded(library, tmp_path, installed, rng):
    (tmp_path / "features").mkdir()
    np.save(tmp_path / "features" / "a.npy", rng.random((30, 8)).astype(np.float32))
    (tmp_path / "metadata.csv").write_text("track_id,features\na,features/a.npy")
    result = preprocess(library, tmp_path)
    assert (result.analyzed, result.embedded, result.problems) == (1, 0, 0)


@pytest.mark.slow
def test_pretrained_encoder_is_a_signal(embedded):
    for name in PRETRAINED_ENCODERS:
        picks = similar(embedded, "t00", k=5, signal=name).tracks
        kinds = [embedded.catalogue().tracks[int(pick.track_id[1:])].genres for pick in picks]
        assert kinds.count(("low",)) >= 4, kinds


@pytest.mark.slow
def test_head_learns_the_labels_of_the_user(embedded):
    (result,) = train(embedded, "genre", on="musicnn")
    assert (result.model, result.state) == ("genre-on-musicnn", "trained")
    assert result.metrics["accuracy"] > 0.9
    assert train(embedded, "genre", on="musicnn")[0].state == "up to date"


@pytest.mark.slow
def test_search_finds_predicted_tags(embedded):
    found = search(embedded, "electronic beats", k=36)
    assert found.terms == ["electronic", "beats"]
    assert len(found.tracks) == 36
    assert all(abs(sum(match.why.values()) - match.score) < 1e-9 for match in found.tracks)


def test_missing_embeddings_name_the_commands_to_run(library, few):
    preprocess(library, few, workers=1)
    with pytest.raises(
        ModelNotTrainedError, match="run segue encoders add musicnn, then segue pre"
    ):
        similar(library, "t00", signal="vgg")
    with pytest.raises(
        ModelNotTrainedError, match="run segue encoders add musicnn, then segue pre"
    ):
        train(library, "genre", on="vgg")
