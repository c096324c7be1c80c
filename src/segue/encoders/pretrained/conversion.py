"""From a wheel to encoders that ONNX Runtime runs: read, rebuild in Keras, export, compare.

Keras and TensorFlow are needed here and nowhere later. What is written is what `Encoder` reads.
"""

import hashlib
import importlib.util
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from segue.encoders.backend import load_keras, quietly
from segue.encoders.inference import DESCRIPTION, FORMAT, GRAPH, Encoder
from segue.encoders.pretrained.ears import LICENCE, PACKAGE, VERSION, WHEEL_SHA256, Ear
from segue.encoders.pretrained.variables import DATA, INDEX, read_variables
from segue.errors import MissingExtraError, ModelError

LICENCE_FILE = "LICENSE.md"
TOLERANCE = 1e-4
"""How far the exported graph may be from Keras, in the units of the embedding."""


def need_converter() -> None:
    """Make sure, without loading them, that the libraries for `convert` are installed.

    Raises
    ------
    MissingExtraError
        When one is not.
    """
    needed = ("keras", "tensorflow", "tf2onnx", "onnx")
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise MissingExtraError("Adding a pretrained ear", "train")


def convert(wheel: zipfile.ZipFile, ear: Ear, directory: Path) -> None:
    """Write the encoder `ear` to `directory`, which is made.

    Raises
    ------
    ModelError
        When the checkpoint is not what it should be, or the exported graph gives other numbers.
    MissingExtraError
        When Keras, TensorFlow or the ONNX exporter is not installed.
    """
    network = build(wheel, ear)
    directory.mkdir(parents=True)
    graph = directory / GRAPH
    with quietly():
        network.export(graph, format="onnx", verbose=False)
    description = {
        "format": FORMAT,
        "kind": ear.name,
        "input_kind": "patches",
        "window": network.input_shape[1],
        "n_bands": network.input_shape[2],
        "embedding": ear.embedding_size,
        "crops": 1,
        "class_names": ear.tags,
        "from": {
            "package": PACKAGE,
            "version": VERSION,
            "sha256": WHEEL_SHA256,
            "licence": LICENCE,
            "checkpoint": ear.checkpoint,
        },
        "graph_sha256": hashlib.sha256(graph.read_bytes()).hexdigest(),
    }
    text = json.dumps(description, indent=2)
    (directory / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    _compare(network, directory, ear)


def build(wheel: zipfile.ZipFile, ear: Ear) -> Any:
    """Return the Keras model of `ear`, with the weights of its checkpoint; see `convert`."""
    load_keras()
    from segue.encoders.pretrained.networks import build_musicnn, build_vgg

    with TemporaryDirectory() as temporary:
        place = Path(temporary) / ear.checkpoint
        place.mkdir()
        for ending, name in ((".index", INDEX), (".data-00000-of-00001", DATA)):
            (place / name).write_bytes(_member(wheel, f"{PACKAGE}/{ear.checkpoint}/{ending}"))
        variables = read_variables(place)
    try:
        with quietly():
            network = {"musicnn": build_musicnn, "vgg": build_vgg}[ear.network](variables)
            # once, since an export traces what was called
            network(np.zeros((1, *network.input_shape[1:]), np.float32))
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"The checkpoint {ear.checkpoint} holds other variables than the network"
            f" '{ear.name}' has ({error}): use the wheel {PACKAGE} {VERSION}."
        ) from error
    return network


def licence_of(wheel: zipfile.ZipFile) -> bytes:
    """Return the licence that must stay beside the weights."""
    return _member(wheel, f"{PACKAGE}-{VERSION}.dist-info/{LICENCE_FILE}")


def _member(wheel: zipfile.ZipFile, name: str) -> bytes:
    try:
        return wheel.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(
            f"The wheel holds no whole file {name}: use the wheel {PACKAGE} {VERSION}."
        ) from error


def _compare(network: Any, directory: Path, ear: Ear) -> None:
    """Make sure that the exported graph gives what Keras gives."""
    shape = (2, *network.input_shape[1:])
    patches = np.random.default_rng(0).uniform(0, 4, shape).astype(np.float32)
    theirs = network.predict_on_batch(patches)
    ours = Encoder.load(directory, threads=1).run(patches)
    difference = max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))
    if not difference <= TOLERANCE:
        raise ModelError(
            f"The exported graph of '{ear.name}' differs from Keras by {difference:.1e}, where"
            f" {TOLERANCE:g} is allowed: install the versions of segue[train] in constraints.txt."
        )
