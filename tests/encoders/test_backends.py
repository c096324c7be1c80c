"""The networks are the same on every backend of Keras: outputs, steps of training, what is saved.

Only TensorFlow is a dependency. All of it runs after ``pip install jax torch``.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("backend_steps.py")
REFERENCE = "tensorflow"
OTHERS = ("jax", "torch")
LEARNING_RATE = 2e-3  # of all networks in the program


def run(backend, *arguments):
    """Run the program on a backend: it is chosen once a process, when Keras is imported."""
    for package in ("keras", backend, REFERENCE):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install {package} runs this test")
    done = subprocess.run(
        [sys.executable, PROGRAM, *arguments],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The directory with the weights that all begin with, and what TensorFlow makes of them."""
    directory = tmp_path_factory.mktemp("backends")
    run(REFERENCE, directory / "given.npz", directory / "reference.npz")
    return directory


@pytest.mark.parametrize("backend", OTHERS)
def test_backend_outputs_and_training_equal_tensorflow(backend, request, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install {backend} runs this test")
    reference = request.getfixturevalue("reference")
    run(backend, reference / "given.npz", tmp_path / "found.npz")
    initial, expected, found = (
        dict(np.load(path))
        for path in (
            reference / "given.npz",
            reference / "reference.npz",
            tmp_path / "found.npz",
        )
    )
    # layers are numbered by the process, so that names agree only in their order
    for name, other in zip(expected, found, strict=True):
        what = name.partition(": ")[2]
        # the gradient of a bias before a normalisation or a softmax is 0, but for rounding errors,
        # which AdamW makes steps of
        bias = what.endswith("bias")
        atol = LEARNING_RATE / 2 if bias else 1e-4 if what.startswith("trained") else 1e-5
        np.testing.assert_allclose(found[other], expected[name], rtol=1e-5, atol=atol, err_msg=name)
    moved = [
        np.abs(after - before).max()
        for before, after in zip(
            initial.values(),
            (values for name, values in expected.items() if ": trained " in name),
            strict=True,
        )
        if before.ndim > 1
    ]
    assert np.median(moved) > LEARNING_RATE / 2


@pytest.mark.parametrize("backend", OTHERS)
def test_backend_training_is_resumed_and_used_without_it(backend, tmp_path):
    run(backend, "--save", tmp_path)
