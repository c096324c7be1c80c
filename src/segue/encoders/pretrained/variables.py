"""The variables of a TensorFlow checkpoint as plain arrays.

The checkpoint's graph (``.meta``) is of a TensorFlow that is gone and is not looked at.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import load_keras, quietly
from segue.errors import MissingExtraError, ModelError

PREFIX = "variables"
INDEX, DATA = f"{PREFIX}.index", f"{PREFIX}.data-00000-of-00001"

_OF_THE_OPTIMISER = ("/Adam", "_power")


def read_variables(directory: Path) -> dict[str, NDArray[np.float32]]:
    """Read all variables of the checkpoint `INDEX`, `DATA` but the optimiser's, by name.

    Raises
    ------
    ModelError
        When it is missing, cut short or not a checkpoint.
    MissingExtraError
        When TensorFlow is not installed.
    """
    load_keras()  # tells TensorFlow to be quiet before it is imported
    try:
        with quietly():
            import tensorflow as tf
    except ImportError as error:
        raise MissingExtraError("Reading a pretrained ear", "train") from error
    try:
        reader = tf.train.load_checkpoint(str(directory / PREFIX))
        return {
            name: np.asarray(reader.get_tensor(name), np.float32)
            for name in reader.get_variable_to_dtype_map()
            if not any(part in name for part in _OF_THE_OPTIMISER) and name != "global_step"
        }
    # which of them it is depends on where the file was cut
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"The checkpoint in {directory.name} is missing, cut short or damaged:"
            " run segue encoders add again with a whole wheel."
        ) from error
