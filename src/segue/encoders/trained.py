"""A trained encoder while Keras is loaded: predicts, describes itself and saves itself.

Saved files: ``model.keras`` (for training), ``model.onnx`` (for inference) and ``encoder.json``
(the description that `segue.encoders.Encoder` needs with the graph).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import quietly
from segue.encoders.checks import check_frames
from segue.encoders.crops import Frames, even_crops
from segue.encoders.export import export_graph
from segue.encoders.inference import DESCRIPTION, FORMAT, GRAPH
from segue.encoders.objectives import Objective
from segue.encoders.settings import EncoderKind, EncoderSettings

if TYPE_CHECKING:
    import keras

PREDICTION_BATCH = 64


@dataclass(slots=True)
class TrainingCurve:
    """Course of a training, one number an epoch: the mean over the folds, if there are any.

    Attributes
    ----------
    loss, accuracy : list of float
        Of the augmented, mixed training crops: worse than of plain crops.
    val_loss, val_accuracy : list of float
        Of the held-out tracks, with crops averaged; empty without any.
    best_epoch : int
        Epoch whose weights are kept, counted from 1.
    note : str
        One sentence: how the epoch was chosen.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as plain values."""
        return asdict(self)

    @classmethod
    def mean(cls, curves: Sequence["TrainingCurve"]) -> "TrainingCurve":
        """Return the mean of curves of equal length, without an epoch."""
        names = ("loss", "accuracy", "val_loss", "val_accuracy")
        return cls(
            **{
                name: np.mean([getattr(curve, name) for curve in curves], axis=0).tolist()
                for name in names
            }
        )

    def choose(self, candidates: Sequence[int], n_folds: int) -> int:
        """Choose the candidate with the lowest validation loss; the last epoch without any."""
        n_epochs = len(self.loss)
        trained = f"All {n_epochs} epochs of the budget were trained"
        if not self.val_loss:
            self.best_epoch = n_epochs
            self.note = f"{trained} and the last is kept, since there are no held-out tracks."
            return self.best_epoch
        self.best_epoch = min(candidates, key=lambda epoch: self.val_loss[epoch - 1])
        where = f"the mean loss over {n_folds} folds" if n_folds > 1 else "the loss on valid"
        self.note = f"{trained}; epoch {self.best_epoch} is kept, where {where} was lowest."
        return self.best_epoch


@dataclass(frozen=True, slots=True)
class TrainedEncoder:
    """A trained network and the facts needed to use or repeat it; see `train_encoder`.

    `window` is the crop length for these tracks, `input_kind` the kind of frames (``log_mel``,
    ``sequence``, ``given``). With folds, the network joins `n_folds` networks, and `out_of_fold`
    has the outputs for each track by the one that did not learn from it ``[n_tracks, n_outputs]``,
    rows of NaN where there is none.
    """

    kind: EncoderKind
    objective: Objective
    network: "keras.Model"
    settings: EncoderSettings
    seed: int
    input_kind: str
    window: int
    n_bands: int
    class_names: tuple[str, ...]
    history: TrainingCurve
    n_folds: int = 1
    out_of_fold: NDArray[np.float32] | None = None

    def predict(self, frames: Sequence[Frames]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Encode many tracks with Keras: embeddings ``[n, d]`` and probabilities ``[n, c]``.

        Equals `Encoder.encode_many` to 1e-4.
        """
        for position, track in enumerate(frames):
            check_frames(track, self.n_bands, f"track number {position}")
        return predict(self.network, frames, self.window, self.settings.crops)

    def describe(self) -> dict[str, Any]:
        """Return the facts of this encoder as plain values, without paths and times."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "objective": self.objective,
            "input_kind": self.input_kind,
            "window": self.window,
            "n_bands": self.n_bands,
            "embedding": int(self.network.output_shape[0][1]),
            "folds": self.n_folds,
            "crops": self.settings.crops,
            "class_names": list(self.class_names),
            "seed": self.seed,
            "settings": self.settings.to_dict(),
            "history": self.history.to_dict(),
        }

    def save(self, directory: Path) -> None:
        """Write the three files to `directory`, each by renaming, the JSON last."""
        directory.mkdir(parents=True, exist_ok=True)
        weights = directory / "part.model.keras"
        with quietly():
            self.network.save(weights)
        weights.replace(directory / "model.keras")
        graph = directory / f"part.{GRAPH}"
        export_graph(self.network, directory / "model.keras", graph)
        graph.replace(directory / GRAPH)
        digest = hashlib.sha256((directory / GRAPH).read_bytes()).hexdigest()
        text = json.dumps({**self.describe(), "graph_sha256": digest}, indent=2)
        description = directory / f"part.{DESCRIPTION}"
        description.write_text(text + "\n", encoding="utf-8")
        description.replace(directory / DESCRIPTION)


def predict(
    network: "keras.Model", frames: Sequence[Frames], window: int, n_crops: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average the two outputs of a network over `n_crops` crops of each track."""
    embeddings, probabilities = [], []
    per_batch = max(PREDICTION_BATCH // n_crops, 1)
    for first in range(0, len(frames), per_batch):
        crops = [even_crops(track, window, n_crops) for track in frames[first : first + per_batch]]
        outputs = network.predict_on_batch(np.concatenate(crops))
        ends = np.cumsum([len(some) for some in crops])[:-1]
        embeddings += [part.mean(axis=0) for part in np.split(outputs[0], ends)]
        probabilities += [part.mean(axis=0) for part in np.split(outputs[1], ends)]
    return np.stack(embeddings), np.stack(probabilities)
