"""The note model: a small network that finds the notes of a recording, used for its key.

It is ``nmp.onnx`` (230 kB, Apache-2.0) of the wheel basic-pitch, which is used as it is. The
package itself is never installed: it requires an old TensorFlow.

Conventions: the network reads windows of `WINDOW` samples at 22,050 Hz and returns the activation
of the 88 keys of a piano from A0, in 172 frames a window.

Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
multipitch estimation", 2022.
"""

import hashlib
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained.registry import NOTES_WHEEL
from segue.errors import ModelError

WINDOW: Final = 43_844
SECONDS: Final = 30.0
"""Seconds from the middle of a track that are read."""
N_KEYS: Final = 60
"""Keys of the piano that count, A0 to G#5: above, overtones are taken for notes."""
A_ABOVE_C: Final = 9
FILE: Final = "nmp.onnx"
_IN_WHEEL = f"basic_pitch/saved_models/icassp_2022/{FILE}"
_LICENCE_IN_WHEEL = "basic_pitch-0.4.0.dist-info/LICENSE"
_SHA256 = "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec"
_INPUT, _NOTES = "serving_default_input_2:0", "StatefulPartitionedCall:1"


def note_model_directory() -> Path:
    """Return the directory of the note model, whether it exists or not."""
    from platformdirs import user_data_path

    return user_data_path("segue", appauthor=False) / "encoders" / NOTES_WHEEL.package


def installed_note_model() -> Path | None:
    """Return the file of the note model; None if it is not installed."""
    path = note_model_directory() / FILE
    return path if path.is_file() else None


def extract_note_model(wheel: zipfile.ZipFile, directory: Path) -> None:
    """Write the network and its license into a directory."""
    (directory / FILE).write_bytes(wheel.read(_IN_WHEEL))
    (directory / "LICENSE").write_bytes(wheel.read(_LICENCE_IN_WHEEL))


def check_note_model(path: Path) -> None:
    """Check that the file of the network is the one of the wheel.

    Raises
    ------
    ModelError
        If it is missing or has changed.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        digest = ""
    if digest != _SHA256:
        raise ModelError(
            f"The note model {path} is missing or damaged: run segue encoders add"
            f" {NOTES_WHEEL.package} --force."
        )


def note_chroma(path: Path, signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the activation of each pitch class ``[n_frames, 12]``, from C.

    Parameters
    ----------
    path : Path
        File of the network.
    signal : NDArray[float32] [n_samples]
        Mono at 22,050 Hz; the last part of a window is filled with zeros.
    """
    n_windows = max(-(-len(signal) // WINDOW), 1)
    windows = np.zeros((n_windows, WINDOW, 1), np.float32)
    windows.reshape(-1)[: len(signal)] = signal
    session = _session(path)
    notes = [session.run([_NOTES], {_INPUT: window[None]})[0][0] for window in windows]
    keys = np.concatenate(notes)[:, :N_KEYS]  # [n_frames, N_KEYS]
    octaves: NDArray[np.float32] = keys.reshape(len(keys), -1, 12).sum(axis=1)
    return np.roll(octaves, A_ABOVE_C, axis=1)


@lru_cache(maxsize=1)
def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
