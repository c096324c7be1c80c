"""Export networks to ONNX graphs, with TensorFlow, whatever backend trained them.

Of the exporters of Keras only TensorFlow's writes graphs of all networks that ONNX Runtime loads
(JAX's pooling is refused, PyTorch's needs other packages). A saved network is independent of the
backend: if another backend trained it, a second process exports it.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from segue.encoders.backend import load_keras, quietly
from segue.errors import ModelError

if TYPE_CHECKING:
    import keras


def export_graph(network: "keras.Model", saved: Path, graph: Path) -> None:
    """Export `network`, saved as `saved` (``.keras``), to `graph` (``.onnx``).

    Raises
    ------
    ModelError
        If another process was needed and failed.
    """
    keras = load_keras()
    if keras.backend.backend() == "tensorflow":
        with quietly():
            # the export refuses a network that was never called
            network(keras.ops.zeros((1, *network.input_shape[1:])))
            network.export(graph, format="onnx", verbose=False)
        return
    # the backend of this process cannot be changed
    done = subprocess.run(  # noqa: S603  (paths of our own)
        [sys.executable, "-m", "segue.encoders.export", saved, graph],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ModelError(
            f"The encoder was trained, but TensorFlow could not write its graph ({reason}):"
            " train with KERAS_BACKEND=tensorflow."
        )


def main(saved: str, graph: str) -> None:
    """Export a saved network in the process that `export_graph` starts."""
    network = load_keras().models.load_model(saved, compile=False)
    export_graph(network, Path(saved), Path(graph))


if __name__ == "__main__":
    main(*sys.argv[1:])
