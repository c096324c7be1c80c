"""Run encoders with ONNX Runtime: frames to an embedding and class probabilities.

Needs neither Keras nor TensorFlow. A track is cut into evenly spread crops (tiled if it is shorter
than one), all crops go through the graph at once, and both outputs are averaged.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.checks import check_frames
from segue.encoders.crops import Frames, even_crops
from segue.errors import ModelError
from segue.types import Progress, no_progress

if TYPE_CHECKING:
    import onnxruntime

    from segue.encoders.objectives import Objective

GRAPH = "model.onnx"
DESCRIPTION = "encoder.json"
FORMAT = 1


class Encoder:
    """A saved encoder, opened.

    Attributes
    ----------
    outputs : tuple of str
        Names of the outputs of the graph: embedding, probabilities, and more if pretrained.
    kind, input_kind : str
        Kind of the network, and of the frames it was trained on.
    window, n_bands, n_crops : int
        Crop length in frames, width of the frames, crops averaged.
    embedding_size : int
        Length of the embedding.
    objective : Objective
        Objective of its training.
    class_names : tuple of str
        Class or tag of each probability; none if it was trained by contrast.
    """

    def __init__(
        self, session: "onnxruntime.InferenceSession", description: dict[str, Any]
    ) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.outputs = tuple(output.name for output in session.get_outputs())
        self.kind: str = description["kind"]
        self.input_kind: str = description["input_kind"]
        self.window: int = description["window"]
        self.n_bands: int = description["n_bands"]
        self.n_crops: int = description["crops"]
        self.embedding_size: int = description["embedding"]
        self.class_names: tuple[str, ...] = tuple(description["class_names"])
        self.objective: Objective = description.get("objective", "classes")

    @classmethod
    def load(cls, directory: Path, *, threads: int | None = None) -> "Encoder":
        """Open the encoder that `TrainedEncoder.save` wrote to `directory`.

        Parameters
        ----------
        directory : Path
            Holds ``model.onnx`` and ``encoder.json``.
        threads : int, optional
            Processor threads of one encoding; by default ONNX Runtime decides.

        Raises
        ------
        ModelError
            If a file is missing, truncated or does not match the other.
        """
        import onnxruntime

        description = _read_description(directory / DESCRIPTION)
        graph = _read_graph(directory / GRAPH, description["graph_sha256"])
        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only
        options.enable_mem_pattern = False  # saves a third of the memory at the same speed
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        return cls(session, description)

    def encode(self, frames: Frames) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode one track.

        Parameters
        ----------
        frames : array ``[n_frames, n_bands]``
            Raw values as in training: the graph scales them itself.

        Returns
        -------
        embedding : float32 ``[embedding_size]``
        probabilities : float32 ``[n_classes]``
            Probabilities of classes sum to 1.

        Raises
        ------
        FramesError
            If the frames are empty, not finite or of another width.
        """
        check_frames(frames, self.n_bands)
        embeddings, outputs = self.run(even_crops(frames, self.window, self.n_crops))
        # the second output of contrast is no probability
        probabilities = outputs[:, : len(self.class_names)]
        return embeddings.mean(axis=0), probabilities.mean(axis=0)

    def run(self, crops: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run crops ``[n, window, n_bands]`` at once: embeddings ``[n, d]``, and their outputs."""
        embeddings, outputs = self._session.run(self.outputs[:2], {self._input: crops})
        return embeddings, outputs

    def run_all(self, crops: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run crops ``[n, window, n_bands]`` at once; return all outputs ``[n, d]`` by name."""
        values = self._session.run(self.outputs, {self._input: crops})
        return dict(zip(self.outputs, values, strict=True))

    def encode_many(
        self, frames: Sequence[Frames], progress: Progress = no_progress
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode tracks one by one: embeddings ``[n, d]`` and probabilities ``[n, c]``."""
        embeddings = np.empty((len(frames), self.embedding_size), dtype=np.float32)
        probabilities = np.empty((len(frames), len(self.class_names)), dtype=np.float32)
        with progress(f"Encoding with {self.kind}", len(frames)) as advance:
            for row, track in enumerate(frames):
                embeddings[row], probabilities[row] = self.encode(track)
                advance(1)
        return embeddings, probabilities


def check_saved(directory: Path) -> None:
    """Check that the encoder in `directory` is complete, without opening it.

    Raises
    ------
    ModelError
        If a file is missing, truncated or does not match the other.
    """
    _read_graph(directory / GRAPH, _read_description(directory / DESCRIPTION)["graph_sha256"])


def _read_description(path: Path) -> dict[str, Any]:
    """Read ``encoder.json``, and check that it has what an encoder needs."""
    needed = {"kind", "input_kind", "window", "n_bands", "crops", "embedding", "class_names"}
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} is missing or cannot be read: train the encoder again."
        ) from error
    if not isinstance(description, dict) or not {*needed, "graph_sha256"} <= description.keys():
        raise ModelError(f"{path} does not describe an encoder: train the encoder again.")
    if description.get("format") != FORMAT:
        raise ModelError(
            f"{path} has format {description.get('format')}, and this segue reads {FORMAT}: "
            "update segue, or train the encoder again."
        )
    return description


def _read_graph(path: Path, digest: str) -> bytes:
    """Read ``model.onnx`` and check its digest."""
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} is missing or cannot be read: train the encoder again."
        ) from error
    if hashlib.sha256(graph).hexdigest() != digest:
        raise ModelError(
            f"{path} is truncated or not the file that was saved ({len(graph):,} bytes): "
            "train the encoder again."
        )
    return graph
