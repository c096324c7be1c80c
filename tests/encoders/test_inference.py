"""A saved encoder equals the trained one, without Keras; damaged files are refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

from segue.encoders import Encoder
from segue.errors import FramesError, ModelError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    directory = tmp_path_factory.mktemp(trained.kind)
    trained.save(directory)
    return directory


@pytest.fixture
def encoder(saved):
    return Encoder.load(saved, threads=1)


def copied(saved, directory):
    for name in ("model.onnx", "encoder.json"):
        (directory / name).write_bytes((saved / name).read_bytes())
    return directory


def test_onnx_equals_keras(trained, encoder, tracks):
    for ours, theirs in zip(
        encoder.encode_many(tracks.frames), trained.predict(tracks.frames), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_saved_keras_model_equals_the_trained_one(trained, saved, tracks):
    import keras

    crops = np.stack([track[:32] for track in tracks.frames]).astype(np.float32)
    loaded = keras.models.load_model(saved / "model.keras")
    for ours, theirs in zip(
        loaded.predict_on_batch(crops), trained.network.predict_on_batch(crops), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_save_leaves_only_its_three_files(saved):
    assert sorted(path.name for path in saved.iterdir()) == [
        "encoder.json",
        "model.keras",
        "model.onnx",
    ]


def test_loaded_encoder_has_its_description(trained, encoder, saved):
    assert (encoder.kind, encoder.input_kind) == (trained.kind, "given")
    assert (encoder.window, encoder.n_bands, encoder.n_crops) == (32, 18, 3)
    assert encoder.embedding_size == 12
    assert encoder.class_names == ("low", "middle", "high")
    description = json.loads((saved / "encoder.json").read_text())
    assert description.items() >= json.loads(json.dumps(trained.describe())).items()


def test_encode_many_equals_encode_for_any_length_and_type(encoder, rng):
    tracks = [rng.integers(0, 255, (n, 18)).astype(t) for n, t in
              ((1, np.uint8), (31, np.float16), (32, np.float64), (500, np.uint8))]  # fmt: skip
    embeddings, probabilities = encoder.encode_many(tracks)
    for row, track in enumerate(tracks):
        embedding, probability = encoder.encode(track)
        np.testing.assert_array_equal(embedding, embeddings[row])
        np.testing.assert_array_equal(probability, probabilities[row])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_short_track_equals_its_repetition(encoder, rng):
    short = rng.integers(0, 255, (16, 18)).astype(np.uint8)
    np.testing.assert_allclose(
        encoder.encode(short)[0], encoder.encode(np.tile(short, (2, 1)))[0], atol=1e-5
    )


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((40, 17)), "17 bands where 18 are expected"),
        (np.zeros((0, 18)), "are empty"),
        (np.full((40, 18), np.nan), "not finite"),
    ],
)
def test_invalid_frames_are_refused(encoder, bad, message):
    with pytest.raises(FramesError, match=message):
        encoder.encode(bad)


@pytest.mark.parametrize("name", ["model.onnx", "encoder.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_damaged_file_is_refused(name, damage, saved, tmp_path):
    file = copied(saved, tmp_path) / name
    content = file.read_bytes()
    file.unlink()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=rf"{name} is .*: train the encoder again\.$"):
        Encoder.load(tmp_path)


def test_newer_format_is_refused(saved, tmp_path):
    file = copied(saved, tmp_path) / "encoder.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 99}))
    with pytest.raises(ModelError, match="format 99, and this segue reads 1: update segue"):
        Encoder.load(tmp_path)


def test_inference_imports_neither_keras_nor_tensorflow(saved):
    code = """if True:
        import sys, numpy, pathlib
        import segue.encoders
        assert not {"keras", "tensorflow", "onnxruntime"} & sys.modules.keys()
        encoder = segue.encoders.Encoder.load(pathlib.Path(sys.argv[1]))
        encoder.encode(numpy.zeros((50, 18)))
        assert not {"keras", "tensorflow"} & sys.modules.keys()
    """
    subprocess.run([sys.executable, "-c", code, str(saved)], check=True)
