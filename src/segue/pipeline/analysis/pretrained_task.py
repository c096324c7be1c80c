"""Worker task: compute the embeddings of pretrained encoders for one file.

Separate from `segue.pipeline.analysis.tasks`, so that workers that only analyze do not import
encoders.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from segue.audio.patches import patches_of_file
from segue.encoders.pretrained import open_pretrained
from segue.errors import AudioError
from segue.pipeline.analysis.tasks import Arrays, Failed

if TYPE_CHECKING:
    from segue.encoders import Encoder

MAX_PATCHES: Final = 20
"""Patches of 3 s that are read of a track, spread evenly over it: a minute."""


def embed_track(path: Path, encoders: Mapping[str, Path]) -> Mapping[str, Arrays] | Failed:
    """Return the outputs of each encoder for one file, and the deviation of its embedding.

    All are means over patches, which go through the network one by one: its first layers need
    10 MB a patch. The `deviation` is the standard deviation of the embedding over the patches.

    Parameters
    ----------
    path
        The file.
    encoders
        Directory of each encoder, by name.
    """
    try:
        patches = patches_of_file(path, MAX_PATCHES)
    except AudioError as error:
        return Failed(str(error))
    except OSError as error:
        return Failed(f"'{path}' cannot be read ({error}): check its permissions.")
    answers = {}
    for name, directory in encoders.items():
        encoder = _opened(directory)
        runs = [encoder.run_all(patch[np.newaxis]) for patch in patches]
        outputs = {key: np.concatenate([run[key] for run in runs]) for key in encoder.outputs}
        answers[name] = {key: values.mean(axis=0) for key, values in outputs.items()}
        answers[name]["deviation"] = outputs["embedding"].std(axis=0)
    return answers


@lru_cache(maxsize=8)
def _opened(directory: Path) -> "Encoder":
    return open_pretrained(directory)
