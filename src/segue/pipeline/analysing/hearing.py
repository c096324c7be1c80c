"""What a worker process does to hear one file with pretrained ears.

Apart from `analysing.tasks`, so that workers that only analyse do not import encoders.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from segue.audio.patches import patches_of_file
from segue.encoders.pretrained import open_ear
from segue.errors import AudioError
from segue.pipeline.analysing.tasks import Arrays, Failed

if TYPE_CHECKING:
    from segue.encoders import Encoder

MOST_PATCHES: Final = 20
"""Patches of 3 s that are heard of a track, spread evenly over it: a minute."""


def hear_track(path: Path, ears: Mapping[str, Path]) -> Mapping[str, Arrays] | Failed:
    """Hear one file: for each of `ears` (name, directory) its `embedding` and `probabilities`.

    Both are means over patches, which go through the network one by one: its first layers need
    10 MB a patch.
    """
    try:
        heard = patches_of_file(path, MOST_PATCHES)
    except AudioError as error:
        return Failed(str(error))
    except OSError as error:
        return Failed(f"'{path}' cannot be read ({error}): check its permissions.")
    answers = {}
    for name, directory in ears.items():
        encoder = _opened(directory)
        outputs = [encoder.run(patch[np.newaxis]) for patch in heard]
        answers[name] = {
            "embedding": np.concatenate([embedding for embedding, _ in outputs]).mean(axis=0),
            "probabilities": np.concatenate([chances for _, chances in outputs]).mean(axis=0),
        }
    return answers


@lru_cache(maxsize=8)
def _opened(directory: Path) -> "Encoder":
    return open_ear(directory)
