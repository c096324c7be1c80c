"""Checkpoint of an unfinished training, so that it can be stopped at any time and resumed.

One file, ``checkpoint.npz``, holds the variables of the network, of the optimizer and of the epochs
that may be kept, and the history. It is written under another name and renamed, so that it is
always complete. Training does not resume from a checkpoint of other settings, other data or another
format (a different fingerprint), nor from one that cannot be read.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.crops import Frames

NAME = "checkpoint.npz"
FORMAT = 2
N_HASHED_FRAMES = 32

Variables = list[NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of a training after `epoch` finished epochs, in plain arrays.

    `kept` are the variables of the network after the epochs that may be chosen.
    """

    epoch: int
    network: Variables
    optimizer: Variables
    kept: dict[int, Variables]
    history: dict[str, Any]


def fingerprint(facts: object, frames: Sequence[Frames]) -> str:
    """Hash facts (settings, labels and the like, as JSON) and data.

    Of each track, the shape, the type and 32 evenly spread frames are hashed, so that a large
    library is not read twice; a change in other frames is not detected.
    """
    digest = hashlib.sha256(json.dumps([FORMAT, facts], sort_keys=True).encode())
    for track in frames:
        digest.update(f"{track.shape}{track.dtype}".encode())
        rows = np.linspace(0, len(track) - 1, N_HASHED_FRAMES).astype(int)
        digest.update(np.ascontiguousarray(track[rows]).tobytes())
    return digest.hexdigest()


def write_checkpoint(directory: Path, checkpoint: Checkpoint, fingerprint: str) -> None:
    """Write `checkpoint` to `directory`, which is created if missing."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = {
        "fingerprint": fingerprint,
        "epoch": checkpoint.epoch,
        "history": checkpoint.history,
        "counts": [len(checkpoint.network), len(checkpoint.optimizer)],
        "kept": list(checkpoint.kept),
    }
    variables = checkpoint.network + checkpoint.optimizer
    variables += [value for values in checkpoint.kept.values() for value in values]
    temporary = directory / f"{NAME}.part"
    with temporary.open("wb") as file:
        temporary.chmod(0o600)
        np.savez(file, json.dumps(facts), *variables, allow_pickle=False)
    temporary.replace(directory / NAME)


def read_checkpoint(directory: Path, fingerprint: str) -> Checkpoint | None:
    """Read the checkpoint in `directory`; None if there is none for `fingerprint`."""
    try:
        # opened here: np.load leaves a file open that it cannot read
        with (directory / NAME).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["arr_0"]))
            if facts["fingerprint"] != fingerprint:
                return None
            variables = [arrays[f"arr_{i + 1}"] for i in range(len(arrays.files) - 1)]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None  # missing or truncated: training begins again
    n_network, n_optimizer = facts["counts"]
    if len(variables) != n_network * (1 + len(facts["kept"])) + n_optimizer:
        return None
    ends = range(n_network + n_optimizer, len(variables), n_network)
    return Checkpoint(
        epoch=facts["epoch"],
        network=variables[:n_network],
        optimizer=variables[n_network : n_network + n_optimizer],
        kept={
            epoch: variables[end : end + n_network]
            for epoch, end in zip(facts["kept"], ends, strict=True)
        },
        history=facts["history"],
    )
