"""Import Keras on first use, without its log output, and with a clear error if it is missing."""

import importlib
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from segue.errors import MissingExtraError

NEEDED_TO_EXPORT = ("onnx", "tensorflow", "tf2onnx")
NOISY = ("keras", "tensorflow", "tf2onnx", "onnx", "google", "flatbuffers", "gast", "astunparse")


@contextmanager
def quietly() -> Iterator[None]:
    """Hide deprecation warnings that training libraries raise about each other."""
    with warnings.catch_warnings():
        for package in NOISY:
            for category in (DeprecationWarning, FutureWarning, UserWarning):
                warnings.filterwarnings("ignore", category=category, module=rf"{package}(\.|$)")
        yield


@contextmanager
def _mute() -> Iterator[None]:
    """Discard the output of C libraries to standard error."""
    if "keras" in sys.modules:
        yield
        return
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as null:
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def load_keras() -> ModuleType:
    """Import Keras with its backend, and check that its models can be exported.

    TensorFlow's own log lines are set to errors only, unless TF_CPP_MIN_LOG_LEVEL is set already;
    it reads that variable during its import. Its output before that is discarded.

    Raises
    ------
    MissingExtraError
        If Keras, its backend or the ONNX exporter is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow warns about the graphs of several networks in one process
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        with quietly(), _mute():
            keras = importlib.import_module("keras")
    except ImportError as error:
        raise MissingExtraError("Training", "train") from error
    if any(importlib.util.find_spec(name) is None for name in NEEDED_TO_EXPORT):
        raise MissingExtraError("Training", "train")
    return keras


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed the random numbers of an epoch by its number, so that a resumed training repeats them.

    Keras stores its random state in the variables of a network, and so do checkpoints; but on
    PyTorch dropout uses a generator of PyTorch.
    """
    keras = load_keras()
    if keras.backend.backend() == "torch":
        keras.utils.set_random_seed((seed + 1_000_003 * epoch) % 2**32)
