"""The one door to Keras: imported on first use, quietly, with a clear error where it is missing."""

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
    """Hide the deprecation warnings that the libraries of training raise about each other."""
    with warnings.catch_warnings():
        for package in NOISY:
            for category in (DeprecationWarning, FutureWarning, UserWarning):
                warnings.filterwarnings("ignore", category=category, module=rf"{package}(\.|$)")
        yield


@contextmanager
def _mute() -> Iterator[None]:
    """Let nothing that is written in C reach standard error."""
    if "keras" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def load_keras() -> ModuleType:
    """Import Keras with its backend, and make sure that its models can be exported.

    TensorFlow's own log lines are set to errors only, unless TF_CPP_MIN_LOG_LEVEL is set already;
    it reads that variable while it is imported, so it has to be in the environment. What it writes
    before it has read it goes nowhere.

    Raises
    ------
    MissingExtraError
        When Keras, its backend or the ONNX exporter is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # several networks a run are our business: it would advise against their several graphs
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
    """Make what an epoch draws follow from its number, so that a resumed training draws the same.

    Keras keeps the state of its random numbers among a network's variables, and so do checkpoints;
    but on PyTorch dropout draws from a generator of PyTorch's own.
    """
    keras = load_keras()
    if keras.backend.backend() == "torch":
        keras.utils.set_random_seed((seed + 1_000_003 * epoch) % 2**32)
