"""Convert a wheel to encoders that ONNX Runtime runs: read the weights, build a graph, check it.

Needs `onnx`, not TensorFlow. `segue.encoders.Encoder` reads the written files. The variables come
from a TensorFlow checkpoint (`tensor_bundle`); its graph (``.meta``) was written by a TensorFlow
that is no longer available and is not read.
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.encoders.inference import DESCRIPTION, FORMAT, GRAPH, Encoder
from segue.encoders.pretrained.graphs import PATCH_SHAPE, musicnn_graph, vgg_graph
from segue.encoders.pretrained.registry import (
    LICENCE,
    OUTPUTS,
    PACKAGE,
    VERSION,
    WHEEL_SHA256,
    PretrainedEncoder,
)
from segue.encoders.pretrained.tensor_bundle import read_variables
from segue.errors import ModelError

LICENCE_FILE = "LICENSE.md"
TOLERANCE = 1e-4
"""Largest difference of an output from its known answer, relative above 1."""

KNOWN_ANSWERS: Final = {
    "musicnn": (
        (0.711361, -0.177176, 0.170940),
        (0.013233, 0.000468, 0.000117),
        (1.316490, 0.000002, 0.711102),
        (-0.017477, 0.000002, -1.937891),
    ),
    "vgg": (
        (-0.083559, -0.216838, -0.620526),
        (0.055327, 0.073784, 0.005656),
        (0.003654, -0.216838, -0.119845),
        (-0.320238, -0.216838, -0.608785),
    ),
    "instruments": (
        (0.207381, 1.422817, 1.309927),
        (0.071238, 0.192684, 0.003454),
        (2.212725, -0.000164, 9.802146),
        (0.454423, -0.000245, 1.630634),
    ),
}
"""The mean, the first and the last value of each of `OUTPUTS` for `known_patch`, by encoder.

They were computed by the networks in Keras; `tests/encoders/test_pretrained.py` does so again.
"""


def convert(wheel: zipfile.ZipFile, encoder: PretrainedEncoder, directory: Path) -> None:
    """Write one encoder to `directory`, which is created.

    Raises
    ------
    ModelError
        If the checkpoint does not match, or the graph gives other numbers than are known.
    """
    content = build(wheel, encoder)
    directory.mkdir(parents=True)
    (directory / GRAPH).write_bytes(content)
    description = {
        "format": FORMAT,
        "kind": encoder.name,
        "input_kind": "patches",
        "window": PATCH_SHAPE[0],
        "n_bands": PATCH_SHAPE[1],
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
        "outputs": OUTPUTS,
        "graph_sha256": hashlib.sha256(content).hexdigest(),
    }
    text = json.dumps(description, indent=2)
    (directory / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    _check_answers(directory, encoder)


def build(wheel: zipfile.ZipFile, encoder: PretrainedEncoder) -> bytes:
    """Return the ONNX graph of an encoder with the weights of its checkpoint; see `convert`."""
    index, data = checkpoint_files(wheel, encoder)
    try:
        variables = read_variables(index, data)
        return {"musicnn": musicnn_graph, "vgg": vgg_graph}[encoder.network](variables)
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(
            f"The checkpoint {encoder.checkpoint} does not fit the network"
            f" '{encoder.name}' ({error}): use the wheel {PACKAGE} {VERSION}."
        ) from error


def checkpoint_files(wheel: zipfile.ZipFile, encoder: PretrainedEncoder) -> tuple[bytes, bytes]:
    """Return the index and the data of an encoder's checkpoint.

    Raises
    ------
    ModelError
        If the wheel lacks one of them.
    """
    place = f"{PACKAGE}/{encoder.checkpoint}"
    return _member(wheel, f"{place}/.index"), _member(wheel, f"{place}/.data-00000-of-00001")


def licence_of(wheel: zipfile.ZipFile) -> bytes:
    """Return the license, which must stay with the weights."""
    return _member(wheel, f"{PACKAGE}-{VERSION}.dist-info/{LICENCE_FILE}")


def known_patch() -> NDArray[np.float32]:
    """Return the patch ``[187, 96]`` of `KNOWN_ANSWERS`: waves over time and bands."""
    frame, band = np.indices(PATCH_SHAPE)
    return (2 + 2 * np.sin(frame / 9) * np.cos(band / 7)).astype(np.float32)


def _member(wheel: zipfile.ZipFile, name: str) -> bytes:
    try:
        return wheel.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(
            f"The file {name} of the wheel is missing or incomplete: use the wheel {PACKAGE}"
            f" {VERSION}."
        ) from error


def _check_answers(directory: Path, encoder: PretrainedEncoder) -> None:
    """Check that the graph gives the known answers with the ONNX Runtime of this machine."""
    found = Encoder.load(directory, threads=1).run_all(known_patch()[np.newaxis])
    ours = np.array([(found[name].mean(), *found[name][0, [0, -1]]) for name in OUTPUTS])
    known = np.array(KNOWN_ANSWERS[encoder.name])
    difference = float((np.abs(ours - known) / np.maximum(1, np.abs(known))).max())
    if not difference <= TOLERANCE:
        raise ModelError(
            f"The graph of '{encoder.name}' differs from the published network by"
            f" {difference:.1e}, where {TOLERANCE:g} is allowed: install the versions of onnx and"
            " onnxruntime in constraints.txt."
        )
